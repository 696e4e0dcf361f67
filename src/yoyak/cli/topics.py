"""`yoyak topics`: fit, predict, vocabulary."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from yoyak._files import atomic
from yoyak.cli import console
from yoyak.cli.columns import parse_columns
from yoyak.cli.messages import say
from yoyak.data.read import read
from yoyak.errors import UsageError
from yoyak.provenance import hashes
from yoyak.topics.model import CORPUS, Fitted, TopicModel
from yoyak.topics.model import fit as fit_model
from yoyak.topics.taxonomy import Taxonomy

app = App(
    name="topics",
    help="Groups of topics: fit them, predict them, see the words that mark them.",
    help_flags=["--help", "-h"],
    version_flags=[],
    default_parameter=Parameter(negative=()),
)
_AHEAD = 256


@app.command
def fit(
    files: Annotated[tuple[Path, ...], Parameter(name="FILE", negative=())],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    taxonomy: Path | None = None,
    groups: int | None = None,
    columns: str | None = None,
    seed: int = 0,
) -> int:
    """Group the topics of dialogues, and learn to tell a dialogue's group and the words that mark it in summaries.

    The folder then holds taxonomy.csv (topic, group) and vocabulary.csv, tables to read and edit; give an edited taxonomy back by
    --taxonomy, and its rows hold as they are.

    Parameters
    ----------
    files
        Files of dialogues with a topic (and summaries).
    out
        Folder to write.
    taxonomy
        A table topic,group to keep to: nothing is clustered, and topics that it lacks go to the nearest group.
    groups
        How many groups (default: of 20 to 60 the number whose grouping depends least on its start).
    columns
        Names of the columns, when they are not the usual ones: topic=domain.
    seed
        The same seed gives the same groups.
    """
    if not files:
        raise UsageError("name a file with dialogues and their topics")
    if groups is not None and groups < 2:
        raise UsageError(f"--groups takes 2 or more, not {groups}")
    if taxonomy is not None and groups is not None:
        raise UsageError("--taxonomy says which groups there are: leave out --groups")
    dialogues = [dialogue for file in files for dialogue in read(file, columns=parse_columns(columns))]
    known = Taxonomy.read(taxonomy) if taxonomy is not None else None
    found = fit_model(dialogues, taxonomy=known, groups=groups, seed=seed, made={"data": hashes(files), "seed": seed})
    found.save(out)
    _told(found)
    console.note(say("topics-written", path=out))
    return 0


def _told(found: Fitted) -> None:
    """The groups with examples, and how well they are told from a dialogue."""
    if found.choice.stability:
        tried = ", ".join(f"{size}: {likeness:.2f}" for size, likeness in found.choice.stability.items())
        console.note(say("topics-chosen", groups=found.choice.groups, tried=tried))
    for group in found.classifier.groups:
        print(f"{group}: {', '.join(found.taxonomy.examples(group))}")
    made = found.classifier.made
    share = made["held_out"][str(made["penalty"])]["accuracy"]
    console.note(say("topics-fitted", count=made["dialogues"], share=f"{100 * share:.1f}", left=found.left_out))


@app.command
def predict(
    files: Annotated[tuple[Path, ...], Parameter(name="FILE", negative=())],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    model: str = CORPUS,
    top: int = 1,
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
    columns: str | None = None,
) -> int:
    """The group of each dialogue, with its probability.

    Parameters
    ----------
    files
        Files of dialogues, or folders.
    out
        File to write (.jsonl). Without it a line for each dialogue is printed.
    model
        corpus (24 everyday situations, comes with yoyak), or a folder that fit made.
    top
        Show so many of the likeliest groups.
    json_
        Print JSONL.
    columns
        Names of the columns, when they are not the usual ones: dialogue=본문,id=번호.
    """
    if not files:
        raise UsageError("name a file with dialogues")
    if top < 1:
        raise UsageError(f"--top takes 1 or more, not {top}")
    if out is not None and out.suffix != ".jsonl":
        raise UsageError(f"{str(out)!r} does not end in .jsonl")
    classifier = TopicModel.load(model).classifier
    lines: list[str] = []
    dialogues = (dialogue for file in files for dialogue in read(file, columns=parse_columns(columns)))
    while some := list(islice(dialogues, _AHEAD)):
        for dialogue, row in zip(some, classifier.probabilities(some), strict=True):
            best = [(classifier.groups[i], float(row[i])) for i in (-row).argsort(kind="stable")[:top]]
            if json_ or out is not None:
                topics = [{"group": group, "probability": round(share, 4)} for group, share in best]
                lines.append(json.dumps({"id": dialogue.id, "topics": topics}, ensure_ascii=False))
            else:
                lines.append(f"{dialogue.id}\t" + "\t".join(f"{group} {share:.2f}" for group, share in best))
    if out is None:
        print("\n".join(lines))
        return 0
    with atomic(out) as file:
        file.write("\n".join(lines) + "\n")
    console.note(say("topics-predicted", count=len(lines), path=out))
    return 0


@app.command
def vocabulary(
    group: Annotated[str | None, Parameter(name="GROUP")] = None,
    /,
    *,
    model: str = CORPUS,
    top: int = 10,
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
) -> int:
    """The words that mark each group in summaries: log-odds against all other groups with 95 % intervals, and how many summaries hold them.

    They stand in vocabulary.csv of the model's folder: rows may be taken out, and put in (with empty numbers: surest of its group).

    Parameters
    ----------
    group
        Only this one.
    model
        corpus, or a folder that fit made.
    top
        So many words of each group.
    json_
        Print JSON.
    """
    known = TopicModel.load(model).vocabulary.marks
    if group is not None and group not in known:
        raise UsageError(f"there is no group {group!r}; there are {', '.join(known)}")
    chosen = {name: marks[:top] for name, marks in known.items() if group in (None, name)}
    if json_:
        table = {
            name: [{"word": m.word, "count": m.count, "log_odds": m.log_odds, "low": m.low, "high": m.high} for m in marks]
            for name, marks in chosen.items()
        }
        print(json.dumps(table, ensure_ascii=False, indent=1))
        return 0
    for name, marks in chosen.items():
        print(f"{name}: " + ", ".join(f"{m.word} {m.log_odds:.1f} [{m.low:.1f}, {m.high:.1f}] {m.count}" for m in marks))
    return 0
