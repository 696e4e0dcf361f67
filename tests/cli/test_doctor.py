"""`yoyak doctor`: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("tokenizers")

from tiny_kobart import tiny_kobart
from yoyak.cli.main import main

Make = Callable[..., Path]


@pytest.fixture
def kobart(tmp_path: Path) -> str:
    return str(tiny_kobart(tmp_path / "kobart"))


def test_the_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == main(["doctor", "env", "--json"])
    capsys.readouterr()
    main(["doctor", "--json"])
    assert json.loads(capsys.readouterr().out)["plan"]["precision"]["reason"]
    main(["--lang", "en", "doctor"])
    assert "precision:" in capsys.readouterr().out


def test_tags_by_outputs_alone(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"d{n},는 에게 전화한다.\n" for n in range(9))
    path = str(make("out.csv", f"fname,summary\n{rows}"))
    assert main(["--lang", "en", "doctor", "tags", "--predictions", path]) == 1
    assert "lost first at: output (orphaned-josa)" in capsys.readouterr().out
    assert main(["doctor", "tags", "--predictions", path, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdict"] == {"first_lost": "output", "code": "orphaned-josa"}


def test_tags_of_a_healthy_model(kobart: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "ko", "doctor", "tags", "--model", kobart]) == 0
    assert "태그를 잃는 단계가 없습니다" in capsys.readouterr().out


def test_tags_by_a_packaged_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    assert main(["doctor", "tags", "--recipe", "baseline"]) == 0  # without model and data it can only warn
    assert "no_repeat_ngram_size=2" in capsys.readouterr().out


def test_wrong_usage(kobart: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "tags"]) == 2
    assert main(["doctor", "tags", "--predictions", "a.csv", "--cleaned", "b.csv"]) == 2
    assert main(["doctor", "checkpoint", kobart, "--fix"]) == 2
    assert main(["doctor", "checkpoint", kobart, "--fix", "-o", kobart]) == 2
    assert main(["doctor", "checkpoint", kobart, "--only", "nothing"]) == 2
    assert main(["doctor", "checkpoint", "no-such-folder"]) == 1
    assert "config.json" in capsys.readouterr().err


def test_a_checkpoint_is_diagnosed_and_fixed(kobart: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "checkpoint", kobart]) == 1
    assert "foreign-start" in capsys.readouterr().out
    fixed = tmp_path / "fixed"
    assert main(["doctor", "checkpoint", kobart, "--fix", "-o", str(fixed)]) == 0
    capsys.readouterr()
    assert main(["doctor", "checkpoint", str(fixed), "--json"]) == 0
    assert {f["level"] for f in json.loads(capsys.readouterr().out)["findings"]} <= {"note"}


def test_only_some_faults_are_fixed(kobart: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fixed = str(tmp_path / "fixed")
    assert main(["--lang", "en", "doctor", "checkpoint", kobart, "--fix", "-o", fixed, "--only", "foreign-start"]) == 1
    assert "Errors that are left: foreign-end, no-bos-eos" in capsys.readouterr().err


def test_outputs_that_never_stop(kobart: str, make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"d{n},{'그리고 다시 ' * 20}\n" for n in range(9))
    assert main(["doctor", "checkpoint", kobart, "--predictions", str(make("out.csv", f"fname,summary\n{rows}"))]) == 1
    assert "never-stops" in capsys.readouterr().out
