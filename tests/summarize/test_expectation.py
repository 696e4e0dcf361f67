"""The expected agreement: what it counts, and that telling more pays only while it is probable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.records import Dialogue, Turn
from yoyak.summarize.expectation import CONTENT, Expectation, expectation
from yoyak.summarize.plan import plan

TOKENS = st.lists(st.sampled_from(["민지", "표", "비", "는", "다", "모름"]), max_size=12)
KNOWN = Expectation({"표": 0.8, "비": 0.02}, frozenset({"민지"}), 10.0, {"는": (0.9, 0.5), "다": (0.6,)}, (0.9, 0.3))


def test_it_is_the_expected_f1() -> None:
    expected = 2 * (0.9 + 0.9 + CONTENT * 0.8) / (3 + 10)
    assert KNOWN.agreement(["민지", "는", "표"]) == pytest.approx(expected)
    assert KNOWN.agreement([]) == 0


@given(TOKENS)
def test_repeating_what_counts_once_never_helps(tokens: list[str]) -> None:
    for token in {"표", "모름"} & set(tokens):
        assert KNOWN.agreement([*tokens, token]) < KNOWN.agreement(tokens) or not KNOWN.agreement(tokens)


@given(TOKENS, TOKENS)
def test_order_does_not_matter_and_it_is_never_negative(one: list[str], other: list[str]) -> None:
    assert KNOWN.agreement(one + other) == pytest.approx(KNOWN.agreement(other + one))
    assert KNOWN.agreement(one) >= 0


def test_an_improbable_word_is_not_worth_its_place() -> None:
    told = ["민지", "는", "표", "다"]
    assert KNOWN.agreement([*told, "비"]) < KNOWN.agreement(told)


def test_the_plan_says_what_to_expect() -> None:
    talk = Dialogue("a", (Turn("민지", "토요일에 한강에서 자전거 타자."), Turn("현우", "토요일은 결혼식이 있어. 일요일에 타자.")))
    found = expectation(talk, plan(talk))
    assert set(found.words) >= {"자전거", "결혼식"}
    assert found.labels == {"민지", "현우"}
    assert found.agreement(["민지", "는", "자전거", "타"]) > found.agreement(["모름"] * 4)
