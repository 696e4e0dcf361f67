"""`yoyak data` as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.cli.main import main

Make = Callable[..., Path]
CSV = 'fname,dialogue,summary,topic\ndev_0,"#Person1#: 배경ㅇ로 할까ㅋㅋ?\n#Person2#: ㅇㅇ",#Person1#은 묻는다.,배경\n'


def test_clean_and_restore(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out, back = make("a.csv", CSV), tmp_path / "b.csv", tmp_path / "c.csv"
    assert main(["data", "clean", str(source), "-o", str(out), "--diff"]) == 0
    shown = capsys.readouterr()
    assert "-#Person2#: ㅇㅇ" in shown.out
    assert "+#Person2#: 응" in shown.out
    assert "N2b" in shown.err
    run = json.loads((tmp_path / "b.csv.run.json").read_text(encoding="utf-8"))
    assert (run["changed"], run["rules"]) == (1, {"N1": 1, "N2": 1, "N2b": 1})
    assert main(["data", "restore", str(out), "-o", str(back)]) == 0
    assert back.read_bytes() == source.read_bytes()


def test_rules_are_selected_and_ignored(make: Make, tmp_path: Path) -> None:
    out = tmp_path / "b.csv"
    assert main(["data", "clean", str(make("a.csv", CSV)), "-o", str(out), "--select", "N1,n2", "--ignore", "N2"]) == 0
    assert "배경으로 할까ㅋㅋ?" in out.read_text(encoding="utf-8")
    assert main(["data", "clean", str(make("a.csv", CSV)), "-o", str(out), "--select", "N99"]) == 2


def test_bad_rows_exit_with_3(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = make("a.csv", CSV + "dev_1,nobody,x,y\n"), tmp_path / "b.csv"
    assert main(["data", "clean", str(source), "-o", str(out)]) == 3
    assert not out.exists()
    assert main(["data", "clean", str(source), "-o", str(out), "--keep-going"]) == 3
    assert out.exists()
    assert "dev_1" in capsys.readouterr().err


def test_check_exits_with_3_on_errors_alone(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(make("a.csv", CSV))]) == 0
    assert "[N1]" in capsys.readouterr().out
    assert main(["data", "check", str(make("a.csv", CSV + "dev_1,,x,y\n")), "--json"]) == 3
    problems = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"file", "row", "rule", "remedy", "severity"} <= problems[0].keys()
    assert "empty-dialogue" in [problem["rule"] for problem in problems]


def test_rules_are_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "rules"]) == 0
    assert "N2b" in capsys.readouterr().out
    assert main(["--lang", "ko", "data", "rules", "n2b"]) == 0
    assert "+ 응 갈게" in capsys.readouterr().out
    assert main(["data", "rules", "--json"]) == 0
    assert all(json.loads(line)["examples"] for line in capsys.readouterr().out.splitlines())
    assert main(["data", "rules", "N99"]) == 2


def test_split_and_style(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(root / "examples" / "dialogues.csv")
    assert main(["data", "split", source, "-o", str(tmp_path), "--ratios", "train=2,dev=1", "--json"]) == 0
    assert sum(json.loads(capsys.readouterr().out).values()) == 4
    assert main(["data", "style", source, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["styles"][0]["dialogues"] == 4
    assert main(["data", "split", source, "-o", str(tmp_path), "--ratios", "train"]) == 2
