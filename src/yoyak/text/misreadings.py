"""What Kiwi misreads in speech, put right: 계세요 as a noun, `Karen.` with its full stop, 나았어요 as 나다.

Each repair looks at the morphemes so far and the one that comes, and returns the one to go on with (having changed those before it where
need be) or None when it has nothing to mend. Seen in kiwipiepy 0.24 on its default model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise, zip_longest

from yoyak.text.morphemes import Morpheme

#: The ending that -지 그래(요)? becomes: advice in the form of a question.
ADVICE = "지그래"

_HONORIFIC_STEMS = {"계": "계시", "주무": "주무시", "드세": "드시", "계세": "계시"}
_ABBREVIATION = re.compile(r"(?:Mr|Mrs|Ms|Dr|St|Jr|Prof|[A-Za-z])\.|.*\..*\.")

# 나 영어학과에서 공부해 (no name), 오른쪽으로 도세요 (turning).
_RENAMED = {
    ("나", "NNP"): ("나", "NP"),
    ("나", "NNG"): ("나", "NP"),
    ("너", "NNP"): ("너", "NP"),
    ("너", "NNG"): ("너", "NP"),
    ("도", "VV"): ("돌", "VV"),
}
_BARE_VERBS = frozenset({"가.", "나.", "사.", "자.", "차.", "타.", "파."})
_SAID = frozenset({"말씀", "인사", "부탁", "감사", "축하", "사과", "전화", "연락", "안내", "설명"})

Repair = Callable[[list[Morpheme], Morpheme], Morpheme | None]


def mended(morphemes: Sequence[Morpheme]) -> list[Morpheme]:
    """The morphemes with known misreadings mended; characters offsets stay those of the text.

    Example:
        >>> from yoyak.text.morphemes import analyze
        >>> [m.form for m in mended(analyze("다 나았어요."))], [m.form for m in mended(analyze("집에 계세요."))]
        (['다', '낫', '었', '어요', '.'], ['집', '에', '계시', '세요', '.'])
    """
    items: list[Morpheme] = []
    for morpheme, following in zip_longest(morphemes, morphemes[1:]):
        now = _repaired(items, morpheme) if items else morpheme
        if now is None:
            continue
        if now.tag == "SL" and _swallows_stop(now) and (following is None or following.start > now.end):
            items.append(Morpheme(now.form[:-1], "SL", now.start, now.end - 1))
            now = Morpheme(".", "SF", now.end - 1, now.end)
        elif now.tag == "SB" and now.form in _BARE_VERBS:  # 학교에 가. as the first point of a list
            items += [Morpheme(now.form[0], "VV", now.start, now.end - 1), Morpheme("어", "EF", now.start, now.end - 1)]
            now = Morpheme(".", "SF", now.end - 1, now.end)
        elif (now.form, now.tag) in _RENAMED:
            form, tag = _RENAMED[now.form, now.tag]
            now = Morpheme(form, tag, now.start, now.end)
        items.append(now)
    return items


def _repaired(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """The morpheme to go on with; None when it belongs to the one before."""
    last = items[-1]
    if last.form == ADVICE and now.tag[0] == "E":
        return None
    found = _BY_FORM.get(now.form, ()) + _BY_LAST.get(last.form, ())
    for repair in (*found, _broken_latin) if now.tag == "SL" else found:
        better = repair(items, now)
        if better is not None:
            return better
    return now


def _swallows_stop(now: Morpheme) -> bool:
    """`Karen.` at the end of a sentence, but no abbreviation (Mr., a.m.)."""
    return now.form.endswith(".") and len(now.form) > 1 and not _ABBREVIATION.fullmatch(now.form)


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


def _come_to_mind(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """생각이 + 드시, 마음에 + 드시: 들다, not eating."""
    if now.form != "드시" or items[-1].tag not in {"JKS", "JKB"} or items[-1].form not in {"이", "가", "에"}:
        return None
    items.append(Morpheme("들", "VV", now.start, now.end))
    return Morpheme("시", "EP", now.start, now.end)


def _this_as_copula(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """이 + 이 + 건: 이것은, not whatever it be."""
    if now.form != "건" or len(items) < 2 or items[-1].tag != "VCP" or items[-2].form not in {"이", "그", "저"} or items[-2].tag != "NP":
        return None
    items.pop()
    pronoun = items.pop()
    items.append(Morpheme(pronoun.form + "것", "NP", pronoun.start, now.end))
    return Morpheme("ᆫ", "JX", now.start, now.end)


def _noodles(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """너 + 라면: if I were you, no noodles."""
    last = items[-1]
    if now.form != "라면" or now.tag != "NNG" or last.tag != "NP" or last.end != now.start:
        return None
    items.append(Morpheme("이", "VCP", now.start, now.start))
    return Morpheme("라면", "EC", now.start, now.end)


def _yesterday(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """어 + 제 before a number: 어제."""
    if now.form != "제" or now.tag != "XPN" or items[-1].form != "어" or items[-1].end != now.start:
        return None
    return Morpheme("어제", "NNG", items.pop().start, now.end)


def _promise_as_noun(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """내가 낼 + 것 + 이, then no ending: 내가 낼게 in a chat without marks."""
    if len(items) < 4 or [m.form for m in items[-3:]] != ["ᆯ", "것", "이"] or items[-1].tag != "VCP" or now.tag[0] == "E":
        return None
    first = items[-3]
    items[-3:] = [Morpheme("ᆯ게", "EF", first.start, items[-1].end)]
    return now


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
    """She + rry, www + . + example.com: one Latin word."""
    size = 2 if len(items) > 1 and items[-1].form == "." and items[-1].tag == "SF" else 1
    parts = [*items[-size:], now]
    glued = all(one.end == other.start for one, other in pairwise(parts))
    if now.tag != "SL" or parts[0].tag != "SL" or not glued:
        return None
    del items[-size:]
    return Morpheme("".join(part.form for part in parts), "SL", parts[0].start, now.end)


def _pronoun_as_copula(items: list[Morpheme], now: Morpheme) -> Morpheme | None:
    """`Karen. 나 왔어` with 이 + 나 behind the full stop: a new sentence begins with 나 (or 야)."""
    last = items[-1]
    if last.tag != "VCP" or last.start != last.end or len(items) < 2 or items[-2].tag != "SF" or now.form not in {"나", "야"}:
        return None
    items.pop()
    return Morpheme(now.form, "NP" if now.form == "나" else "IC", now.start, now.end)


# Which repairs a morpheme's form calls for, and which the form before it: most morphemes call for none.
_BY_FORM: dict[str, tuple[Repair, ...]] = {
    "세요": (_honorific_as_noun,),
    "요": (_honorific_as_noun, _conjecture),
    "어요": (_honorific_as_noun,),
    "드시": (_come_to_mind,),
    "건": (_this_as_copula,),
    "라면": (_noodles,),
    "제": (_yesterday,),
    "그래": (_advice,),
    "그래요": (_advice,),
    "그러": (_advice,),
    "그렇": (_advice,),
    "님": (_title,),
    "드리": (_humble,),
    "나": (_pronoun_as_copula,),
    "야": (_pronoun_as_copula,),
}
_BY_LAST: dict[str, tuple[Repair, ...]] = {
    "하": (_contracted_quotation,),
    "나": (_recover,),
    "네": (_yes_as_you,),
    "이": (_promise_as_noun,),
}
