"""Memory that runs out, injected and real: the run goes on with the same batches."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from toy_job import ToyJob, recipe  # noqa: E402
from yoyak.train.loop import Progress, fit, prepare  # noqa: E402
from yoyak.train.oom import Ladder, OutOfMemory, is_out_of_memory  # noqa: E402
from yoyak.train.process import MemoryCeiling, free_bytes  # noqa: E402
from yoyak.train.recipe import Batches  # noqa: E402
from yoyak.train.report import read_metrics  # noqa: E402
from yoyak.train.schedule import steps_of  # noqa: E402

SAID = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."
    ),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    MemoryError(),
]


def trained(folder: Path, job: ToyJob, notes: list[str] | None = None, **changes: Any) -> list[float]:
    fit(job, recipe(**changes), folder, on_step=lambda progress: (notes if notes is not None else []).extend(progress.notes))
    return [row["loss"] for row in read_metrics(folder)]


@pytest.mark.parametrize("error", SAID, ids=lambda error: type(error).__name__)
def test_the_batch_is_cut_and_the_effective_batch_stays(tmp_path: Path, error: BaseException) -> None:
    whole, short, notes = ToyJob(), ToyJob(oom=lambda rows, width: error if rows * width > 60 else None), []
    expected = trained(tmp_path / "whole", whole)
    assert trained(tmp_path / "short", short, notes) == pytest.approx(expected, abs=1e-4)
    for name, parameter in whole.learned.items():
        assert torch.allclose(parameter, short.learned[name], atol=1e-4)
    assert 1 <= len(notes) <= 2, "said in a line each time it goes down, and not at every step"
    assert "effective batch stays the same" in notes[0]
    assert "\n" not in notes[0]


def test_memory_that_runs_out_in_the_backward_pass(tmp_path: Path) -> None:
    class Late(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, value: Any, rows: int) -> Any:
            context.rows = rows
            return value * 1

        @staticmethod
        def backward(context: Any, gradient: Any) -> Any:
            if context.rows > 1:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return gradient, None

    class Job(ToyJob):
        def loss(self, epoch: int, indices: Any) -> Any:
            return Late.apply(super().loss(epoch, indices), len(indices))

    assert trained(tmp_path / "late", Job()) == pytest.approx(trained(tmp_path / "whole", ToyJob()), abs=1e-4)


def test_a_resumed_run_does_not_climb_down_again(tmp_path: Path) -> None:
    def oom(rows: int, width: int) -> BaseException | None:
        return MemoryError() if rows * width > 60 else None

    def cut(progress: Progress) -> None:
        if progress.step == 4:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fit(ToyJob(oom=oom), recipe(), tmp_path, on_step=cut)
    job, notes = ToyJob(oom=oom), []
    fit(job, recipe(), tmp_path, start=prepare(tmp_path, resume=True), on_step=lambda progress: notes.extend(progress.notes))
    assert not any("out of memory" in note for note in notes)


def test_one_row_that_does_not_fit_is_an_error_with_three_things_to_do(tmp_path: Path) -> None:
    with pytest.raises(OutOfMemory) as caught:
        fit(ToyJob(oom=lambda rows, width: MemoryError()), recipe(), tmp_path)
    message = str(caught.value)
    assert [line.split(".")[0].strip() for line in message.splitlines()[1:]] == ["1", "2", "3"]
    assert "--set batches.max_input_tokens=384" in message
    assert "gradient_checkpointing=true" in message
    with pytest.raises(OutOfMemory) as caught:
        fit(ToyJob(oom=lambda rows, width: MemoryError()), recipe(gradient_checkpointing=True, precision="auto"), tmp_path)
    assert "gradient_checkpointing" not in str(caught.value), "what is done already is no advice"


def test_an_optimizer_that_does_not_fit_says_so_before_the_first_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    job = ToyJob()
    monkeypatch.setattr(torch, "zeros_like", full)
    with pytest.raises(OutOfMemory, match="before any row"):
        fit(job, recipe(), tmp_path)


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        fit(ToyJob(oom=lambda rows, width: RuntimeError("shapes do not match")), recipe(), tmp_path)
    assert not is_out_of_memory(ValueError("out of memory"))


@pytest.mark.skipif(sys.platform != "linux", reason="the ceiling is Linux's")
def test_real_memory_that_runs_out(tmp_path: Path) -> None:
    """A job that really takes 64 MB a row, under a ceiling of 200 MB more than the process has."""

    class Hungry(ToyJob):
        def loss(self, epoch: int, indices: Any) -> Any:
            ballast = torch.ones(len(indices) * (64 << 20) // 4)
            return super().loss(epoch, indices) * ballast[0]

    from yoyak.train import loop, process

    class Low(MemoryCeiling):
        def __init__(self) -> None:
            super().__init__(process._held_bytes() + (200 << 20))

    patch = pytest.MonkeyPatch()
    patch.setattr(loop, "MemoryCeiling", Low)
    try:
        job = Hungry()
        found = trained(tmp_path / "low", job, batches=Batches(tokens=256, round_to=8))
    finally:
        patch.undo()
    batches = [rows for _, rows in steps_of(recipe(batches=Batches(tokens=256, round_to=8)), job.lengths)]
    assert max(job.calls) <= 3 < max(map(len, batches)), "more than three rows never came to be computed"
    assert found == pytest.approx(trained(tmp_path / "whole", ToyJob(), batches=Batches(tokens=256, round_to=8)), abs=1e-4)
    assert free_bytes() > 0


ROWS = st.lists(st.integers(1, 900), min_size=1, max_size=40)


@given(ROWS, st.one_of(st.none(), st.integers(1, 5000)))
def test_parts_hold_every_row_once_within_the_limit(lengths: list[int], limit: int | None) -> None:
    parts = Ladder(limit).parts(range(len(lengths)), lengths)
    assert [i for part in parts for i in part] == list(range(len(lengths)))
    for part in parts:
        assert limit is None or len(part) == 1 or len(part) * max(lengths[i] for i in part) <= limit


@given(ROWS)
def test_the_ladder_ends_at_one_row(lengths: list[int]) -> None:
    ladder, rows = Ladder(), list(range(len(lengths)))
    largest = len(rows)
    while ladder.down(rows, lengths):
        parts = ladder.parts(rows, lengths)
        assert len(parts) > 1
        largest = max(len(part) for part in parts)
    assert largest == 1
