"""`yoyak eda` at the size of the original report: seconds, peak memory, and how both grow.

YOYAK_DATA=... [GEMMA=FOLDER] python benchmarks/eda.py          (GEMMA: a folder with the second tokenizer.json; else KoBART's twice)

12,457 + 499 + 499 dialogues are made of the research data: the first half of one dialogue, the second half of another and the latter's
summary, so that lengths and noise stay real and no two are the same. 1x is a sixteenth of them, 16x all.
"""

from __future__ import annotations

import csv
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _record import data_folder, measure, ratio, record
from yoyak._parallel import cores
from yoyak.data.read import read
from yoyak.records import Dialogue

SIZES = (12_457, 499, 499)
SCALES = (1, 4, 16)
REPEATS = int(os.environ.get("REPEATS", "3"))
ALLOWED_S, ALLOWED_MIB = 20.0, 1536.0

# Prints seconds by the clock, processor seconds, and the peak memory of the process and of its largest worker (MiB).
RUN = """
import resource, sys, time
if __name__ == "__main__":
    from yoyak.cli.main import main
    started = time.perf_counter()
    code = main(sys.argv[1:])
    wall = time.perf_counter() - started
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    used = own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime
    print(code, wall, used, own.ru_maxrss / 1024, others.ru_maxrss / 1024)
"""


def made(sources: list[Dialogue], count: int, rng: random.Random, path: Path) -> Path:
    """A CSV of so many dialogues, each of two halves."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["fname", "dialogue", "summary", "topic"])
        for number in range(count):
            one, other = rng.choice(sources), rng.choice(sources)
            turns = one.turns[: len(one.turns) // 2] + other.turns[len(other.turns) // 2 :]
            text = "\n".join(str(turn) for turn in turns)
            writer.writerow([f"{path.stem}_{number}", text, other.references[0] if other.references else "", other.topic or ""])
    return path


def run(script: Path, files: list[Path], tokenizers: list[str], out: Path) -> tuple[float, float, float]:
    """(seconds by the clock, processor seconds, MiB of all processes)."""
    arguments = ["--quiet", "--lang", "ko", "eda", *map(str, files), "-o", str(out)]
    for name in tokenizers:
        arguments += ["--tokenizer", name]
    done = subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, check=True)
    code, wall, used, own, other = map(float, done.stdout.split())
    if code:
        raise SystemExit(done.stderr)
    return wall, used, own + cores() * other


def main() -> None:
    data = data_folder()
    if data is None:
        return
    korean = data / "dialogsum-ko"
    source_files = [korean / "train_research.csv", korean / "dev_k2.csv", korean / "test_k2.csv"]
    sources = [[row for row in read(path, on_rejected=lambda rejected: None) if len(row.turns) > 1] for path in source_files]
    tokenizers = [str(data / "kobart"), os.environ.get("GEMMA") or str(data / "kobart")]
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        script = here / "run.py"
        script.write_text(RUN, encoding="utf-8")
        if not os.environ.get("GEMMA"):
            tokenizers[1] = str(shutil.copytree(data / "kobart", here / "second"))
        files = {}
        for scale in SCALES:
            rng = random.Random(scale)
            files[scale] = [
                made(rows, count * scale // 16, rng, here / f"{name}{scale}.csv")
                for name, rows, count in zip(("train", "dev", "test"), sources, SIZES, strict=True)
            ]
        found: dict[int, list[tuple[float, float, float]]] = {scale: [] for scale in SCALES}
        for repeat in range(REPEATS):
            for scale in SCALES:
                started = time.perf_counter()
                found[scale].append(run(script, files[scale], tokenizers, here / "out"))
                print(f"repeat {repeat + 1}, {scale}x: {time.perf_counter() - started:.1f} s", file=sys.stderr)
    rows = {scale: sum(count * scale // 16 for count in SIZES) for scale in SCALES}
    whole = found[SCALES[-1]]
    measures = []
    for scale in SCALES:
        what = f"eda of {rows[scale]} dialogues, two tokenizers, page and PNG"
        measures.append(measure(what, [wall for wall, _, _ in found[scale]], "s"))
        measures.append(measure(f"{what}: processor time", [used for _, used, _ in found[scale]], "s"))
        measures.append(measure(f"{what}: peak memory of all processes", [size for _, _, size in found[scale]], "MiB"))
    growth = [
        ratio(
            f"processor time for each dialogue, {scale}x / {SCALES[0]}x",
            [a[1] / rows[scale] / (b[1] / rows[1]) for a, b in zip(found[scale], found[1], strict=True)],
            "<= 1.1",
        )
        for scale in SCALES[1:]
    ]
    record(
        "eda",
        data=source_files,
        runs=REPEATS,
        measures=measures,
        ratios=[
            ratio(f"eda of {rows[16]} dialogues, of the {ALLOWED_S:.0f} s allowed", [w / ALLOWED_S for w, _, _ in whole], "<= 1"),
            ratio(
                f"its processor time on {cores()} cores, of the {ALLOWED_S:.0f} s allowed",
                [u / cores() / ALLOWED_S for _, u, _ in whole],
                "<= 1",
            ),
            ratio(f"its peak memory, of the {ALLOWED_MIB:,.0f} MiB allowed", [m / ALLOWED_MIB for _, _, m in whole], "<= 1"),
            *growth,
        ],
    )


if __name__ == "__main__":
    main()
