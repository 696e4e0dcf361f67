"""The formats that are known, and the one that a file is of."""

from __future__ import annotations

from yoyak.data.formats.aihub import AiHub
from yoyak.data.formats.base import Columns, Format, Match
from yoyak.data.formats.calls import Calls
from yoyak.data.formats.csv_file import Csv
from yoyak.data.formats.json_file import Json
from yoyak.data.formats.jsonl import JsonLines
from yoyak.data.formats.kakaotalk import KakaoTalk
from yoyak.data.formats.nikl import Nikl
from yoyak.data.formats.parquet import MAGIC, Parquet
from yoyak.data.formats.subtitles import Subtitles
from yoyak.data.formats.text import Text
from yoyak.data.source import Source
from yoyak.errors import DataError, UsageError
from yoyak.records import Problem

ALL: tuple[Format, ...] = (KakaoTalk(), Nikl(), AiHub(), Calls(), Subtitles(), Csv(), JsonLines(), Json(), Parquet(), Text())
_ENOUGH = 0.3


def by_name(name: str) -> Format:
    """The format of that name.

    Raises:
        UsageError: There is none; the message lists them.
    """
    for candidate in ALL:
        if candidate.name == name:
            return candidate
    raise UsageError(f"there is no format {name!r}; choose one of {', '.join(f.name for f in ALL)}")


def recognise(source: Source, columns: Columns) -> Format:
    """The format that fits the content best. When columns are named, a file whose header is unusual may still be CSV or JSONL.

    Raises:
        DataError: None fits; the message says which one the file nearly is and at which line it stops being it.
    """
    with open(source.path, "rb") as file:
        if file.read(4) == MAGIC:
            return by_name("parquet")
    head = source.head()
    matches: list[tuple[Match, Format]] = [(candidate.match(head), candidate) for candidate in ALL]
    best, chosen = max(matches, key=lambda pair: pair[0].score)
    if best.score >= _ENOUGH and best.line is None:
        return chosen
    if columns != Columns() and head.strip():
        return by_name({"{": "jsonl", "[": "json"}.get(head.lstrip("\ufeff \r\n\t")[0], "csv"))
    if not head.strip():
        raise DataError([Problem(source.name, None, "the file is empty", "give a file with dialogues", "empty-file")])
    if best.score > 0:
        message = f"this is nearly {chosen.name}, but at line {best.line or 1} it is not: expected {best.why}"
    else:
        message = "no known format fits: there is neither a header with a dialogue column, nor JSON, nor a line that starts with a speaker"
    raise DataError([Problem(source.name, best.line, message, "mend that line, or name the columns with --columns", "format")])
