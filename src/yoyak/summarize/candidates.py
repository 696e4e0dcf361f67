"""Several summaries of one dialogue, to choose from: the beams of a model, or what several models wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from yoyak.records import Dialogue, Prediction, Turn


@dataclass(frozen=True, slots=True)
class Request:
    """Something to be written: a summary of these turns that begins with `start`, which is part of what comes back."""

    turns: tuple[Turn, ...]
    start: str = ""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How several summaries of one request are drawn: `count` of them, from the likeliest `topk` tokens (0: all) at a temperature."""

    count: int
    temperature: float = 0.7
    topk: int = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """One summary.

    Args:
        text: The summary.
        score: Its model's: log-probability over length to the power of the length penalty; None when models cannot be compared by it.
        source: Which model, file or fold wrote it.
        length: Tokens that were written, the end token included: what the length penalty counts.
    """

    text: str
    score: float | None = None
    source: str = ""
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """All candidates for the dialogue of that id, best first where they have scores."""

    id: str
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()
    error: str | None = None


@runtime_checkable
class CandidateEngine(Protocol):
    """An engine that can show all its beams."""

    @property
    def name(self) -> str:
        """As it stands in `Prediction.model`."""

    def candidates(self, dialogues: Iterable[Dialogue]) -> Iterator[Candidates]:
        """The candidates of each dialogue, in order."""


class Writer(Protocol):
    """An engine that writes on request: of some turns alone, with a beginning that is given, several at a time."""

    name: str

    def pieces(self, dialogue: Dialogue) -> list[tuple[Turn, ...]]:
        """The dialogue as pieces that the model can read: one for nearly all."""

    def write(self, requests: Sequence[Request], *, sampling: Sampling | None = None) -> list[list[Candidate]]:
        """The candidates of each request, in order: one each, or with `sampling` as many as it asks for."""


class Silent:
    """The writer of an engine without a model: it writes nothing, so that all there is to choose from are the turns themselves.

    Example:
        >>> Silent("extractive").write([Request(())])
        [[Candidate(text='', score=None, source='', length=None)]]
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def pieces(self, dialogue: Dialogue) -> list[tuple[Turn, ...]]:
        """The whole dialogue: nothing has to be read in pieces."""
        return [dialogue.turns]

    def write(self, requests: Sequence[Request], *, sampling: Sampling | None = None) -> list[list[Candidate]]:
        """Nothing, for each request."""
        return [[Candidate("")] for _ in requests]


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
