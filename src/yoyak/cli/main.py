"""The command line: a name -> "module:function" table; a command's module is loaded when it is chosen.

Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 invalid data, 130 interrupted. Errors go to stderr, results to stdout or `-o`.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, CycloptsError, Group, Parameter

from yoyak.cli import console
from yoyak.cli.messages import say, set_language
from yoyak.errors import YoyakError

app = App(
    name="yoyak",
    help="Short, faithful summaries of Korean dialogues (요약), on your own machine.",
    version=lambda: _version(),
    version_flags=["--version"],
    help_flags=["--help", "-h"],
    default_parameter=Parameter(negative=()),
    suppress_keyboard_interrupt=False,
)
app.command("yoyak.cli.summarize:summarize", name="summarize", help="Summarize dialogues: a file, a folder or - for standard input.")
app.command("yoyak.cli.score:score", name="score", help="Score predictions against references: Korean ROUGE that can be believed.")
app.command("yoyak.cli.combine:combine_command", name="combine", help="Combine several predictions into one by agreement (MBR).")
app.command("yoyak.cli.tune:tune_command", name="tune", help="Search decoding settings on a dev file, and say what the gain is worth.")
app.command("yoyak.cli.train:train_command", name="train", help="Train a model on dialogues and summaries.")
app.command(
    "yoyak.cli.data:app",
    name="data",
    help="Look at data, clean it, mask it, split it: check, clean, restore, rules, mask, unmask, split, style.",
)
app.command("yoyak.cli.doctor:app", name="doctor", help="Diagnose the machine, lost tags, a checkpoint: env, tags, checkpoint.")
app.command("yoyak.cli.eda:eda", name="eda", help="Look at data and say what to do: lengths, noise, leaks, style.")
app.command("yoyak.cli.topics:app", name="topics", help="Groups of topics: fit, predict, vocabulary.")
app.command("yoyak.cli.recipes:app", name="recipes", help="Recipes of training runs: list, copy.")
app.command("yoyak.cli.models:app", name="models", help="Models: list, show, fetch, export, trim, shortlist.")

app.meta.suppress_keyboard_interrupt = False  # Ctrl-C has its own message and exit code here

_GENERAL = Group("General options", sort_key=9)


def _version() -> str:
    from yoyak.provenance import version

    return version()


@app.meta.default
def _launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    lang: Annotated[str | None, Parameter(group=_GENERAL, help="Language of messages: ko or en (default: by locale).")] = None,
    quiet: Annotated[
        bool, Parameter(name=["--quiet", "-q"], group=_GENERAL, show_default=False, help="No progress and no notes, errors only.")
    ] = False,
    verbose: Annotated[
        bool, Parameter(name=["--verbose", "-v"], group=_GENERAL, show_default=False, help="Log what happens, and tracebacks of failures.")
    ] = False,
) -> int:
    set_language(lang)
    console.set_verbosity(quiet=quiet, verbose=verbose)
    if verbose:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    result = app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    return result if isinstance(result, int) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (the console script exits with it)."""
    console.make_safe()
    set_language(None)
    try:
        # "-" alone would be taken for an option; commands know it by this name.
        given = [console.STDIN if argument == "-" else argument for argument in (sys.argv[1:] if arguments is None else arguments)]
        result = app.meta(given, exit_on_error=False, print_error=False, result_action="return_value")
        return result if isinstance(result, int) else 0
    except CycloptsError as error:
        console.error(f"{error}\n" + say("see-help"))
        return 2
    except YoyakError as error:
        console.error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        console.error(say("interrupted"))
        return 130
    except BrokenPipeError:  # `yoyak ... | head`: the reader has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError) as error:
        console.error(f"{error.filename}: {error.strerror}")
        return 1
    except OSError as error:
        console.error(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
        return 1
    except Exception as error:
        if console.verbose():
            raise
        console.error(say("defect", kind=type(error).__name__))
        return 1


if __name__ == "__main__":
    sys.exit(main())
