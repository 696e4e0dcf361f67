"""The vault: a private file with the values that masking took out, bound to the masked file that it belongs to.

It is JSON with mode 0600. With a password the values are encrypted: AES-256-GCM under a key that scrypt derives, with the head of the file
authenticated too. (`cryptography` does it, extra `[vault]`. ko-pii's own vault needs the same package, but keeps its own tokens
instead of tags for each dialogue, is not bound to a file, and leaves the file's mode to the system.) No error quotes a value.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yoyak._extras import require
from yoyak._files import atomic
from yoyak.errors import DataError, UsageError
from yoyak.records import Problem

_FORMAT = "yoyak-vault"
_VERSION = 1
_SCRYPT = {"n": 1 << 15, "r": 8, "p": 1}  # 32 MiB and a tenth of a second for each guess
_SALT, _NONCE, _KEY = 16, 12, 32  # bytes

Records = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Vault:
    """What a vault holds. `records`: id of a dialogue -> tag -> value; `file` and `sha256` name the masked file it belongs to."""

    file: str
    sha256: str
    records: Records = field(repr=False)


def write_vault(path: str | Path, vault: Vault, *, password: str | None = None) -> None:
    """Write a vault, readable by its owner alone, encrypted when a password is given.

    Raises:
        UsageError: There is a file of that name already (a vault is never overwritten), or the password is empty.
        MissingDependency: A password is given and `cryptography` is not installed.

    Example:
        >>> path = getfixture("tmp_path") / "v.json"
        >>> write_vault(path, Vault("masked.csv", "0" * 64, {"a": {"#Email#": "a@b.kr"}}))
        >>> read_vault(path).records["a"]["#Email#"]
        'a@b.kr'
    """
    refuse_existing(path)
    head: dict[str, Any] = {"format": _FORMAT, "version": _VERSION, "file": vault.file, "sha256": vault.sha256}
    plain = _dumps(vault.records)
    if password is None:
        content = head | {"check": hashlib.sha256(plain).hexdigest(), "records": vault.records}
    else:
        if not password:
            raise UsageError("the password of the vault is empty; give at least one character")
        salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
        head |= {"encrypted": {"cipher": "AES-256-GCM", "kdf": "scrypt", **_SCRYPT, "salt": _text(salt), "nonce": _text(nonce)}}
        cipher = require("cryptography.hazmat.primitives.ciphers.aead", extra="vault").AESGCM(_key(password, salt, _SCRYPT))
        content = head | {"data": _text(cipher.encrypt(nonce, plain, _dumps(head)))}
    with atomic(path, private=True) as file:
        json.dump(content, file, indent=1)
        file.write("\n")


def refuse_existing(path: str | Path) -> None:
    """Raise UsageError when there is a file of that name: its values could not be made again."""
    if Path(path).exists():
        raise UsageError(f"{str(path)!r} is there already and a vault is never overwritten; name another file or move that one away")


def read_vault(path: str | Path, *, password: str | None = None) -> Vault:
    """The vault in a file.

    Raises:
        UsageError: There is no such file, others can read it, it is encrypted and no password is given, or the password is wrong.
        DataError: It is truncated, changed, or no vault.
        MissingDependency: It is encrypted and `cryptography` is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"there is no vault {str(path)!r}")
    if os.name == "posix" and (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
        raise UsageError(f"the vault {str(path)!r} can be read by others (mode {mode:04o}); make it yours alone: chmod 600 {path}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise _damaged(path, "it is no vault of yoyak, or only a part of one")
    if content.get("version") != _VERSION:
        raise _damaged(path, f"its version is {content.get('version')!r}, this yoyak reads {_VERSION}")
    records = _decrypted(path, content, password) if "encrypted" in content else _checked(path, content)
    return Vault(str(content.get("file")), str(content.get("sha256")), records)


def _checked(path: Path, content: dict[str, Any]) -> Records:
    records: Any = content.get("records")
    if not _is_records(records) or hashlib.sha256(_dumps(records)).hexdigest() != content.get("check"):
        raise _damaged(path, "its content was changed or cut off")
    checked: Records = records
    return checked


def _decrypted(path: Path, content: dict[str, Any], password: str | None) -> Records:
    if password is None:
        raise UsageError(f"the vault {str(path)!r} is encrypted: give its password (in YOYAK_VAULT_PASSWORD, or when asked on a terminal)")
    aead = require("cryptography.hazmat.primitives.ciphers.aead", extra="vault")
    invalid = require("cryptography.exceptions", extra="vault").InvalidTag
    head = {key: value for key, value in content.items() if key != "data"}
    try:
        how = content["encrypted"]
        salt, nonce, data = (base64.b64decode(text, validate=True) for text in (how["salt"], how["nonce"], content["data"]))
        cost = {key: int(how[key]) for key in _SCRYPT}
    except (KeyError, TypeError, ValueError):
        raise _damaged(path, "its content was changed or cut off") from None
    if cost != _SCRYPT or len(nonce) != _NONCE:
        raise _damaged(path, "its key derivation is not one that yoyak writes")
    try:
        plain = aead.AESGCM(_key(password, salt, cost)).decrypt(nonce, data, _dumps(head))
    except invalid:
        raise UsageError(f"the vault {str(path)!r} does not open: the password is wrong, or the file was changed") from None
    records: Records = json.loads(plain)
    return records


def _is_records(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(values, dict) and all(isinstance(text, str) for text in values.values()) for values in value.values()
    )


def _key(password: str, salt: bytes, cost: Mapping[str, int]) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, dklen=_KEY, maxmem=1 << 26, n=cost["n"], r=cost["r"], p=cost["p"])


def _dumps(value: object) -> bytes:
    """One way to write it, whatever the order of its keys; ASCII, so that lone surrogates pass."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _damaged(path: Path, what: str) -> DataError:
    return DataError([Problem(str(path), None, f"the vault cannot be used: {what}", "take the vault as it was written", "vault")])


def is_encrypted(path: str | Path) -> bool:
    """Whether a vault needs a password; False too for what is no vault, which :func:`read_vault` explains."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and "encrypted" in content
