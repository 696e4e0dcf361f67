"""The one training loop: batches by tokens, checkpoints whole or absent, a line of metrics for each step.

A method (LoRA, seq2seq, verifier, ...) says what its examples are and what their loss is, as a :class:`Job`; everything that can go
wrong on the way is dealt with here, once: memory that runs out, a kill, a disk that is full, a score that no longer improves.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from yoyak.errors import UsageError
from yoyak.train import checkpoint as checkpoints
from yoyak.train import parallel
from yoyak.train.choice import Choice
from yoyak.train.device import compute_of
from yoyak.train.process import HeapKeeper, MemoryCeiling, OrderlyEnd, peak_bytes
from yoyak.train.process import bound_memory as bound_memory
from yoyak.train.recipe import Run
from yoyak.train.report import Metrics, read_metrics
from yoyak.train.schedule import rate as rate
from yoyak.train.schedule import steps_of as steps_of
from yoyak.train.stepper import Stepper

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


class Job(Protocol):
    """What a method trains. Its model and its batches are on `device.compute_of(recipe).device`.

    A job may say `is_sharded = True`: its frozen weights are shared out over the processes (:mod:`yoyak.train.sharded`).
    """

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


#: step -> scores of the model as it stands (it is left in training mode); called in process 0 alone.
Evaluate = Callable[[int], Mapping[str, float]]


@dataclass
class Progress:
    """Where a run stands; given to `on_step` after each step."""

    step: int
    steps: int
    epoch: int
    loss: float
    tokens_per_s: float
    notes: list[str] = field(default_factory=list)  # one line each: what a person should know


def with_notes(on_step: Callable[[Progress], None], notes: Sequence[str]) -> Callable[[Progress], None]:
    """The same, but the first step tells what was decided before it too."""
    waiting = list(notes)

    def told(progress: Progress) -> None:
        progress.notes[:0] = waiting
        waiting.clear()
        on_step(progress)

    return told


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Args:
        step: Optimizer steps done.
        steps: Those that the recipe asked for.
        best: The step whose weights the model holds now, where scores chose one; None: the last step's.
        scores: Of that step.
    """

    step: int
    steps: int
    best: int | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


def prepare(output: Path, *, resume: bool | Path) -> Path | None:
    """The checkpoint to go on from, None for a fresh start.

    Args:
        output: The run's folder.
        resume: True takes the newest complete checkpoint there, whose hashes are checked; a path takes that checkpoint (or that run's
            newest one).

    Raises:
        UsageError: The folder holds another run and `resume` was not asked for; the path that was named holds no checkpoint.
        ModelError: The named checkpoint is damaged.
    """
    if isinstance(resume, Path):
        return checkpoints.chosen(resume)
    done = checkpoints.complete(output / "checkpoints")
    if done and not resume:
        raise UsageError(f"{output} holds a run that got to {done[-1].name}; add --resume to go on with it, or choose another folder")
    return checkpoints.newest(output / "checkpoints") if done else None


def fit(
    job: Job,
    recipe: Run,
    output: Path,
    *,
    start: Path | None = None,
    on_step: Callable[[Progress], None] = lambda progress: None,
    evaluate: Evaluate | None = None,
) -> Outcome:
    """Train what `job.learned` names, over the recipe's epochs.

    Args:
        job: Examples and loss.
        recipe: Optimizer, batches, epochs, seed, save_steps, evaluation.
        output: The run's folder: metrics.jsonl and checkpoints.
        start: Checkpoint to go on from (:func:`prepare`).
        on_step: Called after each step, in process 0.
        evaluate: Scores the model, as often as `recipe.evaluation.every` says; the best weights are put back at the end.

    Raises:
        OutOfMemory: Not even one row fits.
        UsageError: The checkpoint is of other data or other batches.
        ModelError: The checkpoint is of another model.
        KeyboardInterrupt: Ctrl-C or SIGTERM came; a checkpoint was written.
    """
    compute = compute_of(recipe)
    world = parallel.join(compute.device)
    run = Stepper(job, recipe, compute, world)
    steps = len(run.schedule)
    step = run.restore(start) if start else 0
    # Scores of a run that goes on in its own folder; the checkpoints of another one are not here to be chosen.
    own = start is not None and start.parent.resolve() == (output / "checkpoints").resolve()
    scores = {row["step"]: row["scores"] for row in read_metrics(output) if "scores" in row and row["step"] <= step} if own else {}
    choice = Choice(recipe.evaluation, world.told(scores))
    if world.writes:
        output.mkdir(parents=True, exist_ok=True)
        (output / "recipe.json").write_text(recipe.model_dump_json(indent=1), encoding="utf-8")
    metrics = Metrics(output, after=step if own else 0, report_to=recipe.report_to, settings=recipe.model_dump(), writes=world.writes)

    def look(epoch: int) -> None:
        """Evaluate after `step`, whose checkpoint is written already: a kill meanwhile loses nothing but the evaluation."""
        assert evaluate is not None
        choice.add(step, world.told(dict(evaluate(step)) if world.writes else None))
        metrics.scores(step, epoch, choice.scores[step])
        run.notes.append(choice.line(step))
        if choice.exhausted:
            run.notes.append(f"stopped: {choice.metric} has not improved for {recipe.evaluation.patience} evaluations")

    heap = HeapKeeper()
    with metrics, MemoryCeiling(), OrderlyEnd() as end:
        if evaluate and step and step in run.looks and step not in choice.scores:
            look(run.schedule[step - 1][0])
        while step < steps and not (evaluate and choice.exhausted):
            started = time.perf_counter()
            epoch, indices = run.schedule[step]
            loss, ends = run.step(step, end.asked)
            heap.after_step()
            step += 1
            tokens = len(indices) * max(job.lengths[epoch][i] for i in indices)
            speed = tokens / (time.perf_counter() - started)
            values = {"loss": round(loss, 5), "tokens_per_s": round(speed), "memory_mb": peak_bytes(compute.device) >> 20}
            metrics.step(step, epoch=epoch, **values)
            looks = evaluate is not None and step in run.looks
            if step % recipe.save_steps == 0 or step == steps or looks or ends:
                if world.writes:
                    run.save(output / "checkpoints", step, keep=recipe.keep_checkpoints, protected=choice.protected)
                world.wait()
            if looks and not ends:
                look(epoch)
            if world.writes:
                on_step(Progress(step, steps, epoch, loss, speed, run.notes))
            run.notes = []
            if ends:
                raise KeyboardInterrupt
    return _chosen(run, choice, output, step)


def _chosen(run: Stepper, choice: Choice, output: Path, step: int) -> Outcome:
    """Put the best weights back, where scores chose a step that is not the last."""
    best = choice.best[0] if choice.best else None
    if best is not None and best != step:
        run.put_back(output / "checkpoints" / checkpoints.name_of(best))
    return Outcome(step, len(run.schedule), best, choice.scores.get(best if best is not None else -1, {}))
