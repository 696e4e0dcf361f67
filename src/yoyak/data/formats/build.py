"""The last step of every format: parts of a record -> Dialogue, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from yoyak.data.formats.base import Rejected, Row
from yoyak.data.source import undecodable
from yoyak.records import Dialogue, Problem, Turn

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,6}))?")
_MOMENT = re.compile(r"(\d{4})[-./]?(\d{2})[-./]?(\d{2})[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?")


def build(
    id_: str,
    turns: Sequence[Turn],
    *,
    file: str,
    row: int,
    raw: Mapping[str, Any] | str,
    references: tuple[str, ...] = (),
    topic: str | None = None,
) -> Row:
    """The dialogue; rejected when it has no turn, or holds bytes that could not be decoded."""
    if not turns:
        return rejected(
            file, row, "the dialogue holds no turn with a speaker and words", "fill it in or remove it", "empty-dialogue", raw, id_
        )
    if any(undecodable(text) for text in (id_, topic or "", *references)) or any(undecodable(turn.speaker + turn.text) for turn in turns):
        return rejected(file, row, "the row holds bytes that are neither UTF-8 nor cp949", "save the file as UTF-8", "encoding", raw, id_)
    return Dialogue(id_, tuple(turns), references, topic, origin=f"{file}:{row}")


def rejected(
    file: str, row: int | None, message: str, remedy: str, rule: str, raw: Mapping[str, Any] | str, id_: str | None = None
) -> Rejected:
    """One record set aside with one problem."""
    return Rejected((Problem(file, row, message, remedy, rule, id_),), raw)


def moment(text: str) -> str | None:
    """A date with a time of day in ISO 8601; None when it is written in no way known.

    Example:
        >>> moment("2026-01-02 9:05"), moment("20260102 09:05:30"), moment("soon")
        ('2026-01-02T09:05:00', '2026-01-02T09:05:30', None)
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return datetime(*(int(part or 0) for part in match.groups())).isoformat()  # type: ignore[arg-type]
    except ValueError:
        return None


def offset(value: object, *, milliseconds: bool = False) -> str | None:
    """A time from the start of a recording as `00:01:02.500`: from seconds (or milliseconds) as a number, or from a clock as text.

    Example:
        >>> offset(62.5), offset("1:02.5"), offset("62500", milliseconds=True), offset("soon")
        ('00:01:02.500', '00:01:02.500', '00:01:02.500', None)
    """
    if value is None or isinstance(value, bool):
        return None
    text = str(value).strip()
    match = _CLOCK.fullmatch(text)
    if match:
        hours, minutes, seconds = (int(part or 0) for part in match.groups()[:3])
        total = ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((match[4] or "0")[:3].ljust(3, "0"))
    else:
        try:
            number = float(text)
        except ValueError:
            return None
        if not 0 <= number < 1e12:
            return None
        total = round(number if milliseconds else number * 1000)
    seconds, rest = divmod(total, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"
