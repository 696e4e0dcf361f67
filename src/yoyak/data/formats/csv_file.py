"""CSV with a header: DialogSum's `fname,dialogue,summary,topic` and files like it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from yoyak.data.formats.base import Columns, Match, Rejected, Row
from yoyak.data.formats.rows import layout, to_row
from yoyak.data.source import Source
from yoyak.records import Problem

_LARGEST_CELL = 1 << 30


@contextmanager
def any_cell_size() -> Iterator[None]:
    """Cells of any size within the block; the csv module's limit (131,072) is the process's own, so it is put back."""
    before = csv.field_size_limit(_LARGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


class CsvRecord(NamedTuple):
    """One record: its number (0 is the header), its cells, and its own text with its line end, exactly as in the file."""

    number: int
    cells: list[str]
    raw: str


class Csv:
    """Comma-separated values with a header row; quoted line breaks and cells of any size. Tabs or semicolons separate where the header
    holds more of them."""

    name = "csv"

    def match(self, head: str) -> Match:
        line = head.lstrip("\ufeff").split("\n", 1)[0].rstrip("\r")
        separator = delimiter(line)
        names = first_cells(line)
        try:
            layout(names, Columns())
        except ValueError:
            return Match(0.2 if separator in line else 0.0, 1, "a header that names the columns")
        return Match(0.9 if len(names) > 1 else 0.3, None, "a header with a dialogue column")

    def read(self, source: Source, columns: Columns) -> Iterator[Row]:
        records = csv_records(source)
        header = next(records, None)
        names = header_names(header)
        try:
            where = layout(names, columns)
        except ValueError as error:
            message = str(error) if names else "the file is empty"
            remedy = "name it with --columns, as in --columns dialogue=NAME" if names else "give a CSV with a header"
            yield Rejected((Problem(source.name, 1 if names else None, message, remedy, "columns" if names else "empty-file"),), "")
            return
        for item in named_rows(records, names, source.name):
            yield item if isinstance(item, Rejected) else to_row(item[1], where, file=source.name, row=item[0])


def first_cells(text: str) -> list[str]:
    """The cells of a text's first record; none when it is no CSV.

    Example:
        >>> first_cells('fname,"a, b"\\n1,2')
        ['fname', 'a, b']
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text.split("\n", 1)[0]))
    try:
        with any_cell_size():
            return [name.strip().lstrip("\ufeff") for name in next(reader, [])]
    except csv.Error:
        return []


def csv_rows(source: Source) -> Iterator[tuple[int, dict[str, str]] | Rejected]:
    """(1-based number, cells by the header's names) of each row of data, the misshapen ones rejected."""
    records = csv_records(source)
    return named_rows(records, header_names(next(records, None)), source.name)


def header_names(header: CsvRecord | Rejected | None) -> list[str]:
    """The column names; empty when there is no header."""
    return [name.strip().lstrip("\ufeff") for name in header.cells] if isinstance(header, CsvRecord) else []


def named_rows(records: Iterable[CsvRecord | Rejected], names: list[str], file: str) -> Iterator[tuple[int, dict[str, str]] | Rejected]:
    """Each record's cells by name; blank lines are passed over, records with too few or too many cells rejected."""
    for record in records:
        if isinstance(record, Rejected):
            yield record
        elif record.cells:
            yield named(record, names, file)


def named(record: CsvRecord, names: list[str], file: str) -> tuple[int, dict[str, str]] | Rejected:
    """One record's cells by name."""
    if len(record.cells) == len(names):
        return record.number, dict(zip(names, record.cells, strict=True))
    message = f"the row has {len(record.cells)} cells, the header {len(names)}"
    remedy = "put cells that hold commas or line breaks in double quotes"
    return Rejected((Problem(file, record.number, message, remedy, "cells"),), _raw(names, record.cells))


def csv_records(source: Source) -> Iterator[CsvRecord | Rejected]:
    """Every record of the file in order, the header first. Unclosed quotes reject what they swallowed: guessing would join rows."""
    with source.open() as file:
        lines = _Lines(file)
        separator = delimiter(lines.peek())
        reader = csv.reader(lines, delimiter=separator, strict=True)
        number = -1
        while True:
            number += 1
            cells = _next_cells(reader)
            if cells is None:
                return
            if isinstance(cells, csv.Error):
                yield _misshapen(source.name, number, lines, str(cells))
            else:
                yield CsvRecord(number, cells, lines.taken())


def _next_cells(reader: Iterator[list[str]]) -> list[str] | csv.Error | None:
    """The next record's cells, what is wrong with it, or None at the end. :func:`any_cell_size` without its cost for each record."""
    before = csv.field_size_limit(_LARGEST_CELL)
    try:
        return next(reader, None)
    except csv.Error as error:
        return error
    finally:
        csv.field_size_limit(before)


def _misshapen(file: str, number: int, lines: _Lines, why: str) -> Rejected:
    if lines.ended:  # the reader asked for more lines than there are: it was within quotes
        message = "a double quote is opened in this row and never closed"
    elif "expected after" in why:
        message = "a double quote stands within a quoted cell, or a cell goes on after its closing quote"
    else:
        message = f"not CSV: {why}"
    remedy = 'close the quotes of this row; a quote inside a cell is written twice ("")'
    return Rejected((Problem(file, number, message, remedy, "csv"),), lines.taken())


class _Lines:
    """The lines of a file, keeping those that were handed out since the last :meth:`taken`."""

    def __init__(self, file: Iterable[str]) -> None:
        self._file = iter(file)
        self._first: list[str] = []
        self._held: list[str] = []
        self.ended = False

    def peek(self) -> str:
        """The first line, which will come again."""
        line = next(self._file, None)
        self._first = [] if line is None else [line]
        return self._first[0] if self._first else ""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._first:
            line = self._first.pop()
        else:
            try:
                line = next(self._file)
            except StopIteration:
                self.ended = True
                raise
        self._held.append(line)
        return line

    def taken(self) -> str:
        """The text handed out since the last call."""
        text = self._held[0] if len(self._held) == 1 else "".join(self._held)
        self._held.clear()
        return text


def _raw(names: list[str], cells: list[str]) -> dict[str, object]:
    return dict(zip(names, cells, strict=False)) | ({"": cells[len(names) :]} if len(cells) > len(names) else {})


def delimiter(line: str) -> str:
    """What separates the cells, by the header line: comma, semicolon or tab, whichever is there most."""
    return max(",;\t", key=line.count)
