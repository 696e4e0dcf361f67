"""What a format is: it recognises a file by content and reads it row by row.

To add one: write `data/formats/NAME.py` with a class of this shape and add it to `ALL` in `data/formats/registry.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from yoyak.data.source import Source
from yoyak.records import Dialogue, Problem


@dataclass(frozen=True, slots=True)
class Match:
    """How well a file's head fits a format.

    Args:
        score: 0 not at all, 1 beyond doubt. Between two formats the higher one wins.
        line: For a file that begins like the format and then departs from it: the 1-based line where it stops; else None.
        why: What was recognised, or what was expected at `line`, in a few words that quote no data.
    """

    score: float
    line: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is no dialogue: what is wrong with it, and the row itself, so that nothing is lost."""

    problems: tuple[Problem, ...]
    raw: Mapping[str, Any] | str


Row = Dialogue | Rejected


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns (or JSON keys) to read; None means the usual names, which are tried in turn.

    `summary` may name several, joined by commas: they become the references in that order.
    """

    id: str | None = None
    dialogue: str | None = None
    summary: str | None = None
    topic: str | None = None


class Format(Protocol):
    """One kind of file."""

    name: str

    def match(self, head: str) -> Match:
        """How well the first 64 Ki characters of a file fit. Never raises."""

    def read(self, source: Source, columns: Columns) -> Iterator[Row]:
        """Every row in order, the bad ones as Rejected; streams, and never raises because of the content."""
