"""Words that mark a group: sure ones only, in a table that is read as it was edited."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.errors import ModelError
from yoyak.topics.model import TopicModel
from yoyak.topics.vocabulary import Vocabulary, fit_vocabulary

Make = Callable[..., Path]


def test_only_words_that_stand_out_for_sure_mark_a_group() -> None:
    summaries = [["대출", "하다"]] * 12 + [["이자", "하다"]] * 2 + [["주사", "하다"]] * 14
    found = fit_vocabulary(["은행"] * 14 + ["병원"] * 14, summaries)
    assert [mark.word for mark in found.marks["은행"]] == ["대출"]  # 이자 stands in two summaries, 하다 everywhere
    [mark] = found.marks["은행"]
    assert mark.count == 12
    assert 0 < mark.low < mark.log_odds < mark.high


def test_an_edited_table_is_respected(make: Make, tmp_path: Path) -> None:
    fit_vocabulary(["은행"] * 9 + ["병원"] * 9, [["대출", "통장"]] * 9 + [["주사"]] * 9).write(tmp_path / "v.csv")
    text = (tmp_path / "v.csv").read_text(encoding="utf-8")
    kept = "\n".join(line for line in text.splitlines() if "대출" not in line)
    found = Vocabulary.read(make("w.csv", f"{kept}\n은행,적금,,,,\n"))
    assert [mark.word for mark in found.marks["은행"]] == ["적금", "통장"]
    assert found.occurring("은행", ["통장", "적금", "대출"]) == ["통장", "적금"]
    assert found.occurring("은행", ["통장", "적금"], most=1) == ["적금"]
    assert found.occurring("어디에도 없는 묶음", ["통장"]) == []


def test_a_broken_table_says_what_is_expected(make: Make) -> None:
    with pytest.raises(ModelError, match="group, word"):
        Vocabulary.read(make("v.csv", "group,word\n은행,\n"))


def test_what_is_shipped_marks_situations() -> None:
    known = TopicModel.load().vocabulary
    assert "통장" in [mark.word for mark in known.marks["은행"]]
    assert "비행기" in [mark.word for mark in known.marks["여행"]]
