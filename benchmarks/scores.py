"""Korean ROUGE: the reference figures on the research data, and its speed beside rouge_score in one run.

YOYAK_DATA=... python benchmarks/scores.py
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from rouge_score import rouge_scorer

from _record import data_folder, interleaved, measure, ratio, record
from yoyak.data.write import read_predictions
from yoyak.metrics.baselines import CONSTANT, lead
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.files import as_mapping, read_references
from yoyak.metrics.rouge import NAMES, rouge
from yoyak.metrics.tokenizers import load

REPEATS = 5
# R1, R2, RL x 100 against dev_k2 and dev_k1, as measured before this project by another implementation.
EXPECTED = {
    "KoBART": ((48.2, 22.7, 38.5), (43.3, 17.2, 34.8)),
    "LLM zero-shot": ((33.0, 12.7, 25.2), (29.9, 9.7, 22.3)),
    "lead-3": ((29.2, 7.1, 20.4), (27.3, 5.7, 19.2)),
    "constant": ((27.3, 10.9, 25.7), (26.7, 8.5, 25.2)),
    "the other translation's summary": ((64.3, 41.0, 59.4), None),
}


class Ready:
    """rouge_score's tokenizer interface over tokens that are ready, so that scoring alone is timed."""

    def tokenize(self, text: str) -> list[str]:
        return text.split("\0")


def anchors(folder: Path) -> list[dict[str, object]]:
    gold = {year: read_references([folder / f"dev_{year}.csv"]) for year in ("k2", "k1")}
    systems = {
        "KoBART": as_mapping(read_predictions(folder / "dev_k2_kobart_output.csv")),
        "LLM zero-shot": as_mapping(read_predictions(folder / "dev_k2_llm_zeroshot_output.csv")),
        "lead-3": {id_: lead(talk, 3) for id_, talk in gold["k2"].dialogues.items()},
        "constant": dict.fromkeys(gold["k2"].summaries, CONSTANT),
        "the other translation's summary": {id_: texts[0] for id_, texts in gold["k1"].summaries.items()},
    }
    rows = []
    for name, summaries in systems.items():
        for year, expected in zip(("k2", "k1"), EXPECTED[name], strict=True):
            if expected is None:
                continue
            scores = evaluate(summaries, gold[year].summaries).systems["predictions"].scores
            for metric, known in zip(NAMES, expected, strict=True):
                score = scores[metric]
                what = f"{name} against dev_{year}: {metric} (known: {known})"
                rows.append({"what": what, "value": 100 * score.f1, "unit": "F1 x 100", "low": 100 * score.low, "high": 100 * score.high})
    return rows


def speeds(folder: Path | None) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    if folder:
        texts = [p.summary for p in read_predictions(folder / "dev_k2_kobart_output.csv")]
        gold = [p[0] for p in read_references([folder / "dev_k2.csv"]).summaries.values()]
        tokens = load().tokenize([*texts, *gold])
        pairs = list(zip(tokens[: len(texts)], tokens[len(texts) :], strict=True)) * 8
    else:
        rng = random.Random(0)
        pairs = [(tuple(rng.choices("가나다라마바사아자차", k=30)), tuple(rng.choices("가나다라마바사아자차", k=33))) for _ in range(2000)]
    joined = [("\0".join(one), "\0".join(two)) for one, two in pairs]
    theirs = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=Ready())

    def ours() -> float:
        started = time.process_time()
        for one, two in pairs:
            rouge(one, two)
        return len(pairs) / (time.process_time() - started)

    def oracle() -> float:
        started = time.process_time()
        for one, two in joined[: len(joined) // 4]:
            theirs.score(two, one)
        return len(joined) // 4 / (time.process_time() - started)

    figures = interleaved({"yoyak": ours, "rouge_score": oracle}, repeats=REPEATS)
    measures = [measure(f"ROUGE-1/2/L on token lists, one core, {name}", values, "pairs/s") for name, values in figures.items()]
    ratios = [
        ratio(
            "yoyak / rouge_score, pairs per second", [a / b for a, b in zip(figures["yoyak"], figures["rouge_score"], strict=True)], None
        ),
        ratio("yoyak / 10,000 pairs per second", [value / 10_000 for value in figures["yoyak"]], ">= 1"),
    ]
    if folder:
        command = [
            sys.executable,
            "-m",
            "yoyak.cli.main",
            "score",
            folder / "dev_k2_kobart_output.csv",
            folder / "dev_k2.csv",
            folder / "dev_k1.csv",
        ]
        times = []
        for _ in range(REPEATS):
            started = time.perf_counter()
            subprocess.run([str(part) for part in command], check=True, capture_output=True)
            times.append(time.perf_counter() - started)
        measures.append(measure("yoyak score, 250 predictions against two references, Kiwi's start included", times, "s"))
        ratios.append(ratio("that / 4 s", [value / 4 for value in times], "<= 1"))
    return measures, ratios


def main() -> None:
    data = data_folder()
    folder = data / "dialogsum-ko" if data else None
    rows = anchors(folder) if folder else []
    measures, ratios = speeds(folder)
    files = (
        [folder / name for name in ("dev_k2.csv", "dev_k1.csv", "dev_k2_kobart_output.csv", "dev_k2_llm_zeroshot_output.csv")]
        if folder
        else []
    )
    record("scores", data=files, runs=REPEATS, measures=[*rows, *measures], ratios=ratios)


if __name__ == "__main__":
    main()
