"""A checkpoint's folder as its files say it is: nothing is repaired, guessed or loaded into memory while reading."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yoyak._extras import require
from yoyak.checkpoints.tags import BY_TOKEN, read_json
from yoyak.errors import ModelError
from yoyak.models.tag_policy import controls, keeping
from yoyak.text import tags

_HEADER_LIMIT = 100 << 20  # safetensors refuses longer headers too


@dataclass(frozen=True)
class ModelFolder:
    """Files of a checkpoint or an adapter; what is missing is empty.

    Args:
        path: The folder.
        config, generation, tokenizer, tokenizer_config, yoyak, adapter: The JSON files of (nearly) those names.
        tensors: Name -> shape of every tensor in the safetensors files.
        base: The folder of the model that an adapter was trained on, when it is one on this machine.
    """

    path: Path
    config: dict[str, Any]
    generation: dict[str, Any]
    tokenizer: dict[str, Any]
    tokenizer_config: dict[str, Any]
    yoyak: dict[str, Any]
    adapter: dict[str, Any]
    tensors: Mapping[str, tuple[int, ...]]
    base: ModelFolder | None = None
    _cache: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def open(cls, path: str | Path) -> ModelFolder:
        """Read the folder's small files and the headers of its weights.

        Raises:
            ModelError: It is no folder, holds none of the files of a checkpoint, or one of them is not JSON.
        """
        path = Path(path)
        if not path.is_dir():
            raise ModelError(f"there is no folder {str(path)!r}; give a checkpoint's folder: config.json, tokenizer.json and the weights")
        adapter = read_json(path / "adapter_config.json")
        base = adapter.get("base_model_name_or_path")
        found = cls(
            path,
            read_json(path / "config.json"),
            read_json(path / "generation_config.json"),
            read_json(path / "tokenizer.json"),
            read_json(path / "tokenizer_config.json"),
            read_json(path / "yoyak.json"),
            adapter,
            _shapes(path),
            cls.open(base) if isinstance(base, str) and Path(base).is_dir() and Path(base) != path else None,
        )
        if not (found.config or found.tokenizer or found.adapter):
            raise ModelError(f"{path} holds neither config.json nor tokenizer.json nor adapter_config.json: it is no checkpoint's folder")
        return found

    @property
    def model_config(self) -> dict[str, Any]:
        """The configuration: its own, or its base's."""
        return self.config or (self.base.config if self.base else {})

    @property
    def generation_config(self) -> dict[str, Any]:
        """The generation configuration: its own, or its base's."""
        return self.generation or (self.base.generation if self.base else {})

    @property
    def trained_here(self) -> bool:
        """Whether yoyak trained it, by its yoyak.json: then padding is masked by position, and the end token is in the labels."""
        return "recipe" in self.yoyak or "method" in self.yoyak

    @property
    def vocabulary(self) -> dict[str, int]:
        """Token -> id, added tokens included; empty without a tokenizer.json."""
        if "vocabulary" not in self._cache:
            vocab = (self.tokenizer.get("model") or {}).get("vocab") or {}
            found = {entry[0]: i for i, entry in enumerate(vocab)} if isinstance(vocab, list) else dict(vocab)
            found |= {entry["content"]: entry["id"] for entry in self.added}
            self._cache["vocabulary"] = found
            self._cache["tokens"] = {id_: token for token, id_ in found.items()}
        return self._cache["vocabulary"]  # type: ignore[no-any-return]

    def token(self, id_: int) -> str | None:
        """The token of that id."""
        _ = self.vocabulary
        return self._cache["tokens"].get(id_)  # type: ignore[no-any-return]

    @property
    def added(self) -> list[dict[str, Any]]:
        """The added tokens, special or not, as tokenizer.json lists them."""
        return self.tokenizer.get("added_tokens") or []

    @property
    def tag_tokens(self) -> dict[str, dict[str, Any]]:
        """Tag -> entry of those that are tokens of their own."""
        return {entry["content"]: entry for entry in self.added if tags.is_tag(entry["content"])}

    @property
    def rows(self) -> int | None:
        """Rows of the embedding by the weights (an adapter's own or its base's), else by the configuration."""
        tables = [shape[0] for name, shape in self.tensors.items() if BY_TOKEN.search(_bare(name)) and len(shape) == 2]
        if tables:
            return min(tables)
        if self.base is not None:
            return self.base.rows
        size = self.config.get("vocab_size") or (self.config.get("text_config") or {}).get("vocab_size")
        return size if isinstance(size, int) else None

    @property
    def engine(self) -> Any:
        """The tokenizer, opened.

        Raises:
            ModelError: There is none.
            MissingDependency: The package is not installed.
        """
        if "engine" not in self._cache:
            if not self.tokenizer:
                raise ModelError(f"{self.path} has no tokenizer.json; save the fast tokenizer beside the model")
            engine = require("tokenizers", extra="ct2").Tokenizer.from_str(json.dumps(self.tokenizer, ensure_ascii=False))
            engine.no_truncation()
            engine.no_padding()
            self._cache["engine"] = engine
        return self._cache["engine"]

    def encode(self, text: str) -> list[int]:
        """Ids of a bare text, without control tokens."""
        return list(self.engine.encode(text, add_special_tokens=False).ids)

    def decode_usual(self, ids: Sequence[int]) -> str:
        """What `tokenizer.decode(ids, skip_special_tokens=True)` gives: the call of nearly every script."""
        return str(self.engine.decode(list(ids), skip_special_tokens=True))

    def decode_keeping(self, ids: Sequence[int]) -> str:
        """What yoyak gives: control tokens go, other special tokens stay."""
        return keeping(self.engine.decode, controls(self.tokenizer))(ids)

    def named_token(self, kind: str) -> str | None:
        """The text of `bos`, `eos`, `pad`, `unk` by tokenizer_config.json; None when it names none."""
        value = self.tokenizer_config.get(f"{kind}_token")
        return value.get("content") if isinstance(value, dict) else value


def _bare(name: str) -> str:
    """A tensor's name without PEFT's prefixes."""
    return name.removeprefix("base_model.model.").replace(".modules_to_save.", ".").replace(".original_module.", ".")


def _shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for file in sorted(folder.glob("*.safetensors")):
        with open(file, "rb") as data:
            size = int.from_bytes(data.read(8), "little")
            if not 2 <= size <= _HEADER_LIMIT:
                raise ModelError(f"{file} is no safetensors file, or it was cut off")
            try:
                header = json.loads(data.read(size))
            except ValueError as error:
                raise ModelError(f"{file} is no safetensors file, or it was cut off") from error
        found |= {name: tuple(entry["shape"]) for name, entry in header.items() if name != "__metadata__"}
    return found
