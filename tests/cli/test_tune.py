"""`yoyak tune` and `yoyak combine` as a user runs them; what tune saves is obeyed by summarize and told by score."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tiny_models import tiny_bart
from yoyak.checkpoints.manifest import read_manifest, update_manifest
from yoyak.cli.main import main
from yoyak.provenance import fingerprint
from yoyak.records import Dialogue, Turn

Make = Callable[..., Path]
SMALL = ["--set", "tokenize=char", "--set", "compute=float32", "--set", "space.max_new_tokens=[6]", "--set", "space.num_beams=[1,2,4]"]


def dev_rows(n: int) -> str:
    return "fname,dialogue,summary\n" + "".join(f'd{i},"#Person1#: {"만나자 좋아"[: 1 + i % 5]}\n#Person2#: 응",좋아\n' for i in range(n))


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("ctranslate2")
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    return tiny_bart(tmp_path / "tiny")


def test_combine_writes_and_says_where_from(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        make(f"{name}.csv", f"fname,summary\nd1,{text}\n") for name, text in (("a", "춥다."), ("b", "둘이 만난다."), ("c", "둘이 만난다!"))
    ]
    Path(f"{files[1]}.run.json").write_text(json.dumps({"tuned_on": {"dev.csv": "ab"}}), encoding="utf-8")
    out = tmp_path / "o.jsonl"
    assert main(["--lang", "en", "combine", *map(str, files), "-o", str(out), "--tokenize", "char"]) == 0
    [row] = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert row["summary"] == "둘이 만난다."
    assert row["model"] == str(files[1])
    record = json.loads((tmp_path / "o.jsonl.run.json").read_text(encoding="utf-8"))
    assert record["taken_from"] == {str(files[1]): 1}
    assert record["tuned_on"] == {"dev.csv": "ab"}
    assert "Wrote 1 summaries" in capsys.readouterr().err


def test_combine_refuses_what_makes_no_sense(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = make("a.csv", "fname,summary\nd1,가\n"), make("b.csv", "fname,summary\nd2,가\n")
    assert main(["combine", str(a), str(b), "-o", str(tmp_path / "o.csv")]) == 3
    told = capsys.readouterr().err
    assert f"{a}: 1 of 2 ids of the other files are missing: d2" in told
    assert f"{b}: 1 of 2 ids of the other files are missing: d1" in told
    assert main(["combine", str(a), str(a), "-o", str(tmp_path / "o.csv")]) == 2
    assert main(["combine", str(a), "-o", str(tmp_path / "o.csv")]) == 2
    assert main(["combine", str(a), str(b), "-o", str(a)]) == 2
    assert main(["combine", str(a), str(b), "-o", str(tmp_path / "o.csv"), "--agreement", "3"]) == 2
    assert not (tmp_path / "o.csv").exists()


def test_tune_needs_a_recipe_or_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "--trials", "3"]) == 2
    assert "--model and --dev" in capsys.readouterr().err


def test_tune_prints_a_table_and_writes_a_page(model: Path, make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("optuna")
    dev, out = make("dev.csv", dev_rows(10)), tmp_path / "run"
    command = ["--lang", "en", "tune", "--model", str(model), "--dev", str(dev), "--trials", "4", "-o", str(out), *SMALL]
    assert main(command) == 0
    told = capsys.readouterr()
    assert "1/4 today's setting" in told.err
    assert "rouge|tok:char" in told.out
    assert {"study.db", "tune.json", "tune.html", "search.json", "beams"} <= {path.name for path in out.iterdir()}
    assert main(command) == 2  # the folder holds a search
    assert main([*command, "--resume", "--json", "--save"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["rows"]) == 4
    assert found["rows"][0]["setting"]["num_beams"] == 1
    assert read_manifest(model)["decoding"] == found["rows"][found["choice"]]["setting"]


def test_what_is_saved_is_obeyed_and_told(model: Path, make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dev = make("dev.csv", dev_rows(4))
    out = tmp_path / "s.csv"

    def run(*more: str) -> dict[str, object]:
        assert main(["summarize", str(dev), "--model", str(model), "--compute", "float32", "-o", str(out), *more]) == 0
        found: dict[str, object] = json.loads(Path(f"{out}.run.json").read_text(encoding="utf-8"))
        return found

    assert run()["decoding"]["num_beams"] == 1  # type: ignore[index]
    before = set((tmp_path / "cache" / "ct2").iterdir())
    talks = [Dialogue("d", (Turn("#Person1#", "만나"), Turn("#Person2#", "응")))]
    chosen = {"decoding": {"num_beams": 4, "mbr": True, "max_new_tokens": 5}, "tuned_on_dialogues": [fingerprint(d) for d in talks]}
    update_manifest(model, chosen)
    record = run()
    decoding = record["decoding"]
    assert (decoding["num_beams"], decoding["mbr"], decoding["max_new_tokens"]) == (4, True, 5)  # type: ignore[index]
    assert record["tuned_on_dialogues"] == chosen["tuned_on_dialogues"]
    assert set((tmp_path / "cache" / "ct2").iterdir()) == before  # how to write is no reason to convert again
    over = run("--beams", "2")["decoding"]
    assert (over["num_beams"], over["mbr"], over["max_new_tokens"]) == (2, False, 5)  # type: ignore[index]
    assert run("--no-mbr")["decoding"]["mbr"] is False  # type: ignore[index]
    capsys.readouterr()
    # a part of what was tuned on, in another file, is known by what was said
    other = make("other.csv", "fname,dialogue,summary\n" + "".join(f'd{i},"#Person1#: 만나\n#Person2#: 응",좋아\n' for i in range(4)))
    assert main(["--lang", "en", "score", str(out), str(other), "--tokenize", "char"]) == 0
    assert "comes from a model tuned or stopped early on" in capsys.readouterr().err


def test_broken_settings_are_told(model: Path, make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    dev = make("dev.csv", dev_rows(4))
    for decoding, told in (({"beams": 4}, "unknown settings beams"), ({"num_beams": 0}, "at least 1"), ([], "a list")):
        update_manifest(model, {"decoding": decoding})
        assert main(["summarize", str(dev), "--model", str(model)]) == 1
        assert told in capsys.readouterr().err
    (model / "yoyak.json").write_text("{", encoding="utf-8")
    assert main(["summarize", str(dev), "--model", str(model)]) == 1
    assert "is not JSON" in capsys.readouterr().err


@pytest.mark.proof
def test_a_search_killed_again_and_again_ends_as_one_that_was_not(model: Path, make: Make, tmp_path: Path) -> None:
    dev = make("dev.csv", dev_rows(40))

    def command(out: Path) -> list[str]:
        head = [sys.executable, "-m", "yoyak.cli.main", "tune", "--model", str(model), "--dev", str(dev), "--trials", "10", "-o", str(out)]
        return [*head, *SMALL, "--resume"]

    subprocess.run(command(tmp_path / "whole"), check=True, capture_output=True)
    kills, ended = 0, False
    while not ended and kills < 20:
        with subprocess.Popen(command(tmp_path / "killed"), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
            assert process.stderr is not None
            ended = not any("/10 " in line for line in process.stderr)  # the first new setting, or the end
            if not ended:
                time.sleep(0.01 * (kills % 5))
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
    assert kills >= 5
    results = [json.loads((tmp_path / name / "tune.json").read_text(encoding="utf-8")) for name in ("whole", "killed")]
    rows = [[(row["setting"], row["score"]) for row in result["rows"]] for result in results]
    assert rows[0] == rows[1]
    assert results[0]["choice"] == results[1]["choice"]
