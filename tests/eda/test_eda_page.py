"""The report: self-contained, complete, silent about people, and drawn without a missing glyph."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from eda_files import PHONE, rows
from tiny_models import tiny_bart
from yoyak.cli.main import main
from yoyak.eda.tokenizer import load

OUTSIDE = re.compile(r"""(?:src|href)\s*=\s*["'](?!#)|url\((?!data:)|@import|<script|<link""")


@pytest.fixture
def folder(make: Callable[..., Path], tmp_path: Path) -> Path:
    make("train.csv", rows("가", 30))
    make("dev.csv", rows("나", 10, ending="만납니다."))
    return tmp_path


def _run(folder: Path, *more: str, lang: str = "ko") -> Path:
    out = folder / "out"
    assert main(["--lang", lang, "eda", str(folder / "train.csv"), str(folder / "dev.csv"), "-o", str(out), *more]) == 0
    return out


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_the_page_needs_nothing_from_outside_and_no_script(folder: Path, lang: str) -> None:
    page = (_run(folder, lang=lang) / "index.html").read_text(encoding="utf-8")
    assert not OUTSIDE.search(page)
    assert f'<html lang="{lang}">' in page
    assert page.count("<li>") >= 5
    for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ET.fromstring(drawing)


def test_with_a_tokenizer_the_decision_stands_in_page_and_json(folder: Path) -> None:
    pytest.importorskip("tokenizers")
    pytest.importorskip("safetensors")
    load.cache_clear()
    out = _run(folder, "--tokenizer", str(tiny_bart(folder / "tiny")))
    stats = json.loads((out / "stats.json").read_text(encoding="utf-8"))
    [found] = stats["lengths"]
    assert found["lengths"]["encoder"] in [choice["limit"] for choice in found["encoder"]]
    page = (out / "index.html").read_text(encoding="utf-8")
    assert found["lengths"]["reason"] in page
    assert {"dialogue_characters", "summary_tokens/tiny", "compression"} <= set(stats["splits"][0]["measures"])
    assert stats["splits"][0]["measures"]["turns"]["histogram"]["counts"]
    assert stats["tokenizers"][0]["specials"] == 1


def test_pictures_are_drawn_without_a_warning(folder: Path) -> None:
    pytest.importorskip("matplotlib")
    out = _run(folder)
    assert {"characters.png", "shape.png", "relation.png", "noise.png", "topics.png"} <= {path.name for path in out.glob("*.png")}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in out.glob("*.png"))


def test_without_out_five_sentences_are_printed(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert main(["--lang", "ko", "eda", "train.csv", "dev.csv"]) == 0
    assert [line[:2] for line in capsys.readouterr().out.splitlines()] == ["1.", "2.", "3.", "4.", "5."]
    assert (folder / "eda-report" / "index.html").is_file()


def test_no_text_leaves_every_quotation_out(folder: Path) -> None:
    out = _run(folder, "--no-text")
    for name in ("index.html", "stats.json"):
        text = (out / name).read_text(encoding="utf-8")
        assert "도서관" not in text
        assert "주제 1" not in text


def test_personal_data_are_nowhere(make: Callable[..., Path], tmp_path: Path) -> None:
    talk = f'"#Person1#: 제 번호는 {PHONE}이에요ㅋㅋ\n#Person2#: 네, {PHONE} 맞죠?"'
    lines = [f"a_{n},{talk},#Person1#은 {PHONE}을 준다.,번호 {PHONE}" for n in range(6)]
    path = make("a.csv", "fname,dialogue,summary,topic\n" + "\n".join(lines) + "\n")
    assert main(["eda", str(path), "-o", str(tmp_path / "out")]) == 0
    for file in (tmp_path / "out").glob("*.*"):
        assert PHONE.encode() not in file.read_bytes(), file.name


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eda", str(tmp_path / "none.csv")]) == 2
    assert "none.csv" in capsys.readouterr().err
