"""A row with named cells -> Dialogue: shared by CSV, JSONL and Parquet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from yoyak.data.formats.base import Columns, Rejected, Row
from yoyak.data.source import undecodable
from yoyak.data.turns import parse_turns
from yoyak.records import Dialogue, Problem, Turn

USUAL = {
    "id": ("fname", "id", "dialogue_id", "dialogueID", "번호"),
    "dialogue": ("dialogue", "turns", "text", "conversation", "대화"),
    "topic": ("topic", "topic1", "주제"),
}
_SUMMARY = re.compile(r"^(summary|reference|요약)_?\d*$")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which of a file's columns hold what. `dialogue` is always there."""

    dialogue: str
    id: str | None
    summaries: tuple[str, ...]
    topic: str | None


def layout(names: Iterable[str], columns: Columns) -> Layout:
    """Find the columns among `names`.

    Raises:
        ValueError: A column that was asked for is missing, or none of the usual names of the dialogue is there; the message lists what
            there is.
    """
    present = [name for name in names if name is not None]

    def pick(part: str, asked: str | None) -> str | None:
        if asked is not None:
            if asked not in present:
                raise ValueError(f"there is no column {asked!r}; the columns are {', '.join(map(repr, present))}")
            return asked
        return next((name for name in USUAL[part] if name in present), None)

    dialogue = pick("dialogue", columns.dialogue)
    if dialogue is None:
        usual = " or ".join(map(repr, USUAL["dialogue"]))
        raise ValueError(f"no column is named {usual}; the columns are {', '.join(map(repr, present))}")
    if columns.summary is None:
        summaries = tuple(sorted((name for name in present if _SUMMARY.match(name)), key=_natural))
    else:
        summaries = tuple(name for part in columns.summary.split(",") if (name := part.strip()) and _must_be_in(name, present))
    return Layout(dialogue, pick("id", columns.id), summaries, pick("topic", columns.topic))


def _natural(name: str) -> tuple[str, int]:
    digits = re.search(r"\d+$", name)
    return (name.rstrip("0123456789"), int(digits[0]) if digits else 0)


def _must_be_in(name: str, present: list[str]) -> bool:
    if name not in present:
        raise ValueError(f"there is no column {name!r}; the columns are {', '.join(map(repr, present))}")
    return True


def to_row(cells: Mapping[str, Any], where: Layout, *, file: str, row: int) -> Row:
    """The dialogue in one row, or the row with what is wrong with it.

    The dialogue's cell is text, or a list of turns (`{"speaker", "text"}` mappings, "speaker: text" strings).
    """
    given = cells.get(where.id) if where.id else None
    id_ = str(given).strip() if given is not None and str(given).strip() else f"{file}:{row}"

    def reject(rule: str, message: str, remedy: str) -> Rejected:
        return Rejected((Problem(file, row, message, remedy, rule, id_),), dict(cells))

    value = cells.get(where.dialogue)
    if value is None or (isinstance(value, str) and not value.strip()) or value == []:
        return reject("empty-dialogue", f"the column {where.dialogue!r} is empty", "fill it in or remove the row")
    try:
        turns = parse_turns(value) if isinstance(value, str) else _listed(value)
    except ValueError as error:
        return reject("no-speaker", f"{error}", "write each turn on a line of its own as 'speaker: text'")
    references = tuple(str(cells[name]) for name in where.summaries if _filled(cells.get(name)))
    topic = cells.get(where.topic) if where.topic else None
    texts = [id_, *references, *(turn.speaker + turn.text for turn in turns)]
    if any(undecodable(text) for text in texts):
        return reject("encoding", "the row holds bytes that are neither UTF-8 nor cp949", "save the file as UTF-8")
    return Dialogue(id_, turns, references, str(topic) if _filled(topic) else None, origin=f"{file}:{row}")


def _filled(value: Any) -> bool:
    return value is not None and str(value).strip() != ""


def _listed(value: Any) -> tuple[Turn, ...]:
    if not isinstance(value, list):
        raise ValueError(f"the dialogue is of type {type(value).__name__}, not text or a list of turns")
    turns: list[Turn] = []
    for number, item in enumerate(value, 1):
        if isinstance(item, str):
            turns.extend(parse_turns(item))
        elif isinstance(item, Mapping) and isinstance(item.get("speaker"), str) and isinstance(item.get("text"), str) and item["speaker"]:
            time = item.get("time")
            turns.append(Turn(item["speaker"], item["text"], str(time) if time is not None else None))
        else:
            raise ValueError(f"turn {number} has no 'speaker' and 'text'")
    return tuple(turns)
