"""Pairs of evidence and sentence: the turns that are named and no others, in order; files without evidence are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from yoyak.errors import DataError
from yoyak.train.data import rows
from yoyak.train.evidence_pairs import evidence_pairs


def test_the_corpus_gives_a_pair_for_each_sentence(root: Path) -> None:
    path = str(root / "corpus" / "dev.jsonl")
    found = evidence_pairs([path])
    whole = rows([path])
    by_id = {talk.id: talk for talk in whole}
    assert len(found) > len(whole)
    assert len({pair.id for pair in found}) == len(found)
    for pair in found:
        talk = by_id[pair.id.rpartition("/")[0]]
        assert set(pair.turns) <= set(talk.turns)
        assert len(pair.references) == 1
    assert rows([path], pairs="evidence") == found
    assert rows([path], pairs="both") == [*whole, *found]
    assert rows([path], pairs="both", limit=3) == whole[:3]


def test_files_without_evidence_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("fname,dialogue,summary\n1,#Person1#: 안녕.,인사한다.\n", encoding="utf-8")
    with pytest.raises(DataError, match="no sentence names the turns"):
        rows([str(path)], pairs="evidence")
