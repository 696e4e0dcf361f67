"""Checkpoints of a run: complete or absent, never pickled.

A checkpoint is a folder that is filled under another name and renamed when its manifest, which is written last, lists every file with
size and SHA-256. What a kill leaves behind is a folder that nobody takes for a checkpoint.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yoyak._files import sha256
from yoyak.checkpoints.cache import atomic_folder
from yoyak.errors import ModelError

MANIFEST = "manifest.json"


def save(folder: Path, step: int, *, tensors: Mapping[str, Mapping[str, Any]], state: Mapping[str, Any], keep: int = 2) -> Path:
    """Write `folder/step-N`, whole or not at all, and drop all but the newest `keep`.

    Args:
        tensors: File stem -> name -> torch tensor; each becomes STEM.safetensors.
        state: JSON values: step, epoch, position, ...
    """
    from safetensors.torch import save_file

    target = folder / f"step-{step:06d}"
    with atomic_folder(target) as temporary:
        for stem, named in tensors.items():
            save_file({name: tensor.contiguous() for name, tensor in named.items()}, temporary / f"{stem}.safetensors")
        (temporary / "state.json").write_text(json.dumps(dict(state), indent=1), encoding="utf-8")
        manifest = {file.name: {"size": file.stat().st_size, "sha256": sha256(file)} for file in sorted(temporary.iterdir())}
        (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    for old in complete(folder)[:-keep]:
        shutil.rmtree(old)
    return target


def complete(folder: Path) -> list[Path]:
    """The complete checkpoints of a run, oldest first: those whose files all have the size that the manifest says."""
    found = []
    for candidate in sorted(folder.glob("step-*")) if folder.is_dir() else []:
        try:
            manifest = json.loads((candidate / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if all((candidate / name).is_file() and (candidate / name).stat().st_size == entry["size"] for name, entry in manifest.items()):
            found.append(candidate)
    return found


def read(checkpoint: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """(tensors by file stem, state) of a checkpoint, hashes checked.

    Raises:
        ModelError: A file is not the one that the manifest lists.
    """
    from safetensors.torch import load_file

    manifest = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))
    for name, entry in manifest.items():
        if sha256(checkpoint / name) != entry["sha256"]:
            raise ModelError(f"{checkpoint / name} is damaged (its hash is not the manifest's); resume from an older checkpoint")
    tensors = {file.stem: load_file(file) for file in sorted(checkpoint.glob("*.safetensors"))}
    return tensors, json.loads((checkpoint / "state.json").read_text(encoding="utf-8"))
