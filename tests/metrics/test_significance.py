import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.metrics.significance import holm, interval, paired, sign_test

VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(VALUES)
def test_the_interval_holds_the_mean_and_stays_in_range(values: list[float]) -> None:
    found = interval(values, samples=200)
    assert min(values) - 1e-9 <= found.low <= found.mean + 1e-9
    assert found.mean - 1e-9 <= found.high <= max(values) + 1e-9


def test_the_interval_has_the_width_that_theory_gives() -> None:
    rng = random.Random(1)
    values = [rng.gauss(0.5, 0.1) for _ in range(400)]
    found = interval(values)
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.1 / 20, rel=0.15)


def test_seeded() -> None:
    assert interval([0.1, 0.5, 0.9]) == interval([0.1, 0.5, 0.9])


def test_coverage_is_about_95_percent() -> None:
    rng = random.Random(2)
    inside = 0
    for trial in range(200):
        found = interval([rng.gauss(0, 1) for _ in range(60)], samples=300, seed=trial)
        inside += found.low <= 0 <= found.high
    assert 180 <= inside <= 199


def test_paired_finds_a_real_difference_and_not_a_false_one() -> None:
    rng = random.Random(3)
    base = [rng.random() for _ in range(200)]
    better = [value + rng.gauss(0.05, 0.1) for value in base]
    noise = [value + rng.gauss(0, 0.1) for value in base]
    assert paired(better, base).real
    assert not paired(noise, base).real
    assert paired(base, base).p == 1.0


def test_paired_is_antisymmetric() -> None:
    one, two = [0.1, 0.4, 0.3, 0.9], [0.2, 0.2, 0.5, 0.1]
    forward, backward = paired(one, two), paired(two, one)
    assert forward.mean == pytest.approx(-backward.mean)
    assert forward.p_sign == backward.p_sign


@pytest.mark.parametrize(
    ("differences", "p"),
    [([], 1.0), ([0, 0], 1.0), ([1] * 10, 2 / 1024), ([1] * 9 + [-1], 22 / 1024), ([1, -1], 1.0)],
)
def test_sign_test_known_values(differences: list[float], p: float) -> None:
    assert sign_test(differences) == pytest.approx(p)


def test_holm_known_values_and_order() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p(values: list[float]) -> None:
    assert all(corrected >= raw for corrected, raw in zip(holm(values), values, strict=True))


def test_unequal_examples_are_refused() -> None:
    with pytest.raises(ValueError, match="same examples"):
        paired([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="at least one"):
        interval([])
