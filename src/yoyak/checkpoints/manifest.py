"""`yoyak.json`: what training and tuning decided about a checkpoint, kept beside its weights so that nothing is chosen twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yoyak._files import atomic
from yoyak.errors import ModelError

NAME = "yoyak.json"

#: Keys that say on which data something was chosen; a prediction's `.run.json` takes them over, and `yoyak score` warns by them.
CHOSEN_ON = ("tuned_on", "selected_on", "tuned_on_dialogues")


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """What the folder's yoyak.json says; empty when there is none.

    Raises:
        ModelError: It is not a JSON object.

    Example:
        >>> read_manifest(getfixture("tmp_path"))
        {}
    """
    path = Path(folder) / NAME
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError as error:
        raise ModelError(f"{path} is not JSON ({error}); mend it, or delete it to go on with the defaults") from error
    if not isinstance(values, dict):
        raise ModelError(f'{path} holds a {type(values).__name__}; expected an object such as {{"decoding": {{...}}}}')
    return values


def update_manifest(folder: str | Path, values: Mapping[str, Any]) -> Path:
    """Put values into the folder's yoyak.json; what else stands there stays. The file is whole at every moment.

    Raises:
        ModelError: There is no such folder, or its yoyak.json is broken.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> _ = update_manifest(folder, {"max_input_tokens": 768})
        >>> _ = update_manifest(folder, {"decoding": {"num_beams": 4}})
        >>> read_manifest(folder)
        {'max_input_tokens': 768, 'decoding': {'num_beams': 4}}
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ModelError(f"there is no checkpoint folder {str(folder)!r} to write {NAME} into")
    made = read_manifest(folder) | dict(values)
    with atomic(folder / NAME) as file:
        json.dump(made, file, ensure_ascii=False, indent=1)
        file.write("\n")
    return folder / NAME


def chosen_on(folder: str | Path) -> dict[str, Any]:
    """The part of the manifest that says on which data the model or its settings were chosen."""
    return {key: value for key, value in read_manifest(folder).items() if key in CHOSEN_ON}


def refresh(source: Path, target: Path) -> None:
    """Let a folder that was built from `source` say what `source` says now: settings change without the weights being built again."""
    if not (source / NAME).is_file():
        return
    content = (source / NAME).read_bytes()
    if not (target / NAME).is_file() or (target / NAME).read_bytes() != content:
        with atomic(target / NAME, "wb") as file:
            file.write(content)
