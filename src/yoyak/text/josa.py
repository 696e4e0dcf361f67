"""Josa: the particle that fits the last sound of a word, digits, Latin letters and tags included.

>>> with_josa("#Person1#", "은/는"), with_josa("#Person2#", "은/는"), with_josa("#Person1#", "으로/로")
('#Person1#은', '#Person2#는', '#Person1#로')
>>> with_josa("USB", "을/를"), with_josa("Kevin", "이/가"), with_josa("1588", "으로/로")
('USB를', 'Kevin이', '1588로')
"""

from __future__ import annotations

import re
from typing import Literal

from yoyak.text import tags

#: Pairs written "after a final consonant / after a vowel".
PAIRS = ("은/는", "이/가", "을/를", "과/와", "으로/로", "아/야", "이나/나", "이랑/랑", "이라고/라고", "이라는/라는", "이다/다")

Final = Literal["", "ㄹ", "other"]

_DIGITS: dict[str, Final] = dict(zip("0123456789", ("other", "ㄹ", "", "other", "", "", "other", "ㄹ", "ㄹ", ""), strict=True))
_LETTERS: dict[str, Final] = dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "")
_LETTERS.update(l="ㄹ", r="ㄹ", m="other", n="other")
# How a Latin word's last letters are said when it is read as a Korean loanword (Kevin 케빈, Jack 잭, Steve 스티브, Michael 마이클).
_CLOSED_ENDS = ("ng", "ck", "n", "m", "ne", "me", "p", "k")
_LIQUID_ENDS = ("l", "le")
_UNITS: dict[str, Final] = {"%": "", "℃": "", "㎏": "", "$": "", "°": ""}
_ASIDE = re.compile(r"(?<=\S)[(\[（][^()\[\]（）]*[)\]）]\s*$")  # 도윤(총무)은: what stands in brackets at the end is not read
_SKIPPED = re.compile(r"[\s\"'”’)\]}>》」』.,!?~…·]+$")


def final(word: str) -> Final:
    """The final consonant with which a word ends when read aloud: "" for none, "ㄹ", or "other".

    A number is read digit by digit from its last one (1 일 -> ㄹ, 2 이 -> "", 10 십 -> other); a Latin abbreviation in capitals by its
    last letter's name (L 엘), a Latin word as a loanword by its last letters (an approximation); a numbered tag by its digit, any other
    by the reading in :data:`yoyak.text.tags.READINGS`. An aside in brackets, quotes and punctuation are passed over; "" for an empty word.

    Example:
        >>> final("책"), final("길"), final("3"), final("#Email#"), final("LG"), final("")
        ('other', 'ㄹ', 'other', 'ㄹ', '', '')
    """
    word = _SKIPPED.sub("", _ASIDE.sub("", word))
    if not word:
        return ""
    found = [tag for tag in tags.find(word) if tag.end == len(word)]
    if found:
        tag = found[0]
        return _DIGITS[str(tag.number)[-1]] if tag.number is not None else final(tags.READINGS.get(tag.kind, tag.kind.lstrip("@")))
    last = word[-1]
    if "가" <= last <= "힣":
        code = (ord(last) - 0xAC00) % 28
        return "" if code == 0 else "ㄹ" if code == 8 else "other"
    if last in _DIGITS:
        return _DIGITS[last]
    if last.isascii() and last.isalpha():
        return _latin(re.split(r"[^A-Za-z]", word)[-1])
    return _UNITS.get(last, "")


def _latin(word: str) -> Final:
    if word.isupper():  # read letter by letter: USB, LG, KTX
        return _LETTERS[word[-1].lower()]
    word = word.lower()
    if word.endswith(_LIQUID_ENDS):
        return "ㄹ"
    if len(word) == 1:
        return _LETTERS[word]
    return "other" if word.endswith(_CLOSED_ENDS) else ""


def choose(word: str, pair: str) -> str:
    """The member of `pair` ("은/는", closed form first) that fits after `word`. After ㄹ, 으로 becomes 로.

    Raises:
        ValueError: `pair` is not two forms joined by a slash.

    Example:
        >>> choose("서울", "으로/로"), choose("집", "으로/로")
        ('로', '으로')
    """
    closed, slash, opened = pair.partition("/")
    if not slash or not closed or not opened:
        raise ValueError(f"a pair reads 'closed/open', as in '은/는', not {pair!r}")
    ending = final(word)
    if ending == "ㄹ" and closed.startswith("으로"):
        return opened
    return closed if ending else opened


def with_josa(word: str, pair: str) -> str:
    """`word` and the josa of `pair` that fits it, without a blank."""
    return word + choose(word, pair)


_AFTER_TAG = re.compile(
    tags.PATTERN.pattern
    + r"(?P<gap> ?)(?:(?P<both>은\(는\)|이\(가\)|을\(를\)|과\(와\)|\(으\)로)"
    + r"|(?P<josa>으로|이라고|이라는|이랑|은|는|이|가|을|를|과|와|로|랑|라고|라는)(?![가-힣]))"
)
_PAIR_OF = {form: pair for pair in PAIRS for form in pair.split("/") if pair not in ("아/야", "이나/나", "이다/다")}
_PAIR_OF |= {"은(는)": "은/는", "이(가)": "이/가", "을(를)": "을/를", "과(와)": "과/와", "(으)로": "으로/로"}


def mend_after_tags(text: str) -> str:
    """The text with every josa that directly follows a tag in its right form and without a blank between.

    Example:
        >>> mend_after_tags("#Person1#는 #Person2# 을 만나 #Person3#이(가) 왔다고 한다.")
        '#Person1#은 #Person2#를 만나 #Person3#이 왔다고 한다.'
    """

    def mend(match: re.Match[str]) -> str:
        tag = match[0][: match.start("gap") - match.start()]
        return with_josa(tag, _PAIR_OF[match["both"] or match["josa"]])

    return _AFTER_TAG.sub(mend, text)
