"""An interrupted run is gone on with: same bytes, nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.cli.main import main
from yoyak.errors import UsageError
from yoyak.records import Prediction
from yoyak.summarize.journal import Journal, journal_path

Make = Callable[..., Path]
ROWS = [Prediction(f"d{i}", f"요약 {i}.", "m", ((1, 2),), ("note",), None if i % 3 else "failed") for i in range(10)]


def test_what_was_added_comes_back_whole(tmp_path: Path) -> None:
    out = tmp_path / "s.csv"
    with Journal(out, run={"a": 1}) as journal:
        for row in ROWS:
            journal.add(row)
    with Journal(out, run={"a": 1}, resume=True) as journal:
        assert journal.count == len(ROWS)
        assert list(journal.predictions()) == ROWS
        journal.remove()
    assert not journal_path(out).exists()


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_last_line_is_dropped(tmp_path: Path, cut: int) -> None:
    out = tmp_path / "s.csv"
    with Journal(out, run={}) as journal:
        for row in ROWS:
            journal.add(row)
    path = journal_path(out)
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(out, run={}, resume=True) as journal:
        assert journal.count == len(ROWS) - 1
        journal.add(ROWS[-1])
        assert list(journal.predictions()) == ROWS


def test_a_journal_is_neither_overwritten_nor_mixed_with_another_run(tmp_path: Path) -> None:
    out = tmp_path / "s.csv"
    Journal(out, run={"model": "a", "settings": {"num_beams": 1}}).close()
    with pytest.raises(UsageError, match="--resume"):
        Journal(out, run={"model": "a", "settings": {"num_beams": 1}})
    with pytest.raises(UsageError, match="another settings"):
        Journal(out, run={"model": "a", "settings": {"num_beams": 4}}, resume=True)


def table(make: Make, rows: int) -> Path:
    lines = [f"d{i},#Person1#: {i}시에 도서관에서 만나자. / #Person2#: 좋아." for i in range(rows)]
    text = "fname,dialogue\n" + "".join('{},"{}"\n'.format(*line.replace(" / ", "\n").split(",", 1)) for line in lines)
    return make("talks.csv", text)


def test_ctrl_c_keeps_what_is_finished_and_resume_ends_it(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, whole, out = table(make, 30), tmp_path / "whole.csv", tmp_path / "s.csv"
    assert main(["summarize", str(source), "-o", str(whole)]) == 0
    added = Journal.add

    def interrupted(journal: Journal, prediction: Prediction) -> None:
        if journal.count == 12:
            raise KeyboardInterrupt
        added(journal, prediction)

    monkeypatch.setattr(Journal, "add", interrupted)
    assert main(["summarize", str(source), "-o", str(out)]) == 130
    assert not out.exists()
    assert "--resume" in capsys.readouterr().err
    monkeypatch.undo()
    assert main(["summarize", str(source), "-o", str(out)]) == 2
    assert main(["summarize", str(source), "-o", str(out), "--resume"]) == 0
    assert out.read_bytes() == whole.read_bytes()
    assert not journal_path(out).exists()


def test_a_full_disk_leaves_the_finished_rows_readable(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = table(make, 10), tmp_path / "s.csv"
    added = Journal.add

    def full(journal: Journal, prediction: Prediction) -> None:
        if journal.count == 4:
            journal._file.write(b'{"id": "d4", "su')
            raise OSError(28, "No space left on device", str(journal.path))
        added(journal, prediction)

    monkeypatch.setattr(Journal, "add", full)
    assert main(["summarize", str(source), "-o", str(out)]) == 1
    lines = journal_path(out).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines[1:5]] == ["d0", "d1", "d2", "d3"]
    monkeypatch.undo()
    assert main(["summarize", str(source), "-o", str(out), "--resume"]) == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 11


def test_resume_without_a_journal_is_a_fresh_run_and_needs_files(make: Make, tmp_path: Path) -> None:
    source, out = table(make, 3), tmp_path / "s.csv"
    assert main(["summarize", str(source), "-o", str(out), "--resume"]) == 0
    assert main(["summarize", str(source), "--resume"]) == 2
    assert main(["summarize", "-", "-o", str(out), "--resume"]) == 2


def _kill_loop(source: Path, folder: Path, *model: str, delays: tuple[float, float], kills: int = 20) -> None:
    """SIGKILL at random moments while it works; then end it; the bytes are those of an uninterrupted run."""
    whole, out = folder / "whole.csv", folder / "s.csv"
    command = [sys.executable, "-m", "yoyak.cli.main", "-q", "summarize", str(source), *model]
    subprocess.run([*command, "-o", str(whole)], check=True, env=os.environ)
    dice = random.Random(7)
    killed = 0
    for kill in range(kills):
        process = subprocess.Popen([*command, "-o", str(out), "--resume"], env=os.environ)
        wanted = 1 + kill * 1900 // kills
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline and _lines(journal_path(out)) < wanted:
            time.sleep(0.01)
        time.sleep(dice.uniform(*delays))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        if out.exists():
            out.unlink()
    assert killed >= kills - 2  # else it was too fast to be interrupted, and nothing was proved
    subprocess.run([*command, "-o", str(out), "--resume"], check=True, env=os.environ)
    assert out.read_bytes() == whole.read_bytes()
    assert not journal_path(out).exists()


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.is_file() else 0


@pytest.mark.proof
def test_sigkill_at_20_random_moments_over_2000_rows_extractive(make: Make, tmp_path: Path) -> None:
    _kill_loop(table(make, 2000), tmp_path, delays=(0.0, 0.05))


@pytest.mark.proof
def test_sigkill_at_20_random_moments_over_2000_rows_model(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ctranslate2")
    from tiny_models import tiny_bart

    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    model = tiny_bart(tmp_path / "tiny")
    _kill_loop(table(make, 2000), tmp_path, "--model", str(model), "--max-new-tokens", "8", delays=(0.0, 0.2))
