"""Fits the linear verifier's weights on the corpus's train part, and says how well they do on its dev part.

    python benchmarks/verify_fit.py [--both]

Writes src/yoyak/assets/verify.json. Learned from are the sentences that people wrote, their false twins, the sentences of the engine
`extractive`, and automatic corruptions of both; a true sentence weighs as much as all that twist it together. Penalty, least count and
shares below were chosen on the dev part, and the scale and shift of the log odds are fitted on its pairs; benchmarks/verifier.py measures
on test. About four minutes of one core. --both fits only what the linear and the trained verifier weigh together, on dev's pairs.
"""

from __future__ import annotations

import json
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from _record import ROOT
from yoyak._files import atomic
from yoyak.metrics.calibration import auc
from yoyak.metrics.normalize import normalized
from yoyak.models.judgement import KINDS
from yoyak.records import Dialogue
from yoyak.summarize.claims import claims, heard
from yoyak.summarize.verify import NAME, ModelVerifier
from yoyak.summarize.verify_features import Features, Index, features
from yoyak.summarize.verify_linear import LinearVerifier, class_scores, log_odds
from yoyak.train.corruptions import corrupt
from yoyak.train.statements import retold, told_rows

TARGET = ROOT / "src" / "yoyak" / "assets" / "verify.json"
PENALTY = 0.1
LEAST = 15  # a feature of fewer sentences is left out
SMALLEST = 0.03  # so is one that moves the log odds less, at its usual size
#: What each source of examples weighs, true and false alike; who said what is what summaries get wrong most, so such examples count double.
SHARES = {"twin": 0.35, "corrupted": 0.35, "retold": 0.3}
SPEAKER = 2.0
EVERY = slice(None)
Array = NDArray[np.float64]


@dataclass
class Example:
    """A sentence: its features, its class (0 true, then KINDS), what it weighs."""

    dialogue: str
    text: str
    features: Features
    kind: int
    source: str
    origin: str | None
    weight: float = 0.0


def statements(split: str, part: slice) -> Iterator[tuple[Dialogue, list[tuple[str, int, str, str | None]]]]:
    """Each dialogue of that part of a split with (sentence, class, source, the true sentence that it twists)."""
    rows = told_rows([str(ROOT / "corpus" / f"{split}.jsonl")])
    strangers: dict[str, list[tuple[str, Sequence[str]]]] = defaultdict(list)
    for dialogue, written in rows:
        strangers[dialogue.id.rpartition("-")[0]].extend((s.text, dialogue.labels) for s in written if s.kind is None)
    everybody = [one for some in strangers.values() for one in some]
    for (dialogue, written), extracts in zip(rows[part], retold(rows[part]), strict=True):
        rng = random.Random(dialogue.id)
        told = [(s.text, 0 if s.kind is None else 1 + KINDS.index(s.kind), "twin", s.origin) for s in written]
        told += [(text, 0, "retold", None) for text in extracts]
        known = {text for text, *_ in told}
        for source, texts in (("corrupted", [s.text for s in written if s.kind is None]), ("retold", extracts)):
            for text in texts:
                for kind in KINDS:
                    pool = strangers[dialogue.id.rpartition("-")[0]] if rng.random() < 0.8 else everybody
                    made = corrupt(text, kind, dialogue, rng.choice(pool), rng)
                    if made is not None and made.text not in known:
                        known.add(made.text)
                        told.append((made.text, 1 + KINDS.index(kind), source, text))
        yield dialogue, told


def examples(split: str, part: slice = EVERY) -> list[Example]:
    """The examples of a split with their features."""
    found: list[Example] = []
    for dialogue, told in statements(split, part):
        index = Index(heard(dialogue))
        for text, kind, source, origin in told:
            found.append(Example(dialogue.id, text, features(claims(normalized(text), dialogue.labels), index), kind, source, origin))
    return found


def weigh(found: Sequence[Example]) -> None:
    """Give each source what SHARES say, and a true sentence as much as its false versions."""
    true = {(one.dialogue, one.text): one for one in found if not one.kind}
    false = [one for one in found if one.kind and (one.dialogue, one.origin or "") in true]
    worth = {id(one): SPEAKER if KINDS[one.kind - 1] == "speaker" else 1.0 for one in false}
    total: dict[str, float] = defaultdict(float)
    for one in false:
        total[one.source] += worth[id(one)]
    for one in false:
        one.weight = SHARES[one.source] / 2 * worth[id(one)] / total[one.source]
        true[one.dialogue, one.origin or ""].weight += one.weight


class Table:
    """Features of many examples, only what is not zero, each divided by its spread."""

    def __init__(self, found: Sequence[Example], names: Sequence[str]) -> None:
        place = {name: column for column, name in enumerate(names)}
        cells = [(row, place[name], value) for row, one in enumerate(found) for name, value in one.features.items() if name in place]
        self.shape = len(found), len(names)
        self.row, self.column = np.array([c[0] for c in cells]), np.array([c[1] for c in cells])
        value = np.array([c[2] for c in cells])
        mean, square = (np.bincount(self.column, value**power, len(names)) / len(found) for power in (1, 2))
        self.spread = np.maximum(np.sqrt(np.maximum(square - mean**2, 0)), 0.05)
        self.spread[place["bias"]] = 1.0
        self.value = value / self.spread[self.column]

    def times(self, w: Array) -> Array:
        """(examples, classes)."""
        return np.stack([np.bincount(self.row, self.value * w[self.column, c], self.shape[0]) for c in range(w.shape[1])], axis=1)

    def transposed_times(self, g: Array) -> Array:
        """(features, classes)."""
        return np.stack([np.bincount(self.column, self.value * g[self.row, c], self.shape[1]) for c in range(g.shape[1])], axis=1)


def fit(table: Table, kinds: NDArray[np.int64], weight: Array, *, penalty: float) -> Array:
    """Weights (features, classes): true against false, and with 0.3 of that weight which kind."""
    classes = 1 + len(KINDS)
    target, true, rows = np.eye(classes)[kinds], kinds == 0, np.arange(len(kinds))

    def loss(flat: Array) -> tuple[float, Array]:
        z = table.times(flat.reshape(-1, classes))
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        sure = p[:, 0].clip(1e-7, 1 - 1e-7)
        value = -(weight * (0.3 * np.log(p[rows, kinds].clip(1e-9)) + np.log(np.where(true, sure, 1 - sure)))).sum()
        instead = np.where(true[:, None], np.eye(classes)[0], np.c_[np.zeros(len(p)), p[:, 1:] / (1 - sure)[:, None]])
        slope = weight[:, None] * (0.3 * (p - target) + p - instead)
        return float(value + penalty * (flat**2).sum()), table.transposed_times(slope).ravel() + 2 * penalty * flat

    return lowest(loss, np.zeros(table.shape[1] * classes)).reshape(-1, classes)


def lowest(loss: Callable[[Array], tuple[float, Array]], x: Array, *, steps: int = 80, memory: int = 8) -> Array:
    """The minimum of a convex function by L-BFGS with backtracking (Nocedal and Wright, Numerical Optimization, algorithm 7.5)."""
    value, slope = loss(x)
    moves: list[tuple[Array, Array]] = []
    for _ in range(steps):
        way, shares = slope.copy(), []
        for s, y in reversed(moves):
            shares.append((s @ way) / (s @ y))
            way -= shares[-1] * y
        way *= (moves[-1][0] @ moves[-1][1]) / (moves[-1][1] @ moves[-1][1]) if moves else min(1.0, 1 / np.abs(slope).sum())
        for (s, y), share in zip(moves, reversed(shares), strict=True):
            way += s * (share - (y @ way) / (s @ y))
        size = 1.0
        while size > 1e-4 and loss(x - size * way)[0] > value - 1e-4 * size * (slope @ way):
            size /= 2
        after, new_slope = loss(x - size * way)
        if (size * way) @ (slope - new_slope) > 1e-12:
            moves = [*moves, (-size * way, new_slope - slope)][-memory:]
        done = abs(value - after) < 1e-7 * abs(value)
        x, value, slope = x - size * way, after, new_slope
        if done:
            break
    return x


def calibrated(odds: Array, true: NDArray[np.bool_]) -> tuple[float, float]:
    """Scale and shift of the log odds that make the outcomes likeliest (Platt, 1999)."""

    def loss(x: Array) -> tuple[float, Array]:
        p = 1 / (1 + np.exp(-(x[0] * odds + x[1])))
        value = -np.log(np.where(true, p, 1 - p).clip(1e-12)).mean()
        return float(value), np.array([((p - true) * odds).mean(), (p - true).mean()])

    scale, shift = lowest(loss, np.array([1.0, 0.0]))
    return float(scale), float(shift)


def learn(train: Sequence[Example], dev: Sequence[Example]) -> dict[str, Any]:
    """The asset's content."""
    weigh(train)
    seen = Counter(name for one in train for name in one.features)
    names = sorted(name for name, count in seen.items() if count >= LEAST)
    table = Table(train, names)
    w = fit(table, np.array([one.kind for one in train]), np.array([one.weight for one in train]), penalty=PENALTY)
    raw = w / table.spread[:, None]
    kept = {name: [round(float(v), 3) for v in raw[i]] for i, name in enumerate(names) if np.abs(raw[i]).max() >= SMALLEST}
    pairs = [one for one in dev if one.source == "twin"]
    odds = {(one.dialogue, one.text): log_odds(class_scores(one.features, kept)) for one in pairs}
    both = [(odds[one.dialogue, text], text != one.text) for one in pairs if one.kind for text in (one.text, one.origin or "")]
    scale, shift = calibrated(np.array([o for o, _ in both]), np.array([t for _, t in both]))
    return {
        "fitted_on": "corpus/train.jsonl (sentences, false twins, retold turns, automatic corruptions); scale, shift: corpus/dev.jsonl",
        "classes": ["true", *KINDS],
        "scale": round(scale, 4),
        "shift": round(shift, 4),
        "features": kept,
    }


def tell(values: dict[str, Any], dev: Sequence[Example]) -> None:
    """How well the weights do on dev: pairs by kind, AUC by source."""
    odds = [values["scale"] * log_odds(class_scores(one.features, values["features"])) + values["shift"] for one in dev]
    by = {(one.dialogue, one.text): value for one, value in zip(dev, odds, strict=True)}
    twins = [one for one in dev if one.source == "twin" and one.kind]
    for kind in ("all", *KINDS):
        mine = [one for one in twins if kind in ("all", KINDS[one.kind - 1])]
        pairs = [(by[one.dialogue, one.origin or ""], by[one.dialogue, one.text]) for one in mine]
        right = 50 * sum((good >= 0) + (bad < 0) for good, bad in pairs) / len(pairs)
        apart = 100 * sum(good > bad for good, bad in pairs) / len(pairs)
        print(f"dev, {kind}: balanced pairs right {right:.1f} %, twin less probable {apart:.1f} %")
    for source in SHARES:
        written = "retold" if source == "retold" else "twin"
        scored = [(v, not one.kind) for one, v in zip(dev, odds, strict=True) if one.source == (source if one.kind else written)]
        print(f"dev, {source}: AUC {auc([v for v, _ in scored], [true for _, true in scored]):.3f} (n = {len(scored)})")
    limit = LinearVerifier.doubtful
    chances = [(1 / (1 + math.exp(-by[one.dialogue, text])), text == one.text) for one in twins for text in (one.text, one.origin or "")]
    flagged = [false for chance, false in chances if chance < limit]
    print(f"dev: below {limit} lie {len(flagged)} of {len(chances)} sentences of balanced pairs, {sum(flagged)} of them false")
    loss = [math.log(1 + math.exp(-v if not one.kind else v)) for one, v in zip(dev, odds, strict=True) if one.source == "twin"]
    print(f"{len(values['features'])} features, scale {values['scale']}, shift {values['shift']}, log loss {np.mean(loss):.3f}")


def together() -> list[float]:
    """What the log odds of the linear and the trained verifier weigh on dev's pairs, and what is added."""
    from verifier import Kept, Pairs  # the benchmark keeps the slow one's verdicts

    dev = Pairs("dev")
    judged = [dev.judged(one) for one in (LinearVerifier(), Kept(f"model-{NAME}", ModelVerifier.load))]
    keys = [(id_, text) for id_, sentence, twin, _ in dev.pairs for text in (sentence, twin)]
    p = np.array([[one[key].true for one in judged] for key in keys]).clip(1e-6, 1 - 1e-6)
    odds, true = np.c_[np.log(p / (1 - p)), np.ones(len(p))], np.array([key in dev.true for key in keys])

    def loss(x: Array) -> tuple[float, Array]:
        chance = 1 / (1 + np.exp(-odds @ x))
        return float(-np.log(np.where(true, chance, 1 - chance).clip(1e-12)).mean()), odds.T @ (chance - true) / len(true)

    return [round(float(value), 3) for value in lowest(loss, np.zeros(3))]


def main() -> None:
    before = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.exists() else {}
    if "--both" in sys.argv:
        before["both"] = together()
        write(before)
        return
    train, dev = examples("train"), examples("dev")
    values = learn(train, dev) | {"both": before.get("both", [1.0, 1.0, 0.0])}
    write(values)
    tell(values, dev)


def write(values: dict[str, Any]) -> None:
    """The asset."""
    with atomic(TARGET) as file:
        json.dump(values, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
