"""Topics: how well groups are told, and whether telling a model about them helps.

    YOYAK_DATA=... python benchmarks/topics.py classes
    YOYAK_DATA=... python benchmarks/topics.py verdict --adapters FOLDER [--rows 100]
    python benchmarks/topics.py record

`classes` fits and measures classifiers (benchmarks/_topic_classes.py), `verdict` generates and compares summaries
(benchmarks/_topic_uses.py), `record` writes benchmarks/results/topics.json from what both left in --work. What is computed stays there, so
that a run that is cut off goes on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from _record import ROOT, data_folder, record
from yoyak.data.formats.base import Columns
from yoyak.data.read import read
from yoyak.topics.linear import Linear
from yoyak.topics.model import TopicModel

CORPUS = ROOT / "corpus"


def classes(work: Path, *, each: int) -> dict[str, Any]:
    """Everything about telling groups; each part is kept in `work`."""
    from _topic_classes import Set, linear, pretrained, research, speed

    paths = [CORPUS / "train.jsonl", CORPUS / "test.jsonl"]
    model = TopicModel.load()
    assert isinstance(model.classifier, Linear)
    sets = []
    for path in paths:
        talks = list(read(path, columns=Columns(topic="domain")))
        sets.append(Set(talks, [model.given(talk) for talk in talks]))
    found: dict[str, Any] = {"measures": list(linear("corpus test", *sets, model.classifier)), "ratios": [], "data": [*paths], "facts": {}}
    rates, goal = speed(sets[0], model.classifier)
    found["measures"] += rates
    found["ratios"].append(goal)
    if folder := data_folder():
        path = folder / "dialogsum-ko" / "train_research.csv"
        rows, facts = research(path)
        found["measures"] += rows
        found["facts"] = facts
        found["data"].append(path)
    found["measures"] += list(pretrained(paths, work, each=each)) if each else []
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("classes", "verdict", "record"))
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "topics")
    parser.add_argument(
        "--each", type=int, default=20, help="training dialogues of each domain for the pretrained encoder (half as many to test); 0: none"
    )
    parser.add_argument("--adapters", type=Path, help="folder of none-seed0, topic-seed0, keywords-seed0, none-seed1, ...")
    parser.add_argument("--rows", type=int, default=100, help="dialogues of each test set")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.part == "record":
        parts = [
            json.loads(path.read_text(encoding="utf-8"))
            for name in ("classes", "verdict")
            if (path := options.work / f"{name}.json").is_file()
        ]
        measures, ratios = ([row for part in parts for row in part[key]] for key in ("measures", "ratios"))
        data = list(dict.fromkeys(Path(path) for part in parts for path in part["data"]))
        more = {key: value for part in parts for key, value in part["facts"].items()}
        more["commands"] = [part["command"] for part in parts]
        record("topics", data=data, runs=1, measures=measures, ratios=ratios, facts=more)
        return
    if options.part == "classes":
        found = classes(options.work, each=options.each)
    else:
        from _topic_uses import verdict

        found = verdict(options.adapters, options.work, rows=options.rows)
    found["data"] = [str(path) for path in found["data"]]
    found["command"] = f"python benchmarks/topics.py {options.part}" + (
        f" --each {options.each}" if options.part == "classes" else f" --adapters FOLDER --rows {options.rows}"
    )
    (options.work / f"{options.part}.json").write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    for row in found["measures"]:
        print(f"{row['what']}: {row['value']:.4g} {row['unit']} [{row['low']:.4g}, {row['high']:.4g}]")


if __name__ == "__main__":
    main()
