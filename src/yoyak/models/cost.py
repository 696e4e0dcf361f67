"""What a training step costs: parameters, operations and bytes, by arithmetic on a model's config.json.

Nothing is loaded or run. Parameters are exact. Bytes of activations count the tensors that autograd keeps for the backward pass, as the
layers are written in transformers 5 (tests compare with what it really keeps, within 5 %). Operations count the multiplications and
additions of matrix products. What an allocator, a kernel's workspace or Python itself takes on top is not in it.

>>> shape = shape_of(KOBART)
>>> parameters(shape).total
123859968
>>> short, usual = (step_flops(shape, rows=1, source=n, target=64) for n in (256, 512))
>>> round(usual / short, 2)
1.81
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from yoyak.errors import ModelError
from yoyak.models.shapes import ModelShape as ModelShape
from yoyak.models.shapes import read_shape as read_shape
from yoyak.models.shapes import shape_of as shape_of

#: digit82/kobart-summarization, for those who have its tokenizer and no config.json.
KOBART: Mapping[str, Any] = {
    "model_type": "bart",
    "d_model": 768,
    "encoder_layers": 6,
    "decoder_layers": 6,
    "encoder_attention_heads": 16,
    "decoder_attention_heads": 16,
    "encoder_ffn_dim": 3072,
    "decoder_ffn_dim": 3072,
    "max_position_embeddings": 1026,
    "vocab_size": 30000,
}

#: The linear layers that LoRA usually adapts.
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
# Numbers in a slice of logits (yoyak.train.head).
_SLICE = 1 << 24
# What BART and T5 call them.
_ALIAS = {"out_proj": "o_proj", "fc1": "up_proj", "fc2": "down_proj", "q": "q_proj", "k": "k_proj", "v": "v_proj", "o": "o_proj"}
_ALIAS |= {"wi": "up_proj", "wi_0": "gate_proj", "wi_1": "up_proj", "wo": "down_proj"}


@dataclass(frozen=True, slots=True)
class Parameters:
    """How many numbers a model has, by place. `extra` holds norms, biases and relative-position tables."""

    embedding: int
    positions: int
    encoder: int
    decoder: int
    head: int
    extra: int

    @property
    def total(self) -> int:
        """All of them; a tied head counts once."""
        return self.embedding + self.positions + self.encoder + self.decoder + self.head + self.extra


@dataclass(frozen=True, slots=True)
class Setup:
    """How a model is trained, as far as memory and time depend on it.

    Args:
        learned: `all` weights, or `lora` alone.
        rank: LoRA's rank.
        targets: The linear layers that LoRA adapts (transformers' names of any family).
        weight_bytes: Bytes of a weight as it is kept: 4 fp32, 2 bf16, 1 int8, about 0.55 NF4. LoRA's own are fp32.
        activation_bytes: 4 when it computes in fp32, 2 under autocast to bf16 or fp16 (norms stay fp32 then).
        optimizer_bytes: For each learned weight; AdamW keeps two fp32 moments.
        attention: `sdpa` keeps no (heads, length, length) table, `eager` keeps it.
        checkpointing: Each layer keeps its input only and is computed again in the backward pass.
        labels_only: Logits are computed where there is a label; otherwise at every position of the decoder.
        fused: Norms, gated blocks and LoRA's layers keep their inputs and no more (:mod:`yoyak.train.fused`; decoder-only models).
        sliced: The head's product is done in slices (:mod:`yoyak.train.head`).
        packed: Rows stand one behind another, unpadded, and attention is computed in fp32 (:mod:`yoyak.train.packed`).
    """

    learned: Literal["all", "lora"] = "all"
    rank: int = 32
    targets: Sequence[str] = LINEAR
    weight_bytes: float = 4
    activation_bytes: int = 4
    optimizer_bytes: int = 8
    attention: Literal["sdpa", "eager"] = "sdpa"
    checkpointing: bool = False
    labels_only: bool = True
    fused: bool = False
    sliced: bool = False
    packed: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of one training step at its height, by what holds them. `weights` holds autocast's copies too."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    logits: int

    @property
    def total(self) -> int:
        """All of them together."""
        return self.weights + self.gradients + self.optimizer + self.activations + self.logits


def parameters(shape: ModelShape) -> Parameters:
    """The numbers of the model, exactly.

    Example:
        >>> found = parameters(shape_of(KOBART))
        >>> found.embedding, found.head
        (23040000, 0)
    """
    table = shape.vocabulary * shape.width
    stacks = 2 if shape.is_seq2seq else 1
    return Parameters(
        embedding=table,
        positions=stacks * shape.positions * shape.width,
        encoder=shape.encoder_layers * (shape.attention + shape.feed_forward(shape.encoder_wide)),
        decoder=shape.decoder_layers * (stacks * shape.attention + shape.feed_forward(shape.decoder_wide)),  # self and cross attention
        head=0 if shape.tied else table,
        extra=shape.extra,
    )


def lora_parameters(shape: ModelShape, *, rank: int, targets: Sequence[str] = LINEAR) -> int:
    """Weights of a LoRA adapter: rank x (inputs + outputs) of every adapted layer, cross attention included.

    Raises:
        ModelError: A target is no linear layer that is known here.

    Example:
        >>> lora_parameters(shape_of(KOBART), rank=8, targets=["q_proj", "v_proj"])
        442368
    """
    unknown = [name for name in targets if name not in LINEAR and name not in _ALIAS]
    if unknown:
        raise ModelError(f"{', '.join(unknown)}: no linear layer of these models; known are {', '.join((*LINEAR, *_ALIAS))}")
    wanted = {_ALIAS.get(name, name) for name in targets}
    query, key = shape.width + shape.query_width, shape.width + shape.key_width  # inputs + outputs
    attention = sum(size for name, size in (("q_proj", query), ("k_proj", key), ("v_proj", key), ("o_proj", query)) if name in wanted)

    def block(wide: int) -> int:
        count = ("up_proj" in wanted) + ("down_proj" in wanted) + ("gate_proj" in wanted and shape.gated)
        return count * (shape.width + wide)

    crossed = 2 if shape.is_seq2seq else 1
    encoder = shape.encoder_layers * (attention + block(shape.encoder_wide))
    return rank * (encoder + shape.decoder_layers * (crossed * attention + block(shape.decoder_wide)))


def step_flops(shape: ModelShape, *, rows: int, source: int, target: int, setup: Setup | None = None) -> float:
    """Operations of one training step, forward and backward, on rows padded to these lengths.

    A product of (m, k) and (k, n) counts 2mkn. The backward pass costs twice the forward pass: once for the gradient of the inputs, once
    for that of the weights, which frozen weights do without (LoRA's own products are left out: some per cent of the rest).

    Args:
        shape: The model.
        rows: Rows of the batch.
        source: Tokens of a dialogue. A decoder-only model reads source + target in one sequence.
        target: Tokens of a summary.
        setup: How it is trained; its defaults when None.
    """
    setup = setup or Setup()
    layers, head = _forward_flops(shape, source, target, setup)
    backward = 2 if setup.learned == "all" else 1
    again = 1 if setup.checkpointing else 0
    return rows * (layers * (1 + backward + again) + head * (1 + backward))


def _forward_flops(shape: ModelShape, source: int, target: int, setup: Setup) -> tuple[float, float]:
    """(layers, head) of the forward pass of one row."""
    scores = 4 * shape.query_width  # for each pair of tokens: queries times keys, weights times values
    block = 2 * (shape.attention + shape.feed_forward(shape.decoder_wide))
    if not shape.is_seq2seq:
        length = source + target
        # Masks are applied to the whole square: neither causal nor sliding attention saves operations on a CPU or in eager mode.
        layers = shape.decoder_layers * (length * block + scores * length**2)
    else:
        encoder = source * 2 * (shape.attention + shape.feed_forward(shape.encoder_wide)) + scores * source**2
        crossed = 4 * shape.width * (target * shape.query_width + source * shape.key_width) + scores * target * source
        decoder = target * block + scores * target**2 + crossed
        layers = shape.encoder_layers * encoder + shape.decoder_layers * decoder
    return float(layers), float(2 * shape.width * shape.vocabulary * _logit_places(shape, source, target, setup))


def _logit_places(shape: ModelShape, source: int, target: int, setup: Setup) -> int:
    return target if shape.is_seq2seq or setup.labels_only else source + target


@dataclass(frozen=True, slots=True)
class Activations:
    """Elements that autograd keeps of one row, before bytes are put on them.

    `states` are in the precision of training (inputs of products, masks of dropout), `norms` in fp32 always (inputs of norms, and under
    autocast what a residual sum keeps). `inputs` is what the layers keep under checkpointing, and `largest` the (states, norms) of the
    biggest single layer, which is computed again at its turn.
    """

    states: int
    norms: int
    inputs: int
    largest: tuple[int, int]


def activations(shape: ModelShape, *, source: int, target: int, setup: Setup | None = None) -> Activations:
    """What one row of these lengths keeps, in elements.

    Example:
        >>> usual = activations(shape_of(KOBART), source=512, target=100)
        >>> f"{(usual.states + usual.norms) / 1e6:.0f} million"
        '59 million'
    """
    setup = setup or Setup()
    if shape.is_seq2seq:
        stacks = [
            (shape.encoder_layers, source, _layer(shape, setup, source, shape.encoder_wide)),
            (shape.decoder_layers, target, _layer(shape, setup, target, shape.decoder_wide, crossed=source)),
        ]
    else:
        stacks = [(shape.decoder_layers, source + target, _layer(shape, setup, source + target, shape.decoder_wide))]
    ends = [_ends(shape, setup, length) for _, length, _ in stacks]
    return Activations(
        states=sum(count * each[0] for count, _, each in stacks) + sum(each[0] for each in ends),
        norms=sum(count * each[1] for count, _, each in stacks) + sum(each[1] for each in ends),
        inputs=sum(count * length * shape.width for count, length, _ in stacks),
        largest=max((each for _, _, each in stacks), key=sum),
    )


def _layer(shape: ModelShape, setup: Setup, length: int, wide: int, *, crossed: int = 0) -> tuple[int, int]:
    """(states, norms) of one layer; `crossed` is the length of the encoder's output that a decoder layer looks at."""
    if setup.fused:
        # The inputs of the norms and of the two blocks, gate and up, what attention keeps; all in the precision of training.
        heads = shape.query_width + shape.key_width if shape.head_norms else 0
        return length * ((2 + shape.norms) * shape.width + 2 * wide + heads) + _attention(shape, setup, length, length), 0
    cast = setup.activation_bytes < 4
    inputs = 3 if cast else 1  # autocast casts the input anew for q, k and v
    block_inputs = 2 if cast and shape.gated else 1
    kept = inputs + block_inputs + 2 * shape.dropout  # a mask for each of the two blocks
    states = length * (kept * shape.width + _inside(shape) * wide)
    norms = length * shape.norms * _of_a_norm(shape, setup) * shape.width
    attention = _attention(shape, setup, length, length)
    if shape.head_norms:
        norms += length * _of_a_norm(shape, setup) * (shape.query_width + shape.key_width)
    if crossed:
        states += length * (1 + shape.dropout) * shape.width + (inputs - 1) * crossed * shape.width
        norms += length * _of_a_norm(shape, setup) * shape.width
        attention += _attention(shape, setup, length, crossed)
    # transformers computes T5's attention in fp32, whatever the autocast, as we do that of packed rows.
    return (states, norms + attention) if shape.family == "t5" or setup.packed else (states + attention, norms)


def _inside(shape: ModelShape) -> int:
    """Tensors of the feed-forward block's inner width that one layer keeps."""
    if shape.family == "bart":  # before and after the activation; with dropout its mask and its result
        return 2 + 2 * shape.activation_dropout
    if shape.family == "t5":  # relu keeps its result; the gated block's gelu is written out in eight steps
        return (8 if shape.gated else 1) + (1 if shape.gated else 2) * shape.activation_dropout
    return 4  # gate, activated gate, up, product


def _attention(shape: ModelShape, setup: Setup, queries: int, keys: int) -> int:
    """Elements of one attention block: q, k, v, the result, and in eager mode the tables of weights."""
    eager = setup.attention == "eager" or shape.only_eager
    tables = (1 + shape.capped + 2 * shape.attention_dropout) * shape.heads * queries * keys if eager else 0
    of_key = shape.query_width if eager else shape.key_width  # eager mode repeats keys and values for each head
    return queries * 2 * shape.query_width + keys * 2 * of_key + tables


def _of_a_norm(shape: ModelShape, setup: Setup) -> int:
    """Tensors that a norm keeps: its input, and if its own weight is learned, an RMS norm keeps the normed input too."""
    return 2 if shape.root_norms and setup.learned == "all" else 1


def _ends(shape: ModelShape, setup: Setup, length: int) -> tuple[int, int]:
    """(states, norms) of a stack before its first and after its last layer."""
    if setup.fused:
        return length * shape.width, 0
    masks = shape.dropout * (1 if shape.family == "bart" else 2)
    return 0, length * shape.width * (masks + _of_a_norm(shape, setup))


def memory(shape: ModelShape, *, rows: int, source: int, target: int, setup: Setup | None = None) -> Memory:
    """Bytes of one training step on rows padded to these lengths: weights, gradients, optimizer, activations and logits.

    Example:
        >>> found = memory(shape_of(KOBART), rows=50, source=512, target=100)
        >>> f"{found.total / 2**30:.1f} GiB, of which activations {found.activations / 2**30:.1f}"
        '14.5 GiB, of which activations 10.9'
    """
    setup = setup or Setup()
    numbers = parameters(shape)
    learned = numbers.total if setup.learned == "all" else lora_parameters(shape, rank=setup.rank, targets=setup.targets)
    width = setup.activation_bytes
    adapter = 4 * learned if setup.learned == "lora" else 0
    casts = width * (numbers.encoder + numbers.decoder) if width < setup.weight_bytes else 0  # autocast keeps a copy of each matrix
    kept = activations(shape, source=source, target=target, setup=setup)
    if setup.checkpointing:
        states, norms = kept.largest
        # Beside a frozen base in 16 bits the hidden states are in 16 bits too.
        per_row = (width if setup.fused else 4) * kept.inputs + states * width + norms * 4
    else:
        per_row = kept.states * width + kept.norms * 4
    # Logits in the precision of training, then in fp32 their softmax and its gradient.
    logits = rows * _logit_places(shape, source, target, setup) * shape.vocabulary * (width + 8)
    if setup.sliced:
        logits = min(logits, _SLICE * (2 * width + 4))
    return Memory(
        weights=round(numbers.total * setup.weight_bytes) + adapter + casts,
        gradients=4 * learned,
        optimizer=setup.optimizer_bytes * learned,
        activations=rows * per_row,
        logits=logits,
    )
