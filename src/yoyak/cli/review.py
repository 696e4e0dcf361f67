"""The guard's options, and what it doubts in the reader's language."""

from __future__ import annotations

from yoyak.cli.messages import say
from yoyak.errors import UsageError
from yoyak.records import Doubt
from yoyak.summarize.guard import GuardConfig, usual

_KINDS = ("speaker", "negation", "detail", "invented", "incomplete")


def guard_config(guard: bool | None, trust: float | None, model: str, engine: str) -> GuardConfig | None:
    """The guard's settings where it is wanted: `--trust` wants it too, and `extractive` has it unless told otherwise.

    Raises:
        UsageError: The options contradict each other, or the model cannot be guarded.

    Example:
        >>> guard_config(None, 0.9, "gemma-3-270m", "ct2").trust
        0.9
    """
    if guard is False and trust is not None:
        raise UsageError("--trust belongs to the guard: leave out --no-guard, or --trust")
    if trust is not None and not 0 <= trust <= 1:
        raise UsageError(f"--trust takes 0 to 1, not {trust}")
    if guard is False or (guard is None and trust is None and model != "extractive"):
        return None
    if model != "extractive" and engine != "ct2":
        raise UsageError("the guard needs the engine ct2; leave out --engine, or the guard")
    return usual(model, trust=trust)


def told(doubt: Doubt) -> str:
    """A doubt in the reader's language."""
    what = say(f"doubt-{doubt.kind}" if doubt.kind in _KINDS else "doubt-doubtful")
    where = say("doubt-turns", turns=", ".join(map(str, doubt.turns))) if doubt.turns else ""
    return say("doubt", sentence=doubt.sentence, what=what, percent=f"{100 * doubt.true:.0f}", where=where)
