"""The three tag policies after the same short training of a model that can learn from it: Gemma 3 270M with LoRA, on unseen dialogues.

    python benchmarks/tag_recall.py [--rows 48] [--epochs 2] [--dev 40]

From the base model, same rows of corpus/train, same seed and steps of at most 1,024 tokens. `tokens` learns a row of the embedding for each
tag; `special` learns the same (special tokens have the same ids) and differs in decoding alone: yoyak keeps them, transformers'
`skip_special_tokens=True` drops them. Tag recall is the share of the references' tags that a summary holds, over dialogues, with bootstrap
intervals; one training each, so the intervals say nothing about seeds. (benchmarks/tags.py trains KoBART's form from random weights, where
300 rows teach a template only.)
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from _record import ROOT, measure, record
from yoyak.data.read import read
from yoyak.doctor.stages.output import fingerprint, tag_recall
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.rouge import NAMES
from yoyak.metrics.significance import interval, paired
from yoyak.records import Dialogue
from yoyak.summarize.summarizer import Summarizer
from yoyak.text import tags

TRAIN, DEV = ROOT / "corpus" / "train.jsonl", ROOT / "corpus" / "dev.jsonl"


def train(policy: str, output: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Train by the command line; returns what metrics.jsonl says."""
    settings = [f"data.train=[{TRAIN.as_posix()}]", "data.dev=[]", "data.deal_speakers=false", f"data.limit={arguments.rows}"]
    settings += [f"epochs={arguments.epochs}", "batches.tokens=1024", "optimizer.learning_rate=6e-4", f"tags={policy}"]
    settings += ["save_steps=1000000", "keep_checkpoints=1"]
    command = [sys.executable, "-m", "yoyak.cli.main", "--lang", "en", "train", "gemma-3-270m", "-o", str(output)]
    command += [part for setting in settings for part in ("--set", setting)]
    made = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"MALLOC_ARENA_MAX": "2"})
    if made.returncode:
        raise RuntimeError(f"{policy}: {made.stderr[-2000:]}")
    steps = [json.loads(line) for line in (output / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return {"steps": len(steps), "first": steps[0]["loss"], "last": sum(row["loss"] for row in steps[-5:]) / 5}


def recalls(texts: Mapping[str, str], dialogues: Mapping[str, Dialogue]) -> list[float]:
    """Tag recall of each dialogue whose references hold a tag, in percent."""
    found = (tag_recall({id_: texts[id_]}, {id_: talk.references}) for id_, talk in dialogues.items())
    return [100 * value for value in found if value is not None]


def main() -> None:
    parser = argparse.ArgumentParser(description="Tag recall of three policies after a short training")
    parser.add_argument("--rows", type=int, default=48)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--dev", type=int, default=40)
    arguments = parser.parse_args()
    dialogues = {talk.id: talk for talk in list(read(DEV))[: arguments.dev]}
    references = {id_: talk.references for id_, talk in dialogues.items()}
    measures: list[dict[str, Any]] = []
    written: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for policy in ("text", "tokens"):
            output = Path(scratch) / policy
            found = train(policy, output, arguments)
            written[policy] = {one.id: one.summary for one in Summarizer.load(output / "adapter").summarize(dialogues.values())}
            measures.append(measure(f"tags {policy}: steps", [found["steps"]], "steps"))
            measures.append(measure(f"tags {policy}: loss of the first step", [found["first"]], "nats a label"))
            measures.append(measure(f"tags {policy}: loss of the last five steps", [found["last"]], "nats a label"))
            print(policy, found, list(written[policy].values())[:3], file=sys.stderr, flush=True)
    written["special"] = written["tokens"]
    written["special, skip_special_tokens=True"] = {id_: tags.PATTERN.sub("", text) for id_, text in written["tokens"].items()}
    scored = {policy: evaluate(texts, references, name=policy).systems[policy].scores for policy, texts in written.items()}
    for policy, texts in written.items():
        values = recalls(texts, dialogues)
        bounds = interval(values)
        spread = {"value": sum(values) / len(values), "low": bounds.low, "high": bounds.high}
        measures.append({"what": f"tags {policy}: tag recall ({len(values)} unseen dialogues)", "unit": "%", **spread})
        orphaned = 100 * fingerprint(list(texts.values())).orphaned / len(texts)
        measures.append(measure(f"tags {policy}: summaries with orphaned josa", [orphaned], "%"))
        for metric in NAMES:
            score = scored[policy][metric]
            bounds_of = {"low": 100 * (score.low or 0), "high": 100 * (score.high or 0)}
            measures.append({"what": f"tags {policy}: {metric}", "value": 100 * score.f1, "unit": "points", **bounds_of})
    one = paired(recalls(written["tokens"], dialogues), recalls(written["text"], dialogues))
    spread = {"value": one.mean, "low": one.low, "high": one.high}
    measures.append({"what": f"tag recall, tokens minus text (p = {one.p:.3g})", "unit": "points, paired", **spread})
    record("tag_recall", data=[TRAIN, DEV], runs=1, measures=measures, ratios=[], rows=arguments.rows, epochs=arguments.epochs)


if __name__ == "__main__":
    main()
