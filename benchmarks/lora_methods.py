"""What LoRA and QLoRA cost and give beside full fine-tuning: Gemma 3 270M, the same rows, the same number of steps.

    python benchmarks/lora_methods.py [--rows 150] [--epochs 1] [--dev 50]

For each method: share of learned weights, peak memory of the training process, tokens per second, and ROUGE on dialogues of corpus/dev
(all references, morphemes), with paired intervals against LoRA. One run each: the intervals are over dialogues, not over seeds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from _record import ROOT, measure, record
from yoyak.data.read import read
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.rouge import NAMES
from yoyak.summarize.summarizer import Summarizer

TRAIN, DEV = ROOT / "corpus" / "train.jsonl", ROOT / "corpus" / "dev.jsonl"
#: Learning rates as usual for each: ten times less where all weights move.
METHODS = {
    "lora": [],
    "qlora": ["--set", "quantization=nf4"],
    "full": ["--set", "method=full", "--set", "lora=null", "--set", "optimizer.learning_rate=3e-5"],
}


def train(method: str, output: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Train in a process of its own; returns what its log and metrics say."""
    settings = [f"data.train=[{TRAIN.as_posix()}]", "data.dev=[]", f"data.limit={arguments.rows}", f"epochs={arguments.epochs}"]
    settings += [f"batches.tokens={arguments.tokens}", "save_steps=1000000", "keep_checkpoints=1"]
    command = [sys.executable, "-m", "yoyak.cli.main", "--lang", "en", "train", "gemma-3-270m", "-o", str(output), *METHODS[method]]
    command += [part for setting in settings for part in ("--set", setting)]
    made = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"MALLOC_ARENA_MAX": "2"})
    if made.returncode:
        raise RuntimeError(f"{method}: {made.stderr[-2000:]}")
    rows = [json.loads(line) for line in (output / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    steps = [row for row in rows if "loss" in row]
    share = next(line for line in made.stderr.splitlines() if "weights are learned" in line)
    return {
        "share": float(share.rpartition("(")[2].rstrip("%)")),
        "memory": max(row["memory_mb"] for row in steps),
        "speed": [row["tokens_per_s"] for row in steps[1:]],
        "loss": median(row["loss"] for row in steps[-5:]),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=150)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--dev", type=int, default=50)
    parser.add_argument("--tokens", type=int, default=2048)
    arguments = parser.parse_args()
    dialogues = list(read(DEV))[: arguments.dev]
    references = {dialogue.id: dialogue.references for dialogue in dialogues}
    found: dict[str, dict[str, Any]] = {}
    summaries: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for method in METHODS:
            output = Path(scratch) / method
            found[method] = train(method, output, arguments)
            made = output / ("model" if method == "full" else "adapter")
            summaries[method] = {one.id: one.summary for one in Summarizer.load(made).summarize(dialogues)}
            print(method, found[method]["share"], found[method]["memory"], median(found[method]["speed"]), flush=True)
    scored = evaluate(summaries["lora"], references, against={m: summaries[m] for m in METHODS if m != "lora"}, name="lora")
    measures = []
    for method, values in found.items():
        measures.append(measure(f"{method}: learned weights", [values["share"]], "% of all"))
        measures.append(measure(f"{method}: peak memory of training", [values["memory"]], "MiB"))
        measures.append(measure(f"{method}: speed", values["speed"], "padded tokens/s by the clock"))
        measures.append(measure(f"{method}: loss of the last five steps", [values["loss"]], "nats a label"))
        for name in NAMES:
            score = scored.systems[method].scores[name]
            measures.append(
                {
                    "what": f"{method}: {name}",
                    "value": 100 * score.f1,
                    "unit": "points",
                    "low": 100 * (score.low or 0),
                    "high": 100 * (score.high or 0),
                }
            )
    for method, differences in scored.differences.items():
        for name, one in differences.items():
            bounds = {"low": 100 * one.low, "high": 100 * one.high}
            measures.append({"what": f"lora minus {method}: {name}", "value": 100 * one.mean, "unit": "points, paired", **bounds})
    settings = {"rows": arguments.rows, "epochs": arguments.epochs, "signature": scored.signature}
    record("lora_methods", data=[TRAIN, DEV], runs=1, measures=measures, ratios=[], **settings)


if __name__ == "__main__":
    main()
