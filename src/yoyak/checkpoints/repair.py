"""A corrected copy of a checkpoint: the faults that its files can be cured of, each by its name.

    foreign-start      the decoder starts from a token that is none of bos, eos and pad (KoBART: <usr>)      -> bos
    foreign-end        the token forced at the length limit is not the end token (KoBART: <usr>)             -> eos
    ids-disagree       ids of bos, eos, pad in the configuration are not those of the tokenizer's tokens     -> the tokenizer's
    no-bos-eos         the encoder's input gets no control tokens                                            -> a post-processor adds them
    position-limit     the tokenizer knows no limit, or one beyond the position table                        -> the table's
    emoticons-special  emoticons are special tokens, which decoding drops                                    -> ordinary added tokens
    token-type-ids     the tokenizer hands out token_type_ids, which the model rejects                       -> input_ids, attention_mask
    chat-end-missing   the end of a turn in the chat template does not end generation                        -> it does

Weights are copied as they are. The faults are found by :mod:`yoyak.doctor.checkpoint`; here is only the cure.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yoyak.checkpoints.cache import atomic_folder
from yoyak.checkpoints.tags import read_json, write_json
from yoyak.checkpoints.vocabulary import tokens_by_id
from yoyak.errors import ModelError, UsageError
from yoyak.models.tag_policy import controls
from yoyak.provenance import version
from yoyak.text import tags

_NAMES = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")
_KINDS = ("bos", "eos", "pad")


@dataclass(frozen=True)
class Files:
    """The small files of a checkpoint, to be changed in place; one that is missing is empty."""

    config: dict[str, Any]
    generation: dict[str, Any]
    tokenizer: dict[str, Any]
    tokenizer_config: dict[str, Any]

    @property
    def vocabulary(self) -> dict[str, int]:
        """Token -> id."""
        return {token: id_ for id_, token in tokens_by_id(self.tokenizer).items()}

    def id_of(self, kind: str) -> int | None:
        """The id of the tokenizer's `bos`, `eos` or `pad` token, else the configuration's."""
        token = self.tokenizer_config.get(f"{kind}_token")
        token = token.get("content") if isinstance(token, dict) else token
        value = self.vocabulary.get(token) if token else None
        return value if value is not None else first_id(self.config.get(f"{kind}_token_id"))

    def set_id(self, key: str, value: int) -> None:
        """Write an id into both configurations, wherever the key stands (config.json in any case)."""
        self.config[key] = value
        if self.generation:
            self.generation[key] = [value] if isinstance(self.generation.get(key), list) else value


def first_id(value: object) -> int | None:
    """An id, or the first of a list of ids."""
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _start(files: Files) -> None:
    start = files.id_of("bos")
    if start is None:
        start = files.id_of("pad")
    if start is not None:
        files.set_id("decoder_start_token_id", start)


def _end(files: Files) -> None:
    if (end := files.id_of("eos")) is not None:
        files.set_id("forced_eos_token_id", end)


def _ids(files: Files) -> None:
    for kind in _KINDS:
        if (id_ := files.id_of(kind)) is not None:
            files.set_id(f"{kind}_token_id", id_)


def _post_processor(files: Files) -> None:
    vocabulary = {id_: token for token, id_ in files.vocabulary.items()}
    bos, eos = files.id_of("bos"), files.id_of("eos")
    t5 = files.config.get("model_type") in ("t5", "mt5")
    if eos is None or (bos is None and not t5):
        return
    before = [] if t5 or bos is None else [bos]
    pieces = [{"SpecialToken": {"id": vocabulary[id_], "type_id": 0}} for id_ in (*before, eos)]
    text, second = {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}
    files.tokenizer["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [*pieces[:-1], text, pieces[-1]],
        "pair": [*pieces[:-1], text, pieces[-1], second, pieces[-1]],
        "special_tokens": {vocabulary[id_]: {"id": vocabulary[id_], "ids": [id_], "tokens": [vocabulary[id_]]} for id_ in (*before, eos)},
    }


def _limit(files: Files) -> None:
    limit = files.config.get("max_position_embeddings") or files.config.get("n_positions")
    if isinstance(limit, int):
        files.tokenizer_config["model_max_length"] = limit


def _emoticons(files: Files) -> None:
    named = {_content(files.tokenizer_config.get(f"{kind}_token")) for kind in (*_KINDS, "unk", "mask", "sep", "cls")}
    strays = stray_specials(files.tokenizer) - {name for name in named if name}
    for entry in files.tokenizer.get("added_tokens") or []:
        if entry["content"] in strays:
            entry["special"] = False
    for entry in (files.tokenizer_config.get("added_tokens_decoder") or {}).values():
        if entry.get("content") in strays:
            entry["special"] = False
    for key in ("additional_special_tokens", "extra_special_tokens"):
        listed = files.tokenizer_config.get(key)
        if isinstance(listed, list):
            files.tokenizer_config[key] = [entry for entry in listed if _content(entry) not in strays]


def stray_specials(tokenizer: dict[str, Any]) -> set[str]:
    """Special tokens that are neither controls by their shape (`<...>`, `[...]`) nor tags: emoticons, words."""
    control = controls(tokenizer)
    return {
        entry["content"]
        for entry in tokenizer.get("added_tokens") or []
        if entry["special"] and entry["id"] not in control and not tags.is_tag(entry["content"])
    }


def _content(entry: object) -> str | None:
    return entry.get("content") if isinstance(entry, dict) else entry if isinstance(entry, str) else None


def _inputs(files: Files) -> None:
    files.tokenizer_config["model_input_names"] = ["input_ids", "attention_mask"]


def _chat_end(files: Files) -> None:
    ends = files.generation.get("eos_token_id", files.config.get("eos_token_id"))
    listed = ends if isinstance(ends, list) else [] if ends is None else [ends]
    new = [id_ for token in chat_ends(files.tokenizer_config) if (id_ := files.vocabulary.get(token)) is not None and id_ not in listed]
    files.generation["eos_token_id"] = [*listed, *new]


#: What ends a turn in the chat templates of the families that are known.
CHAT_ENDS = ("<end_of_turn>", "<|eot_id|>", "<|im_end|>", "<|end|>", "<|eot|>")


def chat_ends(tokenizer_config: dict[str, Any], template: str = "") -> list[str]:
    """The end-of-turn tokens that the chat template writes."""
    text = template or str(tokenizer_config.get("chat_template") or "")
    return [token for token in CHAT_ENDS if token in text]


#: Fault -> its cure.
CURES: dict[str, Callable[[Files], None]] = {
    "ids-disagree": _ids,
    "foreign-start": _start,
    "foreign-end": _end,
    "no-bos-eos": _post_processor,
    "position-limit": _limit,
    "emoticons-special": _emoticons,
    "token-type-ids": _inputs,
    "chat-end-missing": _chat_end,
}


def repair(folder: Path, output: Path, faults: Collection[str]) -> tuple[str, ...]:
    """Write a copy of the checkpoint that is cured of these faults; whole or not there. Returns those that were cured, in order.

    `repairs.json` in the copy says what was done. Faults without a cure here are passed over.

    Args:
        folder: The checkpoint; it stays as it is.
        output: The folder to make.
        faults: Names from the module's table, as the doctor gives them.

    Raises:
        UsageError: The output exists, or is the folder itself.
        ModelError: A file of the checkpoint is not JSON.
    """
    if output.exists():
        raise UsageError(f"{output} exists; name a new folder for the corrected copy")
    if not folder.is_dir():
        raise ModelError(f"there is no folder {str(folder)!r}")
    files = Files(*(read_json(folder / name) for name in _NAMES))
    cured = tuple(name for name in CURES if name in faults)
    for name in cured:
        CURES[name](files)
    with atomic_folder(output) as made:
        for path in folder.iterdir():
            if path.is_file() and path.name not in _NAMES:
                shutil.copyfile(path, made / path.name)
        for name, value in zip(_NAMES, (files.config, files.generation, files.tokenizer, files.tokenizer_config), strict=True):
            if value:
                write_json(made / name, value)
        record = {"yoyak": version(), "cured": list(cured)}
        (made / "repairs.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return cured
