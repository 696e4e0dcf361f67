"""A seeded split whose parts share no dialogue: near-duplicates, versions of one dialogue and sessions of one chat room stay together."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from yoyak._files import atomic
from yoyak.data import duplicates
from yoyak.data.export import DialogueWriter
from yoyak.data.formats.base import Columns, Rejected
from yoyak.data.formats.registry import by_name, recognise
from yoyak.data.raw import Kind, kind_of, raw_records
from yoyak.data.read import read_rows
from yoyak.data.sessions import DEFAULT, Chat
from yoyak.data.source import Source, open_source
from yoyak.errors import DataError, UsageError
from yoyak.records import Dialogue, Problem

RATIOS: Mapping[str, float] = {"train": 0.8, "dev": 0.1, "test": 0.1}
_VERSION = re.compile(
    r"(?:[_.-](?:aug(?:mented)?|bt|back(?:[_-]?translated)?|syn(?:thetic)?|para(?:phrased?)?|copy|ver(?:sion)?|rev|eda|en|ko|ja|zh|[vk])[_-]?\d*)+$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r".*\d$")
_PREFIX = re.compile(
    r"(?:(?:aug(?:mented)?|bt|syn(?:thetic)?|para(?:phrased?)?|copy|eda)[_.-])+(?=[^\W\d_][^_.-]{0,60}[_.-]?\d)", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]{1,20}[_.-]")
_SESSION = re.compile(r"(?P<room>.+?)-\d{4}-\d{2}-\d{2}(?:-\d{4})?(?:-\d{1,4})?")
_LONGEST_ID = 200


def base_id(id_: str) -> str:
    """The id without the marks of a version (`_aug`, `-bt2`, `_v3`, `aug_`), when a number is left.

    Example:
        >>> base_id("train_12_aug"), base_id("train_12"), base_id("aug_0020")
        ('train_12', 'train_12', 'aug_0020')
        >>> base_id("syn_train_12_en")
        'train_12'
    """
    if len(id_) > _LONGEST_ID:
        return id_
    prefix = _PREFIX.match(id_)
    id_ = id_[prefix.end() :] if prefix else id_
    match = _VERSION.search(id_)
    if match and match.start() and _NUMBERED.match(id_[: match.start()]):
        return id_[: match.start()]
    return id_


def room_of(id_: str) -> str | None:
    """The chat room of a session's id (`room-2026-01-02-0905`); None for other ids.

    Example:
        >>> room_of("family-2026-01-02"), room_of("train_12")
        ('family', None)
    """
    match = _SESSION.fullmatch(id_) if len(id_) <= _LONGEST_ID else None
    return match["room"] if match else None


def _bare_ids(id_: str) -> Iterator[str]:
    """What is left of an id without a word before it and without what follows one of its numbers."""
    if len(id_) > _LONGEST_ID:
        return
    word = _WORD.match(id_)
    for whole in (id_, id_[word.end() :]) if word else (id_,):
        yield whole
        for place in range(1, len(whole)):
            if whole[place - 1].isdigit() and not whole[place].isdigit():
                yield whole[:place]


def group(
    ids: Sequence[str], texts: duplicates.Duplicates, *, threshold: float = duplicates.THRESHOLD, one_room: bool = False
) -> list[int]:
    """For each dialogue the number of its group's first one: near-duplicates, versions of one id and sessions of one room are one group.

    `train_1_1`, `train_1a` and `x_train_1` are versions of `train_1` where an id `train_1` is there.

    Args:
        one_room: All dialogues are sessions of one chat.
    """
    parents = texts.groups(threshold=threshold)
    first: dict[str, int] = {}
    for number, id_ in enumerate(ids):
        duplicates.unite(parents, first.setdefault(base_id(id_), number), number)
    rooms: dict[str, int] = {}
    for number, id_ in enumerate(ids):
        for bare in _bare_ids(base_id(id_)):
            if bare in first:
                duplicates.unite(parents, first[bare], number)
        room = "" if one_room else room_of(id_)
        if room is not None:
            duplicates.unite(parents, rooms.setdefault(room, number), number)
    return [duplicates.root(parents, number) for number in range(len(ids))]


def assign(groups: Sequence[int], shares: Mapping[str, float], *, seed: int) -> list[str]:
    """The part of each dialogue, whole groups at a time: shuffled by `seed`, large ones first, each to the part that lacks most.

    Args:
        shares: Part -> share, in any unit; they are made to add up to 1.

    Raises:
        UsageError: A share is not positive, or there are fewer groups than parts.

    Example:
        >>> assign([0, 0, 2, 3], {"train": 3, "dev": 1}, seed=1).count("train")
        3
    """
    if not shares or min(shares.values()) <= 0:
        raise UsageError("each part needs a share above zero")
    members: dict[int, int] = {}
    for leader in groups:
        members[leader] = members.get(leader, 0) + 1
    if len(members) < len(shares):
        what = f"{len(members)} different dialogues cannot fill {len(shares)} parts; give more data or fewer parts"
        raise UsageError(f"{what} (versions of one dialogue count once, and so do the sessions of one chat room)")
    order = sorted(members)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda leader: -members[leader])  # stable: equal sizes stay shuffled
    total = sum(shares.values())
    lacking = {part: share / total * len(groups) for part, share in shares.items()}
    part_of: dict[int, str] = {}
    empty = set(shares)
    for place, leader in enumerate(order):
        open_parts = empty if len(order) - place <= len(empty) else set(shares)
        part = max((name for name in shares if name in open_parts), key=lambda name: lacking[name])
        part_of[leader] = part
        lacking[part] -= members[leader]
        empty.discard(part)
    return [part_of[leader] for leader in groups]


def split_file(
    path: str | Path,
    folder: str | Path,
    *,
    ratios: Mapping[str, float] | None = None,
    folds: int | None = None,
    seed: int = 42,
    threshold: float = duplicates.THRESHOLD,
    columns: Columns | None = None,
    format: str | None = None,
    session: str = DEFAULT,
    on_record: Callable[[], None] = lambda: None,
) -> dict[str, int]:
    """Write the parts of a file into `folder`; returns their sizes in dialogues.

    With ratios: `train`, `dev` and `test` with the file's ending. With `folds` = K: `fold1` ... `foldK` parts, each fold's own held-out
    dialogues in `foldN-dev` and all others in `foldN-train`. CSV, JSONL and text keep each record's own bytes (as UTF-8) and the file's
    order; other formats become JSONL.

    Raises:
        DataError: Rows are invalid; nothing is written. Clean the file first.
        UsageError: `folds` is below 2, or there is too little data.
    """
    if folds is not None and folds < 2:
        raise UsageError(f"--folds takes a number of at least 2, not {folds}")
    columns = columns or Columns()
    source = open_source(path)
    chosen = by_name(format) if format else recognise(source, columns)
    ids: list[str] = []
    texts = duplicates.Duplicates()
    problems: list[Problem] = []
    for row in read_rows(source, columns=columns, format=chosen.name, session=session):
        if isinstance(row, Rejected):
            problems.extend(row.problems)
        else:
            ids.append(row.id)
            texts.add("\n".join(turn.text for turn in row.turns))
            on_record()
    if problems:
        raise DataError(problems)
    groups = group(ids, texts, threshold=threshold, one_room=isinstance(chosen, Chat))
    if folds is None:
        parts = [{name} for name in assign(groups, ratios or RATIOS, seed=seed)]
        names = list(ratios or RATIOS)
    else:
        held_out = assign(groups, {str(number): 1.0 for number in range(1, folds + 1)}, seed=seed)
        parts = [{f"fold{n}-{'dev' if str(n) == own else 'train'}" for n in range(1, folds + 1)} for own in held_out]
        names = [f"fold{n}-{part}" for n in range(1, folds + 1) for part in ("train", "dev")]
    _write(source, Path(folder), names, parts, columns, chosen.name, session)
    return {name: sum(name in part for part in parts) for name in names}


def _write(
    source: Source, folder: Path, names: Sequence[str], parts: Sequence[set[str]], columns: Columns, format: str, session: str
) -> None:
    kind = kind_of(by_name(format))
    ending = {"csv": source.path.suffix if source.path.suffix in (".csv", ".tsv") else ".csv", "text": ".txt"}.get(kind or "", ".jsonl")
    with ExitStack() as stack:
        if kind is None:
            files = {name: stack.enter_context(atomic(folder / f"{name}{ending}")) for name in names}
            writers = {name: DialogueWriter(file, "jsonl") for name, file in files.items()}
            rows = (row for row in read_rows(source, columns=columns, format=format, session=session) if isinstance(row, Dialogue))
            for row, own in zip(rows, parts, strict=True):
                for name in own:
                    writers[name].write(row)
            return
        files = {name: stack.enter_context(atomic(folder / f"{name}{ending}", "wb")) for name in names}
        begun: set[str] = set()
        for raw, chosen in _raws(source, kind, columns, parts):
            for name in names if chosen is None else chosen:
                parting = b"---\n" if kind == "text" and name in begun else b""
                files[name].write(parting + _ended(raw).encode("utf-8", "surrogateescape"))
                begun.add(name)


def _raws(source: Source, kind: Kind, columns: Columns, parts: Sequence[set[str]]) -> Iterator[tuple[str, set[str] | None]]:
    """Each record's text with the parts that it goes to; None for the header, which goes to all."""
    place = 0
    _, records = raw_records(source, kind, columns)
    for record in records:
        if record.cells is not None:
            yield record.raw, parts[place]
            place += 1
        elif kind == "csv" and record.number == 0:
            yield record.raw, None


def _ended(raw: str) -> str:
    """The record's text with a line end, which the last one of a file may lack."""
    return raw if raw.endswith(("\n", "\r")) else raw + "\n"
