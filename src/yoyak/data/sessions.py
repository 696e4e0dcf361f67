"""A chat of months cut into sessions: each sitting a Dialogue of its own.

>>> str(parse_session("gap:90m").gap)
'1:30:00'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from yoyak.data.formats.base import Rejected, Row
from yoyak.data.source import Source
from yoyak.errors import UsageError
from yoyak.records import Dialogue, Problem, Turn

DEFAULT = "gap:6h"
_GAP = re.compile(r"gap:(\d{1,4})(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Message(NamedTuple):
    """One message of a chat. `stamp` is its time as a turn carries it (ISO 8601, without a date when the export has none), `line` the
    1-based line or row at which it starts."""

    speaker: str
    text: str
    time: datetime
    stamp: str
    line: int


@dataclass(frozen=True, slots=True)
class Session:
    """Where one session ends and the next begins: at a change of day, at a silence longer than `gap`, or never."""

    kind: Literal["day", "gap", "whole"]
    gap: timedelta = timedelta(0)

    def parts(self, before: datetime, after: datetime) -> bool:
        """Whether a new session begins between two messages that follow each other."""
        if self.kind == "whole":
            return False
        if self.kind == "day":
            return before.date() != after.date()
        return after - before > self.gap or before - after > self.gap

    def label(self, stem: str, start: datetime, *, dated: bool) -> str:
        """The id of the session that starts then, in a chat called `stem`; without the date when the export has none."""
        if self.kind == "whole":
            return stem
        if not dated:
            return f"{stem}-{start:%H%M}"
        return f"{stem}-{start:%Y-%m-%d}" if self.kind == "day" else f"{stem}-{start:%Y-%m-%d-%H%M}"


@runtime_checkable
class Chat(Protocol):
    """A format whose files are one long chat, to be cut."""

    def read_sessions(self, source: Source, session: Session) -> Iterator[Row]:
        """The sessions by a rule, in order."""


def parse_session(text: str) -> Session:
    """The session rule that `day`, `whole` or `gap:6h` (also `m` for minutes, `d` for days) means.

    Raises:
        UsageError: It is none of these, or a gap of zero.
    """
    if text in ("day", "whole"):
        return Session("day" if text == "day" else "whole")
    match = _GAP.fullmatch(text)
    if not match or int(match[1]) == 0:
        raise UsageError(f"--session takes day, whole or gap:TIME such as gap:6h, gap:90m or gap:2d, not {text!r}")
    return Session("gap", timedelta(**{_UNITS[match[2]]: int(match[1])}))


def cut(messages: Iterable[Message | Rejected], session: Session, *, stem: str, file: str) -> Iterator[Row]:
    """The sessions of a chat as Dialogues, in order; rejected messages pass through at their place.

    Each id is `stem` with the session's start (`room-2026-01-02-0905`), numbered `-2`, `-3`, ... should it occur again. Only the
    session at hand is held in memory.
    """
    ids: dict[str, int] = {}
    held: list[Message] = []
    for message in messages:
        if isinstance(message, Rejected):
            yield message
            continue
        if held and session.parts(held[-1].time, message.time):
            yield _dialogue(held, session, stem, file, ids)
            held = []
        held.append(message)
    if held:
        yield _dialogue(held, session, stem, file, ids)
    elif not ids:
        what = "the chat holds no message that is speech"
        yield Rejected((Problem(file, None, what, "export the chat anew, with its messages", "empty-dialogue"),), "")


def _dialogue(messages: list[Message], session: Session, stem: str, file: str, ids: dict[str, int]) -> Dialogue:
    first = messages[0]
    label = session.label(stem, first.time, dated=not first.stamp.startswith("T"))
    ids[label] = count = ids.get(label, 0) + 1
    turns = tuple(Turn(message.speaker, message.text, message.stamp) for message in messages)
    return Dialogue(label if count == 1 else f"{label}-{count}", turns, origin=f"{file}:{first.line}")
