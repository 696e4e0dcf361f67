"""What is wrong with KoBART's files is found and set right; a sound checkpoint is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("tokenizers")

from tiny_models import tiny_bart, tiny_gemma
from yoyak.checkpoints.convert import form_of, read_config
from yoyak.checkpoints.encoder_decoder import controls, faults, files_of, prepared
from yoyak.checkpoints.hub import local_folder
from yoyak.checkpoints.limits import reach
from yoyak.errors import ModelError


def test_kobart_like_faults_are_set_right_once(tmp_path: Path) -> None:
    base = tiny_bart(tmp_path / "base")
    wanted = {"foreign-start", "foreign-end", "no-bos-eos", "position-limit", "emoticons-special", "token-type-ids"}
    assert set(faults(files_of(base))) == wanted
    notes = prepared(base, tmp_path / "made")
    assert any("<usr>" in note for note in notes)
    found = controls(tmp_path / "made")
    assert (found.start, found.end, found.pad) == (0, 1, 3)
    form = form_of(tmp_path / "made", read_config(tmp_path / "made"))
    assert (form.prefix, form.suffix) == (("<s>",), ("</s>",))
    assert faults(files_of(tmp_path / "made")) == {}
    assert prepared(tmp_path / "made", tmp_path / "again") == ()


def test_the_original_stays_as_it_is(tmp_path: Path) -> None:
    base = tiny_bart(tmp_path / "base")
    before = {file.name: file.read_bytes() for file in base.iterdir()}
    prepared(base, tmp_path / "made", tags="tokens")
    assert before == {file.name: file.read_bytes() for file in base.iterdir()}


def test_a_model_that_only_decodes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no encoder"):
        prepared(tiny_gemma(tmp_path / "gemma"), tmp_path / "made")


def test_what_a_model_can_read(tmp_path: Path) -> None:
    base = tiny_bart(tmp_path / "base", positions=200)
    assert (reach(base).positions, reach(base).trained) == (200, None)
    (base / "yoyak.json").write_text(json.dumps({"max_input_tokens": 128}), encoding="utf-8")
    assert reach(base).trained == 128


def test_a_name_that_is_neither_folder_nor_hub_name_is_refused_without_the_network(tmp_path: Path) -> None:
    assert local_folder(tmp_path) == tmp_path
    with pytest.raises(ModelError, match="neither a folder nor a name"):
        local_folder("no such model")
