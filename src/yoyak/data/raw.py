"""The records of a CSV, JSONL or text file together with their own text, for the steps that change a file and leave the rest of it be.

What a step does not change is written as it stood: quotes, line ends, columns that nobody asked about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, NamedTuple

from yoyak.data.formats.base import Columns, Rejected, Row
from yoyak.data.formats.build import rejected
from yoyak.data.formats.csv_file import Csv, csv_records, delimiter, header_names, named
from yoyak.data.formats.jsonl import JsonLines, parse_line
from yoyak.data.formats.rows import Layout, layout, to_row
from yoyak.data.formats.text import Text, block_row, blocks
from yoyak.data.source import Source
from yoyak.data.write import csv_line, dumps

Kind = Literal["csv", "jsonl", "text"]
_KINDS: dict[type, Kind] = {Csv: "csv", JsonLines: "jsonl", Text: "text"}


class Record(NamedTuple):
    """One record. `cells` by column or key (for text: `dialogue` alone); a Rejected when the record is misshapen; None for what is no
    record (the header, blank lines, parting lines)."""

    number: int
    raw: str
    cells: dict[str, Any] | Rejected | None


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file's records are laid out. `where` is None for JSONL, where each line tells."""

    kind: Kind
    file: str
    columns: Columns
    names: tuple[str, ...] = ()
    where: Layout | None = None
    separator: str = ","
    stem: str = ""

    def layout_of(self, cells: dict[str, Any]) -> Layout:
        """Which cells hold what.

        Raises:
            ValueError: No cell holds a dialogue.
        """
        return self.where or layout(cells, self.columns)

    def row(self, number: int, cells: dict[str, Any]) -> Row:
        """The dialogue that the cells hold, or what is wrong with them."""
        if self.kind == "text":
            return block_row(cells["dialogue"], file=self.file, stem=self.stem, part=cells["part"], line=number)
        try:
            return to_row(cells, self.layout_of(cells), file=self.file, row=number)
        except ValueError as error:
            return rejected(self.file, number, str(error), "name it with --columns, as in --columns dialogue=NAME", "columns", cells)

    def written(self, cells: dict[str, Any], raw: str) -> str:
        """The record's text with these cells, ended as `raw` is."""
        end = raw[len(raw.rstrip("\r\n")) :]
        if self.kind == "jsonl":
            return dumps(cells) + end
        if self.kind == "text":
            return str(cells["dialogue"]) + end
        return csv_line([cells[name] for name in self.names], separator=self.separator)[:-1] + end


def kind_of(format: object) -> Kind | None:
    """The kind of records of a format; None when its files hold none that can be changed one by one."""
    return _KINDS.get(type(format))


def raw_records(source: Source, kind: Kind, columns: Columns) -> tuple[Shape, Iterator[Record]]:
    """The shape of a file and its records in order, whose raw texts together are the file.

    Raises:
        ValueError: A CSV's header lacks the dialogue's column; the message lists what it has.
    """
    stem = source.stem
    if kind == "jsonl":
        return Shape("jsonl", source.name, columns), _json_lines(source)
    if kind == "text":
        return Shape("text", source.name, columns, stem=stem), _text_blocks(source)
    records = csv_records(source)
    header = next(records, None)
    names = header_names(header)
    if header is None or isinstance(header, Rejected):
        raise ValueError("the file has no header")
    if len(set(names)) < len(names):
        raise ValueError("two columns have the same name")
    shape = Shape("csv", source.name, columns, tuple(names), layout(names, columns), delimiter(header.raw))

    def rows() -> Iterator[Record]:
        for record in records:
            if isinstance(record, Rejected):
                yield Record(record.problems[0].row or 0, str(record.raw), record)
                continue
            found = named(record, names, source.name) if record.cells else None
            yield Record(record.number, record.raw, found[1] if isinstance(found, tuple) else found)

    return shape, chain([Record(0, header.raw, None)], rows())


def _json_lines(source: Source) -> Iterator[Record]:
    with source.open() as file:
        for number, line in enumerate(file, 1):
            if not line.strip("\ufeff \t\r\n"):
                yield Record(number, line, None)
                continue
            yield Record(number, line, parse_line(line, source.name, number))


def _text_blocks(source: Source) -> Iterator[Record]:
    part = 0
    for line, text, is_dialogue in blocks(source):
        if is_dialogue:
            part += 1
            yield Record(line, text, {"dialogue": text.rstrip("\r\n"), "part": part})
        else:
            yield Record(line, text, None)
