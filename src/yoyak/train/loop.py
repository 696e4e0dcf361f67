"""The one training loop: batches by tokens, checkpoints whole or absent, a line of metrics for each step.

A method (LoRA, seq2seq, verifier, ...) says what its examples are and what their loss is, as a :class:`Job`; everything that can go
wrong on the way is dealt with here, once.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from yoyak.errors import UsageError
from yoyak.train import checkpoint as checkpoints
from yoyak.train.batches import plan
from yoyak.train.recipe import Run

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


class Job(Protocol):
    """What a method trains."""

    @property
    def learned(self) -> Mapping[str, torch.nn.Parameter]:
        """What the optimizer moves, by name."""

    @property
    def lengths(self) -> Sequence[Sequence[int]]:
        """Tokens of every example of every epoch."""

    def weight(self, epoch: int, indices: Sequence[int]) -> float:
        """What the summed loss of these examples is divided by: their number of labels."""

    def loss(self, epoch: int, indices: Sequence[int]) -> torch.Tensor:
        """The loss of these examples, summed over their labels, so that a batch can be cut and its parts added."""


@dataclass
class Progress:
    """Where a run stands; given to `on_step` after each step."""

    step: int
    steps: int
    epoch: int
    loss: float
    tokens_per_s: float
    notes: list[str] = field(default_factory=list)


def prepare(output: Path, *, resume: bool) -> Path | None:
    """The checkpoint to go on from, None for a fresh start.

    Raises:
        UsageError: The folder holds another run and `resume` was not asked for.
    """
    done = checkpoints.complete(output / "checkpoints")
    if done and not resume:
        raise UsageError(f"{output} holds a run that got to {done[-1].name}; add --resume to go on with it, or choose another folder")
    return done[-1] if done else None


def fit(
    job: Job, recipe: Run, output: Path, *, start: Path | None = None, on_step: Callable[[Progress], None] = lambda progress: None
) -> None:
    """Train what `job.learned` names, over the recipe's epochs.

    Args:
        job: Examples and loss.
        recipe: Optimizer, batches, epochs, seed, save_steps.
        output: The run's folder: metrics.jsonl and checkpoints.
        start: Checkpoint to go on from (:func:`prepare`).
        on_step: Called after each step.
    """
    import torch

    learned = dict(job.learned)
    optimizer = torch.optim.AdamW(
        learned.values(), lr=recipe.optimizer.learning_rate, weight_decay=recipe.optimizer.weight_decay, betas=(0.9, 0.999)
    )
    schedule = steps_of(recipe, job.lengths)
    step = _restore(start, learned, optimizer) if start else 0
    output.mkdir(parents=True, exist_ok=True)
    (output / "recipe.json").write_text(recipe.model_dump_json(indent=1), encoding="utf-8")
    amp = computes_in_bf16(recipe)
    with open(output / "metrics.jsonl", "a", encoding="utf-8") as metrics:
        while step < len(schedule):
            epoch, indices = schedule[step]
            started = time.perf_counter()
            # Dropout depends on the step alone, so that a resumed run draws what an uninterrupted one draws.
            torch.manual_seed(recipe.seed * 1_000_003 + step)
            for group in optimizer.param_groups:
                group["lr"] = recipe.optimizer.learning_rate * rate(step, len(schedule), recipe.optimizer.warmup)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=amp):
                loss = job.loss(epoch, indices) / job.weight(epoch, indices)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(learned.values(), recipe.optimizer.max_gradient_norm)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            tokens = len(indices) * max(job.lengths[epoch][i] for i in indices)
            speed = tokens / (time.perf_counter() - started)
            metrics.write(json.dumps({"step": step, "epoch": epoch, "loss": round(loss.item(), 5), "tokens_per_s": round(speed)}) + "\n")
            metrics.flush()
            on_step(Progress(step, len(schedule), epoch, loss.item(), speed))
            if step % recipe.save_steps == 0 or step == len(schedule):
                _save(output / "checkpoints", step, learned, optimizer, seed=recipe.seed)


def steps_of(recipe: Run, lengths: Sequence[Sequence[int]]) -> list[tuple[int, list[int]]]:
    """(epoch, indices of a batch) for every step of the run: a function of recipe and data alone, so that a resumed run sees the same."""
    found: list[tuple[int, list[int]]] = []
    for epoch in range(recipe.epochs):
        batches = plan(lengths[epoch], tokens=recipe.batches.tokens, round_to=recipe.batches.round_to, seed=recipe.seed + epoch)
        found.extend((epoch, batch) for batch in batches)
    return found


def rate(step: int, steps: int, warmup: float) -> float:
    """Share of the peak learning rate at a 0-based optimizer step: a linear rise, then half a cosine down to zero.

    Example:
        >>> rate(0, 100, 0.1), rate(9, 100, 0.1), round(rate(50, 100, 0.0), 2)
        (0.1, 1.0, 0.5)
    """
    rise = round(warmup * steps)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def computes_in_bf16(recipe: Run) -> bool:
    """Whether the run computes in bf16: asked for, or left open on a processor that has it; emulated, it is slower than fp32."""
    if recipe.precision != "auto":
        return recipe.precision == "bf16"
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def bound_memory() -> None:
    """Keep oneDNN from caching a kernel for each of thousands of batch shapes; set before the first kernel, it holds for the process."""
    import torch

    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")
    torch.set_num_threads(max(1, os.cpu_count() or 1))


def _save(folder: Path, step: int, learned: dict[str, Any], optimizer: Any, *, seed: int) -> None:
    named = {id(parameter): name for name, parameter in learned.items()}
    moments = {
        f"{named[id(parameter)]}|{key}": value
        for parameter, state in optimizer.state.items()
        for key, value in state.items()
        if hasattr(value, "contiguous")
    }
    weights = {name: parameter.detach() for name, parameter in learned.items()}
    checkpoints.save(folder, step, tensors={"weights": weights, "optimizer": moments}, state={"step": step, "seed": seed})


def _restore(folder: Path, learned: dict[str, Any], optimizer: Any) -> int:
    import torch

    tensors, state = checkpoints.read(folder)
    with torch.no_grad():
        for name, parameter in learned.items():
            parameter.copy_(tensors["weights"][name])
    for key, value in tensors["optimizer"].items():
        name, _, part = key.rpartition("|")
        optimizer.state[learned[name]][part] = value
    log.info("going on from %s", folder)
    return int(state["step"])
