"""Tags: the `#Person1#` of DialogSum and the `#@이름#` of AI-Hub, found, protected and restored in one place.

A tag stands for a speaker or for masked personal data. It is atomic everywhere: no tokenizer, cleaner or repetition rule may split or
change it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: DialogSum's kinds and what a Korean reader says for each (the reading decides the josa).
READINGS = {
    "Person": "사람",
    "PhoneNumber": "전화번호",
    "Address": "주소",
    "DateOfBirth": "생년월일",
    "PassportNumber": "여권번호",
    "SSN": "주민등록번호",
    "CardNumber": "카드번호",
    "CarNumber": "차량번호",
    "AccountNumber": "계좌번호",
    "Email": "이메일",
}

#: One tag. Groups: `kind` and `number` (DialogSum) or `mask` (AI-Hub: 이름, 주소, 전번, URL, 소속, 계정, 이모티콘, 시스템, 기타).
PATTERN = re.compile(r"#(?:(?P<kind>" + "|".join(READINGS) + r")(?P<number>\d{0,3})|@(?P<mask>[가-힣A-Za-z]{1,12}\d{0,3}))#")

_FIRST_PRIVATE = 0xF0000  # Supplementary Private Use Area-A: no text in Korean uses it, and every engine passes it through.


@dataclass(frozen=True, slots=True)
class Tag:
    """One occurrence of a tag. `start` and `end` are character offsets, `text[start:end] == str(tag)`; `number` is None without one."""

    text: str
    kind: str
    number: int | None
    start: int
    end: int

    def __str__(self) -> str:
        return self.text


def person(number: int) -> str:
    """The speaker tag of that 1-based number.

    Example:
        >>> person(2)
        '#Person2#'
    """
    return f"#Person{number}#"


def find(text: str) -> list[Tag]:
    """All tags of a text, from left to right.

    Example:
        >>> [(t.kind, t.number) for t in find("#Person1#: #PhoneNumber#로 걸어. #@이름#이야.")]
        [('Person', 1), ('PhoneNumber', None), ('@이름', None)]
    """
    found = []
    for match in PATTERN.finditer(text):
        kind = match["kind"] or "@" + match["mask"].rstrip("0123456789")
        digits = match["number"] if match["kind"] else match["mask"][len(kind) - 1 :]
        found.append(Tag(match[0], kind, int(digits) if digits else None, match.start(), match.end()))
    return found


def is_tag(text: str) -> bool:
    """Whether the text is one tag and nothing else."""
    return PATTERN.fullmatch(text) is not None


def protect(text: str) -> tuple[str, tuple[str, ...]]:
    """Put one private-use character in the place of each tag, so that a step that knows no tags cannot harm them.

    Returns the text and the tags in order; :func:`restore` undoes it. Private-use characters that were there before are told apart,
    since each placeholder counts up from U+F0000 and restore replaces only those that it is given.

    Raises:
        ValueError: The text already holds a character from U+F0000 on (no real text does).

    Example:
        >>> safe, tags = protect("#Person1#은 #Person2#를")
        >>> len(safe), restore(safe, tags)
        (5, '#Person1#은 #Person2#를')
    """
    if any(ord(character) >= _FIRST_PRIVATE for character in text):
        raise ValueError("the text holds private-use characters from U+F0000 on; remove them first")
    tags: list[str] = []

    def stand_in(match: re.Match[str]) -> str:
        tags.append(match[0])
        return chr(_FIRST_PRIVATE + len(tags) - 1)

    return PATTERN.sub(stand_in, text), tuple(tags)


def restore(text: str, tags: Sequence[str]) -> str:
    """Put the tags back in the place of their placeholders, wherever and however often those now stand."""
    return "".join(tags[index] if 0 <= (index := ord(character) - _FIRST_PRIVATE) < len(tags) else character for character in text)


def without(text: str) -> str:
    """The text with its tags taken out and the blanks around them closed up.

    Example:
        >>> without("전화는 #PhoneNumber# 로 해.")
        '전화는 로 해.'
    """
    return re.sub(r" {2,}", " ", PATTERN.sub("", text)).strip()
