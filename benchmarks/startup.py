"""How fast yoyak starts: `yoyak --help`, and `import yoyak` beyond the bare interpreter.

python benchmarks/startup.py
"""

from __future__ import annotations

import subprocess
import sys
import time

from _record import interleaved, measure, ratio, record

REPEATS = 15


def timed(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    figures = interleaved(
        {
            "bare": lambda: timed("-c", "pass"),
            "import": lambda: timed("-c", "import yoyak"),
            "help": lambda: timed("-m", "yoyak.cli.main", "--help"),
        },
        repeats=REPEATS,
    )
    beyond = [one - bare for one, bare in zip(figures["import"], figures["bare"], strict=True)]
    record(
        "startup",
        data=[],
        runs=REPEATS,
        measures=[
            measure("python -c pass", figures["bare"], "s"),
            measure("import yoyak beyond the interpreter", beyond, "s"),
            measure("yoyak --help", figures["help"], "s"),
        ],
        ratios=[
            ratio("import yoyak beyond the interpreter / 0.1 s", [value / 0.1 for value in beyond], "<= 1"),
            ratio("yoyak --help / 0.3 s", [value / 0.3 for value in figures["help"]], "<= 1"),
        ],
    )


if __name__ == "__main__":
    main()
