"""Numbers, times, dates and money as Koreans write them, by value: 세 시 = 3시 = 15시, 만오천 원 = 15,000원 = 1만 5천 원.

>>> [(q.kind, q.value) for q in find("세 시에 만오천 원을 내고 12월 3일에 2.5kg를 산다")]
[('time', 180.0), ('money', 15000.0), ('date', 1203.0), ('number', 2.5)]
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from yoyak.text import tags

Kind = Literal["time", "money", "date", "month", "number"]

_ONES = {"한": 1, "하나": 1, "두": 2, "둘": 2, "세": 3, "셋": 3, "석": 3, "네": 4, "넷": 4, "넉": 4, "다섯": 5}
_ONES |= {"여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9}
_TENS = {"열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80, "아흔": 90}
_SINO = dict(zip("영일이삼사오육칠팔구", range(10), strict=True)) | {"공": 0}
_SMALL = {"십": 10, "백": 100, "천": 1000}
_LARGE = {"만": 10_000, "억": 100_000_000, "조": 1_000_000_000_000}
_MONTHS = {"유월": 6, "시월": 10}

_COUNTERS = (
    "시간|개월|개|명|살|번째|번|달|가지|장|잔|권|마리|대|병|그릇|켤레|벌|군데|사람|쪽|줄|통|판|채|송이|포기|모|박스|봉지|곳|편|끼|박|인분|층|호실|호|학년|주일|주|"
    "퍼센트|프로|킬로|그램|리터|미터|센티|도|평|회|차|건|점|등|년|분|초|일|위|세"
)
_WORDS_LIKE_COUNTS = "열차|열병|열대|세대|세차|세장|세주|두통|두판|두장|네모|한편|한층|한점"
_NATIVE = f"(?:(?:{'|'.join(_TENS)})(?:{'|'.join(_ONES)})?|{'|'.join(sorted(_ONES, key=len, reverse=True))})"
_DIGITS = r"\d{1,15}(?:,\d{3})*(?:\.\d+)?"
_MIXED = rf"{_DIGITS}(?:[ ]?[십백천만억조](?:[ ]?{_DIGITS}(?:[ ]?[십백천만억조])?|[일이삼사오육칠팔구십백천만]+)*)?"
_HALF = "오전|오후|아침|점심|낮|저녁|밤|새벽"
_WORDS = r"[영공일이삼사오육칠팔구십백천만억조]+"
_START = r"(?<![가-힣\d.,A-Za-z#])"

# One alternative for each way of writing; the first that fits at a place wins.
_PATTERN = re.compile(
    rf"""
    (?P<clock>{_START}(?:(?P<half>{_HALF})\ ?)?(?P<hour>{_NATIVE}|\d{{1,2}})\ ?시(?!간|작|장|절|험|내|도|대)
        (?:\ ?(?P<minute>반|\d{{1,2}}\ ?분|[이삼사오]?십[일이삼사오육칠팔구]?\ ?분|[이삼사오]십\ ?분))?)
  | (?P<colon>{_START}(?:(?P<half2>{_HALF})\ ?)?(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d))
  | (?P<date>{_START}(?P<month>\d{{1,2}}|[일이삼사오육칠팔구십]{{1,2}}|유|시)\ ?월
        (?:\ ?(?P<day>\d{{1,2}}|[이삼]?십?[일이삼사오육칠팔구십]{{1,2}})\ ?일)?(?!요일))
  | (?P<money>{_START}(?P<amount>{_MIXED}|[만천백]|(?!이유로|사원){_WORDS})\ ?(?:원|달러|엔|유로|불|위안|파운드)(?!래|인|피스|룸|장|칙|격))
  | (?P<counted>{_START}(?!{_WORDS_LIKE_COUNTS})(?P<native>{_NATIVE})\ ?(?P<unit1>{_COUNTERS})(?![가-힣]{{3}}))
  | (?P<spelled>{_START}(?:(?P<words>[일이삼사오육칠팔구십백천만억]{{2,}})\ ?(?P<unit2>{_COUNTERS})
        |(?P<single>[일이삼사오육칠팔구십])\ ?(?P<unit3>개월|층|학년|인분|퍼센트|프로|킬로)))
  | (?P<number>{_START}(?P<plain>{_MIXED})(?:\ ?(?P<unit4>{_COUNTERS}))?)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity in a text.

    `value` is comparable within a kind: minutes after midnight on a twelve-hour clock (0..719) for a time, month x 100 + day for a date,
    the month alone for a month, the amount for money and number. `half` is "am" or "pm" when the text says so;
    `unit` the counter behind a number (권, 시간), "" when there is none.
    """

    kind: Kind
    value: float
    text: str
    start: int
    end: int
    half: Literal["am", "pm"] | None = None
    unit: str = ""


def find(text: str) -> list[Quantity]:
    """The quantities of a text from left to right; digits inside tags are none."""
    blank = tags.PATTERN.sub(lambda match: " " * len(match[0]), text)
    return [quantity for match in _PATTERN.finditer(blank) if (quantity := _quantity(match)) is not None]


def _quantity(match: re.Match[str]) -> Quantity | None:
    def made(kind: Kind, value: float) -> Quantity:
        unit = next((found for n in "1234" if (found := match[f"unit{n}"])), "")
        return Quantity(kind, float(value), match[0].strip(), match.start(), match.end(), unit=unit)

    if match["clock"] or match["colon"]:
        return _time(match)
    if match["date"]:
        month = {"유": 6, "시": 10}.get(match["month"]) or number(match["month"])
        day = number(match["day"]) if match["day"] else 0
        if not 1 <= month <= 12 or day > 31:
            return made("number", month)
        return made("date", month * 100 + day) if day else made("month", month)
    if match["money"]:
        return made("money", number(match["amount"]))
    if match["counted"]:
        return made("number", _native(match["native"]))
    return made("number", number(match["words"] or match["single"] or match["plain"]))


def _time(match: re.Match[str]) -> Quantity:
    if match["colon"]:
        hour, minute, said = int(match["h"]), int(match["m"]), match["half2"]
    else:
        hour = int(match["hour"]) if match["hour"].isdigit() else _native(match["hour"])
        part = match["minute"]
        minute = 0 if part is None else 30 if part == "반" else int(number(part.rstrip("분 ")))
        said = match["half"]
    half: Literal["am", "pm"] | None = None
    if said in ("오전", "아침", "새벽"):
        half = "am"
    elif said in ("오후", "저녁", "낮", "점심") or 12 < hour < 24:
        half = "pm"
    elif said == "밤":
        half = "am" if hour in (12, 1, 2, 3) else "pm"
    return Quantity("time", float((hour % 12) * 60 + minute), match[0].strip(), match.start(), match.end(), half)


def _native(word: str) -> int:
    for ten, value in _TENS.items():
        if word.startswith(ten):
            return value + (_ONES.get(word[len(ten) :], 0))
    return _ONES[word]


def number(text: str) -> float:
    """The value of digits, Sino-Korean words, or both mixed.

    Example:
        >>> number("1만 5천"), number("만오천"), number("삼백이십"), number("15,000"), number("2.5"), number("1억 2천만"), number("공")
        (15000.0, 15000.0, 320.0, 15000.0, 2.5, 120000000.0, 0.0)
    """
    text = text.replace(" ", "").replace(",", "")
    total = section = 0.0
    pending: float | None = None
    position = 0
    while position < len(text):
        digits = re.compile(r"\d+(?:\.\d+)?").match(text, position)
        if digits:
            pending = float(digits[0])
            position = digits.end()
            continue
        letter = text[position]
        position += 1
        if letter in _SINO:
            pending = (pending * 10 if pending is not None else 0) + _SINO[letter]
        elif letter in _SMALL:
            section += (1 if pending is None else pending) * _SMALL[letter]
            pending = None
        elif letter in _LARGE:
            section += pending or 0
            total += (section or 1) * _LARGE[letter]
            section, pending = 0.0, None
    return total + section + (pending or 0)


def same(one: Quantity, other: Quantity) -> bool:
    """Whether the two say the same: equal value, kinds that can be compared, and no contradiction between forenoon and afternoon.

    Example:
        >>> same(*find("15시에, 오후 세 시에")), same(*find("오전 3시, 오후 3시")), same(*find("15,000원 15000"))
        (True, False, True)
    """
    if one.kind == other.kind == "time":
        return one.value == other.value and (one.half is None or other.half is None or one.half == other.half)
    if "time" in (one.kind, other.kind):
        return False
    kinds = {one.kind, other.kind}
    if kinds == {"date", "month"}:
        return one.value // 100 == other.value or other.value // 100 == one.value
    if kinds == {"date", "number"}:  # "12월 3일" and "3일"
        date, plain = (one, other) if one.kind == "date" else (other, one)
        return date.value % 100 == plain.value and plain.unit in ("", "일")
    return one.value == other.value
