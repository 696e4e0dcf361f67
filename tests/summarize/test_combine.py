"""Several systems into one: matched by id, the odd one out loses, and a missing id is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.errors import DataError, UsageError
from yoyak.records import Dialogue, Prediction, Turn
from yoyak.summarize.combine import combine

RIGHT = "지훈은 세 시에 도서관에서 만나자고 한다."
NEAR = "지훈은 세 시에 도서관에서 보자고 한다."
ODD = "날씨가 무척 춥다."


def system(*texts: str) -> list[Prediction]:
    return [Prediction(str(i), text) for i, text in enumerate(texts)]


def test_the_odd_one_out_loses_whatever_its_place() -> None:
    files = {"a": system(ODD, RIGHT), "b": system(RIGHT, ODD), "c": system(NEAR, NEAR)}
    found = list(combine(files, tokenize="eojeol"))
    assert [(p.id, p.model) for p in found] == [("0", "b"), ("1", "a")]
    assert all(p.summary == RIGHT for p in found)


@given(st.permutations(range(6)))
def test_order_within_a_file_does_not_matter(order: list[int]) -> None:
    texts = [f"{i} {RIGHT}" for i in range(6)]
    a, b, c = system(*texts), system(*texts[::-1]), system(*([ODD] * 6))
    found = list(combine({"a": a, "b": [b[i] for i in order], "c": c}, tokenize="char"))
    assert [p.id for p in found] == [p.id for p in a]
    assert [p.summary for p in found] == [p.summary for p in combine({"a": a, "b": b, "c": c}, tokenize="char")]


def test_missing_ids_are_named_for_each_file() -> None:
    files = {"a.csv": system(RIGHT, RIGHT), "b.csv": system(RIGHT), "c.csv": [Prediction("9", RIGHT)]}
    with pytest.raises(DataError) as caught:
        list(combine(files))
    told = [(p.file, p.message) for p in caught.value.problems]
    assert told == [
        ("a.csv", "1 of 3 ids of the other files are missing: 9"),
        ("b.csv", "2 of 3 ids of the other files are missing: 1, 9"),
        ("c.csv", "2 of 3 ids of the other files are missing: 0, 1"),
    ]


def test_one_file_is_no_combination() -> None:
    with pytest.raises(UsageError, match="two files"):
        list(combine({"a": system(RIGHT)}))


def test_what_failed_or_is_empty_is_no_candidate() -> None:
    failed = Prediction("0", "", error="too long")
    found = list(combine({"a": [failed], "b": system(" "), "c": system(NEAR)}, tokenize="char"))
    assert [(p.summary, p.model) for p in found] == [(NEAR, "c")]
    [nothing] = combine({"a": [failed], "b": system("")}, tokenize="char")
    assert nothing.error == "no system wrote a summary"


def test_faithfulness_decides_among_those_that_agree() -> None:
    talk = Dialogue("0", (Turn("지훈", "세 시에 도서관에서 만나자."), Turn("수아", "좋아.")))
    wrong = "지훈은 네 시에 도서관에서 만나자고 한다."
    files = {"a": system(wrong), "b": system(RIGHT)}
    assert next(combine(files)).summary == wrong  # a tie: the first file
    assert next(combine(files, dialogues={"0": talk})).summary == RIGHT
    with pytest.raises(DataError, match="have no dialogue: 0"):
        list(combine(files, dialogues={}))
