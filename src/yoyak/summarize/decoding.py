"""How a model writes: one documented configuration for every engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
