"""What blind reading found: how many summaries of each system hold a false statement, and how many hold the main point.

    python benchmarks/truth.py

The labels (`benchmarks/labels/truth.jsonl`: set, id, system, hash of what was read, pass, verdict; no text) were made by a language model
that read the summaries of all systems of a dialogue together, shuffled and without names, human summaries among them as a control; a part
was read again by other readers with other codes (`pass`). Later rounds are named (`round`): what stood in the same sheets is compared.
`docs/explanation/truth.md` says how.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from _record import record
from _shares import kappa, share, wilson
from yoyak.metrics.calibration import auc

LABELS = Path(__file__).resolve().parent / "labels" / "truth.jsonl"
Row = dict[str, Any]
SETS = {"dev_k2": "dev_k2", "test": "corpus test"}
#: What `yoyak summarize` does unless told otherwise.
GUARDED = "retold"


def of_system(name: str, labels: Sequence[Row]) -> Iterator[Row]:
    """The shares of one system on one set."""
    n = len(labels)
    yield share(f"{name}: holds a false statement", sum(label["verdict"] == "false" for label in labels), n)
    yield share(f"{name}: of the wrong person", sum(label["kind"] == "speaker" for label in labels), n)
    yield share(f"{name}: holds the main point", sum(label["main_point"] for label in labels), n)
    if any("flagged" in label for label in labels):
        calm = [label for label in labels if not label["flagged"]]
        yield share(f"{name}: flagged needs_review", n - len(calm), n)
        yield share(f"{name}: false among those not flagged", sum(label["verdict"] == "false" for label in calm), len(calm))


def verifier(name: str, labels: Sequence[Row]) -> Iterator[Row]:
    """How well yoyak-verifier-270m tells the false summaries of one system: by its least probable sentence (`verifier` in the labels)."""
    judged = [label for label in labels if "verifier" in label]
    true = [label["verdict"] != "false" for label in judged]
    if any(true) and not all(true):
        value = auc([label["verifier"] for label in judged], true)
        yield {
            "what": f"{name}: AUC of the trained verifier, {sum(true)} true and {len(true) - sum(true)} false",
            "unit": "",
        } | dict.fromkeys(("value", "low", "high"), value)


def agreement(labels: Sequence[Row]) -> Iterator[Row]:
    """Cohen's kappa of the two readings, for "false" and for "main point"."""
    read: dict[tuple[str, str, str, str], dict[int, Row]] = defaultdict(dict)
    for label in labels:
        read[label["set"], label["id"], label["system"], label["output"]][label["pass"]] = label
    twice = [{n: both[n] for n in (1, 2)} for both in read.values() if len(both) > 1]
    if not twice:
        return
    for what, verdicts in (
        ("false", [(both[1]["verdict"] == "false", both[2]["verdict"] == "false") for both in twice]),
        ("main point", [(both[1]["main_point"], both[2]["main_point"]) for both in twice]),
    ):
        value = kappa(verdicts)
        yield {"what": f"agreement of two readings on {what!r}: Cohen's kappa ({len(twice)} summaries)", "unit": ""} | dict.fromkeys(
            ("value", "low", "high"), value
        )


def same_sheets(labels: Sequence[Row]) -> Iterator[Row]:
    """The shares of systems that stood in the same sheets: readers differ, so only these can be compared with each other."""
    by_round: dict[tuple[str, str], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for label in labels:
        if "round" in label and label["system"] != "human":
            by_round[label["round"], label["set"]][label["system"]].append(label)
    for (name, key), systems in sorted(by_round.items()):
        if len(systems) > 1:
            shared = set.intersection(*({label["id"] for label in mine} for mine in systems.values()))
            for system, mine in sorted(systems.items()):
                found = list({label["id"]: label for label in mine if label["id"] in shared}.values())
                head = f"{SETS[key]}, same sheets (round {name}), {system}"
                yield share(f"{head}: holds a false statement", sum(one["verdict"] == "false" for one in found), len(found))
                yield share(f"{head}: holds the main point", sum(one["main_point"] for one in found), len(found))


def goals(labels: Sequence[Row], place: str) -> Iterator[Row]:
    """The guarded pipeline's shares with what they were to reach."""
    n = len(labels)
    calm = [label for label in labels if not label.get("flagged")]

    def row(what: str, hits: int, of: int, goal: str) -> Row:
        value, low, high = (part / 100 for part in wilson(hits, of))
        return {"what": f"{place}, the default: {what}", "value": value, "low": low, "high": high, "goal": goal}

    yield row("share with a false statement", sum(label["verdict"] == "false" for label in labels), n, "<= 0.15")
    yield row("false among those not flagged", sum(label["verdict"] == "false" for label in calm), len(calm), "<= 0.05")
    yield row("share flagged", n - len(calm), n, "<= 0.40")
    yield row("share with the main point", sum(label["main_point"] for label in labels), n, ">= 0.75")


def main() -> None:
    labels = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
    first = [label for label in labels if label["pass"] == 1]
    measures: list[Row] = []
    ratios: list[Row] = []
    for key, place in SETS.items():
        here = [label for label in first if label["set"] == key]
        for system in dict.fromkeys(label["system"] for label in here):
            mine = [label for label in here if label["system"] == system]
            measures.extend(of_system(f"{place}, {system}", mine))
            measures.extend(verifier(f"{place}, {system}", mine))
            if system == GUARDED:
                ratios.extend(goals(mine, place))
    measures.extend(same_sheets(labels))
    measures.extend(agreement(labels))
    record("truth", data=[LABELS], runs=1, measures=measures, ratios=ratios)


if __name__ == "__main__":
    main()
