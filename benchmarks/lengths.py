"""What a limit learned from the dialogue's length is worth on the embedded model: processor time and ROUGE with it and without.

    YOYAK_DATA=... python benchmarks/lengths.py [--rows 50] [--beam-rows 12] [--beams 4] [--weak DIR]

The line is fitted on corpus/train.jsonl, as training does it. Both ways write about the same dialogues in turn, sixteen at a time, greedily
and with beams, in int8: the first of corpus/test.jsonl and of dev_k2. Without it 160 tokens are the most. --weak names an adapter that was
trained on few dialogues: such a one runs on more often. What is written is kept under build/.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _record import ROOT, data_folder, ratio, record
from _written import PART, best, searches
from yoyak.checkpoints import load
from yoyak.checkpoints.convert import read_form
from yoyak.data.read import read
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.rouge import NAMES
from yoyak.metrics.significance import paired
from yoyak.records import Dialogue
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.lengths import LengthLimit, fitted
from yoyak.summarize.tokens import Codec
from yoyak.tune.beams import Beams, Found

MODEL = "yoyak-gemma-270m"


def tokens_of(talks: Sequence[Dialogue]) -> list[tuple[int, int]]:
    """(Tokens of the input, tokens of the summary with its end) of each reference."""
    folder = load.ready(MODEL).folder
    codec = Codec(folder / "tokenizer.json", read_form(folder), DecodeConfig())
    return [(len(codec.tokens(talk.turns)), len(codec.encode(text)) + 1) for talk in talks for text in talk.references]


def both(beams: tuple[Beams, Beams], talks: Sequence[Dialogue], number: int, limit: LengthLimit) -> tuple[list[Found], list[Found]]:
    """What is written without the limit and with it, in turn. Each way has an opened model of its own."""
    ways: tuple[list[Found], list[Found]] = [], []
    settings = DecodeConfig(num_beams=number), DecodeConfig(num_beams=number, length_limit=limit)
    for count, start in enumerate(range(0, len(talks), PART)):
        for way in (0, 1) if count % 2 == 0 else (1, 0):
            ways[way].extend(beams[way].of(talks[start : start + PART], settings[way]))
    return ways


def scores(texts: dict[str, str], talks: Sequence[Dialogue]) -> list[float]:
    examples = evaluate(texts, {talk.id: talk.references for talk in talks}).systems["predictions"].examples
    return [sum(examples[talk.id][metric] for metric in NAMES) / len(NAMES) for talk in talks]


def compared(
    what: str, talks: Sequence[Dialogue], without: list[Found], within: list[Found]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    texts = best(without), best(within)
    difference = paired(scores(texts[1], talks), scores(texts[0], talks))
    changed = sum(texts[0][talk.id] != texts[1][talk.id] for talk in talks) / len(talks)
    seconds = [sum(one.seconds for one in found) / len(found) for found in (without, within)]
    longest = [max(c.length or 0 for one in found for c in one.item.candidates) for found in (without, within)]

    def row(name: str, value: float, unit: str, low: float | None = None, high: float | None = None) -> dict[str, Any]:
        return {
            "what": f"{what}: {name}",
            "value": value,
            "unit": unit,
            "low": value if low is None else low,
            "high": value if high is None else high,
        }

    rows = [
        row("processor time of a dialogue without the limit", seconds[0], "s"),
        row("processor time of a dialogue with it", seconds[1], "s"),
        row("longest that was written without it", longest[0], "tokens"),
        row("longest that was written with it", longest[1], "tokens"),
        row("summaries that it changes", 100 * changed, "%"),
        row(
            "mean of ROUGE-1, -2, -L with it minus without", *[100 * difference.mean, "points", 100 * difference.low, 100 * difference.high]
        ),
    ]
    return rows, ratio(f"{what}: time with the limit / without", [seconds[1] / seconds[0]], "< 1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--beam-rows", type=int, default=12)
    parser.add_argument("--beams", type=int, default=4)
    parser.add_argument("--weak", help="the folder of an adapter that has learned from few dialogues, and does not always end")
    parser.add_argument("--weak-rows", type=int, default=24)
    given = parser.parse_args()
    data = data_folder()
    files: dict[str, Path] = {"corpus test": ROOT / "corpus" / "test.jsonl"}
    if data:
        files["dev_k2"] = data / "dialogsum-ko" / "dev_k2.csv"
    train = ROOT / "corpus" / "train.jsonl"
    limit = fitted(tokens_of(list(read(train))))
    assert limit is not None
    measures: list[dict[str, Any]] = []
    ratios: list[dict[str, Any]] = []
    jobs = [(MODEL, 1, given.rows), (MODEL, given.beams, given.beam_rows)]
    if given.weak:
        jobs.append((given.weak, 1, given.weak_rows))
    for model, number, count in jobs:
        models = searches(model), searches(model)
        for place, path in files.items():
            talks = list(read(path))[:count]
            if not talks:
                continue
            how = "greedy" if number == 1 else f"{number} beams"
            name = "embedded model" if model == MODEL else "an adapter of few dialogues"
            rows, found = compared(f"{name}, {place}, {how} ({len(talks)} dialogues)", talks, *both(models, talks, number, limit))
            measures += rows
            ratios.append(found)
    for place, path in files.items():
        pairs = tokens_of(list(read(path)))
        beyond = [
            100 * sum(length > most for (_, length), most in zip(pairs, limits, strict=True)) / len(pairs)
            for limits in _limits(pairs, limit)
        ]
        for name, value in zip(("the learned limit", "160 tokens"), beyond, strict=True):
            measures.append({"what": f"{place}: references beyond {name}", "value": value, "unit": "%", "low": value, "high": value})
    record("lengths", data=[train, *files.values()], runs=1, measures=measures, ratios=ratios, limit=limit.as_dict())


def _limits(pairs: Sequence[tuple[int, int]], limit: LengthLimit) -> tuple[list[int], list[int]]:
    return [limit.of(tokens) for tokens, _ in pairs], [160] * len(pairs)


if __name__ == "__main__":
    main()
