"""What `yoyak tune` is asked to do: one documented YAML file, or the options of the command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from yoyak.config import build, load, override

_Beams = Annotated[int, Field(ge=1, le=64)]
_Penalty = Annotated[float, Field(ge=0, le=5)]
_Repetition = Annotated[float, Field(ge=1, le=3)]
_Ngram = Annotated[int, Field(ge=0, le=20)]
_Tokens = Annotated[int, Field(ge=1, le=4096)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Space(_Strict):
    """The values that may be tried; a list of one keeps that setting fixed. What the checkpoint does today is always among them."""

    num_beams: list[_Beams] = Field(default=[1, 2, 4, 8], min_length=1)
    length_penalty: list[_Penalty] = Field(default=[0.6, 0.8, 1.0, 1.3, 1.6, 2.0], min_length=1, description="matters with beams alone")
    repetition_penalty: list[_Repetition] = Field(default=[1.0, 1.05, 1.1, 1.2], min_length=1)
    no_repeat_ngram_size: list[_Ngram] = Field(default=[0, 3, 4, 5], min_length=1)
    max_new_tokens: list[_Tokens] = Field(default=[64, 96, 160], min_length=1)
    mbr: list[bool] = Field(default=[False, True], min_length=1, description="whether beams vote; matters with beams alone")


class TuneRecipe(_Strict):
    """A search for decoding settings."""

    model: str = Field(description="the folder of a checkpoint, or gemma-3-270m")
    dev: list[str] = Field(min_length=1, description="files of dialogues with summaries; several files of one's own are put together")
    limit: int | None = Field(default=None, ge=4, description="use only the first dialogues")
    half: Literal[1, 2] = Field(default=1, description="which half of them is tuned on; the other one tells what the gain is worth")
    trials: int = Field(default=30, ge=1, description="different settings to try, today's among them")
    seed: int = Field(default=0, ge=0, description="divides the halves and leads the search")
    compute: Literal["int8", "float32", "float16", "bfloat16"] = "int8"
    device: Literal["cpu", "cuda"] = "cpu"
    tokenize: Literal["morpheme", "eojeol", "char", "mecab"] = "morpheme"
    rule: Literal["mean", "max"] = Field(default="mean", description="over several references of a dialogue")
    space: Space = Space()


def load_recipe(path: str | None, *, given: dict[str, Any], settings: Iterable[str] = ()) -> TuneRecipe:
    """The recipe of a YAML file (None: an empty one), with the options that were given and `key=value` settings on top.

    Raises:
        ConfigError: The file is missing or wrong; an unknown key is answered with the nearest known one.

    Example:
        >>> recipe = load_recipe(None, given={"model": "m", "dev": ["dev.csv"]}, settings=["space.num_beams=[1, 4]"])
        >>> recipe.trials, recipe.space.num_beams
        (30, [1, 4])
    """
    if path is None:
        return build(TuneRecipe, override(given, settings), name="options")
    options = [f"{key}={_yaml(value)}" for key, value in given.items()]
    return load(TuneRecipe, path, settings=[*options, *settings])


def _yaml(value: Any) -> str:
    import yaml

    return str(yaml.safe_dump(value, default_flow_style=True, width=1_000_000, allow_unicode=True)).removesuffix("\n...\n").strip()
