"""`yoyak combine`: its speed, and what voting is worth, over beams and over systems.

    YOYAK_DATA=... python benchmarks/combine.py [--model yoyak-gemma-270m] [--seeds DIR DIR DIR] [--limit N]

Speed: the whole command over 2,500 dialogues x 5 summaries, all different (the worst case), made from the corpus' summaries by swapping
neighbouring words; beside it Kiwi alone over the same texts in the same run. By the clock and by processor time, since the machine is
shared. Quality (needs YOYAK_DATA): dev_k2, Kiwi morphemes, F1 x 100 with paired intervals; every system's endings are set to ~니다. With
--seeds the same for models that differ in their training's seed alone: each one's greedy output, and their vote. What models write is kept
under build/ (see _written.py).
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from _record import ROOT, data_folder, measure, ratio, record
from _topic_uses import Model
from _written import best, found, searches, voted
from yoyak.data.read import read
from yoyak.data.write import read_predictions
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.faithfulness import check
from yoyak.metrics.files import as_mapping
from yoyak.metrics.rouge import NAMES
from yoyak.metrics.significance import paired
from yoyak.records import Dialogue, Prediction
from yoyak.summarize.combine import combine
from yoyak.summarize.summarizer import Summarizer
from yoyak.text.endings import restyle

FILES = 5
OURS = "ours, greedy"


def made_up(folder: Path, count: int) -> list[Path]:
    """Five files of `count` summaries; each summary differs from its four others by a few swapped words."""
    rng = random.Random(0)
    sources = [p for name in ("train", "dev", "test") for d in read(ROOT / "corpus" / f"{name}.jsonl") for p in d.references[:1]]
    paths = []
    for number in range(FILES):
        path = folder / f"{number}.csv"
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("id", "summary"))
            for row in range(count):
                words = sources[row % len(sources)].split()
                for _ in range(number + row // len(sources) * FILES):
                    place = rng.randrange(len(words))
                    words[place - 1], words[place] = words[place], words[place - 1]
                writer.writerow((f"d{row}", " ".join(words)))
        paths.append(path)
    return paths


def processor() -> float:
    """Processor seconds of finished child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


KIWI = (
    "import csv, sys; from yoyak.text.morphemes import forms; forms([r['summary'] for f in sys.argv[1:] for r in csv.DictReader(open(f))])"
)


def speed(repeats: int, count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    figures: dict[str, list[float]] = {"combine": [], "combine cpu": [], "kiwi": [], "kiwi cpu": []}
    with tempfile.TemporaryDirectory() as name:
        paths = list(map(str, made_up(Path(name), count)))
        commands = {
            "combine": [sys.executable, "-m", "yoyak.cli.main", "combine", *paths, "-o", f"{name}/out.csv"],
            "kiwi": [sys.executable, "-c", KIWI, *paths],
        }
        for _ in range(repeats):
            for label, command in commands.items():
                before, start = processor(), perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                figures[label].append(perf_counter() - start)
                figures[f"{label} cpu"].append(processor() - before)
    what = f"{count} dialogues x {FILES} summaries"
    measures = [
        measure(f"yoyak combine, {what}, start included", figures["combine"], "s"),
        measure(f"yoyak combine, {what}, processor time", figures["combine cpu"], "s"),
        measure("Kiwi alone over the same texts, start included", figures["kiwi"], "s"),
        measure("Kiwi alone over the same texts, processor time", figures["kiwi cpu"], "s"),
    ]
    ratios = [
        ratio(f"combine of {what} / 10 s", [value / 10 for value in figures["combine"]], "<= 1"),
        ratio("that by processor time on two cores / 10 s", [value / 20 for value in figures["combine cpu"]], "<= 1"),
        ratio(
            "Kiwi's share of combine's processor time",
            [min(1.0, k / c) for k, c in zip(figures["kiwi cpu"], figures["combine cpu"], strict=True)],
        ),
    ]
    return measures, ratios


def written(model: str, talks: list[Dialogue], beams: int, seeds: list[str]) -> dict[str, list[Prediction]]:
    """What the model writes: greedy, and with beams its best one and their vote; and what each model of another seed writes."""
    texts = {OURS: best(found(searches(model), talks, 1))}
    if beams > 1:
        several = found(searches(model), talks, beams)
        texts |= {f"ours, best of {beams} beams": best(several), f"ours, vote of {beams} beams": voted(several)}
    for number, seed in enumerate(seeds):
        # where benchmarks/topics.py keeps what these models wrote
        made = Model(Path(seed).name, Path(seed) / "adapter", ROOT / "build" / "topics").candidates(talks)
        texts[f"seed {number}"] = {talk.id: beams[0].text for talk, beams in zip(talks, made, strict=True)}
    return {name: [Prediction(d.id, by_id[d.id], name) for d in talks] for name, by_id in texts.items()}


def combined(systems: Mapping[str, list[Prediction]], by_id: Mapping[str, Dialogue]) -> dict[str, list[Prediction]]:
    """The votes that are looked at."""
    third = OURS if OURS in systems else "extractive"
    names = {"KoBART": systems["KoBART"], third: systems[third], "LLM": systems["LLM"]}
    two = {name: systems[name] for name in ("KoBART", third)}
    made = {
        f"combined: KoBART + {third} + LLM": combine(names),
        f"combined, nothing pruned: KoBART + {third} + LLM": combine(names, agreement=0.0),
        f"combined, faithfulness second: KoBART + {third} + LLM": combine(names, dialogues=by_id),
        f"combined, faithfulness second: KoBART + {third}": combine(two, dialogues=by_id),
    }
    seeds = {name: found for name, found in systems.items() if name.startswith("seed ")}
    if len(seeds) > 1:
        made[f"combined: {len(seeds)} seeds"] = combine(seeds)
        made[f"combined, faithfulness second: {len(seeds)} seeds"] = combine(seeds, dialogues=by_id)
    return {name: list(found) for name, found in made.items()}


def compared(systems: Mapping[str, object]) -> list[tuple[str, str]]:
    """(System, what it has to beat)."""
    pairs = []
    for name in systems:
        if name.startswith("combined"):
            parts = [part for part in ("KoBART", OURS, "extractive") if part in name]
            pairs += [(name, part) for part in (parts or [other for other in systems if other.startswith("seed ")])]
        elif name.startswith(("ours, best", "ours, vote")):
            pairs.append((name, OURS))
    return pairs


def quality(
    folder: Path, model: str | None, *, limit: int | None, beams: int, seeds: list[str]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    talks = list(read(folder / "dev_k2.csv"))[:limit]
    by_id = {talk.id: talk for talk in talks}
    systems: dict[str, list[Prediction]] = {
        "KoBART": read_predictions(folder / "dev_k2_kobart_output.csv"),
        "LLM": read_predictions(folder / "dev_k2_llm_zeroshot_output.csv"),
        "extractive": list(Summarizer.load("extractive").summarize(talks)),
    }
    if model:
        systems |= written(model, talks, beams, seeds)
    systems = {
        name: [Prediction(p.id, restyle(p.summary, to="합니다"), p.model, error=p.error) for p in found if p.id in by_id]
        for name, found in systems.items()
    }
    systems |= combined(systems, by_id)
    first, *others = systems
    references = {talk.id: talk.references for talk in talks}
    result = evaluate(as_mapping(systems[first]), references, against={name: as_mapping(systems[name]) for name in others}, name=first)
    measures = []
    for name, scored in result.systems.items():
        for metric in NAMES:
            score = scored.scores[metric]
            measures.append(
                {"what": f"{name}: {metric}", "value": 100 * score.f1, "unit": "F1 x 100", "low": 100 * score.low, "high": 100 * score.high}
            )
        flagged = [float(bool(check(by_id[p.id], p.summary))) for p in systems[name]]
        share = 100 * sum(flagged) / len(flagged)
        measures.append({"what": f"{name}: summaries with a finding", "value": share, "unit": "%", "low": share, "high": share})
    finals = {name: _finals(scored.examples) for name, scored in result.systems.items()}
    differences = {}
    for name, base in compared(systems):
        d = paired(finals[name], finals[base])
        what = f"{name} minus {base}: mean of ROUGE-1, -2, -L"
        measures.append({"what": what, "value": 100 * d.mean, "unit": "points", "low": 100 * d.low, "high": 100 * d.high})
        differences[what] = {"p": d.p, "real": d.real}
    return measures, differences


def _finals(examples: Mapping[str, Mapping[str, float]]) -> list[float]:
    return [sum(values[metric] for metric in NAMES) / len(NAMES) for values in examples.values()]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model")
    parser.add_argument("--seeds", nargs="+", default=[], help="folders of runs (with adapter/ inside) that differ in their seed alone")
    parser.add_argument("--limit", type=int, help="use only the first dialogues of dev_k2")
    parser.add_argument("--beams", type=int, default=4, help="beams of our model; 1 leaves them out")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--count", type=int, default=2500)
    given = parser.parse_args()
    data = data_folder()
    measures: list[dict[str, Any]] = []
    differences: dict[str, Any] = {}
    files: list[Path] = [ROOT / "corpus" / f"{name}.jsonl" for name in ("train", "dev", "test")]
    if data:
        folder = data / "dialogsum-ko"
        measures, differences = quality(folder, given.model, limit=given.limit, beams=given.beams, seeds=given.seeds)
        files += [folder / name for name in ("dev_k2.csv", "dev_k2_kobart_output.csv", "dev_k2_llm_zeroshot_output.csv")]
    times, ratios = speed(given.repeats, given.count)
    more = {"differences": differences, "dialogues": given.limit or "all"}
    record("combine", data=files, runs=given.repeats, measures=[*times, *measures], ratios=ratios, **more)


if __name__ == "__main__":
    main()
