"""Where built models are kept, and folders that are either whole or not there."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """The folder for models built on this machine: $YOYAK_CACHE, else the user's cache folder. Nothing in it cannot be built again."""
    if chosen := os.environ.get("YOYAK_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "yoyak" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "yoyak"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yoyak"


@contextmanager
def atomic_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """A new folder to fill, which takes the name `path` when the block ends without an exception.

    When another process has put a whole folder there meanwhile, that one stays and ours is dropped: both were built from the same. With
    `replace` ours takes the place of what was there.

    Example:
        >>> target = getfixture("tmp_path") / "model"
        >>> with atomic_folder(target) as folder:
        ...     _ = (folder / "a.txt").write_text("x", encoding="utf-8")
        >>> sorted(file.name for file in target.iterdir())
        ['a.txt']
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        if replace and path.is_dir():
            # No system renames onto a folder that holds files: for a moment there is none of that name, never half of one.
            path.rename(temporary.with_suffix(".old"))
        try:
            temporary.rename(path)
        except OSError:
            if not path.is_dir():  # not a race that was lost, but a real failure
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(temporary.with_suffix(".old"), ignore_errors=True)
