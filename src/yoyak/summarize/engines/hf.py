"""Models on transformers: the reference for the fast engine, and the one whose repetition rules spare the dialogue's words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yoyak._extras import require
from yoyak.checkpoints.convert import form_of, read_config
from yoyak.records import Dialogue, Prediction
from yoyak.summarize import long
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.exempt import ExemptRepetition, exempt_ids, exempt_texts
from yoyak.summarize.schedule import Entry, Future, Outcome, Tokens, scheduled
from yoyak.summarize.tokens import Codec
from yoyak.summarize.topic_hints import TopicBias, spelled
from yoyak.topics.hints import Hints

_BATCH_TOKENS = 4096


class TransformersEngine:
    """A checkpoint folder in Hugging Face form.

    Args:
        folder: config.json, weights, tokenizer.json.
        name: What `Prediction.model` says.
        decode: How to write.
        dtype: `float32`, `bfloat16`, ...
        device: `cpu` or `cuda`.
        preferred: Topic words that are made likelier (:class:`yoyak.summarize.topic_hints.TopicBias`).
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        decode: DecodeConfig | None = None,
        dtype: str = "float32",
        device: str = "cpu",
        preferred: Hints | None = None,
    ) -> None:
        torch = require("torch", extra="train")
        transformers = require("transformers", extra="train")
        self.name = name
        config = read_config(folder)
        self._decode = decode or DecodeConfig()
        self._decoder_only = form_of(folder, config).kind == "decoder"
        self._codec = Codec(folder / "tokenizer.json", form_of(folder, config), self._decode)
        kind = transformers.AutoModelForCausalLM if self._decoder_only else transformers.AutoModelForSeq2SeqLM
        self._model = kind.from_pretrained(folder, dtype=getattr(torch, dtype)).to(device).eval()
        # Forcing an end token at the limit is KoBART's <usr>, which is no end at all; CTranslate2 does not do it either.
        self._model.generation_config.forced_eos_token_id = None
        self._pad = next((id_ for id_ in (config.get("pad_token_id"), config.get("eos_token_id"), 0) if isinstance(id_, int)), 0)
        self._exempt: dict[Tokens, frozenset[int]] = {}
        self._preferred = preferred
        self._spellings: dict[Tokens, tuple[tuple[int, ...], ...]] = {}
        self.workers = 1

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """One prediction a dialogue, in order."""
        outcomes = scheduled(dialogues, prepare=self._prepared, runtime=self, batch_tokens=_BATCH_TOKENS)
        return (self._prediction(outcome) for outcome in outcomes)

    def ids(self, batch: Sequence[Tokens]) -> list[list[int]]:
        """The best hypothesis's ids of each input, without what stood before it and without padding and end."""
        import torch

        read = [self._codec.ids(tokens) for tokens in batch]
        longest = max(map(len, read))
        # A decoder goes on from the right end, so its padding stands on the left.
        padding = [[self._pad] * (longest - len(ids)) for ids in read]
        masks = [
            [0] * len(gap) + [1] * len(ids) if self._decoder_only else [1] * len(ids) + [0] * len(gap)
            for ids, gap in zip(read, padding, strict=True)
        ]
        rows = [gap + ids if self._decoder_only else ids + gap for ids, gap in zip(read, padding, strict=True)]
        start = longest if self._decoder_only else 1
        with torch.inference_mode():
            written = self._model.generate(
                input_ids=torch.tensor(rows, device=self._model.device),
                attention_mask=torch.tensor(masks, device=self._model.device),
                logits_processor=self._rules(batch, start),
                **self._options(),
            )
        return [self._ended(row[start:].tolist()) for row in written]

    def submit(self, batch: Sequence[Tokens]) -> Future:
        """Compute a batch, here and now."""
        return _Done([self._codec.text(ids) for ids in self.ids(batch)])

    def _prepared(self, dialogue: Dialogue) -> Entry[Dialogue]:
        entry = self._codec.entry(dialogue)
        if self._has_rules:
            spared = exempt_ids(exempt_texts(dialogue), self._codec.encode)
            self._exempt.update(dict.fromkeys(entry.pieces, spared))
        if self._preferred is not None:
            [words] = self._preferred.words([dialogue])
            self._spellings.update(dict.fromkeys(entry.pieces, spelled(words, self._codec.encode)))
        return entry

    @property
    def _has_rules(self) -> bool:
        return self._decode.repetition_penalty != 1 or self._decode.no_repeat_ngram_size > 0

    def _rules(self, batch: Sequence[Tokens], start: int) -> list[Any] | None:
        decode = self._decode
        found: list[Any] = []
        if self._has_rules:
            spared = [self._exempt.pop(tokens, frozenset()) for tokens in batch]
            penalty, ngrams = decode.repetition_penalty, decode.no_repeat_ngram_size
            found.append(ExemptRepetition(penalty, ngrams, spared, prompt_length=start, beams=decode.num_beams))
        if self._preferred is not None:
            spellings = [self._spellings.pop(tokens, ()) for tokens in batch]
            found.append(TopicBias(spellings, prompt_length=start, beams=decode.num_beams))
        return found or None

    def _options(self) -> dict[str, Any]:
        decode = self._decode
        return {
            "num_beams": decode.num_beams,
            "do_sample": False,
            # As CTranslate2 does: the search ends when as many hypotheses as beams are finished.
            "early_stopping": True,
            "length_penalty": decode.length_penalty,
            "max_new_tokens": decode.max_new_tokens,
            "min_new_tokens": decode.min_new_tokens or None,
            "pad_token_id": self._pad,
        }

    def _ended(self, ids: list[int]) -> list[int]:
        ends = self._model.generation_config.eos_token_id
        ends = set(ends) if isinstance(ends, list) else {ends}
        place = next((i for i, id_ in enumerate(ids) if id_ in ends), len(ids))
        return ids[:place]

    def _prediction(self, outcome: Outcome[Dialogue]) -> Prediction:
        if outcome.error is not None:
            return Prediction(outcome.item.id, "", self.name, error=outcome.error)
        text = outcome.texts[0] if len(outcome.texts) == 1 else long.joined(outcome.texts)
        return Prediction(outcome.item.id, text, self.name, notes=outcome.notes)


@dataclass(frozen=True, slots=True)
class _Done:
    texts: list[str]

    def result(self) -> list[str]:
        return self.texts
