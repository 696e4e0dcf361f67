"""The words that mark a group of topics in summaries: log-odds (:mod:`yoyak.text.log_odds`) with intervals.

Counted are summaries that hold a word, not its occurrences, so that one long
summary marks nothing. The file is a table for people to read and to edit: a row that is taken out is out, a row with empty numbers is in.
"""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from yoyak._files import atomic
from yoyak.errors import ModelError
from yoyak.text.log_odds import log_odds

_FEWEST = 3  # summaries of the group that must hold a word: what stands in one or two is that dialogue's, not the group's
_Z = 1.96
_COLUMNS = ("group", "word", "count", "log_odds", "low", "high")


@dataclass(frozen=True, slots=True)
class Mark:
    """A word that marks a group: the summaries of the group that hold it, the log-odds against all others, their 95 % interval."""

    word: str
    count: int
    log_odds: float
    low: float
    high: float


@dataclass(frozen=True)
class Vocabulary:
    """Group -> the words that mark it, surest first."""

    marks: Mapping[str, tuple[Mark, ...]]

    def occurring(self, group: str, words: Iterable[str], *, most: int = 8) -> list[str]:
        """The group's words that a dialogue's words hold: the surest ones, in the dialogue's order.

        Example:
            >>> marks = Mark("대출", 9, 3.0, 2.0, 4.0), Mark("이자", 5, 2.0, 1.0, 3.0), Mark("통장", 4, 1.5, 0.5, 2.5)
            >>> known = Vocabulary({"은행": marks})
            >>> known.occurring("은행", ["통장", "오늘", "이자", "대출", "이자"], most=2)
            ['이자', '대출']
        """
        said = list(dict.fromkeys(words))
        present = set(said)
        chosen = {mark.word for mark in [mark for mark in self.marks.get(group, ()) if mark.word in present][:most]}
        return [word for word in said if word in chosen]

    def write(self, path: Path) -> None:
        """The table as CSV (UTF-8)."""
        with atomic(path) as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(_COLUMNS)
            for group, marks in sorted(self.marks.items()):
                for mark in marks:
                    table.writerow([group, mark.word, mark.count, *(f"{value:.2f}" for value in (mark.log_odds, mark.low, mark.high))])

    @classmethod
    def read(cls, path: Path) -> Self:
        """The table in that file; a row without numbers counts as its group's surest word.

        Raises:
            ModelError: There is no such file, or a row is none of the table's; the message names the line.
        """
        found: defaultdict[str, list[Mark]] = defaultdict(list)
        try:
            with open(path, encoding="utf-8-sig", newline="") as file:
                table = csv.DictReader(file)
                for row in table:
                    group, word = (row.get("group") or "").strip(), (row.get("word") or "").strip()
                    if not group or not word:
                        raise ValueError(f"line {table.line_num} has no group or no word")
                    found[group].append(_mark(word, row))
        except (OSError, ValueError, csv.Error) as error:
            raise ModelError(f"{path} is no vocabulary of topics ({error}); expected a CSV table with {', '.join(_COLUMNS)}") from error
        return cls({group: tuple(sorted(marks, key=lambda mark: -mark.low)) for group, marks in found.items()})


def _mark(word: str, row: Mapping[str, str | None]) -> Mark:
    """A row of the table; numbers that somebody left out put the word first."""
    given = [(row.get(name) or "").strip() for name in _COLUMNS[2:]]
    if not any(given):
        return Mark(word, 0, math.inf, math.inf, math.inf)
    return Mark(word, int(given[0] or 0), *(float(value) for value in given[1:]))


def fit_vocabulary(groups: Sequence[str], summaries: Sequence[Iterable[str]], *, most: int = 200) -> Vocabulary:
    """The words that mark each group in summaries, the surest ones: those whose interval lies above zero.

    Args:
        groups: The group of each summary.
        summaries: The content words of each (:func:`yoyak.topics.features.words`).
        most: Most words of a group.

    Example:
        >>> found = fit_vocabulary(["은행"] * 9 + ["병원"] * 9, [["대출", "가다"]] * 9 + [["주사", "가다"]] * 9)
        >>> [mark.word for mark in found.marks["은행"]], [mark.word for mark in found.marks["병원"]]
        (['대출'], ['주사'])
    """
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for group, summary in zip(groups, summaries, strict=True):
        counts[group].update(set(summary))
    every: Counter[str] = Counter()
    for mine in counts.values():
        every.update(mine)
    return Vocabulary({group: _marks(mine, every, most) for group, mine in sorted(counts.items())})


def _marks(mine: Counter[str], every: Counter[str], most: int) -> tuple[Mark, ...]:
    words = list(every)
    odds, deviation = log_odds(np.array([mine[word] for word in words], float), np.array([every[word] for word in words], float))
    found = [
        Mark(word, mine[word], float(value), float(value - spread), float(value + spread))
        for word, value, spread in zip(words, odds, _Z * deviation, strict=True)
        if mine[word] >= _FEWEST and value > spread
    ]
    return tuple(sorted(found, key=lambda mark: (-mark.low, mark.word))[:most])
