"""Which turns does a sentence of a summary rest on?

Each sentence is aligned to the turns that cover its content words, weighted by how rare they are in the dialogue; turns are taken
greedily while each adds enough. It is an alignment by words: it finds where to look, it does not prove that the sentence is true.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from yoyak.records import Dialogue
from yoyak.text.morphemes import Morpheme, analyze
from yoyak.text.tags import is_tag

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)")
_CONTENT = ("NN", "NP", "VV", "VA", "SL", "SN", "MAG", "XR", "NR")
#: Words that carry a report ("묻는다", "제안한다") say nothing about where in the dialogue it comes from.
FRAME = frozenset(
    (
        "하 되 있 없 말 말하 묻 대하 위하 이 그 저 것 수 때 등 자신 요청 제안 설명 대답 이야기 언급 "
        "결정 권장 권유 주장 추천 조언 확인 약속 합의 거절 강조 계획 의논 상의 문의 질문 수락 지적 동의 부탁 권하 알리 생각 원하"
    ).split()
)


_ENOUGH_GAIN = 0.12
_MOST_TURNS = 4


@dataclass(frozen=True, slots=True)
class Support:
    """The turns (numbers from 1) that a sentence rests on, in order, and the share of its content weight that they cover (0..1)."""

    sentence: str
    turns: tuple[int, ...]
    score: float


def sentences(summary: str) -> list[str]:
    """The sentences of a summary.

    Example:
        >>> sentences("지훈은 3.5점을 받는다. 수아는 웃는다.")
        ['지훈은 3.5점을 받는다.', '수아는 웃는다.']
    """
    return [part for part in _SENTENCE.split(summary.strip()) if part]


def content(morphemes: Sequence[Morpheme]) -> list[str]:
    """The forms that carry content: nouns, verbs, adjectives, numbers, Latin words; no tags, no words that only frame a report."""
    return [
        m.form
        for m in morphemes
        if m.tag.startswith(_CONTENT) and m.form not in FRAME and not is_tag(m.form) and not (m.tag.startswith("NP"))
    ]


def weights(turns: Sequence[Sequence[str]]) -> dict[str, float]:
    """Form -> weight: log(1 + turns / turns that hold it), so that a word of every turn weighs little."""
    holding = Counter(form for turn in turns for form in set(turn))
    return {form: math.log(1 + len(turns) / count) for form, count in holding.items()}


def align(sentence: Sequence[str], turns: Sequence[Sequence[str]], weight: dict[str, float]) -> tuple[tuple[int, ...], float]:
    """(turn numbers from 1, covered share) for a sentence's content forms over the turns' content forms."""
    unseen = max(weight.values(), default=1.0)
    wanted = {form: weight.get(form, unseen) for form in set(sentence)}
    total = sum(wanted.values())
    if not total:
        return (), 0.0
    left = dict(wanted)
    chosen: list[int] = []
    sets = [set(turn) for turn in turns]
    while len(chosen) < _MOST_TURNS:
        gains = [sum(value for form, value in left.items() if form in turn) for turn in sets]
        best = max(range(len(gains)), key=lambda i: (gains[i], -i), default=0)
        if not gains or gains[best] / total < _ENOUGH_GAIN:
            break
        chosen.append(best)
        for form in sets[best]:
            left.pop(form, None)
    covered = 1 - sum(left.values()) / total
    return tuple(sorted(i + 1 for i in chosen)), covered


def evidence(dialogue: Dialogue, summary: str) -> list[Support]:
    """The support of each sentence of a summary, whoever wrote it.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("지훈", "내일 뭐 해?"), Turn("수아", "도서관에서 책 빌릴 거야."), Turn("지훈", "나는 수영장에 가.")))
        >>> [support.turns for support in evidence(talk, "수아는 도서관에서 책을 빌린다. 지훈은 수영장에 간다.")]
        [(2,), (3,)]
    """
    turns = [content(analyze(turn.text)) for turn in dialogue.turns]
    weight = weights(turns)
    found = []
    for sentence in sentences(summary):
        chosen, score = align(content(analyze(sentence)), turns, weight)
        found.append(Support(sentence, chosen, score))
    return found
