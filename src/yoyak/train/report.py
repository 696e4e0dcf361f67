"""Metrics of a run: a line of JSON each, always; TensorBoard, Weights & Biases or MLflow besides, when the recipe asks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

from yoyak._extras import require
from yoyak._files import atomic

METRICS = "metrics.jsonl"
Sink = Callable[[int, Mapping[str, float]], None]


class Metrics:
    """`metrics.jsonl` and the trackers; a context manager.

    Each step has one line with `step`, `epoch`, `loss`, ...; each evaluation one with `step`, `epoch` and `scores`.

    Args:
        output: The run's folder.
        after: The step that the run goes on from: lines beyond it, left by a run that was cut off, are dropped.
        report_to: Names of trackers, opened here.
        settings: The recipe, for trackers that show it.
        writes: False in all processes of a run but one: nothing is written.

    Raises:
        MissingDependency: A tracker is not installed.
    """

    def __init__(
        self,
        output: Path,
        *,
        after: int = 0,
        report_to: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
        writes: bool = True,
    ) -> None:
        self._file: IO[str] | None = None
        self._sinks: list[Sink] = []
        self._closers: list[Callable[[], None]] = []
        if not writes:
            return
        self.path = output / METRICS
        kept = [row for row in read_metrics(output) if row["step"] <= after]
        with atomic(self.path) as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
        self._sinks, self._closers = open_trackers(report_to, output, settings or {})
        self._file = open(self.path, "a", encoding="utf-8")  # noqa: SIM115 (closed by __exit__)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()
        for close in self._closers:
            close()

    def step(self, step: int, **values: float) -> None:
        """A training step's figures."""
        self._write({"step": step, **values})
        for sink in self._sinks:
            sink(step, {f"train/{name}": value for name, value in values.items()})

    def scores(self, step: int, epoch: int, scores: Mapping[str, float]) -> None:
        """An evaluation's scores; on the disk when this returns."""
        self._write({"step": step, "epoch": epoch, "scores": dict(scores)})
        if self._file:
            os.fsync(self._file.fileno())
        for sink in self._sinks:
            sink(step, {f"dev/{name}": value for name, value in scores.items()})

    def _write(self, row: Mapping[str, Any]) -> None:
        if self._file:
            self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
            self._file.flush()


def read_metrics(output: Path) -> list[dict[str, Any]]:
    """The rows of a run's metrics.jsonl; a line that a kill tore is left out.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> _ = (folder / "metrics.jsonl").write_text('{"step": 1, "loss": 2.5}\\n{"step": 2, "lo')
        >>> read_metrics(folder)
        [{'step': 1, 'loss': 2.5}]
    """
    try:
        lines = (output / METRICS).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            found.append(row)
    return found


def open_trackers(names: Sequence[str], output: Path, settings: Mapping[str, Any]) -> tuple[list[Sink], list[Callable[[], None]]]:
    """(what is given each step's values, what is called at the end) of the named trackers."""
    opened = [_OPEN[name](output, settings) for name in names]
    return [sink for sink, _ in opened], [close for _, close in opened]


def _tensorboard(output: Path, settings: Mapping[str, Any]) -> tuple[Sink, Callable[[], None]]:
    require("tensorboard", extra="tensorboard")
    writer = require("torch.utils.tensorboard", extra="train").SummaryWriter(str(output / "tensorboard"))
    writer.add_text("recipe", json.dumps(settings, ensure_ascii=False, indent=1))

    def sink(step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            writer.add_scalar(name, value, step)

    return sink, writer.close


def _wandb(output: Path, settings: Mapping[str, Any]) -> tuple[Sink, Callable[[], None]]:
    run = require("wandb", extra="wandb").init(project="yoyak", name=output.name, dir=str(output), config=dict(settings), resume="allow")
    return (lambda step, values: run.log(dict(values), step=step)), run.finish


def _mlflow(output: Path, settings: Mapping[str, Any]) -> tuple[Sink, Callable[[], None]]:
    mlflow = require("mlflow", extra="mlflow")
    mlflow.set_experiment("yoyak")
    mlflow.start_run(run_name=output.name)
    mlflow.log_dict(dict(settings), "recipe.json")
    return (lambda step, values: mlflow.log_metrics(dict(values), step=step)), mlflow.end_run


_OPEN = {"tensorboard": _tensorboard, "wandb": _wandb, "mlflow": _mlflow}
