"""Training speed and memory of an encoder-decoder: ours beside the competition baseline's way, KoBART's size and tokenizer.

    YOYAK_DATA=... python benchmarks/seq2seq.py [--rows 6] [--steps 1] [--repeats 3] [--layers N]

The baseline's way: every row padded to 512 and 100 tokens, logits and loss at every position of the decoder (padding counted as labels),
AdamW. Ours: the loop's own step (yoyak.train.stepper) on batches of like length, with the budget of tokens with which a batch holds as many
rows on average. Random weights of KoBART's shape, the model's own dropout (one way without), one thread, the same file. The baseline makes
tags tokens of their own; what it costs does not depend on that, ours does, so ours is measured with tags as tokens and as plain text.

Each way runs in a process of its own (forked after imports and tokenizing, which all have in common), in turn, and reports examples per
second of processor time and the peak of its memory (VmHWM). What limits cost: benchmarks/limits.py.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"  # before torch is loaded

from _random_bart import random_bart
from _record import data_folder, interleaved, measure, ratio, record

ENCODER, DECODER = 512, 100
BASELINE_ROWS = 50
MORE_ROWS = 14
#: Way -> (whose, precision, tag policy).
WAYS = {
    "baseline fp32": ("baseline", "fp32", "tokens"),
    "yoyak fp32, tags as tokens": ("yoyak", "fp32", "tokens"),
    "yoyak fp32, tags as text": ("yoyak", "fp32", "text"),
    "baseline bf16": ("baseline", "bf16", "tokens"),
    "yoyak bf16, tags as tokens": ("yoyak", "bf16", "tokens"),
    "yoyak bf16, tags as text": ("yoyak", "bf16", "text"),
}
#: Measured once: what dropout costs us.
WITHOUT_DROPOUT = "yoyak bf16, tags as tokens, no dropout"


@dataclass
class Run:
    """What one process measured."""

    examples_per_s: float
    peak_mb: float
    rows: float
    start_mb: float


@dataclass
class Inputs:
    """A model's folder with rows tokenized for it."""

    model: Path
    pairs: list[Any]


def main() -> int:
    """Measure and record."""
    parser = argparse.ArgumentParser(description="Training speed and memory of KoBART's shape")
    parser.add_argument("--rows", type=int, default=6, help="rows in a batch")
    parser.add_argument("--steps", type=int, default=1, help="timed steps of the baseline; ours does at least four")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--layers", type=int, default=None, help="fewer layers, to try the script")
    arguments = parser.parse_args()
    data = data_folder()
    if data is None:
        return 1
    with TemporaryDirectory() as scratch:
        model = random_bart(data / "kobart", Path(scratch) / "kobart", layers=arguments.layers)
        train = data / "dialogsum-ko" / "train_research.csv"
        _compare(arguments, [train, data / "kobart" / "tokenizer.json"], model)
    return 0


def inputs_of(model: Path, train: Path, tags: str, limits: tuple[int, int]) -> Inputs:
    """Every fourth row of the file, for the checkpoint with that tag policy."""
    from yoyak.checkpoints.convert import form_of, read_config
    from yoyak.checkpoints.encoder_decoder import prepared
    from yoyak.data.read import read
    from yoyak.summarize.decoding import DecodeConfig
    from yoyak.summarize.tokens import Codec
    from yoyak.train.pairs import Limits, pairs

    folder = model.with_name(f"{model.name}-{tags}")
    if not folder.is_dir():
        prepared(model, folder, tags=tags)  # type: ignore[arg-type]
    codec = Codec(folder / "tokenizer.json", form_of(folder, read_config(folder)), DecodeConfig())
    dialogues = [row for row in read(train) if row.references][::4]
    return Inputs(folder, pairs(dialogues, codec, end=1, limits=Limits(*limits))[0])


def forked(
    name: str,
    whose: str,
    precision: str,
    inputs: Inputs,
    *,
    rows: int,
    steps: int,
    dropout: float | None = None,
    limits: tuple[int, int] = (ENCODER, DECODER),
) -> Run:
    """Train a few steps in a child process; `limits` are what the baseline pads to."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if whose == "baseline":
                run = _baseline(precision, inputs, rows, steps, limits)
            else:
                run = _ours(precision, inputs, rows, steps, dropout)
            os.write(writing, json.dumps(asdict(run)).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001 (the child must never return into the parent's code)
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    if not text:
        raise SystemExit(f"{name} failed")
    print(name, rows, text, file=sys.stderr, flush=True)
    return Run(**json.loads(text))


def _baseline(precision: str, inputs: Inputs, rows: int, steps: int, limits: tuple[int, int]) -> Run:
    import torch
    import transformers

    start = _peak_mb()
    model = transformers.BartForConditionalGeneration.from_pretrained(inputs.model, dtype=torch.float32, use_safetensors=True).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01)
    spent, counts = [], []
    for batch in _padded_batches(inputs.pairs, rows, steps):
        began = time.process_time()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            loss = _baseline_loss(model, batch, *limits)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        spent.append(time.process_time() - began)
        counts.append(len(batch))
    # The first step builds kernels and the optimizer's state in both ways: it is not counted.
    return Run(sum(counts[1:]) / sum(spent[1:]), _peak_mb(), mean(counts[1:]), start)


def _ours(precision: str, inputs: Inputs, rows: int, steps: int, dropout: float | None) -> Run:
    from yoyak.checkpoints.encoder_decoder import controls
    from yoyak.train.device import compute_of
    from yoyak.train.pair_job import PairJob
    from yoyak.train.parallel import World
    from yoyak.train.process import HeapKeeper
    from yoyak.train.recipe import Data, Optimizer
    from yoyak.train.seq2seq import Recipe, _model
    from yoyak.train.stepper import Stepper

    start = _peak_mb()
    recipe = Recipe(
        model=inputs.model.as_posix(),
        data=Data(train=[]),
        optimizer=Optimizer(learning_rate=1e-5, weight_decay=0.01),
        epochs=1,
        precision=precision,  # type: ignore[arg-type]
        device="cpu",
        dropout=dropout,
    )
    job = PairJob(_model(recipe, inputs.model), [inputs.pairs], controls=controls(inputs.model), round_to=recipe.batches.round_to)
    stepper = Stepper(job, recipe, compute_of(recipe), World())
    batches = _grouped_batches(job.lengths[0], rows, steps, recipe.batches.round_to)
    stepper.schedule = [(0, batch) for batch in batches]
    heap, spent = HeapKeeper(), []
    for step in range(len(batches)):
        began = time.process_time()
        stepper.step(step)
        heap.after_step()
        spent.append(time.process_time() - began)
    counts = [len(batch) for batch in batches]
    return Run(sum(counts[1:]) / sum(spent[1:]), _peak_mb(), mean(counts[1:]), start)


def _padded_batches(pairs: Sequence[Any], rows: int, steps: int) -> list[list[Any]]:
    import random

    shuffled = random.Random(0).sample(list(pairs), len(pairs))
    return [shuffled[i * rows : (i + 1) * rows] for i in range(steps + 1)]


def _grouped_batches(lengths: Sequence[int], rows: int, steps: int, round_to: int) -> list[list[int]]:
    """First the batch with the longest row, so that the peak of the memory is the run's; then, from the batches of an epoch sorted by
    length, some at even distances, so that rows per second of these is that of an epoch."""
    from yoyak.train.batches import plan

    budgets = [round(rows * mean(lengths) * (0.9 + 0.025 * k)) for k in range(24)]
    plans = [plan(lengths, tokens=budget, round_to=round_to, seed=0) for budget in budgets]
    planned = min(plans, key=lambda batches: abs(len(lengths) / len(batches) - rows))
    ascending = sorted(planned, key=lambda batch: max(lengths[i] for i in batch))
    steps = max(4, 2 * steps)
    return [ascending[-1], *(ascending[int(len(ascending) * (k + 0.5) / steps)] for k in range(steps))]


def _baseline_loss(model: Any, rows: Sequence[Any], longest_source: int, longest_target: int) -> Any:
    import torch

    def padded(ids: Sequence[int], length: int) -> list[int]:
        return [*ids[:length], *[3] * (length - len(ids))]

    source = torch.tensor([padded(row.source, longest_source) for row in rows])
    given = torch.tensor([padded((0, *row.target[:-1]), longest_target) for row in rows])
    labels = torch.tensor([padded(row.target, longest_target) for row in rows])  # padding is learned too, as the public code has it
    return model(input_ids=source, attention_mask=(source != 3).long(), decoder_input_ids=given, labels=labels).loss


def _peak_mb() -> float:
    """The most memory that this process has held, in MB (VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1000


def warm() -> None:
    """Load what every way needs, before the first fork."""
    import torch
    import transformers

    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    assert transformers.BartForConditionalGeneration
    from yoyak.train import seq2seq, stepper

    assert seq2seq.train
    assert stepper.Stepper


def _compare(arguments: argparse.Namespace, data: list[Path], model: Path) -> None:
    warm()
    inputs = {tags: inputs_of(model, data[0], tags, (ENCODER, DECODER)) for tags in ("tokens", "text")}
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}

    def once(way: str, rows: int, steps: int) -> Run:
        whose, precision, tags = WAYS[way]
        return forked(way, whose, precision, inputs[tags], rows=rows, steps=steps)

    def timed(way: str) -> float:
        runs[way].append(once(way, arguments.rows, arguments.steps))
        return runs[way][-1].examples_per_s

    speeds = interleaved({way: (lambda way=way: timed(way)) for way in WAYS}, repeats=arguments.repeats)  # type: ignore[misc]
    peaks = {way: [run.peak_mb for run in found] for way, found in runs.items()}
    without = forked(WITHOUT_DROPOUT, "yoyak", "bf16", inputs["tokens"], rows=arguments.rows, steps=arguments.steps, dropout=0.0)
    # What a row adds to what model and optimizer take whatever the batch is: a straight line through two sizes of batch. Ours goes through
    # a larger one: with two rows the gradients of all weights, which a step ends with, are more than what the rows keep.
    first, ours = "baseline fp32", "yoyak fp32, tags as tokens"
    others = {first: 2, ours: MORE_ROWS}
    other = {way: once(way, rows, 1).peak_mb for way, rows in others.items()}
    line = {
        way: other[way] + (median(peaks[way]) - other[way]) / (arguments.rows - rows) * (BASELINE_ROWS - rows)
        for way, rows in others.items()
    }

    here, fifty = f"{arguments.rows} rows a batch", f"{BASELINE_ROWS} rows a batch, by a straight line through two sizes"
    measures = [measure(f"{way}, {here}", speeds[way], "examples/s of processor time") for way in WAYS]
    measures += [measure(f"{WITHOUT_DROPOUT}, {here}", [without.examples_per_s], "examples/s of processor time")]
    measures += [measure(f"{way}, {here}, peak memory", peaks[way], "MB") for way in WAYS]
    measures += [measure(f"{way}, rows in a timed batch", [run.rows for run in runs[way]], "rows") for way in WAYS]
    measures += [measure(f"{way}, {rows} rows a batch, peak memory", [other[way]], "MB") for way, rows in others.items()]
    measures += [measure(f"{way}, {fifty}, peak memory", [line[way]], "MB") for way in others]

    def speed(way: str, beside: str, goal: str | None = None) -> dict[str, Any]:
        return ratio(f"{way} / {beside}, examples/s", [a / b for a, b in zip(speeds[way], speeds[beside], strict=True)], goal)

    ratios = [
        speed("yoyak fp32, tags as tokens", first, ">= 2.5"),
        speed("yoyak fp32, tags as text", first),
        speed("yoyak bf16, tags as tokens", first, ">= 4"),
        speed("yoyak bf16, tags as text", first),
        speed("yoyak bf16, tags as tokens", "baseline bf16"),
        ratio(f"{ours} / {first}, peak memory, {here}", [a / b for a, b in zip(peaks[ours], peaks[first], strict=True)]),
        ratio(f"{ours} / {first}, peak memory, {fifty}", [line[ours] / line[first]], "<= 0.5"),
    ]
    record("seq2seq", data=data, runs=arguments.repeats, measures=measures, ratios=ratios)


if __name__ == "__main__":
    sys.exit(main())
