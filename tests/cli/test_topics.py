"""`yoyak topics`, and the options of `yoyak summarize`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.cli.main import main

Make = Callable[..., Path]


def _data(make: Make) -> Path:
    said = {"병원": "의사 선생님, 열이 나고 목이 아파요.", "여행": "비행기 표와 숙소를 예약하자."}
    rows = [
        {"id": f"{group}{n}", "dialogue": f"#Person1#: {text} {n}번", "summary": f"#Person1#은 {text}", "topic": f"{group} 이야기 {n}"}
        for n in range(10)
        for group, text in said.items()
    ]
    return make("data.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))


def test_fit_edit_fit_again_predict(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn")
    data = _data(make)
    assert main(["topics", "fit", str(data), "-o", str(tmp_path / "one"), "--groups", "2"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    table = tmp_path / "one" / "taxonomy.csv"
    edited = make(
        "edited.csv",
        "topic,group\n" + "".join(f"{g} 이야기 {n},{name}\n" for g, name in (("병원", "건강"), ("여행", "놀이")) for n in range(10)),
    )
    assert table.is_file()
    assert main(["topics", "fit", str(data), "-o", str(tmp_path / "two"), "--taxonomy", str(edited)]) == 0
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["건강", "놀이"]
    assert main(["topics", "predict", str(data), "--model", str(tmp_path / "two"), "--json", "--top", "2"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(row["id"][:2], row["topics"][0]["group"]) for row in rows} == {("병원", "건강"), ("여행", "놀이")}
    assert all(sum(topic["probability"] for topic in row["topics"]) == pytest.approx(1, abs=1e-3) for row in rows)
    assert main(["topics", "vocabulary", "건강", "--model", str(tmp_path / "two")]) == 0
    assert "의사" in capsys.readouterr().out


def test_what_is_shipped_predicts_and_shows_its_words(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    talk = make("a.txt", "#Person1#: 통장을 만들고 대출 이자를 알아보러 왔어요.\n#Person2#: 네, 고객님. 이체 수수료도 볼까요?")
    assert main(["topics", "predict", str(talk)]) == 0
    assert capsys.readouterr().out.startswith("a\t은행 ")
    out = talk.parent / "o.jsonl"
    assert main(["topics", "predict", str(talk), "-o", str(out)]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["topics"][0]["group"] == "은행"
    assert main(["topics", "vocabulary", "은행", "--json", "--top", "3"]) == 0
    assert len(json.loads(capsys.readouterr().out)["은행"]) == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["topics", "vocabulary", "없는묶음"], "there is no group"),
        (["topics", "predict", "a.txt", "-o", "a.csv"], ".jsonl"),
        (["topics", "fit", "a.txt", "-o", "o", "--groups", "1"], "--groups"),
        (["summarize", "a.txt", "--topics", "given"], "--topic-hints"),
        (["summarize", "a.txt", "--topic-hints", "topic"], "extractive"),
    ],
)
def test_wrong_usage_is_answered(
    make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    monkeypatch.chdir(make("a.txt", "가: 안녕하세요, 반가워요.\n나: 네.").parent)
    assert main(arguments) == 2
    assert says in capsys.readouterr().err
