"""The records of a JSON file one by one: of a list, of the list below a key, or of objects that follow each other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from yoyak.data.formats.base import Rejected
from yoyak.data.formats.build import rejected
from yoyak.data.source import Source

_BETWEEN = re.compile(r"[\s,]*")
_BLANKS = re.compile(r"\s*")


class Item(NamedTuple):
    """One record, its 1-based number and the line at which it starts."""

    value: dict[str, Any]
    number: int
    line: int


def items(source: Source, *, below: tuple[str, ...] = ()) -> Iterator[Item | Rejected]:
    """Each record of a JSON file as it is parsed; the text is held, the records are not.

    Args:
        below: Keys of a top-level object that may hold the list of records (`data`, `document`).

    A file that breaks off or is malformed gives its records up to there, then one Rejected that names the line.
    """
    with source.open() as file:
        text = file.read().lstrip("\ufeff")
    place = _first(text, below)
    decoder = json.JSONDecoder()
    number, line, counted = 0, 1, 0
    while True:
        match = _BETWEEN.match(text, place)
        place = match.end() if match else place
        if place >= len(text) or text[place] in "]}":
            break
        line += text.count("\n", counted, place)
        counted = place
        number += 1
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            at = line + text.count("\n", counted, error.pos) if isinstance(error, json.JSONDecodeError) else line
            what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
            yield rejected(source.name, at, f"record {number} is not JSON: {what}", "mend it at this line", "json", text[counted:])
            return
        if isinstance(value, dict):
            yield Item(value, number, line)
        else:
            message = f"record {number} is a JSON {type(value).__name__} where an object was expected"
            yield rejected(source.name, line, message, "write an object for each dialogue", "json", json.dumps(value))
    if not number:
        yield rejected(source.name, None, "the file holds no record", "give a file with dialogues", "empty-file", "")
    elif text[place : place + 1] == "" and text.lstrip()[:1] == "[":
        line += text.count("\n", counted)
        yield rejected(source.name, line, "the list is not closed: the file breaks off", "fetch the file anew", "json", "")


def _first(text: str, below: tuple[str, ...]) -> int:
    """Where the first record starts."""
    match = _BLANKS.match(text)
    start = match.end() if match else 0
    if text.startswith("[", start):
        return start + 1
    for key in below:
        found = re.compile(rf'"{key}"\s*:\s*\[').search(text)
        if found:
            return found.end()
    return start


def looks_like_json(head: str) -> bool:
    """Whether a file begins as a JSON list or object does."""
    return head.lstrip("\ufeff \t\r\n")[:1] in ("[", "{")
