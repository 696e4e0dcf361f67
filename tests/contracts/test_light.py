"""Importing is light, the public names exist, help answers at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

import yoyak

HEAVY = ("torch", "kiwipiepy", "pydantic", "numpy", "transformers", "rich", "cyclopts", "yaml", "pyarrow", "jinja2")


def _modules_after(code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_yoyak_loads_nothing_heavy() -> None:
    assert not set(HEAVY) & _modules_after("import yoyak")


def test_the_command_line_loads_neither_models_nor_kiwi() -> None:
    loaded = _modules_after("import yoyak.cli.main")
    assert not {"torch", "kiwipiepy", "numpy", "pydantic", "transformers"} & loaded


@pytest.mark.parametrize("name", yoyak.__all__)
def test_every_public_name_loads_and_says_what_it_is(name: str) -> None:
    assert getattr(yoyak, name).__doc__


def test_there_are_about_a_dozen_and_none_is_a_package() -> None:
    assert 8 <= len(yoyak.__all__) <= 16
    packages = {"text", "data", "metrics", "summarize", "cli", "models", "report", "train", "tune", "doctor", "topics", "eda"}
    assert not packages & set(yoyak.__all__)
    with pytest.raises(AttributeError):
        yoyak.nothing  # noqa: B018
