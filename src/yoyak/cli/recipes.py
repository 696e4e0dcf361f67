"""`yoyak recipes`: list, copy."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from yoyak._files import atomic
from yoyak.errors import UsageError
from yoyak.train.recipe import packaged

app = App(name="recipes", help="Recipes of training runs: list, copy.", default_parameter=Parameter(negative=()))


@app.command(name="list")
def list_recipes(*, json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False) -> int:
    """Recipes that come with yoyak: what each trains, and by which method.

    Parameters
    ----------
    json_
        Print JSON.
    """
    found = [{"name": name, **_told(_text(name))} for name in packaged()]
    if json_:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    width = max(len(entry["name"]) for entry in found)
    for entry in found:
        print(f"{entry['name']:{width}}  {entry['method']:8}  {entry['about']}")
    return 0


@app.command
def copy(recipe: str, target: Path | None = None, /, *, force: Annotated[bool, Parameter(show_default=False)] = False) -> int:
    """Write a packaged recipe to a file of your own, to change it there and train with `yoyak train FILE`.

    Parameters
    ----------
    recipe
        Its name.
    target
        The YAML file to write (default: RECIPE.yaml here).
    force
        Write over a file that is there.
    """
    if recipe not in packaged():
        from rapidfuzz import process

        nearest = process.extractOne(recipe, packaged(), score_cutoff=60)
        hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(packaged())}"
        raise UsageError(f"there is no recipe {recipe!r}; {hint}")
    place = target or Path(f"{recipe}.yaml")
    if place.is_dir():
        place = place / f"{recipe}.yaml"
    if place.suffix not in (".yaml", ".yml"):
        raise UsageError(f"{str(place)!r} does not end in .yaml, by which `yoyak train` knows a recipe's file")
    if place.exists() and not force:
        raise UsageError(f"{place} exists; name another file, or add --force to write over it")
    with atomic(place) as file:
        file.write(_text(recipe))
    print(place)
    return 0


def _text(name: str) -> str:
    return files("yoyak.recipes").joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def _told(text: str) -> dict[str, str]:
    """Method, model and the first sentence of the comment at the top."""
    from yoyak.config import load_yaml

    comment: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("# "))
    values = load_yaml(text, name="recipe")
    about = re.split(r"\.\s", " ".join(comment) + " ")[0].rstrip(". ")
    return {"method": str(values["method"]), "model": str(values.get("model", "")), "about": about}
