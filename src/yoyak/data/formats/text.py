"""Plain text: one turn a line, `#Person1#: ...` or `이름: 발화`; a line of dashes or equals signs alone parts two dialogues."""

from __future__ import annotations

import re
from collections.abc import Iterator

from yoyak.data.formats.base import Columns, Match, Rejected, Row
from yoyak.data.source import Source, undecodable
from yoyak.data.turns import parse_turns
from yoyak.records import Dialogue, Problem

_PARTING = re.compile(r"\s*(-{3,}|={3,})\s*$")


class Text:
    """A dialogue as people type it. Its id is the file's name, with `-2`, `-3`, ... when the file holds several."""

    name = "text"

    def match(self, head: str) -> Match:
        lines: list[str] = []  # of the first dialogue
        for line in head.lstrip("\ufeff").split("\n"):
            if is_parting(line) and lines:
                break
            if line.strip() and not is_parting(line):
                lines.append(line)
        if not lines:
            return Match(0.1)
        try:
            turns = parse_turns("\n".join(lines))
        except ValueError as error:
            return Match(0.0, 1, str(error))
        return Match(0.6 if len(turns) > 0.5 * len(lines) else 0.3, None, "lines that start with a speaker")

    def read(self, source: Source, columns: Columns) -> Iterator[Row]:
        parts = 0
        for line, text, is_dialogue in blocks(source):
            if is_dialogue:
                parts += 1
                yield block_row(text, file=source.name, stem=source.stem, part=parts, line=line)
        if not parts:
            yield Rejected((Problem(source.name, None, "the file is empty", "write a dialogue into it", "empty-file"),), "")


def block_row(text: str, *, file: str, stem: str, part: int, line: int) -> Row:
    """The `part`-th dialogue of a text file, which starts at `line`."""
    id_ = stem if part == 1 else f"{stem}-{part}"
    try:
        turns = parse_turns(text)
    except ValueError as error:
        remedy = "write each turn on a line of its own as 'speaker: text'"
        return Rejected((Problem(file, line, str(error), remedy, "no-speaker", id_),), text)
    if undecodable(text):
        message = "the text holds bytes that are neither UTF-8 nor cp949"
        return Rejected((Problem(file, line, message, "save the file as UTF-8", "encoding", id_),), text)
    return Dialogue(id_, turns, origin=f"{file}:{line}")


def blocks(source: Source) -> Iterator[tuple[int, str, bool]]:
    """(1-based number of the first line, text, whether it is a dialogue) of each piece of the file; together they are the file."""
    lines: list[str] = []
    start = 1
    with source.open() as file:
        for number, line in enumerate(file, 1):
            if is_parting(line):
                yield from _piece(start, lines)
                yield number, line, False
                lines, start = [], number + 1
            else:
                lines.append(line)
    yield from _piece(start, lines)


def _piece(start: int, lines: list[str]) -> Iterator[tuple[int, str, bool]]:
    text = "".join(lines)
    if text:
        yield start, text, bool(text.strip())


def is_parting(line: str) -> bool:
    """Whether a line parts two dialogues: dashes or equals signs alone."""
    return _PARTING.match(line) is not None
