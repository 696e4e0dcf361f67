"""Recipes: one documented YAML file says everything about a training run."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from yoyak.config import build, load_yaml, override
from yoyak.errors import ConfigError


class Strict(BaseModel):
    """A misspelt key is an error."""

    model_config = ConfigDict(extra="forbid")


class Data(Strict):
    """Files of dialogues with summaries."""

    train: list[str] = Field(description="files to learn from")
    dev: list[str] = Field(default=[], description="files to look at after each epoch")
    limit: int | None = Field(default=None, ge=1, description="use only the first rows of the training files")
    deal_speakers: bool = Field(
        default=False, description="from the second epoch on, speakers get other numbers, in turns and summary alike"
    )


class Optimizer(Strict):
    """AdamW with a cosine schedule."""

    learning_rate: float = Field(default=3e-4, gt=0)
    warmup: float = Field(default=0.05, ge=0, lt=1, description="share of the steps over which the rate rises")
    weight_decay: float = Field(default=0.0, ge=0)
    max_gradient_norm: float = Field(default=1.0, gt=0)


class Batches(Strict):
    """Batches by tokens, not by rows."""

    tokens: int = Field(default=4096, ge=64, description="padded tokens in a batch")
    round_to: int = Field(default=32, ge=1, description="lengths are rounded up to this, so that few shapes occur")
    max_input_tokens: int = Field(default=768, ge=32, description="prompts beyond it lose whole turns, counted and reported")


class Run(Strict):
    """What every training run says; a method's own recipe adds to it."""

    method: str
    model: str = Field(description="gemma-3-270m, a folder in Hugging Face form, or a name on the hub")
    data: Data
    optimizer: Optimizer = Optimizer()
    batches: Batches = Batches()
    epochs: int = Field(default=3, ge=1)
    seed: int = 0
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    save_steps: int = Field(default=50, ge=1, description="steps between two checkpoints: the most that a killed run loses")


#: Method -> the module that holds its `Recipe` (a Run) and its `train(recipe, output, *, resume, on_step) -> Path`.
METHODS = {"lora": "yoyak.train.lora"}


def packaged() -> list[str]:
    """Names of the recipes that come with yoyak."""
    return sorted(path.name.removesuffix(".yaml") for path in files("yoyak.recipes").iterdir() if path.name.endswith(".yaml"))


def load_recipe(name: str, *, settings: Iterable[str] = ()) -> Run:
    """The recipe of that name, or in that YAML file, with `key=value` settings on top; its class is its method's.

    Raises:
        ConfigError: There is none, or it is wrong; an unknown key is answered with the nearest known one.
    """
    if name in packaged():
        text = files("yoyak.recipes").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    elif Path(name).suffix in (".yaml", ".yml"):
        try:
            text = Path(name).read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"cannot read {name}: {error.strerror}") from error
    else:
        raise ConfigError(f"there is no recipe {name!r}; give a YAML file or one of: {', '.join(packaged())}")
    values = override(load_yaml(text, name=name), settings)
    method = values.get("method")
    if method not in METHODS:
        raise ConfigError(f"{name}: method is {method!r}; expected one of {', '.join(METHODS)}")
    recipe: type[Run] = import_module(METHODS[method]).Recipe
    return build(recipe, values, name=name)


def run(recipe: Run, output: Path, **options: Any) -> Path:
    """Train by the recipe's method; returns the folder of what was made. Options are those of the method's `train`."""
    made: Path = import_module(METHODS[recipe.method]).train(recipe, output, **options)
    return made
