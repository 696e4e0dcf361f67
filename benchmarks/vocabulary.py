"""Cutting Gemma's vocabulary: how long the build takes, how much smaller it gets, and whether the cut model writes the same.

    YOYAK_DATA=... python benchmarks/vocabulary.py [--rows 32]

Same = the greedy ids, 12 tokens in fp32, one dialogue at a time, as texts equal to the whole model's, on the first dialogues of dev_k2. Two
cuts: the one that comes with yoyak (rules and its own dialogues), and `yoyak models trim` with train_research.csv as corpus. Dialogues
whose tokens all stayed must be the same; one with a name that was cut is spelled otherwise and may differ.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from _record import data_folder, measure, ratio, record
from yoyak.checkpoints import gemma
from yoyak.checkpoints.convert import converted, read_form
from yoyak.checkpoints.load import ready
from yoyak.checkpoints.trim import trim
from yoyak.data.read import read
from yoyak.models.inputs import prompt
from yoyak.records import Dialogue
from yoyak.summarize.calibrate import usual
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.engines.ct2 import CTranslate2Runtime
from yoyak.summarize.tokens import Codec

DECODE = DecodeConfig(max_new_tokens=12)


def written(folder: Path, dialogues: Sequence[Dialogue]) -> tuple[list[str], list[tuple[str, ...]]]:
    """What the model continues each dialogue with, and the tokens that it read."""
    model = converted(folder, quantization=None, key=None if folder.name != "gemma-3-270m-whole" else "whole")
    codec = Codec(model / "tokenizer.json", read_form(model), DECODE)
    runtime = CTranslate2Runtime(model, read_form(model), codec, DECODE, usual(), device="cpu", compute_type="float32")
    tokens = [codec.tokens(dialogue.turns) for dialogue in dialogues]
    futures = [runtime.submit([one]) for one in tokens]
    return [future.result()[0] for future in futures], tokens


def build() -> float:
    """Seconds from nothing to a model that can be loaded."""
    before = os.environ.get("YOYAK_CACHE")
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["YOYAK_CACHE"] = scratch
        start = perf_counter()
        ready(gemma.NAME)
        seconds = perf_counter() - start
    os.environ.pop("YOYAK_CACHE")
    if before is not None:
        os.environ["YOYAK_CACHE"] = before
    return seconds


def main(folder: Path, arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=32)
    options = parser.parse_args(arguments)
    dev, corpus = folder / "dialogsum-ko" / "dev_k2.csv", folder / "dialogsum-ko" / "train_research.csv"
    dialogues = list(read(dev))[: options.rows]
    builds = [build() for _ in range(2)]
    whole = gemma.base_folder(whole_vocabulary=True)
    trimmed = Path(tempfile.mkdtemp()) / "trimmed"
    start = perf_counter()
    found = trim(whole, trimmed, (text for d in read(corpus) for text in (prompt(d.turns), *d.references)))
    measures: list[dict[str, Any]] = [
        measure("build of gemma-3-270m int8 from the package", builds, "s"),
        measure("models trim with a corpus of 8,000 texts", [perf_counter() - start], "s"),
        measure("rows of the whole vocabulary", [found.rows_before], "rows"),
        measure("rows kept with the corpus", [found.rows_after], "rows"),
        measure("texts of the corpus with unchanged tokens", [100 * found.unchanged / found.texts], "%"),
    ]
    ratios = [
        ratio("seconds to build", builds, "<= 60"),
        ratio("rows before / after trim", [found.rows_before / found.rows_after], ">= 10"),
    ]
    expected, read_before = written(whole, dialogues)
    for name, cut in (("shipped cut", gemma.base_folder()), ("trimmed with the corpus", trimmed)):
        texts, tokens = written(cut, dialogues)
        same = [a == b for a, b in zip(texts, expected, strict=True)]
        kept = [a == b for a, b in zip(tokens, read_before, strict=True)]
        rows = json.loads((cut / "config.json").read_text(encoding="utf-8"))["vocab_size"]
        measures += [
            measure(f"{name}: rows", [rows], "rows"),
            measure(f"{name}: dialogues whose tokens all stayed", [100 * sum(kept) / len(kept)], "%"),
        ]
        among = [s for s, k in zip(same, kept, strict=True) if k]
        ratios.append(ratio(f"{name}: share of dialogues continued with the same text", [sum(same) / len(same)], ">= 0.98"))
        ratios.append(ratio(f"{name}: the same among those whose tokens all stayed", [sum(among) / len(among)], ">= 1"))
    record("vocabulary", data=[dev, corpus], runs=1, measures=measures, ratios=ratios, rows=len(dialogues))


if __name__ == "__main__":
    data = data_folder()
    sys.exit(main(data) if data is not None else 0)
