"""The decision for each tokenizer of an analysis: what every limit costs, the pair to take, and what the usual pair would have cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from yoyak.eda import decision
from yoyak.eda.decision import Choice, Language, Lengths, share_cut
from yoyak.eda.stats import Analysis
from yoyak.eda.tokenizer import Tokenizer
from yoyak.models.cost import KOBART, memory, parameters, step_flops
from yoyak.models.shapes import ModelShape, shape_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do about lengths under one tokenizer.

    Args:
        tokenizer: Its name.
        lengths: The recommended pair and the reason.
        encoder, decoder: What each limit does; the recommended and the usual limit are among them.
        usual_time: Time of a step padded to the usual 512/100, relative to one padded to the recommended pair.
        usual_memory: Memory likewise.
        touched: Share of the dialogues that any change of the encoder's limit between 512 and the largest can concern at all.
        parameters: Of the model that cost is worked out for.
        assumed: That model is KoBART's shape with this vocabulary, since no config.json lies beside the tokenizer.
        learned: `all` weights, or `lora`.
    """

    tokenizer: str
    lengths: Lengths
    encoder: list[Choice]
    decoder: list[Choice]
    usual_time: float
    usual_memory: float
    touched: float
    parameters: int
    assumed: bool
    learned: str

    def at(self, *, encoder: int) -> Choice:
        """What that limit of the encoder does."""
        return next(choice for choice in self.encoder if choice.limit == encoder)

    def at_decoder(self, limit: int) -> Choice:
        """What that limit of the decoder does."""
        return next(choice for choice in self.decoder if choice.limit == limit)


def verdicts(analysis: Analysis, *, lang: Language = "ko") -> list[Verdict]:
    """One for each tokenizer."""
    return [_verdict(analysis, number, tokenizer, lang) for number, tokenizer in enumerate(analysis.tokenizers)]


def _shape(tokenizer: Tokenizer) -> tuple[ModelShape, bool]:
    known = decision.known_shape(tokenizer.config)
    return (known, False) if known else (shape_of({**KOBART, "vocab_size": tokenizer.vocabulary}), True)


def _verdict(analysis: Analysis, number: int, tokenizer: Tokenizer, lang: Language) -> Verdict:
    source, target = analysis.lengths(number)
    needs = analysis.needs(number)
    every = np.concatenate([needs[kind] for kind in decision.DECISIVE])
    limit = decision.position_limit(tokenizer.config)
    found = decision.decide(source, target, facts_lost=lambda n: share_cut(every, n), position_limit=limit, lang=lang)
    shape, assumed = _shape(tokenizer)
    usual_encoder, usual_decoder = decision.USUAL
    flops, bytes_ = decision.encoder_cost(shape, found.decoder)
    limits = sorted({*decision.ENCODER, usual_encoder, found.encoder})
    encoder = decision.choices(source, limits, needs=needs, flops=flops, bytes_=bytes_, beside=found.encoder)
    flops, bytes_ = decision.decoder_cost(shape, found.encoder)
    limits = sorted({*decision.DECODER, usual_decoder, found.decoder})
    writes = analysis.needs(number, of_summaries=True)
    decoder = decision.choices(target, limits, needs=writes, flops=flops, bytes_=bytes_, beside=found.decoder)
    setup = decision.usual_setup(shape)
    pair: dict[str, Mapping[str, Any]] = {
        "ours": {"rows": decision.ROWS, "source": found.encoder, "target": found.decoder},
        "usual": {"rows": decision.ROWS, "source": usual_encoder, "target": usual_decoder},
    }
    times = {name: step_flops(shape, setup=setup, **each) for name, each in pair.items()}
    sizes = {name: memory(shape, setup=setup, **each).total for name, each in pair.items()}
    return Verdict(
        tokenizer.name,
        found,
        encoder,
        decoder,
        times["usual"] / times["ours"],
        sizes["usual"] / sizes["ours"],
        share_cut(source, usual_encoder),
        parameters(shape).total,
        assumed,
        setup.learned,
    )
