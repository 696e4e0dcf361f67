"""Two processes train what one trains."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from toy_job import ToyJob, recipe  # noqa: E402
from yoyak.train.checkpoint import complete, read  # noqa: E402
from yoyak.train.loop import fit  # noqa: E402
from yoyak.train.report import read_metrics  # noqa: E402


def test_two_processes_do_what_one_does(tmp_path: Path, root: Path) -> None:
    fit(ToyJob(), recipe(), tmp_path / "one")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root / "tests")]),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": "2",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, str(root / "tests" / "toy_job.py"), str(tmp_path / "two")]
    started = [
        subprocess.Popen(command, env=given | {"RANK": rank, "LOCAL_RANK": rank}, stderr=subprocess.PIPE, text=True) for rank in "01"
    ]
    for process in started:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    one, two = ([row["loss"] for row in read_metrics(tmp_path / name)] for name in ("one", "two"))
    assert len(two) == len(one), "one process writes"
    assert two == pytest.approx(one, abs=1e-4)
    weights = [read(complete(tmp_path / name / "checkpoints")[-1])[0]["weights"] for name in ("one", "two")]
    for name, tensor in weights[0].items():
        assert torch.allclose(tensor, weights[1][name], atol=1e-4)
