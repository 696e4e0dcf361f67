"""Batches of beam searches on :mod:`yoyak.summarize.engines.tree`, for the scheduler."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yoyak.checkpoints.convert import InputForm
from yoyak.summarize.candidates import Candidate
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.engines import tree
from yoyak.summarize.schedule import Tokens
from yoyak.summarize.search import BeamSearch, Hypothesis
from yoyak.summarize.tokens import Codec

#: Beams computed at a time. A step reads every weight once: below some thirty beams that is what takes the time.
ROWS = 64
#: Bytes of keys and values at a time (beside the weights in fp32: 470 MB for Gemma 3 270M); one dialogue is always computed.
MEMORY = 512 * 2**20


def suits(folder: Path, form: InputForm, decode: DecodeConfig, device: str) -> bool:
    """Whether beams are better searched here than on CTranslate2: a decoder that :mod:`tree` knows, on a processor, without rules against
    repetition."""
    plain = decode.repetition_penalty == 1 and not decode.no_repeat_ngram_size
    return decode.num_beams > 1 and plain and device == "cpu" and form.kind == "decoder" and tree.supports(folder)


class SharedRuntime:
    """A model of which beams are asked.

    Args:
        folder: A converted folder.
        form: How it is fed.
        codec: Its tokenizer.
        decode: How to write.
    """

    #: Batches that are begun at a time; the matrix products of one batch use every core.
    workers = 1

    def __init__(self, folder: Path, form: InputForm, codec: Codec, decode: DecodeConfig) -> None:
        self._model = tree.TreeModel(folder)
        self._codec = codec
        self._decode = decode
        end = json.loads((folder / "config.json").read_text(encoding="utf-8"))["eos_token"]
        self._ends = frozenset(codec.ids(tuple(form.prompt.ends) or (end,)))

    def submit(self, batch: Sequence[Tokens]) -> _Texts:
        """A batch that is computed when its result is asked for: the best beam of each."""
        return _Texts(self, list(batch))

    def candidates(self, batch: Sequence[Tokens]) -> list[list[Candidate]]:
        """All finished beams of each input, best first."""
        found = self._searched(batch, wanted=self._decode.num_beams)
        return [[Candidate(self._codec.text(one.ids), one.score, length=one.length) for one in beams] for beams in found]

    def texts(self, batch: Sequence[Tokens]) -> list[str]:
        """The best beam of each input."""
        return [self._codec.text(beams[0].ids) for beams in self._searched(batch, wanted=1)]

    def _searched(self, batch: Sequence[Tokens], *, wanted: int) -> list[list[Hypothesis]]:
        decode = self._decode
        searches = [
            BeamSearch(
                decode.num_beams,
                ends=self._ends,
                most=decode.max_new_tokens,
                fewest=decode.min_new_tokens,
                length_penalty=decode.length_penalty,
                wanted=wanted,
            )
            for _ in batch
        ]
        return tree.searched(self._model, [self._codec.ids(tokens) for tokens in batch], searches, rows=ROWS, memory=MEMORY)

    def pack(self, lengths: Sequence[int], *, batch_tokens: int) -> list[list[int]]:
        """Indices in batches of like length, longest first, twice as many beams as are computed at a time: as some end others begin."""
        order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
        size = max(1, 2 * ROWS // self._decode.num_beams)
        return [order[start : start + size] for start in range(0, len(order), size)]


@dataclass(frozen=True, slots=True)
class _Texts:
    runtime: SharedRuntime
    batch: list[Tokens]

    def result(self) -> list[str]:
        return self.runtime.texts(self.batch)


@dataclass(frozen=True, slots=True)
class AllBeams:
    """The same runtime, asked for all its beams."""

    runtime: SharedRuntime
    workers: int = 1

    def submit(self, batch: Sequence[Tokens]) -> _All:
        """A batch that is computed when its result is asked for."""
        return _All(self.runtime, list(batch))


@dataclass(frozen=True, slots=True)
class _All:
    runtime: SharedRuntime
    batch: list[Tokens]

    def result(self) -> list[list[Candidate]]:
        return self.runtime.candidates(self.batch)
