"""The scheduler with a runtime made of Python: order, packing, once only, failures alone, chunks that stand for themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.summarize.schedule import Entry, Room, Tokens, packed, packed_alike, scheduled


@dataclass
class Ready:
    texts: list[str] | Exception

    def result(self) -> list[str]:
        if isinstance(self.texts, Exception):
            raise self.texts
        return self.texts


@dataclass
class Echo:
    """Gives the tokens back, and fails on a batch that holds `bad`."""

    workers: int = 2
    batches: list[list[Tokens]] = field(default_factory=list)

    def submit(self, batch: Sequence[Tokens]) -> Ready:
        self.batches.append(list(batch))
        if any("bad" in tokens for tokens in batch):
            return Ready(RuntimeError("no"))
        return Ready([" ".join(tokens) for tokens in batch])


def entry(item: str) -> Entry[str]:
    if item == "raise":
        raise ValueError("cannot be read")
    return Entry(item, [tuple(part.split()) for part in item.split("|")])


def run(items: Sequence[str], **settings: object) -> tuple[list[tuple[str, ...]], Echo]:
    echo = Echo()
    found = list(scheduled(items, prepare=entry, runtime=echo, batch_tokens=12, **settings))  # type: ignore[arg-type]
    assert [outcome.item for outcome in found] == list(items)
    return [outcome.texts for outcome in found], echo


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=6).map(" ".join), max_size=60), st.integers(1, 9))
def test_results_come_in_order_whatever_the_chunks(items: list[str], size: int) -> None:
    found, echo = run(items, chunks=(size, 2 * size))
    assert found == [(item,) for item in items]
    assert all(len(batch) == 1 or len(batch) * max(map(len, batch)) <= 12 for batch in echo.batches)


@given(st.lists(st.integers(0, 40), max_size=80), st.integers(1, 100))
def test_packing_takes_each_once_and_keeps_the_budget(lengths: list[int], budget: int) -> None:
    batches = packed(lengths, batch_tokens=budget)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget for batch in batches)


def test_identical_inputs_are_computed_once_across_chunks() -> None:
    items = ["a b", "c", "a b", "a b", "c", "a b", "d", "a b"]
    found, echo = run(items, chunks=(2,))
    assert found == [(item,) for item in items]
    computed = [tokens for batch in echo.batches for tokens in batch]
    assert len(computed) == len(set(computed)) == 3


def test_a_bad_input_fails_alone_in_its_batch() -> None:
    found, _ = run(["a", "bad", "b", "raise", "c|bad", "d|e"], chunks=(6,))
    assert found == [("a",), (), ("b",), (), (), ("d", "e")]


def test_an_error_says_what_happened() -> None:
    outcomes = list(scheduled(["bad", "raise"], prepare=entry, runtime=Echo(), batch_tokens=9))
    assert [outcome.error for outcome in outcomes] == ["no", "cannot be read"]


def test_what_is_done_is_not_computed_again_and_batches_stay_the_same() -> None:
    items = [f"{'x ' * (i % 4)}{i}" for i in range(20)]
    _, whole = run(items, chunks=(4,))
    for finished in range(21):
        found, again = run(items, chunks=(4,), done=items[:finished])
        assert found == [(item,) for item in items]
        assert again.batches == whole.batches[len(whole.batches) - len(again.batches) :]
        if finished < 4:
            assert again.batches == whole.batches
    assert not again.batches


def test_items_are_drawn_one_chunk_ahead() -> None:
    drawn = 0

    def endless() -> Iterator[str]:
        nonlocal drawn
        while True:
            drawn += 1
            yield str(drawn)

    stream = scheduled(endless(), prepare=entry, runtime=Echo(), batch_tokens=9, chunks=(2, 3))
    next(stream)
    assert drawn == 5


def test_few_batches_are_with_the_engine_at_a_time() -> None:
    echo = Echo(workers=1)
    stream = scheduled([str(i) * 2 for i in range(50)], prepare=entry, runtime=echo, batch_tokens=1, chunks=(50,))
    next(stream)
    assert len(echo.batches) <= 4


@pytest.mark.parametrize("budget", [1, 5])
def test_an_input_beyond_the_budget_goes_alone(budget: int) -> None:
    assert packed([9, 9], batch_tokens=budget) == [[0], [1]]


@given(st.lists(st.integers(1, 40), max_size=40), st.integers(1, 100))
def test_packing_alike_takes_each_once_keeps_the_budget_and_costs_no_more(lengths: list[int], budget: int) -> None:
    batches = packed_alike(lengths, batch_tokens=budget)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget for batch in batches)
    assert _cost(batches, lengths) <= _cost(packed(lengths, batch_tokens=budget), lengths) + 1e-9


def _cost(batches: list[list[int]], lengths: list[int]) -> float:
    total = 0.0
    for batch in batches:
        sizes = [lengths[i] for i in batch]
        total += len(sizes) * min(sizes) + (max(sizes) - min(sizes) + 40) * (len(sizes) + 6)
    return total


def test_memory_stays_flat() -> None:
    import tracemalloc

    def peak(rows: int) -> int:
        tracemalloc.start()
        for _ in scheduled((f"w{i} x" for i in range(rows)), prepare=entry, runtime=Quiet(), batch_tokens=64):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    few, many = peak(6_000), peak(24_000)
    assert many < 1.3 * few


class Quiet(Echo):
    """Echo that keeps no record."""

    def submit(self, batch: Sequence[Tokens]) -> Ready:
        return Ready([" ".join(tokens) for tokens in batch])


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(10, 900), st.integers(1, 8), st.integers(0, 20), st.booleans())
def test_beams_find_room_whatever_the_packing(lengths: list[int], tokens: int, beams: int, new: int, shared: bool) -> None:
    room = Room(tokens, beams=beams, new_tokens=new, shared=shared)
    for batches in (packed(lengths, batch_tokens=400, room=room), packed_alike(lengths, batch_tokens=400, beams=beams, room=room)):
        assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
        assert all(len(batch) == 1 or room.holds(len(batch), max(lengths[i] for i in batch)) for batch in batches)


def test_a_batch_too_large_for_its_share_is_computed_while_no_other_is() -> None:
    under_way: list[Tokens] = []
    together: list[int] = []

    @dataclass
    class Counting:
        batch: list[Tokens]

        def result(self) -> list[str]:
            together.append(len(under_way))
            del under_way[: len(self.batch)]
            return [" ".join(tokens) for tokens in self.batch]

    class Runtime:
        workers = 2

        def submit(self, batch: Sequence[Tokens]) -> Counting:
            under_way.extend(batch)
            if any(len(tokens) > 3 for tokens in batch):
                assert len(under_way) == 1
            return Counting(list(batch))

    items = ["a", "b b b b", "c", "d", "e e e e e", "f", "g g g g g g"]
    found = scheduled(items, prepare=entry, runtime=Runtime(), batch_tokens=1, chunks=(7,), alone=lambda batch: len(batch[0]) > 3)
    assert [outcome.texts for outcome in found] == [(item,) for item in items]
    assert max(together) > 1
