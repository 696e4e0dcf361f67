"""The corpus as it is shipped: every record whole, every file what its sources say. (`corpus/check.py` looks at the shares.)"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from yoyak.data.read import read
from yoyak.metrics.faithfulness import check as faithfulness_check
from yoyak.text.endings import restyle

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
sys.path.insert(0, str(CORPUS))

import build  # noqa: E402

FILES = ("train", "dev", "test", "long")
SOURCES = sorted((CORPUS / "source").glob("*.txt"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_sources_have_no_problem(path: Path) -> None:
    records, problems = build.parse(path)
    for record in records:
        split = build.split_of(path.stem, int(record.id[-3:]))
        problems += build.check(record, path.stem, 4 if split in ("dev", "test") else 2)
    assert problems == []
    assert max(Counter(record.id for record in records).values()) == 1


def test_the_jsonl_files_are_built_from_the_sources() -> None:
    for split, rows in build.built().items():
        assert (CORPUS / f"{split}.jsonl").read_text(encoding="utf-8") == "".join(build.dumps(row) for row in rows), split


@pytest.mark.parametrize("split", FILES)
def test_yoyak_reads_its_own_corpus(split: str) -> None:
    dialogues = list(read(CORPUS / f"{split}.jsonl"))
    assert len({dialogue.id for dialogue in dialogues}) == len(dialogues)
    assert all(dialogue.references and dialogue.topic for dialogue in dialogues)
    if split in ("dev", "test"):
        assert all(len(dialogue.references) == 2 for dialogue in dialogues)


def test_summaries_hold_no_tag_number_or_name_that_nobody_said() -> None:
    suspicious = []
    for split in FILES:
        for dialogue in read(CORPUS / f"{split}.jsonl"):
            for finding in faithfulness_check(dialogue, dialogue.references[0]):
                if finding.check in ("tag", "name", "wrong-josa", "orphaned-josa", "foreign-script", "repetition"):
                    suspicious.append((dialogue.id, finding))
    assert suspicious == []


def test_the_data_card_is_finished_and_counts_right() -> None:
    card = (CORPUS / "README.md").read_text(encoding="utf-8")
    assert "@@" not in card
    for split in FILES:
        count = len((CORPUS / f"{split}.jsonl").read_text(encoding="utf-8").splitlines())
        assert f"| `{split}.jsonl` | {count:,} |" in card


def test_endings_come_back_on_a_sample() -> None:
    sentences = [
        s["text"] for line in (CORPUS / "test.jsonl").read_text(encoding="utf-8").splitlines() for s in json.loads(line)["sentences"]
    ]
    for style in ("합니다", "함"):
        same = sum(restyle(restyle(text, to=style), to="한다") == text for text in sentences)
        assert same / len(sentences) >= 0.985


def test_an_example_of_the_data_card_is_a_record_of_the_corpus() -> None:
    card = (CORPUS / "README.md").read_text(encoding="utf-8")
    shown = json.loads(card.partition("```json")[2].partition("```")[0])
    everything = [json.loads(line) for split in FILES for line in (CORPUS / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()]
    assert shown in everything
