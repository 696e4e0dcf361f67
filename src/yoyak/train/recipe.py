"""Recipes: one documented YAML file says everything about a training run."""

from __future__ import annotations

import json
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
    clean: list[str] = Field(
        default=[],
        description="cleaning rules for dialogues (ids, `default` or `all`), which `summarize` then applies too, as the checkpoint says",
    )
    dev_limit: int | None = Field(default=None, ge=1, description="use only the first rows of the dev files")
    pairs: Literal["summaries", "evidence", "both"] = Field(
        default="summaries", description="`evidence`: each sentence from the turns it rests on alone (for plan, then write); `both`: mixed"
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


class Evaluation(Strict):
    """When the dev files are looked at, and what the scores decide."""

    every: Literal["epoch"] | int = Field(default="epoch", description="`epoch`, or a number of steps")
    metric: str | None = Field(
        default=None, description="the score that decides (one whose name holds `loss` is better when lower); default: the first"
    )
    patience: int | None = Field(default=None, ge=1, description="stop after that many evaluations without a better score; default: never")
    keep_best: int = Field(default=1, ge=0, description="best checkpoints kept besides the newest; 0: the last weights are the result")


class Topics(Strict):
    """What a summarizer is told about each dialogue's topic, in training and, since its checkpoint says so, in use."""

    hints: Literal["none", "topic", "keywords"] = Field(
        default="none", description="a line before the turns: the topic's group, or those of the group's words that the dialogue holds"
    )
    source: str = Field(default="predicted", description="`predicted`, or the column of the training files that holds the topic")
    model: str = Field(default="corpus", description="the topic model: `corpus`, or a folder that `yoyak topics fit` made")

    @property
    def column(self) -> str | None:
        """The column to read topics from; None: the usual one."""
        return None if self.hints == "none" or self.source == "predicted" else self.source


class Run(Strict):
    """What every training run says; a method's own recipe adds to it."""

    method: str
    model: str = Field(description="gemma-3-270m, a folder in Hugging Face form, or a name on the hub")
    data: Data
    optimizer: Optimizer = Optimizer()
    batches: Batches = Batches()
    epochs: int = Field(default=3, ge=1)
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="`auto`: a GPU where there is one")
    precision: Literal["auto", "bf16", "fp16", "fp32"] = Field(
        default="auto", description="`auto`: what the device computes fast and safely"
    )
    attention: Literal["auto", "flash_attention_2", "sdpa", "eager"] = Field(
        default="auto", description="`auto`: the best that is installed"
    )
    gradient_checkpointing: bool = Field(
        default=False, description="keep a layer's input only and compute the rest again: less memory, a third slower"
    )
    save_steps: int = Field(default=50, ge=1, description="steps between two checkpoints: the most that a killed run loses")
    keep_checkpoints: int = Field(default=2, ge=1, description="newest checkpoints that are kept")
    evaluation: Evaluation = Evaluation()
    report_to: list[Literal["tensorboard", "wandb", "mlflow"]] = Field(default=[], description="where the metrics go besides metrics.jsonl")


#: Method -> the module that holds its `Recipe` (a Run), its `train(recipe, output, *, resume: bool | Path, on_step) -> Path` (`resume` is
#: handed to `loop.prepare`) and its `outline(recipe) -> yoyak.train.outline.Outline`, what `--dry-run` reckons with.
METHODS = {
    "lora": "yoyak.train.lora",
    "full": "yoyak.train.lora",
    "seq2seq": "yoyak.train.seq2seq",
    "verifier": "yoyak.train.verifier",
    "topic-encoder": "yoyak.train.topic_encoder",
}


#: The recipe that the embedded adapter was made with.
EMBEDDED = "gemma-3-270m"


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


def own_files(name: str, file: Path) -> list[str]:
    """Settings by which a recipe learns from a person's own file: no other dev files, and the embedded model goes on from its adapter.

    Example:
        >>> own_files("gemma-3-270m", Path("mine.jsonl"))
        ['data.train=["mine.jsonl"]', 'data.dev=[]', 'start=embedded']
    """
    found = [f"data.train={json.dumps([file.as_posix()], ensure_ascii=False)}", "data.dev=[]"]
    return [*found, "start=embedded"] if name == EMBEDDED else found


def run(recipe: Run, output: Path, **options: Any) -> Path:
    """Train by the recipe's method; returns the folder of what was made. Options are those of the method's `train`."""
    made: Path = import_module(METHODS[recipe.method]).train(recipe, output, **options)
    return made
