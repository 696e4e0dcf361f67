"""What the limits of encoder and decoder do: to the data, to time and memory of training (KoBART's shape), to the score (Gemma 270M).

    YOYAK_DATA=... python benchmarks/limits.py [--rows 120] [--no-timing] [--no-scores]

The data: rows of train_research.csv with KoBART's tokenizer, tags as tokens: how many a limit cuts, how much padding each way of making
batches computes in vain, and the operations and bytes of a step by arithmetic (yoyak.models.cost) for all nine pairs of limits. Three pairs
are measured, padded to the limits and our way, to see whether the arithmetic holds. The score: the embedded model (float32, greedy) on rows
of dev_k2, its input and its output limited to so many of its own tokens; only rows that a limit touches can change, so only they are
written anew, and differences are paired over all rows.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"  # before torch is loaded

from _random_bart import random_bart
from _record import ROOT, data_folder, measure, ratio, record
from _shares import share
from seq2seq import Inputs, Run, forked, inputs_of, warm

ENCODER, DECODER = (256, 512, 1024), (64, 100, 160)
GRID = [(source, target) for source in ENCODER for target in DECODER]
USUAL = (512, 100)
MEASURED = [(256, 64), USUAL, (1024, 160)]
CORPUS = ROOT / "corpus" / "train.jsonl"
NAME = "yoyak-gemma-270m"
BATCH = 50  # rows, as in the competition's baseline
Row = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description="What limits do to data, time, memory and score")
    parser.add_argument("--rows", type=int, default=120, help="rows of dev_k2 that are scored")
    parser.add_argument("--no-timing", action="store_true")
    parser.add_argument("--no-scores", action="store_true")
    arguments = parser.parse_args()
    folder = data_folder()
    if folder is None:
        return 1
    train, dev = (folder / "dialogsum-ko" / name for name in ("train_research.csv", "dev_k2.csv"))
    measures: list[Row] = []
    ratios: list[Row] = []
    with TemporaryDirectory() as scratch:
        model = random_bart(folder / "kobart", Path(scratch) / "kobart")
        whole = inputs_of(model, train, "tokens", (1024, 1024))
        for limits in GRID:
            measures.extend(of_data(whole, limits))
            ratios.extend(of_arithmetic(whole, limits))
        real = sum(min(len(pair.source), USUAL[0]) + min(len(pair.target), USUAL[1]) for pair in whole.pairs)
        vain = 100 * (1 - real / len(whole.pairs) / sum(USUAL))
        measures.append(measure(f"padding, every row to {USUAL[0]} / {USUAL[1]}", [vain], "% of computed tokens"))
        for tokens in (1250, 9600):
            measures.extend(of_padding(whole, tokens))
        if not arguments.no_timing:
            more, compared = of_time(model, train, whole)
            measures += more
            ratios += compared
    measures.extend(of_lora_padding())
    if not arguments.no_scores:
        measures.extend(of_scores(dev, arguments.rows))
    data = [train, folder / "kobart" / "tokenizer.json", CORPUS, *([] if arguments.no_scores else [dev])]
    record("limits", data=data, runs=1, measures=measures, ratios=ratios)
    return 0


def named(limits: tuple[int, int]) -> str:
    return f"limits {limits[0]} / {limits[1]}"


def of_data(whole: Inputs, limits: tuple[int, int]) -> list[Row]:
    """How many rows the limits touch."""
    pairs, (source, target) = whole.pairs, limits
    longer = [len(pair.source) > source for pair in pairs]
    beyond = [len(pair.target) > target for pair in pairs]
    either = sum(a or b for a, b in zip(longer, beyond, strict=True))
    return [
        share(f"{named(limits)}: dialogues that are longer", sum(longer), len(pairs)),
        share(f"{named(limits)}: summaries that are longer", sum(beyond), len(pairs)),
        share(f"{named(limits)}: rows that either limit touches", either, len(pairs)),
    ]


def of_arithmetic(whole: Inputs, limits: tuple[int, int]) -> list[Row]:
    """Operations and bytes of a batch at these limits beside those at the usual ones, padded to the limits and without padding."""
    from yoyak.models.cost import KOBART, memory, shape_of, step_flops

    shape = shape_of(KOBART)

    def padded(pair: tuple[int, int]) -> float:
        return step_flops(shape, rows=1, source=pair[0], target=pair[1])

    def packed(pair: tuple[int, int]) -> float:
        cut = [(min(len(row.source), pair[0]), min(len(row.target), pair[1])) for row in whole.pairs]
        return mean(step_flops(shape, rows=1, source=source, target=target) for source, target in cut)

    def held(pair: tuple[int, int]) -> float:
        return memory(shape, rows=BATCH, source=pair[0], target=pair[1]).total

    beside = f"{named(limits)} beside {USUAL[0]} / {USUAL[1]}"
    return [
        ratio(f"{beside}: operations, padded to the limits (arithmetic)", [padded(limits) / padded(USUAL)]),
        ratio(f"{beside}: operations, nothing padded (arithmetic)", [packed(limits) / packed(USUAL)]),
        ratio(f"{beside}: bytes of a step of {BATCH} rows, padded to the limits (arithmetic)", [held(limits) / held(USUAL)]),
    ]


def of_padding(whole: Inputs, tokens: int) -> list[Row]:
    """Share of the computed tokens that are padding, in batches of so many tokens at the usual limits."""
    from yoyak.train.batches import plan, rounded

    pairs = [pair for pair in whole.pairs if len(pair.source) <= USUAL[0] and len(pair.target) <= USUAL[1]]
    lengths = [len(pair.source) + len(pair.target) for pair in pairs]
    real = sum(lengths)

    def vain(computed: int) -> float:
        return 100 * (1 - real / computed)

    batches = plan(lengths, tokens=tokens, round_to=32, seed=0)
    by_length = packed = 0
    for batch in batches:
        sources, targets = [len(pairs[i].source) for i in batch], [len(pairs[i].target) for i in batch]
        by_length += len(batch) * (rounded(max(sources), 32) + rounded(max(targets), 8))
        packed += rounded(sum(sources), 32) + rounded(sum(targets), 32)
    here = f"batches of {tokens} tokens"
    return [
        measure(f"padding, {here} by length", [vain(by_length)], "% of computed tokens"),
        measure(f"padding, {here} by length, rows packed", [vain(packed)], "% of computed tokens"),
    ]


def of_lora_padding() -> list[Row]:
    """The same of the recipe gemma-3-270m, where dialogue and summary stand in one row."""
    from yoyak.checkpoints import load
    from yoyak.checkpoints.convert import read_form
    from yoyak.data.read import read
    from yoyak.models.inputs import prompt
    from yoyak.summarize.decoding import DecodeConfig
    from yoyak.summarize.tokens import Codec
    from yoyak.train.batches import plan, rounded

    folder = load.ready(NAME).folder
    codec = Codec(folder / "tokenizer.json", read_form(folder), DecodeConfig())
    lengths = [
        len(codec.encode(prompt(talk.turns))) + len(codec.encode(summary)) + 2 for talk in read(CORPUS) for summary in talk.references
    ]
    measures = []
    for to in (32, 1):
        computed = sum(
            len(batch) * rounded(max(lengths[i] for i in batch), to) for batch in plan(lengths, tokens=4096, round_to=to, seed=0)
        )
        what = f"padding, recipe gemma-3-270m, batches of 4096 tokens by length, rounded up to {to}"
        measures.append(measure(what, [100 * (1 - sum(lengths) / computed)], "% of computed tokens"))
    return measures


def of_time(model: Path, train: Path, whole: Inputs) -> tuple[list[Row], list[Row]]:
    """Measured at three pairs of limits: the baseline's way with two rows a batch, ours with six."""
    warm()
    found: dict[tuple[str, tuple[int, int]], Run] = {}
    for limits in MEASURED:
        found["baseline", limits] = forked(f"padded, {named(limits)}", "baseline", "fp32", whole, rows=2, steps=1, limits=limits)
        ours = inputs_of(model, train, "tokens", limits)
        found["yoyak", limits] = forked(f"ours, {named(limits)}", "yoyak", "fp32", ours, rows=6, steps=1)
    measures, ratios = [], []
    for (whose, limits), run in found.items():
        way = f"{named(limits)}, {'padded to the limits, 2 rows' if whose == 'baseline' else 'ours, 6 rows on average'}"
        measures.append(measure(f"{way}: speed", [run.examples_per_s], "examples/s of processor time"))
        measures.append(measure(f"{way}: peak memory", [run.peak_mb], "MB"))
        time = found[whose, USUAL].examples_per_s / run.examples_per_s
        ratios.append(ratio(f"{way}: time of an example beside {USUAL[0]} / {USUAL[1]} (measured)", [time]))
    return measures, ratios


def of_scores(dev: Path, rows: int) -> list[Row]:
    """ROUGE of the embedded model under each limit, and paired differences to the widest ones."""
    from yoyak.checkpoints import load
    from yoyak.checkpoints.convert import read_form
    from yoyak.data.read import read
    from yoyak.metrics.evaluate import evaluate
    from yoyak.metrics.rouge import NAMES
    from yoyak.models.inputs import prompt
    from yoyak.records import Dialogue
    from yoyak.summarize.decoding import DecodeConfig
    from yoyak.summarize.summarizer import Summarizer
    from yoyak.summarize.tokens import Codec

    dialogues = list(read(dev))[:rows]
    folder = load.ready(NAME).folder
    codec = Codec(folder / "tokenizer.json", read_form(folder), DecodeConfig())

    def written(some: Sequence[Dialogue], source: int, target: int) -> dict[str, str]:
        decode = DecodeConfig(max_input_tokens=source, max_new_tokens=target)
        summarizer = Summarizer.load(NAME, decode=decode, compute_type="float32")
        return {one.id: one.summary for one in summarizer.summarize(some)}

    reads = {talk.id: len(codec.encode(prompt(talk.turns))) + 1 for talk in dialogues}
    texts: dict[tuple[int, int], dict[str, str]] = {}
    widest = (ENCODER[-1], DECODER[-1])
    texts[widest] = written(dialogues, *widest)
    for source in reversed(ENCODER):
        full = dict(texts[widest])
        if source != widest[0]:
            full |= written([talk for talk in dialogues if reads[talk.id] > source - 8], source, DECODER[-1])
        texts[source, DECODER[-1]] = full
        for target in DECODER[:-1]:
            # Greedily written, a text that ends within the limit is the same under it.
            touched = [talk for talk in dialogues if len(codec.encode(full[talk.id])) > target - 8]
            texts[source, target] = full | (written(touched, source, target) if touched else {})
    references = {talk.id: talk.references for talk in dialogues}
    found = evaluate(texts[widest], references, against={named(key): texts[key] for key in GRID if key != widest}, name=named(widest))
    measures = [share(f"prompts of more than {source} tokens", sum(n > source for n in reads.values()), rows) for source in ENCODER]
    for key in GRID:
        changed = sum(texts[key][id_] != text for id_, text in texts[widest].items())
        measures.append(share(f"{named(key)}: summaries that differ from those at {widest[0]} / {widest[1]}", changed, rows))
        for metric in NAMES:
            score = found.systems[named(key)].scores[metric]
            bounds = {"low": 100 * (score.low or 0), "high": 100 * (score.high or 0)}
            measures.append({"what": f"{named(key)}: {metric} ({rows} rows)", "value": 100 * score.f1, "unit": "points", **bounds})
    for what, differences in found.differences.items():
        for metric, one in differences.items():
            bounds = {"low": 100 * one.low, "high": 100 * one.high}
            measures.append(
                {"what": f"{named(widest)} minus {what}: {metric}", "value": 100 * one.mean, "unit": "points, paired", **bounds}
            )
    return measures


if __name__ == "__main__":
    raise SystemExit(main())
