"""Beam search over one input, apart from any model: logits come in, the next tokens go out.

The rules are CTranslate2's, so that both find the same beams: of twice as many candidates as beams those that end are set aside and the
next best ones take their places; the search is over when as many hypotheses are finished as there are beams; a hypothesis's score is its
log-probability over its length (end token included) to the power of the length penalty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A finished beam: its ids without the end token, its score, and its length with the end token (none when it was cut at the limit)."""

    ids: tuple[int, ...]
    score: float
    length: int


class BeamSearch:
    """The search over one input.

    Args:
        beams: How many hypotheses are followed.
        ends: Ids that end a hypothesis.
        most: Most tokens, the end token not counted.
        fewest: Fewest tokens.
        length_penalty: See above.
        wanted: How many hypotheses are asked for; with a length penalty of 0 the search ends early once the best beam has ended.

    Example:
        A "model" of three tokens, the last of which is the end, that likes to say 0 and then to end:

        >>> search = BeamSearch(2, ends=frozenset([2]), most=5)
        >>> search.advance(np.log(np.array([[0.7, 0.2, 0.1]], np.float32)))
        >>> while not search.finished:
        ...     search.advance(np.log(np.array([[0.1, 0.2, 0.7]] * 2, np.float32)))
        >>> [hypothesis.ids for hypothesis in search.best()]
        [(0,), (1,)]
    """

    def __init__(
        self, beams: int, *, ends: frozenset[int], most: int, fewest: int = 0, length_penalty: float = 1.0, wanted: int | None = None
    ) -> None:
        self._beams = beams
        self._ends = np.array(sorted(ends), dtype=np.int64)
        self._most = most
        self._fewest = fewest
        self._penalty = length_penalty
        self._wanted = wanted or beams
        self._found: list[Hypothesis] = []
        self._best_ended = False
        self._scores: Floats = np.zeros(1, np.float32)
        self._written: Ints = np.zeros((1, 0), np.int64)
        self.step = 0
        self.finished = False
        #: What each beam goes on with, and which row of the last logits it comes from.
        self.tokens: Ints = np.zeros(0, np.int64)
        self.origins: Ints = np.zeros(0, np.int64)

    @property
    def rows(self) -> int:
        """Tokens that may be written, over all beams."""
        return self._beams * self._most

    def advance(self, logits: Floats) -> None:
        """Take the logits of the next token: one row at first, then one for each beam. They are changed in place."""
        if self.step < self._fewest:
            logits[:, self._ends] = -np.inf
        count = min(2 * self._beams, logits.size)
        scores, origins, tokens = top(logits, self._scores, count)
        last = self.step + 1 >= self._most
        chosen: list[int] = []
        spare = iter([k for k in range(self._beams, count) if tokens[k] not in self._ends])
        for k in range(min(self._beams, count)):
            ended = bool(tokens[k] in self._ends)
            if ended or last:
                self._best_ended |= k == 0
                self._finish(origins[k], tokens[k], scores[k], ended=ended)
                chosen.append(next(spare, k))
            else:
                chosen.append(k)
        self.step += 1
        self.finished = last or self._enough()
        if not self.finished:
            self._written = np.concatenate([self._written[origins[chosen]], tokens[chosen, None]], axis=1)
            self._scores, self.tokens, self.origins = scores[chosen], tokens[chosen], origins[chosen]

    def best(self, count: int | None = None) -> list[Hypothesis]:
        """The finished hypotheses, best first; of equal ones the earlier found first."""
        return sorted(self._found, key=lambda one: -one.score)[: count or self._wanted]

    def _enough(self) -> bool:
        if self._penalty == 0:
            return self._best_ended and len(self._found) >= self._wanted
        return len(self._found) >= self._beams

    def _finish(self, origin: int, token: int, score: float, *, ended: bool) -> None:
        ids = tuple(self._written[origin].tolist()) + (() if ended else (int(token),))
        length = self._written.shape[1] + 1
        self._found.append(Hypothesis(ids, float(score) / length**self._penalty, length))


def top(logits: Floats, scores: Floats, count: int) -> tuple[Floats, Ints, Ints]:
    """(Scores, rows, columns) of the best continuations: log-probabilities of each row's logits on top of that row's score, best first.

    Example:
        >>> scores, rows, columns = top(np.log(np.array([[0.75, 0.25], [0.5, 0.5]], np.float32)), np.array([0, -5], np.float32), 2)
        >>> rows.tolist(), columns.tolist(), np.exp(scores).round(2).tolist()
        ([0, 0], [0, 1], [0.75, 0.25])
    """
    most = logits.max(axis=1, keepdims=True)
    offset = scores[:, None] - most - np.log(np.exp(logits - most).sum(axis=1, keepdims=True))
    width = logits.shape[1]
    each = min(count, width)
    columns = np.argpartition(logits, width - each, axis=1)[:, width - each :]
    values = np.take_along_axis(logits, columns, axis=1) + offset
    flat = values.reshape(-1)
    best = np.lexsort((columns.reshape(-1), np.repeat(np.arange(len(logits)), each), -flat))[:count]
    return flat[best].astype(np.float32), (best // each).astype(np.int64), columns.reshape(-1)[best].astype(np.int64)
