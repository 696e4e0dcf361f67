"""Rows for a writer of single sentences (:mod:`yoyak.summarize.planned`): the turns that a sentence rests on in, that sentence out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from yoyak.data.read import read
from yoyak.errors import DataError
from yoyak.records import Dialogue, Problem


def evidence_pairs(paths: Sequence[str]) -> list[Dialogue]:
    """One small dialogue for each sentence that names its evidence: those turns alone, the sentence as its summary.

    Args:
        paths: JSONL files whose rows hold `sentences: [{text, evidence: [turn numbers from 1]}]`, as this project's corpus does.

    Raises:
        DataError: No sentence names its evidence.

    Example:
        >>> path = getfixture("tmp_path") / "c.jsonl"
        >>> turns = [{"speaker": "민지", "text": "세 시에 보자."}, {"speaker": "현우", "text": "응."}]
        >>> row = {"id": "a", "dialogue": turns, "summary": "둘은 만난다."}
        >>> row["sentences"] = [{"text": "둘은 만난다.", "evidence": [1, 2]}]
        >>> _ = path.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
        >>> [(pair.id, len(pair.turns), pair.references) for pair in evidence_pairs([str(path)])]
        [('a/1', 2, ('둘은 만난다.',))]
    """
    found = [pair for path in paths for pair in _pairs(Path(path))]
    if not found:
        message = "no sentence names the turns that it rests on"
        form = 'give JSONL whose rows hold sentences: [{"text": "...", "evidence": [1, 2]}], or leave out data.pairs'
        raise DataError([Problem(", ".join(paths), None, message, form, "no-evidence")])
    return found


def _pairs(path: Path) -> Iterator[Dialogue]:
    if path.suffix != ".jsonl":
        return
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    written = {str(row["id"]): row["sentences"] for row in rows if "sentences" in row}
    for dialogue in read(path):
        for number, sentence in enumerate(written.get(dialogue.id, ()), 1):
            turns = tuple(dialogue.turns[turn - 1] for turn in sorted(set(sentence.get("evidence", ()))) if 0 < turn <= len(dialogue.turns))
            if turns:
                yield replace(dialogue, id=f"{dialogue.id}/{number}", turns=turns, references=(sentence["text"],))
