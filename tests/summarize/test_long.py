"""Splitting: nothing is lost, everything fits, pieces are even."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.records import Dialogue, Turn
from yoyak.summarize.long import TooLong, joined, parts

TEXTS = st.lists(st.text(alphabet="가나. ", min_size=1, max_size=60).filter(str.strip), min_size=1, max_size=30)


def count(turns: Sequence[Turn]) -> int:
    return 5 + sum(len(turn.speaker) + len(turn.text) + 1 for turn in turns)


@given(TEXTS, st.integers(20, 80))
def test_every_piece_fits_and_no_word_is_lost(texts: list[str], budget: int) -> None:
    talk = Dialogue("a", tuple(Turn("가나"[i % 2], text) for i, text in enumerate(texts)))
    found = parts(talk, count=count, budget=budget)
    assert all(count(piece) <= budget for piece in found.turns)
    said = "".join(turn.text for piece in found.turns for turn in piece)
    assert said.replace(" ", "") == "".join(texts).replace(" ", "")
    if len(found.turns) > 1:
        assert found.notes[0] == f"split into {len(found.turns)} parts"
    else:
        assert [turn.text.strip() for piece in found.turns for turn in piece] == [text.strip() for text in texts]


def test_speakers_are_carried_over_when_a_turn_is_split() -> None:
    talk = Dialogue("a", (Turn("민지", "하나 둘. " * 20),))
    found = parts(talk, count=count, budget=60)
    assert {turn.speaker for piece in found.turns for turn in piece} == {"민지"}
    assert "split within" in found.notes[1]


def test_refused_on_request_and_beyond_all_measure() -> None:
    talk = Dialogue("a", tuple(Turn("가", "나" * 20) for _ in range(10)))
    with pytest.raises(TooLong, match="at most 50"):
        parts(talk, count=count, budget=50, split=False)
    with pytest.raises(TooLong, match="characters"):
        parts(talk, count=count, budget=50, max_characters=100)


@pytest.mark.parametrize("turns", [(), (Turn("가", " "),)])
def test_an_empty_dialogue_is_an_error(turns: tuple[Turn, ...]) -> None:
    with pytest.raises(ValueError, match="empty"):
        parts(Dialogue("a", turns), count=count, budget=50)


def test_repeated_sentences_stand_once() -> None:
    assert joined(["가. 나.", "나. 다."]) == "가. 나. 다."
    assert joined([]) == ""
