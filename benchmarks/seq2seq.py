"""Training speed and memory of an encoder-decoder: ours beside the competition baseline's way, KoBART's size and tokenizer.

    YOYAK_DATA=... python benchmarks/seq2seq.py [--rows 4] [--steps 2] [--repeats 3] [--layers N]

The baseline's way: every row padded to 512 and 100 tokens, logits and loss at every position of the decoder (padding counted as labels),
AdamW. Ours: the loop's own job on batches of like length with a token budget chosen so that a batch holds as many rows on average. Both
see the same rows, with random weights of KoBART's shape, the model's own dropout, one thread. Each way runs in its own process, in turn,
and reports examples per second of processor time and the peak of its memory (VmHWM). --sweep measures limits (results/lengths.json).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

from _random_bart import random_bart
from _record import data_folder, interleaved, measure, ratio, record
from yoyak.models.cost import Setup, memory
from yoyak.models.shapes import read_shape

ENCODER, DECODER = 512, 100
WAYS = ("baseline fp32", "baseline bf16", "yoyak fp32", "yoyak bf16")
BASELINE_ROWS = 50


@dataclass
class Run:
    """What one process measured."""

    examples_per_s: float
    peak_mb: float
    rows: float
    start_mb: float


def main() -> int:
    """Measure and record."""
    arguments = _arguments()
    if arguments.child:
        print(json.dumps(_child(arguments)))
        return 0
    data = data_folder()
    if data is None:
        return 1
    with TemporaryDirectory() as scratch:
        model = random_bart(data / "kobart", Path(scratch) / "kobart", layers=arguments.layers)
        if arguments.sweep:
            return _sweep(arguments, data, model)
        return _compare(arguments, data, model)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Training speed and memory of KoBART's shape")
    parser.add_argument("--rows", type=int, default=4, help="rows in a batch")
    parser.add_argument("--steps", type=int, default=2, help="timed steps of the baseline; ours does twice as many, at least four")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--layers", type=int, default=None, help="fewer layers, to try the script")
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--child", default="")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--train", type=Path)
    parser.add_argument("--limits", type=int, nargs=2, default=(ENCODER, DECODER))
    return parser.parse_args()


def _spawn(arguments: argparse.Namespace, model: Path, train: Path, way: str, *, rows: int, limits: Sequence[int], steps: int) -> Run:
    command = [sys.executable, __file__, "--child", way, "--model", str(model), "--train", str(train), "--rows", str(rows)]
    command += ["--steps", str(steps), "--limits", *map(str, limits)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return Run(**json.loads(done.stdout.strip().splitlines()[-1]))


def _child(arguments: argparse.Namespace) -> dict[str, float]:
    """Train a few steps one way, in this process alone."""
    import torch

    torch.set_num_threads(1)
    way, _, precision = arguments.child.partition(" ")
    batches, model = _batches(arguments, baseline=way == "baseline"), _model(arguments.model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01, fused=way != "baseline")
    step = _baseline_step if way == "baseline" else _our_step
    start = _peak_mb()
    spent, rows = [], []
    for batch in batches:
        began = time.process_time()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            loss, count = step(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        spent.append(time.process_time() - began)
        rows.append(count)
    # The first step builds kernels and optimizer state in both ways: it is not counted.
    return {"examples_per_s": sum(rows[1:]) / sum(spent[1:]), "peak_mb": _peak_mb(), "rows": mean(rows[1:]), "start_mb": start}


def _batches(arguments: argparse.Namespace, *, baseline: bool) -> list[Any]:
    """The first batch is for warming up: it holds the longest row, so that the peak of the memory is the run's.

    The baseline takes rows as they come. Ours, grouped by length over the whole file, are taken at even distances from the shortest batch
    to the longest, at least four: rows per second of these is that of an epoch.
    """
    import random

    from yoyak.train.batches import plan

    found = _pairs(arguments)
    longest = max(found, key=lambda pair: len(pair.source) + len(pair.target))
    if baseline:
        random.Random(0).shuffle(found)
        found.insert(0, longest)
        return [found[i * arguments.rows : (i + 1) * arguments.rows] for i in range(arguments.steps + 1)]
    lengths = [len(pair.source) + len(pair.target) for pair in found]
    # The budget of tokens with which a batch holds `rows` rows on average.
    budgets = [round(arguments.rows * mean(lengths) * (1 + 0.05 * k)) for k in range(12)]
    plans = [plan(lengths, tokens=budget, round_to=32, seed=0) for budget in budgets]
    planned = min(plans, key=lambda batches: abs(len(found) / len(batches) - arguments.rows))
    ascending = sorted(planned, key=lambda batch: max(lengths[i] for i in batch))
    steps = max(4, 2 * arguments.steps)
    chosen = [ascending[-1], *(ascending[int(len(ascending) * (k + 0.5) / steps)] for k in range(steps))]
    return [[found[i] for i in batch] for batch in chosen]


def _pairs(arguments: argparse.Namespace) -> list[Any]:
    from yoyak.checkpoints.convert import form_of, read_config
    from yoyak.data.read import read
    from yoyak.summarize.decoding import DecodeConfig
    from yoyak.summarize.tokens import Codec
    from yoyak.train.pairs import Limits, pairs

    dialogues = [row for row in read(arguments.train) if row.references][::4]
    codec = Codec(arguments.model / "tokenizer.json", form_of(arguments.model, read_config(arguments.model)), DecodeConfig())
    return pairs(dialogues, codec, end=1, limits=Limits(*arguments.limits))[0]


def _model(folder: Path) -> Any:
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    model = transformers.BartForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, use_safetensors=True)
    return model.train()


def _our_step(model: Any, rows: Sequence[Any]) -> tuple[Any, int]:
    from yoyak.train.pairs import collate
    from yoyak.train.seq2seq import loss_of

    batch = collate(rows, pad=3, start=0, round_to=32)
    return loss_of(model, batch) / sum(len(row.target) for row in rows), len(rows)


def _baseline_step(model: Any, rows: Sequence[Any]) -> tuple[Any, int]:
    import torch

    def padded(ids: Sequence[int], length: int, value: int = 3) -> list[int]:
        return [*ids[:length], *[value] * (length - len(ids))]

    source = torch.tensor([padded(row.source, ENCODER) for row in rows])
    given = torch.tensor([padded((0, *row.target[:-1]), DECODER) for row in rows])
    labels = torch.tensor([padded(row.target, DECODER) for row in rows])  # padding is learned too, as the public code has it
    output = model(input_ids=source, attention_mask=(source != 3).long(), decoder_input_ids=given, labels=labels)
    return output.loss, len(rows)


def _peak_mb() -> float:
    """The most memory that this process has held, in MB (VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1000


def _compare(arguments: argparse.Namespace, data: Path, model: Path) -> int:
    train = data / "dialogsum-ko" / "train_research.csv"
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}

    def once(way: str) -> float:
        runs[way].append(_spawn(arguments, model, train, way, rows=arguments.rows, limits=(ENCODER, DECODER), steps=arguments.steps))
        return runs[way][-1].examples_per_s

    speeds = interleaved({way: (lambda way=way: once(way)) for way in WAYS}, repeats=arguments.repeats)  # type: ignore[misc]
    peaks = {way: [run.peak_mb for run in found] for way, found in runs.items()}
    # What a batch adds to what the model and its optimizer take whatever the batch is.
    small = {
        way: _spawn(arguments, model, train, way, rows=2, limits=(ENCODER, DECODER), steps=2) for way in ("baseline fp32", "yoyak fp32")
    }
    slope = {way: (median(peaks[way]) - found.peak_mb) / max(1, arguments.rows - 2) for way, found in small.items()}
    at_fifty = {way: small[way].peak_mb + slope[way] * (BASELINE_ROWS - 2) for way in slope} if arguments.rows > 2 else {}
    measures = [measure(f"{way}, {arguments.rows} rows a batch", speeds[way], "examples/s of processor time") for way in WAYS]
    measures += [measure(f"{way}, {arguments.rows} rows a batch, peak memory", peaks[way], "MB") for way in WAYS]
    measures += [measure(f"{way}, 2 rows a batch, peak memory", [found.peak_mb], "MB") for way, found in small.items()]
    measures += [measure(f"{way}, rows in a batch", [run.rows for run in runs[way]], "rows") for way in WAYS]
    measures += [
        measure(f"{way}, {BASELINE_ROWS} rows a batch, peak memory by a straight line", [value], "MB") for way, value in at_fifty.items()
    ]
    shape = read_shape(model)
    reckoned = memory(shape, rows=BASELINE_ROWS, source=ENCODER, target=DECODER, setup=Setup(labels_only=False)).total / 1e6
    measures.append(measure(f"baseline fp32, {BASELINE_ROWS} rows a batch, memory by arithmetic (models/cost.py)", [reckoned], "MB"))

    def paired(first: str, second: str) -> list[float]:
        return [a / b for a, b in zip(speeds[first], speeds[second], strict=True)]

    ratios = [
        ratio("yoyak fp32 / baseline fp32, examples/s", paired("yoyak fp32", "baseline fp32"), ">= 2.5"),
        ratio("yoyak bf16 / baseline fp32, examples/s", paired("yoyak bf16", "baseline fp32"), ">= 4"),
        ratio("yoyak bf16 / baseline bf16, examples/s", paired("yoyak bf16", "baseline bf16")),
        ratio(
            f"yoyak fp32 / baseline fp32, peak memory, {arguments.rows} rows a batch",
            [a / b for a, b in zip(peaks["yoyak fp32"], peaks["baseline fp32"], strict=True)],
            "<= 0.5",
        ),
    ]
    if at_fifty:
        what = f"yoyak fp32 / baseline fp32, peak memory, {BASELINE_ROWS} rows a batch by a straight line"
        ratios.append(ratio(what, [at_fifty["yoyak fp32"] / at_fifty["baseline fp32"]], "<= 0.5"))
    record("seq2seq", data=[train, data / "kobart" / "tokenizer.json"], runs=arguments.repeats, measures=measures, ratios=ratios)
    return 0


def _sweep(arguments: argparse.Namespace, data: Path, model: Path) -> int:
    """What the limits cost in time and memory, in batches by length: 256/512/1024 x 64/100/160."""
    train = data / "dialogsum-ko" / "train_research.csv"
    grid = [(source, target) for source in (256, 512, 1024) for target in (64, 100, 160)]
    found: dict[tuple[int, int], list[Run]] = {limits: [] for limits in grid}
    for _ in range(arguments.repeats):
        for limits in grid:
            found[limits].append(_spawn(arguments, model, train, "yoyak fp32", rows=arguments.rows, limits=limits, steps=arguments.steps))
    measures = []
    for (source, target), runs in found.items():
        what = f"limits {source} / {target}, batches by length"
        measures.append(measure(what, [run.examples_per_s for run in runs], "examples/s of processor time"))
        measures.append(measure(f"{what}, peak memory", [run.peak_mb for run in runs], "MB"))
    base = found[ENCODER, DECODER]
    ratios = [
        ratio(
            f"limits {source} / {target} beside {ENCODER} / {DECODER}, time of an example",
            [one.examples_per_s / run.examples_per_s for one, run in zip(base, found[source, target], strict=True)],
        )
        for source, target in grid
    ]
    record("lengths", data=[train, data / "kobart" / "tokenizer.json"], runs=arguments.repeats, measures=measures, ratios=ratios)
    return 0


if __name__ == "__main__":
    sys.exit(main())
