"""The engine without weights: it picks the turns that matter and retells each with its own speaker as subject.

True by construction as far as grammar goes: nothing is said that no turn says, and what somebody said stays in that person's mouth.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, tee

from yoyak.records import Dialogue, Prediction
from yoyak.summarize import exchanges
from yoyak.summarize.exchanges import Ending, Unit
from yoyak.text import josa
from yoyak.text.morphemes import Morpheme, analyze_many

_CONTENT = frozenset({"NNG", "NNP", "SL", "SN", "VV", "VA", "XR"})
_LIGHT = frozenset("하 있 되 같 보 가 오 없 좋 알 그렇 어떻 이렇 말 생각 것 거 주 들 나 싶 많".split())


class Extractive:
    """Summaries by rules: :mod:`yoyak.text.indirect` retells the turns that carry most of a dialogue.

    Args:
        ending: How sentences end: 한다, 합니다 or 함.
        sentences: At most so many sentences.
    """

    name = "extractive"

    def __init__(self, *, ending: Ending = "한다", sentences: int = 2) -> None:
        self._ending: Ending = ending
        self._sentences = sentences

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """One prediction for each dialogue, in order."""
        ahead, behind = tee(dialogues)
        analysed = analyze_many(turn.text for dialogue in ahead for turn in dialogue.turns)
        for dialogue in behind:
            yield self._summary(dialogue, list(islice(analysed, len(dialogue.turns))))

    def _summary(self, dialogue: Dialogue, analysed: Sequence[Sequence[Morpheme]]) -> Prediction:
        chosen = _chosen(dialogue, exchanges.units(dialogue, analysed), analysed, self._sentences)
        if not chosen:
            text = _topic_only(dialogue)
            return Prediction(dialogue.id, text, self.name, (tuple(range(1, len(dialogue.turns) + 1)),) if text else ())
        summary = " ".join(exchanges.sentence(unit, self._ending) for unit in chosen)
        return Prediction(dialogue.id, summary, self.name, tuple(tuple(t + 1 for t in unit.turns) for unit in chosen))


def _topic_only(dialogue: Dialogue) -> str:
    people = dialogue.labels
    if len(people) < 2:
        return f"{josa.with_josa(people[0], '은/는')} 짧게 말한다." if people else ""
    return f"{josa.with_josa(people[0], '과/와')} {josa.with_josa(people[1], '은/는')} 짧게 이야기를 나눈다."


def _words(morphemes: Iterable[Morpheme]) -> list[str]:
    return [m.form for m in morphemes if m.tag.split("-")[0] in _CONTENT and m.form not in _LIGHT]


def _score(unit: Unit, frequency: Counter[str], total: int) -> float:
    words = set(_words(unit.morphemes))
    weight = sum(math.log1p(frequency[w]) for w in words)
    score = weight / (len(unit.morphemes) + 8) ** 0.7
    if unit.turns[0] < total * 0.3:
        score *= 1.2
    if len(unit.parts) > 1:
        score *= 1.2
    return score


def _chosen(dialogue: Dialogue, units: Sequence[Unit], analysed: Sequence[Sequence[Morpheme]], count: int) -> list[Unit]:
    frequency = Counter(word for turn in analysed for word in set(_words(turn)))
    scored = [(unit, _score(unit, frequency, len(dialogue.turns)), set(_words(unit.morphemes))) for unit in units]
    chosen: list[Unit] = []
    covered: set[str] = set()
    while scored and len(chosen) < count:
        best = max(scored, key=lambda s: s[1] * (1 - 0.5 * len(s[2] & covered) / max(1, len(s[2]))))
        chosen.append(best[0])
        covered |= best[2]
        taken = set(best[0].turns)
        scored = [s for s in scored if not taken & set(s[0].turns)]
    return sorted(chosen, key=lambda u: u.turns)
