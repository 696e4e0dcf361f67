"""What a search found, and what it is worth: intervals, the front of quality against time, and the gain where nothing was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from yoyak.metrics.significance import Difference, Interval, interval, paired
from yoyak.summarize.decoding import Decoding
from yoyak.tune.trial import Judged

Verdict = Literal["default", "better", "worse", "unclear"]


@dataclass(frozen=True, slots=True)
class Row:
    """One setting on the half that was tuned on.

    Args:
        number: 0 is what the checkpoint does today.
        setting: What was tried.
        score: Mean of ROUGE-1, -2 and -L F1 with its 95 % interval, 0..1.
        seconds: Processor time a dialogue.
        against_default: The setting minus number 0, dialogue by dialogue; None for number 0.
        front: Whether no other setting is at least as good and as quick, and better in one of them.
        decoded: Dialogues for which the model had to run.
    """

    number: int
    setting: Decoding
    score: Interval
    seconds: float
    against_default: Difference | None
    front: bool
    decoded: int


@dataclass(frozen=True, slots=True)
class Honesty:
    """The chosen setting minus today's, on the half where it was chosen and on the other one; both really decoded."""

    here: Difference
    there: Difference
    dialogues_here: int
    dialogues_there: int
    seconds_default: float
    seconds_choice: float

    @property
    def shrinkage(self) -> float:
        """What choosing flattered: the gain here minus the gain there."""
        return self.here.mean - self.there.mean


@dataclass(frozen=True, slots=True)
class Tuned:
    """The result of a search.

    Args:
        rows: Every different setting, in the order of trial.
        choice: The number of the best on the half that was tuned on.
        honesty: What its gain is worth; None when today's setting is the best.
        signature: Of the metric.
        tuned_on: File name -> SHA-256 of the dev files.
        fingerprints: Of all dialogues of those files.
        dialogues: Their number in the half that was tuned on.
    """

    rows: tuple[Row, ...]
    choice: int
    honesty: Honesty | None
    signature: str
    tuned_on: dict[str, str]
    fingerprints: tuple[str, ...]
    dialogues: int

    @property
    def chosen(self) -> Row:
        """The best setting on the half that was tuned on."""
        return self.rows[self.choice]

    @property
    def verdict(self) -> Verdict:
        """Whether the choice differs from today's setting on the half that had no say: `better` and `worse` are significant at 5 %."""
        if self.honesty is None:
            return "default"
        there = self.honesty.there
        if not there.real:
            return "unclear"
        return "better" if there.mean > 0 else "worse"

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON values."""
        rows = [asdict(row) | {"setting": row.setting.as_dict()} for row in self.rows]
        honesty = None if self.honesty is None else asdict(self.honesty) | {"shrinkage": self.honesty.shrinkage}
        return {
            "signature": self.signature,
            "dialogues": self.dialogues,
            "choice": self.choice,
            "verdict": self.verdict,
            "honesty": honesty,
            "tuned_on": self.tuned_on,
            "rows": rows,
        }


def rows_of(settings: Sequence[Decoding], judged: Sequence[Judged]) -> tuple[Row, ...]:
    """The table of a search; the first setting is the default that the others are compared with."""
    fronts = front([(sum(j.scores) / len(j.scores), j.seconds) for j in judged])
    return tuple(
        Row(
            number,
            setting,
            interval(one.scores),
            one.seconds,
            paired(one.scores, judged[0].scores) if number else None,
            number in fronts,
            one.decoded,
        )
        for number, (setting, one) in enumerate(zip(settings, judged, strict=True))
    )


def front(points: Sequence[tuple[float, float]]) -> set[int]:
    """Indices of the (quality, seconds) that no other point beats (Pareto): at least as good and as quick, and better in one of them.

    Example:
        >>> sorted(front([(0.40, 1.0), (0.42, 2.0), (0.41, 3.0), (0.40, 1.5)]))
        [0, 1]
    """
    return {
        i
        for i, (quality, seconds) in enumerate(points)
        if not any(
            other >= quality and time <= seconds and (other > quality or time < seconds) for j, (other, time) in enumerate(points) if j != i
        )
    }


def honesty_of(here: Sequence[Judged], there: Sequence[Judged]) -> Honesty:
    """The comparison on both halves, from the default and the choice of each."""
    return Honesty(
        paired(here[1].scores, here[0].scores),
        paired(there[1].scores, there[0].scores),
        len(here[0].scores),
        len(there[0].scores),
        there[0].seconds,
        there[1].seconds,
    )
