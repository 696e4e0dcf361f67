"""An encoder-decoder's rows one behind another instead of one under another: nothing is padded, and no row sees another.

Sorted into batches by length, dialogues are still padded by a tenth to a fifth and their summaries, whose length is another, by a third
(benchmarks/limits.py measures it). Here the tokens of all rows form one sequence; norms, feed-forward blocks and projections do not
care where a row ends, positions are counted anew in each row, and attention is computed row by row, without a mask. The numbers are those
of the padded batch (tests compare loss and gradients).

For BART on a CPU. On a GPU so many small attention kernels would cost more than padding does, and T5's position bias is its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from yoyak._extras import require
from yoyak.train.batches import rounded
from yoyak.train.head import sliced
from yoyak.train.pairs import Pair

if TYPE_CHECKING:
    import torch

#: `model_type` of the models that can do it.
FAMILIES = frozenset({"bart"})
_ATTENTION = "yoyak_packed"


@dataclass(frozen=True, slots=True)
class Rows:
    """How long each row of the sequence is; what stands behind the last one fills up the shape and is nothing."""

    source: tuple[int, ...]
    target: tuple[int, ...]


def can_pack(model: Any) -> bool:
    """Whether `loss_of` computes this model's loss: family, device, attention, and a head that is one matrix (BART's bias beside it)."""
    import torch

    head = model.get_output_embeddings()
    return (
        model.config.model_type in FAMILIES
        and model.device.type == "cpu"
        and model.config._attn_implementation in ("sdpa", _ATTENTION)
        and type(head) is torch.nn.Linear
        and head.bias is None
    )


def pack(model: Any) -> None:
    """Let the model's attention go row by row when it is told the rows; on anything else it stays what it was."""
    transformers = require("transformers", extra="train")
    transformers.AttentionInterface.register(_ATTENTION, _attend)
    transformers.AttentionMaskInterface.register(_ATTENTION, transformers.masking_utils.sdpa_mask)
    model.set_attn_implementation(_ATTENTION)


def loss_of(model: Any, pairs: Sequence[Pair], *, start: int, pad: int, round_to: int, label_smoothing: float = 0.0) -> torch.Tensor:
    """Cross-entropy summed over the labels.

    Args:
        model: A BART that :func:`pack` was given.
        pairs: The rows.
        start: What the decoder starts from.
        pad: What fills the sequences up.
        round_to: The whole sequences' lengths are rounded up to this, so that few shapes occur.
        label_smoothing: Share of a label's weight that is spread over all tokens.
    """
    import torch

    rows = Rows(tuple(len(pair.source) for pair in pairs), tuple(len(pair.target) for pair in pairs))
    read = _filled(chain.from_iterable(pair.source for pair in pairs), pad, round_to)
    given = _filled(chain.from_iterable((start, *pair.target[:-1]) for pair in pairs), pad, round_to)
    labels = torch.tensor(list(chain.from_iterable(pair.target for pair in pairs)))
    # One look-up for both sides: its gradient is a table as large as the vocabulary, made once.
    embedded = model.get_input_embeddings()(torch.tensor([read + given]))
    with _positions(model, rows, len(read), len(given)):
        hidden = model.base_model(
            inputs_embeds=embedded[:, : len(read)], decoder_inputs_embeds=embedded[:, len(read) :], use_cache=False, packed_rows=rows
        ).last_hidden_state  # (1, all targets, width)
    bias = getattr(model, "final_logits_bias", None)
    return sliced(hidden[0, : len(labels)], model.get_output_embeddings().weight, labels, bias=bias, label_smoothing=label_smoothing)


def _filled(ids: Iterator[int], pad: int, round_to: int) -> list[int]:
    found = list(ids)
    return found + [pad] * (rounded(len(found), round_to) - len(found))


@contextmanager
def _positions(model: Any, rows: Rows, read: int, given: int) -> Iterator[None]:
    """Positions counted anew in each row while the block runs."""
    import torch

    hooks = []
    for stack, lengths, total in ((model.get_encoder(), rows.source, read), (model.get_decoder(), rows.target, given)):
        counted = list(chain.from_iterable(range(length) for length in lengths))
        ids = torch.tensor(counted + [0] * (total - len(counted)))
        hooks.append(
            stack.embed_positions.register_forward_pre_hook(
                lambda _, args, kwargs, ids=ids: (args[:1], {"position_ids": ids}), with_kwargs=True
            )
        )
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    packed_rows: Rows | None = None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **more: Any,
) -> tuple[torch.Tensor, None]:
    """Attention as transformers calls it: (1, heads, tokens, width of a head) in, (1, tokens, heads, width of a head) out."""
    import torch

    if packed_rows is None:
        transformers = require("transformers", extra="train")
        usual: tuple[torch.Tensor, None] = transformers.AttentionInterface()["sdpa"](
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **more
        )
        return usual
    causal = bool(module.is_causal)
    asking = packed_rows.target if module.is_decoder else packed_rows.source
    answering = packed_rows.target if causal else packed_rows.source
    # In fp32 whatever the rest is in: the backward kernel in 16 bits takes three times as long on a CPU.
    asked, keys, values = _cut(query.float(), asking), _cut(key.float(), answering), _cut(value.float(), answering)
    with torch.autocast("cpu", enabled=False):
        parts = [
            torch.nn.functional.scaled_dot_product_attention(q, k, v, dropout_p=dropout, scale=scaling, is_causal=causal).transpose(1, 2)
            for q, k, v in zip(asked[:-1], keys[:-1], values[:-1], strict=True)
        ]
        parts.append(torch.zeros_like(asked[-1].transpose(1, 2)))
        return torch.cat(parts, dim=1), None


def _cut(sequence: torch.Tensor, lengths: tuple[int, ...]) -> tuple[torch.Tensor, ...]:
    """One part for each row and one for what fills up; split, since the gradient of a slice is as large as the whole."""
    import torch

    parts: tuple[torch.Tensor, ...] = torch.split(sequence, [*lengths, sequence.shape[2] - sum(lengths)], dim=2)
    return parts
