"""Decoder-only models on CTranslate2: a window of dialogues, packed by tokens, spread over one worker a core."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from yoyak._extras import require
from yoyak.models.inputs import fit, prompt
from yoyak.records import Dialogue, Prediction
from yoyak.summarize.decoding import DecodeConfig

# Drawn ahead at a time: enough to sort by length, few enough for flat memory and an early first summary.
_WINDOW = 256
# Two workers of one thread beat one worker of two threads threefold on this kind of model.
_BATCH_TOKENS = 2048


class CTranslate2Engine:
    """A converted checkpoint folder (`model.bin` beside `tokenizer.json`).

    Args:
        folder: Holds the CTranslate2 model and its tokenizer.json.
        name: What `Prediction.model` says.
        decode: How to write.
        compute_type: `int8`, `float32`, ...: what CTranslate2 computes in.
        device: `cpu` or `cuda`.
    """

    def __init__(
        self, folder: Path, *, name: str, decode: DecodeConfig | None = None, compute_type: str = "int8", device: str = "cpu"
    ) -> None:
        ctranslate2 = require("ctranslate2", extra="ct2")
        tokenizers = require("tokenizers", extra="ct2")
        self.name = name
        self._decode = decode or DecodeConfig()
        self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._generator = ctranslate2.Generator(
            str(folder), device=device, compute_type=compute_type, inter_threads=os.cpu_count() or 1, intra_threads=1
        )

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """One prediction a dialogue, in order."""
        source = iter(dialogues)
        while window := list(islice(source, _WINDOW)):
            yield from self._window(window)

    def _window(self, dialogues: list[Dialogue]) -> Iterator[Prediction]:
        fitted = [fit(d, count=self._count, budget=self._decode.max_input_tokens) for d in dialogues]
        tokens = [self._tokenizer.encode(prompt(turns)).tokens for turns, _ in fitted]
        distinct = list(dict.fromkeys(map(tuple, tokens)))
        results = self._generator.generate_batch(
            [list(prompt_tokens) for prompt_tokens in distinct],
            max_batch_size=_BATCH_TOKENS,
            batch_type="tokens",
            beam_size=self._decode.num_beams,
            length_penalty=self._decode.length_penalty,
            repetition_penalty=self._decode.repetition_penalty,
            no_repeat_ngram_size=self._decode.no_repeat_ngram_size,
            max_length=self._decode.max_new_tokens,
            include_prompt_in_result=False,
            sampling_topk=1,
        )
        written = {
            prompt_tokens: self._tokenizer.decode(result.sequences_ids[0]).strip()
            for prompt_tokens, result in zip(distinct, results, strict=True)
        }
        for dialogue, prompt_tokens, (_, left_out) in zip(dialogues, map(tuple, tokens), fitted, strict=True):
            notes = (f"{left_out} of {len(dialogue.turns)} turns did not fit and were left out",) if left_out else ()
            yield Prediction(dialogue.id, written[prompt_tokens], model=self.name, notes=notes)

    def _count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)
