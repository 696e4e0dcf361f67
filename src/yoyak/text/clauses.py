"""Spoken clauses: a turn cut into sentences, without the fillers, vocatives and marks around what is said.

A turn's morphemes come from :mod:`yoyak.text.morphemes`; nothing here analyses text again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from yoyak.text.misreadings import mended
from yoyak.text.morphemes import Morpheme

Polarity = Literal["yes", "no", ""]

#: Interjections that answer a yes-no question or a proposal.
_COUNTS = frozenset({"시간", "시", "개", "명", "번", "달", "살", "주"})
YES = frozenset({"네", "예", "응", "어", "넵", "넹", "네네", "그럼", "그럼요", "ㅇㅇ", "ㅇㅋ", "오케이", "그래", "그래요", "엉", "웅"})
NO = frozenset({"아니요", "아니", "아뇨", "아니오", "아냐", "ㄴㄴ", "노"})

_MARKS = frozenset({"SF", "SP", "SE", "SS", "SSO", "SSC", "SO", "SW", "W_EMOJI", "Z_CODA", "UN"})
_CLOSING = frozenset({"SF", "SE", "SO", "SSC", "SW", "W_EMOJI"})
# Only at these may a sentence end.
_BOUNDARIES = _CLOSING | {"SP", "EF", "EC"}
# Symbols that are part of what is said (8%, 20℃, $5); all others decorate.
_SAID = frozenset("%％℃°$€₩￦+&@#=×÷/")
_OPENERS = frozenset("사실 솔직히 글쎄 자 그래 일단 아무튼 어쨌든 하여튼 저기 뭐 왜 막 진짜로 음 대신 에이 어휴 아이고 어머 있잖아".split())
_FILLERS = frozenset({"IC", "W_EMOJI", "SW", "SP"})
_NOUNS = frozenset({"NNG", "NNP", "NP", "NR", "NNB", "SL", "SN", "SH", "XR", "XSN", "XPN"})
_TITLES = frozenset({"씨", "님", "양", "군", "분", "여러분"})
#: Nouns by which a hearer is called when they stand alone before a comma.
ADDRESS = frozenset(
    "엄마 아빠 어머니 아버지 여보 자기 형 오빠 언니 누나 할머니 할아버지 아저씨 아주머니 아줌마 이모 삼촌 고모 아들 "
    "딸 선생 사장 고객 과장 부장 팀장 "
    "교수 박사 의사 여사 친구 얘 얘들 애들 여러분 당신 아가씨 선배 신사 숙녀 부인 자네 아가".split()
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One sentence as it was said.

    `morphemes` are those of the content (fillers, vocatives, openers and final marks are left out); `mark` is its final mark, "" when
    there is none; `polarity` tells that it began with 네 or 아니요.
    """

    morphemes: tuple[Morpheme, ...]
    mark: str
    polarity: Polarity

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
    whole = False  # a final ending has come, and only marks since
    morphemes = mended(morphemes)
    for index, morpheme in enumerate(morphemes):
        current.append(morpheme)
        depth += (morpheme.tag == "SSO") - (morpheme.tag == "SSC" and depth > 0)
        following = morphemes[index + 1] if index + 1 < len(morphemes) else None
        whole = morpheme.tag == "EF" or (whole and (morpheme.tag in _MARKS or morpheme.form == "요"))
        boundary = following is None or morpheme.tag in _BOUNDARIES or morpheme.form == "요"
        if boundary and depth == 0 and _closes(morphemes, index, current, whole=whole):
            yield current
            current, whole = [], False
    if current:
        yield current


def _closes(morphemes: Sequence[Morpheme], index: int, current: Sequence[Morpheme], *, whole: bool) -> bool:
    following = morphemes[index + 1] if index + 1 < len(morphemes) else None
    if _ends(morphemes[index], following, whole) or _tensed(current, following):
        return True
    return _comma_ends(current) and not _alternative(morphemes, index + 1)


def _ends(morpheme: Morpheme, following: Morpheme | None, whole: bool) -> bool:
    if following is None:
        return True
    if morpheme.tag in _CLOSING or morpheme.tag == "SP":
        glued = following.start == morpheme.end and following.tag in {"SL", "SN"}  # www.example.com, 3.5
        if following.tag in _CLOSING or glued:
            return False
        return morpheme.tag in {"SF", "SE"} or (whole and morpheme.tag != "SP")
    if morpheme.tag == "EF" or (morpheme.form == "요" and morpheme.tag == "JX"):
        return not (
            following.tag in _MARKS or following.tag.startswith("J") or following.tag in {"EC", "VCP", "EF"} or _shares(morpheme, following)
        )
    return False


def _tensed(current: Sequence[Morpheme], following: Morpheme | None) -> bool:
    """Whether -ㄹ게, or -어 behind 었 or 겠, stands before a blank: no connective has tense, so a chat's sentence ends there."""
    last = current[-1]
    if len(current) < 3 or following is None or last.tag != "EC" or following.start <= last.end or following.tag in _MARKS:
        return False
    return last.form in {"ᆯ게", "을게"} or (last.form == "어" and current[-2].tag == "EP")


def _alternative(morphemes: Sequence[Morpheme], place: int) -> bool:
    """Whether 아니면 stands there: the second half of a question of choice."""
    if place + 1 >= len(morphemes):
        return False
    return morphemes[place].form == "아니면" or (morphemes[place].form == "아니" and morphemes[place + 1].form == "면")


def _comma_ends(current: Sequence[Morpheme]) -> bool:
    """Whether the comma at the end of these morphemes stands behind a whole sentence (안녕하세요, / 좋아, / 고맙습니다,)."""
    if current[-1].tag != "SP" or len(current) < 3:
        return False
    if current[-1].form == ";":
        return True
    before = current[-2]
    if before.form == "요" and before.tag == "JX" and current[-3].tag in {"EF", "EC"}:
        return True
    if before.tag == "EF" or (before.tag == "EC" and (before.form.endswith(("니다", "니까", "요", "죠")) or before.form == "지")):
        return before.form not in {"니까", "으니까"}
    # In speech these end a sentence before a comma (좋아, / 받았어, / 갈게,); the written connective -어 is rare there.
    return before.tag == "EC" and before.form in {"어", "야", "다", "ᆫ다", "는다", "ᆯ게", "을게", "ᆯ래", "을래", "자", "네", "거든", "잖아"}


def _shares(morpheme: Morpheme, following: Morpheme) -> bool:
    return following.start < morpheme.end


def clause(sentence: Sequence[Morpheme]) -> Clause:
    """What a sentence says, without what merely opens, calls or decorates it.

    Example:
        >>> from yoyak.text.morphemes import analyze
        >>> found = clause(analyze("네, 지훈아, 음, 내일 갈게!"))
        >>> [m.form for m in found.morphemes], found.mark, found.polarity
        (['내일', '가', 'ᆯ게'], '!', 'yes')
    """
    items = list(sentence)
    mark = ""
    while items and _decorates(items[-1]) and items[-1].form not in YES | NO:
        mark = items.pop().form + mark
    polarity: Polarity = ""
    if _owner_as_yes(items) or _four_as_yes(items):
        items[0] = Morpheme("네", "MM", items[0].start, items[0].end)
    while items:
        first = items[0]
        if not polarity and _answers(items, mark):
            polarity = "yes" if first.form in YES else "no"
            items.pop(0)
        elif _decorates(first):
            items.pop(0)
        elif size := _excuse(items) or _hail(items) or _frankly(items):
            del items[:size]
        elif (first.tag in {"IC", "MAJ"} and _alone(items, 1) and not _asks_what(items)) or _opens(items):
            items.pop(0)
        elif size := _vocative(items):
            del items[:size]
        else:
            break
    if size := _final_vocative(items):
        del items[-size:]
    return Clause(tuple(_without_inner_fillers(items)), mark, polarity)


def _asks_what(items: Sequence[Morpheme]) -> bool:
    """Whether the 뭐 that Kiwi takes for an interjection is the question word: no mark follows it (뭐 가져갈 거야?)."""
    return items[0].form in {"뭐", "뭘"} and len(items) > 1 and items[1].tag not in _MARKS


def _opens(items: Sequence[Morpheme]) -> bool:
    """Whether a word like 사실 or 아무튼 opens the sentence; 뭐 and 저기 do so only before a comma, else they ask or point."""
    first = items[0]
    if first.form not in _OPENERS or first.tag not in {"MAG", "VV", "NP", "IC", "NNG"}:
        return False
    if first.form in {"뭐", "왜"} or first.tag in {"NP", "NNG"}:
        return len(items) > 1 and items[1].tag in _MARKS
    return _alone(items, 1)


def _excuse(items: Sequence[Morpheme]) -> int:
    """The length of 죄송하지만, / 미안한데, / 실례지만 at the front, 0 when none stands there."""
    if items[0].form not in {"죄송", "미안", "실례"}:
        return 0
    if len(items) > 1 and items[1].tag == "SP":
        return 1  # 미안, 나는 못 가
    for place in range(1, min(4, len(items))):
        if items[place].tag == "EC" and items[place].form in {"지만", "ᆫ데", "는데", "ᆸ니다만", "은데"}:
            return place + 1
    return 0


def _owner_as_yes(items: Sequence[Morpheme]) -> bool:
    """Whether the 네 at the front is 너의: a noun with josa follows without a comma, and nothing is polite (네 연주가 좋았어)."""
    if len(items) < 4 or items[0].form != "네" or items[0].tag != "IC" or items[1].tag not in {"NNG", "NNP"}:
        return False
    polite = items[-1].form.endswith(("요", "니다", "니까", "죠"))
    return items[2].tag[0] == "J" and not polite


def _four_as_yes(items: Sequence[Morpheme]) -> bool:
    """Whether the 네 at the front is a number: what it counts follows without a comma (네 시간은요?)."""
    counted = items[1] if len(items) > 1 and (items[0].form, items[0].tag) == ("네", "IC") else None
    return counted is not None and counted.tag.startswith("NN") and counted.form in _COUNTS


def _hail(items: Sequence[Morpheme]) -> int:
    """The length of 여기요, / 저기요, at the front."""
    return 2 if items[0].form in {"여기", "저기"} and len(items) > 2 and items[1].form == "요" and items[2].tag == "SP" else 0


def _frankly(items: Sequence[Morpheme]) -> int:
    """The length of 솔직히 말해서, / 솔직히 말하면 at the front."""
    for place in range(2, min(5, len(items))):
        if items[0].form == "솔직히" and items[place].tag == "EC" and "말" in items[1].form:
            return place + 1
    return 0


def _answers(items: Sequence[Morpheme], mark: str) -> bool:
    """Whether a 네 or 아니요 stands at the front; a drawn-out 어... is none."""
    first = items[0]
    hesitates = first.form == "어" and (mark.startswith(("..", "…", "~")) or (len(items) > 1 and items[1].tag == "SE"))
    denies = first.form == "아니" and first.tag in {"VCN", "MAG"} and len(items) > 1 and items[1].tag == "SP"
    return first.form in YES | NO and (denies or not first.tag.startswith(("V", "M"))) and _alone(items, 1) and not hesitates


def _decorates(morpheme: Morpheme) -> bool:
    return morpheme.tag in _MARKS and not (morpheme.tag == "SW" and set(morpheme.form) <= _SAID)


def _alone(items: Sequence[Morpheme], size: int) -> bool:
    """Whether the first `size` morphemes stand for themselves: nothing follows, or a mark or a blank does."""
    return len(items) == size or items[size].tag in _MARKS | {"IC"} or items[size].start > items[size - 1].end


def _vocative(items: Sequence[Morpheme]) -> int:
    """How many morphemes at the front call the hearer: 지훈아 / Karen 씨, / 엄마, (0 when none does)."""
    size = 0
    while size < len(items) and size < 4 and (items[size].tag in _NOUNS or (items[size].tag == "SF" and items[size - 1].tag == "SL")):
        size += 1
    if not size:
        return 0
    if size < len(items) and items[size].tag == "JKV":
        return size + 1
    if size + 2 < len(items) and items[size].tag == "VCP" and items[size + 1].form == "야" and items[size + 2].tag == "SP":
        return size + 3 if calls(items[:size]) else 0  # 자기야,
    if size >= len(items) or items[size].tag != "SP":
        return 0
    # An unknown name that Kiwi takes for a noun: 보라, 나 수영 등록할까 해.
    before_pronoun = (
        size == 1 and size + 1 < len(items) and items[size + 1].tag == "NP" and items[size + 1].form in {"나", "너", "저", "우리"}
    )
    # Names in a row are listed, not called: 철수, 영희, 민수가 왔어.
    listed = size + 2 < len(items) and items[size + 1].tag in _NOUNS and items[size + 2].tag == "SP"
    return size if before_pronoun or (calls(items[:size]) and not listed) else 0


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
    return (
        whole in ADDRESS or whole.endswith("님") or words[-1].form in _TITLES | ADDRESS or all(word.tag in {"NNP", "SL"} for word in words)
    )


def _without_inner_fillers(items: Sequence[Morpheme]) -> list[Morpheme]:
    """Interjections between commas go, with the comma behind them."""
    if not any(morpheme.tag in _FILLERS for morpheme in items):
        return list(items)
    kept: list[Morpheme] = []
    for index, morpheme in enumerate(items):
        particle = index + 1 < len(items) and items[index + 1].tag[0] == "J" and items[index + 1].start == morpheme.end
        if morpheme.tag == "IC" and (morpheme.form in {"뭐", "뭘"} or particle):
            kept.append(morpheme)  # a question word or a noun that Kiwi takes for a filler
            continue
        if morpheme.tag in {"IC", "W_EMOJI"} or (morpheme.tag == "SW" and _decorates(morpheme)):
            continue
        if morpheme.tag == "SP" and (not kept or kept[-1].tag == "SP"):
            continue
        kept.append(morpheme)
    while kept and kept[-1].tag == "SP":
        kept.pop()
    return _without_inner_vocatives(kept)


def _without_inner_vocatives(items: list[Morpheme]) -> list[Morpheme]:
    """A name between commas behind a connective calls somebody (연기됐다는데, Mina, 알아?); in a list no connective comes first."""
    for place in range(1, len(items) - 2):
        if (
            items[place].tag == "SP"
            and items[place - 1].tag == "EC"
            and items[place + 1].tag in {"NNP", "SL"}
            and items[place + 2].tag == "SP"
        ):
            return items[: place + 1] + items[place + 3 :]
    return items
