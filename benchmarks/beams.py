"""Beam search of the embedded model: how CTranslate2 does it, how it does it within a memory budget, and beams that share their prompt.

    YOYAK_DATA=... python benchmarks/beams.py [--rows 24] [--repeats 2] [--beams 4 8]

Each way runs in a process of its own, in turn, over the first dialogues of dev_k2 (of corpus/dev.jsonl without YOYAK_DATA): processor
seconds a dialogue, and peak memory. `as before` packs batches by their prompts' tokens alone; `within the budget` counts all beams and
keeps to calibrate.CACHE_BYTES a worker; `shared prompt` is what yoyak does (yoyak.summarize.engines.tree). All ways get the same weights:
int8, and fp32 to compare what is written.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from _record import ROOT, data_folder, measure, ratio, record
from yoyak.checkpoints import load
from yoyak.data.read import read
from yoyak.records import Dialogue
from yoyak.summarize.calibrate import usual
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.engines.ct2 import CTranslate2Engine
from yoyak.summarize.schedule import ENDLESS, packed_alike

MODEL = "yoyak-gemma-270m"
BEFORE, BOUNDED, SHARED = "CTranslate2, as before", "CTranslate2, within the budget", "shared prompt"


class Plain(CTranslate2Engine):
    """The engine with every beam on CTranslate2."""

    def _shared(self) -> None:
        return None


class Unbounded(Plain):
    """As it was: batches are packed by the tokens of their prompts."""

    @property
    def _room(self) -> Any:
        return ENDLESS

    @property
    def _pack(self) -> Any:
        return packed_alike


ENGINES = {BEFORE: Unbounded, BOUNDED: Plain, SHARED: CTranslate2Engine}


def once(way: str, beams: int, compute: str, talks: list[Dialogue]) -> dict[str, Any]:
    """Seconds, peak memory and texts of one run; loading is not counted."""
    folder = load.ready(MODEL, quantization=None if compute == "float32" else compute).folder
    engine = ENGINES[way](folder, name=MODEL, decode=DecodeConfig(num_beams=beams), compute_type=compute, plan=usual())
    list(engine.summarize(talks[:1]))
    wall, cpu = perf_counter(), process_time()
    found = list(engine.candidates(talks))
    wall, cpu = perf_counter() - wall, process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    texts = [[c.text for c in item.candidates] for item in found]
    lengths = [c.length for item in found for c in item.candidates]
    return {"wall": wall / len(talks), "cpu": cpu / len(talks), "peak": peak, "texts": texts, "lengths": lengths}


def child(way: str, beams: int, compute: str, rows: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", way, str(beams), compute, "--rows", str(rows)]
    result: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    print(f"{way}, {beams} beams, {compute}: {result['cpu']:.2f} s a dialogue, {result['peak']:.0f} MiB", file=sys.stderr, flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--beams", type=int, nargs="+", default=[4, 8])
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    data = data_folder()
    path: Path = data / "dialogsum-ko" / "dev_k2.csv" if data else ROOT / "corpus" / "dev.jsonl"
    if given.child:
        way, beams, compute = given.child
        print(json.dumps(once(way, int(beams), compute, list(read(path))[: given.rows])))
        return
    measures: list[dict[str, Any]] = []
    ratios: list[dict[str, Any]] = []
    for beams in given.beams:
        runs: dict[str, list[dict[str, Any]]] = {way: [] for way in ENGINES}
        for _ in range(given.repeats):
            for way, found in runs.items():
                found.append(child(way, beams, "int8", given.rows))
        for way, found in runs.items():
            measures.append(measure(f"{way}, {beams} beams, int8: processor time of a dialogue", [r["cpu"] for r in found], "s"))
            measures.append(measure(f"{way}, {beams} beams, int8: by the clock", [r["wall"] for r in found], "s"))
            measures.append(measure(f"{way}, {beams} beams, int8: peak memory", [r["peak"] for r in found], "MiB"))
        lengths = runs[SHARED][0]["lengths"]
        measures.append(measure(f"tokens of a beam, {beams} beams", [median(lengths), min(lengths), max(lengths)], "tokens"))
        for way in (BEFORE, BOUNDED):
            pairs = list(zip(runs[way], runs[SHARED], strict=True))
            ratios.append(ratio(f"{beams} beams: time of {way} / of the shared prompt", [a["cpu"] / b["cpu"] for a, b in pairs], "> 1"))
            ratios.append(ratio(f"{beams} beams: memory of {way} / of the shared prompt", [a["peak"] / b["peak"] for a, b in pairs]))
    beams = given.beams[0]
    exact, ours = (child(way, beams, "float32", given.rows)["texts"] for way in (BOUNDED, SHARED))
    same = [a[0] == b[0] for a, b in zip(exact, ours, strict=True)]
    every = [set(a) == set(b) for a, b in zip(exact, ours, strict=True)]
    ratios.append(ratio(f"{beams} beams, fp32: share of dialogues whose best beam is CTranslate2's", [sum(same) / len(same)], ">= 0.98"))
    ratios.append(ratio(f"{beams} beams, fp32: share of dialogues whose beams are all CTranslate2's", [sum(every) / len(every)]))
    record("beams", data=[path], runs=given.repeats, measures=measures, ratios=ratios, rows=given.rows)


if __name__ == "__main__":
    main()
