"""`yoyak tune`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from yoyak.cli import console
from yoyak.cli.messages import say
from yoyak.errors import UsageError
from yoyak.tune.page import points, told, write_page
from yoyak.tune.recipe import load_recipe
from yoyak.tune.result import Tuned
from yoyak.tune.search import Step, save, tune


def tune_command(
    recipe: Annotated[Path | None, Parameter(name="RECIPE", negative=())] = None,
    /,
    *,
    model: str | None = None,
    dev: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    trials: int | None = None,
    half: Literal[1, 2] | None = None,
    seed: int | None = None,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    set_: Annotated[tuple[str, ...], Parameter(name="--set", negative=())] = (),
    resume: Annotated[bool, Parameter(show_default=False)] = False,
    save_: Annotated[bool, Parameter(name="--save", show_default=False)] = False,
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
) -> int:
    """Search decoding settings on one half of a dev file, and say on the other half what the gain is worth.

    Parameters
    ----------
    recipe
        A YAML file: model, dev, trials, space (see docs/how-to/tune.md). Or give --model and --dev.
    model
        The folder of a checkpoint or an adapter, or gemma-3-270m.
    dev
        A file of dialogues with summaries (repeatable).
    trials
        Different settings to try, today's among them (default: 30).
    half
        Which half is tuned on (default: 1).
    seed
        Divides the halves and leads the search (default: 0).
    out
        The search's folder (default: runs/tune-MODEL): study.db, beams/, tune.json, tune.html.
    set_
        A setting of the recipe, key=value (repeatable): compute=float32, space.num_beams=[1,4].
    resume
        Go on with the search in that folder, or look at it again.
    save_
        Write the choice into the checkpoint's yoyak.json, with the dialogues that it was chosen on.
    json_
        Print everything as JSON.
    """
    given: dict[str, Any] = {"model": model, "dev": list(dev) or None, "trials": trials, "half": half, "seed": seed}
    given = {key: value for key, value in given.items() if value is not None}
    if recipe is None and not {"model", "dev"} <= set(given):
        raise UsageError("give a recipe (a YAML file), or --model and --dev")
    chosen = load_recipe(None if recipe is None else str(recipe), given=given, settings=set_)
    if save_ and not Path(chosen.model).is_dir():
        raise UsageError(f"--save writes into a checkpoint's folder, and {chosen.model!r} is none")
    folder = out or Path("runs") / f"tune-{Path(chosen.model).name}"
    with console.stages() as stage:
        found = tune(chosen, folder, resume=resume, on_trial=_note, progress=stage, notice=console.note)
    page = folder / "tune.html"
    write_page(page, found, chosen)
    if json_:
        print(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
    else:
        _print(found)
    console.note(say("tune-page", path=page))
    if save_:
        console.note(say("tune-saved", path=save(found, chosen.model)))
        if found.verdict in ("unclear", "worse"):
            console.note(say("tune-saved-unsure"))
    return 0


def _note(step: Step) -> None:
    values = {"score": f"{100 * step.score:.2f}", "best": f"{100 * step.best:.2f}", "seconds": f"{step.seconds:.3g}"}
    reused = "" if step.decoded else say("tune-reused")
    name = told(step.setting) if step.number else say("tune-today")
    console.note(say("tune-step", number=step.number + 1, trials=step.trials, setting=name, reused=reused, **values))


def _print(found: Tuned) -> None:
    from rich.console import Console
    from rich.table import Table

    out = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 130, soft_wrap=not sys.stdout.isatty(), highlight=False)
    table = Table(title=say("tune-title", count=found.dialogues))
    for key in ("tune-setting", "tune-score", "tune-gain", "tune-seconds", "tune-front"):
        table.add_column(say(key), justify="left" if key == "tune-setting" else "right")
    for row in sorted(found.rows, key=lambda row: -row.score.mean):
        name = told(row.setting) + ("" if row.number else f" ({say('tune-today')})")
        score = f"{100 * row.score.mean:.2f} [{100 * row.score.low:.2f}, {100 * row.score.high:.2f}]"
        gain = points(row.against_default) if row.against_default else ""
        table.add_row(name, score, gain, f"{row.seconds:.3g}", "*" if row.front else "", style=None if row.front else "dim")
    out.print(table)
    out.print(say("tune-legend"))
    if found.honesty:
        honest = Table(title=say("tune-honest"))
        for heading in (say("tune-half"), "n", say("tune-gain"), "p"):
            honest.add_column(heading, justify="left" if heading == say("tune-half") else "right")
        for key, n, difference in (
            ("tune-here", found.honesty.dialogues_here, found.honesty.here),
            ("tune-there", found.honesty.dialogues_there, found.honesty.there),
        ):
            honest.add_row(say(key), str(n), points(difference), f"{difference.p:.3f}")
        out.print(honest)
    out.print(statement(found))
    out.print(found.signature)


def statement(found: Tuned) -> str:
    """One sentence: whether the choice is better than today's setting."""
    if found.honesty is None:
        return say("tune-default")
    there = found.honesty.there
    return say(f"tune-{found.verdict}", setting=told(found.chosen.setting), gain=points(there), p=f"{there.p:.3f}")
