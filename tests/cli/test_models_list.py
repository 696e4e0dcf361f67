"""`yoyak models list` says how much each model can read and to what length it was trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yoyak.cli.main import main


def test_what_was_trained_here_is_listed_with_its_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    bart, t5 = tmp_path / "runs" / "a" / "model", tmp_path / "runs" / "b" / "model"
    for folder, config in ((bart, {"model_type": "bart", "max_position_embeddings": 1026}), (t5, {"model_type": "t5", "n_positions": 512})):
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (bart / "yoyak.json").write_text('{"max_input_tokens": 512}', encoding="utf-8")
    assert main(["--lang", "en", "models", "list"]) == 0
    out = capsys.readouterr().out
    assert "(1026 positions, trained to 512)" in out
    assert "(no position limit)" in out
    assert main(["models", "list", "--json"]) == 0
    assert [entry["trained"] for entry in json.loads(capsys.readouterr().out)["trained"]] == [512, None]
