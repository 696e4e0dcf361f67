"""Minimum Bayes risk: of several summaries the one that agrees most with all the others.

The utility is the Korean ROUGE of the metrics (mean of ROUGE-1, ROUGE-2 and ROUGE-L F1 on tokens with tags atomic). Weak candidates are
pruned first, since they drag the choice towards themselves. See Kumar and Byrne, "Minimum Bayes-Risk Decoding for Statistical Machine
Translation", 2004.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from yoyak.metrics import tokenizers
from yoyak.metrics.rouge import rouge
from yoyak.records import Dialogue, Prediction
from yoyak.summarize.candidates import Candidate, CandidateEngine, Candidates

# Candidates whose log-probability per token lies so far below the best are not believed: e^-0.7 is half as likely at each token.
MARGIN = 0.7
_WINDOW = 64


def utility(prediction: Sequence[str], reference: Sequence[str]) -> float:
    """Agreement of two token lists, 0..1, symmetric: mean F1 of ROUGE-1, ROUGE-2 and ROUGE-L.

    Example:
        >>> utility(["가", "나"], ["가", "나"]), utility(["가"], ["나"])
        (1.0, 0.0)
    """
    scores = rouge(prediction, reference)
    return sum(score.f1 for score in scores.values()) / len(scores)


def expected(tokens: Sequence[Sequence[str]], weights: Sequence[float]) -> list[float]:
    """Expected utility of each candidate over all others, weighted; a candidate alone has 1.

    Example:
        >>> [round(value, 2) for value in expected([["가", "나"], ["가", "나"], ["다", "라"]], [1, 1, 1])]
        [0.5, 0.5, 0.0]
    """
    n = len(tokens)
    if n == 1:
        return [1.0]
    table = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i):
            table[i][j] = table[j][i] = utility(tokens[i], tokens[j])
    found = []
    for i in range(n):
        others = [j for j in range(n) if j != i]
        total = sum(weights[j] for j in others)
        found.append(sum(weights[j] * table[i][j] for j in others) / total if total else 0.0)
    return found


def pruned(candidates: Sequence[Candidate], *, margin: float = MARGIN) -> list[Candidate]:
    """Candidates worth a vote: not empty, and where they have scores, within `margin` of the best. At least one stays, if there is any."""
    told = [candidate for candidate in candidates if candidate.text.strip()]
    scores = [candidate.score for candidate in told if candidate.score is not None]
    if len(scores) < len(told) or not scores:
        return told or list(candidates[:1])
    return [candidate for candidate in told if candidate.score is not None and candidate.score >= max(scores) - margin]


def chosen(candidates: Sequence[Candidate], tokens: Sequence[Sequence[str]]) -> int:
    """Index of the candidate with the highest expected utility; the earlier one (the model's own favourite) wins a tie.

    Args:
        candidates: At least one.
        tokens: The tokens of each.

    Raises:
        ValueError: There is none.
    """
    if not candidates:
        raise ValueError("there is no candidate to choose from")
    scores = [candidate.score for candidate in candidates]
    best = max((score for score in scores if score is not None), default=0.0)
    weights = [1.0 if score is None else math.exp(score - best) for score in scores]
    values = expected(tokens, weights)
    return max(range(len(values)), key=lambda i: (values[i], -i))


def choose(
    items: Iterable[Candidates], *, tokenize: str = "morpheme", margin: float = MARGIN
) -> Iterator[tuple[Candidates, Candidate | None]]:
    """Each item with its choice, in order; None where there is nothing to choose from. What `yoyak combine` runs over several files.

    Args:
        items: Candidates of each dialogue.
        tokenize: What the utility counts (see :mod:`yoyak.metrics.tokenizers`).
        margin: See :func:`pruned`.
    """
    tokenizer = tokenizers.load(tokenize)
    source = iter(items)
    while window := list(islice(source, _WINDOW)):
        kept = [pruned(item.candidates, margin=margin) for item in window]
        flat = iter(tokenizer.tokenize([candidate.text for group in kept for candidate in group]))
        for item, group in zip(window, kept, strict=True):
            tokens = list(islice(flat, len(group)))
            yield item, group[chosen(group, tokens)] if group else None


class MinimumBayesRisk:
    """An engine whose beams vote.

    Args:
        engine: Gives candidates; with one beam there is nothing to choose.
        tokenize: What the utility counts.
    """

    def __init__(self, engine: CandidateEngine, *, tokenize: str = "morpheme") -> None:
        self._engine = engine
        self._tokenize = tokenize
        self.name = engine.name

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """One prediction a dialogue, in order."""
        for item, choice in choose(self._engine.candidates(dialogues), tokenize=self._tokenize):
            if choice is None:
                yield Prediction(item.id, "", self.name, error=item.error or "the model wrote nothing")
            else:
                yield Prediction(item.id, choice.text, self.name, notes=item.notes)
