"""Whether the fast engine writes what transformers writes: ids, greedy and with beams, in fp32; and what int8 costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from yoyak.checkpoints.convert import converted, read_form
from yoyak.records import Dialogue
from yoyak.summarize.calibrate import usual
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.engines.ct2 import CTranslate2Runtime
from yoyak.summarize.engines.hf import TransformersEngine
from yoyak.summarize.tokens import Codec


@dataclass(frozen=True, slots=True)
class Parity:
    """One comparison with transformers in fp32.

    Args:
        beams: 1 is greedy.
        compute_type: What CTranslate2 computed in.
        equal: Dialogues whose ids are all equal.
        total: Dialogues compared.
        prefix: Mean share of the ids before the first that differs, 0..1.
    """

    beams: int
    compute_type: str
    equal: int
    total: int
    prefix: float

    def __str__(self) -> str:
        how = "greedy" if self.beams == 1 else f"beam {self.beams}"
        return f"{self.compute_type} {how}: {self.equal} of {self.total} equal, {self.prefix:.1%} of the ids before the first difference"


def parity(
    folder: Path,
    dialogues: Sequence[Dialogue],
    *,
    beams: Sequence[int] = (1, 4),
    compute_types: Sequence[str] = ("float32", "int8"),
    decode: DecodeConfig | None = None,
) -> list[Parity]:
    """Compare CTranslate2 with transformers on these dialogues, one at a time, so that padding plays no part.

    Args:
        folder: A checkpoint in Hugging Face form.
        dialogues: What to write about; those beyond the model's limit are left out.
        beams: Beam sizes to compare.
        compute_types: What CTranslate2 computes in; `float32` should be equal, `int8` shows what rounding changes.
        decode: Lengths; its `num_beams` is not used.

    Raises:
        MissingDependency: torch, transformers or ctranslate2 is not installed.
    """
    found = []
    for size in beams:
        settings = replace(decode or DecodeConfig(max_new_tokens=40), num_beams=size)
        reference = TransformersEngine(folder, name="reference", decode=settings)
        for compute_type in compute_types:
            made = converted(folder, quantization=None if compute_type == "float32" else compute_type)
            form = read_form(made)
            codec = Codec(made / "tokenizer.json", form, settings)
            runtime = CTranslate2Runtime(made, form, codec, settings, usual(), device="cpu", compute_type=compute_type)
            inputs = [tokens for tokens in (codec.tokens(dialogue.turns) for dialogue in dialogues) if len(tokens) <= codec.budget]
            pairs = [(reference.ids([tokens])[0], runtime.ids([list(tokens)])[0][0]) for tokens in inputs]
            equal = sum(mine == theirs for theirs, mine in pairs)
            found.append(Parity(size, compute_type, equal, len(pairs), sum(_prefix(*pair) for pair in pairs) / max(1, len(pairs))))
    return found


def _prefix(theirs: Sequence[int], mine: Sequence[int]) -> float:
    longest = max(len(theirs), len(mine))
    if not longest:
        return 1.0
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(theirs, mine, strict=False))) / longest
