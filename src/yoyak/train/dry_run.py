"""`yoyak train --dry-run`: what a run needs and what it would see, without weights, in seconds."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from yoyak.models import hardware
from yoyak.models.cost import lora_parameters, parameters
from yoyak.models.shapes import shape_of
from yoyak.train.device import Compute, compute_of
from yoyak.train.memory import Need, batches_of, need_of, on_gpu, operations
from yoyak.train.outline import Outline, Sample
from yoyak.train.recipe import METHODS, Run

# Of the rate that one large matrix product reaches, a training step reaches about this share on a CPU: the rest goes into norms, masks,
# attention and memory traffic (measured on the embedded model's own training).
_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class DryRun:
    """A run before it runs.

    Args:
        device: What it would run on, in words.
        memory_bytes: Of that device; 0 when unknown.
        choices: Precision, attention, ..., each with its reason.
        need: Memory at the height.
        parameters: Of the model, and those that are learned.
        steps: Optimizer steps of the run, and of its first epoch.
        examples: Rows of an epoch, and padded tokens of it.
        cut: Dialogues that lose turns to the limit.
        seconds: Of the whole run, about; None for a device that is not here.
        checkpoint_bytes: Of one checkpoint.
        disk_bytes: Of all that are kept, and one being written.
        disk_free: Where the run's folder is.
        samples: Encoded examples.
        fitting_parts: In how many parts the largest batch has to be computed to fit; 1: whole; None: not even one row fits.
    """

    device: str
    memory_bytes: int
    choices: tuple[str, ...]
    need: Need
    parameters: tuple[int, int]
    steps: tuple[int, int]
    examples: tuple[int, int]
    cut: int
    seconds: float | None
    checkpoint_bytes: int
    disk_bytes: int
    disk_free: int
    samples: tuple[Sample, ...]
    fitting_parts: int | None

    @property
    def fits(self) -> bool:
        """Whether the device has the memory (a device of unknown size has)."""
        return not self.memory_bytes or self.need.total <= self.memory_bytes

    def to_json(self) -> dict[str, Any]:
        """Plain values, without the samples' text."""
        values = {name: getattr(self, name) for name in self.__slots__ if name not in ("need", "samples")}
        return values | {"need": self.need.to_json(), "fits": self.fits, "samples": [sample.id for sample in self.samples]}


def dry_run(recipe: Run, output: Path, *, gpu_bytes: int | None = None) -> DryRun:
    """Look at a run without starting it.

    Args:
        recipe: The run.
        output: Its folder, for the free disk.
        gpu_bytes: Plan for a GPU with this memory that is not here, of compute capability 8.0 or more.

    Raises:
        DataError: The training files have no usable row.
        ModelError: The model is of a kind whose cost is not known.
    """
    outline: Outline = import_module(METHODS[recipe.method]).outline(recipe)
    shape = shape_of(outline.config)
    if gpu_bytes is None:
        compute = compute_of(recipe)
        device = hardware.facts("cuda" if compute.device.startswith("cuda") else "cpu")
        plan = compute.plan
    else:
        device = hardware.Device("cuda", f"a GPU with {gpu_bytes / 1e9:g} GB", memory_bytes=gpu_bytes, capability=(8, 0))
        plan = hardware.plan(device, precision=recipe.precision, attention=recipe.attention)
        outline = replace(outline, setup=on_gpu(outline.setup, precision=plan.precision.value))
    need = need_of(recipe, outline, shape, device=device.kind)
    seq2seq, packed = shape.is_seq2seq, outline.setup.packed
    batches = batches_of(recipe, outline.lengths, seq2seq=seq2seq, packed=packed)
    total = parameters(shape).total
    setup = outline.setup
    learned = total if setup.learned == "all" else lora_parameters(shape, rank=setup.rank, targets=setup.targets)
    first = len(batches_of(recipe.model_copy(update={"epochs": 1}), outline.lengths, seq2seq=seq2seq, packed=packed))
    checkpoint = learned * (4 + setup.optimizer_bytes)
    kept = recipe.keep_checkpoints + recipe.evaluation.keep_best * bool(recipe.data.dev) + 1
    return DryRun(
        device=f"{device.called}, {device.memory_bytes / 2**30:.0f} GiB" if device.memory_bytes else device.called,
        memory_bytes=device.memory_bytes,
        choices=tuple(f"{name}: {getattr(plan, name)}" for name in ("precision", "attention")),
        need=need,
        parameters=(total, learned),
        steps=(len(batches), first),
        examples=(len(outline.lengths[0]), sum(batch.rows * (batch.source + batch.target) for batch in batches[:first])),
        cut=outline.cut,
        seconds=None if gpu_bytes is not None else operations(outline, shape, batches) / (_SHARE * _rate(compute)),
        checkpoint_bytes=checkpoint,
        disk_bytes=checkpoint * kept + 4 * (total if setup.learned == "all" else learned),
        disk_free=shutil.disk_usage(_existing(output)).free,
        samples=outline.samples[:3],
        fitting_parts=_parts(need, device.memory_bytes),
    )


def _parts(need: Need, memory_bytes: int) -> int | None:
    """In how many parts the largest batch fits; activations and logits go down with the rows."""
    if not memory_bytes:
        return 1
    rest = memory_bytes - need.process - need.weights - need.optimizer - need.gradients
    for parts in range(1, need.batch.rows + 1):
        rows = -(-need.batch.rows // parts)
        if (need.activations + need.logits) * rows / need.batch.rows <= rest:
            return parts
    return None


def _rate(compute: Compute) -> float:
    """Operations a second of a large matrix product on the device that is here: the fastest of those in a fifth of a second, so that
    other work on the machine counts little."""
    import torch

    left = torch.ones(1024, 1024, device=compute.device, dtype=compute.dtype)
    fastest, ends = float("inf"), time.perf_counter() + 0.2
    while fastest == float("inf") or time.perf_counter() < ends:
        started = time.perf_counter()
        _ = float((left @ left)[0, 0])  # reading a value waits for the device
        fastest = min(fastest, time.perf_counter() - started)
    return 2 * 1024**3 / fastest


def _existing(folder: Path) -> Path:
    """The nearest folder that is there."""
    folder = folder.resolve()
    return folder if folder.is_dir() else _existing(folder.parent)
