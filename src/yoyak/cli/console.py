"""Standard output and standard error: safe in any encoding, silent when told, progress on terminals alone."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: What the argument `-` (standard input) is called once it has been parsed.
STDIN = "<stdin>"

_quiet = False
_verbose = False


def make_safe() -> None:
    """Let characters that the console cannot show (an emoji in cp949) become '?' instead of an exception."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def set_verbosity(*, quiet: bool, verbose: bool) -> None:
    """What `--quiet` and `--verbose` say."""
    global _quiet, _verbose
    _quiet, _verbose = quiet, verbose


Step = Callable[[], None]


def verbose() -> bool:
    """Whether `--verbose` was given."""
    return _verbose


def error(text: str) -> None:
    """An error on stderr, each line marked."""
    for line in text.splitlines() or [""]:
        print(f"yoyak: {line}", file=sys.stderr)


def note(text: str) -> None:
    """Something worth knowing on stderr; nothing with `--quiet`."""
    if not _quiet:
        print(text, file=sys.stderr)


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Step]:
    """A bar with count, rate and time left on stderr; gives the function to call after each item.

    Nothing is drawn when stderr is no terminal or `--quiet` was given.
    """
    if _quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda: bar.advance(task)


@contextmanager
def stages() -> Iterator[Callable[[str, float], None]]:
    """A bar for the stages of a long preparation on stderr; gives the function to call with what is done and the share done (0..1).

    Where no bar is drawn (stderr is no terminal) each new stage is a line; nothing with `--quiet`.
    """
    if _quiet or not sys.stderr.isatty():
        seen: set[str] = set()

        def line(what: str, share: float) -> None:
            if what not in seen:
                seen.add(what)
                note(f"... {what}")

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0, visible=False)
        yield lambda what, share: bar.update(task, description=what, completed=share, visible=True)
