"""What tells a true sentence about a dialogue from a false one, as named numbers.

Each feature compares the sentence with the dialogue (or counts what the comparison rests on); none looks at the sentence's words alone
but those under `unsaid`, which weigh a word that nobody said by how often true summaries bring such a word.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from yoyak.summarize.claims import Claim, Heard, Said
from yoyak.text import quantities
from yoyak.text.alike import ALIKE_TO
from yoyak.text.quantities import Quantity

Features = dict[str, float]
_COMPOUND = 0.7  # what a word counts that the dialogue holds only within another, or that holds another
_NEAR = 1
_YES = frozenset("네 예 응 어 그래 그래요 좋 알 물론 당연 그럼 괜찮 콜 오케이 되 ㅇㅋ 찬성".split())
_NO = frozenset("아니 아니요 아뇨 안 못 싫 없 않 말 됐 괜찮 어렵 힘들 곤란 무리 미안 죄송 근데 지만 반대 거절".split())
_CUES = frozenset("안 못 없 않 싫 말 괜찮 그래 알 좋 되 됐 아니 네 죄송 미안 아직 이미 벌써 다시 그냥 대신".split())
_ACCEPTING = frozenset("받아들이 수락 동의 찬성 승낙 허락 따르 응하 들어주 합의".split())


@dataclass(frozen=True, slots=True)
class Item:
    """A word or quantity of a claim: its weight, and how well each clause of the dialogue holds it (index -> 0..1)."""

    text: str
    kind: str
    weight: float
    held: dict[int, float]


class Index:
    """A dialogue made ready to be compared with many sentences."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard
        self.said: Sequence[Said] = heard.clauses
        self.turns = len(heard.dialogue.turns)
        self.speakers = [turn.speaker for turn in heard.dialogue.turns]
        holding: dict[str, dict[int, float]] = defaultdict(dict)
        for place, clause in enumerate(self.said):
            for word in clause.words:
                holding[word][place] = 1.0
        self._holding = dict(holding)
        self._long = [word for word in self._holding if len(word) > 1]
        self._known: dict[str, dict[int, float]] = {}

    @cached_property
    def most(self) -> float:
        """The weight of a word that one turn holds, or none."""
        return math.log(1 + max(1, self.turns))

    def word(self, form: str) -> Item:
        """A word of a sentence."""
        if form not in self._known:
            held = dict(self._holding.get(form, {}))
            if not held and len(form) > 1:
                for other in self._long:
                    if form in other or other in form:
                        for place in self._holding[other]:
                            held[place] = _COMPOUND
            self._known[form] = held
        return self._item(form, "word", self._known[form])

    def quantity(self, quantity: Quantity) -> Item:
        """A quantity of a sentence."""
        held = {place: 1.0 for place, clause in enumerate(self.said) if any(quantities.same(quantity, q) for q in clause.quantities)}
        return self._item(quantity.text, quantity.kind, held)

    def _item(self, text: str, kind: str, held: dict[int, float]) -> Item:
        turns = len({self.said[place].turn for place in held})
        return Item(text, kind, math.log(1 + self.turns / turns) if turns else self.most, held)


@dataclass
class _Match:
    """A claim beside the dialogue: how much of its weight each turn and each clause holds."""

    claim: Claim
    items: list[Item]
    total: float
    turn: list[float]
    clause: list[float]

    @property
    def best(self) -> int:
        """The turn that holds most."""
        return max(range(len(self.turn)), key=lambda i: (self.turn[i], -i))


def _matched(claim: Claim, index: Index) -> _Match:
    items = [index.word(form) for form in dict.fromkeys(claim.words)] + [index.quantity(q) for q in claim.quantities]
    turn, clause = [0.0] * index.turns, [0.0] * len(index.said)
    for item in items:
        best: dict[int, float] = {}
        for place, strength in item.held.items():
            clause[place] += item.weight * strength
            at = index.said[place].turn
            best[at] = max(best.get(at, 0.0), strength)
        for at, strength in best.items():
            turn[at] += item.weight * strength
    return _Match(claim, items, sum(item.weight for item in items), turn, clause)


def features(claims: Sequence[Claim], index: Index) -> Features:
    """All features of a sentence."""
    matches = [_matched(claim, index) for claim in claims]
    found: Features = Counter()  # type: ignore[assignment]
    found["bias"] = 1.0
    if not matches or not index.turns:
        found["empty"] = 1.0
        return dict(found)
    for part in (_covering(matches, index), _places(matches, index), _speakers(matches, index), _denials(matches, index)):
        for name, value in part:
            found[name] += value
    return {name: value for name, value in found.items() if value}


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _covering(matches: Sequence[_Match], index: Index) -> Iterator[tuple[str, float]]:
    """What nobody said."""
    items = [item for match in matches for item in match.items]
    total = sum(item.weight for item in items)
    unsaid = [item for item in items if not item.held]
    compound = [item for item in items if item.held and max(item.held.values()) < 1]
    yield "unsaid", _share(sum(item.weight for item in unsaid), total)
    yield "unsaid-count", math.log1p(len(unsaid))
    yield "compound", _share(sum(item.weight for item in compound), total)
    run = longest = 0
    for item in items:
        run = 0 if item.held else run + 1
        longest = max(longest, run)
    yield "unsaid-run", float(min(longest, 4))
    yield "unsaid-last", _share(sum(i.weight for i in matches[-1].items if not i.held), matches[-1].total)
    shares = [_share(sum(i.weight for i in m.items if not i.held), m.total) for m in matches if len(m.items) > 1]
    yield "unsaid-most", max(shares, default=0.0)
    for item in unsaid:
        if item.kind == "word":
            yield f"unsaid:{item.text}", 1.0
        else:
            yield "quantity-unsaid", 1.0
            yield f"{item.kind}-unsaid", 1.0


def _places(matches: Sequence[_Match], index: Index) -> Iterator[tuple[str, float]]:
    """Whether what a claim puts together was said together."""
    n = len(matches)
    for match in matches:
        if not match.total:
            continue
        said = sum(item.weight for item in match.items if item.held)
        best = match.best
        near = 0.0
        far = 0.0
        for item in match.items:
            if item.held:
                gap = min(abs(index.said[place].turn - best) for place in item.held)
                near += item.weight * (gap <= _NEAR)
                far += item.weight * (gap > 3)
                if item.kind != "word":
                    yield "quantity-apart", float(gap > _NEAR) / n
        yield "one-clause", _share(max(match.clause, default=0.0), said) / n
        yield "one-turn", _share(match.turn[best], said) / n
        yield "near", _share(near, said) / n
        yield "far", _share(far, said) / n
        yield from _pairs(match, index, n)
        yield from _rivals(match, index)


def _rivals(match: _Match, index: Index) -> Iterator[tuple[str, float]]:
    """Where the rest of the claim was said: was this quantity, day or relative said there, or another in its place?"""
    words = len(match.items) - len(match.claim.quantities)
    for place, item in enumerate(match.items):
        group = ALIKE_TO.get(item.text, ()) if place < words else ()
        if place < words and not group:
            continue
        what = "word" if place < words else "quantity"
        rest = [value - item.weight * item.held.get(at, 0.0) for at, value in enumerate(match.clause)]
        best = max(range(len(rest)), key=lambda at: rest[at], default=0)
        if not rest or rest[best] <= 0:
            yield f"rival-{what}-alone", 1.0
            continue
        turn = index.said[best].turn
        for name, clauses in (
            ("clause", [index.said[best]]),
            ("turn", [c for c in index.said if c.turn == turn]),
            ("near", [c for c in index.said if abs(c.turn - turn) <= _NEAR]),
        ):
            if place < words:
                here, other = _words_there(item.text, group, clauses)
            else:
                here, other = _quantities_there(match.claim.quantities[place - words], clauses)
            yield f"rival-{what}-{name}-{'here' if here else 'gone'}-{'other' if other else 'alone'}", 1.0


def _words_there(word: str, group: Sequence[str], clauses: Sequence[Said]) -> tuple[bool, bool]:
    said = {other for clause in clauses for other in clause.words}
    return word in said, any(other in said for other in group if other != word)


def _quantities_there(quantity: Quantity, clauses: Sequence[Said]) -> tuple[bool, bool]:
    alike = [quantities.same(quantity, q) for c in clauses for q in c.quantities if q.kind == quantity.kind and q.unit == quantity.unit]
    return any(quantities.same(quantity, q) for c in clauses for q in c.quantities), not all(alike)


def _pairs(match: _Match, index: Index, n: int) -> Iterator[tuple[str, float]]:
    """Neighbours in the claim: in one clause, in one turn, or apart?"""
    held = [item for item in match.items if item.held]
    clause = turn = apart = 0
    for one, other in pairwise(held):
        turns = {index.said[p].turn for p in one.held}, {index.said[p].turn for p in other.held}
        together = bool(one.held.keys() & other.held.keys())
        clause += together
        turn += not together and bool(turns[0] & turns[1])
        apart += not together and min(abs(a - b) for a in turns[0] for b in turns[1]) > 1
    count = max(1, len(held) - 1)
    yield "pair-clause", clause / count / n
    yield "pair-turn", turn / count / n
    yield "pair-apart", apart / count / n


def _speakers(matches: Sequence[_Match], index: Index) -> Iterator[tuple[str, float]]:
    """Whether those to whom the claims are given said such things, in such a manner."""
    yield from _sequence(matches, index)
    named = [m for m in matches if m.claim.who is not None and m.total]
    yield "nobody", float(not named)
    worst = 1.0
    for match in named:
        who = match.claim.who
        mine = [i for i in range(index.turns) if index.speakers[i] == who]
        others = [i for i in range(index.turns) if index.speakers[i] != who]
        own = max((match.turn[i] for i in mine), default=0.0)
        other = max((match.turn[i] for i in others), default=0.0)
        scale = match.total + 1.0
        gap = (own - other) / scale
        only = _only(match, index, who) / scale
        how = "relative" if match.claim.relative else "own" if match.claim.own else "inherited"
        manner = match.claim.manner
        yield "gap", gap
        yield f"gap-{how}", gap
        yield f"gap-{manner}", gap
        yield f"gap:{match.claim.verb}", gap
        yield "only", only
        yield f"only-{manner}", only
        yield f"only-{how}", only
        if match.claim.actor is not None:
            yield "gap-actor", gap
        worst = min(worst, gap)
        yield from _manners(match, index, mine, others, scale)
    yield "gap-worst", worst if named else 0.0


def _sequence(matches: Sequence[_Match], index: Index) -> Iterator[tuple[str, float]]:
    """Who follows whom: does the speaker of a claim answer the turn on which the claim before it rests, and how?"""
    for before, match in pairwise(matches):
        who, verb = match.claim.who, match.claim.verb
        if who is None or not before.total or before.turn[before.best] <= 0:
            continue
        at = before.best
        same = index.speakers[at] == who
        yield f"follows-{match.claim.manner}-{'same' if same else 'other'}", 1.0
        yield f"follows:{verb}-{'same' if same else 'other'}", 1.0
        reply = next((i for i in range(at + 1, index.turns) if index.speakers[i] == who), None)
        if reply is not None and not same:
            clauses = [c for c in index.said if c.turn == reply]
            yes = any(c.forms & _YES or c.polarity == "yes" for c in clauses)
            no = any(c.forms & _NO or c.polarity == "no" for c in clauses)
            mood = "denied" if any(act.denied for act in match.claim.acts) else "told"
            reply_kind = "both" if yes and no else "yes" if yes else "no" if no else "open"
            yield f"reply:{mood}:{verb}|{reply_kind}", 1.0
            yield f"reply-{mood}-{match.claim.manner}|{reply_kind}", 1.0


def _only(match: _Match, index: Index, who: str | None) -> float:
    """Weight of the words that this speaker alone says, less those that others alone say."""
    total = 0.0
    for item in match.items:
        speakers = {index.said[place].speaker for place in item.held}
        if speakers:
            total += item.weight * ((speakers == {who}) - (who not in speakers))
    return total


def _manners(match: _Match, index: Index, mine: Sequence[int], others: Sequence[int], scale: float) -> Iterator[tuple[str, float]]:
    """What the speaker does in the clause that fits best, and what others do in theirs; the turns before and after."""
    label = match.claim.manner if match.claim.manner != "plain" else f"plain:{match.claim.verb}"
    for side, turns in (("own", set(mine)), ("other", set(others))):
        places = [p for p, clause in enumerate(index.said) if clause.turn in turns and match.clause[p] > 0]
        if not places:
            continue
        best = max(places, key=lambda p: match.clause[p])
        strength = match.clause[best] / scale
        kind = index.said[best].kind or ("ask" if index.said[best].asks else "open")
        yield f"{label}|{side}|{kind}", strength
        yield f"{match.claim.manner}|{side}|{kind}", strength


def _denials(matches: Sequence[_Match], index: Index) -> Iterator[tuple[str, float]]:
    """Whether what is told or denied was told or denied."""
    n = len(matches)
    for match in matches:
        if not match.total:
            continue
        best = match.best
        window = [p for p, clause in enumerate(index.said) if abs(clause.turn - best) <= _NEAR]
        cues = {cue for place in window for cue in index.said[place].forms & _CUES}
        for act in match.claim.acts:
            if act.stem not in ("하", "이", "있"):
                for cue in cues:
                    yield f"cue:{'not-' if act.denied else ''}{act.stem}|{cue}", 1.0
            same = opposite = 0.0
            for place in window:
                clause = index.said[place]
                for other in clause.acts:
                    if other.stem == act.stem and other.stem not in ("하", "이"):
                        if other.denied == act.denied:
                            same = 1.0
                        elif not clause.asks:
                            opposite = 1.0
            told = "denied" if act.denied else "told"
            yield f"{told}-same", same / n
            yield f"{told}-opposite", opposite * (1 - same) / n
            yield f"{told}-both", opposite * same / n
            yield f"{told}-unsaid", (1 - same) * (1 - opposite) / n
        yield from _tone(match, index, n)


def _tone(match: _Match, index: Index, n: int) -> Iterator[tuple[str, float]]:
    """Denials and consents in the sentence beside those in the clause that fits best and in the speaker's turns around it."""
    denied = sum(act.denied for act in match.claim.acts)
    consents = any(act.stem in _ACCEPTING for act in match.claim.acts)
    mood = ("refuse" if denied and consents else "accept" if consents else "denied" if denied else "told") + (
        "-decide" if match.claim.manner in ("decide", "promise") else ""
    )
    place = max(range(len(index.said)), key=lambda p: match.clause[p], default=None)
    if place is None:
        return
    clause = index.said[place]
    negative = any(act.denied for act in clause.acts)
    yield f"{mood}|best-{'denied' if negative else 'told'}{'-asked' if clause.asks else ''}", 1 / n
    around = [c for c in index.said if abs(c.turn - clause.turn) <= _NEAR and (match.claim.who is None or c.speaker == match.claim.who)]
    yes = sum(bool(c.forms & _YES) or c.polarity == "yes" for c in around)
    no = sum(bool(c.forms & _NO) or c.polarity == "no" for c in around)
    if around:
        yield f"{mood}|yes", yes / len(around) / n
        yield f"{mood}|no", no / len(around) / n
