"""The model that an adapter is trained on, by the means to build it again: name, cut of the vocabulary, tags.

Training and merging both come here, so that an adapter always meets the weights and the token ids that it was trained with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from yoyak._extras import require
from yoyak.checkpoints import gemma, trim
from yoyak.checkpoints.cache import cache_folder
from yoyak.checkpoints.convert import Progress, content_key, read_config
from yoyak.checkpoints.hub import local_folder
from yoyak.checkpoints.manifest import read_manifest
from yoyak.checkpoints.tags import with_policy
from yoyak.checkpoints.vocabulary import tokens_by_id
from yoyak.errors import ModelError
from yoyak.models.tag_policy import TAGS, TagPolicy


@dataclass(frozen=True, slots=True)
class Base:
    """How the base of a run is made.

    Args:
        model: gemma-3-270m, a folder in Hugging Face form, or OWNER/NAME on the hub.
        revision: Of the hub.
        vocabulary: `whole`, or `cut` to what Korean and the run's texts need.
        tags: How tags are written; see :mod:`yoyak.models.tag_policy`.
        names: The tags that are tokens of their own, unless they stay plain text.
    """

    model: str
    revision: str | None = None
    vocabulary: Literal["whole", "cut"] = "whole"
    tags: TagPolicy = "text"
    names: tuple[str, ...] = TAGS

    def to_json(self) -> dict[str, Any]:
        """What stands under `base` in yoyak.json."""
        return {key: value for key, value in asdict(self).items() if key != "names" or self.tags != "text"}


def build(base: Base, texts: Iterable[str] = (), *, progress: Progress = lambda what, share: None) -> Path:
    """The folder of the base in Hugging Face form; what has to be made for it is kept in the cache.

    Args:
        base: What to build.
        texts: What the model will read and write, for a cut vocabulary.
        progress: Called with what is being done and the share done (0..1).

    Raises:
        ModelError: There is no such model, or it cannot be cut or given tags.
    """
    if base.model == gemma.NAME:
        folder = gemma.base_folder(whole_vocabulary=base.vocabulary == "whole", progress=progress)
        # The shipped cut does for most texts; where it lacks a token of these, they get a cut of their own.
        if base.vocabulary == "cut" and not _tokens(folder).issuperset(used := gemma.tokens_of(texts)):
            folder = gemma.base_folder(keep_tokens=used, progress=progress)
    else:
        folder = local_folder(base.model, revision=base.revision)
        read_config(folder)
        if base.vocabulary == "cut":
            folder = _cut(folder, _used(folder, texts), progress)
    return _tagged(folder, base)


def of_adapter(adapter: Path, *, progress: Progress = lambda what, share: None, notice: Callable[[str], None] = lambda text: None) -> Path:
    """The folder of the base that an adapter was trained on.

    Args:
        adapter: PEFT's folder, with the yoyak.json and tokenizer.json that training put there.
        progress: Called with what is being done and the share done (0..1).
        notice: Called with terms of use that a person has to see.

    Raises:
        ModelError: The base is not there any more.
    """
    base = base_of(adapter)
    if base.model == gemma.NAME:
        notice(gemma.TERMS)
        return _tagged(_gemma(adapter, base, progress), base)
    try:
        folder = local_folder(base.model, revision=base.revision)
    except ModelError as error:
        raise ModelError(f"the adapter in {adapter} was trained on {base.model!r}, which is not at hand: {error}") from error
    if base.vocabulary == "cut":
        folder = _cut(folder, sorted(_tokens(adapter) - set(base.names if base.tags != "text" else ())), progress)
    return _tagged(folder, base)


def base_of(adapter: Path) -> Base:
    """What the adapter's files say about its base; an adapter of other tools has the whole model of its adapter_config.json."""
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    saved = dict(read_manifest(adapter).get("base") or {})
    if "names" in saved:
        saved["names"] = tuple(saved["names"])
    name = str(config.get("base_model_name_or_path"))
    if name == gemma.NAME and "vocabulary" not in saved:
        saved["vocabulary"] = "cut"
    return Base(**{"revision": config.get("revision"), **saved, "model": name})


def _gemma(adapter: Path, base: Base, progress: Progress) -> Path:
    """The shipped cut where it holds every token that the adapter knows, else the adapter's own."""
    if base.vocabulary == "whole":
        return gemma.base_folder(whole_vocabulary=True, progress=progress)
    kept = _kept(adapter)
    made = cache_folder().glob(f"{gemma.NAME}-*")
    # Ids of tokens matter to adapters with rows of their own: these need the very same cut.
    same = next((folder for folder in sorted(made) if kept and _kept(folder) == kept), None)
    if same is not None:
        return same
    shipped = gemma.base_folder(progress=progress)
    if base.tags == "text" and set(kept) <= set(_kept(shipped)):
        return shipped
    names = set(base.names) if base.tags != "text" else set()
    return gemma.base_folder(keep_tokens=sorted(_tokens(adapter) - names), progress=progress)


def _kept(folder: Path) -> list[int]:
    path = folder / "base.json"
    return list(json.loads(path.read_text(encoding="utf-8")).get("kept", [])) if path.is_file() else []


def _tokens(folder: Path) -> set[str]:
    return set(tokens_by_id(json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))).values())


def _used(folder: Path, texts: Iterable[str]) -> list[str]:
    """The distinct tokens that the folder's tokenizer cuts the texts into."""
    tokenizer = require("tokenizers", extra="train").Tokenizer.from_file(str(folder / "tokenizer.json"))
    return sorted({token for encoding in tokenizer.encode_batch(list(texts)) for token in encoding.tokens})


def _cut(folder: Path, tokens: Sequence[str], progress: Progress) -> Path:
    target = cache_folder() / "bases" / f"cut-{_digest(content_key(folder), *tokens)}"
    if not target.is_dir():
        trim.trim(folder, target, (), tokens=tokens, progress=progress)
    return target


def _tagged(folder: Path, base: Base) -> Path:
    if base.tags == "text":
        return folder
    target = cache_folder() / "bases" / f"tags-{_digest(content_key(folder), base.tags, *base.names)}"
    if not target.is_dir():
        with_policy(folder, target, base.tags, names=base.names)
    return target


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
