"""The password of a vault: from the environment or asked for on a terminal; arguments would end up in histories and records."""

from __future__ import annotations

import os
import sys

from yoyak.cli.messages import say
from yoyak.errors import UsageError

VARIABLE = "YOYAK_VAULT_PASSWORD"


def new_password() -> str:
    """A password for a new vault, asked for twice on a terminal.

    Raises:
        UsageError: There is no terminal and the variable is not set, or the two differ.
    """
    password = known_password()
    if password is not None:
        return password
    if not sys.stdin.isatty():
        raise UsageError(f"--encrypt needs a password: set {VARIABLE}, or run it on a terminal to be asked")
    from getpass import getpass

    password = getpass(say("password"))
    if password != getpass(say("password-again")):
        raise UsageError("the two passwords differ")
    return password


def known_password() -> str | None:
    """What the environment says, None when it says nothing."""
    return os.environ.get(VARIABLE) or None


def asked_password() -> str | None:
    """The password of a vault that is there: the variable's, else asked for once on a terminal, else None."""
    password = known_password()
    if password is not None or not sys.stdin.isatty():
        return password
    from getpass import getpass

    return getpass(say("password"))
