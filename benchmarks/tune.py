"""What tuning on dev is worth: the gain on the half that was tuned on beside the gain on the other half, in both directions.

    YOYAK_DATA=... python benchmarks/tune.py --model yoyak-gemma-270m [--work build/tune] [--limit N]

The embedded model with its decoding searched by `yoyak tune` on each half of corpus/dev.jsonl and of dev_k2 (`--limit`: of their first
dialogues); the space is small enough to be tried wholly. A killed run goes on in the folder `--work`; what the model writes is shared with
embedded.py and combine.py (see _written.py). Quality is the mean of ROUGE-1, -2 and -L F1 on Kiwi's morphemes; seconds are processor time,
since the machine is shared.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from _record import ROOT, dev_files, record
from _written import WORK, searches
from yoyak.metrics.significance import Difference
from yoyak.summarize.decoding import DecodeConfig
from yoyak.tune.page import told, write_page
from yoyak.tune.recipe import Space, TuneRecipe
from yoyak.tune.result import Tuned
from yoyak.tune.search import Step, dev_dialogues, halves, tune

# All of it follows from two searches, greedy and four beams: the rules against repetition hit tags first (docs/log.md) and are left out.
SPACE = Space(num_beams=[1, 4], repetition_penalty=[1.0], no_repeat_ngram_size=[0], max_new_tokens=[160])


def points(what: str, d: Difference) -> dict[str, Any]:
    return {"what": what, "value": 100 * d.mean, "unit": "points of F1 x 100", "low": 100 * d.low, "high": 100 * d.high}


def rows(name: str, found: Tuned) -> list[dict[str, Any]]:
    today, best = found.rows[0], found.chosen
    measured = [
        {
            "what": f"{name}: {label} ({told(row.setting)}), on the half tuned on",
            "value": 100 * row.score.mean,
            "unit": "F1 x 100",
            "low": 100 * row.score.low,
            "high": 100 * row.score.high,
        }
        for label, row in (("today's setting", today), ("best of the settings", best))
    ]
    if found.honesty:
        measured.append(points(f"{name}: gain of the choice where it was chosen", found.honesty.here))
        measured.append(points(f"{name}: gain of the choice on the other half", found.honesty.there))
    return measured


def derived_equals_decoded(recipe: TuneRecipe, count: int) -> dict[str, Any]:
    """Share of dialogues whose best beam under another length penalty, derived from a kept search, is what the model writes under it."""
    talks, _ = halves(dev_dialogues(recipe), recipe)
    talks = talks[:count]
    beams = searches(recipe.model)
    other = DecodeConfig(num_beams=4, length_penalty=1.6)
    pairs = zip(beams.of(talks, other), beams.of(talks, other, exact=True), strict=True)
    share = sum(a.item.candidates[0].text == b.item.candidates[0].text for a, b in pairs) / len(talks)
    what = f"best beam under length penalty 1.6, derived from a search under 1, equals the decoded one ({len(talks)} dialogues)"
    return {"what": what, "value": share, "unit": "share", "low": share, "high": share}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "tune")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--limit", type=int, help="use only the first dialogues of each file")
    parser.add_argument("--derived", type=int, default=16, help="dialogues for the check of what is derived")
    given = parser.parse_args()
    files = dev_files()
    measures: list[dict[str, Any]] = []
    tables: dict[str, Any] = {}
    for half in (1, 2):
        for name, path in files.items():
            label = f"{name}, half {half}"
            recipe = TuneRecipe(model=given.model, dev=[str(path)], trials=given.trials, half=half, space=SPACE, limit=given.limit)
            folder = given.work / f"{path.stem}-{half}"

            def note(step: Step, label: str = label) -> None:
                print(f"{label}: {step.number + 1}/{step.trials} {told(step.setting)} {100 * step.score:.2f}", file=sys.stderr, flush=True)

            found = tune(recipe, folder, resume=True, beams=WORK, on_trial=note)
            write_page(folder / "tune.html", found, recipe)
            measures += rows(label, found)
            told_rows = [
                {
                    "setting": told(row.setting),
                    "score": round(100 * row.score.mean, 2),
                    "low": round(100 * row.score.low, 2),
                    "high": round(100 * row.score.high, 2),
                    "seconds": round(row.seconds, 3),
                    "front": row.front,
                }
                for row in found.rows
            ]
            tables[label] = {
                "verdict": found.verdict,
                "choice": told(found.chosen.setting),
                "dialogues": found.dialogues,
                "rows": told_rows,
            }
            if found.honesty:
                tables[label] |= {
                    "p_here": found.honesty.here.p,
                    "p_there": found.honesty.there.p,
                    "shrinkage": 100 * found.honesty.shrinkage,
                }
    first = TuneRecipe(model=given.model, dev=[str(files["corpus/dev"])], limit=given.limit)
    measures.append(derived_equals_decoded(first, given.derived))
    record("tune", data=list(files.values()), runs=1, measures=measures, ratios=[], model=Path(given.model).name, tables=tables)


if __name__ == "__main__":
    main()
