"""Statements chosen for a summary: as true as can be known, and as close as can be to what the candidates agree on.

Of all sets of statements the one is sought for which

    (1 - trust) * log(utility * main ** MAIN) + trust * log(probability that all are true)

is highest. The utility is that of minimum Bayes risk: agreement with the candidates (:mod:`yoyak.summarize.mbr`), which all are attempts at
the same summary, and agreement with what a person is expected to write (:mod:`yoyak.summarize.expectation`). `main` is the probability
that one of the statements tells the main point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from yoyak.summarize.exchanges import Unit
from yoyak.summarize.expectation import Expectation
from yoyak.summarize.mbr import utility

#: How much the expected agreement with a person counts beside the agreement with the candidates.
EXPECTED = 0.8
#: What the main point weighs beside the agreement (chosen on corpus dev: benchmarks/results/guard.json).
MAIN = 1.0
#: How often a statement of unknown worth tells the main point: of those of the corpus that were read a quarter did.
POINT = 0.24
# Two statements so alike say the same thing, and one of them may be false.
_ALIKE = 0.5
_LEAST = 1e-3


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that may stand in the summary.

    Args:
        text: The sentence.
        tokens: What the utility counts of it.
        turns: The turns that it rests on, from 1.
        true: Probability that it is true, 0..1.
        kind: The likeliest error if it is not.
        source: Where it comes from: `model`, `planned`, `turns` (indirect speech), ...
        origin: (candidate, place in it): sentences of one candidate keep their order.
        unit: What it retells, when it is indirect speech.
        prior: How probable it was that it is true before anybody verified it.
        point: Probability that it tells the main point, or a decisive part of it.
    """

    text: str
    tokens: tuple[str, ...]
    turns: tuple[int, ...]
    true: float
    kind: str | None = None
    source: str = "model"
    origin: tuple[int, int] = (0, 0)
    unit: Unit | None = None
    prior: float = 0.5
    point: float = POINT


@dataclass(frozen=True, slots=True)
class Goal:
    """What a summary is measured by: the candidates' tokens with their weights, and what a person is expected to write."""

    references: Sequence[tuple[str, ...]]
    weights: Sequence[float]
    expected: Expectation

    def utility(self, chosen: Sequence[Statement]) -> float:
        """Agreement with the candidates and with a person; the latter alone where there are none."""
        tokens = [token for statement in chosen for token in statement.tokens]
        person = self.expected.agreement(tokens)
        voices = sum(self.weights)
        if not voices:
            return person
        agreement = sum(w * utility(tokens, r) for r, w in zip(self.references, self.weights, strict=True)) / voices
        return (1 - EXPECTED) * agreement + EXPECTED * person


def worth(chosen: Sequence[Statement], goal: Goal, trust: float) -> float:
    """The quantity that is made as high as can be; minus infinity for no statement at all."""
    if not chosen:
        return -math.inf
    sure = sum(math.log(max(_LEAST, statement.true)) for statement in chosen)
    told = 1 - math.prod(1 - statement.point for statement in chosen)
    use = math.log(max(_LEAST, goal.utility(chosen))) + MAIN * math.log(max(_LEAST, told))
    return (1 - trust) * use + trust * sure


def ordered(chosen: Sequence[Statement]) -> list[Statement]:
    """In the order of the dialogue: by the middle of the turns that each rests on."""
    return sorted(chosen, key=lambda s: (sum(s.turns) / len(s.turns) if s.turns else math.inf, s.origin))


def alike(one: Statement, other: Statement) -> bool:
    """Whether two statements say the same: much the same words, or one rests on the very turns of the other and repeats its words."""
    return utility(one.tokens, other.tokens) > _ALIKE


def assembled(pool: Sequence[Statement], goal: Goal, *, trust: float, most: int = 4) -> list[Statement]:
    """The statements of the best summary found, in the order of the dialogue; at least one when the pool is not empty.

    A search uphill: from nothing, one statement is added, left out or exchanged for another as long as that is worth more.

    Args:
        pool: To choose from.
        goal: What the summary is measured by.
        trust: 0 follows the candidates, 1 only the truth.
        most: Most statements.
    """
    pairs = {(i, j) for i in range(len(pool)) for j in range(i) if alike(pool[i], pool[j])}

    def fits(places: Sequence[int]) -> bool:
        return len(places) <= most and not any((max(i, j), min(i, j)) in pairs for n, i in enumerate(places) for j in places[:n])

    def value(places: Sequence[int]) -> float:
        return worth(ordered([pool[i] for i in places]), goal, trust)

    best: tuple[int, ...] = ()
    reached = -math.inf
    while True:
        others = [i for i in range(len(pool)) if i not in best]
        steps = [(*best, i) for i in others]
        steps += [tuple(j for j in best if j != i) for i in best if len(best) > 1]
        steps += [tuple(new if j == old else j for j in best) for old in best for new in others]
        tried = [(value(step), step) for step in steps if fits(step)]
        found = max(tried, key=lambda one: one[0], default=None)
        if found is None or found[0] <= reached + 1e-9:
            return ordered([pool[i] for i in best])
        reached, best = found
