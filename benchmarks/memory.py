"""Memory of training: what `train --dry-run` predicts beside what a process really took (its peak resident memory).

Each configuration trains two steps, the largest batch first, in a process of its own. YOYAK_DATA holds `kobart/` (tokenizer and
configuration; the weights are random, which memory does not see). A peak is nearly the same each time, so one run of each does
(`--repeats 3` for more). YOYAK_BENCH_KEEP names a file of peaks that a benchmark which was cut off goes on from.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from _random_bart import random_bart
from _record import ROOT, data_folder, measure, ratio, record

STEPS = 2


@dataclass(frozen=True)
class Configuration:
    """A recipe with settings on top."""

    name: str
    recipe: str
    settings: list[str] = field(default_factory=list)


def configurations(kobart: Path | None) -> list[Configuration]:
    few = [f"data.train=[{(ROOT / 'corpus' / 'train.jsonl').as_posix()}]", "data.dev=[]", "data.limit=200", "epochs=1"]
    found = [
        Configuration("Gemma 3 270M, cut vocabulary, LoRA, bf16, 2,048 tokens", "gemma-3-270m", ["precision=bf16", "batches.tokens=2048"]),
        Configuration(
            "Gemma 3 270M, cut vocabulary, LoRA, fp32, gradient checkpointing, 1,024 tokens",
            "gemma-3-270m",
            ["precision=fp32", "batches.tokens=1024", "gradient_checkpointing=true"],
        ),
    ]
    if kobart is not None:
        bart = [f"model={kobart.as_posix()}", "batches.max_input_tokens=512"]
        found += [
            Configuration(
                "KoBART, all weights, fp32, 1,024 tokens", "kobart-summarization", [*bart, "precision=fp32", "batches.tokens=1024"]
            ),
            Configuration(
                "KoBART, all weights, bf16, 2,048 tokens", "kobart-summarization", [*bart, "precision=bf16", "batches.tokens=2048"]
            ),
        ]
    return [Configuration(each.name, each.recipe, [*few, *each.settings]) for each in found]


class Enough(Exception):
    """After so many steps memory has been at its height."""


def child(configuration: Configuration, folder: Path) -> dict[str, Any]:
    """Predict, train a few steps, and say both."""
    from yoyak.train.dry_run import dry_run
    from yoyak.train.loop import Progress
    from yoyak.train.process import bound_environment, peak_bytes
    from yoyak.train.recipe import load_recipe, run

    bound_environment(os.environ)
    recipe = load_recipe(configuration.recipe, settings=configuration.settings)
    if "--predict" in sys.argv:
        return dry_run(recipe, folder).need.to_json()
    peaks: list[int] = []

    def on_step(progress: Progress) -> None:
        peaks.append(peak_bytes())
        if progress.step == STEPS:
            raise Enough

    with suppress(Enough):
        run(recipe, folder, on_step=on_step)
    return {"peak": max(peaks)}


def in_a_process(number: int, *flags: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", str(number), *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "TOKENIZERS_PARALLELISM": "false"})
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(number: int, configuration: Configuration, repeats: int) -> list[int]:
    """Peaks in bytes; those of an earlier, unfinished run of this benchmark count."""
    keep = Path(os.environ["YOYAK_BENCH_KEEP"]) if "YOYAK_BENCH_KEEP" in os.environ else None
    known = [json.loads(line) for line in keep.read_text(encoding="utf-8").splitlines()] if keep and keep.is_file() else []
    peaks = [row["peak"] for row in known if row["name"] == configuration.name][:repeats]
    while len(peaks) < repeats:
        peaks.append(in_a_process(number)["peak"])
        if keep:
            with open(keep, "a", encoding="utf-8") as file:
                file.write(json.dumps({"name": configuration.name, "peak": peaks[-1]}) + "\n")
    return peaks


def main() -> None:
    data = data_folder()
    repeats = int(sys.argv[sys.argv.index("--repeats") + 1]) if "--repeats" in sys.argv else 1
    with TemporaryDirectory() as scratch:
        kobart = random_bart(data / "kobart", Path(os.environ.get("YOYAK_BENCH_KOBART", scratch)) / "kobart") if data else None
        os.environ["YOYAK_BENCH_KOBART"] = str(kobart.parent) if kobart else ""
        measures, ratios = [], []
        for number, configuration in enumerate(configurations(kobart)):
            total = in_a_process(number, "--predict")["total"]
            peaks = measured(number, configuration, repeats)
            measures += [
                measure(f"predicted peak, {configuration.name}", [total / 2**20], "MiB"),
                measure(f"measured peak, {configuration.name}", [peak / 2**20 for peak in peaks], "MiB"),
            ]
            ratios.append(ratio(f"predicted / measured, {configuration.name}", [total / peak for peak in peaks], "0.8 to 1.2"))
    files = [ROOT / "corpus" / "train.jsonl", *([data / "kobart" / "tokenizer.json"] if data else [])]
    record("memory", data=files, runs=repeats, measures=measures, ratios=ratios)


if __name__ == "__main__":
    if "--child" in sys.argv:
        place = os.environ.get("YOYAK_BENCH_KOBART")
        chosen = configurations(Path(place) / "kobart" if place else None)[int(sys.argv[sys.argv.index("--child") + 1])]
        with TemporaryDirectory() as run_folder:
            print(json.dumps(child(chosen, Path(run_folder))))
    else:
        main()
