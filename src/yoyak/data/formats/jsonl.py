"""JSON Lines: one object a line, with the keys of the CSV columns; `dialogue` may be a list of turns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from yoyak.data.formats.base import Columns, Match, Rejected, Row
from yoyak.data.formats.rows import layout, to_row
from yoyak.data.source import Source
from yoyak.records import Problem


class JsonLines:
    """One JSON object a line. Each line is looked at by itself: keys may differ from row to row."""

    name = "jsonl"

    def match(self, head: str) -> Match:
        text = head.lstrip("\ufeff \r\n\t")
        if not text.startswith("{"):
            return Match(0.0)
        line, newline, _ = text.partition("\n")
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            # A first line longer than the head cannot be parsed; a short one should have been.
            return Match(0.5) if not newline and len(head) > 60_000 else Match(0.2, 1, "one JSON object a line")
        try:
            layout(value, Columns())
        except ValueError as error:
            return Match(0.4, None, str(error))
        return Match(0.9, None, "JSON objects with a dialogue")

    def read(self, source: Source, columns: Columns) -> Iterator[Row]:
        with source.open() as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield self._row(line, columns, source.name, number)

    def _row(self, line: str, columns: Columns, file: str, number: int) -> Row:
        value = parse_line(line, file, number)
        if isinstance(value, Rejected):
            return value
        try:
            where = layout(value, columns)
        except ValueError as error:
            remedy = "name it with --columns, as in --columns dialogue=NAME"
            return Rejected((Problem(file, number, str(error), remedy, "columns"),), value)
        return to_row(value, where, file=file, row=number)


def parse_line(line: str, file: str, number: int) -> dict[str, Any] | Rejected:
    """The object in one line, or what is wrong with it."""
    try:
        value = json.loads(line.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        message = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        return Rejected((Problem(file, number, f"not JSON: {message}", "write one JSON object a line", "json"),), line.rstrip("\n"))
    if not isinstance(value, dict):
        message = f"a JSON {type(value).__name__} where an object was expected"
        return Rejected((Problem(file, number, message, "write one JSON object a line", "json"),), line.rstrip("\n"))
    return value
