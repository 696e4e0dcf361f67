"""What Kiwi misreads in speech, put right: 계세요 as a noun, `Karen.` with its full stop, 나았어요 as 나다.

Each repair looks at the morphemes so far and the one that comes, and returns the one to go on with (having changed those before it where
need be) or None when it has nothing to mend. Seen in kiwipiepy 0.24 on its default model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from yoyak.text.morphemes import Morpheme

#: The ending that -지 그래(요)? becomes: advice in the form of a question.
ADVICE = "지그래"

_HONORIFIC_STEMS = {"계": "계시", "주무": "주무시", "드세": "드시", "계세": "계시"}
_ABBREVIATION = re.compile(r"(?:Mr|Mrs|Ms|Dr|St|Jr|Prof|[A-Za-z])\.|.*\..*\.")

_SAID = frozenset({"말씀", "인사", "부탁", "감사", "축하", "사과", "전화", "연락", "안내", "설명"})

Repair = Callable[[list[Morpheme], Morpheme], Morpheme | None]


def mended(morphemes: Iterable[Morpheme]) -> list[Morpheme]:
    """The morphemes with known misreadings mended; characters offsets stay those of the text.

    Example:
        >>> from yoyak.text.morphemes import analyze
        >>> [m.form for m in mended(analyze("다 나았어요."))], [m.form for m in mended(analyze("집에 계세요."))]
        (['다', '낫', '었', '어요', '.'], ['집', '에', '계시', '세요', '.'])
    """
    items: list[Morpheme] = []
    for morpheme in morphemes:
        now = morpheme
        if items:
            if items[-1].form == ADVICE and now.tag[0] == "E":
                continue
            now = next((better for repair in _REPAIRS if (better := repair(items, morpheme)) is not None), morpheme)
        if now.tag == "SB" and now.form == "가.":  # 학교에 가. as the first point of a list
            items += [Morpheme("가", "VV", now.start, now.end - 1), Morpheme("어", "EF", now.start, now.end - 1)]
            now = Morpheme(".", "SF", now.end - 1, now.end)
        elif now.tag == "SL" and now.form.endswith(".") and len(now.form) > 1 and not _ABBREVIATION.fullmatch(now.form):
            items.append(Morpheme(now.form[:-1], "SL", now.start, now.end - 1))
            now = Morpheme(".", "SF", now.end - 1, now.end)
        items.append(now)
    return items


def _honorific_as_noun(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """계 + 이 + 세요, 드세 + 어요: the verbs 계시다, 드시다, 주무시다."""
    last = items[-1]
    if now.form in {"세요", "요"} and last.tag == "VCP" and len(items) > 1 and items[-2].form in _HONORIFIC_STEMS:
        items.pop()
    elif not (last.form in {"드세", "계세"} and now.form in {"어요", "요"}):
        return None
    stem = items.pop()
    items.append(Morpheme(_HONORIFIC_STEMS[stem.form], "VV", stem.start, now.end))
    return Morpheme("세요", "EF", stem.start, now.end)


def _contracted_quotation(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """온다더라 as 온다고 + 하 + 더라: one ending."""
    last = items[-1]
    if last.form != "하" or last.start != last.end or len(items) < 2 or not items[-2].form.endswith(("다고", "라고", "자고")):
        return None
    items.pop()
    said = items.pop()
    return Morpheme(said.form[:-1] + now.form, now.tag, said.start, now.end)


def _recover(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """나아요, 나았다 as 나다, which would give 나요, 났다."""
    last = items[-1]
    if last.form == "나" and last.tag == "VV" and now.form[0] in "어았었아" and now.start >= last.end:
        items[-1] = Morpheme("낫", "VA-I", last.start, last.end)
        return now
    return None


def _conjecture(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """먹 + 을 + 거 + ㄹ + 요: the ending -ㄹ걸(요) read as a noun with its josa."""
    if now.form != "요" or len(items) < 3 or items[-1].tag != "JKO" or items[-2].form != "거" or items[-3].tag != "ETM":
        return None
    first = items[-3]
    del items[-3:]
    return Morpheme("ᆯ걸", "EF", first.start, now.end)


def _advice(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """가 보지 + 그래?: one ending."""
    last = items[-1]
    if last.form != "지" or last.tag[0] != "E" or now.form not in {"그래", "그래요", "그러", "그렇"} or now.start <= last.end:
        return None
    items.pop()
    return Morpheme(ADVICE, "EF", last.start, last.end)


def _title(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """고객 + 님: one noun."""
    if now.form != "님" or now.tag != "XSN" or items[-1].tag not in {"NNG", "NNP"}:
        return None
    last = items.pop()
    return Morpheme(last.form + "님", last.tag, last.start, now.end)


def _humble(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """부탁 + 드리, 말씀 드리: asking and saying, not giving."""
    if now.form == "드리" and items[-1].tag == "NNG" and (items[-1].end == now.start or items[-1].form in _SAID):
        return Morpheme("드리", "XSV", now.start, now.end)
    return None


def _yes_as_you(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """네 + 만큼: 너, not yes."""
    last = items[-1]
    if last.form == "네" and last.tag == "IC" and now.tag in {"JKB", "JX"} and now.start == last.end and now.form != "요":
        items[-1] = Morpheme("너", "NP", last.start, last.end)
        return now
    return None


def _broken_latin(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """She + rry: one Latin word."""
    if now.tag != "SL" or items[-1].tag != "SL" or items[-1].end != now.start:
        return None
    last = items.pop()
    return Morpheme(last.form + now.form, "SL", last.start, now.end)


_REPAIRS: tuple[Repair, ...] = (
    _honorific_as_noun,
    _contracted_quotation,
    _recover,
    _conjecture,
    _advice,
    _title,
    _humble,
    _yes_as_you,
    _broken_latin,
)
