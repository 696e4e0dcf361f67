"""What plan and guard change: truth by checks and verifier, ROUGE, length, time; and the risk that remains at each share kept.

    YOYAK_DATA=... python benchmarks/guard.py --model DIR --verifier DIR [--rows N] [--speed N] [--predictions FOLDER]

--predictions writes what each system says (JSONL), which is what people and models read blind (benchmarks/truth.py counts the verdicts).
Risk and coverage are computed from labels made by reading (benchmarks/labels): summaries are kept from the surest to the least sure, and
the share of false ones among those kept is given. What was chosen on a file (trust, priors: corpus/dev.jsonl) is not tested on it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

import faithfulness
from _record import ROOT, data_folder, interleaved, measure, ratio, record
from yoyak.checkpoints import load
from yoyak.data.read import read
from yoyak.data.write import write_predictions
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.evidence import sentences
from yoyak.metrics.faithfulness import check
from yoyak.metrics.rouge import NAMES
from yoyak.records import Dialogue, Prediction
from yoyak.summarize.engines.ct2 import CTranslate2Engine
from yoyak.summarize.engines.extractive import Extractive
from yoyak.summarize.guard import Guard, GuardConfig
from yoyak.summarize.planned import Planned
from yoyak.summarize.summarizer import Engine, load_verifier
from yoyak.summarize.verify import Verifier

Row = dict[str, Any]
SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
TRUSTS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def engines(model: str, verifier: Verifier, config: GuardConfig) -> dict[str, Engine]:
    """The systems that are compared, on one opened model."""
    made = load.ready(model)
    writer = CTranslate2Engine(made.folder, name=made.name)
    return {"extractive": Extractive(), "plain": writer, "planned": Planned(writer), "guarded": Guard(writer, verifier, config=config)}


def sure(verifier: Verifier, dialogue: Dialogue, summary: str) -> float:
    """The probability of a summary's least sure sentence."""
    told = sentences(summary)
    return min((verdict.true for verdict in verifier.verify(dialogue, told)), default=0.0) if told else 0.0


def risk_coverage(points: Iterable[tuple[float, bool]]) -> list[tuple[float, float]]:
    """(share kept, share of false ones among them) at SHARES, the surest first."""
    ranked = sorted(points, key=lambda point: -point[0])
    kept = [max(1, round(share * len(ranked))) for share in SHARES]
    return [(share, sum(false for _, false in ranked[:n]) / n) for share, n in zip(SHARES, kept, strict=True)] if ranked else []


def one(what: str, value: float, unit: str) -> Row:
    """A measure without a spread."""
    return {"what": what, "value": value, "unit": unit, "low": value, "high": value}


def told(name: str, file: str, predictions: Sequence[Prediction], talks: Sequence[Dialogue], verifier: Verifier) -> list[Row]:
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
    verdicts = [v.true for talk, p in pairs for v in verifier.verify(talk, sentences(p.summary))]
    rows.append(faithfulness.share(f"{head}: summaries that a check finds suspicious", suspicious, len(pairs)))
    rows.append(one(f"{head}: mean probability of a sentence", 100 * sum(verdicts) / max(1, len(verdicts)), "%"))
    rows.append(one(f"{head}: characters", sum(len(p.summary) for p in predictions) / len(pairs), ""))
    rows.append(one(f"{head}: sentences", len(verdicts) / len(pairs), ""))
    if any(p.review for p in predictions):
        rows.append(faithfulness.share(f"{head}: flagged", sum(bool(p.review) for p in predictions), len(pairs)))
    return rows


def curve(folder: Path, verifier: Verifier) -> list[Row]:
    """Risk against coverage on the summaries that were read (four systems, their labels in benchmarks/labels)."""
    talks = {talk.id: talk for talk in read(folder / "dev_k2.csv")}
    labels = [json.loads(line) for line in faithfulness.LABELS.read_text(encoding="utf-8").splitlines()]
    texts = faithfulness.outputs(folder, talks)
    fresh = [label for label in labels if faithfulness.fingerprint(texts[label["system"]][label["id"]]) == label["output"]]
    points = [(sure(verifier, talks[label["id"]], texts[label["system"]][label["id"]]), label["verdict"] == "false") for label in fresh]
    rows = [one(f"labelled summaries: false among the surest {share:.0%}", 100 * risk, "%") for share, risk in risk_coverage(points)]
    return [*rows, one("labelled summaries: how many", len(points), "")]


def trusts(model: str, verifier: Verifier, talks: Sequence[Dialogue]) -> list[Row]:
    """What `--trust` moves, on corpus dev: ROUGE-1, length, the verifier's mean, the share flagged."""
    rows: list[Row] = []
    for trust in TRUSTS:
        made = list(engines(model, verifier, GuardConfig(trust=trust))["guarded"].summarize(talks))
        rows += [
            row
            for row in told(f"trust {trust}", "corpus dev", made, talks, verifier)
            if "rouge2" not in row["what"] and "rougeL" not in row["what"]
        ]
    return rows


def speed(systems: dict[str, Engine], talks: Sequence[Dialogue]) -> tuple[list[Row], list[Row]]:
    """Dialogues a second of each, interleaved."""

    def timed(engine: Engine) -> Callable[[], float]:
        def run() -> float:
            start = time.perf_counter()
            done = sum(1 for _ in engine.summarize(talks))
            return done / (time.perf_counter() - start)

        return run

    names = ("plain", "planned", "guarded")
    figures = interleaved({name: timed(systems[name]) for name in names}, repeats=3)
    rows = [measure(f"{name}: dialogues a second", figures[name], "1/s") for name in names]
    return rows, [ratio("guarded: dialogues a second", figures["guarded"], ">= 1")]


def main(
    *,
    model: str,
    verifier: str = "rules",
    rows: int = 100,
    speed_rows: Annotated[int, Parameter(name="--speed")] = 30,
    trust: float | None = None,
    curves: bool = True,
    predictions: Path | None = None,
) -> None:
    """Measure, and write benchmarks/results/guard.json; with --predictions write what the systems say instead."""
    judge = load_verifier(verifier)
    config = GuardConfig() if trust is None else GuardConfig(trust=trust)
    systems = engines(model, judge, config)
    files = {"corpus dev": ROOT / "corpus" / "dev.jsonl", "corpus test": ROOT / "corpus" / "test.jsonl"}
    folder = data_folder()
    if folder:
        files["dev_k2"] = folder / "dialogsum-ko" / "dev_k2.csv"
    measures: list[Row] = []
    for file, path in files.items():
        talks = list(read(path))[:rows]
        for name, engine in systems.items():
            made = list(engine.summarize(talks))
            if predictions is not None:
                predictions.mkdir(parents=True, exist_ok=True)
                write_predictions(predictions / f"{file.replace(' ', '_')}-{name}.jsonl", made)
            measures += told(name, file, made, talks, judge)
    if predictions is not None:
        for row in measures:
            print(f"{row['what']}: {row['value']:.4g} {row['unit']}")
        return
    dev = list(read(files["corpus dev"]))
    times, ratios = speed(systems, dev[:speed_rows])
    if curves:
        measures += trusts(model, judge, dev[:rows])
        measures += curve(folder / "dialogsum-ko", judge) if folder else []
    record("guard", data=list(files.values()), runs=3, measures=[*measures, *times], ratios=ratios, verifier=verifier)


if __name__ == "__main__":
    sys.exit(cyclopts.run(main))
