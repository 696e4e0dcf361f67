"""SIGKILL at 20 random moments, inside a save included: training always goes on, and ends like a run that nobody touched (`make proofs`).

The figures stand in benchmarks/results/kill-train.json.
"""

from __future__ import annotations

import json
import os
import platform
import random
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest

torch = pytest.importorskip("torch")

from toy_job import ToyJob, recipe  # noqa: E402
from yoyak.train import checkpoint as checkpoints  # noqa: E402
from yoyak.train.loop import Progress, fit, prepare  # noqa: E402
from yoyak.train.report import read_metrics  # noqa: E402

pytestmark = [pytest.mark.proof, pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")]

KILLS = 20
SAVE_STEPS = 3
RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "kill-train.json"


def job() -> ToyJob:
    """Some 0.6 million numbers with the optimizer's: a save takes long enough to be hit."""
    return ToyJob(rows=60, epochs=3, width=5000, dropout=0.1)


def settings() -> object:
    return recipe(epochs=3, save_steps=SAVE_STEPS)


@dataclass
class Child:
    """A training process and what it tells: `s` after a step, `[` and `]` around a save."""

    pid: int
    pipe: int

    def events(self, timeout: float = 120) -> Iterator[str]:
        while select.select([self.pipe], [], [], timeout)[0]:
            told = os.read(self.pipe, 1)
            if not told:
                return
            yield told.decode()

    def end(self) -> int:
        os.close(self.pipe)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def start(folder: Path) -> Child:
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            torch.set_num_threads(1)
            save = checkpoints.save

            def told_save(*given: object, **more: object) -> object:
                os.write(writes, b"[")
                made = save(*given, **more)  # type: ignore[arg-type]
                os.write(writes, b"]")
                return made

            def on_step(progress: Progress) -> None:
                os.write(writes, b"s")

            checkpoints.save = told_save  # type: ignore[assignment]
            fit(job(), settings(), folder, start=prepare(folder, resume=True), on_step=on_step)  # type: ignore[arg-type]
            code = 0
        finally:
            os._exit(code)
    os.close(writes)
    return Child(pid, reads)


def kill_once(folder: Path, rng: random.Random, *, in_save: bool, pause_s: float) -> tuple[bool, int]:
    """(whether it was killed before its end, steps that the metrics show)."""
    child = start(folder)
    wanted, seen = ("[", rng.randint(1, 3)) if in_save else ("s", rng.randint(1, 8))
    for event in child.events():
        seen -= event == wanted
        if seen == 0:
            time.sleep(rng.uniform(0, pause_s))
            os.kill(child.pid, signal.SIGKILL)
            break
    killed = child.end() == -signal.SIGKILL
    return killed, max((row["step"] for row in read_metrics(folder)), default=0)


def test_a_killed_run_always_goes_on(tmp_path: Path) -> None:
    rng = random.Random(7)
    untouched = start(tmp_path / "whole")
    times, began = [], 0.0
    for event in untouched.events():
        if event == "[":
            began = time.perf_counter()
        elif event == "]":
            times.append(time.perf_counter() - began)
    assert untouched.end() == 0
    whole = {row["step"]: row["loss"] for row in read_metrics(tmp_path / "whole")}

    kills = inside = runs = 0
    lost, differences = [], []
    folder = tmp_path / "run0"
    while kills < KILLS or runs == 0:
        if kills < KILLS:
            killed, reached = kill_once(folder, rng, in_save=kills % 2 == 0, pause_s=median(times))
        else:
            last = start(folder)
            list(last.events())
            assert last.end() == 0
            killed, reached = False, len(whole)
        halves = list((folder / "checkpoints").glob(".step-*"))
        if killed:
            kills += 1
            inside += bool(halves)
            newest = prepare(folder, resume=True)
            resumed = checkpoints.read_state(newest)["step"] if newest else 0
            lost.append(reached - resumed)
        else:  # it came to its end: compare, and begin another
            found = {row["step"]: row["loss"] for row in read_metrics(folder)}
            assert found.keys() == whole.keys()
            differences.append(abs(found[len(whole)] - whole[len(whole)]))
            assert not halves, "what killed saves left is cleared away"
            runs += 1
            folder = tmp_path / f"run{runs}"
    assert max(lost) <= SAVE_STEPS
    assert max(differences) <= 1e-4
    assert inside > 0, "no kill fell into a save"
    write(len(whole), kills, inside, lost, differences)


def write(steps: int, kills: int, inside: int, lost: list[int], differences: list[float]) -> None:
    root = RESULTS.parents[2]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=root, check=False).stdout.strip()

    def row(what: str, values: list[float], unit: str) -> dict[str, object]:
        return {"what": what, "value": median(values), "unit": unit, "low": min(values), "high": max(values)}

    result = {
        "name": "kill-train",
        "command": "pytest -m proof tests/proofs/test_kill_train.py",
        "commit": commit or None,
        "date": datetime.now(UTC).date().isoformat(),
        "device": f"{os.cpu_count()} CPU cores, {platform.machine()}; {platform.system()}, Python {platform.python_version()}",
        "data": {},
        "runs": len(differences),
        "measures": [
            row(f"SIGKILLs after which training went on (of {kills})", [kills], "kills"),
            row("of them inside a save", [inside], "kills"),
            row(f"steps lost by a kill (save_steps {SAVE_STEPS}, {steps} steps a run)", [float(value) for value in lost], "steps"),
            row("difference of the last step's loss to an uninterrupted run", differences, "nats"),
        ],
        "ratios": [
            {
                "what": "most steps lost / save_steps",
                "value": max(lost) / SAVE_STEPS,
                "low": min(lost) / SAVE_STEPS,
                "high": max(lost) / SAVE_STEPS,
                "goal": "<= 1",
            }
        ],
    }
    RESULTS.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
