"""Learn my style on a laptop: what 50 to 500 dialogues of a team's own change, and the time each takes.

    YOYAK_DATA=... python benchmarks/own_style.py --work DIR [--sizes 50 100 200 500] [--rows 100] [--train-only]

`yoyak train gemma-3-270m --from FILE` as a user types it (the recipe's epochs), on so many rows of train_research.csv, each file holding
the smaller ones; then the first rows of dev_k2, which is of the same kind and never learned from, summarized as `yoyak summarize` does.
Nothing learned (0 rows) is the embedded model as it is; the differences to it are paired. The domains of our own corpus are no test of
this, since the embedded adapter has learned from all of them. Finished runs in DIR are not made again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from _record import data_folder, record
from yoyak.data.read import read
from yoyak.data.write import read_predictions, write_predictions
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.files import as_mapping
from yoyak.metrics.rouge import NAMES
from yoyak.records import Dialogue
from yoyak.summarize.summarizer import Summarizer

Row = dict[str, Any]


def trained(folder: Path, rows: list[Dialogue]) -> Row:
    """Train on the rows in `folder` by the command; the clock and processor time it took, remembered beside it."""
    times = folder / "times.json"
    if times.is_file():
        found: Row = json.loads(times.read_text(encoding="utf-8"))
        return found
    folder.mkdir(parents=True, exist_ok=True)
    mine = folder / "mine.jsonl"
    lines = [{"id": d.id, "dialogue": d.text, "summary": d.references[0]} for d in rows]
    mine.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    begun, used = perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["train", "gemma-3-270m", "--from", str(mine), "-o", str(folder / "run"), "--quiet"]
    subprocess.run([sys.executable, "-m", "yoyak.cli.main", *command], check=True)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = spent.ru_utime + spent.ru_stime - used.ru_utime - used.ru_stime
    found = {"clock": perf_counter() - begun, "processor": cpu, "threads": int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))}
    times.write_text(json.dumps(found), encoding="utf-8")
    return found


def summarized(name: str, model: str, dialogues: list[Dialogue], work: Path) -> dict[str, str]:
    """Greedy summaries of the model, from the file in `work` when they are there."""
    path = work / f"{name}-{len(dialogues)}.jsonl"
    if not path.is_file():
        write_predictions(path, list(Summarizer.load(model).summarize(dialogues)))
    return as_mapping(read_predictions(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 100, 200, 500])
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--train-only", action="store_true")
    options = parser.parse_args()
    data = data_folder()
    if data is None:
        sys.exit("YOYAK_DATA names no folder: this benchmark learns from train_research.csv")
    files = [data / "dialogsum-ko" / name for name in ("train_research.csv", "dev_k2.csv")]
    pool = list(read(files[0]))
    random.Random(0).shuffle(pool)
    times = {size: trained(options.work / f"{size}", pool[:size]) for size in options.sizes}
    if options.train_only:
        return
    dialogues = list(read(files[1]))[: options.rows]
    references = {d.id: d.references for d in dialogues}
    texts = {0: summarized("0", "yoyak-gemma-270m", dialogues, options.work)}
    texts |= {
        size: summarized(str(size), str(options.work / f"{size}" / "run" / "adapter"), dialogues, options.work) for size in options.sizes
    }
    measures: list[Row] = []
    for size, made in texts.items():
        against = {"nothing learned": texts[0]} if size else {}
        result = evaluate(made, references, against=against)
        for metric in NAMES:
            score = result.systems["predictions"].scores[metric]
            values = {"value": 100 * score.f1, "low": 100 * (score.low or 0), "high": 100 * (score.high or 0)}
            measures.append(
                {"what": f"{size} dialogues learned: {metric} on {len(dialogues)} rows of dev_k2", "unit": "F1 x 100", **values}
            )
        for name, found in result.differences.items():
            for metric in NAMES:
                gain = found[metric]
                values = {"value": 100 * gain.mean, "low": 100 * gain.low, "high": 100 * gain.high}
                measures.append(
                    {"what": f"{size} dialogues learned minus {name}: {metric} (p = {gain.p:.3g})", "unit": "F1 x 100", **values}
                )
        if size:
            took = times[size]
            for what in ("clock", "processor"):
                value = took[what] / 60
                what = f"{size} dialogues: training, {what} time, {took['threads']} thread(s), beside other work"
                measures.append({"what": what, "value": value, "unit": "min", "low": value, "high": value})
    record("own-style", data=files, runs=1, measures=measures, ratios=[])


if __name__ == "__main__":
    main()
