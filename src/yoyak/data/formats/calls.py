"""Call-centre transcripts: a row or object for each turn, with a role, a text and perhaps a start (CSV, JSON, JSON Lines)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from yoyak.data.formats.base import Columns, Match, Rejected, Row
from yoyak.data.formats.build import build, offset, rejected
from yoyak.data.formats.csv_file import any_cell_size, csv_rows, delimiter, first_cells
from yoyak.data.formats.json_items import Item, items, looks_like_json
from yoyak.data.formats.rows import USUAL
from yoyak.data.source import Source
from yoyak.records import Turn

ROLES = ("speaker", "role", "speaker_role", "speaker_id", "channel", "화자", "역할", "발화자", "화자구분")
TEXTS = ("text", "utterance", "transcript", "sentence", "발화", "발화내용", "발화문", "내용")
STARTS = ("start", "start_time", "starttime", "begin", "시작", "시작시간")
STARTS_MS = ("start_ms", "startms", "begin_ms")
CALLS = ("call_id", "callid", "call", "dialogue_id", "conversation_id", "session_id", "통화id", "통화번호", "상담번호", "대화번호")
LISTS = ("utterances", "turns", "segments", "transcript", "conversation", "dialogue", "messages", "results")
_WHOLE = ("dialogue", "turns", "대화")  # a column of these names makes it a file of whole dialogues


@dataclass(frozen=True, slots=True)
class _Keys:
    """Which keys of a turn hold what."""

    role: str
    text: str
    start: str | None
    milliseconds: bool
    call: str | None


def _keys(names: Iterable[str]) -> _Keys | None:
    """The keys, None when the names are not those of a turn."""
    known = {name.strip().lower(): name for name in names}
    role = next((known[name] for name in ROLES if name in known), None)
    text = next((known[name] for name in TEXTS if name in known), None)
    if role is None or text is None or any(name in known for name in _WHOLE):
        return None
    start = next((known[name] for name in (*STARTS, *STARTS_MS) if name in known), None)
    call = next((known[name] for name in CALLS if name in known), None)
    return _Keys(role, text, start, start is not None and start.strip().lower() in STARTS_MS, call)


class Calls:
    """Rows of one call follow each other; a column such as `call_id` parts calls, without one the file is one call."""

    name = "calls"

    def match(self, head: str) -> Match:
        text = head.lstrip("\ufeff \t\r\n")
        if looks_like_json(text):
            found = _first_object(text)
            if found is not None and _keys(found) is not None:
                return Match(0.95, None, "turns with a role and a text")
            if found is not None and _turns_below(found) and not _is_row(found):
                return Match(0.95, None, "a call with a list of turns")
            return Match(0.0)
        line = text.split("\n", 1)[0].rstrip("\r")
        return Match(0.95, None, "a header with a role and a text") if _keys(first_cells(line)) else Match(0.0)

    def read(self, source: Source, columns: Columns) -> Iterator[Row]:
        head = source.head()
        stem = source.stem
        if not looks_like_json(head):
            yield from _gathered(csv_rows(source), stem, source.name, _repeats(head))
            return
        found = _first_object(head.lstrip("\ufeff \t\r\n"))
        listed = [name for name in LISTS if found is not None and isinstance(found.get(name), list)]
        if found is not None and _keys(found) is None and listed:
            for item in items(source):
                yield _call(item, stem, source.name) if isinstance(item, Item) else item
        else:
            turns = (item if isinstance(item, Rejected) else (item.number, item.value) for item in items(source, below=LISTS))
            yield from _gathered(turns, stem, source.name, None)


def _first_object(text: str) -> dict[str, Any] | None:
    """The first object of a JSON text, whole or as far as the head goes (then the turns of its first list are looked at)."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    try:
        value, _ = decoder.raw_decode(text, start) if start >= 0 else (None, 0)
    except (ValueError, RecursionError):
        for name in LISTS:  # longer than the head: is there a list of turns in it?
            place = text.find(f'"{name}"')
            first = text.find("{", place) if place >= 0 else -1
            if first >= 0:
                try:
                    turn, _ = decoder.raw_decode(text, first)
                except (ValueError, RecursionError):
                    continue
                return {name: [turn]}
        return None
    return value if isinstance(value, dict) else None


def _is_row(value: Mapping[str, Any]) -> bool:
    """Whether the object is a row of JSONL, which holds its dialogue as text or as turns with "speaker" and "text"."""
    dialogue = next((value[name] for name in USUAL["dialogue"] if name in value), None)
    if isinstance(dialogue, list) and dialogue and isinstance(dialogue[0], dict):
        return "speaker" in dialogue[0] and "text" in dialogue[0]
    return isinstance(dialogue, str) and not any(isinstance(value.get(name), list) for name in LISTS)


def _turns_below(value: Mapping[str, Any]) -> bool:
    lists = [value[name] for name in LISTS if isinstance(value.get(name), list) and value[name]]
    return any(isinstance(found[0], dict) and _keys(found[0]) is not None for found in lists)


def _repeats(head: str) -> str | None:
    """The name of the column `id` when it repeats in the head: then it names the call, not the turn."""
    names = first_cells(head)
    place = next((index for index, name in enumerate(names) if name.lower() == "id"), None)
    if place is None:
        return None
    seen: set[str] = set()
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter(head.split("\n", 1)[0]))
    try:
        with any_cell_size():
            for cells in reader:
                if len(cells) > place:
                    if cells[place] in seen:
                        return names[place]
                    seen.add(cells[place])
    except csv.Error:
        return None
    return None


def _gathered(turns: Iterable[tuple[int, Mapping[str, Any]] | Rejected], stem: str, file: str, call: str | None) -> Iterator[Row]:
    """Turns of the same call, which follow each other, as one dialogue."""
    current: str | None = None
    held: list[Turn] = []
    raws: list[Mapping[str, Any]] = []
    first = 1
    for item in turns:
        if isinstance(item, Rejected):
            yield item
            continue
        number, cells = item
        keys = _keys(cells)
        if keys is None:
            message = f"a turn needs a role ({', '.join(ROLES[:3])}, …) and a text ({', '.join(TEXTS[:3])}, …)"
            yield rejected(file, number, message, "name the columns so", "columns", cells)
            continue
        where = keys.call or call
        name = (str(cells[where]).strip() if where and cells.get(where) is not None else "") or stem
        if name != current:
            if current is not None:
                yield build(current, held, file=file, row=first, raw={"turns": raws})
            current, held, raws, first = name, [], [], number
        turn = _turn(cells, keys)
        if isinstance(turn, str):
            yield rejected(file, number, turn, "say who speaks in each row", "no-speaker", cells, name)
        elif turn is not None:
            held.append(turn)
            raws.append(cells)
    if current is not None:
        yield build(current, held, file=file, row=first, raw={"turns": raws})


def _turn(cells: Mapping[str, Any], keys: _Keys) -> Turn | str | None:
    """The turn; None when it has no words; a message when it has words and no speaker."""
    text = str(cells[keys.text]).strip() if cells[keys.text] is not None else ""
    role = str(cells[keys.role]).strip() if cells[keys.role] is not None else ""
    if not text:
        return None
    if not role:
        return f"the column {keys.role!r} is empty"
    if role.isdigit():  # channels are numbered
        role = f"화자{role}"
    return Turn(role, text, offset(cells.get(keys.start), milliseconds=keys.milliseconds) if keys.start else None)


def _call(item: Item, stem: str, file: str) -> Row:
    """A call that holds its turns in a list."""
    given: list[Any] = next((item.value[name] for name in LISTS if isinstance(item.value.get(name), list)), [])
    known = {name.lower(): name for name in item.value}
    named = next((item.value[known[name]] for name in ("id", *CALLS) if name in known), None)
    id_ = str(named if named is not None else "").strip() or (stem if item.number == 1 else f"{stem}-{item.number}")
    turns: list[Turn] = []
    for entry in given:
        keys = _keys(entry) if isinstance(entry, dict) else None
        turn = _turn(entry, keys) if keys else "a turn has no role or no text"
        if isinstance(turn, str):
            return rejected(file, item.number, turn, "give each turn both", "no-speaker", item.value, id_)
        if turn is not None:
            turns.append(turn)
    summary = item.value.get("summary")
    references = (summary,) if isinstance(summary, str) and summary.strip() else ()
    return build(id_, turns, file=file, row=item.number, raw=item.value, references=references)
