"""What a run needs at its height, worked out before it starts: which step is the largest, and what holds the bytes there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from yoyak.errors import UsageError
from yoyak.models.cost import Setup, memory, parameters, step_flops
from yoyak.models.shapes import ModelShape
from yoyak.train.batches import rounded
from yoyak.train.outline import Outline
from yoyak.train.recipe import Run
from yoyak.train.schedule import steps_of

#: Resident memory of a process that has imported torch, transformers and peft, with tokenizer and data: measured (benchmarks/memory.py).
CPU_PROCESS = 500 << 20
#: A CUDA context with its libraries, which no allocator of ours sees.
CUDA_CONTEXT = 600 << 20

_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}


@dataclass(frozen=True, slots=True)
class Batch:
    """A step's batch as it is padded: rows, tokens read, tokens learned, and the labels in it."""

    rows: int
    source: int
    target: int
    labels: int


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes at the height of a run, by what holds them, and the batch at which that is.

    Args:
        process: What the process holds before there is a model.
        weights: With autocast's copies of them.
        gradients: Those that are there together with the activations: the head's, or all when a batch is computed in parts; when all
            gradients are more than the activations, these are what counts and `activations` is what is left then.
        optimizer: AdamW's moments.
        activations: What the backward pass needs, at the largest batch.
        logits: Of the labels.
        evaluation: What an evaluation holds beside weights and optimizer: a copy of the weights; logits are never kept.
        batch: The largest batch.
    """

    process: int
    weights: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    evaluation: int
    batch: Batch

    @property
    def training(self) -> int:
        """At the largest step."""
        return self.process + self.weights + self.gradients + self.optimizer + self.activations + self.logits

    @property
    def total(self) -> int:
        """At the height of the run, be it a step or an evaluation."""
        return max(self.training, self.process + self.weights + self.optimizer + self.evaluation)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"training": self.training, "total": self.total}


def batches_of(recipe: Run, lengths: Sequence[Sequence[tuple[int, int]]], *, seq2seq: bool, packed: bool = False) -> list[Batch]:
    """The batch of every step, as it will be padded; where rows are packed, with their mean lengths."""
    found = []
    to = recipe.batches.round_to
    for epoch, indices in steps_of(recipe, [[read + learned for read, learned in part] for part in lengths]):
        rows = [lengths[epoch][i] for i in indices]
        labels = sum(learned for _, learned in rows)
        if packed:
            source = -(-rounded(sum(read for read, _ in rows), to) // len(rows))
            target = -(-rounded(labels, to) // len(rows))
        elif seq2seq:
            source = rounded(max(read for read, _ in rows), to)
            target = rounded(max(learned for _, learned in rows), max(1, to // 4))
        else:
            width = rounded(max(read + learned for read, learned in rows), to)
            target = min(width, -(-labels // len(rows)))
            source = width - target
        found.append(Batch(len(rows), source, target, labels))
    return found


def need_of(recipe: Run, outline: Outline, shape: ModelShape, *, device: str = "cpu") -> Need:
    """What the run needs on that kind of device.

    Args:
        recipe: The run.
        outline: Its examples and how it is trained.
        shape: Its model.
        device: `cpu` or `cuda`.
    """
    batches = set(batches_of(recipe, outline.lengths, seq2seq=shape.is_seq2seq, packed=outline.setup.packed))
    held = [_need(shape, outline.setup, batch, device) for batch in batches]
    return max(held, key=lambda need: need.training)


def _need(shape: ModelShape, setup: Setup, batch: Batch, device: str) -> Need:
    found = memory(shape, rows=batch.rows, source=batch.source, target=batch.target, setup=setup)
    # Padding has no label, so the head is applied to fewer places than rows times the longest summary.
    places = batch.rows * (batch.target if shape.is_seq2seq or setup.labels_only else batch.source + batch.target)
    logits = found.logits * batch.labels // places if setup.labels_only and places else found.logits
    # The backward pass frees activations from the end on and makes gradients as it goes: what stands at its beginning is the head's
    # gradient, what stands at its end are all gradients and no activation. The height is one of the two.
    head = min(found.gradients, 4 * shape.vocabulary * shape.width) if setup.learned == "all" else 0
    begins = (head, found.activations, logits)
    ends = (found.gradients, 0, 0)
    gradients, activations, logits = max(begins, ends, key=sum)
    return Need(
        process=CUDA_CONTEXT if device == "cuda" else CPU_PROCESS,
        weights=found.weights,
        gradients=gradients,
        optimizer=found.optimizer,
        activations=activations,
        logits=logits,
        evaluation=4 * parameters(shape).total,
        batch=batch,
    )


def operations(outline: Outline, shape: ModelShape, batches: Sequence[Batch]) -> float:
    """Operations of all the batches' steps together."""
    known: dict[Batch, float] = {}
    for batch in set(batches):
        known[batch] = step_flops(shape, rows=batch.rows, source=batch.source, target=batch.target, setup=outline.setup)
    return sum(known[batch] for batch in batches)


def on_gpu(setup: Setup, *, precision: str) -> Setup:
    """The same training on a GPU: its precision for what is computed, and for frozen weights that are not quantized."""
    width = 4 if precision == "fp32" else 2
    frozen = setup.learned == "lora" and setup.weight_bytes >= 2
    kept = width if frozen else setup.weight_bytes
    return replace(setup, activation_bytes=width, weight_bytes=kept, packed=False, sliced=setup.sliced and not setup.packed)


def bytes_of(text: str) -> int:
    """A size as a person writes it.

    Raises:
        UsageError: It is none.

    Example:
        >>> bytes_of("24GB"), bytes_of("512 MiB")
        (24000000000, 536870912)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b)\s*", text.lower())
    if not found:
        raise UsageError(f"{text!r} is no size of memory; write for example 24GB or 512MiB")
    return round(float(found[1]) * _UNITS[found[2]])


def shown(size: float) -> str:
    """Bytes as a person reads them.

    Example:
        >>> shown(24 * 2**30), shown(3 * 2**20)
        ('24.0 GiB', '3 MiB')
    """
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 / 10 else f"{size / 2**20:.0f} MiB"
