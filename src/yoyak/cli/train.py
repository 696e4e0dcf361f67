"""`yoyak train`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from yoyak.cli import console
from yoyak.cli.messages import say
from yoyak.errors import UsageError
from yoyak.train.loop import Progress
from yoyak.train.parallel import leave, world
from yoyak.train.process import bound_environment
from yoyak.train.recipe import Run, load_recipe, own_files, run


def train_command(
    recipe: Annotated[str, Parameter(name="RECIPE", negative=())],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    set_: Annotated[tuple[str, ...], Parameter(name="--set", negative=())] = (),
    from_: Annotated[Path | None, Parameter(name="--from")] = None,
    dry_run: Annotated[bool, Parameter(show_default=False)] = False,
    gpu: str | None = None,
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
    resume: Annotated[bool, Parameter(show_default=False)] = False,
    resume_from: Path | None = None,
) -> int:
    """Train a model on dialogues and summaries.

    Parameters
    ----------
    recipe
        Name of a packaged recipe, or a YAML file.
    out
        The run's folder (default: runs/RECIPE): checkpoints, metrics.jsonl, the result.
    set_
        A setting of the recipe, key=value (repeatable): epochs=1, optimizer.learning_rate=1e-4.
    from_
        Train on this file in place of the recipe's; gemma-3-270m then goes on from the adapter that comes with yoyak.
    dry_run
        Say what the run needs (memory, time, disk) and show three encoded samples; train nothing.
    gpu
        With --dry-run: plan for a GPU of this memory that is not here, such as 24GB.
    json_
        With --dry-run: the figures as JSON on standard output.
    resume
        Go on from the newest complete checkpoint.
    resume_from
        Go on from this checkpoint, or from the newest one of this run's folder.
    """
    bound_environment(os.environ)  # before anything loads torch
    settings = [*(own_files(recipe, from_) if from_ else []), *set_]
    chosen = load_recipe(recipe, settings=settings)
    folder = out or Path("runs") / Path(recipe).stem
    if dry_run:
        return _dry_run(chosen, folder, gpu=gpu, as_json=json_)
    if gpu is not None or json_:
        raise UsageError(f"{'--gpu' if gpu is not None else '--json'} goes with --dry-run")
    speaks = world().writes  # of several processes, one
    with console.progress(say("training"), None) as advance:

        def on_step(progress: Progress) -> None:
            advance()
            for line in progress.notes:
                console.note(line)
            if progress.step % 10 == 0 or progress.step == progress.steps:
                values = {"loss": f"{progress.loss:.3f}", "speed": f"{progress.tokens_per_s:.0f}"}
                console.note(say("step", step=progress.step, steps=progress.steps, **values))

        made = run(chosen, folder, resume=resume_from or resume, on_step=on_step)
    leave()
    if speaks:
        console.note(say("trained", path=made))
    return 0


def _dry_run(recipe: Run, folder: Path, *, gpu: str | None, as_json: bool) -> int:
    """Show the plan; 1 when the device has not the memory for it."""
    from yoyak.cli.train_plan import lines, samples
    from yoyak.train.dry_run import dry_run
    from yoyak.train.memory import bytes_of

    made = dry_run(recipe, folder, gpu_bytes=bytes_of(gpu) if gpu is not None else None)
    if as_json:
        print(json.dumps(made.to_json(), ensure_ascii=False, indent=1))
    else:
        print("\n".join(lines(made)))
        samples(made.samples)
    return 0 if made.fits else 1
