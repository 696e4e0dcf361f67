from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from yoyak.config import build, load, load_yaml, override
from yoyak.errors import ConfigError


class Optimizer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    learning_rate: float = 1e-5
    warmup: float = 0.1


class Recipe(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    epochs: int = 3
    optimizer: Optimizer = Optimizer()


def test_scientific_numbers_are_numbers() -> None:
    assert load_yaml("a: 2e-4\nb: [1E5, x]\nc: {d: 3e2}\ne: 1e", name="r") == {"a": 2e-4, "b": [1e5, "x"], "c": {"d": 300.0}, "e": "1e"}


def test_settings_reach_into_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("name: 작은 실험\noptimizer: {warmup: 0}\n", encoding="utf-8-sig")
    recipe = load(Recipe, path, settings=["optimizer.learning_rate=3e-4", "epochs=1"])
    assert recipe == Recipe(name="작은 실험", epochs=1, optimizer=Optimizer(learning_rate=3e-4, warmup=0))


def test_a_misspelt_key_names_the_nearest_and_all_errors_come_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        build(Recipe, {"epoch": 2, "optimizer": {"learnin_rate": 1, "warmup": "x"}}, name="r.yaml")
    text = str(error.value)
    assert "did you mean 'epochs'" in text
    assert "did you mean 'learning_rate'" in text
    assert "optimizer.warmup" in text
    assert "name: " in text


@pytest.mark.parametrize("text", ["a: [1", "- 1", "a: b: c"])
def test_bad_yaml_is_an_error_that_names_the_file(text: str) -> None:
    with pytest.raises(ConfigError, match=r"r\.yaml"):
        load_yaml(text, name="r.yaml")


def test_overrides_leave_the_given_values_alone() -> None:
    given = {"a": {"b": 1}}
    assert override(given, ["a.b=2"]) == {"a": {"b": 2}}
    assert given == {"a": {"b": 1}}
    for setting in ("a", "=1", "a.b.c=1"):
        with pytest.raises(ConfigError):
            override({"a": {"b": 1}}, [setting])


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        load(Recipe, tmp_path / "none.yaml")
