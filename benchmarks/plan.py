"""Fits the plan's weights on the corpus's evidence, and measures them on its dev and test parts.

    python benchmarks/plan.py [--fit]

--fit writes src/yoyak/assets/plan.json anew, from corpus/train.jsonl alone (dev chooses the threshold and the penalty).
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from _record import ROOT, record
from _shares import fingerprint
from yoyak._files import atomic
from yoyak.data.read import read
from yoyak.metrics.evidence import content
from yoyak.summarize.engines.extractive import Extractive
from yoyak.summarize.exchanges import sentence
from yoyak.summarize.plan import Plan, Weights, fitted, logistic, planned
from yoyak.summarize.plan_features import Analysed, Features, analysed, join_features, subject_features, turn_features, word_features
from yoyak.summarize.retold_features import point_features
from yoyak.text.endings import restyle
from yoyak.text.morphemes import analyze, analyze_many, forms

#: Statements of the train split that a language model read one by one, blind (ids, hashes, verdicts; no text).
RETOLD = Path(__file__).resolve().parent / "labels" / "retold.jsonl"
#: Chosen by cross-validation on the train split.
RETOLD_PENALTY = 10.0
TARGET = ROOT / "src" / "yoyak" / "assets" / "plan.json"
Row = dict[str, Any]


def load(split: str) -> list[tuple[Row, Analysed]]:
    """The rows of a split with their dialogues analysed."""
    path = ROOT / "corpus" / f"{split}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    talks = list(read(path))
    morphemes = analyze_many(turn.text for talk in talks for turn in talk.turns)
    items = [analysed(talk, [next(morphemes) for _ in talk.turns]) for talk in talks]
    return list(zip(rows, items, strict=True))


def told(row: Row) -> set[int]:
    """The turns (0-based) that the row's summary rests on."""
    return {turn - 1 for sentence in row["sentences"] for turn in sentence["evidence"]}


def turn_examples(data: Sequence[tuple[Row, Analysed]]) -> Iterator[tuple[Features, float]]:
    """Each turn, and whether a sentence rests on it."""
    for row, item in data:
        here = told(row)
        yield from ((features, float(i in here)) for i, features in enumerate(turn_features(item)))


def join_examples(data: Sequence[tuple[Row, Analysed]]) -> Iterator[tuple[Features, float]]:
    """Each step from one evidence turn to the next: does it stay within the sentence?"""
    for row, item in data:
        owner: dict[int, int] = {}
        for number, written in enumerate(row["sentences"]):
            for turn in written["evidence"]:
                owner.setdefault(turn - 1, number)
        group: list[int] = []
        for turn in sorted(owner):
            if group:
                same = owner[turn] == owner[group[-1]]
                yield join_features(item, group, turn), float(same)
                group = [*group, turn] if same else [turn]
            else:
                group = [turn]


def word_examples(
    data: Sequence[tuple[Row, Analysed]], turn: Mapping[str, float], known: Callable[[Analysed, set[str]], Mapping[str, float]]
) -> Iterator[tuple[Features, float]]:
    """Each content word of a dialogue, and whether its summary holds it; `known` is told what the summary holds."""
    for row, item in data:
        chosen = set(content(analyze(row["summary"])))
        probable = [logistic(turn, features) for features in turn_features(item)]
        found = word_features(item, probable, known(item, chosen))
        yield from ((features, float(word in chosen)) for word, features in found.items())


class Words:
    """How many dialogues hold each content word, and how many of their summaries take it over."""

    #: A word of fewer dialogues is unknown.
    LEAST = 3
    #: Dialogues' worth of the common rate that is added to each word's count.
    SMOOTH = 3.0

    def __init__(self, data: Sequence[tuple[Row, Analysed]]) -> None:
        self._held, self._taken = Counter[str](), Counter[str]()
        for row, item in data:
            chosen = set(content(analyze(row["summary"])))
            self._held.update(item.weight.keys())
            self._taken.update(word for word in item.weight if word in chosen)
        self._rate = self._taken.total() / self._held.total()

    def _odds(self, word: str, taken: int, held: int) -> float:
        yes, no = self._taken[word] - taken, self._held[word] - held - self._taken[word] + taken
        return math.log((yes + self.SMOOTH * self._rate) / (no + self.SMOOTH * (1 - self._rate)))

    def known(self) -> dict[str, float]:
        """Word -> log-odds."""
        return {word: round(self._odds(word, 0, 0), 2) for word, n in sorted(self._held.items()) if n >= self.LEAST}

    def known_elsewhere(self, item: Analysed, chosen: set[str]) -> dict[str, float]:
        """The same for the words of one dialogue, as all others have it: what is learned from must not know its own answer."""
        return {word: self._odds(word, word in chosen, 1) for word in item.weight if self._held[word] - 1 >= self.LEAST}


def counts(summaries: Sequence[tuple[Sequence[str], Analysed]]) -> tuple[dict[str, list[float]], list[float]]:
    """How often summaries hold a morpheme that is no content word of the dialogue, and a label: P(at least once, twice, ...)."""
    frame: dict[str, Counter[int]] = defaultdict(Counter)
    label: Counter[int] = Counter()
    labels = 0
    for forms_, item in summaries:
        names = set(item.dialogue.labels)
        labels += len(names)
        for token, count in Counter(forms_).items():
            for times in range(1, min(count, 4) + 1):
                if token in names:
                    label[times] += 1
                elif token not in item.weight:
                    frame[token][times] += 1
    n = len(summaries)
    common = {token: found for token, found in sorted(frame.items()) if found[1] >= 0.01 * n}
    return (
        {token: [round(found[times] / n, 3) for times in sorted(found)] for token, found in common.items()},
        [round(label[times] / labels, 3) for times in sorted(label)],
    )


def habits(data: Sequence[tuple[Row, Analysed]]) -> tuple[dict[str, list[float]], list[float], tuple[float, float]]:
    """What summaries have in common: morphemes (in each of the three styles of endings), labels, length."""
    plain = [row["summary"] for row, _ in data]
    items = [item for _, item in data]
    frame: dict[str, list[float]] = {}
    for style in ("한다", "합니다", "함"):
        found, label = counts(list(zip(forms([restyle(text, style) for text in plain]), items, strict=True)))
        frame |= {token: chances for token, chances in found.items() if chances > frame.get(token, [])}
    sizes = [1 + sum(map(len, item.morphemes)) for item in items]
    lengths = [len(tokens) for tokens in forms(plain)]
    b, a = np.polyfit(np.log(sizes), lengths, 1)
    return frame, label, (round(float(a), 3), round(float(b), 3))


def subject_of(sentence: str, labels: Sequence[str]) -> str | None:
    """The speaker with whom a sentence begins; None when it begins otherwise."""
    starts = [label for label in labels for josa in "은는이가" if sentence.startswith(label + josa)]
    return max(starts, key=len, default=None)


def subject_examples(data: Sequence[tuple[Row, Analysed]]) -> Iterator[tuple[list[Features], int]]:
    """Each sentence that begins with a speaker: the features of all speakers, and which it is."""
    for row, item in data:
        labels = item.dialogue.labels
        for written in row["sentences"]:
            subject = subject_of(written["text"], labels)
            group = sorted(turn - 1 for turn in written["evidence"])
            if subject is not None and group:
                yield [subject_features(item, group, label) for label in labels], labels.index(subject)


def retold_examples(data: Sequence[tuple[Row, Analysed]], weights: Weights) -> Iterator[tuple[str, Features, float, float]]:
    """(dialogue, features, true, main point) of each retold turn or exchange that was read: does it, alone, say what was meant, and does
    it tell the main point (1 or 0 each)?

    A statement whose wording has changed since it was read is left out.
    """
    read_: dict[str, dict[str, Row]] = defaultdict(dict)
    for line in RETOLD.read_text(encoding="utf-8").splitlines():
        label = json.loads(line)
        read_[label["id"]][label["statement"]] = label
    for row, item in data:
        if row["id"] in read_:
            made = planned(item, weights)
            for unit, features in zip(item.units, point_features(item, made.weight, made.words), strict=True):
                label = read_[row["id"]].get(fingerprint(sentence(unit)))
                if label is not None:
                    yield row["id"], features, float(label["true"]), float(label["point"] == 2)


def crossed(examples: Sequence[tuple[str, Features, float]], penalty: float) -> list[tuple[float, float]]:
    """(probability, answer) of each example by a model that has not seen its dialogue: ten parts, each judged by the other nine."""
    part = {id_: i % 10 for i, id_ in enumerate(sorted({id_ for id_, _, _ in examples}))}
    found = []
    for k in range(10):
        weights = fit([(f, y) for id_, f, y in examples if part[id_] != k], penalty=penalty)
        found += [(logistic(weights, f), y) for id_, f, y in examples if part[id_] == k]
    return found


def fit(examples: Sequence[tuple[Features, float]], *, penalty: float) -> dict[str, float]:
    """Logistic regression by Newton's method with an L2 penalty (not on the bias)."""
    names = sorted({name for features, _ in examples for name in features})
    x = np.array([[features.get(name, 0.0) for name in names] for features, _ in examples])
    y = np.array([answer for _, answer in examples])
    ridge = np.diag([0.0 if name == "bias" else penalty for name in names]) + 1e-6 * np.eye(len(names))
    w = np.zeros(len(names))
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ w))
        step = np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + ridge, x.T @ (p - y) + ridge @ w)
        w -= step
        if np.abs(step).max() < 1e-6:
            break
    return {name: round(float(value), 4) for name, value in zip(names, w, strict=True)}


def fit_choice(examples: Sequence[tuple[list[Features], int]], *, penalty: float) -> dict[str, float]:
    """Conditional logit (one of several) by gradient descent."""
    names = sorted({name for options, _ in examples for features in options for name in features})
    w = np.zeros(len(names))
    tables = [(np.array([[f.get(name, 0.0) for name in names] for f in options]), answer) for options, answer in examples]
    for _ in range(400):
        gradient = penalty * w
        for table, answer in tables:
            p = np.exp(table @ w - (table @ w).max())
            gradient = gradient + (p / p.sum()) @ table - table[answer]
        w -= gradient / len(tables) * 2.0
    return {name: round(float(value), 4) for name, value in zip(names, w, strict=True)}


def f1(data: Sequence[tuple[Row, Analysed]], choose: Callable[[Analysed], set[int]]) -> tuple[float, float, float]:
    """Precision, recall and F1 (%) of chosen turns against those that the writers named."""
    hit = found = named = 0
    for row, item in data:
        here, mine = told(row), choose(item)
        hit, found, named = hit + len(here & mine), found + len(mine), named + len(here)
    return 100 * hit / max(1, found), 100 * hit / named, 200 * hit / (found + named)


def turns_of(plan: Plan) -> set[int]:
    """The turns (0-based) of a plan's groups."""
    return {turn - 1 for group in plan.groups for turn in group.turns}


def auc(pairs: Sequence[tuple[float, float]]) -> float:
    """Probability that a true one scores above a false one."""
    order = np.argsort([score for score, _ in pairs], kind="stable")
    ranks = np.empty(len(pairs))
    ranks[order] = np.arange(1, len(pairs) + 1)
    yes = np.array([answer for _, answer in pairs]) > 0.5
    return float((ranks[yes].sum() - yes.sum() * (yes.sum() + 1) / 2) / (yes.sum() * (~yes).sum()))


def learn() -> None:
    """Fit on train, choose penalty and threshold on dev, write the asset."""
    train, dev = load("train"), load("dev")
    turn = fit(list(turn_examples(train)), penalty=5.0)
    join = fit(list(join_examples(train)), penalty=2.0)
    subject = fit_choice(list(subject_examples(train)), penalty=1.0)
    words = Words(train)
    word = fit(list(word_examples(train, turn, words.known_elsewhere)), penalty=5.0)
    frame, label, length = habits(train)
    best = max(np.arange(0.3, 0.71, 0.025), key=lambda t: f1(dev, lambda item: turns_of(planned(item, Weights(turn, join, subject, t))))[2])
    values: dict[str, Any] = {
        "fitted_on": "corpus/train.jsonl (evidence, summaries)",
        "threshold": round(float(best), 3),
        "turn": turn,
        "join": join,
        "subject": subject,
        "word": word,
        "known": words.known(),
        "frame": frame,
        "label": label,
        "length": length,
    }
    read_ = list(retold_examples(train, Weights(**{name: value for name, value in values.items() if name != "fitted_on"})))
    values["retold"] = fit([(f, y) for _, f, y, _ in read_], penalty=RETOLD_PENALTY)
    values["point"] = fit([(f, y) for _, f, _, y in read_], penalty=RETOLD_PENALTY)
    with atomic(TARGET) as file:
        file.write(
            "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()) + "\n}\n"
        )
    fitted.cache_clear()


def extractive_turns(item: Analysed) -> set[int]:
    """The turns that the engine without weights takes."""
    [prediction] = Extractive().summarize([item.dialogue])
    return {turn - 1 for group in prediction.evidence for turn in group}


def lead_turns(item: Analysed) -> set[int]:
    """The first three turns and the last two."""
    n = len(item.dialogue.turns)
    return {*range(min(3, n)), *range(max(0, n - 2), n)}


def main() -> None:
    if "--fit" in sys.argv:
        learn()
    weights = fitted()
    measures: list[Row] = []

    def say(what: str, value: float, unit: str = "%") -> None:
        measures.append({"what": what, "value": value, "unit": unit, "low": value, "high": value})

    for split in ("dev", "test"):
        data = load(split)
        for name, choose in (
            ("planned", lambda item: turns_of(planned(item, weights))),
            ("extractive", extractive_turns),
            ("first three and last two", lead_turns),
        ):
            for kind, value in zip(("precision", "recall", "F1"), f1(data, choose), strict=True):
                say(f"{split}: evidence turns chosen, {name}: {kind}", value)
        say(f"{split}: evidence turns, AUC", auc([(logistic(weights.turn, f), y) for f, y in turn_examples(data)]), "")
        say(
            f"{split}: words of the summary, AUC",
            auc([(logistic(weights.word, f), y) for f, y in word_examples(data, weights.turn, lambda *_: weights.known)]),
            "",
        )
        joins = list(join_examples(data))
        say(
            f"{split}: same sentence or the next, right",
            100 * sum((logistic(weights.join, f) >= 0.5) == (y > 0.5) for f, y in joins) / len(joins),
        )
        say(f"{split}: same sentence, the commoner answer", 100 * max(m := sum(y for _, y in joins) / len(joins), 1 - m))
        choices = list(subject_examples(data))
        right = sum(max(range(len(o)), key=lambda i: sum(weights.subject.get(k, 0) * v for k, v in o[i].items())) == a for o, a in choices)
        say(f"{split}: the sentence's subject, right", 100 * right / len(choices))
        say(f"{split}: sentences planned per dialogue", float(np.mean([len(planned(item, weights).groups) for _, item in data])), "")
        say(f"{split}: sentences written per dialogue", float(np.mean([len(row["sentences"]) for row, _ in data])), "")
    read_ = list(retold_examples(load("train"), weights))
    say("train: retold statements read", len(read_), "")
    for name, examples in (
        ("true and to be understood alone", [(id_, f, y) for id_, f, y, _ in read_]),
        ("the main point", [(id_, f, y) for id_, f, _, y in read_]),
    ):
        judged = sorted(crossed(examples, RETOLD_PENALTY))
        say(f"train: retold statements, {name}", 100 * sum(y for _, y in judged) / max(1, len(judged)))
        say(f"train, cross-validated: retold statements, AUC of {name}", auc(judged), "")
        fifth = len(judged) // 5
        for which, part in (("least", judged[:fifth]), ("most", judged[-fifth:])):
            say(f"train, cross-validated: {name} among the {which} probable fifth", 100 * sum(y for _, y in part) / max(1, len(part)))
    paths = [ROOT / "corpus" / f"{split}.jsonl" for split in ("train", "dev", "test")]
    record("plan", data=paths, runs=1, measures=measures, ratios=[])


if __name__ == "__main__":
    main()
