"""Does the whole corpus keep what its data card promises? Prints each promise with its figure; exits with 3 when one is broken.

    python corpus/check.py                      # the corpus by itself
    YOYAK_DATA=... python corpus/check.py       # also against the research data (overlap, variety, lead-3)

Writes benchmarks/results/corpus.json with --record.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from yoyak.data.read import read
from yoyak.metrics.baselines import lead
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.rouge import NAMES
from yoyak.records import Dialogue
from yoyak.text.endings import restyle
from yoyak.text.morphemes import forms

HERE = Path(__file__).resolve().parent
SPLITS = ("train", "dev", "test")
KINDS = ("speaker", "negation", "detail", "invented")
LEAD3 = {"rouge1": 29.4, "rouge2": 7.1, "rougeL": 20.6}  # of dev_k2, benchmarks/results/scores.json
HUMANS = {"rouge1": 64.4, "rouge2": 40.6, "rougeL": 59.4}  # two human translations of dev_k2's references
_SHINGLE = 8

Row = dict[str, Any]


@dataclass(frozen=True)
class Promise:
    """One promise of the data card: the figure found, and whether it is kept."""

    what: str
    value: float
    low: float = float("-inf")
    high: float = float("inf")

    @property
    def kept(self) -> bool:
        return self.low <= self.value <= self.high

    def __str__(self) -> str:
        bounds = f"{'' if self.low == float('-inf') else f'>= {self.low:g} '}{'' if self.high == float('inf') else f'<= {self.high:g}'}"
        return f"{'ok  ' if self.kept else 'NOT '} {self.what}: {self.value:.4g}  ({bounds.strip() or 'reported'})"


def rows(split: str) -> list[Row]:
    """The records of one split."""
    with open(HERE / f"{split}.jsonl", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def text_of(row: Row) -> str:
    """The dialogue as `speaker: text` lines."""
    return "\n".join(f"{turn['speaker']}: {turn['text']}" for turn in row["dialogue"])


def shares(everything: Sequence[Row]) -> Iterator[Promise]:
    """Sizes and shares of the whole."""
    n = len(everything)
    lengths = [len(text_of(row)) for row in everything]
    turns = [len(row["dialogue"]) for row in everything]
    yield Promise("dialogues", n, 2000)
    domains = Counter(row["domain"] for row in everything)
    yield Promise("domains", len(domains), 24, 24)
    yield Promise("largest domain, %", 100 * max(domains.values()) / n, high=8)
    yield Promise("turns, fewest", min(turns), 2)
    yield Promise("turns, most", max(turns), high=40)
    yield Promise("turns, mean", mean(turns), 9, 11)
    yield Promise("characters, fewest", min(lengths), 90)
    yield Promise("characters, most", max(lengths), high=1600)
    yield Promise("characters, mean", mean(lengths), 390, 450)
    yield Promise("three to five speakers, %", 100 * mean(len(row["speakers"]) > 2 for row in everything), 9, 15)
    yield Promise("messenger style, %", 100 * mean("messenger" in row["style"] for row in everything), 17, 23)
    yield Promise("calls, %", 100 * mean("call" in row["style"] for row in everything), 12, 18)
    yield Promise("speakers as tags, %", 100 * mean(row["speakers"][0].startswith("#Person") for row in everything), 57, 63)
    masked = re.compile(r"#(?!Person)[A-Za-z]+\d*#")
    yield Promise("masked personal data, %", 100 * mean(bool(masked.search(text_of(row))) for row in everything), 5, 11)
    ratios = [len(row["summary"]) / length for row, length in zip(everything, lengths, strict=True)]
    yield Promise("summary / dialogue, mean of ratios", mean(ratios), 0.19, 0.24)
    yield Promise("summary / dialogue, ratio of means", sum(len(r["summary"]) for r in everything) / sum(lengths), 0.19, 0.22)
    yield Promise("sentences in a summary, most", max(len(row["sentences"]) for row in everything), high=3)
    kinds = Counter(twin["kind"] for row in everything for twin in row["false_twins"])
    total = kinds.total()
    for kind in KINDS:
        yield Promise(f"false twins of the kind {kind}, %", 100 * kinds[kind] / total, 22, 28)


def repeated_sentences(everything: Sequence[Row]) -> Promise:
    """No sentence of six or more words more than three times."""
    counts: Counter[str] = Counter()
    for row in everything:
        texts = [turn["text"] for turn in row["dialogue"]] + [s["text"] for s in row["sentences"]]
        counts.update(s.strip() for text in texts for s in re.split(r"(?<=[.!?])\s+", text) if len(s.split()) >= 6)
    return Promise("a sentence of six words or more, most often", max(counts.values(), default=0), high=3)


def shingles(text: str) -> set[int]:
    """Hashes of all runs of eight characters, blanks and tags left out."""
    bare = re.sub(r"\s+|#\w+#:?", "", text)
    return {hash(bare[i : i + _SHINGLE]) for i in range(max(1, len(bare) - _SHINGLE + 1))}


def overlap(ours: Sequence[set[int]], others: Sequence[set[int]] | None = None) -> float:
    """The largest share of one dialogue's shingles that another dialogue holds."""
    index: dict[int, list[int]] = {}
    pool = ours if others is None else others
    for number, found in enumerate(pool):
        for shingle in found:
            index.setdefault(shingle, []).append(number)
    largest = 0.0
    for number, found in enumerate(ours):
        shared: Counter[int] = Counter()
        for shingle in found:
            shared.update(m for m in index.get(shingle, ()) if others is not None or m != number)
        if shared:
            other, common = shared.most_common(1)[0]
            largest = max(largest, common / min(len(found), len(pool[other])))
    return largest


def distinct2(texts: Iterable[str]) -> float:
    """Distinct morpheme pairs over all morpheme pairs."""
    pairs = [pair for tokens in forms(list(texts)) for pair in pairwise(tokens)]
    return len(set(pairs)) / len(pairs)


def leak(everything: Sequence[Row]) -> Iterator[Promise]:
    """Can a bag of words tell true from false without the dialogue? Logistic regression, five folds by dialogue.

    Each false twin is paired with the sentence that it twists, so that both classes are equally many; the share that is right is
    averaged over folds. A guess is right half of the time.
    """
    pairs = [
        (row["sentences"][t["sentence"] - 1]["text"], t["text"], t["kind"], n)
        for n, row in enumerate(everything)
        for t in row["false_twins"]
    ]
    truths = sorted({p[0] for p in pairs})
    true = dict(zip(truths, forms(truths), strict=True))
    false = forms([p[1] for p in pairs])
    rng = random.Random(0)
    fold_of = {n: rng.randrange(5) for n in {p[3] for p in pairs}}
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for fold in range(5):
        train = [(set(true[p[0]]), set(f)) for p, f in zip(pairs, false, strict=True) if fold_of[p[3]] != fold]
        test = [(set(true[p[0]]), set(f), p[2]) for p, f in zip(pairs, false, strict=True) if fold_of[p[3]] == fold]
        weights = _logistic([(words, 1.0) for t, _ in train for words in [t]] + [(words, 0.0) for _, f in train for words in [f]])
        for t, f, kind in test:
            score = [sum(weights.get(word, 0.0) for word in words) + weights[""] for words in (t, f)]
            for name in (kind, "all"):
                right[name] += (score[0] > 0) + (score[1] <= 0)
                seen[name] += 2
    yield Promise("bag of words alone tells true from false, %", 100 * right["all"] / seen["all"], high=60)
    for kind in KINDS:
        yield Promise(f"  of them, kind {kind}, %", 100 * right[kind] / seen[kind])


def _logistic(examples: Sequence[tuple[set[str], float]], *, steps: int = 200, rate: float = 0.5, decay: float = 1e-4) -> dict[str, float]:
    """L2-regularized logistic regression on word presence, by Adagrad over the whole batch."""
    counts = Counter(word for words, _ in examples for word in words)
    vocabulary = {word: i for i, word in enumerate(w for w, c in counts.items() if c >= 3)}
    row_of, column_of = [], []
    for i, (words, _) in enumerate(examples):
        for word in words & vocabulary.keys():
            row_of.append(i)
            column_of.append(vocabulary[word])
    places, columns = np.array(row_of), np.array(column_of)
    labels = np.array([label for _, label in examples])
    weights, bias = np.zeros(len(vocabulary)), 0.0
    history, bias_history = np.full(len(vocabulary), 1e-8), 1e-8
    for _ in range(steps):
        logits = np.bincount(places, weights[columns], minlength=len(examples)) + bias
        error = 1 / (1 + np.exp(-logits)) - labels
        gradient = np.bincount(columns, error[places], minlength=len(vocabulary)) / len(examples) + decay * weights
        history += gradient**2
        weights -= rate * 0.2 * gradient / np.sqrt(history)
        bias_history += error.mean() ** 2
        bias -= rate * 0.2 * error.mean() / np.sqrt(bias_history)
    return {word: float(weights[i]) for word, i in vocabulary.items()} | {"": float(bias)}


def agreement(held_out: Sequence[Row]) -> Iterator[Promise]:
    """The two references of a dev or test row agree like two human translations, or less."""
    both = [row for row in held_out if row.get("summary2")]
    yield Promise("dev and test rows with a second summary", len(both), len(held_out))
    if both:
        found = evaluate({r["id"]: r["summary"] for r in both}, {r["id"]: (r["summary2"],) for r in both}).systems["predictions"].scores
        for metric in NAMES:
            yield Promise(f"second summary against the first, {metric}", 100 * found[metric].f1, high=HUMANS[metric])


def lead3(split: str) -> Iterator[Promise]:
    """Lead-3 within 5 points of dev_k2's: summaries are neither copies nor inventions."""
    talks = {dialogue.id: dialogue for dialogue in read(HERE / f"{split}.jsonl")}
    predictions = {id_: lead(talk, 3) for id_, talk in talks.items()}
    found = evaluate(predictions, {id_: talk.references[:1] for id_, talk in talks.items()}).systems["predictions"].scores
    for metric in NAMES:
        yield Promise(f"lead-3 on {split}, {metric}", 100 * found[metric].f1, LEAD3[metric] - 5, LEAD3[metric] + 5)


def endings(everything: Sequence[Row]) -> Iterator[Promise]:
    """~합니다 and ~함 derived from ~한다, and back again: how many of all summary sentences come back as they were."""
    sentences = [sentence["text"] for row in everything for sentence in row["sentences"]]
    for style in ("합니다", "함"):
        same = sum(restyle(restyle(text, to=style), to="한다") == text for text in sentences)
        yield Promise(f"summary sentences that survive ~한다 -> ~{style} -> ~한다, %", 100 * same / len(sentences), 99)


def long_records(found: Sequence[Row]) -> Iterator[Promise]:
    """The calls and meetings of long.jsonl."""
    lengths = [len(text_of(row)) for row in found]
    marks = sum(bool(re.search(r"(?<!\d)[.?!,]|[.?!,](?!\d)", turn["text"])) for row in found for turn in row["dialogue"])
    yield Promise("long: dialogues", len(found), 60)
    yield Promise("long: characters, fewest", min(lengths), 2500)
    yield Promise("long: characters, most", max(lengths), high=6000)
    yield Promise("long: turns with punctuation", marks, high=0)


def research() -> dict[str, list[Dialogue]] | None:
    """The research data, when YOYAK_DATA names them."""
    folder = os.environ.get("YOYAK_DATA")
    if not folder:
        print("YOYAK_DATA is not set: overlap with and variety beside the research data are left out", file=sys.stderr)
        return None
    files = sorted(Path(folder, "dialogsum-ko").glob("*.csv"))
    return {file.name: list(read(file)) for file in files if "output" not in file.name}


def synthetic_texts(count: int) -> list[str]:
    """The first rows of train_research.csv's part that an LLM wrote."""
    import csv

    path = Path(os.environ["YOYAK_DATA"], "dialogsum-ko", "train_research.csv")
    with open(path, encoding="utf-8", newline="") as file:
        return [row["dialogue"] for row in csv.DictReader(file) if row["origin"] == "synthetic"][:count]


def main() -> int:
    by_split = {split: rows(split) for split in SPLITS}
    everything = [row for split in SPLITS for row in by_split[split]]
    held_out = by_split["dev"] + by_split["test"]
    promises = [Promise("dev", len(by_split["dev"]), 100, 100), Promise("test", len(by_split["test"]), 200, 200)]
    promises += [*shares(everything), repeated_sentences(everything), *leak(everything), *agreement(held_out)]
    promises += [*endings(everything), *long_records(rows("long"))]
    for split in SPLITS:
        promises += lead3(split)
    mine = [shingles(text_of(row)) for row in everything]
    promises.append(Promise("largest overlap of two dialogues, %", 100 * overlap(mine), high=20))
    if others := research():
        for name, dialogues in others.items():
            theirs = [shingles(dialogue.text) for dialogue in dialogues]
            promises.append(Promise(f"largest overlap with {name}, %", 100 * overlap(mine, theirs), high=20))
        texts = synthetic_texts(len(everything))
        ours = distinct2(text_of(row) for row in everything[: len(texts)])
        promises.append(Promise(f"distinct-2 on {len(texts)} dialogues", ours, distinct2(texts)))
    for promise in promises:
        print(promise)
    if "--record" in sys.argv:
        _record(promises)
    return 0 if all(promise.kept for promise in promises) else 3


def _record(promises: Sequence[Promise]) -> None:
    sys.path.insert(0, str(HERE.parent / "benchmarks"))
    from _record import record

    measures = [{"what": p.what, "value": p.value, "unit": "", "low": p.value, "high": p.value} for p in promises]
    record("corpus", data=[HERE / f"{split}.jsonl" for split in SPLITS], runs=1, measures=measures, ratios=[])


if __name__ == "__main__":
    sys.exit(main())
