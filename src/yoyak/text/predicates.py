"""The end of a spoken clause, and who its subject is: stem, tense, ending, honour, and the persons named.

The forms are those that Kiwi gives (모르 + 었 + 어요), taken apart here and put together again by :mod:`yoyak.text.indirect`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from yoyak.text.morphemes import Morpheme

Person = Literal["first", "second", "third", "thing"]

STEMS = frozenset({"VV", "VA", "VX", "VCP", "VCN", "XSV", "XSA"})
FIRST = frozenset({"나", "저", "우리", "저희"})
SECOND = frozenset({"너", "당신", "자네", "그대", "너희", "니", "그쪽", "귀하"})
#: Address nouns that mean the hearer even with a josa behind them.
HEARERS = frozenset({"고객님", "회원님", "환자분", "환자님"})
POLITE_COMMANDS = frozenset("세요 으세요 셔요 으셔요 세여 으세여 시죠 으시죠".split())

# 있다 and 없다 whatever Kiwi takes them for; 맞다 because 맞는다고 is not said of words that are right.
_ADJECTIVES = frozenset("있 없 계시 맞 싶 만하 듯하 법하 듯싶 성싶".split())
_TIME_NOUNS = frozenset(
    "오늘 내일 어제 지금 요즘 이번 다음 저번 지난 아침 점심 저녁 밤 낮 때 날 주말 평소 나중 전 후 처음 마지막 올해 "
    "작년 내년 여기 거기 저기 이제 아직 동안 "
    "중 시 분 일 월 년".split()
)


@dataclass(frozen=True, slots=True)
class Predicate:
    """The end of a clause, to be said anew.

    `at` is the index of `stem` among the clause's morphemes, `prefinals` are 었 and 겠 (시 is told by `honorific`), `ending` the final
    ending without 요, `adjectival` tells that it takes -다고 rather than -ㄴ다고.
    """

    at: int
    stem: Morpheme
    prefinals: tuple[str, ...]
    ending: str
    polite: bool
    honorific: bool
    adjectival: bool

    @property
    def past(self) -> bool:
        return any(form in {"었", "았", "였"} for form in self.prefinals)


def predicate(morphemes: Sequence[Morpheme]) -> Predicate | None:
    """The final predicate of a clause's morphemes; None when it ends in anything else.

    Example:
        >>> from yoyak.text.morphemes import analyze
        >>> found = predicate(analyze("벌써 가셨어요"))
        >>> found.stem.form, found.prefinals, found.ending, found.polite, found.honorific
        ('가', ('었',), '어', True, True)
    """
    end = len(morphemes)
    polite = False
    if end and morphemes[end - 1].form == "요" and morphemes[end - 1].tag in {"JX", "EF"}:
        polite, end = True, end - 1
    if end < 2 or morphemes[end - 1].tag not in {"EF", "EC", "ETN"}:
        return None
    ending, said_politely = _bare(morphemes[end - 1].form)
    at = end - 2
    prefinals: list[str] = []
    while at >= 0 and morphemes[at].tag == "EP":
        prefinals.insert(0, morphemes[at].form)
        at -= 1
    if at < 0 or morphemes[at].tag.split("-")[0] not in STEMS:
        return None
    # 잖아 as 지 + 않 + 어: a statement about what comes before 지.
    if morphemes[at].form == "않" and at >= 2 and morphemes[at - 1].form == "지" and morphemes[at - 1].end > morphemes[at].start:
        return _shortened_negation(morphemes, at, ending, polite or said_politely)
    honorific = any(form in {"시", "으시"} for form in prefinals) or ending in POLITE_COMMANDS
    kept = tuple(form for form in prefinals if form not in {"시", "으시", "더"})
    return Predicate(at, morphemes[at], kept, ending, polite or said_politely, honorific, _adjectival(morphemes, at))


def _bare(form: str) -> tuple[str, bool]:
    if form in POLITE_COMMANDS:
        return form, True
    if form in {"죠", "지요"}:
        return "지", True
    if len(form) > 1 and form[-1] in "요여용" and form != "어여":
        return form[:-1], True
    return form, form.endswith(("니다", "니까")) and form not in {"니까", "으니까"}


def _shortened_negation(morphemes: Sequence[Morpheme], at: int, ending: str, polite: bool) -> Predicate | None:
    start = at - 2
    prefinals: list[str] = []
    while start >= 0 and morphemes[start].tag == "EP":
        prefinals.insert(0, morphemes[start].form)
        start -= 1
    if start < 0 or morphemes[start].tag.split("-")[0] not in STEMS:
        return None
    honorific = any(form in {"시", "으시"} for form in prefinals)
    kept = tuple(form for form in prefinals if form not in {"시", "으시"})
    return Predicate(start, morphemes[start], kept, "잖아", polite, honorific, _adjectival(morphemes, start))


def _adjectival(morphemes: Sequence[Morpheme], at: int) -> bool:
    stem = morphemes[at]
    tag = stem.tag.split("-")[0]
    before = morphemes[at - 1] if at else None
    if tag == "XSV" and before is not None and before.form in {"감사", "부족"}:
        return True
    if tag == "XSA" and before is not None and before.form in {"만족"}:
        return False
    if tag in {"VA", "VCP", "VCN", "XSA"} or stem.form in _ADJECTIVES:
        return True
    if stem.form == "보" and before is not None and before.form in {"나", "ᆫ가", "은가", "는가", "ᆯ까", "을까"}:
        return True
    if stem.form in {"않", "못하", "하"}:
        place = at - 1
        if stem.form == "하" and place >= 0 and morphemes[place].form == "못":
            place -= 1
        elif stem.form == "하" and not (before is not None and before.tag == "JX" and at > 1 and morphemes[at - 2].form == "기"):
            return False
        while place >= 0 and (morphemes[place].form in {"지", "기"} or morphemes[place].tag in {"JX", "JKO", "EP"}):
            place -= 1
        return place >= 0 and place < at - 1 and _adjectival(morphemes, place)
    return False


def subjects(morphemes: Sequence[Morpheme]) -> frozenset[Person]:
    """Who is named as subject or topic: first, second or third person, or "thing" for 것이, 때는 and their like."""
    found: set[Person] = set()
    for index, morpheme in enumerate(morphemes[1:], start=1):
        if morpheme.tag == "JKS" or (morpheme.tag == "JX" and morpheme.form in {"은", "는", "ᆫ", "도"}):
            noun = morphemes[index - 1]
            if noun.tag.startswith(("N", "SL", "SN", "SW", "X")):
                found.add(_person(noun))
        elif morpheme.form in _TIME_NOUNS and morphemes[index - 1].tag == "NP" and morphemes[index - 1].form in FIRST:
            found.add("first")  # 나 오늘 바빠
    if len(morphemes) > 1 and morphemes[0].tag == "NP" and not morphemes[1].tag.startswith(("J", "VCP")):
        if morphemes[0].form in {"나", "저"}:
            found.add("first")
        elif morphemes[0].form in SECOND:
            found.add("second")
    return frozenset(found)


def _person(noun: Morpheme) -> Person:
    if noun.tag == "NP" and noun.form in FIRST:
        return "first"
    if (noun.tag == "NP" and noun.form in SECOND) or noun.form in HEARERS:
        return "second"
    if noun.tag == "NNB" or noun.form in _TIME_NOUNS:
        return "thing"
    return "third"


def main_subject(morphemes: Sequence[Morpheme], at: int) -> bool | None:
    """Whether the last subject before the predicate is its own: no clause ends between the two (기차가 언제 오는지 알려 주세요: no).

    None when a relative clause stands between, since the subject may be that clause's (형이 산 책을 보세요) or the sentence's.
    """
    relative = False
    for place in range(at - 1, 0, -1):
        tag, form = morphemes[place].tag, morphemes[place].form
        if tag == "JKS" or (tag == "JX" and form in {"은", "는", "ᆫ"}):
            return None if relative else True
        if tag == "EC" and morphemes[place + 1].tag != "VX" and not form.endswith(("다고", "라고")):
            return False
        relative = relative or tag == "ETM"
    return False


def calls_hearer(noun: Morpheme) -> bool:
    """Whether a noun with a josa means the person spoken to."""
    return noun.form in HEARERS or (noun.tag == "NP" and noun.form in SECOND)
