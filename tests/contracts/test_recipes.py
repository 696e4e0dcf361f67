"""Every packaged recipe is valid, is listed and can be copied."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yoyak.cli.main import main
from yoyak.errors import ConfigError

pytest.importorskip("torch")

from yoyak.train.recipe import load_recipe, packaged


@pytest.mark.parametrize("name", packaged())
def test_it_is_valid_and_a_misspelt_key_is_answered(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.data.train
    with pytest.raises(ConfigError, match="did you mean 'epochs'"):
        load_recipe(name, settings=["epoch=1"])


def test_the_baseline_has_the_competitions_numbers() -> None:
    found = load_recipe("baseline").model_dump()
    assert found["batches"]["max_input_tokens"] == 512
    assert found["batches"]["max_target_tokens"] == 100
    assert found["optimizer"] | {"max_gradient_norm": None} == {
        "learning_rate": 1e-5,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_gradient_norm": None,
    }
    assert (found["epochs"], found["evaluation"]["patience"]) == (20, 3)
    assert (found["decoding"]["num_beams"], found["decoding"]["no_repeat_ngram_size"]) == (4, 2)


def test_recipes_are_listed_with_what_they_train(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "list", "--json"]) == 0
    found = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert set(found) == set(packaged())
    assert found["tiny-seq2seq"]["method"] == "seq2seq"
    assert all(entry["about"] for entry in found.values())
    assert main(["recipes", "list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(found)


def test_a_copy_is_the_recipe_and_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "mine.yaml"
    assert main(["recipes", "copy", "baseline", str(target)]) == 0
    assert load_recipe(str(target)) == load_recipe("baseline")
    assert main(["recipes", "copy", "baseline", str(target)]) == 2
    assert main(["recipes", "copy", "baseline", str(target), "--force"]) == 0
    assert main(["recipes", "copy", "baselin", str(target)]) == 2
    assert "baseline" in capsys.readouterr().err
    assert main(["recipes", "copy", "baseline", str(tmp_path / "mine.txt")]) == 2
    assert main(["recipes", "copy", "baseline", str(tmp_path)]) == 0
    assert (tmp_path / "baseline.yaml").is_file()
