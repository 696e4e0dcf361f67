"""Recipes: one documented YAML file says everything about a training run."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from yoyak.config import build, load, load_yaml, override
from yoyak.errors import ConfigError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Data(_Strict):
    """Files of dialogues with summaries."""

    train: list[str] = Field(description="files to learn from")
    dev: list[str] = Field(default=[], description="files to look at after each epoch")
    limit: int | None = Field(default=None, ge=1, description="use only the first rows of the training files")


class Lora(_Strict):
    """The adapter (Hu et al., 2021)."""

    rank: int = Field(default=32, ge=1)
    alpha: int = Field(default=64, ge=1, description="updates are scaled by alpha / rank")
    dropout: float = Field(default=0.05, ge=0, lt=1)
    targets: list[str] = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class Optimizer(_Strict):
    """AdamW with a cosine schedule."""

    learning_rate: float = Field(default=3e-4, gt=0)
    warmup: float = Field(default=0.05, ge=0, lt=1, description="share of the steps over which the rate rises")
    weight_decay: float = Field(default=0.0, ge=0)
    max_gradient_norm: float = Field(default=1.0, gt=0)


class Batches(_Strict):
    """Batches by tokens, not by rows."""

    tokens: int = Field(default=4096, ge=64, description="padded tokens in a batch")
    round_to: int = Field(default=64, ge=1, description="lengths are rounded up to this, so that few shapes occur")
    max_input_tokens: int = Field(default=768, ge=32, description="prompts beyond it lose whole turns, counted and reported")


class Recipe(_Strict):
    """A LoRA run."""

    method: Literal["lora"] = "lora"
    model: str = Field(description="gemma-3-270m, or a folder in Hugging Face form")
    data: Data
    lora: Lora = Lora()
    optimizer: Optimizer = Optimizer()
    batches: Batches = Batches()
    epochs: int = Field(default=3, ge=1)
    seed: int = 0
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    save_steps: int = Field(default=50, ge=1, description="steps between two checkpoints: the most that a killed run loses")


def packaged() -> list[str]:
    """Names of the recipes that come with yoyak."""
    return sorted(path.name.removesuffix(".yaml") for path in files("yoyak.recipes").iterdir() if path.name.endswith(".yaml"))


def load_recipe(name: str, *, settings: Iterable[str] = ()) -> Recipe:
    """The recipe of that name, or in that YAML file, with `key=value` settings on top.

    Raises:
        ConfigError: There is none, or it is wrong; an unknown key is answered with the nearest known one.
    """
    if name in packaged():
        text = files("yoyak.recipes").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
        return build(Recipe, override(load_yaml(text, name=name), settings), name=name)
    if Path(name).suffix in (".yaml", ".yml"):
        return load(Recipe, name, settings=settings)
    raise ConfigError(f"there is no recipe {name!r}; give a YAML file or one of: {', '.join(packaged())}")
