import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.train.batches import IGNORED, Example, collate, plan, rounded

LENGTHS = st.lists(st.integers(1, 900), min_size=1, max_size=60)


@given(LENGTHS, st.integers(0, 5))
def test_every_row_is_in_exactly_one_batch_within_the_budget(lengths: list[int], seed: int) -> None:
    batches = plan(lengths, tokens=1024, round_to=64, seed=seed)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        width = rounded(max(lengths[i] for i in batch), 64)
        assert len(batch) == 1 or len(batch) * width <= 1024


@given(LENGTHS)
def test_the_longest_row_comes_first(lengths: list[int]) -> None:
    first = plan(lengths, tokens=1024, round_to=64, seed=1)[0]
    assert max(lengths[i] for i in first) == max(lengths)


def test_plans_differ_by_seed_and_repeat_by_seed() -> None:
    lengths = [100 + i % 40 for i in range(200)]
    one = plan(lengths, tokens=1024, round_to=64, seed=1)
    assert one == plan(lengths, tokens=1024, round_to=64, seed=1)
    assert one != plan(lengths, tokens=1024, round_to=64, seed=2)


def test_loss_counts_the_summary_and_the_end_alone() -> None:
    batch = collate([Example("a", (2, 5, 6, 7, 1), 3), Example("b", (2, 5, 9, 1), 2)], pad=0, round_to=8)
    assert batch.ids == [[2, 5, 6, 7, 1, 0, 0, 0], [2, 5, 9, 1, 0, 0, 0, 0]]
    assert batch.mask == [[1] * 5 + [0] * 3, [1] * 4 + [0] * 4]
    assert batch.labels == [[IGNORED] * 3 + [7, 1] + [IGNORED] * 3, [IGNORED] * 2 + [9, 1] + [IGNORED] * 4]
    assert batch.tokens == 16


@pytest.mark.parametrize(("length", "to", "expected"), [(1, 64, 64), (64, 64, 64), (65, 64, 128), (7, 1, 7)])
def test_rounding_up(length: int, to: int, expected: int) -> None:
    assert rounded(length, to) == expected
