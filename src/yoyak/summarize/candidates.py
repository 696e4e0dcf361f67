"""Several summaries of one dialogue, to choose from: the beams of a model, or what several models wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from yoyak.records import Dialogue, Prediction


@dataclass(frozen=True, slots=True)
class Candidate:
    """One summary; `score` is its model's (log-probability over length), None when models cannot be compared by it."""

    text: str
    score: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Candidates:
    """All candidates for the dialogue of that id, best first where they have scores."""

    id: str
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()
    error: str | None = None


class CandidateEngine(Protocol):
    """An engine that can show all its beams."""

    name: str

    def candidates(self, dialogues: Iterable[Dialogue]) -> Iterator[Candidates]:
        """The candidates of each dialogue, in order."""


def of_predictions(systems: Sequence[Sequence[Prediction]]) -> Iterator[Candidates]:
    """The candidates that several systems' predictions make, in the first system's order; failed ones are left out.

    Raises:
        ValueError: A system has no prediction for an id of the first one.

    Example:
        >>> a, b = [Prediction("1", "가.", "a")], [Prediction("1", "나.", "b")]
        >>> [(c.id, [x.text for x in c.candidates]) for c in of_predictions([a, b])]
        [('1', ['가.', '나.'])]
    """
    if not systems:
        return
    by_id = [{prediction.id: prediction for prediction in system} for system in systems]
    for first in systems[0]:
        missing = [number for number, found in enumerate(by_id, 1) if first.id not in found]
        if missing:
            raise ValueError(f"no prediction for {first.id!r} in system {', '.join(map(str, missing))}")
        given = [found[first.id] for found in by_id]
        yield Candidates(first.id, tuple(Candidate(p.summary, source=p.model) for p in given if p.error is None))
