"""What every benchmark shares: where the research data are, interleaved repeats, and the form of a result file."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from yoyak._files import atomic, sha256

RESULTS = Path(__file__).resolve().parent / "results"
ROOT = RESULTS.parent.parent


def data_folder() -> Path | None:
    """The folder of research data that YOYAK_DATA names (it holds `dialogsum-ko/` and `kobart/`); None, said on stderr, without it."""
    folder = os.environ.get("YOYAK_DATA")
    if folder and Path(folder).is_dir():
        return Path(folder)
    print("YOYAK_DATA names no folder: what needs the research data is left out", file=sys.stderr)
    return None


def dev_files() -> dict[str, Path]:
    """What settings are tried on: our corpus's dev part and, where the research data are, dev_k2."""
    data = data_folder()
    return {"corpus/dev": ROOT / "corpus" / "dev.jsonl"} | ({"dev_k2": data / "dialogsum-ko" / "dev_k2.csv"} if data else {})


def measure(what: str, values: Sequence[float], unit: str) -> dict[str, Any]:
    """Median with the lowest and highest of the repeats."""
    return {"what": what, "value": median(values), "unit": unit, "low": min(values), "high": max(values)}


def ratio(what: str, values: Sequence[float], goal: str | None = None) -> dict[str, Any]:
    """Median of paired ratios with their spread; `goal` reads as a comparison, such as ">= 0.6"."""
    return {"what": what, "value": median(values), "low": min(values), "high": max(values), "goal": goal}


def interleaved(ways: Mapping[str, Callable[[], float]], *, repeats: int) -> dict[str, list[float]]:
    """Run each way once per repeat, in turn, so that a busy machine harms all alike. Each returns its own figure."""
    figures: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, run in ways.items():
            figures[name].append(run())
    return figures


def record(
    name: str,
    *,
    data: Sequence[Path],
    runs: int,
    measures: Sequence[Mapping[str, Any]],
    ratios: Sequence[Mapping[str, Any]],
    **more: Any,
) -> Path:
    """Write benchmarks/results/NAME.json and say what stands in it."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT, check=False).stdout.strip()
    result = {
        "name": name,
        # No result names a machine's own paths.
        "command": " ".join([f"python benchmarks/{Path(sys.argv[0]).name}", *(re.sub(r"^/.*/", "", one) for one in sys.argv[1:])]),
        "commit": commit or None,
        "date": datetime.now(UTC).date().isoformat(),
        "device": f"{os.cpu_count()} CPU cores, {platform.machine()}, shared with other work; {platform.system()}, "
        f"Python {platform.python_version()}",
        "data": {path.name: sha256(path) for path in data},
        "runs": runs,
        "measures": list(measures),
        "ratios": list(ratios),
        **more,
    }
    path = RESULTS / f"{name}.json"
    with atomic(path) as file:
        json.dump(result, file, ensure_ascii=False, indent=2)
        file.write("\n")
    for row in measures:
        print(f"{row['what']}: {row['value']:.4g} {row['unit']} [{row['low']:.4g}, {row['high']:.4g}]")
    for row in ratios:
        print(f"{row['what']}: {row['value']:.3g} [{row['low']:.3g}, {row['high']:.3g}] goal {row['goal']}")
    return path
