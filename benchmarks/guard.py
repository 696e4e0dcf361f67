"""What the guard changes: truth by the checks, ROUGE, length, speed; what its settings move; and the risk that remains at each share kept.

    YOYAK_DATA=... python benchmarks/guard.py [--model NAME|DIR] [--verifier NAME|DIR] [--rows N] [--predictions FOLDER]

The default of `yoyak summarize` beside the unguarded engine, on corpus dev and test and on dev_k2 (endings as there). With --model also a
model alone, planned and guarded. Trust, the weight of the main point and that of content words are moved on corpus dev, where they were
chosen. Risk and coverage: the default's summaries that were read (benchmarks/labels/truth.jsonl, by their hash) are kept from the surest
to the least sure, and the share of false ones among those kept is given. --predictions writes what each system says (JSONL).
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

import faithfulness
from _record import ROOT, data_folder, interleaved, measure, ratio, record
from _shares import fingerprint
from yoyak.checkpoints import load
from yoyak.data.read import read
from yoyak.data.write import write_predictions
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.evidence import sentences
from yoyak.metrics.faithfulness import check
from yoyak.metrics.rouge import NAMES
from yoyak.records import Dialogue, Prediction
from yoyak.summarize import assemble, expectation
from yoyak.summarize.candidates import Silent
from yoyak.summarize.engines.ct2 import CTranslate2Engine
from yoyak.summarize.engines.extractive import Extractive
from yoyak.summarize.guard import RETELLING, Guard, GuardConfig
from yoyak.summarize.planned import Planned
from yoyak.summarize.summarizer import Engine, load_verifier
from yoyak.summarize.verify import Verifier
from yoyak.text.endings import Style

Row = dict[str, Any]
LABELS = faithfulness.LABELS.with_name("truth.jsonl")
SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
TRUSTS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0)
MAINS = (0.0, 0.5, 1.0)
CONTENTS = (1.0, 1.3, 2.0, 3.0)


def retelling(ending: Style, verifier: Verifier, config: GuardConfig = RETELLING) -> Guard:
    """The default: retold turns, no model."""
    return Guard(Silent("extractive"), verifier, config=config, ending=ending)


def engines(ending: Style, verifier: Verifier, model: str | None) -> dict[str, Engine]:
    """The systems that are compared."""
    found: dict[str, Engine] = {"unguarded": Extractive(ending=ending), "default": retelling(ending, verifier)}
    if model is not None:
        made = load.ready(model)
        writer = CTranslate2Engine(made.folder, name=made.name)
        found |= {"model alone": writer, "model, planned": Planned(writer), "model, guarded": Guard(writer, verifier, ending=ending)}
    return found


def risk_coverage(points: Iterable[tuple[float, bool]]) -> list[tuple[float, float]]:
    """(share kept, share of false ones among them) at SHARES, the surest first."""
    ranked = sorted(points, key=lambda point: -point[0])
    kept = [max(1, round(share * len(ranked))) for share in SHARES]
    return [(share, sum(false for _, false in ranked[:n]) / n) for share, n in zip(SHARES, kept, strict=True)] if ranked else []


def one(what: str, value: float, unit: str) -> Row:
    """A measure without a spread."""
    return {"what": what, "value": value, "unit": unit, "low": value, "high": value}


def told(name: str, file: str, predictions: Sequence[Prediction], talks: Sequence[Dialogue]) -> list[Row]:
    """All figures of one system on one file."""
    head = f"{file}, {name}"
    scores = evaluate({p.id: p.summary for p in predictions}, {t.id: t.references for t in talks}).systems["predictions"].scores
    rows: list[Row] = []
    for metric in NAMES:
        score = scores[metric]
        rows.append(
            {
                "what": f"{head}: {metric}",
                "value": 100 * score.f1,
                "unit": "F1 x 100",
                "low": 100 * (score.low or 0),
                "high": 100 * (score.high or 0),
            }
        )
    pairs = list(zip(talks, predictions, strict=True))
    suspicious = sum(bool(check(talk, p.summary)) for talk, p in pairs)
    rows.append(faithfulness.share(f"{head}: summaries that a check finds suspicious", suspicious, len(pairs)))
    rows.append(one(f"{head}: characters", sum(len(p.summary) for p in predictions) / len(pairs), ""))
    rows.append(one(f"{head}: sentences", sum(len(sentences(p.summary)) for p in predictions) / len(pairs), ""))
    if "unguarded" not in name and "alone" not in name:
        rows.append(faithfulness.share(f"{head}: flagged", sum(bool(p.review) for p in predictions), len(pairs)))
    return rows


def curve(place: str, key: str, verifier: Verifier, ending: Style, talks: Sequence[Dialogue]) -> list[Row]:
    """Risk against coverage of the default's summaries, by how probable the guard holds it that all of one is true."""
    labels = {}
    for line in LABELS.read_text(encoding="utf-8").splitlines():
        label = json.loads(line)
        if label["set"] == key and label["pass"] == 1:
            labels[label["id"], label["output"]] = label["verdict"] == "false"
    points = []
    # Flagged whenever it is less than certain, so that every statement's probability is told.
    for prediction in retelling(ending, verifier, replace(RETELLING, review=1.0)).summarize(talks):
        false = labels.get((prediction.id, fingerprint(prediction.summary)))
        if false is not None:
            points.append((math.prod(doubt.true for doubt in prediction.review), false))
    rows = [one(f"{place}, default: false among the surest {share:.0%}", 100 * risk, "%") for share, risk in risk_coverage(points)]
    return [*rows, one(f"{place}, default: summaries that were read", len(points), "")]


def settings(verifier: Verifier, talks: Sequence[Dialogue]) -> list[Row]:
    """What trust, the weight of the main point and that of content words move, on corpus dev."""
    rows: list[Row] = []

    def say(what: str, config: GuardConfig = RETELLING) -> None:
        made = list(retelling("한다", verifier, config).summarize(talks))
        rows.extend(row for row in told(what, "corpus dev", made, talks) if "rouge2" not in row["what"])

    for trust in TRUSTS:
        say(f"trust {trust}", replace(RETELLING, trust=trust))
    for name, module, values in (("MAIN", assemble, MAINS), ("CONTENT", expectation, CONTENTS)):
        usual = getattr(module, name)
        for value in values:
            setattr(module, name, value)
            say(f"{name} {value}")
        setattr(module, name, usual)
    return rows


def speed(systems: dict[str, Engine], talks: Sequence[Dialogue]) -> tuple[list[Row], list[Row]]:
    """Dialogues a second of each by processor time, interleaved."""

    def timed(engine: Engine) -> Callable[[], float]:
        def run() -> float:
            start = time.process_time()
            done = sum(1 for _ in engine.summarize(talks))
            return done / (time.process_time() - start)

        return run

    figures = interleaved({name: timed(engine) for name, engine in systems.items()}, repeats=3)
    rows = [measure(f"{name}: dialogues a second of one core", found, "1/s") for name, found in figures.items()]
    slower = [
        ratio("unguarded / default, dialogues a second", [a / b for a, b in zip(figures["unguarded"], figures["default"], strict=True)])
    ]
    goals = [
        ratio(f"{name}: dialogues a second of one core", figures[name], ">= 1")
        for name in figures
        if "guarded" in name or name == "default"
    ]
    return rows, [*goals, *slower]


def main(
    *,
    model: str | None = None,
    verifier: str = "rules",
    rows: int = 250,
    speed_rows: Annotated[int, Parameter(name="--speed")] = 30,
    predictions: Path | None = None,
) -> None:
    """Measure, and write benchmarks/results/guard.json; with --predictions write what the systems say instead."""
    judge = load_verifier(verifier)
    places: dict[str, tuple[Path, Style, str | None]] = {
        "corpus dev": (ROOT / "corpus" / "dev.jsonl", "한다", None),
        "corpus test": (ROOT / "corpus" / "test.jsonl", "한다", "test"),
    }
    folder = data_folder()
    if folder:
        places["dev_k2"] = (folder / "dialogsum-ko" / "dev_k2.csv", "합니다", "dev_k2")
    measures: list[Row] = []
    goals: list[Row] = []
    for place, (path, ending, key) in places.items():
        talks = list(read(path))[:rows]
        for name, engine in engines(ending, judge, model).items():
            made = list(engine.summarize(talks))
            if predictions is not None:
                predictions.mkdir(parents=True, exist_ok=True)
                write_predictions(predictions / f"{place}-{name}.jsonl".replace(" ", "_").replace(",", ""), made)
            found = told(name, place, made, talks)
            measures += found
            if place == "dev_k2" and name == "default":
                goals += [ratio(row["what"], [row["value"] / 40], ">= 1") for row in found if row["what"].endswith("rouge1")]
        if key is not None:
            measures += curve(place, key, judge, ending, talks)
    if predictions is not None:
        for row in measures:
            print(f"{row['what']}: {row['value']:.4g} {row['unit']}")
        return
    dev = list(read(places["corpus dev"][0]))
    measures += settings(judge, dev)
    times, ratios = speed(engines("한다", judge, model), dev[:speed_rows])
    data = [LABELS, *(path for path, _, _ in places.values())]
    record("guard", data=data, runs=3, measures=[*measures, *times], ratios=[*goals, *ratios], verifier=verifier)


if __name__ == "__main__":
    sys.exit(cyclopts.run(main))
