"""The machine's description: extras, versions that conflict, what is missing, and that it always comes out."""

from __future__ import annotations

import json

import pytest

from yoyak.doctor import env
from yoyak.doctor.env import conflicts, describe, extras, free_memory


def test_this_machine_can_be_described() -> None:
    found = describe()
    assert found.plan.precision.reason
    assert found.disk_bytes > 0
    assert found.memory_bytes[1] <= found.memory_bytes[0] or found.memory_bytes[0] == 0
    assert json.loads(json.dumps(found.to_json()))["plan"]["attention"]["value"] == found.plan.attention.value
    assert free_memory() >= 0


def test_extras_are_complete_when_all_their_packages_are_there() -> None:
    lines = [
        "numpy>=2",
        "torch>=2.10; extra == 'train'",
        'peft>=0.21; extra == "train"',
        "yoyak[ct2]; extra == 'gemma'",
        "x; extra == 'dev'",
    ]
    [train] = extras(lines, version={"torch": "2.13.0"}.get)
    assert train.packages == {"torch": "2.13.0", "peft": None}
    assert not train.complete
    assert extras(lines, version=lambda name: "1")[0].complete


def test_conflicts_are_found_and_other_extras_leave_one_in_peace() -> None:
    pytest.importorskip("packaging")
    needs = {
        "transformers": ["tokenizers<0.23,>=0.22", "gone>=1", "ray; extra == 'ray'", "winreg; sys_platform == 'nowhere'", "not a ! line"],
        "yoyak": ["torch>=2.10; extra == 'train'", "optuna>=5; extra == 'tune'"],
    }
    have = {"tokenizers": "0.23.3", "torch": "2.4.0+cpu", "ray": "0.1"}
    found = conflicts(needs, requires=needs.get, version=have.get)  # type: ignore[arg-type]
    assert [(finding.code, finding.what) for finding in found] == [
        ("version-conflict", "transformers needs tokenizers<0.23,>=0.22; installed is 0.23.3"),
        ("missing", "transformers needs gone>=1, which is not installed"),
        ("version-conflict", "yoyak needs torch>=2.10; installed is 2.4.0+cpu"),
    ]
    assert "pip install 'tokenizers<0.23,>=0.22'" in found[0].fix


def test_a_broken_package_is_told_from_a_missing_one(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    import sys
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "brokenpackage.py").write_text("raise OSError('libxyz.so: cannot open')", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    [finding] = env._broken("brokenpackage")
    assert finding.code == "broken-package"
    assert "libxyz.so" in finding.what
    assert env._broken("nosuchpackage") == []


def test_little_room_is_said() -> None:
    assert [f.code for f in env._room(1 << 30, 1 << 30)] == ["little-memory", "little-disk"]
    assert env._room(64 << 30, 64 << 30) == []
    assert env._room(0, 64 << 30) == []
