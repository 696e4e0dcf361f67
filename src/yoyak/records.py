"""The nouns that travel: Turn, Dialogue, Prediction, Score, Problem.

Reading ends in :class:`Dialogue`, summarizing in :class:`Prediction`, scoring in :class:`Score`; whatever is wrong with a row is a
:class:`Problem`. All are frozen: a step that changes one returns a new one (`dataclasses.replace`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says before the next one speaks.

    `speaker` is a tag (`#Person1#`), a name or a role, never empty. `time` is ISO 8601 (`2026-01-02T09:05:00`) or, for subtitles and
    calls, an offset from the start (`00:01:02.500`); None when the file does not say.
    """

    speaker: str
    text: str
    time: str | None = None

    def __str__(self) -> str:
        return f"{self.speaker}: {self.text}"


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One conversation, in the order in which it was held.

    Args:
        id: What the file calls it (`fname`, `id`) or, failing that, file name and position. Unique within a run.
        turns: At least one when the dialogue is valid; a reader reports an empty one as a Problem.
        references: Human summaries, in the order of the file's columns; empty for test data.
        topic: The file's topic phrase, None when it has none.
        speakers: Label used in `turns` -> name in the original export, for files in which the two differ.
        origin: File and row (`dev.csv:12`), to name the record in an error; not part of equality.

    Example:
        >>> talk = Dialogue("a", (Turn("#Person1#", "밥 먹었어?"), Turn("#Person2#", "아직.")))
        >>> talk.text
        '#Person1#: 밥 먹었어?\\n#Person2#: 아직.'
        >>> talk.labels
        ('#Person1#', '#Person2#')
    """

    id: str
    turns: tuple[Turn, ...]
    references: tuple[str, ...] = ()
    topic: str | None = None
    speakers: Mapping[str, str] = field(default_factory=dict)
    origin: str = field(default="", compare=False)

    @property
    def text(self) -> str:
        """The turns as `speaker: text`, one a line: the form in which models and people read a dialogue."""
        return "\n".join(f"{turn.speaker}: {turn.text}" for turn in self.turns)

    @property
    def labels(self) -> tuple[str, ...]:
        """The distinct speakers in order of appearance."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns))


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a person should look at a sentence of a summary.

    Args:
        sentence: Its number in the summary, from 1.
        kind: The error it may hold: `speaker` (of the wrong person), `negation` (the opposite), `detail` (a wrong number, name, place),
            `invented` (nobody said it), `incomplete` (it tells too little of what matters).
        true: Probability that it is true all the same, 0..1.
        turns: The turns to look at, from 1.

    Example:
        >>> str(Doubt(2, "speaker", 0.62, (3, 4)))
        'sentence 2 may be said of the wrong person (62 % sure; turns 3, 4)'
    """

    sentence: int
    kind: str
    true: float
    turns: tuple[int, ...] = ()

    def __str__(self) -> str:
        says = {
            "speaker": "may be said of the wrong person",
            "negation": "may say the opposite",
            "detail": "may hold a wrong detail",
            "invented": "may not have been said",
            "incomplete": "may leave out the main point",
        }
        where = f"; turns {', '.join(map(str, self.turns))}" if self.turns else ""
        return f"sentence {self.sentence} {says.get(self.kind, 'is doubtful')} ({self.true:.0%} sure{where})".replace("%", " %")


@dataclass(frozen=True, slots=True)
class Prediction:
    """A summary that a model (or an engine without a model) wrote for the dialogue of the same id.

    `evidence` holds, for each sentence of the summary, the numbers of the turns that it rests on, counted from 1 as people count them;
    empty when the engine does not know. `notes` says in words what happened on the way ("split into 3 parts"). A prediction with
    `error` set has an empty summary. `review` holds what a person should look at; nothing in it means that nothing was found, or that
    nobody looked (only the guard does, see :mod:`yoyak.summarize.guard`).
    """

    id: str
    summary: str
    model: str = ""
    evidence: tuple[tuple[int, ...], ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None
    review: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1, each in 0..1; `low` and `high` bound the F1's 95 % interval when one was computed."""

    precision: float
    recall: float
    f1: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a file, said so that a person can mend it.

    Args:
        file: The path as the user gave it.
        row: 1-based record (CSV, JSONL) or line (text) number; None when it concerns the whole file.
        message: What came and what was expected. Never holds personal data: quote column names and counts, not cells.
        remedy: What to do about it.
        rule: Stable identifier (`empty-dialogue`).
        id: The record's id, when it has one.
    """

    file: str
    row: int | None
    message: str
    remedy: str
    rule: str = "invalid"
    id: str | None = None
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = self.file if self.row is None else f"{self.file}:{self.row}"
        record = f" ({self.id})" if self.id else ""
        return f"{place}{record}: {self.message} -> {self.remedy} [{self.rule}]"
