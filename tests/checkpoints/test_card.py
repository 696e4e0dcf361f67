"""The model card says what the run knows and gives nothing away."""

from __future__ import annotations

from pathlib import Path

import yaml

from yoyak.checkpoints.card import Card, card_text, write_card


def card(**more: object) -> Card:
    recipe = {"model": "owner/base", "data": {"train": ["/home/someone/private/train.csv"], "dev": ["../dev.csv"]}, "epochs": 2}
    values = {"name": "m", "base": "owner/base", "method": "seq2seq", "recipe": recipe, "data": {"/home/someone/train.csv": "ab" * 32}}
    return Card(**{**values, "rows": 7, **more})  # type: ignore[arg-type]


def test_the_header_is_yaml_that_the_hub_reads() -> None:
    header = yaml.safe_load(card_text(card()).split("---")[1])
    assert header["base_model"] == "owner/base"
    assert header["language"] == "ko"


def test_no_folder_of_the_machine_is_named(tmp_path: Path) -> None:
    text = card_text(card(base=str(tmp_path), dev={"/home/someone/dev.csv": "cd" * 32}, scores={"rouge": 0.5}, signature="s"))
    assert "someone" not in text
    assert str(tmp_path.parent) not in text
    assert "base_model" not in text


def test_scores_come_with_their_signature_and_a_warning(tmp_path: Path) -> None:
    plain = write_card(tmp_path, card()).read_text(encoding="utf-8")
    assert "flatter" not in plain
    text = write_card(tmp_path, card(dev={"dev.csv": "cd" * 32}, scores={"rouge": 0.312}, signature="rouge|tok:x")).read_text(
        encoding="utf-8"
    )
    assert "| rouge | 31.2 |" in text
    assert "rouge|tok:x" in text
    assert "flatter" in text
    assert "ROUGE does not see whether a summary is true" in text
