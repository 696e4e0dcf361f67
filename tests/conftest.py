"""What tests share: a way to make files, and the folder of the repository."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

# Helpers that stand on torch hold doctests, so they are collected; without torch there is nothing to collect.
collect_ignore = [] if find_spec("torch") else ["toy_job.py", "shard_count.py"]

# The same examples in every run: a red run is reproducible. `make proofs` searches at random and longer.
settings.register_profile("fixed", derandomize=True, deadline=None)
if "proof" not in sys.argv:
    settings.load_profile("fixed")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """make("a.csv", "text", encoding="cp949") -> path"""

    def write(name: str, content: str | bytes, *, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write
