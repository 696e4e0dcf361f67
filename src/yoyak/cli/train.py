"""`yoyak train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from yoyak.cli import console
from yoyak.cli.messages import say
from yoyak.train.loop import Progress
from yoyak.train.recipe import load_recipe, run


def train_command(
    recipe: Annotated[str, Parameter(name="RECIPE", negative=())],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    set_: Annotated[tuple[str, ...], Parameter(name="--set", negative=())] = (),
    from_: Annotated[Path | None, Parameter(name="--from")] = None,
    resume: Annotated[bool, Parameter(show_default=False)] = False,
) -> int:
    """Train a model on dialogues and summaries.

    Parameters
    ----------
    recipe
        Name of a packaged recipe, or a YAML file.
    out
        The run's folder (default: runs/RECIPE): checkpoints, metrics.jsonl, adapter.
    set_
        A setting of the recipe, key=value (repeatable): epochs=1, optimizer.learning_rate=1e-4.
    from_
        Train on this file in place of the recipe's.
    resume
        Go on from the newest complete checkpoint.
    """
    settings = [*set_, *([f"data.train=[{from_.as_posix()}]"] if from_ else [])]
    chosen = load_recipe(recipe, settings=settings)
    folder = out or Path("runs") / Path(recipe).stem
    with console.progress(say("training"), None) as advance:

        def on_step(progress: Progress) -> None:
            advance()
            if progress.step % 10 == 0 or progress.step == progress.steps:
                values = {"loss": f"{progress.loss:.3f}", "speed": f"{progress.tokens_per_s:.0f}"}
                console.note(say("step", step=progress.step, steps=progress.steps, **values))

        adapter = run(chosen, folder, resume=resume, on_step=on_step)
    console.note(say("trained", path=adapter))
    return 0
