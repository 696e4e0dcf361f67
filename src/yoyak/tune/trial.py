"""One setting, judged: what it writes, how good that is, what it costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from yoyak.metrics.rouge import NAMES, ReferenceRule, rouge_multi
from yoyak.metrics.tokenizers import Tokenizer
from yoyak.records import Dialogue
from yoyak.summarize.candidates import Candidate, Candidates
from yoyak.summarize.decoding import Decoding
from yoyak.summarize.mbr import Remembering, choose
from yoyak.tune.beams import Beams


@dataclass(frozen=True, slots=True)
class Judged:
    """What a setting gave.

    Args:
        scores: Of each dialogue, in order: mean of ROUGE-1, -2 and -L F1 (0..1); 0 where it failed.
        seconds: A dialogue's processor time, the vote included.
        decoded: Dialogues for which the model had to run; the others followed from earlier searches.
    """

    scores: tuple[float, ...]
    seconds: float
    decoded: int


def canonical(setting: Decoding) -> Decoding:
    """The same setting with what does not matter at its default: without beams nothing is ranked and nobody votes.

    Example:
        >>> from yoyak.summarize.decoding import DecodeConfig
        >>> canonical(Decoding(DecodeConfig(length_penalty=2.0), mbr=True)) == Decoding()
        True
    """
    if setting.decode.num_beams > 1:
        return setting
    return Decoding(replace(setting.decode, length_penalty=1.0), mbr=False)


class Judge:
    """Judges settings over dialogues with references.

    Args:
        beams: The model's searches.
        tokenizer: What the metric counts.
        rule: Over several references.
    """

    def __init__(self, beams: Beams, tokenizer: Tokenizer, *, rule: ReferenceRule = "mean") -> None:
        self._beams = beams
        self._plain = tokenizer
        self._tokenizer = Remembering(tokenizer)
        self._rule: ReferenceRule = rule

    def __call__(self, setting: Decoding, dialogues: Sequence[Dialogue], *, exact: bool = False) -> Judged:
        """The setting's figures; `exact` lets the model run where its output would otherwise be derived (see :mod:`yoyak.tune.beams`)."""
        before = self._beams.decoded
        found = self._beams.of(dialogues, setting.decode, exact=exact)
        start = time.process_time()
        # The vote gets a tokenizer that remembers nothing, so that its time is what a user pays.
        chosen = [c for _, c in choose([f.item for f in found], tokenize=self._plain)] if setting.mbr else [_first(f.item) for f in found]
        seconds = time.process_time() - start + sum(f.seconds for f in found)
        texts = [candidate.text if candidate else "" for candidate in chosen]
        return Judged(tuple(self._scores(texts, dialogues)), seconds / len(dialogues), self._beams.decoded - before)

    def _scores(self, texts: Sequence[str], dialogues: Sequence[Dialogue]) -> list[float]:
        predicted = self._tokenizer.tokenize(texts)
        flat = iter(self._tokenizer.tokenize([reference for dialogue in dialogues for reference in dialogue.references]))
        found = []
        for tokens, dialogue in zip(predicted, dialogues, strict=True):
            references = [next(flat) for _ in dialogue.references]
            scores = rouge_multi(tokens, references, rule=self._rule)
            found.append(round(sum(scores[name].f1 for name in NAMES) / len(NAMES), 6))
        return found


def _first(item: Candidates) -> Candidate | None:
    return item.candidates[0] if item.candidates else None
