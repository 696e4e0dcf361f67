"""The page of summaries: everything escaped, what needs review marked, the turns of a sentence marked in its dialogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from yoyak.records import Dialogue, Doubt, Prediction, Turn
from yoyak.summarize.page import write_page


def test_a_page_shows_summary_turns_and_doubts(tmp_path: Path) -> None:
    talk = Dialogue("a", (Turn("민지", "<b>세 시</b>에 보자."), Turn("현우", "좋아.")))
    doubts = (Doubt(2, "speaker", 0.4, (2,)),)
    prediction = Prediction("a", "민지는 보자고 한다. 현우는 싫다고 한다.", evidence=((1,), (2,)), notes=("둘 중 하나",), review=doubts)
    failed = Prediction("b", "", error="too long")
    path = tmp_path / "out.html"
    assert (
        write_page(path, [prediction, failed], [talk, Dialogue("b", talk.turns)], title="모임", doubt=lambda d: f"의심 {d.sentence}") == 2
    )
    page = path.read_text(encoding="utf-8")
    assert "&lt;b&gt;세 시&lt;/b&gt;" in page
    assert '<u class="miss">현우는 싫다고 한다.</u>' in page
    assert "민지는 보자고 한다. <small" in page
    assert "! 의심 2" in page
    assert "too long" in page
    assert "2 dialogues · 1 need review" in page
    assert "<mark>좋아.</mark>" in page


def test_predictions_and_dialogues_go_together(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        write_page(tmp_path / "x.html", [], [Dialogue("a", ())], title="t")
    assert not (tmp_path / "x.html").exists()
