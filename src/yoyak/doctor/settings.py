"""A recipe of anybody's: the settings that can lose tags, found by the names that training scripts give them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yoyak.config import load_yaml
from yoyak.errors import ConfigError
from yoyak.text import tags
from yoyak.train.recipe import load_recipe, packaged

_TARGET_LIMIT = ("max_target_tokens", "max_target_length", "max_summary_tokens", "decoder_max_len", "max_output_length", "max_label_length")
_WHOLE_LIMIT = ("max_seq_length", "max_seq_len", "model_max_length")
_POLICY = ("tags", "tag_policy")
_TRAINED_ROWS = ("trainable_token_indices", "modules_to_save")
_PATTERN_KEYS = re.compile(r"clean|regex|pattern|remove|delete|strip|replace", re.IGNORECASE)
_AFTER_KEYS = re.compile(r"post|inference|remove_tokens|output|generat|decod", re.IGNORECASE)


@dataclass(frozen=True)
class Settings:
    """A recipe's values, nested as its YAML file nests them.

    Args:
        name: The file's.
        values: All of them, defaults included where it is yoyak's own.
        own: Whether it is a recipe that `yoyak train` takes: that one leaves rows out and cuts no label, and trains the rows of new tokens.
    """

    name: str
    values: Mapping[str, Any]
    own: bool = False

    @classmethod
    def read(cls, recipe: str) -> Settings:
        """A packaged recipe, a recipe of yoyak's (its defaults filled in), or any other YAML file of settings.

        Raises:
            ConfigError: There is no such file, or it is not YAML.
        """
        try:
            return cls(recipe, load_recipe(recipe).model_dump(), own=True)
        except ConfigError:
            if recipe in packaged() or not Path(recipe).is_file():
                raise
        return cls(recipe, load_yaml(Path(recipe).read_text(encoding="utf-8-sig"), name=recipe))

    def find(self, *names: str) -> tuple[str, Any] | None:
        """(path, value) of the first key of one of these names that is set, wherever it is nested."""
        for path, value in self.walk():
            if path.rpartition(".")[2] in names and value is not None and value != []:
                return path, value
        return None

    def walk(self) -> Iterator[tuple[str, Any]]:
        """Every key with its path, mappings before what they hold."""
        yield from _walk(self.values, "")

    @property
    def target_limit(self) -> tuple[str, int] | None:
        """Where and how long labels are cut, in tokens."""
        return _whole(self.find(*_TARGET_LIMIT))

    @property
    def whole_limit(self) -> tuple[str, int] | None:
        """Where and how long prompt and summary together are cut, in tokens (decoder-only models)."""
        return _whole(self.find(*_WHOLE_LIMIT))

    @property
    def policy(self) -> str | None:
        """The tag policy, if one is named."""
        found = self.find(*_POLICY)
        return found[1] if found and isinstance(found[1], str) else None

    @property
    def adds_tags(self) -> tuple[str, str] | None:
        """(where, which) when the recipe adds tags to the vocabulary."""
        if self.policy in ("tokens", "special"):
            return f"tag policy {self.policy!r}", "the tags"
        for path, value in self.walk():
            named = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
            listed = [item for item in named if isinstance(item, str) and tags.is_tag(item)]
            if listed:
                return path, ", ".join(listed[:3])
        return None

    @property
    def is_adapter(self) -> bool:
        """Whether it trains an adapter (LoRA, QLoRA) and leaves the embedding alone."""
        method = self.find("method", "peft_type", "peft")
        return (method is not None and "lora" in str(method[1]).lower()) or any(
            path.rpartition(".")[2] == "lora" for path, _ in self.walk()
        )

    @property
    def trains_rows(self) -> bool:
        """Whether an adapter's recipe trains rows of the embedding too."""
        found = self.find(*_TRAINED_ROWS)
        return self.own or (found is not None and bool(found[1]))

    def patterns(self) -> Iterator[tuple[str, bool, str]]:
        """(path, whether it runs on outputs, pattern) for strings under keys that speak of cleaning or removing."""
        for path, value in self.walk():
            key = path.rpartition(".")[2]
            if not _PATTERN_KEYS.search(key):
                continue
            found = [value] if isinstance(value, str) else value if isinstance(value, list) else []
            for item in found:
                if isinstance(item, str) and item:
                    yield path, _AFTER_KEYS.search(path) is not None, item


def _walk(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        path = f"{prefix}{key}"
        yield path, value
        if isinstance(value, Mapping):
            yield from _walk(value, f"{path}.")


def _whole(found: tuple[str, Any] | None) -> tuple[str, int] | None:
    return found if found and isinstance(found[1], int) and not isinstance(found[1], bool) else None
