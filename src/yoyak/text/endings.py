"""How the sentences of a summary end: ~한다 (plain), ~합니다 (formal), ~함 (nominal), and the way from each to the others.

>>> restyle("#Person1#은 길을 묻고, #Person2#는 지도를 준다.", to="합니다")
'#Person1#은 길을 묻고, #Person2#는 지도를 줍니다.'
>>> restyle("지훈은 학생입니다. 오늘은 시간이 없습니다.", to="함")
'지훈은 학생임. 오늘은 시간이 없음.'
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from yoyak.errors import UsageError
from yoyak.text import josa
from yoyak.text.morphemes import Morpheme, analyze, join

Style = Literal["한다", "합니다", "함"]
STYLES: tuple[Style, ...] = get_args(Style)

_STEMS = frozenset({"VV", "VA", "VX", "VCP", "VCN", "XSV", "XSA"})
_PLAIN = frozenset({"다", "ᆫ다", "는다"})
_FORMAL = frozenset({"습니다", "ᆸ니다"})
_CLOSING = frozenset({"SF", "SSC", "SE"})
_ADJECTIVE_STEMS = frozenset({"있", "없", "계시", "싶"})
# Nominal forms that dictionaries list as nouns, so that Kiwi does not show their verb; at the end of a summary they are predicates.
_NOMINALS = {
    "도움": ("돕", "VV-I"), "물음": ("묻", "VV-I"), "삶": ("살", "VV"), "믿음": ("믿", "VV-R"), "웃음": ("웃",
    "VV-R"), "울음": ("울", "VV"),
    "걸음": ("걷", "VV-I"), "죽음": ("죽", "VV"), "느낌": ("느끼", "VV"), "바람": ("바라", "VV"), "앎": ("알", "VV"),
    "만남": ("만나", "VV"),
    "싸움": ("싸우", "VV"), "꿈": ("꾸", "VV"), "잠": ("자", "VV"), "춤": ("추", "VV"), "그림": ("그리", "VV"), "모임": ("모이", "VV"),
    "놀람": ("놀라", "VV"), "알림": ("알리", "VV"), "부름": ("부르", "VV"), "찾음": ("찾", "VV-R"), "받음": ("받",
    "VV-R"), "얻음": ("얻", "VV-R"),
    "헤어짐": ("헤어지", "VV"), "가르침": ("가르치", "VV"), "움직임": ("움직이", "VV"), "다툼": ("다투", "VV"), "보임": ("보이", "VV"),
    "기쁨": ("기쁘", "VA"), "슬픔": ("슬프", "VA"), "아픔": ("아프", "VA"), "고마움": ("고맙", "VA-I"), "어려움": ("어렵", "VA-I"),
    "즐거움": ("즐겁", "VA-I"), "두려움": ("두렵", "VA-I"), "괴로움": ("괴롭", "VA-I"), "외로움": ("외롭", "VA-I"),
    "다름": ("다르", "VA"),
    "배움": ("배우", "VV"), "나눔": ("나누", "VV"), "맡김": ("맡기", "VV"), "미룸": ("미루", "VV"),
    "꾸짖음": ("꾸짖", "VV-R"), "흐름": ("흐르", "VV"),
    "내림": ("내리", "VV"), "오름": ("오르", "VV"), "이끌림": ("이끌리", "VV"), "그리움": ("그립", "VA-I"),
    "부끄러움": ("부끄럽", "VA-I"),
    "졸음": ("졸", "VV"), "설움": ("섧", "VA-I"), "지움": ("지우", "VV"), "비움": ("비우", "VV"), "줄임": ("줄이",
    "VV"), "높임": ("높이", "VV"),
    "떨림": ("떨리", "VV"), "끌림": ("끌리", "VV"), "알음": ("알", "VV"), "봄": ("보", "VV"), "나름": ("나르", "VV"),
    "삼": ("사", "VV"), "부침": ("부치", "VV"), "살림": ("살리", "VV"),
}  # fmt: skip
# Kiwi takes 만족함 for an adjective; what a summary reports is the act.
_VERBAL_NOUNS = frozenset({"만족", "불평", "건배"})
# What a verb that is not a noun in disguise has before it: an object, an adverbial, another ending.
_GOVERNED = frozenset({"JKO", "JKB", "JX", "EC", "MAG", "JKQ", "JKS", "JKC", "ETN", "MAJ"})


@dataclass(frozen=True, slots=True)
class _Final:
    """A sentence's predicate: its stem (with what shares characters with it), 었 and 겠, its style, and the characters it takes."""

    stem: tuple[tuple[str, str], ...]
    prefinals: tuple[tuple[str, str], ...]
    style: Style
    start: int
    end: int
    noun: str = ""  # what stands before the stem (만족 before 하)

    @property
    def adjectival(self) -> bool:
        form, tag = self.stem[-1]
        if form == "하" and self.noun in _VERBAL_NOUNS:
            return False
        return tag.split("-")[0] in {"VA", "VCN", "XSA"} or form in _ADJECTIVE_STEMS


def restyle(text: str, to: Style = "한다") -> str:
    """The text with the final predicate of each sentence in the style asked for.

    Sentences that end otherwise (a noun, a question, a quotation) and those already in that style stay as they are, so the function is
    idempotent. Names, numbers and tags are never touched.

    Raises:
        UsageError: There is no such style.

    Example:
        >>> restyle("둘은 내일 만나기로 함.", to="한다"), restyle("그는 모른다고 말했다", to="합니다")
        ('둘은 내일 만나기로 한다.', '그는 모른다고 말했습니다')
    """
    if to not in STYLES:
        raise UsageError(f"there is no ending style {to!r}; known: {', '.join(STYLES)}")
    pieces: list[str] = []
    place = 0
    for final in _finals(text):
        if final.style != to:
            pieces += [text[place : final.start], _conjugated(final, to, text[: final.start])]
            place = final.end
    return "".join(pieces) + text[place:]


def style_of(text: str) -> Style | None:
    """The style in which the first sentence with a known ending ends, None without one.

    Example:
        >>> style_of("내일 만난다."), style_of("내일 만남."), style_of("내일?")
        ('한다', '함', None)
    """
    return next((final.style for final in _finals(text)), None)


def _finals(text: str) -> Iterator[_Final]:
    items = analyze(text)
    for index, morpheme in enumerate(items):
        following = items[index + 1] if index + 1 < len(items) else None
        if following is None or following.tag in _CLOSING or "\n" in text[morpheme.end : following.start]:
            if following is not None and following.form == "?":
                continue
            final = _final(items[: index + 1])
            if final is not None:
                yield final


def _final(items: Sequence[Morpheme]) -> _Final | None:
    last = items[-1]
    if last.tag in {"NNG", "NR", "NNB"} and last.form in _NOMINALS and len(items) > 1 and _governed(items[:-1]):
        return _Final((_NOMINALS[last.form],), (), "함", last.start, last.end)
    if last.tag not in {"EF", "ETN", "EC"} or len(items) < 2:
        return None
    style: Style
    if last.form in _PLAIN:
        style = "한다"
    elif last.form in _FORMAL:
        style = "합니다"
    elif last.form in {"음", "ᆷ"}:  # Kiwi calls it ETN or, behind a blank, EF
        style = "함"
    else:
        return None
    stem = len(items) - 2
    while stem > 0 and items[stem].tag == "EP":
        stem -= 1
    if items[stem].tag.split("-")[0] not in _STEMS:
        return None
    first = stem
    while first and items[first - 1].end > items[first].start:
        first -= 1
    prefinals = tuple((m.form, m.tag) for m in items[stem + 1 : -1])
    return _Final(
        tuple((m.form, m.tag) for m in items[first : stem + 1]), prefinals, style, items[first].start, last.end, items[stem - 1].form
    )


def _governed(before: Sequence[Morpheme]) -> bool:
    """Whether a noun like 도움 closes a clause (친구를 도움) and is not simply a noun (큰 도움)."""
    return before[-1].tag in _GOVERNED and before[-1].form != "의"


def _conjugated(final: _Final, to: Style, before: str) -> str:
    copula = final.stem[-1][1] == "VCP"
    if to == "합니다":
        ending = ("습니다", "EF")
    elif to == "함":
        ending = ("음", "ETN")
    else:
        ending = ("다" if copula or final.adjectival or final.prefinals or _negated_adjective(final, before) else "는다", "EF")
    if not copula:
        return join([*final.stem, *final.prefinals, ending])
    # Kiwi knows no final sound of a tag or of Latin letters: a model noun of the same kind carries 이다.
    noun = "".join(form for form, _ in final.stem[:-1])
    closed = bool(josa.final(before + noun)) or (to == "한다" and not final.prefinals)
    return noun + join([("책" if closed else "차", "NNG"), ("이", "VCP"), *final.prefinals, ending])[1:]


def _negated_adjective(final: _Final, before: str) -> bool:
    """Whether the predicate is 않다 or 못하다 behind an adjective (좋지 않다), which takes no -는-."""
    if final.stem[-1][0] not in {"않", "못하"}:
        return False
    items = analyze(before.rstrip())
    place = len(items) - 1
    while place >= 0 and (items[place].form in {"지", "기"} or items[place].tag in {"JX", "JKO"}):
        place -= 1
    return place >= 0 and items[place].tag.split("-")[0] in {"VA", "VCN", "XSA", "VCP"}
