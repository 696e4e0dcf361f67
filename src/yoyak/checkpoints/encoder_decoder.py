"""An encoder-decoder checkpoint made ready to be trained: its control tokens are those of its vocabulary, and its encoder gets them.

KoBART as published reads without `<s>` and `</s>` (its tokenizer has no post-processor), starts to write from id 2, which is `<usr>`, and
is forced to end with that too: ids left over from another vocabulary. What is set right here is set right in the files, so training and
inference, which both read them, cannot differ. The cures are those of :mod:`yoyak.checkpoints.repair`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from yoyak.checkpoints.convert import read_config
from yoyak.checkpoints.repair import Files, first_id, repair, stray_specials
from yoyak.checkpoints.tags import read_json, with_policy
from yoyak.errors import ModelError
from yoyak.models.tag_policy import TAGS, TagPolicy

_FAMILIES = ("bart", "mbart", "t5", "mt5", "pegasus")


@dataclass(frozen=True, slots=True)
class Controls:
    """Ids of the control tokens that training needs: what ends a summary, what pads, what the decoder starts from."""

    end: int
    pad: int
    start: int


def prepared(folder: Path, output: Path, *, tags: TagPolicy = "text", names: Sequence[str] = TAGS, cure: bool = True) -> tuple[str, ...]:
    """Write the checkpoint cured of its faults and with the tag policy applied; returns in words what changed.

    Args:
        folder: A checkpoint in Hugging Face form: safetensors and tokenizer.json.
        output: The folder to make.
        tags: See :mod:`yoyak.models.tag_policy`.
        names: The tags that become tokens, where the policy makes them so.
        cure: False leaves its faults as they are.

    Raises:
        ModelError: It is no encoder-decoder, or it names no end or padding token.
    """
    config = read_config(folder)
    if not config.get("is_encoder_decoder") and config["model_type"] not in _FAMILIES:
        raise ModelError(
            f"{folder} holds a {config['model_type']} model, which has no encoder; use a recipe of method lora for models that only decode"
        )
    found = faults(files_of(folder)) if cure else {}
    output.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{output.name}.", dir=output.parent) as name:
        step = Path(name) / "cured"
        repair(folder, step, found)
        controls(step)
        applied = with_policy(step, output, tags, names=names)
    added = (f"{len(applied.added)} tags became tokens, each from the mean of its pieces",) if applied.added else ()
    return (*(f"set right: {what}" for what in found.values()), *added, *applied.notes)


def controls(folder: Path) -> Controls:
    """The control tokens of a checkpoint, as its config.json names them.

    Raises:
        ModelError: One is missing.
    """
    config = read_config(folder)
    ids = {kind: first_id(config.get(f"{kind}_token_id")) for kind in ("eos", "pad", "decoder_start")}
    missing = [f"{kind}_token_id" for kind, id_ in ids.items() if id_ is None]
    if missing:
        raise ModelError(f"{folder}/config.json names no {', '.join(missing)}: without it an encoder-decoder cannot be trained")
    return Controls(*(id_ for id_ in ids.values() if id_ is not None))


def files_of(folder: Path) -> Files:
    """The small files of a checkpoint, as the cures take them."""
    return Files(*(read_json(folder / f"{stem}.json") for stem in ("config", "generation_config", "tokenizer", "tokenizer_config")))


def faults(files: Files) -> dict[str, str]:
    """Curable faults that matter to training -> what is wrong, in words."""
    config, texts = files.config, {id_: token for token, id_ in files.vocabulary.items()}
    own = {kind: files.id_of(kind) for kind in ("bos", "eos", "pad")}
    found: dict[str, str] = {}
    for kind, id_ in own.items():
        named = first_id(config.get(f"{kind}_token_id"))
        if id_ is not None and named != id_:
            found["ids-disagree"] = f"{kind}_token_id was {named}, {texts.get(id_)} is {id_}"
    start, forced = first_id(config.get("decoder_start_token_id")), first_id(config.get("forced_eos_token_id"))
    if start not in own.values():
        found["foreign-start"] = f"the decoder started from {texts.get(start, 'nothing') if start is not None else 'nothing'}, not from bos"
    if forced is not None and forced != own["eos"]:
        found["foreign-end"] = f"the token forced at the limit was {texts.get(forced, forced)}, not eos"
    if files.tokenizer.get("post_processor") is None:
        found["no-bos-eos"] = "the encoder got no control tokens"
    limit = config.get("max_position_embeddings")
    if isinstance(limit, int) and not 0 < (files.tokenizer_config.get("model_max_length") or 0) <= limit:
        found["position-limit"] = f"the tokenizer knew no limit, the position table ends at {limit}"
    if strays := stray_specials(files.tokenizer) - {token for id_, token in texts.items() if id_ in own.values()}:
        found["emoticons-special"] = f"{len(strays)} emoticons and words were special tokens, which decoding drops"
    if "token_type_ids" in files.tokenizer_config.get("model_input_names", ["token_type_ids"]):
        found["token-type-ids"] = "the tokenizer handed out token_type_ids, which the model rejects"
    return found
