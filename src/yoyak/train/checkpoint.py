"""Checkpoints of a run: complete or absent, never pickled.

A checkpoint is a folder that is filled under another name and renamed when its manifest, which is written last, lists every file with
size and SHA-256. What a kill leaves behind is a folder that nobody takes for a checkpoint. Weights are safetensors and the rest is JSON:
nothing in a folder is ever unpickled, whoever wrote it.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from yoyak._files import sha256
from yoyak.checkpoints.cache import atomic_folder
from yoyak.errors import ModelError, UsageError

MANIFEST = "manifest.json"

log = logging.getLogger(__name__)


def save(
    folder: Path,
    step: int,
    *,
    tensors: Mapping[str, Mapping[str, Any]],
    state: Mapping[str, Any],
    keep: int = 2,
    protected: Collection[str] = (),
) -> Path:
    """Write `folder/step-N`, whole or not at all, and drop all but the newest `keep` and the protected ones.

    Args:
        folder: Where a run's checkpoints are.
        step: Optimizer steps done.
        tensors: File stem -> name -> torch tensor; each becomes STEM.safetensors.
        state: JSON values: step, epoch, position, ...
        keep: How many of the newest stay.
        protected: Names of older ones that stay too (the best).

    Raises:
        OSError: The disk is full, ...; older checkpoints are untouched.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    target = folder / name_of(step)
    with atomic_folder(target, replace=True) as temporary:
        for stem, named in tensors.items():
            try:
                save_file({name: tensor.contiguous() for name, tensor in named.items()}, temporary / f"{stem}.safetensors")
            except SafetensorError as error:  # a full disk among others
                raise OSError(f"cannot write checkpoint {target}: {error}") from error
        (temporary / "state.json").write_text(json.dumps(dict(state), indent=1), encoding="utf-8")
        manifest = {file.name: {"size": file.stat().st_size, "sha256": sha256(file)} for file in sorted(temporary.iterdir())}
        (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        for file in temporary.iterdir():
            _onto_disk(file)
    prune(folder, step, keep=keep, protected=protected)
    return target


def name_of(step: int) -> str:
    """The folder's name.

    Example:
        >>> name_of(50)
        'step-000050'
    """
    return f"step-{step:06d}"


def prune(folder: Path, step: int, *, keep: int, protected: Collection[str] = ()) -> None:
    """Drop all complete checkpoints but the newest `keep` and the protected ones, and what killed saves left half done.

    Those beyond `step` go too: they are of a future that a run which went on from an older checkpoint has left.
    """
    here = [found for found in complete(folder) if found.name <= name_of(step)]
    stay = {found.name for found in here[-keep:]} | set(protected)
    for found in complete(folder):
        if found.name not in stay:
            shutil.rmtree(found)
    for left in [*folder.glob(".step-*.part"), *folder.glob(".step-*.old")]:
        shutil.rmtree(left, ignore_errors=True)


def complete(folder: Path) -> list[Path]:
    """The complete checkpoints of a run, oldest first: those whose files all have the size that the manifest says."""
    return [candidate for candidate in sorted(folder.glob("step-*")) if is_complete(candidate)] if folder.is_dir() else []


def is_complete(checkpoint: Path) -> bool:
    """Whether the folder has a manifest and every file of it in the right size."""
    try:
        manifest = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))
        return {"weights.safetensors", "state.json"} <= set(manifest) and all(
            (checkpoint / name).stat().st_size == entry["size"] for name, entry in manifest.items()
        )
    except (OSError, ValueError, TypeError, KeyError):
        return False


def newest(folder: Path) -> Path | None:
    """The newest checkpoint whose files are those that its manifest lists, hashes checked; None when there is none."""
    for candidate in reversed(complete(folder)):
        if (name := _damaged(candidate)) is None:
            return candidate
        log.warning("%s is damaged and passed over", candidate / name)
    return None


def chosen(folder: Path) -> Path:
    """The checkpoint that a user names: a checkpoint's folder itself, or a run's folder, whose newest it is.

    Raises:
        UsageError: There is none.
        ModelError: It is damaged.
    """
    for place in (folder, folder / "checkpoints"):
        if found := newest(place):
            return found
    if is_complete(folder):
        read_state(folder)
        return folder
    held = [path.name for place in (folder, folder.parent) for path in complete(place)]
    raise UsageError(
        f"{folder} is no complete checkpoint and no run with one (expected {MANIFEST}, weights.safetensors, state.json)"
        + (f"; beside it there are: {', '.join(held)}" if held else "")
    )


def read(checkpoint: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """(tensors by file stem, state) of a checkpoint, hashes checked. Files that the manifest does not list are not looked at.

    Raises:
        ModelError: A file is not the one that the manifest lists.
    """
    from safetensors.torch import load_file

    state = read_state(checkpoint)
    manifest = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))
    tensors = {Path(name).stem: load_file(checkpoint / name) for name in sorted(manifest) if name.endswith(".safetensors")}
    return tensors, state


def read_state(checkpoint: Path) -> dict[str, Any]:
    """The JSON values of a checkpoint, hashes of all files checked.

    Raises:
        ModelError: A file is not the one that the manifest lists.
    """
    if (name := _damaged(checkpoint)) is not None:
        raise ModelError(f"{checkpoint / name} is damaged (its hash is not the manifest's); resume from an older checkpoint")
    state: dict[str, Any] = json.loads((checkpoint / "state.json").read_text(encoding="utf-8"))
    return state


def _damaged(checkpoint: Path) -> str | None:
    """The first file that is not the one that the manifest lists."""
    manifest = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))
    return next((name for name, entry in manifest.items() if sha256(checkpoint / name) != entry["sha256"]), None)


def _onto_disk(file: Path) -> None:
    """Wait until the file is on the disk: a name must not get there before the content."""
    with open(file, "rb+") as opened:
        os.fsync(opened.fileno())
