"""A map over several processes that keeps the order and never runs far ahead of its reader."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ordered_map(function: Callable[[Item], Result], items: Iterable[Item], *, workers: int = 1) -> Iterator[Result]:
    """`function` of each item, in the items' order; equal to `map` for any number of workers.

    Args:
        function: Must be importable by name (a `functools.partial` of such a function too), as must its items and results be picklable:
            processes are spawned afresh, which works on every system.
        items: Drawn as results are taken, at most three per worker ahead.
        workers: Processes. With 1, or when there are fewer than two items, everything happens in this one.

    Raises:
        Exception: Whatever `function` raises, at its item's place; items after it are not begun.

    Example:
        >>> list(ordered_map(str.upper, ["a", "b"]))
        ['A', 'B']
    """
    with Workers(workers) as started:
        yield from started.ordered_map(function, items)


class Workers:
    """Processes for several maps one after the other, so that each starts but once. To be used in a `with` block.

    Example:
        >>> with Workers(1) as workers:
        ...     list(workers.ordered_map(str.upper, ["a", "b"]))
        ['A', 'B']
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def ordered_map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """As the function of that name."""
        source = iter(items)
        first = list(islice(source, 2))
        if self._workers <= 1 or (len(first) < 2 and self._pool is None):
            yield from map(function, chain(first, source))
            return
        if self._pool is None:
            self._pool = _pool(self._workers)
        yield from _through(self._pool, self._workers, function, chain(first, source))


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def _through(pool: ProcessPoolExecutor, workers: int, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) >= 3 * workers:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
