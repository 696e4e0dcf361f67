"""The mechanism of configuration: a YAML file, overrides from the command line, one documented pydantic model.

Each model lives beside the function that it configures; here is only how a file becomes one. A misspelt key is an error that names the
nearest right one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from yoyak.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import BaseModel

    Model = TypeVar("Model", bound=BaseModel)

_FLOAT = re.compile(r"[-+]?(\d[\d_]*\.?[\d_]*|\.[\d_]+)[eE][-+]?\d+")


def load_yaml(text: str, *, name: str) -> dict[str, Any]:
    """A YAML mapping; numbers such as `2e-4`, which YAML 1.1 reads as text, are numbers here.

    Raises:
        ConfigError: Not YAML, or not a mapping; the message says `name` and the line.

    Example:
        >>> load_yaml("lr: 2e-4\\nseed: 1", name="r.yaml")
        {'lr': 0.0002, 'seed': 1}
    """
    import yaml

    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}:{mark.line + 1}" if mark else name
        raise ConfigError(f"{place}: not YAML: {getattr(error, 'problem', None) or 'it cannot be parsed'}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{name}: expected 'key: value' lines, found a {type(value).__name__}")
    return {str(key): _numbers(item) for key, item in value.items()}


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return float(value) if isinstance(value, str) and _FLOAT.fullmatch(value) else value


def override(values: Mapping[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """A copy with `key=value` settings put in; `a.b=1` reaches into a nested mapping; values are read as YAML.

    Raises:
        ConfigError: A setting has no `=`, or reaches into something that is not a mapping.

    Example:
        >>> override({"train": {"lr": 1.0}}, ["train.lr=3e-4", "seed=7"])
        {'train': {'lr': 0.0003}, 'seed': 7}
    """
    result = _copied(values)
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals or not path:
            raise ConfigError(f"--set takes key=value, not {setting!r}")
        *parents, last = path.split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise ConfigError(f"--set {setting}: {parent!r} is a value and holds no keys")
        place[last] = load_yaml(f"value: {text}", name=f"--set {setting}")["value"]
    return result


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(item) if isinstance(item, Mapping) else item for key, item in values.items()}


def build(model: type[Model], values: Mapping[str, Any], *, name: str) -> Model:
    """The validated configuration. `model` should forbid extra keys (`model_config = ConfigDict(extra="forbid")`).

    Raises:
        ConfigError: Every wrong key and value at once; an unknown key with the nearest known one.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        lines = [_explained(item, model) for item in error.errors()]
        raise ConfigError("\n".join(f"{name}: {line}" for line in lines)) from error


def _explained(item: Any, model: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] != "extra_forbidden":
        return f"{key}: {item['msg']}"
    from rapidfuzz import process

    nearest = process.extractOne(str(item["loc"][-1]), _keys(model, item["loc"][:-1]), score_cutoff=60)
    return f"there is no key {key!r}" + (f"; did you mean {nearest[0]!r}?" if nearest else "")


def _keys(model: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """The keys known at that place of the model."""
    from pydantic import BaseModel

    for part in path:
        field = model.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type) or not issubclass(field.annotation, BaseModel):
            return []
        model = field.annotation
    return list(model.model_fields)


def load(model: type[Model], path: str | Path, *, settings: Iterable[str] = ()) -> Model:
    """The configuration in a YAML file with `key=value` settings on top.

    Raises:
        ConfigError: The file is missing or wrong; see :func:`load_yaml`, :func:`override` and :func:`build`.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8; save it as UTF-8") from error
    return build(model, override(load_yaml(text, name=str(path)), settings), name=str(path))
