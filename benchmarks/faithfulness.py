"""How far the checks of metrics/faithfulness.py can be believed, and what ROUGE does not see.

    YOYAK_DATA=... python benchmarks/faithfulness.py

Labels (`benchmarks/labels/dev_k2.jsonl`: ids, hashes and verdicts, no text) were made by reading 100 dialogues of dev_k2 with the
summaries of three systems and, for 25 of them, the human one, shuffled and without names. A language model read them: a strong hint,
not a human panel. The corpus's false twins say the rest, and its evidence says how good the alignment is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from _record import ROOT, data_folder, record
from _shares import fingerprint, share, wilson
from yoyak.data.read import read
from yoyak.data.write import read_predictions
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.evidence import evidence
from yoyak.metrics.faithfulness import CHECKS, check
from yoyak.metrics.files import as_mapping
from yoyak.metrics.normalize import normalized
from yoyak.metrics.rouge import NAMES
from yoyak.records import Dialogue
from yoyak.summarize.engines.extractive import Extractive

LABELS = Path(__file__).resolve().parent / "labels" / "dev_k2.jsonl"
Row = dict[str, Any]


def outputs(folder: Path, dialogues: Mapping[str, Dialogue]) -> dict[str, dict[str, str]]:
    """System -> id -> summary, as they were labelled."""
    found = {
        "human": {id_: talk.references[0] for id_, talk in dialogues.items()},
        "kobart": as_mapping(read_predictions(folder / "dev_k2_kobart_output.csv")),
        "llm": as_mapping(read_predictions(folder / "dev_k2_llm_zeroshot_output.csv")),
        "extractive": {p.id: p.summary for p in Extractive().summarize(dialogues.values())},
    }
    return {system: {id_: normalized(text) for id_, text in texts.items()} for system, texts in found.items()}


def truth(labels: Sequence[Row], texts: Mapping[str, Mapping[str, str]], dialogues: Mapping[str, Dialogue]) -> Iterator[Row]:
    """What reading found for each system, beside what ROUGE says of the same rows."""
    references = {id_: talk.references for id_, talk in dialogues.items()}
    for system in ("human", "extractive", "llm", "kobart"):
        mine = [label for label in labels if label["system"] == system]
        ids = [label["id"] for label in mine]
        yield share(f"{system}: holds a false statement", sum(label["verdict"] == "false" for label in mine), len(mine))
        yield share(f"{system}: of the wrong person", sum(label["kind"] == "speaker" for label in mine), len(mine))
        yield share(f"{system}: holds the main point", sum(label["main_point"] for label in mine), len(mine))
        if system != "human":
            scores = evaluate({i: texts[system][i] for i in ids}, {i: references[i] for i in ids}).systems["predictions"].scores
            for metric in NAMES:
                score = scores[metric]
                values = {"value": 100 * score.f1, "low": 100 * (score.low or 0), "high": 100 * (score.high or 0)}
                yield {"what": f"{system}: {metric} on the rows read", "unit": "F1 x 100", **values}


def against_labels(labels: Sequence[Row], texts: Mapping[str, Mapping[str, str]], dialogues: Mapping[str, Dialogue]) -> Iterator[Row]:
    """Precision and recall of each check: does a flag mean a false summary, and how many false ones does it find?"""
    flags = {
        (label["system"], label["id"]): {f.check for f in check(dialogues[label["id"]], texts[label["system"]][label["id"]])}
        for label in labels
    }
    false = {(label["system"], label["id"]) for label in labels if label["verdict"] == "false"}
    wrong_person = {(label["system"], label["id"]) for label in labels if label["kind"] == "speaker"}
    for name in (*CHECKS, "any"):
        flagged = {key for key, found in flags.items() if name in found or (name == "any" and found)}
        if not flagged:
            continue
        yield share(f"check {name}: flagged summaries that are false (precision)", len(flagged & false), len(flagged))
        yield share(f"check {name}: false summaries that are flagged (recall)", len(flagged & false), len(false))
        if name == "speaker":
            yield share("check speaker: summaries of the wrong person that are flagged", len(flagged & wrong_person), len(wrong_person))


def against_twins(rows: Sequence[Row], dialogues: Mapping[str, Dialogue]) -> Iterator[Row]:
    """The same on the corpus: how often a check flags a false twin, and how often the true sentence that it twists."""
    twins = [(row["id"], t["kind"], t["text"], row["sentences"][t["sentence"] - 1]["text"]) for row in rows for t in row["false_twins"]]
    for kind in ("speaker", "negation", "detail", "invented"):
        mine = [twin for twin in twins if twin[1] == kind]
        caught = sum(bool(check(dialogues[id_], text)) for id_, _, text, _ in mine)
        blamed = sum(bool(check(dialogues[id_], true)) for id_, _, _, true in mine)
        yield share(f"corpus dev + test: {kind} twins flagged by any check", caught, len(mine))
        yield share(f"corpus dev + test: their true sentences flagged by any check ({kind})", blamed, len(mine))


def against_evidence(rows: Sequence[Row], dialogues: Mapping[str, Dialogue]) -> Iterator[Row]:
    """The alignment against the turns that the writers named."""
    found = named = both = 0
    for row in rows:
        for sentence in row["sentences"]:
            [support] = evidence(dialogues[row["id"]], sentence["text"].replace(". ", ", "))
            found += len(support.turns)
            named += len(sentence["evidence"])
            both += len(set(support.turns) & set(sentence["evidence"]))
    yield share("evidence: aligned turns that the writers named (precision)", both, found)
    yield share("evidence: named turns that are aligned (recall)", both, named)


def main() -> None:
    rows = [
        json.loads(line)
        for split in ("dev", "test")
        for line in (ROOT / "corpus" / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    ours = {talk.id: talk for split in ("dev", "test") for talk in read(ROOT / "corpus" / f"{split}.jsonl")}
    measures = [*against_twins(rows, ours), *against_evidence(rows, ours)]
    data = [ROOT / "corpus" / f"{split}.jsonl" for split in ("dev", "test")]
    ratios: list[Row] = []
    if folder := data_folder():
        folder = folder / "dialogsum-ko"
        data += [folder / name for name in ("dev_k2.csv", "dev_k2_kobart_output.csv", "dev_k2_llm_zeroshot_output.csv")] + [LABELS]
        dialogues = {talk.id: talk for talk in read(folder / "dev_k2.csv")}
        labels = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]
        texts = outputs(folder, dialogues)
        stale = sum(fingerprint(texts[label["system"]][label["id"]]) != label["output"] for label in labels)
        measures = [*truth(labels, texts, dialogues), *against_labels(labels, texts, dialogues), *measures]
        measures.append(
            {"what": "labels whose output has changed since it was read", "value": stale, "unit": "", "low": stale, "high": stale}
        )
        mine = [label["verdict"] == "false" for label in labels if label["system"] == "extractive"]
        value, low, high = wilson(sum(mine), len(mine))
        ratios = [
            {
                "what": "extractive: share with a false statement / 10 %",
                "value": value / 10,
                "low": low / 10,
                "high": high / 10,
                "goal": "<= 1",
            }
        ]
    record("faithfulness", data=data, runs=1, measures=measures, ratios=ratios)


if __name__ == "__main__":
    main()
