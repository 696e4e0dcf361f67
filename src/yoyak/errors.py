"""The exceptions of yoyak.

    YoyakError                exit code 1   something failed; the message says what to do
     |- UsageError            exit code 2   an option or argument is wrong
     |   `- ConfigError       exit code 2   a recipe or configuration is wrong
     |- DataError             exit code 3   the data are wrong; carries every Problem found
     |- MissingDependency     exit code 1   an extra is not installed; carries the pip line
     `- ModelError            exit code 1   a checkpoint is missing, broken or of the wrong kind

Each message reads on its own: what came, what was expected, what to do, which record. No message quotes personal data.
"""

from __future__ import annotations

from collections.abc import Sequence

from yoyak.records import Problem

_SHOWN = 20


class YoyakError(Exception):
    """Base of all errors that yoyak raises on purpose. Catch this one to catch them all."""

    exit_code = 1


class UsageError(YoyakError):
    """An argument cannot be used as it was given."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration holds an unknown key or an impossible value."""


class DataError(YoyakError):
    """Rows or files are invalid.

    `problems` holds all that were found, not only the first; the message shows at most twenty and counts the rest.
    """

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:_SHOWN]]
        if len(self.problems) > _SHOWN:
            lines.append(f"... and {len(self.problems) - _SHOWN} more")
        super().__init__("\n".join(lines))


class MissingDependency(YoyakError):
    """A package of an optional extra is needed and not installed."""


class ModelError(YoyakError):
    """A model cannot be found, loaded or trusted."""
