"""KakaoTalk exports: text from Windows, Android and iOS, CSV from Mac and Windows, in Korean and in English.

Speakers keep the names of the export. Photos, deleted messages and notices of the app are no speech and become no turn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from yoyak.data.formats.base import Columns, Match, Rejected, Row
from yoyak.data.formats.csv_file import csv_records
from yoyak.data.formats.kakaotalk_body import is_notice, speech
from yoyak.data.formats.kakaotalk_lines import DIALECTS, Dialect, Start, at, date_line, is_head, shape, start
from yoyak.data.sessions import DEFAULT, Message, Session, cut, parse_session
from yoyak.data.source import Source, undecodable
from yoyak.records import Problem

_CSV_HEADER = ["date", "user", "message"]
_CSV_TIME = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?")
_UNKNOWN_DAY = date(1, 1, 1)  # stands for "some day" in a chat that was copied without its date lines
_LOOKED_AT = 400


class KakaoTalk:
    """A chat room's export, cut into sessions."""

    name = "kakaotalk"

    def match(self, head: str) -> Match:
        lines = head.lstrip("\ufeff").splitlines()[:_LOOKED_AT]
        if lines and _is_csv_header(lines[0]):
            return Match(1.0, None, "the header Date,User,Message")
        numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
        headed = bool(numbered) and is_head(numbered[0][1])
        dialect, hits = _dialect(lines)
        if headed and hits:
            return Match(1.0, None, f"messages as KakaoTalk exports them ({dialect})")
        if hits and (hits >= 0.5 * len(numbered) or (dialect != "timed" and _opens(numbered[0][1], dialect))):
            return Match(0.9, None, f"messages as KakaoTalk exports them ({dialect})")
        if headed:
            odd = next((number for number, line in numbered if not is_head(line) and not _is_date_line(line)), numbered[-1][0])
            return Match(0.7, odd, "a date line or a message such as '[이름] [오전 9:05] 말' or '2026년 1월 2일 오전 9:05, 이름 : 말'")
        if hits >= 3 and hits >= 0.2 * len(numbered):
            return Match(0.65, None, "messages as KakaoTalk exports them among other lines")
        return Match(0.0)

    def read(self, source: Source, columns: Columns) -> Iterator[Row]:
        """The sessions by the default rule, a silence of six hours."""
        return self.read_sessions(source, parse_session(DEFAULT))

    def read_sessions(self, source: Source, session: Session) -> Iterator[Row]:
        """The sessions by a rule."""
        stem = source.stem
        return cut(self.messages(source), session, stem=stem, file=source.name)

    def messages(self, source: Source) -> Iterator[Message | Rejected]:
        """Every message that is speech, in the file's order, and every one that cannot be read."""
        head = source.head()
        lines = head.lstrip("\ufeff").splitlines()
        if lines and _is_csv_header(lines[0]):
            yield from _csv_messages(source)
            return
        dialect, hits = _dialect(lines[:_LOOKED_AT])
        if not hits:
            message = "no line is a KakaoTalk message"
            remedy = "export the chat anew from KakaoTalk, or name the right format with --format"
            yield Rejected((Problem(source.name, None, message, remedy, "format"),), "")
            return
        yield from _TextReader(source, dialect).messages()


def _is_csv_header(line: str) -> bool:
    return [cell.strip(' "').lower() for cell in line.split(",")] == _CSV_HEADER


def _is_date_line(line: str) -> bool:
    try:
        return any(date_line(line.strip(), dialect) is not None for dialect in DIALECTS)
    except ValueError:
        return False


def _opens(line: str, dialect: Dialect) -> bool:
    """Whether a file that begins with this line may be a chat that was copied without its head."""
    try:
        return start(line, dialect) is not None or date_line(line, dialect) is not None
    except ValueError:
        return False


def _dialect(lines: list[str]) -> tuple[Dialect, int]:
    """The dialect in which most lines start messages, and how many do."""
    counts: dict[Dialect, int] = dict.fromkeys(DIALECTS, 0)
    for line in lines:
        for dialect in DIALECTS:
            try:
                found = start(line, dialect)
            except ValueError:
                continue
            counts[dialect] += found is not None and found.name != ""
    best = max(DIALECTS, key=lambda dialect: counts[dialect])
    return best, counts[best]


class _Loose(NamedTuple):
    """A line after a message of which only what follows tells whether it goes on with it: a date line, a system line, text after one."""

    line: str
    day: date | None = None
    system: Start | None = None


class _TextReader:
    """Goes through a text export line by line; what it holds is the message that may still go on.

    People paste dates into messages. A date line counts when a message or a system line follows it and its day is not out of order; a
    system line that no notice is known for counts when its time lies between those of its neighbours. All else belongs to the message.
    """

    def __init__(self, source: Source, dialect: Dialect) -> None:
        self.file = source.name
        self.source = source
        self.dialect = dialect
        self.names: dict[str, str] = {}
        self.day = _UNKNOWN_DAY
        self.day_before = _UNKNOWN_DAY
        self.dated = False
        self.shape = ""  # of this file's date lines
        self.time = datetime.min
        self.stamp = ""
        self.speaker = ""  # empty: what goes on is no speech
        self.bad: Problem | None = None  # of a message that cannot be read
        self.body: list[str] = []
        self.loose: list[_Loose] = []
        self.line = 0

    def messages(self) -> Iterator[Message | Rejected]:
        dialect = self.dialect
        with self.source.open() as file:
            for number, raw in enumerate(file, 1):
                line = raw.rstrip("\r\n")
                try:
                    begun = start(line, dialect)
                    day = date_line(line, dialect) if begun is None else None
                except ValueError:
                    yield from self._close(None)
                    self.bad = Problem(self.file, number, "there is no such day", "mend the date", "date")
                    self.body.append(line)
                    continue
                if begun is not None and begun.system and self.speaker and self.dated:
                    self.loose.append(_Loose(line, system=begun))
                elif begun is not None:
                    yield from self._close(begun)
                    self._move_to(begun.day, begun.hour, begun.minute)
                    self.speaker = self.names.setdefault(begun.name, begun.name)
                    self.body.append(begun.text)
                    self.line = number
                elif day is not None:
                    self._no_date_line()
                    self.loose.append(_Loose(line, day))
                elif dialect == "bracket" and line and is_notice(line, self.names):
                    if self._date_before() is not None:
                        yield from self._close(Start(None, 0, 0, "", line))
                elif self.loose:
                    if line.strip():
                        self._no_date_line()
                    self.loose.append(_Loose(line))
                elif self.speaker or self.bad:
                    self.body.append(line)
        yield from self._close(None)

    def _date_before(self) -> int | None:
        """The place in `loose` of the date line that was read last, when nothing but blank lines follows it."""
        place = next((place for place in range(len(self.loose) - 1, -1, -1) if self.loose[place].line.strip()), None)
        return place if place is not None and self.loose[place].day is not None else None

    def _no_date_line(self) -> None:
        """No message follows the date that was read last: it is text."""
        place = self._date_before()
        if place is not None:
            self.loose[place] = _Loose(self.loose[place].line)

    def _close(self, following: Start | None) -> Iterator[Message | Rejected]:
        """End the message, now that it is known what follows it (None: nothing does), and take the day of a date line."""
        kept: list[str] = []
        new_day: date | None = None
        next_day = following.day if following else None
        dates = any(loose.day is not None for loose in self.loose)
        for loose in reversed(self.loose):
            if loose.system is not None and self._is_system(loose.system, following, dates):
                next_day = loose.system.day
            elif loose.day is not None and following is not None and self._begins(loose.line, loose.day, next_day):
                new_day = new_day or loose.day
                self.shape = shape(loose.line)
            else:
                kept.append(loose.line)
        self.loose = []
        if self.speaker or self.bad:
            self.body.extend(reversed(kept))
        yield from self._flush()
        if new_day is not None:
            self.day_before = min(self.day, new_day) if self.dated else _UNKNOWN_DAY
            self.day, self.dated = new_day, True

    def _begins(self, line: str, day: date, next_day: date | None) -> bool:
        """Whether a date line before a message begins its day."""
        if self.shape and shape(line) != self.shape:
            return False
        if self.dialect == "stamped":
            return day == next_day and not (self.speaker and day == self.day)
        if self.dialect == "bracket" or not self.dated:
            return True
        return day != self.day and day > self.day_before  # the day that holds may have been a pasted one itself

    def _is_system(self, line: Start, following: Start | None, dates: bool) -> bool:
        """Whether a line in the form of a system line is one; `dates`: date lines stand near it."""
        if is_notice(line.text, self.names):
            return True
        if dates and line.day is None:
            return True  # the day may have changed
        moment = at(line.day or self.day, line.hour, line.minute)
        if following is None:
            return self.time <= moment and moment.date() == self.time.date()
        return self.time <= moment <= at(following.day or self.day, following.hour, following.minute)

    def _flush(self) -> Iterator[Message | Rejected]:
        whole = self.body[0] if len(self.body) == 1 else "\n".join(self.body)
        if self.bad is not None:
            yield Rejected((self.bad,), whole)
        elif self.speaker:
            text = speech(whole)
            if text and undecodable(self.speaker + text):
                message = "the message holds bytes that are neither UTF-8 nor cp949"
                yield Rejected((Problem(self.file, self.line, message, "save the file as UTF-8", "encoding"),), whole)
            elif text:
                yield Message(self.speaker, text, self.time, self.stamp, self.line)
        self.speaker = ""
        self.bad = None
        self.body = []

    def _move_to(self, day: date | None, hour: int, minute: int) -> None:
        """Set the clock; without any date line a clock that runs backwards has passed midnight."""
        if day is not None:
            self.day, self.dated = day, True
        elif not self.dated and (hour, minute) < (self.time.hour, self.time.minute):
            self.day += timedelta(days=1)
        before = self.time
        self.time = at(self.day, hour, minute)
        if self.time != before or not self.stamp:
            self.stamp = self.time.isoformat() if self.dated else f"T{hour:02d}:{minute:02d}:00"


def _csv_messages(source: Source) -> Iterator[Message | Rejected]:
    names: dict[str, str] = {}
    for record in csv_records(source):
        if isinstance(record, Rejected):
            yield record
        elif record.cells and record.number:  # 0 is the header
            found = _csv_message(record.cells, record.number, names, source.name)
            if found is not None:
                yield found


def _csv_message(cells: list[str], row: int, names: dict[str, str], file: str) -> Message | Rejected | None:
    """The message in a row; None when it is no speech."""
    if len(cells) != 3:
        message = f"the row has {len(cells)} cells, not the three of Date,User,Message"
        return Rejected((Problem(file, row, message, "put messages that hold commas in double quotes", "cells"),), ",".join(cells))
    time = _csv_time(cells[0].strip().lstrip("\ufeff"))
    if time is None:
        message = "the date is not written as 2026-01-02 09:05:00"
        return Rejected((Problem(file, row, message, "export the chat anew, or mend the date", "date"),), ",".join(cells))
    name = cells[1].strip()
    text = speech(cells[2].replace("\r\n", "\n"))
    if not name or not text or is_notice(text, (name,)):
        return None
    if undecodable(name + text):
        message = "the message holds bytes that are neither UTF-8 nor cp949"
        return Rejected((Problem(file, row, message, "save the file as UTF-8", "encoding"),), ",".join(cells))
    return Message(names.setdefault(name, name), text, time, time.isoformat(), row)


def _csv_time(text: str) -> datetime | None:
    match = _CSV_TIME.fullmatch(text)
    if match is None:
        return None
    try:
        return datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None
