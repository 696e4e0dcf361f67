"""docs/results.md from benchmarks/results/*.json: every figure with the command that measured it.

python benchmarks/table.py           # write it
python benchmarks/table.py --check   # exit with 1 when it is not what the results say
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
PAGE = RESULTS.parent.parent / "docs" / "results.md"
HEAD = """# Results

Made by `python benchmarks/table.py` from [benchmarks/results](../benchmarks/results); do not edit by hand. Every figure is the median of
its runs with the lowest and the highest. The machines have two cores and share them with other work:
ratios tell more than absolute figures.
Benchmarks that need the research data find them by the environment variable `YOYAK_DATA`; those data are not part of the project.
"""


def number(value: float) -> str:
    """Four significant digits, no exponent for everyday sizes."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def section(result: dict[str, Any]) -> str:
    """One benchmark as a heading, a line about how it was measured, and its tables."""
    lines = [f"## {result['name']}", ""]
    file = f"{result['name']}.json"
    how = f"`{result['command']}` - {result['date']}, {result['device']}, {result['runs']} runs"
    lines += [f"{how}, [{file}](../benchmarks/results/{file})", ""]
    if result["ratios"]:
        lines += ["| ratio | value | low | high | goal | reached |", "|---|---|---|---|---|---|"]
        for row in result["ratios"]:
            figures = " | ".join(number(row[part]) for part in ("value", "low", "high"))
            lines.append(f"| {row['what']} | {figures} | {row['goal'] or ''} | {reached(row)} |")
        lines.append("")
    if result["measures"]:
        lines += ["| measure | value | unit | low | high |", "|---|---|---|---|---|"]
        for row in result["measures"]:
            lines.append(f"| {row['what']} | {number(row['value'])} | {row['unit']} | {number(row['low'])} | {number(row['high'])} |")
        lines.append("")
    return "\n".join(lines)


def reached(row: dict[str, Any]) -> str:
    """Whether the value meets its goal, "" without one."""
    goal = row["goal"]
    if not goal:
        return ""
    if " to " in goal:
        low, high = map(float, goal.split(" to "))
        return "yes" if low <= float(row["value"]) <= high else "no"
    sign, _, bound = str(goal).partition(" ")
    value, limit = float(row["value"]), float(bound)
    return (
        "yes" if {">=": value >= limit, "<=": value <= limit, "==": value == limit, ">": value > limit, "<": value < limit}[sign] else "no"
    )


def page() -> str:
    """The whole page."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    return HEAD + "\n" + "\n".join(section(result) for result in results)


def main() -> int:
    text = page()
    if "--check" in sys.argv:
        return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text else 1
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
