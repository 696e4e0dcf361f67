"""How many tokens should the encoder read and the decoder write? A pair of lengths, with its reason in a sentence.

A limit costs twice: what is cut off is lost to the model, and what is not cut has to be held in memory. So the question has two sides,
and neither is answered by a histogram:

- what is lost: dialogues and summaries cut, tokens lost, and facts (speaker tags, numbers, names) that a reference states and that the
  dialogue says only behind the cut: a model trained on those learns to invent;
- what is paid: with batches padded to the limit every row pays for the longest, with batches by length only the long ones do. Memory is
  that of the longest batch either way.

`lengths: auto` of a training recipe calls :func:`recommend`. Nothing here needs matplotlib.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from yoyak.eda.facts import Fact, of_dialogue
from yoyak.models import inputs
from yoyak.models.cost import ModelShape, Setup, memory, shape_of, step_flops
from yoyak.records import Dialogue, Turn

#: Limits that are compared: multiples of 64 and 16, as kernels like them.
ENCODER = (128, 192, 256, 320, 384, 448, 512, 640, 768, 896, 1024)
DECODER = (32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256)
UNSEEN = 128  #: for summaries where there is none to go by
USUAL = (512, 100)  #: what most recipes of public notebooks set

MOST_CUT = 0.01  #: share of dialogues that may lose their end
MOST_LOST = 0.005  #: share of the references' numbers and names that may stand behind the cut
MOST_SUMMARIES_CUT = 0.002  #: a cut summary teaches a model not to end
DECISIVE = ("number", "name")  #: kinds of facts that decide; a speaker's tag stands at the start of nearly every dialogue
ROWS = 16  #: of the batch whose cost is shown

Counts = NDArray[np.int32]
Language = Literal["ko", "en"]


@dataclass(frozen=True, slots=True)
class Lengths:
    """A pair of limits in tokens, and why.

    Args:
        encoder: Tokens of a dialogue with what stands around it (control tokens, a prompt).
        decoder: Tokens of a summary with its end token.
        reason: One sentence, with its numbers.
        dialogues_cut, summaries_cut: Shares (0..1) of the data given that are longer.
        facts_lost: Share of the references' numbers and names that the dialogue says only behind the cut (speaker tags come early).
        longest_dialogue, longest_summary: In tokens.
        position_limit: The longest that the model can read at all; None when its configuration names none.
    """

    encoder: int
    decoder: int
    reason: str
    dialogues_cut: float
    summaries_cut: float
    facts_lost: float
    longest_dialogue: int
    longest_summary: int
    position_limit: int | None = None


def recommend(
    dialogues: Iterable[Dialogue],
    *,
    count: Callable[[str], int],
    config: Mapping[str, Any] | None = None,
    form: Callable[[Sequence[Turn]], str] | None = None,
    lang: Language = "en",
) -> Lengths:
    """The lengths that fit these dialogues.

    Args:
        dialogues: What the model will be trained on (and what it will be asked, where that is at hand). Those without references count
            for the encoder alone.
        count: Tokens of a text, without control tokens.
        config: The model's config.json as a dictionary: its kind says whether there is a prompt, its position table bounds the lengths.
        form: Turns -> what the model reads; by default :func:`yoyak.models.inputs.prompt` for a decoder-only model, else `source`.
        lang: Of the reason.

    Raises:
        ValueError: There is no dialogue.

    Example:
        >>> talk = Dialogue("a", (Turn("#Person1#", "세 시에 보자."),), ("#Person1#은 세 시에 만나자고 한다.",))
        >>> found = recommend([talk] * 20, count=len)
        >>> found.encoder, found.decoder
        (128, 32)
    """
    decoder_only = config is not None and not config.get("is_encoder_decoder", config.get("model_type") in ("bart", "mbart", "t5", "mt5"))
    form = form or (inputs.prompt if decoder_only else inputs.source)
    around = 1 if decoder_only else 2  # <bos>; or <s> and </s>
    rows = [(dialogue, form(dialogue.turns)) for dialogue in dialogues]
    if not rows:
        raise ValueError("there is no dialogue to choose lengths by")
    source = np.array([count(text) + around for _, text in rows], dtype=np.int32)
    target = np.array([count(summary) + 1 for dialogue, _ in rows for summary in dialogue.references], dtype=np.int32)

    stated: list[tuple[int, list[Fact]]] = []  # row, its facts; looked for when a dialogue is cut at all

    def facts_lost(limit: int) -> float:
        if limit >= source.max():
            return 0.0
        if not stated:
            stated.extend((row, [f for found in of_dialogue(*pair) for f in found if f.kind in DECISIVE]) for row, pair in enumerate(rows))
        behind = sum(source[row] > limit and count(rows[row][1][: fact.in_source]) + 1 > limit for row, found in stated for fact in found)
        return float(behind) / max(1, sum(len(found) for _, found in stated))

    return decide(source, target, facts_lost=facts_lost, position_limit=position_limit(config), lang=lang)


def decide(
    source: Counts,
    target: Counts,
    *,
    facts_lost: Callable[[int], float],
    position_limit: int | None = None,
    lang: Language = "en",
) -> Lengths:
    """The smallest limits of :data:`ENCODER` and :data:`DECODER` that lose next to nothing.

    At most 1 % of the dialogues are cut and 0.5 % of the numbers and names lost, at most 0.2 % of the summaries cut; where no limit does it
    (or the model cannot read that far), the largest one. Without any summary the decoder gets :data:`UNSEEN`.

    Args:
        source: Tokens of each dialogue.
        target: Tokens of each summary; may be empty.
        facts_lost: Share of the numbers and names that stand behind a limit of the encoder.
        position_limit: The longest that the model can read.
        lang: Of the reason.
    """
    usable = [limit for limit in ENCODER if position_limit is None or limit <= position_limit] or [position_limit or ENCODER[0]]
    encoder = next((limit for limit in usable if share_cut(source, limit) <= MOST_CUT and facts_lost(limit) <= MOST_LOST), usable[-1])
    decoder = next((limit for limit in DECODER if share_cut(target, limit) <= MOST_SUMMARIES_CUT), DECODER[-1]) if len(target) else UNSEEN
    found = Lengths(
        encoder,
        decoder,
        "",
        share_cut(source, encoder),
        share_cut(target, decoder),
        facts_lost(encoder),
        int(source.max(initial=0)),
        int(target.max(initial=0)),
        position_limit,
    )
    return replace(found, reason=_reason(found, lang))


def _reason(found: Lengths, lang: Language) -> str:
    kept, lost = _kept(found.dialogues_cut), f"{found.facts_lost:.2%}"
    whole, end = _kept(found.summaries_cut), found.dialogues_cut > MOST_CUT
    if lang == "ko":
        text = (
            f"대화 {found.encoder}토큰이면 {kept}가 온전히 들어가고 정답의 숫자와 이름 가운데 잘린 뒤에만 나오는 것은 {lost}이며, "
            f"요약 {found.decoder}토큰이면 {whole}가 끝까지 들어갑니다."
        )
        return text + (" 그보다 긴 대화는 나누어 요약하세요." if end else "")
    text = (
        f"{found.encoder} tokens hold {kept} of the dialogues whole and leave {lost} of the numbers and names that "
        "references state behind the cut; "
        f"{found.decoder} tokens hold {whole} of the summaries with their end"
    )
    return text + ("; dialogues beyond that have to be split." if end else ".")


def _kept(cut: float) -> str:
    """What is not cut, never rounded up to all."""
    return f"{np.floor(1000 * (1 - cut) + 1e-9) / 10:.1f}%"


def position_limit(config: Mapping[str, Any] | None) -> int | None:
    """The longest input that a model's position table has rows for, None without one."""
    if config is None:
        return None
    if config.get("model_type") in ("t5", "mt5"):
        return None
    value = config.get("max_position_embeddings")
    return int(value) if value else None


def share_cut(lengths: Counts, limit: int) -> float:
    """Share of the texts that are longer than the limit; 0 when there is none.

    Example:
        >>> share_cut(np.array([10, 20, 30, 40], dtype=np.int32), 30)
        0.25
    """
    return float((lengths > limit).mean()) if len(lengths) else 0.0


def share_lost(lengths: Counts, limit: int) -> float:
    """Share of all tokens that stand behind the limit.

    Example:
        >>> share_lost(np.array([10, 30], dtype=np.int32), 20)
        0.25
    """
    total = int(lengths.sum())
    return float(np.maximum(lengths - limit, 0).sum()) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Choice:
    """One limit and what it does.

    Args:
        limit: In tokens.
        cut: Share of the texts that are longer.
        tokens_lost: Share of all their tokens behind the limit.
        facts_lost: Kind -> share of the facts of that kind behind the limit; `all` for all kinds together.
        padded_time: Time of a training step with rows padded to this limit, relative to the recommended one.
        grouped_time: The same over an epoch in batches by length.
        memory_bytes: Of a step with :data:`ROWS` rows of this length.
    """

    limit: int
    cut: float
    tokens_lost: float
    facts_lost: Mapping[str, float]
    padded_time: float
    grouped_time: float
    memory_bytes: int


def choices(
    lengths: Counts,
    limits: Iterable[int],
    *,
    needs: Mapping[str, Counts],
    flops: Callable[[int], float],
    bytes_: Callable[[int], int],
    beside: int,
) -> list[Choice]:
    """What each limit does.

    Args:
        lengths: Tokens of each text.
        limits: To compare.
        needs: Kind -> for each fact the tokens that must be read until it is known.
        flops: Operations of a step on one row of that length.
        bytes_: Bytes of a step on rows of that length.
        beside: The limit that counts as 1.
    """
    grouped = _grouped(lengths, flops)
    per_row, epoch = flops(beside), grouped(beside)
    every = np.concatenate(list(needs.values())) if needs else np.zeros(0, np.int32)
    return [
        Choice(
            limit,
            share_cut(lengths, limit),
            share_lost(lengths, limit),
            {kind: share_cut(each, limit) for kind, each in needs.items()} | {"all": share_cut(every, limit)},
            flops(limit) / per_row,
            grouped(limit) / epoch if epoch else 1.0,
            bytes_(limit),
        )
        for limit in limits
    ]


def _grouped(lengths: Counts, flops: Callable[[int], float]) -> Callable[[int], float]:
    """limit -> operations of an epoch in which each text is padded to the next multiple of 16 only."""
    rounded, counts = np.unique(-(-lengths // 16) * 16, return_counts=True)
    known: dict[int, float] = {}

    def of(length: int) -> float:
        if length not in known:
            known[length] = flops(length)
        return known[length]

    return lambda limit: sum(int(n) * of(min(int(length), limit)) for length, n in zip(rounded, counts, strict=True))


def encoder_cost(shape: ModelShape, target: int) -> tuple[Callable[[int], float], Callable[[int], int]]:
    """(operations of a row, bytes of a step) as functions of the dialogue's length, beside summaries of `target` tokens."""
    setup = usual_setup(shape)
    return (
        lambda length: step_flops(shape, rows=1, source=length, target=target, setup=setup),
        lambda length: memory(shape, rows=ROWS, source=length, target=target, setup=setup).total,
    )


def decoder_cost(shape: ModelShape, source: int) -> tuple[Callable[[int], float], Callable[[int], int]]:
    """The same as functions of the summary's length, beside dialogues of `source` tokens."""
    setup = usual_setup(shape)
    return (
        lambda length: step_flops(shape, rows=1, source=source, target=length, setup=setup),
        lambda length: memory(shape, rows=ROWS, source=source, target=length, setup=setup).total,
    )


def usual_setup(shape: ModelShape) -> Setup:
    """How the project's recipes train such a model: all weights of an encoder-decoder, LoRA on a decoder-only one, both in fp32."""
    return Setup() if shape.is_seq2seq else Setup(learned="lora")


def known_shape(config: Mapping[str, Any] | None) -> ModelShape | None:
    """The model's shape, None where its cost cannot be worked out."""
    from yoyak.errors import ModelError

    if config is None:
        return None
    try:
        return shape_of(config)
    except ModelError:
        return None
