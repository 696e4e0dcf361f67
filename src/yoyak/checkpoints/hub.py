"""A model's folder, from a path or from the hub: safetensors and JSON alone, never code and never pickled weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yoyak._extras import require
from yoyak.errors import ModelError

#: What is fetched. Python files and pickled weights (`*.bin`, `*.pt`) run code when they are loaded, so they do not come along.
WANTED = ("*.json", "*.safetensors", "*.model", "vocab.txt", "*.jinja", "LICENSE*", "NOTICE*")
_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def local_folder(model: str | Path, *, revision: str | None = None) -> Path:
    """The folder that holds the model: the path itself, or a copy of what the hub has under that name.

    Args:
        model: A folder, or OWNER/NAME on the hub.
        revision: Branch, tag or commit on the hub; a pull request is `refs/pr/N`.

    Raises:
        ModelError: There is no such folder or name, it cannot be fetched, or it holds no safetensors.
        MissingDependency: The extra `[train]` is not installed.
    """
    folder = Path(model)
    if folder.is_dir():
        return folder
    if not _NAME.fullmatch(str(model)):
        raise ModelError(f"there is no model {str(model)!r}: it is neither a folder nor a name on the hub (OWNER/NAME)")
    hub = require("huggingface_hub", extra="train")
    try:
        found = Path(hub.snapshot_download(str(model), revision=revision, allow_patterns=list(WANTED)))
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        raise ModelError(
            f"{model} cannot be fetched from the hub ({type(error).__name__}: {str(error).splitlines()[0]}); "
            "check the name and the connection, or give the folder of a copy"
        ) from error
    if not any(found.glob("*.safetensors")):
        raise ModelError(
            f"{model} holds no safetensors on the hub, only weights that run code when they are loaded. Name a revision that has them "
            "(revision: refs/pr/N; the hub's converter leaves such pull requests), or convert a copy that you trust and give its folder"
        )
    return found


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """A block in which transformers draws no progress bars of its own."""
    bars = require("transformers", extra="train").utils.logging
    drawn = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if drawn:
            bars.enable_progress_bar()
