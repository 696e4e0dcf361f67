"""How a model writes: one documented configuration for every engine."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from yoyak.checkpoints.manifest import NAME, read_manifest
from yoyak.errors import ModelError


@dataclass(frozen=True, slots=True)
class DecodeConfig:
    """Decoding settings.

    Args:
        num_beams: 1 is greedy. The search ends when as many hypotheses are finished as there are beams, which is `early_stopping=True` in
            transformers; with its default (False) a search may end elsewhere. On the embedded model beams brought nothing (docs/log.md).
        max_new_tokens: Most tokens of a summary.
        min_new_tokens: Fewest; 0 lets the model stop when it wants.
        length_penalty: Exponent on the length in beam search; 1 divides by it.
        repetition_penalty: Above 1 discourages tokens that were written before. Tags, names and numbers cannot be exempted from it by
            every engine (see :data:`yoyak.summarize.engines.ct2.CANNOT_EXEMPT`), so it is 1 (off) by default.
        no_repeat_ngram_size: 0 is off. With tags as plain text 2 makes most references impossible.
        max_input_tokens: Prompts beyond this are split at turn boundaries or refused, never cut silently.
        long: `split` summarizes a dialogue beyond the limit in parts, `refuse` reports it as failed.
    """

    num_beams: int = 1
    max_new_tokens: int = 160
    min_new_tokens: int = 0
    length_penalty: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    max_input_tokens: int = 1024
    long: Literal["split", "refuse"] = "split"

    def __post_init__(self) -> None:
        if not 0 <= self.min_new_tokens <= self.max_new_tokens:
            raise ValueError("min_new_tokens lies between 0 and max_new_tokens")
        if self.num_beams < 1 or self.max_new_tokens < 1 or self.max_input_tokens < 16:
            raise ValueError("num_beams and max_new_tokens are at least 1, max_input_tokens at least 16")


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a checkpoint writes: its search, and whether its beams vote for the summary (see :mod:`yoyak.summarize.mbr`)."""

    decode: DecodeConfig = DecodeConfig()
    mbr: bool = False

    def as_dict(self) -> dict[str, Any]:
        """What stands under `decoding` in a checkpoint's yoyak.json."""
        return asdict(self.decode) | {"mbr": self.mbr}


def of_checkpoint(model: str | Path) -> Decoding:
    """The `decoding` that a checkpoint's yoyak.json asks for (`yoyak tune --save` writes it); the defaults where it says nothing.

    Raises:
        ModelError: A setting there is unknown or impossible.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> _ = (folder / "yoyak.json").write_text('{"decoding": {"num_beams": 4, "mbr": true}}')
        >>> found = of_checkpoint(folder)
        >>> found.decode.num_beams, found.decode.max_new_tokens, found.mbr
        (4, 160, True)
    """
    from yoyak.checkpoints.load import settings_folder

    folder = settings_folder(model)
    saved = read_manifest(folder).get("decoding", {})
    known = {field.name for field in fields(DecodeConfig)} | {"mbr"}
    path = folder / NAME
    if not isinstance(saved, dict) or (unknown := sorted(set(saved) - known)):
        what = f"unknown settings {', '.join(unknown)}" if isinstance(saved, dict) else f"a {type(saved).__name__}"
        raise ModelError(f"{path}: decoding holds {what}; known are {', '.join(sorted(known))}")
    try:
        return Decoding(DecodeConfig(**{key: value for key, value in saved.items() if key != "mbr"}), bool(saved.get("mbr", False)))
    except (TypeError, ValueError) as error:
        raise ModelError(f"{path}: decoding cannot be used: {error}") from error
