"""One optimizer step, the same whatever it takes: parts when memory is short, several processes, a resumed run."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yoyak.errors import ModelError, UsageError, YoyakError
from yoyak.train import checkpoint as checkpoints
from yoyak.train.device import Compute
from yoyak.train.oom import Ladder, give_back, is_out_of_memory, too_large
from yoyak.train.parallel import World
from yoyak.train.recipe import Run
from yoyak.train.schedule import rate, steps_of

if TYPE_CHECKING:
    import torch

    from yoyak.train.loop import Job

log = logging.getLogger(__name__)

# So many updates in a row without a finite gradient, and the run will not recover by itself.
_LOST = 10


class Stepper:
    """The optimizer with what belongs to it.

    Args:
        job: Examples and loss.
        recipe: The run.
        compute: Device and precision.
        world: This process among those of the run.

    Raises:
        OutOfMemory: The optimizer's state does not fit.
    """

    def __init__(self, job: Job, recipe: Run, compute: Compute, world: World) -> None:
        import torch

        self.job, self.recipe, self.compute, self.world = job, recipe, compute, world
        self.learned: dict[str, torch.nn.Parameter] = dict(job.learned)
        self.schedule = steps_of(recipe, job.lengths)
        self.looks = looks_of(recipe, [epoch for epoch, _ in self.schedule])
        self.ladder = Ladder()
        self.notes: list[str] = []  # one line each, for the person who watches
        # Weights that are shared out over the processes: each has to compute as often as the others, and none may try again.
        self._lockstep = bool(getattr(job, "is_sharded", False)) and world.size > 1
        self._skipped = 0
        self._scaler = torch.amp.GradScaler(compute.device.partition(":")[0], enabled=compute.precision == "fp16")
        try:
            self.optimizer = _optimizer(self.learned, recipe)
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                raise too_large(recipe, longest=self._longest, what="the weights and the optimizer's state, before any row") from error
            raise

    @property
    def _longest(self) -> int:
        return max((max(lengths, default=0) for lengths in self.job.lengths), default=0)

    def step(self, step: int, ends: bool = False) -> tuple[float, bool]:
        """Do the step of that number; returns (the batch's loss, whether a process was asked to end).

        Raises:
            OutOfMemory: Not even one row fits.
        """
        import torch

        epoch, indices = self.schedule[step]
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.optimizer.learning_rate * rate(step, len(self.schedule), self.recipe.optimizer.warmup)
        loss, ends = self._gradients(step, epoch, indices, ends)
        self.world.add_up(self._all_gradients())
        self._scaler.unscale_(self.optimizer)
        norm = torch.nn.utils.clip_grad_norm_(self.learned.values(), self.recipe.optimizer.max_gradient_norm)
        self._update(step, finite=math.isfinite(float(norm)))
        self.optimizer.zero_grad(set_to_none=True)
        return loss, ends

    def _gradients(self, step: int, epoch: int, indices: list[int], ends: bool) -> tuple[float, bool]:
        """Leave the gradients of the batch in the parameters, in as many parts as memory needs."""
        import torch

        lengths = self.job.lengths[epoch]
        mine = self.world.share(indices)
        while True:
            # Dropout depends on the step alone, so that a resumed run draws what an uninterrupted one draws.
            torch.manual_seed(self.recipe.seed * 1_000_003 + step + 7919 * self.world.rank)
            loss, failed = self._backward(epoch, indices, [mine] if self._lockstep else self.ladder.parts(mine, lengths))
            if failed and self._lockstep:  # the others wait in the midst of a layer: the launcher ends them
                raise too_large(self.recipe, longest=max(lengths[i] for i in indices), what="this process's rows and sharded weights")
            # All processes try again when one has to: none may wait for a sum that another never reaches.
            total, failures, endings = self.world.sums([loss, failed, ends], self.compute.device)
            if not failures:
                return total, endings > 0
            self.optimizer.zero_grad(set_to_none=True)
            give_back()
            stuck = failed and not self.ladder.down(mine, lengths)
            if any(self.world.sums([stuck], self.compute.device)):
                raise too_large(self.recipe, longest=max(lengths[i] for i in indices))
            if failed:
                parts = len(self.ladder.parts(mine, lengths))
                self.notes.append(
                    f"out of memory at step {step + 1}: {len(indices)} rows are computed in {parts} parts and added up "
                    f"(at most {self.ladder.limit} tokens at once from here on); the effective batch stays the same"
                )

    def _backward(self, epoch: int, indices: list[int], parts: list[list[int]]) -> tuple[float, bool]:
        """(loss, False), or (0, True) when memory ran out; the error and all that it holds are gone when this returns."""
        weight = self.job.weight(epoch, indices)
        loss = 0.0
        try:
            for part in parts:
                with self.compute.autocast():
                    # A process without a row of its own computes one for the company, and forgets it.
                    found = self.job.loss(epoch, part) / weight if part else self.job.loss(epoch, indices[:1]) * 0
                self._scaler.scale(found).backward()  # type: ignore[no-untyped-call]
                loss += float(found.detach())
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            log.info("out of memory: %s", str(error).partition("\n")[0])
            return 0.0, True
        return loss, False

    def _all_gradients(self) -> Iterator[torch.Tensor]:
        """Of every parameter, zeros where this process had no row for it."""
        import torch

        if self.world.size == 1:
            return
        for parameter in self.learned.values():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            yield parameter.grad

    def _update(self, step: int, *, finite: bool) -> None:
        try:
            if finite or self._scaler.is_enabled():  # a scaler leaves out such a step by itself, and scales less from then on
                self._scaler.step(self.optimizer)
            self._scaler.update()
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                raise too_large(self.recipe, longest=self._longest, what="the optimizer's update, after all rows") from error
            raise
        self._skipped = 0 if finite else self._skipped + 1
        if not finite and not self._scaler.is_enabled():
            self.notes.append(f"step {step + 1}: the gradient is not finite, so the weights stay as they are")
        if self._skipped >= _LOST:
            raise YoyakError(
                f"{_LOST} steps in a row gave no finite gradient (the last: step {step + 1}). Lower optimizer.learning_rate (it is "
                f"{self.recipe.optimizer.learning_rate:g}), or compute in precision: fp32, and go on with --resume"
            )

    def save(self, folder: Path, step: int, *, keep: int, protected: Collection[int]) -> Path:
        """Write the checkpoint of that step."""
        named = {id(parameter): name for name, parameter in self.learned.items()}
        moments = {
            f"{named[id(parameter)]}|{key}": value
            for parameter, state in self.optimizer.state.items()
            for key, value in state.items()
            if hasattr(value, "contiguous")
        }
        state = {
            "step": step,
            "seed": self.recipe.seed,
            "seen": self._seen(step),
            "limit": self.ladder.limit,
            "scaler": self._scaler.state_dict(),
        }
        weights = {name: parameter.detach() for name, parameter in self.learned.items()}
        stay = [checkpoints.name_of(other) for other in protected]
        return checkpoints.save(folder, step, tensors={"weights": weights, "optimizer": moments}, state=state, keep=keep, protected=stay)

    def restore(self, checkpoint: Path) -> int:
        """Take up what a checkpoint holds; returns its step.

        Raises:
            ModelError: It is damaged or of another model.
            UsageError: It is of other data, batches or seed.
        """
        tensors, state = checkpoints.read(checkpoint)
        step = int(state["step"])
        if state.get("seen") not in (None, self._seen(step)):  # absent in checkpoints of yoyak 0.1
            raise UsageError(
                f"{checkpoint} is of a run with other data, batches or seed: its first {step} steps are not this recipe's. "
                "Give the recipe it was started with (recipe.json in the run's folder), or start afresh in another folder"
            )
        self._put_weights(tensors["weights"], checkpoint)
        for key, value in tensors["optimizer"].items():
            name, _, part = key.rpartition("|")
            self.optimizer.state[self.learned[name]][part].copy_(value)
        self.ladder.limit = state.get("limit")
        if state.get("scaler"):
            self._scaler.load_state_dict(state["scaler"])
        self.notes.append(f"going on from {checkpoint} (step {step} of {len(self.schedule)})")
        log.info("going on from %s", checkpoint)
        return step

    def put_back(self, checkpoint: Path) -> None:
        """Take the weights of a checkpoint, for the result."""
        self._put_weights(checkpoints.read(checkpoint)[0]["weights"], checkpoint)

    def _put_weights(self, weights: Mapping[str, Any], checkpoint: Path) -> None:
        import torch

        mine = {name: tuple(parameter.shape) for name, parameter in self.learned.items()}
        other = {name: tuple(tensor.shape) for name, tensor in weights.items()}
        if mine != other:
            name = next(iter(sorted(set(mine.items()) ^ set(other.items()))))[0]
            raise ModelError(
                f"{checkpoint} is of another model: {name} is {mine.get(name, 'not learned')} in this run and "
                f"{other.get(name, 'absent')} there; resume with the recipe it was started with"
            )
        with torch.no_grad():
            for name, parameter in self.learned.items():
                parameter.copy_(weights[name])

    def _seen(self, step: int) -> str:
        """A fingerprint of the batches of the first steps: what the run has learned from so far."""
        return hashlib.sha256(json.dumps([self.recipe.seed, self.schedule[:step]]).encode()).hexdigest()


def looks_of(recipe: Run, epochs: list[int]) -> set[int]:
    """The steps after which a run is evaluated, the last included.

    Args:
        recipe: Says how often.
        epochs: The epoch of every step.
    """
    last = len(epochs)
    if isinstance(recipe.evaluation.every, int):
        return {*range(recipe.evaluation.every, last, recipe.evaluation.every), last}
    return {step for step in range(1, last + 1) if step == last or epochs[step] != epochs[step - 1]}


def _optimizer(learned: Mapping[str, torch.nn.Parameter], recipe: Run) -> torch.optim.Optimizer:
    """AdamW with its moments made at once: when they do not fit, that shows before the first step and not in the midst of one."""
    import torch

    settings = recipe.optimizer
    optimizer = torch.optim.AdamW(
        learned.values(), lr=settings.learning_rate, weight_decay=settings.weight_decay, betas=(0.9, 0.999), fused=True
    )
    for parameter in learned.values():
        optimizer.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    return optimizer
