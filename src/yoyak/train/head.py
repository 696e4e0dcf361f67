"""The loss at the labels, without the logits of a batch ever being there at once.

A summary's 40 labels times a vocabulary of 128,000 in fp32, with softmax and gradient, take more memory than the whole body of a small
model. Here the product with the head is done in slices, and each slice leaves its gradient behind in place of its logits: the same three
products as the usual way, and as much memory as one slice needs (the idea of Liger Kernel and Unsloth, in plain torch).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yoyak.train.batches import IGNORED, Batch

if TYPE_CHECKING:
    import torch

# Families whose logits are hidden states times the head, with nothing done to them afterwards.
FAMILIES = frozenset({"llama", "mistral", "qwen2", "qwen3", "gemma", "gemma3_text"})
# fp32 numbers of one slice of logits: 64 MiB.
_SLICE = 1 << 24


def loss_of(model: Any, batch: Batch) -> torch.Tensor:
    """Cross-entropy summed over the labels.

    No mask is given: rows are padded on the right and no token looks to its right, so what stands there changes nothing before it, and
    attention can take its fastest kernel.

    Args:
        model: A causal language model, or PEFT's around one.
        batch: Padded on the right.
    """
    import torch

    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    ids, labels = torch.tensor(batch.ids, device=causal.device), torch.tensor(batch.labels, device=causal.device)
    wanted = labels[:, 1:]
    places = wanted != IGNORED
    head = causal.get_output_embeddings()
    if is_plain(causal):
        hidden = causal.base_model(input_ids=ids, use_cache=False).last_hidden_state  # (rows, length, width)
        return sliced(hidden[:, :-1][places], head.weight, wanted[places])
    # Any other family's own forward pass, with the head given the places before a label alone: (labels, width).
    hook = head.register_forward_pre_hook(lambda _, given: (given[0][:, :-1][places],))
    try:
        logits = causal(input_ids=ids, use_cache=False).logits
    finally:
        hook.remove()
    return torch.nn.functional.cross_entropy(logits.float(), wanted[places], reduction="sum")


def is_plain(causal: Any) -> bool:
    """Whether the head is a product with one matrix and nothing else, in a precision that needs no scaled loss."""
    import torch

    head = causal.get_output_embeddings()
    capped = getattr(causal.config, "final_logit_softcapping", None)
    linear = type(head) is torch.nn.Linear and head.bias is None and head.weight.dtype != torch.float16
    return linear and causal.config.model_type in FAMILIES and not capped


def sliced(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    labels: torch.Tensor,
    *,
    rows: int | None = None,
    bias: torch.Tensor | None = None,
    label_smoothing: float = 0.0,
) -> torch.Tensor:
    """The summed cross-entropy of `hidden @ weight.T + bias`, in slices of so many labels.

    Args:
        hidden: (labels, width).
        weight: (vocabulary, width); its gradient is made only where it is learned.
        labels: (labels,).
        rows: Labels in a slice; None for what 64 MiB hold.
        bias: Not learned; of any shape that is added to (labels, vocabulary).
        label_smoothing: Share of a label's weight that is spread over all tokens.
    """
    loss: torch.Tensor = _function().apply(hidden, weight, labels, rows or max(1, _SLICE // len(weight)), bias, label_smoothing)
    return loss


_made: list[Any] = []


def _function() -> Any:
    """The autograd function; made at its first use, since its base class is torch's."""
    import torch

    if _made:
        return _made[0]

    class Sliced(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, hidden: Any, weight: Any, labels: Any, rows: int, bias: Any, smoothing: float) -> torch.Tensor:
            of_hidden = torch.empty_like(hidden)
            of_weight = torch.zeros_like(weight, dtype=torch.float32) if ctx.needs_input_grad[1] else None
            total = torch.zeros((), dtype=torch.float32, device=hidden.device)
            for start in range(0, len(labels), rows):
                part, answers = hidden[start : start + rows], labels[start : start + rows, None]
                logits = torch.nn.functional.linear(part, weight).float()  # (slice, vocabulary)
                if bias is not None:
                    logits += bias
                norm = logits.logsumexp(dim=1, keepdim=True)
                total += (norm - (1 - smoothing) * logits.gather(1, answers)).sum()
                if smoothing:
                    total -= smoothing * logits.mean(dim=1).sum()
                # Softmax minus the label's one, in the logits' own memory: the gradient of the logits.
                gradient = logits.sub_(norm).exp_().scatter_add_(1, answers, torch.full_like(norm, smoothing - 1))
                if smoothing:
                    gradient -= smoothing / gradient.shape[1]
                of_hidden[start : start + rows] = torch.matmul(gradient.to(weight.dtype), weight)
                if of_weight is None:
                    continue
                if torch.is_autocast_enabled(hidden.device.type):
                    of_weight += torch.matmul(gradient.T, part)
                else:
                    of_weight.addmm_(gradient.T, part.to(gradient.dtype))
            ctx.save_for_backward(of_hidden, of_weight)
            return total

        @staticmethod
        def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
            of_hidden, of_weight = ctx.saved_tensors
            # Scaled in place: whoever goes backward a second time finds nothing saved, as torch has it.
            return of_hidden.mul_(outer[0]), None if of_weight is None else of_weight.mul_(outer[0]), None, None, None, None

    _made.append(Sliced)
    return Sliced
