"""`yoyak data mask`, `unmask` and `summarize --mask`; no value is seen outside the vault and the file it is put back into."""

from __future__ import annotations

import json
import os
import random
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from yoyak.cli.main import main
from yoyak.records import Dialogue, Prediction
from yoyak.summarize.engines.extractive import Extractive

Make = Callable[..., Path]
CSV = (
    "fname,dialogue,summary,topic\n"
    'd_0,"#Person1#: 제 번호는 010-1234-5678이에요.\n#Person2#: 메일은 minsu 골뱅이 네이버 닷컴이죠?",'
    "#Person1#의 번호는 010-1234-5678이다.,연락처\n"
    'd_1,"#Person1#: 밥 먹었어?\n#Person2#: 아직.",아직이다.,식사\n'
)


@pytest.fixture(autouse=True)
def no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YOYAK_VAULT_PASSWORD", raising=False)


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_mask_and_unmask(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str) -> None:
    source, out, vault, back = make("a.csv", CSV), tmp_path / f"m.{ending}", tmp_path / "v.json", tmp_path / f"b.{ending}"
    assert main(["data", "mask", str(source), "-o", str(out), "--vault", str(vault), "--json"]) == 0
    shown = capsys.readouterr()
    assert (
        json.loads(shown.out)["found"] == {"ko-pii": {"PhoneNumber": 1}, "yoyak": {"Email": 1, "PhoneNumber": 1}}
        or "PhoneNumber" in shown.out
    )
    text = out.read_text(encoding="utf-8")
    assert "5678" not in text
    assert "골뱅이" not in text
    assert "5678" not in shown.err + shown.out
    if os.name == "posix":
        assert stat.S_IMODE(vault.stat().st_mode) == 0o600
    assert main(["data", "unmask", str(out), "--vault", str(vault), "-o", str(back)]) == 0
    plain = tmp_path / f"p.{ending}"
    assert (
        main(["data", "mask", str(make("c.csv", CSV.replace("010-1234-5678", "x").replace("골뱅이", "y"))), "-o", str(plain), "--no-vault"])
        == 0
    )
    assert back.read_text(encoding="utf-8").replace("010-1234-5678", "x").replace("골뱅이", "y") == plain.read_text(encoding="utf-8")


def test_a_summary_of_the_masked_file_gets_its_values(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out, vault = make("a.csv", CSV), tmp_path / "m.csv", tmp_path / "v.json"
    assert main(["data", "mask", str(source), "-o", str(out), "--vault", str(vault)]) == 0
    summary, back = tmp_path / "s.csv", tmp_path / "b.csv"
    assert main(["summarize", str(out), "-o", str(summary)]) == 0
    summary.write_text("id,summary\nd_0,#Person1#은 #PhoneNumber#와 #PhoneNumber2#을 말한다.\nd_1,#PhoneNumber#.\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["data", "unmask", str(summary), "--vault", str(vault), "-o", str(back)]) == 0  # by the .run.json beside it
    assert "#Person1#은 010-1234-5678과 #PhoneNumber2#을 말한다." in back.read_text(encoding="utf-8")
    assert "#PhoneNumber2#" in capsys.readouterr().err
    other = make("other.csv", "id,summary\nd_0,#PhoneNumber#.\n")
    assert main(["data", "unmask", str(other), "--vault", str(vault), "-o", str(tmp_path / "x.csv")]) == 2
    assert "belongs to" in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()
    assert main(["data", "unmask", str(other), "--vault", str(vault), "-o", str(tmp_path / "x.csv"), "--masked", str(source)]) == 2
    assert main(["data", "unmask", str(other), "--vault", str(vault), "-o", str(tmp_path / "x.csv"), "--masked", str(out)]) == 0


def test_encrypted(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cryptography")
    source, out, vault, back = make("a.csv", CSV), tmp_path / "m.csv", tmp_path / "v.json", tmp_path / "b.csv"
    assert main(["data", "mask", str(source), "-o", str(out), "--vault", str(vault), "--encrypt"]) == 2  # nobody to ask
    monkeypatch.setenv("YOYAK_VAULT_PASSWORD", "비밀")
    assert main(["data", "mask", str(source), "-o", str(out), "--vault", str(vault), "--encrypt"]) == 0
    assert b"5678" not in vault.read_bytes()
    monkeypatch.setenv("YOYAK_VAULT_PASSWORD", "틀림")
    assert main(["data", "unmask", str(out), "--vault", str(vault), "-o", str(back)]) == 2
    assert not back.exists()
    monkeypatch.setenv("YOYAK_VAULT_PASSWORD", "비밀")
    assert main(["data", "unmask", str(out), "--vault", str(vault), "-o", str(back)]) == 0
    assert "010-1234-5678" in back.read_text(encoding="utf-8")


def test_wrong_usage_writes_nothing(make: Make, tmp_path: Path) -> None:
    source, out, vault = make("a.csv", CSV), tmp_path / "m.csv", make("v.json", "mine")
    for arguments in (
        ["-o", str(out)],
        ["-o", str(out), "--vault", str(tmp_path / "n.json"), "--no-vault"],
        ["-o", str(out), "--vault", str(vault)],
        ["-o", str(source), "--no-vault"],
        ["-o", str(tmp_path / "m.txt"), "--vault", str(tmp_path / "n.json")],
        ["-o", str(out), "--no-vault", "--encrypt"],
    ):
        assert main(["data", "mask", str(source), *arguments]) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv", "v.json"}
    assert vault.read_text(encoding="utf-8") == "mine"
    twice = make("t.csv", CSV + CSV.partition("\n")[2])
    assert main(["data", "mask", str(twice), "-o", str(out), "--vault", str(tmp_path / "n.json")]) == 3
    assert not out.exists()
    assert not (tmp_path / "n.json").exists()


def test_summarize_masks_before_the_engine_and_restores_after(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def summarize(self: Extractive, dialogues: Iterator[Dialogue]) -> Iterator[Prediction]:
        for dialogue in dialogues:
            seen.append(dialogue.text)
            yield Prediction(dialogue.id, "#Person1#의 번호는 #PhoneNumber#다.")

    monkeypatch.setattr(Extractive, "summarize", summarize)
    source, out = make("a.csv", CSV), tmp_path / "s.csv"
    assert main(["summarize", str(source), "--mask", "--no-guard", "-o", str(out)]) == 0
    assert "5678" not in "".join(seen)
    assert "#Person1#의 번호는 010-1234-5678이다." in out.read_text(encoding="utf-8")
    assert json.loads((tmp_path / "s.csv.run.json").read_text(encoding="utf-8"))["decoding"]["mask"] is True
    assert main(["summarize", str(source), "--mask", "--no-guard"]) == 0
    assert "010-1234-5678이다." in capsys.readouterr().out


def canaries() -> list[str]:
    draw = random.Random(50)
    digits = [f"{draw.randint(0, 9999):04d}-{draw.randint(0, 9999):04d}" for _ in range(30)]
    return [f"010-{number}" for number in digits] + [f"canary{number}@example.com" for number in range(20)]


def everything(folder: Path, *but: str) -> str:
    return "".join(
        path.read_text(encoding="utf-8", errors="replace") for path in folder.rglob("*") if path.is_file() and path.name not in but
    )


@pytest.mark.parametrize("verbose", [[], ["--verbose"]])
def test_canaries_are_nowhere_but_in_the_vault(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verbose: list[str]
) -> None:
    """50 values in dialogues that then fail in every way: a bad row, a crash on the way, an interruption, a vault that cannot be used."""
    values = canaries()
    rows = "".join(
        f'd_{n},"#Person1#: 연락처는 {value}예요.\n#Person2#: 네, {value} 적었어요.",{value}이다.,x\n' for n, value in enumerate(values)
    )
    head = "fname,dialogue,summary,topic\n"
    work = tmp_path / "work"
    work.mkdir()
    good, bad = (
        make("in/good.csv", head + rows),
        make("in/bad.csv", head + rows + "".join(f"bad_{n},{v},x,y\n" for n, v in enumerate(values))),
    )
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))

    def crash(self: Extractive, dialogues: Iterator[Dialogue]) -> Iterator[Prediction]:
        for number, dialogue in enumerate(dialogues):
            if number == 30:
                raise ValueError(f"cannot read {dialogue.text}")
            yield Prediction(dialogue.id, dialogue.turns[0].text)

    def run(*arguments: str) -> int | str:
        try:
            return main([*verbose, *arguments])
        except ValueError as error:  # --verbose hands the traceback on
            return str(error)

    assert run("data", "mask", str(bad), "-o", str(work / "m.csv"), "--vault", str(work / "v.json")) == 3
    assert not (work / "v.json").exists()
    assert run("data", "mask", str(good), "-o", str(work / "m.csv"), "--vault", str(work / "v.json")) == 0
    assert run("data", "mask", str(good), "-o", str(work / "n.csv"), "--vault", str(work / "v.json")) == 2
    (work / "half.json").write_bytes(b"")
    (work / "half.json").chmod(0o600)
    assert run("data", "unmask", str(work / "m.csv"), "--vault", str(work / "half.json"), "-o", str(work / "u.csv")) == 3
    assert run("data", "unmask", str(good), "--vault", str(work / "v.json"), "-o", str(work / "u.csv")) == 2
    assert run("summarize", str(bad), "--mask", "-o", str(work / "s.csv")) == 3
    monkeypatch.setattr(Extractive, "summarize", crash)
    message = run("summarize", str(good), "--mask", "--no-guard", "-o", str(work / "s.csv"))
    assert (work / "s.csv.journal.jsonl").exists()
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    assert run("summarize", str(bad), "--mask", "--keep-going", "-o", str(work / "t.csv")) == 3
    shown = capsys.readouterr()
    left = str(message) + shown.out + shown.err + everything(work, "v.json", "t.csv") + (everything(cache) if cache.exists() else "")
    assert [value for value in values if value in left] == []
    vault = (work / "v.json").read_text(encoding="utf-8")
    assert all(value in vault for value in values)
