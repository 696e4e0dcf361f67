"""A vault is private, bound to its file, and every way in which it can be wrong has its own clear error."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from yoyak.data.vault import Vault, is_encrypted, read_vault, write_vault
from yoyak.errors import DataError, UsageError, YoyakError

SECRET = "010-1234-5678"
VAULT = Vault("masked.csv", "0" * 64, {"a": {"#PhoneNumber#": SECRET}})
posix = pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX systems")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "v.json"


@posix
@pytest.mark.parametrize("password", [None, "비밀"])
def test_it_is_private_and_gives_the_values_back(path: Path, password: str | None) -> None:
    if password:
        pytest.importorskip("cryptography")
    write_vault(path, VAULT, password=password)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert is_encrypted(path) == (password is not None)
    assert (SECRET in path.read_text(encoding="utf-8")) == (password is None)
    assert read_vault(path, password=password) == VAULT
    assert SECRET not in repr(VAULT)


def fails(path: Path, kind: type[YoyakError], match: str, password: str | None = None) -> None:
    before = path.read_bytes()
    with pytest.raises(kind, match=match) as caught:
        read_vault(path, password=password)
    assert SECRET not in str(caught.value)
    assert path.read_bytes() == before


@posix
def test_readable_by_others(path: Path) -> None:
    write_vault(path, VAULT)
    path.chmod(0o640)
    fails(path, UsageError, "chmod 600")


def test_a_vault_is_never_overwritten(path: Path) -> None:
    write_vault(path, VAULT)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="never overwritten"):
        write_vault(path, Vault("b", "1" * 64, {}))
    assert path.read_bytes() == before


@pytest.mark.parametrize("password", [None, "비밀"])
def test_truncated_at_every_tenth_byte(path: Path, password: str | None) -> None:
    if password:
        pytest.importorskip("cryptography")
    write_vault(path, VAULT, password=password)
    whole = path.read_bytes()
    for size in range(0, len(whole) - 3, 10):
        path.write_bytes(whole[:size])
        fails(path, DataError, "no vault of yoyak, or only a part", password)


def test_changed(path: Path) -> None:
    write_vault(path, VAULT)
    path.write_text(path.read_text(encoding="utf-8").replace("5678", "5679"), encoding="utf-8")
    fails(path, DataError, "changed or cut off")
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"version": 9}), encoding="utf-8")
    fails(path, DataError, "version is 9")
    path.write_text("{}", encoding="utf-8")
    fails(path, DataError, "no vault")


def test_a_wrong_or_missing_password_and_a_changed_head(path: Path) -> None:
    pytest.importorskip("cryptography")
    write_vault(path, VAULT, password="비밀")
    fails(path, UsageError, "encrypted: give its password")
    fails(path, UsageError, "the password is wrong", "비 밀")
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"sha256": "1" * 64}), encoding="utf-8")  # bound to another file by hand
    fails(path, UsageError, "or the file was changed", "비밀")
    del content["encrypted"]["salt"]
    path.write_text(json.dumps(content), encoding="utf-8")
    fails(path, DataError, "changed or cut off", "비밀")


def test_an_empty_password_and_no_vault(path: Path) -> None:
    with pytest.raises(UsageError, match="empty"):
        write_vault(path, VAULT, password="")
    with pytest.raises(UsageError, match="there is no vault"):
        read_vault(path)
