"""What a summary's sentence claims of whom, and what a dialogue's clauses say: the two sides that a verifier compares.

A sentence is cut at its connectives and adnominal endings into claims, each with the speaker who says or does it (its own subject, the
topic before it, or the noun that a relative clause describes), the manner (told, asked, proposed, decided ...), its words and predicates.
It is a shallow reading: what is inherited is marked as such, and a claim without anybody stays without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from yoyak.metrics.evidence import content
from yoyak.records import Dialogue
from yoyak.text import clauses, predicates, quantities, speech_acts, tags
from yoyak.text.morphemes import Morpheme, analyze
from yoyak.text.quantities import Quantity

#: Predicates that are another's opposite: stem -> the stem that it denies.
OPPOSITE: Mapping[str, str] = dict(
    pair.split("|")
    for pair in (
        "없|있 아니|이 모르|알 싫|좋 싫어하|좋아하 틀리|맞 실패|성공 불가능|가능 거절|받아들이 거부|받아들이 사양|받아들이 마다|받아들이 "
        "반대|찬성 내리|올리 줄이|늘리 줄|늘 낮추|높이 나쁘|좋 부족|충분 모자라|충분 위험|안전 "
        "불편|편하 부인|인정 의심|믿 나가|들어오 팔|사 "
        "떨어지|붙 닫|열 끄|켜 잃어버리|찾 미루|앞당기 비싸|싸 크|작 길|짧 많|적 빠르|늦 빠르|느리 늦|이르 어렵|쉽 덥|춥"
    ).split()
)
#: Verbs and nouns of saying -> the manner that they name (도움을 요청한다, 여행을 제안한다).
SAYING: Mapping[str, str] = {
    verb: manner
    for manner, verbs in (
        ("propose", "제안 제의 권유"),
        ("command", "권 권하 권장 추천 조언 충고 지시 당부 명령 시키"),
        ("request", "요청 부탁 주문 요구 청하 조르"),
        ("ask", "묻 질문 문의 물어보"),
        ("promise", "약속 다짐 장담"),
        ("say", "말 말하 설명 알리 알려주 대답 답 답하 전하 이야기 언급 주장 강조 고백 털어놓 소개 지적 보고"),
        ("decide", "결정 결심 정하"),
    )
    for verb in verbs.split()
}
_STEMS = ("VV", "VA", "VX", "VCP", "VCN", "XSV", "XSA")
_ENDINGS = ("EC", "EF", "ETM", "ETN")
_SUBJECT = frozenset("이 가 은 는 께서 도 만".split())
_HEARER = frozenset("에게 한테 께 더러 보고".split())
# 간다며 ends a clause of its own, 간다고 waits for its verb.
_MANNERS = (
    (re.compile(r"자(고|며|면서|는)$|자(?:ᆫ)$"), "propose"),
    (re.compile(r"(냐|느냐|으냐)(고|며|면서|는)$|^(는지|ᆫ지|은지|ᆯ지|을지)$"), "ask"),
    (re.compile(r"^(으)?(라|려)(고|며|면서|는)$"), "command"),
    (re.compile(r"(다|라)(고|며|면서|는)$|(?:다|라)ᆫ$"), "say"),
)
_OPEN = re.compile(r"(고|지)$")  # a quotation's ending that its verb follows


@dataclass(frozen=True, slots=True)
class Act:
    """A predicate: its stem (nouns with 하다 by their noun) and whether it is denied; a stem of :data:`OPPOSITE` counts as denied."""

    stem: str
    denied: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One clause of a turn: whose, what it holds, and what is done with it ("" where the form leaves that open)."""

    turn: int
    speaker: str
    words: frozenset[str]
    acts: tuple[Act, ...]
    quantities: tuple[Quantity, ...]
    kind: str
    asks: bool
    polarity: str
    forms: frozenset[str]


@dataclass(frozen=True)
class Heard:
    """A dialogue as it was said.

    Args:
        dialogue: The dialogue.
        morphemes: Of each turn.
        words: The content words of each turn, quantities left out.
        quantities: Of each turn.
        clauses: All clauses, in order.
    """

    dialogue: Dialogue
    morphemes: Sequence[Sequence[Morpheme]]
    words: list[list[str]]
    quantities: list[list[Quantity]]
    clauses: list[Said]


@dataclass
class Claim:
    """A part of a sentence.

    Args:
        who: The speaker who says or does it; None when nobody is named.
        own: Whether that speaker is its own subject, not inherited.
        actor: Another speaker who is the subject within what is said.
        hearer: The speaker to whom it is said or done.
        manner: say, ask, propose, command, request, promise, intend, decide or plain.
        verb: The stem of its last predicate.
        relative: It describes the noun behind it.
        words: Content words, in order.
        quantities: Its quantities.
        acts: Its predicates, in order.
    """

    who: str | None = None
    own: bool = False
    actor: str | None = None
    hearer: str | None = None
    manner: str = "plain"
    verb: str = ""
    relative: bool = False
    words: list[str] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)


def heard(dialogue: Dialogue, morphemes: Sequence[Sequence[Morpheme]] | None = None) -> Heard:
    """The dialogue as the comparison needs it."""
    analysed = [analyze(turn.text) for turn in dialogue.turns] if morphemes is None else morphemes
    found = [_quantities(turn.text, items) for turn, items in zip(dialogue.turns, analysed, strict=True)]
    words = [_words(items, some) for items, some in zip(analysed, found, strict=True)]
    said = [clause for turn in range(len(analysed)) for clause in _clauses(dialogue, turn, analysed[turn], found[turn])]
    return Heard(dialogue, analysed, words, found, said)


def _clauses(dialogue: Dialogue, turn: int, items: Sequence[Morpheme], numbers: Sequence[Quantity]) -> Iterator[Said]:
    before = dialogue.turns[turn - 1] if turn else None
    speaker = dialogue.turns[turn].speaker
    answering = before is not None and before.speaker != speaker and "?" in before.text[-3:]
    for sentence in clauses.sentences(items):
        spoken = clauses.clause(sentence)
        found = predicates.predicate(spoken.morphemes) if spoken.morphemes else None
        kind = "" if found is None else speech_acts.act(spoken, found, answering=answering) or ""
        words = frozenset(_words(spoken.morphemes, numbers))
        mine = tuple(q for q in numbers if sentence[0].start <= q.start < sentence[-1].end)
        forms = frozenset(m.form for m in sentence)
        yield Said(turn, speaker, words, acts(spoken.morphemes), mine, kind, spoken.asks, spoken.polarity, forms)


def _quantities(text: str, items: Sequence[Morpheme]) -> list[Quantity]:
    """Those that :mod:`yoyak.text.quantities` finds, and the bare numerals beside them (육천사백을 찾다)."""
    found = quantities.find(text)
    run: list[Morpheme] = []
    for item in (*items, Morpheme("", "", len(text) + 1, len(text) + 1)):
        numeral = item.tag in ("SN", "NR") and not any(q.start <= item.start < q.end for q in found)
        if run and (not numeral or item.start != run[-1].end):
            said = text[run[0].start : run[-1].end]
            if (value := quantities.number(said)) > 0:
                found.append(Quantity("number", value, said, run[0].start, run[-1].end))
            run = []
        if numeral:
            run.append(item)
    return sorted(found, key=lambda q: q.start)


def _words(items: Sequence[Morpheme], numbers: Sequence[Quantity]) -> list[str]:
    return content([m for m in items if not any(q.start <= m.start < q.end for q in numbers)])


def acts(items: Sequence[Morpheme]) -> tuple[Act, ...]:
    """The predicates among morphemes, auxiliaries left out.

    Example:
        >>> acts(analyze("표를 사지 않고 집에 못 가서 거절했다."))
        (Act(stem='사', denied=True), Act(stem='가', denied=True), Act(stem='받아들이', denied=True))
    """
    return tuple(act for at, m in enumerate(items) if (act := _act(items, at)) is not None)


def _act(items: Sequence[Morpheme], at: int) -> Act | None:
    tag = items[at].tag.split("-")[0]
    if tag not in ("VV", "VA", "VCP", "VCN", "XSV", "XSA"):
        return None
    stem = items[at].form
    first = at
    if tag in ("XSV", "XSA") and at:
        stem, first = items[at - 1].form, at - 1
        if stem == "못" and at > 1 and items[at - 2].form == "지":
            return None
    denied = first > 0 and items[first - 1].form in ("안", "못") and items[first - 1].tag == "MAG"
    denied ^= at > 0 and tag in ("XSV", "VV") and items[at - 1].form in ("안", "못") and first != at - 1 and not denied
    for place in range(at + 1, min(at + 4, len(items) - 1)):
        if items[place].form == "지" and items[place].tag == "EC":
            following = items[place + 1 : place + 3]
            denied ^= any(m.form in ("않", "못하", "못", "말") for m in following)
            break
        if items[place].tag != "EP":
            break
    if stem in OPPOSITE:
        return Act(OPPOSITE[stem], not denied)
    return Act(stem, denied)


@lru_cache(maxsize=64)
def _labels(labels: tuple[str, ...]) -> tuple[re.Pattern[str], Mapping[str, str]]:
    """Where labels stand as words of their own, and the tag that takes each one's place, so that Kiwi keeps them whole."""
    stand = {label: label if tags.is_tag(label) else f"#Person{900 + n}#" for n, label in enumerate(labels)}
    one = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    josa = "에게서|에게는|에게|한테서|한테|께서는|께서|께|이라는|라는|이|가|은|는|을|를|과|와|의|도|만|부터|까지|처럼|보다|씨|님|쪽|측"
    return re.compile(rf"(?<![가-힣A-Za-z0-9])(?:{one})(?=(?:{josa})(?![가-힣])|[^가-힣A-Za-z0-9]|(?<=#))"), stand


def claims(sentence: str, labels: Sequence[str]) -> list[Claim]:
    """The claims of a sentence about a dialogue with these speakers.

    Example:
        >>> told = claims("지훈이 책을 빌려 달라고 하자 수아는 집에 없다며 거절한다.", ["지훈", "수아"])
        >>> [(c.who, c.manner, c.words, [(a.stem, a.denied) for a in c.acts]) for c in told][0]
        ('지훈', 'request', ['책', '빌리'], [('빌리', False), ('하', False)])
        >>> [(c.who, c.manner, c.verb) for c in told][1:]
        [('수아', 'say', '있'), ('수아', 'plain', '받아들이')]
    """
    if labels:
        pattern, stand = _labels(tuple(labels))
        sentence = pattern.sub(lambda m: stand[m[0]], sentence)
    else:
        stand = {}
    items = analyze(sentence)
    return _Reader(items, _quantities(sentence, items), {tag: label for label, tag in stand.items()}).read()


class _Reader:
    """One pass over a sentence's morphemes."""

    def __init__(self, items: Sequence[Morpheme], numbers: Sequence[Quantity], names: Mapping[str, str]) -> None:
        self._items, self._numbers, self._names = items, numbers, names
        self._done: list[Claim] = []
        self._now = Claim()
        self._topic: str | None = None
        self._last: str | None = None
        self._counted: set[int] = set()
        self._closes_at: int | None = None

    def read(self) -> list[Claim]:
        for at, item in enumerate(self._items):
            if item.form in self._names:
                self._name(at, self._names[item.form])
            else:
                self._plain(at, item)
        self._close()
        self._inherit()
        return self._done

    def _name(self, at: int, who: str) -> None:
        before = self._items[at - 1] if at else None
        if before is not None and before.tag == "ETM" and self._done and not self._now.words and not self._now.acts:
            self._done[-1].who, self._done[-1].own, self._done[-1].relative = who, True, True
        josa = self._items[at + 1] if at + 1 < len(self._items) else None
        role = josa.form if josa is not None and josa.tag.startswith("J") else ""
        if role in _SUBJECT:
            self._subject(who, topical=josa is not None and josa.tag == "JX")
        elif role in _HEARER:
            self._now.hearer = who

    def _subject(self, who: str, *, topical: bool) -> None:
        if self._now.own and self._now.who != who:
            if self._now.acts:
                self._close()
            elif not topical:
                self._now.actor = who
                return
        elif self._topic is not None and not topical and self._topic != who:
            # 지훈은 … 수아가 가야 한다고 말한다: within what the topic says, else a clause of its own.
            self._now.actor = who
            self._last = who
            return
        self._now.who, self._now.own, self._last = who, True, who
        if topical:
            self._topic = who

    def _plain(self, at: int, item: Morpheme) -> None:
        number = next((n for n, q in enumerate(self._numbers) if q.start <= item.start < q.end), None)
        if number is not None and number not in self._counted:
            self._counted.add(number)
            self._now.quantities.append(self._numbers[number])
        if number is None:
            self._now.words += content([item])
        act = _act(self._items, at)
        if act is not None:
            self._now.acts.append(act)
        if item.tag.split("-")[0] in _ENDINGS:
            self._ending(at, item)

    def _ending(self, at: int, item: Morpheme) -> None:
        following = self._items[at + 1] if at + 1 < len(self._items) else None
        if item.tag == "EC" and following is not None and following.tag.startswith("VX") and not _manner(item):
            return
        manner = _manner(item)
        if manner is not None:
            self._now.manner = self._refined(manner, at)
        elif item.tag == "ETN" and item.form == "기" and following is not None and following.form == "로":
            self._now.manner = "decide"
            return
        elif item.form in ("려고", "으려고"):
            self._now.manner = "intend"
            return
        if item.tag == "ETN":
            return
        if item.tag == "ETM":
            if following is not None and following.form in self._names:
                self._close()
            return
        if manner is not None and _OPEN.search(item.form) and following is not None and following.tag[0] in "VNXM":
            return  # its verb of saying comes
        if following is not None and item.form == "지" and following.form in ("않", "못하", "말"):
            return
        self._close()

    def _refined(self, manner: str, at: int) -> str:
        """A command that asks a favour, a command that is none (학생이라고), a statement of one's own will."""
        place = at - 1
        before = {self._items[i].form for i in range(max(0, at - 2), at)}
        stem = self._items[place]
        while place > 0 and self._items[place].tag == "EP":
            place -= 1
            stem = self._items[place]
        if manner == "command":
            if stem.tag.startswith(("VCP", "VCN")) or not stem.tag.startswith(_STEMS):
                return "say"
            return "request" if stem.form in ("달", "주") and stem.tag == "VX" else "command"
        if manner == "say" and "겠" in before:
            return "promise"
        return manner

    def _close(self) -> None:
        now = self._now
        if now.words or now.acts or now.quantities:
            if now.actor is not None and not now.own and now.manner in ("plain", "decide"):
                now.who, now.own, now.actor = now.actor, True, None  # 지훈은 A하고 수아가 B한다: no quotation, so a new subject
            if not now.own:
                now.who = self._topic or self._last
            now.verb = next((a.stem for a in reversed(now.acts)), "")
            if now.manner == "plain":
                now.manner = SAYING.get(now.verb, "plain")
            self._done.append(now)
        self._now = Claim()

    def _inherit(self) -> None:
        """Claims before the first subject belong to it: 새벽까지 폰을 본다며 지훈이 … ."""
        following: str | None = None
        for claim in reversed(self._done):
            if claim.who is None:
                claim.who = following
            elif claim.own and not claim.relative:
                following = claim.who


def _manner(item: Morpheme) -> str | None:
    if item.tag not in ("EC", "ETM"):
        return None
    return next((manner for pattern, manner in _MANNERS if pattern.search(item.form)), None)
