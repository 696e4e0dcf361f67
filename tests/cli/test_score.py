from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak._files import sha256
from yoyak.cli.main import main

Make = Callable[..., Path]
DATA = "fname,dialogue,summary,topic\n" + "".join(
    f'd{n},"#Person1#: {n}시에 만나자.\n#Person2#: 그래, 카페에서 봐.",#Person1#과 #Person2#는 {n}시에 카페에서 만나기로 한다.,약속\n'
    for n in range(1, 13)
)
GOOD = "fname,summary\n" + "".join(f"d{n},#Person1#과 #Person2#는 {n}시에 카페에서 만난다.\n" for n in range(12, 0, -1))
BAD = "fname,summary\n" + "".join(f"d{n},날씨가 무척 춥다고 한다.\n" for n in range(1, 13))


@pytest.fixture
def files(make: Make) -> tuple[str, str, str]:
    return str(make("good.csv", GOOD)), str(make("gold.csv", DATA)), str(make("bad.csv", BAD))


def test_json_holds_every_figure(files: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    good, gold, bad = files
    assert main(["score", good, gold, "--against", bad, "--json", "--preset", "competition", "--faithfulness"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert 0.5 < told["rouge1"]["low"] <= told["rouge1"]["f1"] <= told["rouge1"]["high"] <= 1
    assert told["final"] == pytest.approx(100 * sum(told[m]["f1"] for m in ("rouge1", "rouge2", "rougeL")) / 3)
    assert told["differences"]["bad.csv"]["rougeL"]["real"] is True
    assert told["baselines"]["shuffled"]["rouge1"] < told["rouge1"]["f1"]
    assert told["faithfulness"]["time"] == {"flagged": 0, "applicable": 12}
    assert told["n"] == 12


def test_the_table_and_the_verdict(files: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    good, gold, bad = files
    assert main(["--lang", "en", "score", bad, gold, gold, "--against", good, "--by", "--tokenize", "eojeol"]) == 0
    told = capsys.readouterr().out
    assert told.index("good.csv") < told.index("bad.csv")  # ranked
    assert "Real differences (bad.csv minus the other" in told
    assert "rouge|tok:eojeol" in told
    assert "by length" in told or "by turns" in told or "by topic" in told or "(reference 1)" in told


def test_every_sentence_is_verified_without_a_reference(
    files: tuple[str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, gold, bad = files
    assert main(["score", bad, gold, "--verifier", "rules", "--json", "--examples", str(tmp_path / "e.jsonl")]) == 0
    told = json.loads(capsys.readouterr().out)["verification"]
    assert told["sentences"] == told["summaries"] == told["doubtful_sentences"] == 12
    assert set(told["kinds"]) == {"invented"}
    [first, *_] = (tmp_path / "e.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(first)["verdicts"][0]["sentence"] == "날씨가 무척 춥다고 한다."
    assert main(["--lang", "en", "score", good, gold, "--verifier", "rules"]) == 0
    assert "0 of 12 sentences" in capsys.readouterr().out


def test_examples_and_page(files: tuple[str, str, str], tmp_path: Path) -> None:
    good, gold, _ = files
    assert main(["score", good, gold, "--examples", str(tmp_path / "e.jsonl"), "--html", str(tmp_path / "s.html")]) == 0
    rows = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["id"] for row in rows} == {f"d{n}" for n in range(1, 13)}
    page = (tmp_path / "s.html").read_text(encoding="utf-8")
    assert page.count('<section class="card"') == 12
    assert "http" not in page.replace("http-equiv", "")
    assert "<mark>카페</mark>" in page


def test_what_is_in_the_data_cannot_run_in_the_page(make: Make, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    gold = make("g.csv", f"fname,dialogue,summary\na,지훈: {evil},{evil}\nb,수아: 응,응\n")
    mine = make("p.csv", f"fname,summary\na,{evil}\nb,응\n")
    assert main(["score", str(mine), str(gold), "--html", str(tmp_path / "s.html")]) == 0
    assert evil not in (tmp_path / "s.html").read_text(encoding="utf-8")


def test_ids_that_do_not_fit_are_invalid_data(files: tuple[str, str, str], make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    _, gold, _ = files
    assert main(["score", str(make("p.csv", "fname,summary\nx,가\n")), gold]) == 3
    assert "no id of the predictions" in capsys.readouterr().err


def test_tuning_on_the_same_file_is_told(files: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    good, gold, _ = files
    record = {"selected_on": {"gold.csv": sha256(gold)}}
    Path(good + ".run.json").write_text(json.dumps(record), encoding="utf-8")
    assert main(["--lang", "en", "score", good, gold]) == 0
    assert "comes from a model tuned or stopped early on" in capsys.readouterr().err


def test_references_alone_without_dialogues(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(make("p.csv", BAD)), str(make("r.csv", GOOD)), "--json"]) == 0
    assert "lead-1" not in json.loads(capsys.readouterr().out)["baselines"]


def test_nothing_given_is_overwritten(files: tuple[str, str, str], capsys: pytest.CaptureFixture[str]) -> None:
    good, gold, _ = files
    before = Path(gold).read_bytes()
    for option in ("--html", "--examples"):
        assert main(["score", good, gold, option, gold]) == 2
    assert Path(gold).read_bytes() == before
    assert "would be overwritten" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("twice.csv", "fname,dialogue,summary\na,지훈: 응,가\na,지훈: 응,나\n", "2 times"),
        ("ragged.csv", "fname,summary\na,밥을, 먹는다\n", "3 cells"),
    ],
)
def test_files_that_would_be_misread_are_refused(
    make: Make, capsys: pytest.CaptureFixture[str], name: str, content: str, told: str
) -> None:
    mine = make("p.csv", "fname,summary\na,가\n")
    bad = make(name, content)
    assert main(["score", str(mine), str(bad)]) == 3
    assert told in capsys.readouterr().err


def test_one_system_twice_is_wrong_usage(files: tuple[str, str, str]) -> None:
    good, gold, _ = files
    assert main(["score", good, gold, "--against", good]) == 2
