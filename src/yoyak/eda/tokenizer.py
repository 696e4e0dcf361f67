"""A tokenizer as EDA looks at it: how it cuts, what it does not know, what it takes for special, what a tag costs."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from yoyak._extras import installed, require
from yoyak.errors import ModelError, UsageError

TAG = "#Person1#"
_PROBES = ("#Person1#은 #Person2#에게 말한다.", "네ㅠㅠ 알겠어요 ^^", "ㅋㅋ 그래 ㅎㅎ", "3시에 Tom을 만나요.")


class Cut(NamedTuple):
    """One text in tokens: how many, how many unknown, how many single bytes, and the special tokens met (emoticons, not controls)."""

    tokens: int
    unknown: int
    bytes: int
    special: tuple[str, ...]
    starts: list[int]

    def need(self, offset: int) -> int:
        """Tokens that must be read to know the text up to a character."""
        return bisect_left(self.starts, offset)


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer.json with what is known of its model."""

    name: str
    path: Path

    @cached_property
    def _tokenizer(self) -> Any:
        found = require("tokenizers", extra="ct2").Tokenizer.from_file(str(self.path))
        found.no_truncation()
        found.no_padding()
        return found

    @cached_property
    def config(self) -> Mapping[str, Any] | None:
        """The config.json beside it, None without a usable one."""
        path = self.path.with_name("config.json")
        try:
            found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        except ValueError:
            return None
        return found if isinstance(found, dict) and "model_type" in found else None

    @property
    def decoder_only(self) -> bool:
        """Whether its model reads dialogue and summary as one sequence."""
        config = self.config
        return (
            config is not None and config.get("model_type") not in ("bart", "mbart", "t5", "mt5") and not config.get("is_encoder_decoder")
        )

    @property
    def vocabulary(self) -> int:
        """Tokens that it knows, added ones included."""
        return int(self._tokenizer.get_vocab_size())

    @cached_property
    def _special(self) -> dict[int, str]:
        """Special tokens that are no controls: emoticons and words, which decoding with `skip_special_tokens` deletes."""
        return {
            id_: token.content
            for id_, token in self._tokenizer.get_added_tokens_decoder().items()
            if token.special and not (token.content.startswith(("<", "[")) and token.content.endswith((">", "]")))
        }

    @property
    def special(self) -> list[str]:
        """Those tokens, in the vocabulary's order."""
        return [self._special[id_] for id_ in sorted(self._special)]

    @cached_property
    def _unknown(self) -> int | None:
        model = json.loads(self._tokenizer.to_str())["model"]
        token = model.get("unk_token") or model.get("unk_id")
        return token if isinstance(token, int) or token is None else self._tokenizer.token_to_id(token)

    @cached_property
    def _bytes(self) -> frozenset[int]:
        found = (self._tokenizer.token_to_id(f"<0x{byte:02X}>") for byte in range(256))
        return frozenset(id_ for id_ in found if id_ is not None)

    def count(self, text: str) -> int:
        """Tokens of a text, without control tokens."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def cut(self, text: str, *, offsets: bool = False) -> Cut:
        """The text in tokens. `starts` (where each token begins) is filled when `offsets` are asked for."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        ids = encoding.ids
        unknown = 0 if self._unknown is None else ids.count(self._unknown)
        distinct = set(ids)
        bytes_ = sum(id_ in self._bytes for id_ in ids) if distinct & self._bytes else 0
        special = tuple(self._special[id_] for id_ in ids if id_ in self._special) if distinct & self._special.keys() else ()
        return Cut(len(ids), unknown, bytes_, special, [start for start, _ in encoding.offsets] if offsets else [])

    def tag_tokens(self) -> int:
        """Tokens of `#Person1#` inside a sentence.

        Counted as what the tag adds, so that a blank or a boundary that the tokenizer puts in does not count.
        """
        return self.count(f"{TAG}은 {TAG}") - self.count("은 " + TAG)

    def round_trip(self) -> list[tuple[str, str]]:
        """(text, what comes back) for probes that decoding with `skip_special_tokens` changes."""
        changed = []
        for text in _PROBES:
            ids = self._tokenizer.encode(text, add_special_tokens=False).ids
            back = self._tokenizer.decode(ids, skip_special_tokens=True).strip()
            if back != text:
                changed.append((text, back))
        return changed


@lru_cache(maxsize=8)
def load(name: str) -> Tokenizer:
    """The tokenizer of that folder or file, or of the model of that name.

    Raises:
        UsageError: There is no such folder, file or model.
        ModelError: The folder holds no tokenizer.json, or it cannot be read.
        MissingDependency: The package `tokenizers` is not installed.
    """
    from yoyak.checkpoints.load import NAMES, huggingface_folder

    require("tokenizers", extra="ct2")
    folder = huggingface_folder(name) if name in NAMES else Path(name)
    if not folder.exists():
        raise UsageError(f"--tokenizer takes a folder with a tokenizer.json or one of {', '.join(NAMES)}; there is no {name!r}")
    path = folder / "tokenizer.json" if folder.is_dir() else folder
    if not path.is_file():
        raise ModelError(f"{folder} holds no tokenizer.json; save it there with the tokenizer's save_pretrained")
    found = Tokenizer(folder.name if folder.is_dir() else folder.stem, path)
    try:
        found.count("요약")
    except Exception as error:  # tokenizers raises plain Exception for what it cannot read
        raise ModelError(f"{path} cannot be read: {error}") from error
    return found


def available() -> bool:
    """Whether tokens can be counted at all."""
    return installed("tokenizers")
