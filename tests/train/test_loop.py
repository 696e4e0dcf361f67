"""The loop: what is told, chosen, kept and gone on with."""

from __future__ import annotations

import json
import os
import pickle
import re
import resource
import signal
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from toy_job import ToyJob, recipe  # noqa: E402
from yoyak.errors import ConfigError, ModelError, UsageError, YoyakError  # noqa: E402
from yoyak.train import checkpoint as checkpoints  # noqa: E402
from yoyak.train.loop import Progress, fit, prepare  # noqa: E402
from yoyak.train.recipe import Evaluation  # noqa: E402
from yoyak.train.report import read_metrics  # noqa: E402
from yoyak.train.schedule import steps_of  # noqa: E402
from yoyak.train.stepper import looks_of  # noqa: E402


class Cut(Exception):
    """What ends a run in the midst of it."""


def cut_at(step: int) -> Any:
    def on_step(progress: Progress) -> None:
        if progress.step == step:
            raise Cut

    return on_step


def losses(folder: Path) -> dict[int, float]:
    rows = [row for row in read_metrics(folder) if "loss" in row]
    assert [row["step"] for row in rows] == list(range(1, len(rows) + 1)), "each step once, in order"
    return {row["step"]: row["loss"] for row in rows}


def names(folder: Path) -> list[str]:
    return [path.name for path in checkpoints.complete(folder / "checkpoints")]


def test_it_learns_and_reports_every_step(tmp_path: Path) -> None:
    seen: list[Progress] = []
    outcome = fit(ToyJob(), recipe(), tmp_path, on_step=seen.append)
    found = losses(tmp_path)
    assert found[len(found)] < 0.8 * found[1]
    assert [progress.step for progress in seen] == list(range(1, outcome.steps + 1))
    assert outcome.step == outcome.steps == len(steps_of(recipe(), ToyJob().lengths))
    assert json.loads((tmp_path / "recipe.json").read_text(encoding="utf-8"))["model"] == "toy"


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_run_that_was_cut_off_ends_like_one_that_was_not(tmp_path: Path, dropout: float) -> None:
    whole = ToyJob(dropout=dropout)
    fit(whole, recipe(), tmp_path / "whole")
    with pytest.raises(Cut):
        fit(ToyJob(dropout=dropout), recipe(), tmp_path / "cut", on_step=cut_at(5))
    with pytest.raises(UsageError, match="--resume"):
        prepare(tmp_path / "cut", resume=False)
    start = prepare(tmp_path / "cut", resume=True)
    assert start is not None
    assert start.name == "step-000003"
    again, notes = ToyJob(dropout=dropout, seed=0), []
    fit(again, recipe(), tmp_path / "cut", start=start, on_step=lambda progress: notes.extend(progress.notes))
    assert losses(tmp_path / "cut") == pytest.approx(losses(tmp_path / "whole"), abs=1e-6)
    assert "going on from" in notes[0]
    assert "step-000003" in notes[0]
    for name, parameter in whole.learned.items():
        assert torch.equal(parameter, again.learned[name])


def test_the_newest_sound_checkpoint_is_taken(tmp_path: Path) -> None:
    with pytest.raises(Cut):
        fit(ToyJob(), recipe(), tmp_path, on_step=cut_at(8))
    assert names(tmp_path) == ["step-000003", "step-000006"]
    weights = tmp_path / "checkpoints" / "step-000006" / "weights.safetensors"
    weights.write_bytes(b"x" * weights.stat().st_size)
    start = prepare(tmp_path, resume=True)
    assert start is not None
    assert start.name == "step-000003"
    with pytest.raises(ModelError, match="damaged"):
        prepare(tmp_path, resume=weights.parent)
    fit(ToyJob(), recipe(), tmp_path, start=start)  # the damaged one is replaced when its step comes again
    assert all(checkpoints.read(path) for path in checkpoints.complete(tmp_path / "checkpoints"))


def test_another_checkpoint_can_be_named(tmp_path: Path) -> None:
    fit(ToyJob(), recipe(keep_checkpoints=9), tmp_path / "a")
    named = tmp_path / "a" / "checkpoints" / "step-000003"
    assert prepare(tmp_path / "b", resume=named) == named
    newest = prepare(tmp_path / "b", resume=tmp_path / "a")
    assert newest is not None
    assert newest.name == names(tmp_path / "a")[-1]
    with pytest.raises(UsageError, match=r"no complete checkpoint.*step-000003"):
        prepare(tmp_path / "b", resume=named.parent / "step-000004")
    fit(ToyJob(), recipe(), tmp_path / "b", start=named)
    whole = losses(tmp_path / "a")
    rest = {row["step"]: row["loss"] for row in read_metrics(tmp_path / "b")}
    assert rest == pytest.approx({step: loss for step, loss in whole.items() if step > 3}, abs=1e-6)
    # Going on from an older one in its own folder leaves the old future behind.
    fit(ToyJob(), recipe(), tmp_path / "a", start=named, on_step=lambda progress: None)
    assert losses(tmp_path / "a") == pytest.approx(whole, abs=1e-6)


def test_a_checkpoint_of_other_data_or_of_another_model_is_refused(tmp_path: Path) -> None:
    fit(ToyJob(), recipe(), tmp_path)
    start = prepare(tmp_path, resume=True)
    with pytest.raises(UsageError, match="other data, batches or seed"):
        fit(ToyJob(), recipe(seed=1), tmp_path, start=start)
    with pytest.raises(UsageError, match="other data, batches or seed"):
        fit(ToyJob(rows=20), recipe(), tmp_path, start=start)
    with pytest.raises(ModelError, match=r"another model.*0\.weight"):
        fit(ToyJob(width=4), recipe(), tmp_path, start=start)


def test_a_full_disk_leaves_the_checkpoint_before_it_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def full(progress: Progress) -> None:
        if progress.step == 5:  # no file may grow beyond 600 bytes from here on: writing fails as on a full disk
            resource.setrlimit(resource.RLIMIT_FSIZE, (600, hard))

    try:
        with pytest.raises(OSError, match=r"step-000006|too large|File"):
            fit(ToyJob(), recipe(), tmp_path, on_step=full)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == ["step-000003"]
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["step-000003"]
    start = prepare(tmp_path, resume=True)
    fit(ToyJob(), recipe(), tmp_path, start=start)
    fit(ToyJob(), recipe(), tmp_path / "whole")
    assert losses(tmp_path) == pytest.approx(losses(tmp_path / "whole"), abs=1e-6)


class Trap:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (os.mkdir, (os.environ["YOYAK_TEST_TRAP"],))


def test_nothing_is_ever_unpickled(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = tmp_path / "sprung"
    monkeypatch.setenv("YOYAK_TEST_TRAP", str(trap))
    with pytest.raises(Cut):
        fit(ToyJob(), recipe(), tmp_path / "run", on_step=cut_at(4))
    for name in ("optimizer.pt", "pytorch_model.bin", "state.pkl", "rng_state.pth"):
        (tmp_path / "run" / "checkpoints" / "step-000003" / name).write_bytes(pickle.dumps(Trap()))
    fit(ToyJob(), recipe(), tmp_path / "run", start=prepare(tmp_path / "run", resume=True))
    assert not trap.exists()
    for path in (root / "src").rglob("*.py"):
        assert not re.search(r"\btorch\.load\(|^import pickle|^from pickle|joblib", path.read_text(encoding="utf-8"), re.MULTILINE), path


def test_ctrl_c_and_sigterm_leave_a_checkpoint(tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        folder = tmp_path / str(int(number))

        def ask(progress: Progress, number: int = number) -> None:
            if progress.step == 4:
                os.kill(os.getpid(), number)

        with pytest.raises(KeyboardInterrupt):
            fit(ToyJob(), recipe(), folder, on_step=ask)
        assert names(folder)[-1] == "step-000005"  # the step that was under way is finished


def test_evaluations_choose_stop_and_keep(tmp_path: Path) -> None:
    script = iter([0.3, 0.5, 0.4, 0.45, 0.9])
    job, held, notes = ToyJob(epochs=6), {}, []

    def evaluate(step: int) -> dict[str, float]:
        held[step] = {name: parameter.detach().clone() for name, parameter in job.learned.items()}
        return {"rougeL": next(script)}

    chosen = recipe(epochs=6, keep_checkpoints=1, save_steps=100, evaluation=Evaluation(metric="rougeL", patience=2))
    outcome = fit(job, chosen, tmp_path, evaluate=evaluate, on_step=lambda progress: notes.extend(progress.notes))
    steps = sorted(held)
    assert len(steps) == 4, "stopped after two without a better one"
    assert (outcome.best, outcome.scores) == (steps[1], {"rougeL": 0.5})
    assert outcome.step == steps[3] < outcome.steps
    assert names(tmp_path) == [checkpoints.name_of(steps[1]), checkpoints.name_of(steps[3])], "the best besides the newest"
    assert all(torch.equal(parameter, held[steps[1]][name]) for name, parameter in job.learned.items()), "the best is put back"
    assert [row["scores"]["rougeL"] for row in read_metrics(tmp_path) if "scores" in row] == [0.3, 0.5, 0.4, 0.45]
    assert any("has not improved for 2 evaluations" in note for note in notes)


def test_an_evaluation_that_a_kill_cut_off_is_made_up_for(tmp_path: Path) -> None:
    def killed(step: int) -> dict[str, float]:
        raise Cut

    made: list[int] = []

    def evaluate(step: int) -> dict[str, float]:
        made.append(step)
        return {"loss": 1 / step}

    every = recipe(save_steps=100, evaluation=Evaluation(every=4))
    with pytest.raises(Cut):
        fit(ToyJob(), every, tmp_path, evaluate=killed)
    outcome = fit(ToyJob(), every, tmp_path, start=prepare(tmp_path, resume=True), evaluate=evaluate)
    assert made == sorted(looks_of(every, [0] * outcome.steps))
    assert outcome.best == outcome.step, "a loss is better when lower"
    made.clear()
    fit(ToyJob(), every, tmp_path, start=prepare(tmp_path, resume=True), evaluate=evaluate)
    assert made == [], "what is scored already is not scored again"


def test_a_score_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"rougeX.*rougeL"):
        fit(ToyJob(), recipe(evaluation=Evaluation(every=2, metric="rougeX")), tmp_path, evaluate=lambda step: {"rougeL": 0.1})


def test_a_gradient_that_is_not_finite_moves_nothing(tmp_path: Path) -> None:
    class Bad(ToyJob):
        bad = (2,)
        step = 0

        def loss(self, epoch: int, indices: Any) -> Any:
            self.step += 1
            return super().loss(epoch, indices) * (float("nan") if self.step in self.bad else 1)

    job, notes = Bad(), []
    fit(job, recipe(), tmp_path / "one", on_step=lambda progress: notes.extend(progress.notes))
    assert all(torch.isfinite(parameter).all() for parameter in job.learned.values())
    assert any("not finite" in note for note in notes)
    lost = Bad()
    lost.bad = tuple(range(1, 99))
    with pytest.raises(YoyakError, match=r"10 steps in a row.*learning_rate"):
        fit(lost, recipe(), tmp_path / "lost")


def test_trackers_are_given_what_the_file_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, dict[str, float]]] = []
    closed: list[bool] = []

    def fake(output: Path, settings: Any) -> Any:
        assert settings["model"] == "toy"
        return (lambda step, values: told.append((step, dict(values)))), (lambda: closed.append(True))

    from yoyak.train import report

    monkeypatch.setitem(report._OPEN, "mlflow", fake)
    fit(ToyJob(), recipe(report_to=["mlflow"], evaluation=Evaluation(every=5)), tmp_path, evaluate=lambda step: {"rougeL": 0.1})
    assert [values["train/loss"] for _, values in told if "train/loss" in values] == list(losses(tmp_path).values())
    assert any(values == {"dev/rougeL": 0.1} for _, values in told)
    assert closed == [True]
