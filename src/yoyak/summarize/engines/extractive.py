"""The engine without weights: it picks the turns that matter and retells each with its own speaker as subject.

True by construction as far as grammar goes: nothing is said that no turn says, and what somebody said stays in that person's mouth.
What cannot be retold with confidence is passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, tee

from yoyak.errors import UsageError
from yoyak.records import Dialogue, Prediction
from yoyak.summarize import exchanges
from yoyak.summarize.exchanges import Unit
from yoyak.text.endings import STYLES, Style
from yoyak.text.morphemes import Morpheme, analyze_many

_CONTENT = frozenset({"NNG", "NNP", "SL", "SN", "VV", "VA", "XR"})
# Words that every dialogue holds say nothing about this one.
_LIGHT = frozenset("하 있 되 같 보 가 오 없 좋 알 그렇 어떻 이렇 말 생각 것 거 주 들 나 싶 많".split())
_POINTING = frozenset({"그것", "그거", "그", "그렇", "그러", "이것", "거기", "저것"})
_COURTESY = frozenset({"감사", "고맙", "반갑", "죄송", "미안", "환영"})
_DUTY = frozenset({"어야", "아야", "여야"})
# What each sign adds to a unit's worth: ridge regression of ROUGE-1 + ROUGE-L (x 100) on the 28,000 units of the corpus's train split,
# rounded. An exchange tells most, a bare question least; proposals and requests matter, and so does how a dialogue ends.
_KINDS = {"propose": 7.0, "request": 4.5, "command": 4.5, "intend": 1.0, "must": 1.0, "ask": -9.0, "wonder": -4.0}
_BUDGET = 40  # morphemes in the retold clauses of a summary: with frames about the length of a human one and a half


class Extractive:
    """Summaries by rules: :mod:`yoyak.text.indirect` retells the turns that carry most of a dialogue.

    Args:
        ending: How sentences end: 한다, 합니다 or 함.
        sentences: At most so many sentences; a second one is added only while the summary stays short.

    Raises:
        UsageError: There is no such ending style.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("민지", "토요일에 한강에서 자전거 탈래?"), Turn("현우", "토요일엔 결혼식이 있어. 일요일은 괜찮아.")))
        >>> [prediction] = Extractive().summarize([talk])
        >>> prediction.summary, prediction.evidence
        ('민지가 현우에게 토요일에 한강에서 자전거 타겠냐고 묻자, 현우는 토요일엔 결혼식이 있다고 대답한다.', ((1, 2),))
    """

    name = "extractive"

    def __init__(self, *, ending: Style = "한다", sentences: int = 2) -> None:
        if ending not in STYLES:
            raise UsageError(f"there is no ending style {ending!r}; known: {', '.join(STYLES)}")
        self._ending: Style = ending
        self._sentences = sentences

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """One prediction for each dialogue, in order, drawing only a few dialogues ahead."""
        ahead, behind = tee(dialogues)
        analysed = analyze_many(turn.text for dialogue in ahead for turn in dialogue.turns)
        for dialogue in behind:
            yield self._summary(dialogue, list(islice(analysed, len(dialogue.turns))))

    def _summary(self, dialogue: Dialogue, analysed: Sequence[Sequence[Morpheme]]) -> Prediction:
        chosen = _chosen(dialogue, exchanges.units(dialogue, analysed), analysed, self._sentences)
        if not chosen:
            text = exchanges.nothing_told(dialogue, self._ending)
            return Prediction(dialogue.id, text, self.name, (tuple(range(1, len(dialogue.turns) + 1)),) if text else ())
        told = exchanges.neighbours_joined(chosen)
        summary = " ".join(exchanges.sentence(unit, self._ending) for unit in told)
        return Prediction(dialogue.id, summary, self.name, tuple(tuple(turn + 1 for turn in unit.turns) for unit in told))


def _words(morphemes: Iterable[Morpheme]) -> set[str]:
    return {m.form for m in morphemes if m.tag.partition("-")[0] in _CONTENT and m.form not in _LIGHT}


@dataclass(frozen=True, slots=True)
class _Weighed:
    unit: Unit
    words: set[str]
    size: int
    worth: float


def _chosen(dialogue: Dialogue, units: Sequence[Unit], analysed: Sequence[Sequence[Morpheme]], count: int) -> list[Unit]:
    """The best units, in the order of their turns; no two rest on the same turn."""
    frequency = Counter(word for turn in analysed for word in _words(turn))
    weighed = [_weighed(unit, frequency, len(dialogue.turns)) for unit in units]
    chosen: list[Unit] = []
    taken: set[int] = set()
    length = 0
    for found in sorted(weighed, key=lambda one: -one.worth):
        if len(chosen) == count:
            break
        fits = not chosen or (length + found.size <= _BUDGET and found.words)
        if fits and taken.isdisjoint(found.unit.turns):
            chosen.append(found.unit)
            taken.update(found.unit.turns)
            length += found.size
    return sorted(chosen, key=lambda unit: unit.turns)


def _weighed(unit: Unit, frequency: Counter[str], turns: int) -> _Weighed:
    morphemes, opening = unit.morphemes, unit.parts[0].reports[0]
    words, forms = _words(morphemes), {m.form for m in morphemes}
    said = words if len(unit.parts) == 1 and len(unit.parts[0].reports) == 1 else _words(opening.morphemes)
    size = len(morphemes) / 20
    worth = 11.0 * size - 2.6 * size * size + _KINDS.get(opening.kind, 0.0)
    worth += 0.9 * sum(frequency[word] > 1 for word in words)
    worth += 10.0 * (len(unit.parts) > 1)
    worth += _place(unit.turns, turns)
    worth += 3.5 * ("싶" in forms)
    worth -= 6.0 * (not forms.isdisjoint(_COURTESY))
    # Little is said by 안다, 맞다 and their like.
    worth -= (0.0, 5.0, 15.0)[max(0, 2 - len(said))] + 3.0 * any(m.form in _POINTING for m in morphemes[:1])
    # A statement whose subject went unsaid may speak of somebody else; in an exchange the question tells of whom.
    if opening.kind == "tell" and not opening.grounded:
        worth -= 3.0 if forms.isdisjoint(_DUTY) else 8.0
    return _Weighed(unit, words, len(morphemes), worth)


def _place(places: Collection[int], turns: int) -> float:
    """Openings state the matter, ends its outcome."""
    first, last = min(places), max(places)
    return 3.3 * (first == 0) + 3.9 * (first == 1) + 8.2 * (last >= turns - 3) - 4.5 * first / max(1, turns - 1)
