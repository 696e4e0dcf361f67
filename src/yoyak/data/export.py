"""Dialogues out: CSV, JSONL or text, so that reading gives them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from yoyak._files import atomic
from yoyak.data.turns import parse_turns
from yoyak.data.write import csv_line, dumps
from yoyak.errors import DataError, UsageError
from yoyak.records import Dialogue, Problem

ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".txt": "text"}


def dialogue_format(path: str | Path) -> str:
    """The format in which dialogues are written to a file of that name.

    Raises:
        UsageError: Its ending is none of .csv, .jsonl, .txt.
    """
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(f"the output {str(path)!r} ends in {ending or 'nothing'}; dialogues are written as {', '.join(ENDINGS)}")
    return ENDINGS[ending]


def as_record(dialogue: Dialogue) -> dict[str, Any]:
    """The dialogue as a JSON object: `id`, `dialogue` (a list of turns), and `summary`, `topic` when there are any."""
    turns = [{"speaker": turn.speaker, "text": turn.text} | ({"time": turn.time} if turn.time else {}) for turn in dialogue.turns]
    record: dict[str, Any] = {"id": dialogue.id, "dialogue": turns}
    if len(dialogue.references) == 1:
        record["summary"] = dialogue.references[0]
    else:
        record |= {f"summary{number}": text for number, text in enumerate(dialogue.references, 1)}
    if dialogue.topic is not None:
        record["topic"] = dialogue.topic
    return record


class Writable(Protocol):
    """Anything that text can be written to."""

    def write(self, text: str, /) -> int:
        """Append the text."""


class DialogueWriter:
    """Writes dialogues to an open text file as they come.

    A CSV takes its summary columns from the first dialogue; times of turns are kept in JSONL only.
    """

    def __init__(self, file: Writable, format: str, *, name: str = "output") -> None:
        self._file = file
        self._format = format
        self._name = name
        self._summaries = -1
        self._count = 0

    def write(self, dialogue: Dialogue) -> None:
        """Append one dialogue.

        Raises:
            DataError: In CSV or text it could not be read back: a speaker's name holds a colon or the like, or it has more summaries
                than the first one. JSONL takes every dialogue.
        """
        self._count += 1
        if self._format == "jsonl":
            self._file.write(dumps(as_record(dialogue)) + "\n")
            return
        self._check(dialogue)
        if self._format == "text":
            self._file.write(("---\n" if self._count > 1 else "") + dialogue.text + "\n")
            return
        if self._summaries < 0:
            self._summaries = len(dialogue.references)
            names = ["summary"] if self._summaries == 1 else [f"summary{n}" for n in range(1, self._summaries + 1)]
            self._row(["id", "dialogue", *names, "topic"])
        if len(dialogue.references) > self._summaries:
            raise self._problem(dialogue, f"it has {len(dialogue.references)} summaries, the first dialogue {self._summaries}")
        blank = [""] * (self._summaries - len(dialogue.references))
        self._row([dialogue.id, dialogue.text, *dialogue.references, *blank, dialogue.topic or ""])

    def _row(self, cells: list[str]) -> None:
        self._file.write(csv_line(cells))

    def _check(self, dialogue: Dialogue) -> None:
        try:
            back = parse_turns(dialogue.text)
        except ValueError:
            back = ()
        if [(turn.speaker, turn.text) for turn in back] != [(turn.speaker, turn.text.strip()) for turn in dialogue.turns]:
            raise self._problem(dialogue, "its turns would not be read back as they are: a name or a line looks like another turn")

    def _problem(self, dialogue: Dialogue, message: str) -> DataError:
        return DataError([Problem(self._name, self._count, message, "write to a .jsonl file", "write", dialogue.id)])


@contextmanager
def dialogue_writer(path: str | Path) -> Iterator[DialogueWriter]:
    """A writer to `path`, which is there only when the block ended well.

    Example:
        >>> from yoyak.records import Turn
        >>> path = getfixture("tmp_path") / "a.jsonl"
        >>> with dialogue_writer(path) as writer:
        ...     writer.write(Dialogue("a", (Turn("지우", "안녕?"),)))
        >>> path.read_text(encoding="utf-8")
        '{"id": "a", "dialogue": [{"speaker": "지우", "text": "안녕?"}]}\\n'
    """
    with atomic(path) as file:
        yield DialogueWriter(file, dialogue_format(path), name=str(path))
