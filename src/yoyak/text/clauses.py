"""Spoken clauses: a turn cut into sentences, without the fillers, vocatives and marks around what is said.

A turn's morphemes come from :mod:`yoyak.text.morphemes`; nothing here analyses text again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from yoyak.text.morphemes import Morpheme

Polarity = Literal["yes", "no", ""]

#: Interjections that answer a yes-no question or a proposal.
YES = frozenset({"네", "예", "응", "어", "넵", "넹", "네네", "그럼", "그럼요", "ㅇㅇ", "ㅇㅋ", "오케이", "그래", "그래요", "엉", "웅"})
NO = frozenset({"아니요", "아니", "아뇨", "아니오", "아냐", "ㄴㄴ", "노"})

_MARKS = frozenset({"SF", "SP", "SE", "SS", "SSO", "SSC", "SO", "SW", "W_EMOJI", "Z_CODA", "UN"})
_CLOSING = frozenset({"SF", "SE", "SO", "SSC", "SW", "W_EMOJI"})
_OPENERS = frozenset(
    {"사실", "솔직히", "글쎄", "자", "그래", "그냥", "일단", "아무튼", "어쨌든", "하여튼", "저기", "뭐", "막", "진짜로", "음"}
)
_NOUNS = frozenset({"NNG", "NNP", "NP", "NR", "NNB", "SL", "SN", "SH", "XR", "XSN", "XPN"})
_TITLES = frozenset({"씨", "님", "양", "군", "분", "여러분"})
#: Nouns by which a hearer is called when they stand alone before a comma.
ADDRESS = frozenset(
    "엄마 아빠 어머니 아버지 여보 자기 형 오빠 언니 누나 할머니 할아버지 아저씨 아주머니 아줌마 이모 삼촌 고모 선생 선생님 사장 사장님 고객 고객님 "
    "손님 과장 과장님 부장 부장님 대리님 팀장 팀장님 교수 교수님 박사 박사님 기사님 원장님 의사 의사선생님 여사 여사님 친구 얘 얘들 애들 여러분 "
    "당신 아들 딸 아가씨 선배 선배님 실장님 차장님 회장님 대표님 간호사님 경찰관님 신사 숙녀 부인 자네 아가".split()
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One sentence as it was said.

    `morphemes` are those of the content (fillers, vocatives, openers and final marks are left out); `mark` is its final mark, "" when
    there is none; `polarity` tells that it began with 네 or 아니요; `called` that it held a vocative.
    """

    morphemes: tuple[Morpheme, ...]
    mark: str
    polarity: Polarity
    called: bool = False

    @property
    def asks(self) -> bool:
        """Whether it ends in a question mark."""
        return "?" in self.mark


def sentences(morphemes: Sequence[Morpheme]) -> Iterator[list[Morpheme]]:
    """The morphemes of a turn, sentence by sentence, final marks included.

    A sentence ends at `.`, `?`, `!` or `…`, and behind a final ending (EF) that no josa, quotation or 요 continues.

    Example:
        >>> from yoyak.text.morphemes import analyze
        >>> [s[0].form for s in sentences(analyze("좋아, 내일 보자. 늦지 마!"))]
        ['좋', '내일', '늦']
    """
    current: list[Morpheme] = []
    depth = 0
    morphemes = _mended(morphemes)
    for index, morpheme in enumerate(morphemes):
        current.append(morpheme)
        depth += (morpheme.tag == "SSO") - (morpheme.tag == "SSC" and depth > 0)
        following = morphemes[index + 1] if index + 1 < len(morphemes) else None
        if depth == 0 and (_ends(morpheme, following) or _comma_ends(current)):
            yield current
            current = []
    if current:
        yield current


_HONORIFIC_STEMS = {"계": "계시", "주무": "주무시", "드세": "드시", "계세": "계시"}
_ABBREVIATION = re.compile(r"(?:Mr|Mrs|Ms|Dr|St|Jr|Prof|[A-Za-z])\.|.*\..*\.")


def _mended(morphemes: Sequence[Morpheme]) -> list[Morpheme]:
    """Kiwi's readings that its dictionary gets wrong in speech: 계세요 as a noun, `Karen.` with its full stop, 먹을걸요 with a josa."""
    items: list[Morpheme] = []
    for now in morphemes:
        last = items[-1] if items else None
        if last is None:
            pass
        elif (
            now.form in {"세요", "요"} and last.form == "이" and last.tag == "VCP" and len(items) > 1 and items[-2].form in _HONORIFIC_STEMS
        ):
            stem = items[-2]
            items[-2:] = [Morpheme(_HONORIFIC_STEMS[stem.form], "VV", stem.start, now.end)]
            now = Morpheme("세요", "EF", stem.start, now.end)
        elif last.form in {"드세", "계세"} and now.form in {"어요", "요"}:
            items[-1] = Morpheme(_HONORIFIC_STEMS[last.form], "VV", last.start, now.end)
            now = Morpheme("세요", "EF", last.start, now.end)
        elif last.form == "하" and last.start == last.end and len(items) > 1 and items[-2].form.endswith(("다고", "라고", "자고")):
            said = items[-2]  # 온다더라 as 온다고 + 하 + 더라: one ending
            del items[-2:]
            now = Morpheme(said.form[:-1] + now.form, now.tag, said.start, now.end)
        elif last.form == "나" and last.tag == "VV" and now.form[0] in "어았었아" and now.start >= last.end:
            items[-1] = Morpheme("낫", "VA-I", last.start, last.end)  # 나아요, 나았다: 나다 would give 나요, 났다
        elif _conjecture(items, now):
            first = items[-3]
            del items[-3:]
            now = Morpheme("ᆯ걸", "EF", first.start, now.end)
        elif now.form == "님" and now.tag == "XSN" and last.tag in {"NNG", "NNP"}:
            items.pop()
            now = Morpheme(last.form + "님", last.tag, last.start, now.end)
        elif now.form == "드리" and last.tag == "NNG" and last.end == now.start:
            now = Morpheme("드리", "XSV", now.start, now.end)  # 부탁드리다 is 부탁하다, not giving
        elif now.tag == "SL" and last.tag == "SL" and last.end == now.start:
            items.pop()
            now = Morpheme(last.form + now.form, "SL", last.start, now.end)
        if now.tag == "SL" and now.form.endswith(".") and len(now.form) > 1 and not _ABBREVIATION.fullmatch(now.form):
            items.append(Morpheme(now.form[:-1], "SL", now.start, now.end - 1))
            now = Morpheme(".", "SF", now.end - 1, now.end)
        items.append(now)
    return items


def _conjecture(items: Sequence[Morpheme], now: Morpheme) -> bool:
    """Whether 을 + 거 + ㄹ (+ 요) ends here: the ending -ㄹ걸 read as a noun with its josa."""
    return now.form == "요" and len(items) > 2 and items[-1].tag == "JKO" and items[-2].form == "거" and items[-3].tag == "ETM"


def _ends(morpheme: Morpheme, following: Morpheme | None) -> bool:
    if following is None:
        return True
    if morpheme.tag in _CLOSING or morpheme.tag == "SP":
        if following.tag in _CLOSING:
            return False
        return morpheme.tag in {"SF", "SE"}
    if morpheme.tag == "EF" or (morpheme.form == "요" and morpheme.tag == "JX"):
        return not (
            following.tag in _MARKS or following.tag.startswith("J") or following.tag in {"EC", "VCP", "EF"} or _shares(morpheme, following)
        )
    return False


_REPLIES = frozenset({"좋", "알", "맞", "고맙", "괜찮", "싫", "미안", "그렇"})


def _comma_ends(current: Sequence[Morpheme]) -> bool:
    """Whether the comma at the end of these morphemes stands behind a whole sentence (안녕하세요, / 좋아, / 고맙습니다,)."""
    if current[-1].tag != "SP" or len(current) < 3:
        return False
    before = current[-2]
    if before.tag == "EF" or (before.tag == "EC" and before.form.endswith(("니다", "세요", "어요", "에요", "예요", "네요", "죠", "지요"))):
        return True
    # Kiwi takes 좋아, for a connective; as short replies these stand for themselves.
    return before.tag == "EC" and before.form == "어" and len(current) <= 5 and current[0].form in _REPLIES


def _shares(morpheme: Morpheme, following: Morpheme) -> bool:
    return following.start < morpheme.end


def clause(sentence: Sequence[Morpheme]) -> Clause:
    """What a sentence says, without what merely opens, calls or decorates it.

    Example:
        >>> from yoyak.text.morphemes import analyze
        >>> found = clause(analyze("네, 지훈아, 음, 내일 갈게!"))
        >>> [m.form for m in found.morphemes], found.mark, found.polarity, found.called
        (['내일', '가', 'ᆯ게'], '!', 'yes', True)
    """
    items = list(sentence)
    mark = ""
    while items and items[-1].tag in _MARKS:
        mark = items.pop().form + mark
    polarity: Polarity = ""
    called = False
    while items:
        first = items[0]
        if first.tag in _MARKS:
            items.pop(0)
        elif not polarity and first.form in YES | NO and first.tag in {"IC", "MAJ", "SW", "NNG", "NNP"} and _alone(items, 1):
            polarity = "yes" if first.form in YES else "no"
            items.pop(0)
        elif size := _excuse(items):
            del items[:size]
        elif first.tag in {"IC", "MAJ"} or (first.form in _OPENERS and first.tag in {"MAG", "VV", "NP", "IC"} and _alone(items, 1)):
            items.pop(0)
        elif size := _vocative(items):
            del items[:size]
            called = True
        else:
            break
    if size := _final_vocative(items):
        del items[-size:]
        called = True
    return Clause(tuple(_without_inner_fillers(items)), mark, polarity, called)


def _excuse(items: Sequence[Morpheme]) -> int:
    """The length of 죄송하지만, / 미안한데, / 실례지만 at the front, 0 when none stands there."""
    if items[0].form not in {"죄송", "미안", "실례"}:
        return 0
    for place in range(1, min(4, len(items))):
        if items[place].tag == "EC" and items[place].form in {"지만", "ᆫ데", "는데", "ᆸ니다만", "은데"}:
            return place + 1
    return 0


def _alone(items: Sequence[Morpheme], size: int) -> bool:
    """Whether the first `size` morphemes stand for themselves: nothing follows, or a mark or a blank does."""
    return len(items) == size or items[size].tag in _MARKS or items[size].start > items[size - 1].end


def _vocative(items: Sequence[Morpheme]) -> int:
    """How many morphemes at the front call the hearer: 지훈아 / Karen 씨, / 엄마, (0 when none does)."""
    size = 0
    while size < len(items) and size < 4 and (items[size].tag in _NOUNS or (items[size].tag == "SF" and items[size - 1].tag == "SL")):
        size += 1
    if not size:
        return 0
    if size < len(items) and items[size].tag == "JKV":
        return size + 1
    if size >= len(items) or items[size].tag != "SP":
        return 0
    return size if calls(items[:size]) else 0


def _final_vocative(items: Sequence[Morpheme]) -> int:
    size = 0
    while size < len(items) and size < 4 and items[-1 - size].tag in _NOUNS | {"JKV"}:
        size += 1
    if size == 0 or size >= len(items) or items[-1 - size].tag != "SP" or not calls(items[len(items) - size :]):
        return 0
    return size + 1


def calls(nouns: Sequence[Morpheme]) -> bool:
    """Whether a noun phrase is one by which people are called: a name, a title or a word of address.

    Example:
        >>> from yoyak.text.morphemes import analyze
        >>> calls(analyze("Karen")), calls(analyze("엄마")), calls(analyze("사과"))
        (True, True, False)
    """
    words = [noun for noun in nouns if noun.tag not in {"JKV", "SF"}]
    if not words or words[0].form.startswith("#"):
        return bool(words)
    whole = "".join(word.form for word in words)
    return whole in ADDRESS or whole.endswith("님") or words[-1].form in _TITLES | ADDRESS or all(word.tag in {"NNP", "SL"} for word in words)


def _without_inner_fillers(items: Sequence[Morpheme]) -> list[Morpheme]:
    """Interjections between commas go, with the comma behind them."""
    kept: list[Morpheme] = []
    for morpheme in items:
        if morpheme.tag == "IC" or morpheme.tag in {"W_EMOJI", "SW"}:
            continue
        if morpheme.tag == "SP" and (not kept or kept[-1].tag == "SP"):
            continue
        kept.append(morpheme)
    while kept and kept[-1].tag == "SP":
        kept.pop()
    return kept
