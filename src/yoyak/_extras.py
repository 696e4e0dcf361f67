"""Optional packages, asked for where they are used.

A package that is not installed and one that is installed but broken are different troubles and get different messages.
"""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from yoyak.errors import MissingDependency


def require(module: str, *, extra: str) -> ModuleType:
    """Import and return `module`, which the extra `extra` of yoyak brings.

    Raises:
        MissingDependency: It is not installed (the message is the pip line), or it is installed and fails to import (the message
            names the cause and keeps it as `__cause__`).

    Example:
        >>> require("json", extra="train").dumps([1])
        '[1]'
    """
    top = module.partition(".")[0]
    if importlib.util.find_spec(top) is None:
        raise MissingDependency(
            f"this needs the package {top!r}, which is not installed. Install it with:\n    pip install 'yoyak[{extra}]'"
        )
    try:
        return importlib.import_module(module)
    except Exception as error:  # a broken installation raises anything: ImportError, OSError (shared objects), AttributeError
        raise MissingDependency(
            f"the package {top!r} is installed but cannot be imported ({type(error).__name__}: {error}). Reinstall it with:\n"
            f"    pip install --force-reinstall 'yoyak[{extra}]'"
        ) from error


def installed(module: str) -> bool:
    """Whether the package is there; it is not imported, so a broken one counts as there."""
    return importlib.util.find_spec(module.partition(".")[0]) is not None
