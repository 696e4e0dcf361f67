"""`yoyak summarize` as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.cli.main import main

Make = Callable[..., Path]
TALK = "#Person1#: 내일 세 시에 도서관에서 만나자.\n#Person2#: 좋아, 책도 가져갈게.\n"


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "yoyak.cli.main", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, env={**os.environ, **environment}, check=False)


def test_the_examples_are_summarized_in_order_with_their_ids(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summarize", str(root / "examples"), "--format", "jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) >= 12
    ids = [row["id"] for row in rows]
    assert len(set(ids)) == len(ids)
    assert all(row["summary"].endswith(".") for row in rows)


def test_a_file_by_its_ending_with_its_run_record(make: Make, tmp_path: Path) -> None:
    source, out = make("talk.txt", TALK), tmp_path / "out" / "s.csv"
    assert main(["summarize", str(source), "-o", str(out)]) == 0
    [row] = csv.DictReader(io.StringIO(out.read_text(encoding="utf-8")))
    assert row["id"] == "talk"
    record = json.loads((tmp_path / "out" / "s.csv.run.json").read_text(encoding="utf-8"))
    assert record["model"] == "extractive+guard"
    assert len(record["inputs"][str(source)]) == len(record["output"][str(out)]) == 64
    assert "도서관" not in json.dumps(record, ensure_ascii=False)


def test_standard_input(make: Make) -> None:
    done = run("summarize", "-", stdin=TALK.encode(), PYTHONUTF8="1")
    assert done.returncode == 0
    assert done.stdout.decode().startswith("stdin\n  #Person")
    assert done.stderr == b""  # no progress when piped


def test_a_console_in_cp949_never_crashes_on_an_emoji() -> None:
    talk = "😀 지훈: 내일 세 시에 만나자 😀\n수아: 좋아 🐶\n"
    done = run("summarize", "-", "--format", "jsonl", stdin=talk.encode(), PYTHONIOENCODING="cp949", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert "지훈" in done.stdout.decode("cp949")


def test_bad_rows_stop_everything_before_any_work(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = make("a.csv", "fname,dialogue\na,지훈: 세 시에 만나자\nb,\nc,글\n"), tmp_path / "s.csv"
    assert main(["summarize", str(source), "-o", str(out)]) == 3
    assert not out.exists()
    told = capsys.readouterr().err
    for part in ("a.csv:2", "a.csv:3", "->"):
        assert part in told


def test_keep_going_writes_the_good_rows_and_sets_the_bad_ones_aside(make: Make, tmp_path: Path) -> None:
    source, out = make("a.csv", "fname,dialogue\na,지훈: 세 시에 만나자\nb,\nc,글\n"), tmp_path / "s.jsonl"
    assert main(["summarize", str(source), "-o", str(out), "--keep-going"]) == 3
    assert [json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()] == ["a"]
    rejects = [json.loads(line) for line in (tmp_path / "s.jsonl.rejects.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["row"]["fname"] for row in rejects] == ["b", "c"]


def test_like_a_sample_submission(make: Make, tmp_path: Path) -> None:
    source = make("t.csv", "fname,dialogue\na,지훈: 세 시에 만나자\nb,수아: 네 시에 보자\n")
    sample = make("sample.csv", ",fname,summary\n0,b,\n1,a,\n")
    assert main(["summarize", str(source), "-o", str(tmp_path / "s.csv"), "--like", str(sample)]) == 0
    rows = list(csv.reader(io.StringIO((tmp_path / "s.csv").read_text(encoding="utf-8"))))
    assert [row[:2] for row in rows] == [["", "fname"], ["0", "b"], ["1", "a"]]


@pytest.mark.parametrize(
    "arguments",
    [
        ["summarize"],
        ["summarize", "nowhere.csv"],
        ["summarize", "x", "--modle", "y"],
        ["nonsense"],
        ["summarize", "x.csv", "-o", "y.docx"],
        ["--lang", "fr", "summarize", "x"],
        ["summarize", "-", "--columns", "speech=a"],
        ["summarize", "-", "--format", "parquet"],
    ],
)
def test_wrong_usage_is_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("yoyak: ")


def test_an_unknown_model_is_one(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summarize", str(make("talk.txt", TALK)), "--model", "nowhere"]) == 1
    assert "extractive" in capsys.readouterr().err


def test_messages_follow_the_language(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(make("talk.txt", TALK))
    assert main(["--lang", "ko", "summarize", source, "-o", str(tmp_path / "a.csv")]) == 0
    assert "썼습니다" in capsys.readouterr().err
    assert main(["summarize", source, "-o", str(tmp_path / "a.csv"), "--lang", "en"]) == 0
    assert "Wrote 1" in capsys.readouterr().err
    assert main(["-q", "summarize", source, "-o", str(tmp_path / "a.csv")]) == 0
    assert capsys.readouterr().err == ""


def test_a_reader_that_stops_early_is_no_error(root: Path) -> None:
    command = f'"{sys.executable}" -m yoyak.cli.main summarize "{root / "examples"}" | head -n 1'
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, check=False)
    assert done.stderr == b""


def test_an_input_is_never_overwritten(make: Make, tmp_path: Path) -> None:
    source = make("a.csv", "fname,dialogue\na,지훈: 세 시에 만나자\n")
    before = source.read_bytes()
    assert main(["summarize", str(source), "-o", str(source)]) == 2
    assert source.read_bytes() == before
    make("in/talk.txt", TALK)
    for _ in range(2):  # the second run finds its own output in the folder and leaves it out
        assert main(["summarize", str(tmp_path / "in"), "-o", str(tmp_path / "in" / "s.jsonl")]) == 0
    assert len((tmp_path / "in" / "s.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_like_and_keep_going_together(make: Make, tmp_path: Path) -> None:
    source = make("t.csv", "fname,dialogue\na,지훈: 세 시에 만나자\nb,\n")
    sample = make("sample.csv", ",fname,summary\n0,b,empty\n1,a,empty\n")
    out = tmp_path / "s.csv"
    assert main(["summarize", str(source), "-o", str(out), "--like", str(sample), "--keep-going"]) == 3
    rows = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert rows[1] == ["0", "b", "empty"]
    assert rows[2][2] != "empty"
    assert (tmp_path / "s.csv.rejects.jsonl").exists()


def test_a_sample_that_does_not_fit_is_told_before_any_work(make: Make, tmp_path: Path) -> None:
    source = make("t.csv", "fname,dialogue\na,지훈: 세 시에 만나자\n")
    sample = make("sample.csv", ",fname,summary\n0,z,\n")
    assert main(["summarize", str(source), "-o", str(tmp_path / "s.csv"), "--like", str(sample)]) == 3
    assert list(tmp_path.glob("s.csv*")) == []


def test_a_header_alone_is_an_error(make: Make) -> None:
    assert main(["summarize", str(make("a.csv", "fname,dialogue\n"))]) == 3


def test_evidence_is_shown_when_asked_for(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summarize", str(make("talk.txt", TALK)), "--evidence"]) == 0
    assert "\n  [1" in capsys.readouterr().out
