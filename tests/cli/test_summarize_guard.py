"""`yoyak summarize --guard`: options, flags in text, JSONL and HTML, in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.cli.main import main
from yoyak.cli.messages import set_language
from yoyak.cli.review import told
from yoyak.records import Doubt

Make = Callable[..., Path]
TALK = "#Person1#: 내일 세 시에 도서관에서 만나자.\n#Person2#: 좋아, 책도 가져갈게.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--trust", "1.5", "--model", "gemma-3-270m"],
        ["--no-guard", "--trust", "0.5", "--model", "gemma-3-270m"],
        ["--guard", "--model", "gemma-3-270m", "--engine", "hf"],
        ["-o", "x.html", "--format", "csv"],
    ],
)
def test_wrong_usage_is_two(arguments: list[str], make: Make) -> None:
    assert main(["summarize", str(make("t.txt", TALK)), *arguments]) == 2


def test_a_page_is_written(make: Make, tmp_path: Path) -> None:
    out = tmp_path / "s.html"
    assert main(["summarize", str(make("talk.txt", TALK)), "-o", str(out)]) == 0
    assert "도서관" in out.read_text(encoding="utf-8")
    assert json.loads((tmp_path / "s.html.run.json").read_text(encoding="utf-8"))["flagged"] == 0


@pytest.mark.parametrize("name", ["s.jsonl", "s.txt", "s.html", "s.csv"])
def test_doubts_reach_the_file(name: str, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ctranslate2")
    from tiny_models import tiny_gemma

    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    model, out = tiny_gemma(tmp_path / "tiny"), tmp_path / name
    command = [
        "summarize",
        str(make("t.txt", TALK)),
        "--model",
        str(model),
        "--compute",
        "float32",
        "--max-new-tokens",
        "8",
        "--trust",
        "0",
    ]
    assert main([*command, "--lang", "ko", "-o", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    if name == "s.jsonl":
        assert set(json.loads(text)["needs_review"][0]) == {"sentence", "kind", "true", "turns"}
    elif name != "s.csv":
        assert "1번째 문장: " in text
    record = json.loads(out.with_name(name + ".run.json").read_text(encoding="utf-8"))
    assert record["flagged"] == 1
    assert record["decoding"]["guard"]["trust"] == 0


def test_a_doubt_in_two_languages() -> None:
    doubt = Doubt(2, "speaker", 0.62, (3, 4))
    set_language("ko")
    assert told(doubt) == "2번째 문장: 다른 사람의 말이나 일일 수 있음 (62 % 확실; 발화 3, 4)"
    set_language("en")
    assert told(doubt) == str(doubt)


def test_without_a_model_the_plan_chooses_what_is_retold(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summarize", str(make("talk.txt", TALK)), "--no-guard", "--format", "jsonl"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "extractive"
    assert main(["summarize", str(make("talk.txt", TALK)), "--format", "jsonl"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["model"] == "extractive+guard"
    assert "#Person2#는" in found["summary"]
    assert found["evidence"]


def test_the_defaults_trust_can_be_said_aloud(make: Make, tmp_path: Path) -> None:
    from yoyak.summarize.guard import RETELLING

    talk = str(make("talk.txt", TALK))
    assert main(["summarize", talk, "-o", str(tmp_path / "a.jsonl")]) == 0
    assert main(["summarize", talk, "--trust", str(RETELLING.trust), "-o", str(tmp_path / "b.jsonl")]) == 0
    records = [json.loads((tmp_path / f"{name}.jsonl.run.json").read_text(encoding="utf-8")) for name in "ab"]
    assert records[0]["decoding"] == records[1]["decoding"]
    assert (tmp_path / "a.jsonl").read_text(encoding="utf-8") == (tmp_path / "b.jsonl").read_text(encoding="utf-8")
