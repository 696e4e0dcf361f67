"""Any number of inputs through an engine: a bounded window, sorted by length, packed by tokens, results in input order.

Inputs are drawn in chunks. Within a chunk identical inputs are computed once and the rest is sorted and packed, so that a batch holds
inputs of like length; batches never cross chunks, so what a chunk gives depends on that chunk alone and an interrupted run can be gone on
with to the same bytes. While the engine works on one chunk the next one is prepared, so its workers never wait at the border.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

#: The first chunks are small: the first summary comes early, and a short input is not one lump.
CHUNKS = (8, 64, 256)
#: Results of earlier chunks that are remembered for inputs that come again.
REMEMBERED = 4096

Tokens = tuple[str, ...]
Item = TypeVar("Item")
#: What the engine makes of one token list: a text, or the candidates that a later step chooses from.
Made = Any


class Future(Protocol):
    """A batch under way."""

    def result(self) -> list[Made]:
        """What was made, in the batch's order; raises what the engine raised."""


class Runtime(Protocol):
    """What computes batches of token lists."""

    def submit(self, batch: Sequence[Tokens]) -> Future:
        """Begin with a batch; returns at once."""

    @property
    def workers(self) -> int:
        """Batches that are computed at a time."""


class Packing(Protocol):
    """How inputs become batches."""

    def __call__(self, lengths: Sequence[int], *, batch_tokens: int) -> list[list[int]]:
        """Indices of the inputs, batch by batch."""


@dataclass(slots=True)
class Entry(Generic[Item]):
    """One input with its pieces' tokens, or what went wrong with it; `known` is the text that an earlier run has made of it."""

    item: Item
    pieces: list[Tokens] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    error: str | None = None
    known: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Item]):
    """One input with what was made of its pieces, or why there is nothing."""

    item: Item
    texts: tuple[Made, ...]
    notes: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """How many inputs find room in memory with the keys and values of all their beams.

    Args:
        tokens: Tokens whose keys and values may be kept at a time.
        beams: Beams of each input.
        new_tokens: Most tokens that a beam writes.
        shared: Whether beams share what is kept of the input: an encoder's output, not a decoder's prompt.
    """

    tokens: int
    beams: int = 1
    new_tokens: int = 0
    shared: bool = False

    def holds(self, rows: int, longest: int) -> bool:
        """Whether so many inputs, of which the longest has so many tokens, fit.

        Example:
            >>> Room(1000, beams=4, new_tokens=50).holds(1, 200), Room(1000, beams=4, new_tokens=50, shared=True).holds(2, 200)
            (True, True)
        """
        one = self.beams * self.new_tokens + longest if self.shared else self.beams * (self.new_tokens + longest)
        return rows * one <= self.tokens


ENDLESS = Room(2**62)


def packed(lengths: Sequence[int], *, batch_tokens: int, room: Room = ENDLESS) -> list[list[int]]:
    """Indices in batches of like length, longest batch first; a batch's padded size keeps to the budget, and what its beams keep finds
    room, unless it holds one item alone.

    Example:
        >>> packed([3, 10, 4, 9], batch_tokens=20)
        [[1, 3], [2, 0]]
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        # sorted downwards: the first of a batch is its longest
        rows, longest = (len(batches[-1]) + 1, lengths[batches[-1][0]]) if batches else (0, 0)
        if batches and rows * longest <= batch_tokens and room.holds(rows, longest):
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def scheduled(
    items: Iterable[Item],
    *,
    prepare: Callable[[Item], Entry[Item]],
    runtime: Runtime,
    batch_tokens: int,
    pack: Packing = packed,
    alone: Callable[[Sequence[Tokens]], bool] = lambda batch: False,
    chunks: Sequence[int] = CHUNKS,
    done: Iterable[str | None] = (),
) -> Iterator[Outcome[Item]]:
    """An outcome for each item, in order.

    Args:
        items: Drawn a chunk ahead of what is yielded, no further.
        prepare: Cuts an item into pieces that the engine can take; anything that it raises is that item's error alone.
        runtime: Computes batches.
        batch_tokens: Most tokens of a batch, padding included.
        pack: Divides the lengths of inputs into batches.
        alone: Whether a batch takes so much memory that none may be computed beside it.
        chunks: Sizes of the first chunks; the last one holds for all that follow.
        done: Texts that an earlier run made of the leading items (None where it failed). Chunks that are done wholly are not computed
            again; one that is done in part is, so that its batches are the same as ever.
    """
    remembered: OrderedDict[Tokens, Made] = OrderedDict()
    source = iter(items)
    pump = _Pump(runtime, alone)
    finished = iter(done)
    waiting: deque[_Chunk[Item]] = deque()
    previous: _Chunk[Item] | None = None
    for size in _sizes(chunks):
        drawn = [_prepared(prepare, item) for item in islice(source, size)]
        if not drawn:
            break
        chunk = _Chunk(drawn, remembered, pump, previous)
        chunk.begin(list(islice(finished, len(drawn))), batch_tokens, pack)
        waiting.append(chunk)
        previous = chunk
        if len(waiting) > 1:
            yield from waiting.popleft().outcomes()
    while waiting:
        yield from waiting.popleft().outcomes()


def _sizes(chunks: Sequence[int]) -> Iterator[int]:
    yield from chunks
    while True:
        yield chunks[-1]


def _prepared(prepare: Callable[[Item], Entry[Item]], item: Item) -> Entry[Item]:
    try:
        return prepare(item)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a row is that row's trouble alone; it is reported in its place
        return Entry(item, error=_said(error))


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__


def packed_alike(
    lengths: Sequence[int], *, batch_tokens: int, new_tokens: int = 40, beams: int = 1, room: Room = ENDLESS
) -> list[list[int]]:
    """Indices in batches whose inputs are nearly of one length: what decoder-only models on CTranslate2 need.

    There a batch's prompts are read at once up to the shortest of them only; what the longer ones have beyond it is gone through token by
    token, with all beams, like writing. So the sorted inputs are divided where the estimated time is least: reading takes one unit a token,
    a step of writing six units and one a beam (measured on Gemma 3 270M int8: the weights pass through memory once a step).

    Args:
        lengths: Of the inputs, in tokens.
        batch_tokens: As in :func:`packed`.
        new_tokens: How many are written, about.
        beams: Of each input.
        room: As in :func:`packed`.

    Example:
        >>> packed_alike([100, 400, 101, 399], batch_tokens=2048)
        [[1, 3], [2, 0]]
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(order) + 1):
        found = (float("inf"), end - 1)
        shortest = lengths[order[end - 1]]
        for start in range(end - 1, -1, -1):
            rows, longest = end - start, lengths[order[start]]
            if rows > 1 and (rows * longest > batch_tokens or not room.holds(rows, longest)):
                break
            cost = rows * shortest + (longest - shortest + new_tokens) * (rows * beams + _STEP)
            found = min(found, (best[start][0] + cost, start))
        best.append(found)
    batches: list[list[int]] = []
    end = len(order)
    while end:
        start = best[end][1]
        batches.append(order[start:end])
        end = start
    return batches[::-1]


_STEP = 6.0


class _Pump:
    """Keeps few batches with the engine at a time: enough for its workers, so few that an interrupt does not wait for them."""

    def __init__(self, runtime: Runtime, alone: Callable[[Sequence[Tokens]], bool]) -> None:
        self._runtime = runtime
        self._alone = alone
        self._queue: deque[tuple[list[Tokens], dict[Tokens, Made | Exception]]] = deque()
        self._under_way: deque[tuple[list[Tokens], dict[Tokens, Made | Exception], Future | Exception]] = deque()

    def add(self, batch: list[Tokens], results: dict[Tokens, Made | Exception]) -> None:
        self._queue.append((batch, results))
        self._submit()

    def _submit(self) -> None:
        while self._queue and len(self._under_way) < 2 * self._runtime.workers:
            if self._under_way and (self._alone(self._queue[0][0]) or self._alone(self._under_way[-1][0])):
                break
            batch, results = self._queue.popleft()
            self._under_way.append((batch, results, self._begun(batch)))

    def _begun(self, batch: list[Tokens]) -> Future | Exception:
        try:
            return self._runtime.submit(batch)
        except Exception as error:  # noqa: BLE001 - see step
            return error

    def step(self) -> None:
        """Wait for the oldest batch. When it fails as a whole its inputs are tried one by one: one bad input harms no other."""
        batch, results, begun = self._under_way.popleft()
        outcome = self._finished(begun)
        if isinstance(outcome, Exception):
            if len(batch) == 1:
                results[batch[0]] = outcome
            else:
                self._queue.extendleft(([tokens], results) for tokens in reversed(batch))
        else:
            results.update(zip(batch, outcome, strict=True))
        self._submit()

    @staticmethod
    def _finished(begun: Future | Exception) -> list[Made] | Exception:
        if isinstance(begun, Exception):
            return begun
        try:
            return begun.result()
        except Exception as error:  # noqa: BLE001 - see step
            return error


class _Chunk(Generic[Item]):
    def __init__(
        self, entries: list[Entry[Item]], remembered: OrderedDict[Tokens, Made], pump: _Pump, previous: _Chunk[Item] | None
    ) -> None:
        self._entries = entries
        self._remembered = remembered
        self._pump = pump
        self._results: dict[Tokens, Made | Exception] = {}
        self._wanted: set[Tokens] = set()
        self._borrowed: list[Tokens] = []
        self._previous = previous

    def begin(self, done: Sequence[str | None], batch_tokens: int, pack: Packing) -> None:
        """Give the engine what it has to compute."""
        if len(done) == len(self._entries):
            for entry, text in zip(self._entries, done, strict=True):
                self._take(entry, text)
        distinct = dict.fromkeys(tokens for entry in self._entries if entry.known is None for tokens in entry.pieces)
        previous = self._previous._wanted if self._previous else set()
        self._wanted = set(distinct)
        self._borrowed = [tokens for tokens in distinct if tokens in previous]
        self._results |= {tokens: self._remembered[tokens] for tokens in distinct if tokens in self._remembered and tokens not in previous}
        missing = [tokens for tokens in distinct if tokens not in self._results and tokens not in previous]
        batches = pack([len(tokens) for tokens in missing], batch_tokens=batch_tokens)
        # The batch of the first input goes first, so that something can be shown soon; the long ones follow, short ones fill the end.
        batches.sort(key=lambda batch: 0 not in batch)
        for batch in batches:
            self._pump.add([missing[index] for index in batch], self._results)

    def _take(self, entry: Entry[Item], text: str | None) -> None:
        if text is None or entry.error is not None:
            return
        entry.known = text
        if len(entry.pieces) == 1:
            self._results[entry.pieces[0]] = text

    def outcomes(self) -> Iterator[Outcome[Item]]:
        """Each entry's outcome, as soon as it is there; the chunk before this one is finished by now."""
        if self._previous is not None:
            self._results |= {tokens: self._previous._results[tokens] for tokens in self._borrowed}
            self._previous = None
        for entry in self._entries:
            while entry.known is None and any(tokens not in self._results for tokens in entry.pieces):
                self._pump.step()
            yield self._outcome(entry)
        for tokens, text in self._results.items():
            if not isinstance(text, Exception):
                self._remembered[tokens] = text
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    def _outcome(self, entry: Entry[Item]) -> Outcome[Item]:
        if entry.known is not None:
            return Outcome(entry.item, (entry.known,), entry.notes)
        results = [self._results[tokens] for tokens in entry.pieces]
        failed = next((result for result in results if isinstance(result, Exception)), None)
        error = entry.error or (_said(failed) if failed is not None else None)
        texts = tuple(results) if error is None else ()
        return Outcome(entry.item, texts, entry.notes, error)
