"""`yoyak eda`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from yoyak._extras import installed
from yoyak._parallel import cores
from yoyak.cli import console
from yoyak.cli.columns import parse_columns
from yoyak.cli.messages import say
from yoyak.eda.advice import advice
from yoyak.eda.page import write_report
from yoyak.eda.stats import analyse
from yoyak.eda.verdict import verdicts
from yoyak.errors import UsageError
from yoyak.topics.taxonomy import Taxonomy

_FOLDER = Path("eda-report")


def eda(
    files: Annotated[tuple[Path, ...], Parameter(name="FILE", negative=())],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    tokenizer: Annotated[tuple[str, ...], Parameter(name="--tokenizer", negative=())] = (),
    columns: str | None = None,
    taxonomy: Path | None = None,
    no_text: Annotated[bool, Parameter(show_default=False)] = False,
) -> int:
    """Look at data and say what to do: lengths for each tokenizer, noise, leaks, style. Each file is one split (train, dev, test).

    Parameters
    ----------
    files
        Files or folders, each one split.
    out
        Folder for index.html, stats.json and the figures as PNG. Without it the five sentences are printed and the folder is eda-report/.
    tokenizer
        A folder with a tokenizer.json (and config.json), or a model's name; may be given several times.
    columns
        Names of the columns, when they are not the usual ones: dialogue=본문,id=번호.
    taxonomy
        A table topic,group (yoyak topics fit writes one): groups are shown in the place of topic phrases.
    no_text
        Leave every quotation of the data out: topics, words, examples.
    """
    if not files:
        raise UsageError("name a file, or several that are splits of one data set")
    lang = say("language")
    shown = "ko" if lang == "ko" else "en"
    with console.progress(say("looking"), None) as advance:
        found = analyse(
            files,
            tokenizers=tokenizer,
            columns=parse_columns(columns),
            quotes=not no_text,
            taxonomy=Taxonomy.read(taxonomy) if taxonomy is not None else None,
            workers=cores(),
            on_record=advance,
        )
    chosen = verdicts(found, lang=shown)  # type: ignore[arg-type]
    sentences = advice(found, chosen, lang=shown)  # type: ignore[arg-type]
    written = write_report(out or _FOLDER, found, chosen, sentences, lang=shown)  # type: ignore[arg-type]
    if out is None:
        for number, each in enumerate(sentences, 1):
            print(f"{number}. {each.text}")
    if not tokenizer:
        console.note(say("eda-no-tokenizer" if installed("tokenizers") else "eda-no-tokenizers-package"))
    if not written.images:
        console.note(say("eda-no-images"))
    console.note(say("eda-written", path=written.page))
    return 0
