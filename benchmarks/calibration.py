"""Whether calibration pays on the embedded model: what it costs, that its plan is used again, and that it is no slower than the usual one.

    YOYAK_DATA=... python benchmarks/calibration.py [--rows 24] [--repeats 3]

The plan is measured in an empty cache, a second engine is opened there, and both the remembered plan and the usual one (a worker of one
thread for each core) summarize the same dialogues greedily in turn. By the clock, since sharing cores is what is measured.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from _record import ROOT, data_folder, interleaved, measure, ratio, record
from yoyak.checkpoints import load
from yoyak.data.read import read
from yoyak.summarize.calibrate import candidates, usual
from yoyak.summarize.engines.ct2 import CTranslate2Engine

MODEL = "yoyak-gemma-270m"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    data = data_folder()
    path: Path = data / "dialogsum-ko" / "dev_k2.csv" if data else ROOT / "corpus" / "dev.jsonl"
    talks = list(read(path))[: given.rows]
    folder = load.ready(MODEL).folder
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["YOYAK_CACHE"] = scratch  # no plan is remembered here yet
        first = CTranslate2Engine(folder, name=MODEL)
        before = first.calibrated
        start = perf_counter()
        plan = first.calibrate()
        cost = perf_counter() - start
        again = CTranslate2Engine(folder, name=MODEL)
        used = again.calibrated and again.plan == plan
    engines = {"remembered": again, "usual": CTranslate2Engine(folder, name=MODEL, plan=usual())}

    def rate(engine: CTranslate2Engine) -> float:
        start = perf_counter()
        list(engine.summarize(talks))
        return len(talks) / (perf_counter() - start)

    rates = interleaved({name: (lambda engine=engine: rate(engine)) for name, engine in engines.items()}, repeats=given.repeats)  # type: ignore[misc]
    measures: list[dict[str, Any]] = [
        measure("calibration, by the clock", [cost], "s"),
        *(measure(f"{name} plan, greedy int8", values, "dialogues/s") for name, values in rates.items()),
    ]
    pairs = [a / b for a, b in zip(rates["remembered"], rates["usual"], strict=True)]
    ratios = [
        ratio("a second engine takes the remembered plan (1: it does)", [float(used and not before)], ">= 1"),
        ratio("remembered plan / usual plan, by the clock", pairs, ">= 0.95"),
    ]
    tried = [f"{workers} x {threads}" for workers, threads in candidates(usual().workers)]
    chosen = {"plan": f"{plan.workers} x {plan.threads}", "tried": tried, "load_average": os.getloadavg()}
    record("calibration", data=[path], runs=given.repeats, measures=measures, ratios=ratios, **chosen)


if __name__ == "__main__":
    main()
