"""ROUGE-1, ROUGE-2 and ROUGE-L on token lists.

Token lists in, scores out: what a token is, is decided elsewhere (Kiwi morphemes with tags atomic by default). N-grams count as a
multiset, ROUGE-L is on the longest common subsequence, F1 is the harmonic mean: the definitions of Lin, "ROUGE: A Package for
Automatic Evaluation of Summaries", 2004, as google-research's rouge-score computes them (equal to it within 1e-12).

>>> scores = rouge(("나", "는", "밥", "을", "먹", "다"), ("나", "는", "떡", "을", "먹", "다"))
>>> {name: round(score.f1, 3) for name, score in scores.items()}
{'rouge1': 0.833, 'rouge2': 0.6, 'rougeL': 0.833}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Literal

from rapidfuzz.distance import LCSseq

from yoyak.records import Score

NAMES = ("rouge1", "rouge2", "rougeL")
Ngrams = Literal["multiset", "unique"]
ReferenceRule = Literal["mean", "max"]


def _score(overlap: int, predicted: int, expected: int) -> Score:
    if not predicted and not expected:
        return Score(1.0, 1.0, 1.0)
    precision = overlap / predicted if predicted else 0.0
    recall = overlap / expected if expected else 0.0
    f1 = 2 * precision * recall / (precision + recall) if overlap else 0.0
    return Score(precision, recall, f1)


def _grams(tokens: Sequence[str], n: int, ngrams: Ngrams) -> Counter[Hashable]:
    grams: Iterable[Hashable] = tokens if n == 1 else zip(*(tokens[i:] for i in range(n)), strict=False)
    return Counter(set(grams) if ngrams == "unique" else grams)


def rouge_n(prediction: Sequence[str], reference: Sequence[str], n: int, *, ngrams: Ngrams = "multiset") -> Score:
    """Overlap of n-grams. `unique` counts each distinct n-gram once, as the `rouge` 1.0.1 package does.

    Two texts without a single n-gram (both shorter than n) score 1 if they are equal and 0 otherwise; NaN never occurs.

    Example:
        >>> rouge_n(["a", "a"], ["a"], 1).precision, rouge_n(["a", "a"], ["a"], 1, ngrams="unique").precision
        (0.5, 1.0)
    """
    predicted, expected = _grams(prediction, n, ngrams), _grams(reference, n, ngrams)
    if not predicted and not expected and list(prediction) != list(reference):
        return Score(0.0, 0.0, 0.0)
    if len(expected) < len(predicted):
        overlap = sum(min(count, predicted[gram]) for gram, count in expected.items())
    else:
        overlap = sum(min(count, expected[gram]) for gram, count in predicted.items())
    return _score(overlap, predicted.total(), expected.total())


def rouge_l(prediction: Sequence[str], reference: Sequence[str]) -> Score:
    """Longest common subsequence over the lengths of the two texts."""
    return _score(LCSseq.similarity(prediction, reference), len(prediction), len(reference))


def rouge(prediction: Sequence[str], reference: Sequence[str], *, ngrams: Ngrams = "multiset") -> dict[str, Score]:
    """ROUGE-1, ROUGE-2 and ROUGE-L of one prediction against one reference, under the names in :data:`NAMES`."""
    return {
        "rouge1": rouge_n(prediction, reference, 1, ngrams=ngrams),
        "rouge2": rouge_n(prediction, reference, 2, ngrams=ngrams),
        "rougeL": rouge_l(prediction, reference),
    }


def rouge_multi(
    prediction: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    rule: ReferenceRule = "mean",
    ngrams: Ngrams = "multiset",
) -> dict[str, Score]:
    """The same against several references: `mean` averages precision, recall and F1 over them (the Korean competition's rule), `max`
    takes the reference with the highest F1. The order of the references does not matter.

    Raises:
        ValueError: There is no reference.
    """
    if not references:
        raise ValueError("at least one reference is needed")
    each = [rouge(prediction, reference, ngrams=ngrams) for reference in references]
    return {name: _combined([scores[name] for scores in each], rule) for name in NAMES}


def _combined(scores: list[Score], rule: ReferenceRule) -> Score:
    if rule == "max":
        return max(scores, key=lambda score: (score.f1, score.recall, score.precision))
    # Sorted, so that floating-point sums do not depend on the order of the references.
    columns = (sorted(getattr(score, part) for score in scores) for part in ("precision", "recall", "f1"))
    return Score(*(sum(column) / len(scores) for column in columns))
