"""What a model wrote, kept: a setting that asks for the same search again, or for one that follows from it, costs nothing.

A search depends on beams, repetition rules and limits. Out of one search follow, without the model:

- any length penalty: CTranslate2 searches by probability and divides by the length only when it ranks what is finished (where more beams
  finish in the last step than there are places, the weakest may differ, so the choice of a study is decoded for real in the end);
- the vote of the beams (MBR) and its absence;
- another limit of new tokens, for each dialogue whose beams all ended before both limits.

Encoder outputs cannot be kept: CTranslate2 takes tokens alone.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from yoyak.provenance import fingerprint
from yoyak.records import Dialogue
from yoyak.summarize.candidates import Candidate, CandidateEngine, Candidates
from yoyak.summarize.decoding import DecodeConfig

#: Dialogues that are decoded and written at a time: the most that a killed run loses. An output in int8 depends on the batch, so a block is
#: decoded whole or not at all, and a resumed run finds what an uninterrupted one would have found.
BLOCK = 64


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave for one dialogue: its candidates, best first, and the seconds that they took."""

    item: Candidates
    seconds: float


class Beams:
    """The searches of one model over dialogues.

    Args:
        folder: Where they are kept, a JSONL file for each search.
        model: What stands for the model's content and for what it computes in.
        open_engine: Opens the model with settings; one is open at a time.
        clock: Seconds; by default the processor's, since a busy machine makes the wall clock useless.
    """

    def __init__(
        self,
        folder: Path,
        *,
        model: str,
        open_engine: Callable[[DecodeConfig], CandidateEngine],
        clock: Callable[[], float] = time.process_time,
    ) -> None:
        self._folder = folder
        self._model = model
        self._open_engine = open_engine
        self._clock = clock
        self._engine: tuple[DecodeConfig, CandidateEngine] | None = None
        self._kept: dict[str, list[dict[str, Any]]] = {}
        self.decoded = 0

    def of(self, dialogues: Sequence[Dialogue], decode: DecodeConfig, *, exact: bool = False) -> list[Found]:
        """What the model writes for each dialogue under these settings, decoding only what does not follow from what is kept.

        Args:
            dialogues: In a fixed order: they are decoded in blocks.
            decode: The settings.
            exact: Take nothing that was ranked by another length penalty or cut at another limit.
        """
        search = decode if exact else replace(decode, length_penalty=1.0)
        path = self._folder / f"{_key(self._model, search)}.jsonl"
        known = [self._lookup(path, dialogue, search.max_new_tokens, exact) for dialogue in dialogues]
        missing = [dialogue for dialogue, row in zip(dialogues, known, strict=True) if row is None]
        for start in range(0, len(missing), BLOCK):
            self._decode(path, missing[start : start + BLOCK], search)
        found = []
        for dialogue, row in zip(dialogues, known, strict=True):
            row = row or self._lookup(path, dialogue, search.max_new_tokens, exact)
            assert row is not None
            found.append(_found(dialogue.id, row, decode, ranked=exact))
        return found

    def _lookup(self, path: Path, dialogue: Dialogue, limit: int, exact: bool) -> dict[str, Any] | None:
        if str(path) not in self._kept:
            self._kept[str(path)] = list(_blocks(path))
        name = fingerprint(dialogue)
        for block in self._kept[str(path)]:
            row = block["rows"].get(name)
            if row is not None and (block["max_new_tokens"] == limit or (not exact and _ended(row, min(limit, block["max_new_tokens"])))):
                found: dict[str, Any] = row
                return found
        return None

    def _decode(self, path: Path, dialogues: Sequence[Dialogue], search: DecodeConfig) -> None:
        if self._engine is None or self._engine[0] != search:
            self._engine = None  # the last one goes before the next one comes
            self._engine = (search, self._open_engine(search))
        start = self._clock()
        found = list(self._engine[1].candidates(dialogues))
        seconds = (self._clock() - start) / len(dialogues)
        rows = {fingerprint(d): _row(item, search, seconds) for d, item in zip(dialogues, found, strict=True)}
        block = {"search": asdict(search), "max_new_tokens": search.max_new_tokens, "rows": rows}
        _append(path, block)
        self._kept[str(path)].append(block)
        self.decoded += len(dialogues)


def _key(model: str, search: DecodeConfig) -> str:
    """A name for what the search depends on besides its limit; the length penalty is 1 but for exact ones."""
    parts = {name: value for name, value in asdict(search).items() if name != "max_new_tokens"}
    return hashlib.sha256(json.dumps([model, parts], sort_keys=True).encode()).hexdigest()[:16]


def _row(item: Candidates, search: DecodeConfig, seconds: float) -> dict[str, Any]:
    return {
        "seconds": round(seconds, 6),
        "candidates": [[c.text, None if c.score is None else _summed(c, search), c.length] for c in item.candidates],
        **({"error": item.error} if item.error is not None else {}),
        **({"notes": list(item.notes)} if item.notes else {}),
    }


def _summed(candidate: Candidate, search: DecodeConfig) -> float:
    """The log-probability, undivided."""
    assert candidate.score is not None
    return candidate.score * float((candidate.length or 1) ** search.length_penalty)


def _ended(row: dict[str, Any], limit: int) -> bool:
    """Whether every beam ended before the limit, so that the search would have been the same under any limit from there on."""
    return all(length is not None and length < limit for _, _, length in row["candidates"]) and "error" not in row


def _found(id_: str, row: dict[str, Any], decode: DecodeConfig, *, ranked: bool) -> Found:
    candidates = [
        Candidate(text, None if total is None else total / (length or 1) ** decode.length_penalty, length=length)
        for text, total, length in row["candidates"]
    ]
    if not ranked and all(candidate.score is not None for candidate in candidates):
        candidates.sort(key=lambda candidate: -(candidate.score or 0.0))
    return Found(Candidates(id_, tuple(candidates), tuple(row.get("notes", ())), row.get("error")), row["seconds"])


def _append(path: Path, block: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab+") as file:
        if file.tell():
            file.seek(-1, 2)
            if file.read(1) != b"\n":  # a torn line of a killed run: end it, it will be passed over
                file.write(b"\n")
        file.write((json.dumps(block, ensure_ascii=False) + "\n").encode("utf-8", "replace"))


def _blocks(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    with open(path, "rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            try:
                yield json.loads(line)
            except ValueError:  # torn by a kill, see _append
                continue
