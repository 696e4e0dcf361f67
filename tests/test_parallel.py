"""The ordered map: equal to `map`, for any number of workers."""

from __future__ import annotations

import math

import pytest

from yoyak._parallel import cores, ordered_map


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers: int) -> None:
    numbers = list(range(40))
    assert list(ordered_map(math.factorial, numbers, workers=workers)) == [math.factorial(number) for number in numbers]


def test_an_error_comes_at_its_place() -> None:
    results = ordered_map(math.sqrt, [4.0, 9.0, -1.0, 16.0], workers=2)
    assert next(results) == 2.0
    assert next(results) == 3.0
    with pytest.raises(ValueError, match="domain"):
        next(results)


def test_this_machine_has_cores() -> None:
    assert cores() >= 1
