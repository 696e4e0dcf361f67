import sys
from pathlib import Path

import pytest

from yoyak._extras import installed, require
from yoyak.errors import MissingDependency


def test_a_missing_package_gives_the_pip_line() -> None:
    with pytest.raises(MissingDependency, match=r"pip install 'yoyak\[train\]'"):
        require("no_such_package_at_all.part", extra="train")
    assert not installed("no_such_package_at_all")


def test_a_broken_package_gives_its_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_package_x.py").write_text("raise OSError('libfoo.so not found')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(MissingDependency, match=r"cannot be imported \(OSError: libfoo.so not found\)") as error:
        require("broken_package_x", extra="train")
    assert isinstance(error.value.__cause__, OSError)
