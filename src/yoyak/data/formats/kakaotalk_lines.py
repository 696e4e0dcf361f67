"""What the lines of KakaoTalk's text exports say, platform by platform.

Three dialects are told apart: `bracket` (Windows: `[이름] [오전 9:05] 말` below a date line of dashes), `stamped` (Android and iOS: the
date and time before each message) and `timed` (older iOS: the time before each message, the date on a line of its own). Within a file
only its own dialect's lines start messages, so that a pasted piece of another chat stays the text that it is.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Literal, NamedTuple

Dialect = Literal["bracket", "stamped", "timed"]
DIALECTS: tuple[Dialect, ...] = ("bracket", "stamped", "timed")

_MONTHS = {
    name: number for number, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?"
    r"|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_B = "[ \u00a0\u202f]"  # newer systems put a narrow no-break space before AM and PM
_CLOCK = rf"(?:(?P<half>오전|오후){_B})?(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?:{_B}?(?P<ampm>[AaPp]\.?[Mm]\.?))?"
_DAY = (
    r"(?:(?P<y>\d{4})(?:년 ?|[.] ?|-)(?P<m>\d{1,2})(?:월 ?|[.] ?|-)(?P<d>\d{1,2})(?:일|[.])?"
    rf"|(?P<em>{_MONTH}) (?P<ed>\d{{1,2}}),? (?P<ey>\d{{4}})|(?P<bd>\d{{1,2}}) (?P<bm>{_MONTH}),? (?P<by>\d{{4}}))"
)
_WEEKDAY = r"(?:월|화|수|목|금|토|일)요일"
_ENGLISH_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"

_BRACKET = re.compile(rf"\[(?P<name>.*?)\] \[{_CLOCK}\](?: (?P<text>.*)|$)", re.DOTALL)
_STAMPED = re.compile(rf"{_DAY}(?:,| at)?{_B}{_CLOCK}(?P<comma>,|:) (?P<rest>.*)", re.DOTALL)
_TIMED = re.compile(rf"{_CLOCK}(?P<comma>,|:) (?P<rest>.*)", re.DOTALL)
_DASHED = re.compile(rf"-{{15}} (?:{_ENGLISH_WEEKDAY}, )?{_DAY}(?:{_B}{_WEEKDAY})? -{{15}}$")
_ON_A_WEEKDAY = re.compile(rf"(?={_ENGLISH_WEEKDAY}, |.*{_WEEKDAY}$)(?:{_ENGLISH_WEEKDAY}, )?{_DAY}(?:{_B}{_WEEKDAY})?$")
_AT_A_CLOCK = re.compile(rf"{_DAY}(?:,| at)?{_B}{_CLOCK},?$")
_VARIES = re.compile(rf"\d+|{_WEEKDAY}|{_ENGLISH_WEEKDAY}|{_MONTH}|오전|오후|[AaPp]\.?[Mm]\.?")
_HEAD = re.compile(r".{1,200}카카오톡 대화$|KakaoTalk Chats? with .{0,200}$|Talk_\d{4}\.\d{1,2}\.\d{1,2}.{0,40}\.txt$")
_SAVED = re.compile(r"(?:저장한 날짜|Date Saved) ?: ")


class Start(NamedTuple):
    """A line that starts a message, or a system line (`name` is then empty). `day` is None where the dialect gives it elsewhere.

    `system` is a line without the colon of a message; whether it is one of the app's is for the reader to see from its place.
    """

    day: date | None
    hour: int
    minute: int
    name: str
    text: str
    system: bool = False


def is_head(line: str) -> bool:
    """Whether it is an export's first line (`… 님과 카카오톡 대화`, `KakaoTalk Chats with …`) or `저장한 날짜 : …`."""
    return len(line) < 300 and (_HEAD.match(line) is not None or _SAVED.match(line) is not None)


def date_line(line: str, dialect: Dialect) -> date | None:
    """The day of a date line; None when it is no date line. People write dates as well: a date without KakaoTalk's own trimmings (15
    dashes, a weekday, a clock) is none.

    Raises:
        ValueError: It is written as one, and there is no such day (30 February).

    Example:
        >>> date_line("--------------- 2026년 1월 2일 금요일 ---------------", "bracket")
        datetime.date(2026, 1, 2)
        >>> date_line("Friday, January 2, 2026", "stamped")
        datetime.date(2026, 1, 2)
        >>> date_line("2026년 1월 2일", "timed") is None
        True
    """
    if len(line) > 120:
        return None
    if dialect == "bracket":
        match = _DASHED.match(line)
    else:
        match = _ON_A_WEEKDAY.match(line) or (_AT_A_CLOCK.match(line) if dialect == "stamped" else None)
    return _day(match) if match else None


def shape(line: str) -> str:
    """What the date lines of a file have in common.

    Example:
        >>> shape("2026년 1월 2일 금요일"), shape("Friday, January 2, 2026")
        ('0년 0월 0일 0', '0, 0 0, 0')
    """
    return _VARIES.sub("0", line)


def start(line: str, dialect: Dialect) -> Start | None:
    """What a line starts, None when it goes on with the message before it.

    Raises:
        ValueError: The line has the form and there is no such day.

    Example:
        >>> start("2026년 1월 2일 오후 12:05, 김: 대리 : 네", "stamped")
        Start(day=datetime.date(2026, 1, 2), hour=12, minute=5, name='김: 대리', text='네', system=False)
        >>> start("[[공지] 봇] [오전 12:05] 시작", "bracket")
        Start(day=None, hour=0, minute=5, name='[공지] 봇', text='시작', system=False)
    """
    if dialect == "bracket":
        match = _BRACKET.match(line) if line.startswith("[") else None
        return Start(None, *_clock(match), match["name"].strip(), match["text"] or "") if match else None
    match = _STAMPED.match(line) if dialect == "stamped" else _TIMED.match(line)
    if match is None:
        return None
    name, text = _said(match["comma"], match["rest"])
    return Start(_day(match) if dialect == "stamped" else None, *_clock(match), name, text, not name and text == match["rest"])


def _said(comma: str, rest: str) -> tuple[str, str]:
    """Name and text; a system line has no name."""
    if comma != ",":
        return "", rest
    name, colon, text = rest.partition(" : ")
    if not colon:
        if not rest.endswith(" :"):
            return "", rest
        name, text = rest[:-2], ""
    if "님이 " in name or "님을 " in name:  # a notice that holds " : ", as in 민수님이 공지 '회의 : 3시'를 …
        return "", rest
    return name.strip(), text


def _clock(match: re.Match[str]) -> tuple[int, int]:
    """Hour 0-23 and minute; noon is 오후 12, midnight 오전 12."""
    hour = int(match["hour"])
    half = match["half"] or match["ampm"]
    if half and hour <= 12:
        hour = hour % 12 + (12 if half[0] in "Pp" or half == "오후" else 0)
    return hour, int(match["minute"])


def _day(match: re.Match[str]) -> date:
    if match["y"]:
        return date(int(match["y"]), int(match["m"]), int(match["d"]))
    month = match["em"] or match["bm"]
    return date(int(match["ey"] or match["by"]), _MONTHS[month[:3].lower()], int(match["ed"] or match["bd"]))


def at(day: date, hour: int, minute: int) -> datetime:
    """The moment of a message."""
    return datetime(day.year, day.month, day.day, hour, minute)
