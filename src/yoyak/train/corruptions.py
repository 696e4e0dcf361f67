"""True and false sentences about a dialogue, made from true ones: what a verifier learns from besides what people wrote.

Each corruption changes one thing and leaves the sentence fluent: who (`speaker`), whether (`negation`), what, when, how many (`detail`), or
puts something in its place that nobody said (`invented`). What would stay true (둘이 함께 ...) or cannot be put right grammatically is not
made: the functions then return None.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from yoyak.models.judgement import Kind
from yoyak.records import Dialogue
from yoyak.text import quantities, tags
from yoyak.text.alike import ALIKE_TO
from yoyak.text.josa import PAIRS, choose
from yoyak.text.morphemes import Morpheme, analyze, join


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence about a dialogue; `kind` is what is wrong with it, None when it is true; `origin` the true sentence that it twists."""

    text: str
    kind: Kind | None = None
    origin: str | None = None


# --- who ---------------------------------------------------------------------------------------------------------------------------

_PAIR_OF = {form: pair for pair in PAIRS for form in pair.split("/") if pair not in ("아/야", "이다/다")}
_JOSA = "|".join(sorted(_PAIR_OF, key=len, reverse=True))
_INVARIANT = "에게서|에게|한테서|한테|께서는|께서|께|의|도|만|부터|까지|처럼|보다|씨|님|쪽|측"
_TOGETHER = re.compile("서로|함께|같이|둘|모두|다 같이|다같이|[가-힣]끼리")


def rename(sentence: str, names: Mapping[str, str]) -> str | None:
    """The sentence with speakers (tags, names or roles) renamed all at once, each josa made to fit.

    None when a name stands where it cannot be told from the word that it is part of.

    Example:
        >>> rename("지훈은 수아에게 책을 준다.", {"지훈": "수아", "수아": "지훈"})
        '수아는 지훈에게 책을 준다.'
        >>> rename("#Person1#이 길을 묻는다.", {"#Person1#": "#Person2#"})
        '#Person2#가 길을 묻는다.'
        >>> rename("지훈이네는 이사한다.", {"지훈": "수아"}) is None
        True
    """
    labels = "|".join(re.escape(label) for label in sorted(names, key=len, reverse=True))
    safe = re.compile(
        rf"(?<![가-힣A-Za-z0-9])(?P<who>{labels})(?:(?P<josa>{_JOSA})(?![가-힣])|(?=(?:{_INVARIANT})(?![가-힣])|[^가-힣A-Za-z0-9]|$))"
    )
    if len(safe.findall(sentence)) != len(re.findall(labels, sentence)):
        return None
    return safe.sub(lambda m: names[m["who"]] + (choose(names[m["who"]], _PAIR_OF[m["josa"]]) if m["josa"] else ""), sentence)


def swap_speakers(sentence: str, dialogue: Dialogue, rng: random.Random) -> str | None:
    """Somebody else says or does it: two speakers change places, or the only one named becomes another.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("#Person1#", "책 빌려줄래?"), Turn("#Person2#", "응.")))
        >>> swap_speakers("#Person1#은 #Person2#에게 책을 빌려 달라고 한다.", talk, random.Random(0))
        '#Person2#는 #Person1#에게 책을 빌려 달라고 한다.'
        >>> swap_speakers("#Person1#과 #Person2#는 함께 떠난다.", talk, random.Random(0)) is None
        True
    """
    named = [label for label in dialogue.labels if label in sentence]
    others = [label for label in dialogue.labels if label not in sentence]
    if len(named) == 1 and others:
        return rename(sentence, {named[0]: rng.choice(others)})
    if len(named) < 2 or _TOGETHER.search(sentence):
        return None
    one, other = rng.sample(named, 2)
    pair = rf"(?:{re.escape(one)}(?:과|와|이랑|랑|하고|,) ?{re.escape(other)}|{re.escape(other)}(?:과|와|이랑|랑|하고|,) ?{re.escape(one)})"
    if re.search(pair, sentence):
        return None
    return rename(sentence, {one: other, other: one})


# --- whether -----------------------------------------------------------------------------------------------------------------------

_OPPOSITES = """
받아들인|거절한 받아들이기|거절하기 동의한|반대한 동의하|반대하 찬성한|반대한 찬성하|반대하 수락한|거절한 승낙한|거절한 승인한|거부한
있다|없다 있어|없어 있으|없으 있는|없는 있지|없지 좋다고|싫다고 가능하|불가능하 늘리|줄이 늘린|줄인 늘려|줄여 올리|내리 올린|내린 올려|내려
인정한|부인한 인정하|부인하 성공|실패 믿는다|의심한다 미루기로|앞당기기로 미루자|앞당기자 미룬|앞당긴 많다|적다 많아|적어
괜찮다고|안_된다고 된다고|안_된다고 충분하|부족하 안전하|위험하 편하|불편하 만족한|실망한 만족하|실망하 쉽다|어렵다 쉬워|어려워
맞다고|틀리다고 필요하|불필요하 일찍|늦게 빨리|늦게 먼저|나중에 남는다|떠난다 사기로|팔기로 취소하기로|그대로_두기로 취소한다|그대로_둔다
허락한다|말린다 기뻐한|슬퍼한 기뻐하|슬퍼하 칭찬한|나무란 비싸다고|싸다고 길다고|짧다고 크다고|작다고 높다고|낮다고
"""
# (what stands there, what takes its place), both ways
_SWAPS = [
    (one, other)
    for first, _, second in (pair.replace("_", " ").partition("|") for pair in _OPPOSITES.split())
    for one, other in ((first, second), (second, first))
]
_STEMS = ("VV", "VA", "VX", "XSV", "XSA")
_QUOTING = frozenset("다고 ᆫ다고 는다고 라고 으라고 자고 려고 으려고 다며 ᆫ다며 는다며 자며 라며 으라며".split())
_TELLING = frozenset({"다", "ᆫ다", "는다"})


def negate(sentence: str, rng: random.Random) -> str | None:
    """The opposite: an opposite word, or the predicate that counts (what is told, decided, done) negated or no longer negated.

    A negation that is there is taken out rather than another put in, so that a 않다 does not give the false ones away.

    Example:
        >>> negate("지훈은 내일 가지 않기로 한다.", random.Random(0))
        '지훈은 내일 가기로 한다.'
        >>> negate("수아는 책을 빌려 달라고 하고 지훈은 거절한다.", random.Random(1))
        '수아는 책을 빌려 달라고 하고 지훈은 받아들인다.'
        >>> negate("수아는 책을 산다고 한다.", random.Random(0))
        '수아는 책을 사지 않는다고 한다.'
    """
    items = analyze(sentence)
    affirmed = [new for at in range(len(items)) if (new := _affirmed(sentence, items, at))]
    if affirmed:
        return rng.choice(affirmed)
    swaps = [(one, other) for one, other in _SWAPS if re.search(rf"(?<![가-힣]){re.escape(one)}", sentence)]
    if swaps and rng.random() < 0.8:
        one, other = rng.choice(swaps)
        return re.sub(rf"(?<![가-힣]){re.escape(one)}", other, sentence, count=1)
    places = [at for at in range(len(items)) if _counts(items, at)]
    return _denied(sentence, items, rng.choice(places)) if places else None


def _stem_of(items: Sequence[Morpheme], at: int) -> int:
    """The index of the stem before the ending at `at`, prefinals passed over; -1 for none."""
    place = at - 1
    while place >= 0 and items[place].tag == "EP":
        place -= 1
    return place if place >= 0 and items[place].tag.split("-")[0] in _STEMS else -1


def _replaced(sentence: str, items: Sequence[Morpheme], first: int, last: int, made: Sequence[tuple[str, str]]) -> str:
    """The sentence with the morphemes first..last (and those that share characters with them) said as `made`."""
    lead: list[tuple[str, str]] = []
    while first and items[first - 1].end > items[first].start:
        first -= 1
        lead.insert(0, (items[first].form, items[first].tag))
    return sentence[: items[first].start] + join([*lead, *made]) + sentence[items[last].end :]


def _affirmed(sentence: str, items: Sequence[Morpheme], at: int) -> str | None:
    """Without the negation at `at`: 가지 않는다 -> 간다, 가지 말라고 -> 가라고."""
    if items[at].form not in ("않", "못하", "말") or items[at].tag.split("-")[0] != "VX" or at < 2 or items[at - 1].form != "지":
        return None
    stem = _stem_of(items, at - 1)
    last = at + 1
    while last < len(items) and items[last].tag == "EP":
        last += 1
    if stem < 0 or last >= len(items) or items[last].tag not in ("EC", "EF", "ETN", "ETM"):
        return None
    ending = items[last].form
    if items[stem].tag.split("-")[0] in ("VA", "XSA") and ending.startswith(("는다", "ᆫ다")):
        ending = ending.removeprefix("는").removeprefix("ᆫ")
    middle = [(m.form, m.tag) for m in (*items[stem : at - 1], *items[at + 1 : last])]
    return _replaced(sentence, items, stem, last, [*middle, (ending, items[last].tag)])


def _counts(items: Sequence[Morpheme], at: int) -> bool:
    """Whether an ending stands there whose predicate is what the sentence is about: told, decided or, without these, done."""
    stem = _stem_of(items, at)
    if stem < 0 or items[stem].form in ("않", "못하", "말", "싶", "있", "없", "아니", "모르", "알", "이", "달"):
        return False
    if stem and items[stem - 1].form in ("못", "안"):
        return False
    following = items[at + 1].form if at + 1 < len(items) else ""
    if items[at].form in _QUOTING or (items[at].form == "기" and following == "로"):
        return True
    told = any(m.form in _QUOTING or (m.form == "기" and n.form == "로") for m, n in pairwise(items))
    return items[at].form in _TELLING and items[at].tag == "EF" and not told and items[stem].form != "하"


def _denied(sentence: str, items: Sequence[Morpheme], at: int) -> str:
    stem = _stem_of(items, at)
    ending = items[at].form
    word = "말" if ending.startswith(("라", "으라", "자")) else "않"
    adjective = items[stem].tag.split("-")[0] in ("VA", "XSA")
    prefinals = [(m.form, m.tag) for m in items[stem + 1 : at]]
    if word == "말":
        ending = ending.removeprefix("으")
    elif ending.startswith(("ᆫ다", "는다")) and not adjective:
        ending = "는" + ending.removeprefix("ᆫ").removeprefix("는")
    made = [(items[stem].form, items[stem].tag), ("지", "EC"), (word, "VX"), *prefinals, (ending, items[at].tag)]
    return _replaced(sentence, items, stem, at, made)


# --- what, when, how many ----------------------------------------------------------------------------------------------------------

_SINO = "일이삼사오육칠팔구"
_NATIVE = ("한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열")


def change_detail(sentence: str, dialogue: Dialogue, rng: random.Random) -> str | None:
    """Another number, time, day, place or thing; one that occurs elsewhere in the dialogue where there is one.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("지훈", "세 시에 볼까, 다섯 시에 볼까?"), Turn("수아", "세 시에 봐.")))
        >>> change_detail("둘은 세 시에 보기로 한다.", talk, random.Random(0))
        '둘은 다섯 시에 보기로 한다.'
    """
    ways = [_change_quantity, _change_word, _change_noun]
    weights = [4, 4, 1]
    while ways:
        [way] = rng.choices(ways, weights[: len(ways)])
        made = way(sentence, dialogue, rng)
        if made is not None and made != sentence:
            return made
        weights.pop(ways.index(way))
        ways.remove(way)
    return None


def _put(sentence: str, start: int, end: int, word: str) -> str:
    """The sentence with `word` at start..end, a josa behind it made to fit."""
    rest = sentence[end:]
    found = re.match(rf"(?:{_JOSA})(?![가-힣])", rest)
    if found:
        rest = choose(word, _PAIR_OF[found[0]]) + rest[found.end() :]
    return sentence[:start] + word + rest


def _change_quantity(sentence: str, dialogue: Dialogue, rng: random.Random) -> str | None:
    found = [q for q in quantities.find(sentence) if not q.text.startswith("한")]  # 한 번, 한도: hardly ever a figure
    if not found:
        return None
    old = rng.choice(found)
    said = quantities.find("\n".join(turn.text for turn in dialogue.turns))
    others = [q.text for q in said if q.kind == old.kind and q.unit == old.unit and not quantities.same(q, old)]
    word = rng.choice(others) if others and rng.random() < 0.7 else _other_figure(old.text, rng)
    if word is None:
        return None
    made = quantities.find(word)
    if made and any(quantities.same(q, old) for q in made):
        return None
    start = sentence.index(old.text, max(0, old.start))
    return _put(sentence, start, start + len(old.text), word)


def _other_figure(text: str, rng: random.Random) -> str | None:
    """The same figure with one digit or numeral changed."""
    places = [i for i, letter in enumerate(text) if letter in "123456789"] or [i for i, letter in enumerate(text) if letter in _SINO]
    if places:
        place = rng.choice(places[:2])
        kind = "123456789" if text[place].isdigit() else _SINO
        return text[:place] + rng.choice([letter for letter in kind if letter != text[place]]) + text[place + 1 :]
    for word in sorted(_NATIVE, key=len, reverse=True):
        if text.startswith(word):
            return rng.choice([other for other in _NATIVE[1:-1] if other != word]) + text[len(word) :]
    return None


def _change_word(sentence: str, dialogue: Dialogue, rng: random.Random) -> str | None:
    items = analyze(sentence)
    suffixed = {i for i in range(len(items) - 1) if items[i + 1].tag.startswith("XS")}  # 할머니 in 할머니님, 전화 in 전화하다
    found = [m for i, m in enumerate(items) if m.form in ALIKE_TO and sentence[m.start : m.end] == m.form and i not in suffixed]
    if not found:
        return None
    old = rng.choice(found)
    others = [word for word in ALIKE_TO[old.form] if word not in sentence]
    said = [word for word in others if word in dialogue.text]
    return _put(sentence, old.start, old.end, rng.choice(said or others)) if others else None


def _change_noun(sentence: str, dialogue: Dialogue, rng: random.Random) -> str | None:
    """A noun exchanged for one that the dialogue holds in the same role (before the same josa)."""
    mine = _nouns(sentence)
    theirs = [(word, role) for turn in dialogue.turns for word, role, _, _ in _nouns(turn.text) if word not in sentence]
    places = [(start, end, [word for word, r in theirs if r == role]) for _, role, start, end in mine]
    places = [place for place in places if place[2]]
    if not places:
        return None
    start, end, words = rng.choice(places)
    return _put(sentence, start, end, rng.choice(words))


def _nouns(text: str) -> list[tuple[str, str, int, int]]:
    """(noun, role, start, end) of the nouns of two letters and more that stand alone before a josa."""
    items = analyze(text)
    return [
        (m.form, items[i + 1].tag + items[i + 1].form[-1:], m.start, m.end)
        for i, m in enumerate(items[:-1])
        if m.tag in ("NNG", "NNP")
        and len(m.form) > 1
        and not tags.is_tag(m.form)
        and text[m.start : m.end] == m.form
        and items[i + 1].tag in ("JKO", "JKB")
        and (i == 0 or items[i - 1].end < m.start)
    ]


# --- never said --------------------------------------------------------------------------------------------------------------------


def invent(sentence: str, dialogue: Dialogue, stranger: tuple[str, Sequence[str]], rng: random.Random) -> str | None:
    """What was said in another dialogue, put into these speakers' mouths: the whole sentence, or its end behind this one's beginning.

    Args:
        sentence: A sentence about this dialogue.
        dialogue: This dialogue.
        stranger: A sentence about another dialogue, and that dialogue's speakers.
        rng: Where the draws come from.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("지훈", "밥 먹었어?"), Turn("수아", "아직.")))
        >>> invent("지훈은 밥을 먹었는지 묻는다.", talk, ("#Person1#은 표를 산다.", ("#Person1#",)), random.Random(1))
        '지훈은 표를 산다.'
    """
    other, labels = stranger
    named = [label for label in labels if label in other]
    if len(named) > len(dialogue.labels):
        return None
    told = [label for label in dialogue.labels if label in sentence]
    mine = [*told, *(label for label in dialogue.labels if label not in told)]
    renamed = rename(other, dict(zip(named, mine, strict=False))) if named else other
    if renamed is None or renamed == sentence:
        return None
    head, comma, tail = sentence.partition(", ")
    _, behind, end = renamed.partition(", ")
    if comma and behind and "," not in tail + end and rng.random() < 0.6:
        return f"{head}, {end}"
    return renamed


# --- true ones ---------------------------------------------------------------------------------------------------------------------


def last_clause(sentence: str, labels: Sequence[str]) -> str | None:
    """The end of a true sentence, true by itself, where it has its own speaker as subject.

    Example:
        >>> last_clause("지훈이 책을 찾자, 수아는 도서관에 있다고 한다.", ("지훈", "수아"))
        '수아는 도서관에 있다고 한다.'
    """
    head, comma, tail = sentence.rpartition(", ")
    subject = re.match(rf"(?:{'|'.join(map(re.escape, labels))})(?:은|는|이|가)(?= )", tail) if comma and labels else None
    return tail if subject and len(tail) > 15 and len(head) > 8 else None


def corrupt(
    sentence: str, kind: Kind, dialogue: Dialogue, stranger: tuple[str, Sequence[str]] | None, rng: random.Random
) -> Statement | None:
    """A false statement of that kind made from a true sentence; None where it cannot be made."""
    ways: Mapping[Kind, Callable[[], str | None]] = {
        "speaker": lambda: swap_speakers(sentence, dialogue, rng),
        "negation": lambda: negate(sentence, rng),
        "detail": lambda: change_detail(sentence, dialogue, rng),
        "invented": lambda: None if stranger is None else invent(sentence, dialogue, stranger, rng),
    }
    made = ways[kind]()
    return None if made is None or made == sentence else Statement(made, kind, sentence)
