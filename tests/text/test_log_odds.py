"""Log-odds with an informative prior: signs, symmetry, and words that nobody used."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.text.log_odds import log_odds

COUNTS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=20).filter(
    lambda rows: sum(a for a, _ in rows) > 0 and sum(b for _, b in rows) > 0
)


@given(COUNTS)
def test_two_groups_mirror_each_other(rows: list[tuple[int, int]]) -> None:
    ours, theirs = (np.array(column, float) for column in zip(*rows, strict=True))
    one, other = log_odds(ours, ours + theirs), log_odds(theirs, ours + theirs)
    assert one[0] == pytest.approx(-other[0], abs=1e-9)
    assert one[1] == pytest.approx(other[1])


def test_more_often_here_is_positive_and_what_nobody_used_is_nothing() -> None:
    odds, deviation = log_odds(np.array([20.0, 5.0, 0.0]), np.array([22.0, 40.0, 0.0]))
    assert odds[0] > 0 > odds[1]
    assert odds[2] == 0
    assert deviation[2] == np.inf


def test_a_rare_word_is_less_sure_than_a_frequent_one() -> None:
    odds, deviation = log_odds(np.array([2.0, 200.0]), np.array([2.0, 400.0]))
    assert deviation[0] > deviation[1]
    assert odds[0] / deviation[0] < 1.96
