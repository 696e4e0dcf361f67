"""A dialogue's group by logistic regression on the TF-IDF of its morphemes: no download, and numpy alone to predict.

scikit-learn (extra `[topics]`) fits it; what is saved is `classifier.npz` (arrays) and `classifier.json` (morphemes, groups, settings).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from yoyak._extras import require
from yoyak._files import atomic
from yoyak.errors import DataError, ModelError
from yoyak.records import Dialogue, Problem
from yoyak.topics.features import signs_of, spoken

_FEWEST = 2  # dialogues that hold a word
_FOLDS = 4
#: Inverse strengths of the penalty that are tried; the one with the likeliest held-out groups is taken.
PENALTIES = (3.0, 10.0, 30.0)
_TRIED_ON = 3000  # most dialogues that the penalty is chosen on


class Classifier(Protocol):
    """What gives every group a probability."""

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups, in the order of the probabilities."""

    def probabilities(self, dialogues: Sequence[Dialogue]) -> NDArray[np.float64]:
        """(dialogues, groups); each row sums to 1."""


@dataclass(frozen=True)
class Linear:
    """The fitted classifier.

    Args:
        groups: Names, in the order of the columns.
        terms: Morpheme (:func:`yoyak.topics.features.signs`) -> row.
        rarity: Inverse document frequency of each. (terms,)
        weights: (terms, groups).
        bias: (groups,).
        temperature: What scores are divided by, so that probabilities mean what they say.
        made: How it was fitted, for people.
    """

    groups: tuple[str, ...]
    terms: Mapping[str, int]
    rarity: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float = 1.0
    made: Mapping[str, Any] = field(default_factory=dict)

    def probabilities(self, dialogues: Sequence[Dialogue]) -> NDArray[np.float64]:
        """(dialogues, groups); each row sums to 1. A dialogue without a known one gets about the groups' frequencies."""
        return self.of_signs(signs_of(spoken(dialogue) for dialogue in dialogues))

    def of_signs(self, texts: Iterable[Sequence[str]]) -> NDArray[np.float64]:
        """The same for morphemes that are there already."""
        rows = [self.scores(signs) for signs in texts]
        return softmax(np.array(rows).reshape(-1, len(self.groups)) / self.temperature)

    def scores(self, signs: Sequence[str]) -> NDArray[np.float32]:
        """Scores of one text's morphemes, before the softmax. (groups,)"""
        rows, values = weighed(signs, self.terms, self.rarity)
        found: NDArray[np.float32] = values @ self.weights[rows] + self.bias
        return found

    def save(self, folder: Path) -> None:
        """Write `classifier.npz` and `classifier.json`. Weights are stored in 16 bits."""
        with atomic(folder / "classifier.npz", "wb") as file:
            np.savez_compressed(file, weights=self.weights.astype(np.float16), rarity=self.rarity.astype(np.float16), bias=self.bias)
        values = {
            "method": "linear",
            "groups": self.groups,
            "temperature": round(self.temperature, 4),
            "made": self.made,
            "terms": sorted(self.terms, key=self.terms.__getitem__),
        }
        with atomic(folder / "classifier.json") as file:
            json.dump(values, file, ensure_ascii=False, separators=(",", ":"))
            file.write("\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The classifier in that folder.

        Raises:
            ModelError: It is missing or does not fit together.
        """
        try:
            values = json.loads((folder / "classifier.json").read_text(encoding="utf-8"))
            with np.load(folder / "classifier.npz", allow_pickle=False) as arrays:
                weights, rarity, bias = (arrays[name].astype(np.float32) for name in ("weights", "rarity", "bias"))
            groups, terms = tuple(values["groups"]), values["terms"]
            if weights.shape != (len(terms), len(groups)) or rarity.shape != (len(terms),) or bias.shape != (len(groups),):
                raise ValueError("arrays and words do not fit together")
            known = {term: row for row, term in enumerate(terms)}
            return cls(groups, known, rarity, weights, bias, float(values["temperature"]), values["made"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{folder} holds no classifier of topics ({error}); make one with `yoyak topics fit`") from error


def weighed(words: Iterable[str], terms: Mapping[str, int], rarity: NDArray[np.float32]) -> tuple[list[int], NDArray[np.float32]]:
    """(rows, values) of a text: (1 + log count) times rarity, of length 1; unknown words count nothing.

    Example:
        >>> rows, values = weighed(["가", "나", "가", "다"], {"가": 0, "나": 1}, np.ones(2, dtype=np.float32))
        >>> rows, values.round(2).tolist()
        ([0, 1], [0.8600000143051147, 0.5099999904632568])
    """
    counts = Counter(words)
    rows, heights = [], []
    for word, count in counts.items():
        row = terms.get(word)
        if row is not None:
            rows.append(row)
            heights.append(1.0 if count == 1 else 1.0 + math.log(count))
    values = np.array(heights, dtype=np.float32) * rarity[rows]
    length = math.sqrt(float(values @ values))
    return rows, values / length if length else values


def softmax(scores: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities of each row.

    Example:
        >>> softmax(np.array([[0.0, 0.0]])).tolist()
        [[0.5, 0.5]]
    """
    powers = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True, initial=-np.inf))
    found: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return found


def fit_linear(texts: Sequence[Sequence[str]], groups: Sequence[str], *, penalties: Sequence[float] = PENALTIES, seed: int = 0) -> Linear:
    """Fit the classifier; penalty and temperature are chosen on held-out folds.

    Args:
        texts: The morphemes of each dialogue.
        groups: The group of each.
        penalties: Inverse strengths to choose among.
        seed: Of the folds.

    Raises:
        DataError: There are fewer than two groups, or a group with fewer dialogues than folds.
        MissingDependency: The extra `[topics]` is not installed.
    """
    linear_model = require("sklearn.linear_model", extra="topics")
    sizes = Counter(groups)
    if len(sizes) < 2 or min(sizes.values()) < _FOLDS:
        message = f"{len(sizes)} groups, the smallest with {min(sizes.values(), default=0)} dialogues; at least 2 with {_FOLDS} are needed"
        raise DataError([Problem("topics", None, message, "give more dialogues, or merge small groups in the taxonomy", "few-topics")])
    names = tuple(sorted(sizes))
    y = np.array([names.index(group) for group in groups])
    fold = _folds(y, seed)
    tried = np.random.default_rng(seed).permutation(len(y))[:_TRIED_ON]

    def fitted(rows: NDArray[np.int64], penalty: float) -> Linear:
        terms, rarity = _terms([texts[i] for i in rows])
        # lbfgs on a sparse matrix: no random numbers, so the same data give the same weights
        model = linear_model.LogisticRegression(C=penalty, max_iter=1000, tol=1e-3)
        model.fit(_matrix([texts[i] for i in rows], terms, rarity), y[rows])
        coefficients, bias = model.coef_, model.intercept_
        if len(names) == 2:  # scikit-learn keeps one row for two groups
            coefficients, bias = np.vstack([-coefficients, coefficients]) / 2, np.array([-bias[0], bias[0]]) / 2
        return Linear(names, terms, rarity, coefficients.T.astype(np.float32), bias.astype(np.float32))

    def held_out(rows: NDArray[np.int64], penalty: float) -> NDArray[np.float64]:
        """Scores of each of these rows by a classifier that did not see it."""
        scores = np.zeros((len(rows), len(names)))
        for number in range(_FOLDS):
            model = fitted(rows[fold[rows] != number], penalty)
            mine = fold[rows] == number
            scores[mine] = [model.scores(texts[i]) for i in rows[mine]]
        return scores

    results = {}
    for penalty in penalties:
        scores = held_out(tried, penalty)
        temperature = fit_temperature(scores, y[tried])
        results[penalty] = (_loss(scores / temperature, y[tried]), temperature, float((scores.argmax(axis=1) == y[tried]).mean()))
    best = min(results, key=lambda penalty: results[penalty][0])
    model = fitted(np.arange(len(y)), best)
    made = {
        "dialogues": len(y),
        "words": len(model.terms),
        "penalty": best,
        "held_out": {str(penalty): {"loss": round(loss, 4), "accuracy": round(share, 4)} for penalty, (loss, _, share) in results.items()},
    }
    return Linear(names, model.terms, model.rarity, model.weights, model.bias, results[best][1], made)


def fit_temperature(scores: NDArray[np.float64], y: NDArray[np.int64]) -> float:
    """The temperature at which the true groups are likeliest (Guo et al., 2017), to 2 %; 0.01 to 10.

    Example:
        >>> fit_temperature(np.array([[4.0, 0.0]] * 4), np.array([0, 0, 0, 1])) > 3
        True
    """
    return float(min(np.geomspace(0.01, 10, 349), key=lambda temperature: _loss(scores / temperature, y)))


def _loss(scores: NDArray[np.float64], y: NDArray[np.int64]) -> float:
    return float(-np.log(softmax(scores)[np.arange(len(y)), y].clip(1e-12)).mean())


def _folds(y: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """The fold of each row; every group is spread over all of them."""
    fold = np.zeros(len(y), dtype=np.int64)
    rng = np.random.default_rng(seed)
    for group in np.unique(y):
        mine = rng.permutation(np.flatnonzero(y == group))
        fold[mine] = np.arange(len(mine)) % _FOLDS
    return fold


def _terms(texts: Sequence[Sequence[str]]) -> tuple[dict[str, int], NDArray[np.float32]]:
    """(word -> row, rarity) of the words that at least two texts hold."""
    holding = Counter(word for words in texts for word in set(words))
    kept = sorted(word for word, count in holding.items() if count >= _FEWEST)
    rarity = [1.0 + math.log((1 + len(texts)) / (1 + holding[word])) for word in kept]
    return {word: row for row, word in enumerate(kept)}, np.array(rarity, dtype=np.float32)


def _matrix(texts: Sequence[Sequence[str]], terms: Mapping[str, int], rarity: NDArray[np.float32]) -> Any:
    """A sparse matrix. (texts, terms)"""
    sparse = require("scipy.sparse", extra="topics")
    starts, rows, values = [0], [], []
    for words in texts:
        mine, heights = weighed(words, terms, rarity)
        rows += mine
        values.append(heights)
        starts.append(len(rows))
    return sparse.csr_matrix((np.concatenate(values), rows, starts), shape=(len(texts), len(terms)))
