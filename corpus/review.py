"""What the second reading changed: the shares that the data card gives, from review.tsv (one line for each reading of a record).

python corpus/review.py
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

from build import split_of

HERE = Path(__file__).resolve().parent
#: Group of the card -> parts of the readers' own words for a kind.
GROUPS = {
    "evidence": ("evid",),
    "untrue, unclear speaker or said by nobody": ("summary-fact", "summary-speaker"),
    "outcome missing": ("omission",),
    "twin that was true": ("twin-true",),
    "twin odd": ("twin",),
    "language": ("lang", "dialog"),
}


def _is(word: str, group: str) -> bool:
    """Whether a reader's word for a kind belongs to that group; a twin that was true is not merely odd."""
    return any(part in word for part in GROUPS[group]) and not (group == "twin odd" and "true" in word)


def main() -> None:
    kinds: dict[str, str] = {}
    fixed: set[str] = set()
    with open(HERE / "review.tsv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            kinds[row["id"]] = f"{kinds.get(row['id'], '')},{row['kinds'] or ''}"
            if row["verdict"] == "fixed":
                fixed.add(row["id"])
    counts: dict[str, Counter[str]] = {}
    for id_, text in kinds.items():
        domain, _, number = id_.rpartition("-")
        split = split_of(domain, int(number))
        found = counts.setdefault("dev and test" if split in ("dev", "test") else split, Counter())
        found.update({"read": 1, "changed": int(id_ in fixed)})
        words = re.split(r"[,;/+]", text)
        found.update({group: int(any(_is(word, group) for word in words)) for group in GROUPS})
    for split, found in counts.items():
        print(split, dict(found))


if __name__ == "__main__":
    main()
