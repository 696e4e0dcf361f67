"""Files in, evaluation out: what `yoyak score` and `yoyak.score_files` do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from yoyak.data.formats.base import Columns
from yoyak.data.read import read
from yoyak.data.write import read_predictions
from yoyak.errors import DataError, UsageError
from yoyak.metrics.evaluate import Evaluation, evaluate
from yoyak.metrics.rouge import Ngrams, ReferenceRule
from yoyak.metrics.tokenizers import load
from yoyak.provenance import fingerprint, read_run
from yoyak.records import Dialogue, Prediction, Problem

#: `--preset`: the rule of the Korean dialogue-summarization competition: F1 of ROUGE-1, -2 and -L on morphemes, the mean over the
#: references, and the mean of the three metrics as the one final figure (in points).
PRESETS: dict[str, tuple[str, ReferenceRule, Ngrams]] = {"competition": ("morpheme", "mean", "multiset")}


@dataclass(frozen=True, slots=True)
class References:
    """References by id and, where the files hold them, the dialogues."""

    summaries: Mapping[str, tuple[str, ...]]
    dialogues: Mapping[str, Dialogue]


def read_references(paths: Sequence[str | Path], *, columns: Columns | None = None) -> References:
    """The references of one or more files; an id's summaries add up in the order of the files.

    A file may hold dialogues with summaries (CSV, JSONL, ...), or ids and summaries alone.

    Raises:
        DataError: A file holds no summaries, or the files speak of different ids.
    """
    summaries: dict[str, tuple[str, ...]] = {}
    dialogues: dict[str, Dialogue] = {}
    problems: list[Problem] = []
    for number, path in enumerate(paths):
        found, talks = _one_file(path, columns)
        dialogues = talks | dialogues
        if number and set(found) != set(summaries):
            different = len(set(found) ^ set(summaries))
            message = f"{different} ids are in this file or in {paths[0]} but not in both"
            problems.append(Problem(str(path), None, message, "give files of the same dialogues", "ids"))
        for id_, texts in found.items():
            summaries[id_] = summaries.get(id_, ()) + texts
    if problems:
        raise DataError(problems)
    return References(summaries, dialogues)


def _one_file(path: str | Path, columns: Columns | None) -> tuple[dict[str, tuple[str, ...]], dict[str, Dialogue]]:
    try:
        rows = list(read(path, columns=columns))
    except DataError as error:
        if not any(problem.rule in ("format", "columns") for problem in error.problems):
            raise
        return {p.id: (p.summary,) for p in read_predictions(path)}, {}
    talks = {dialogue.id: dialogue for dialogue in rows}
    if len(talks) < len(rows):
        counts = Counter(dialogue.id for dialogue in rows)
        twice = [
            Problem(str(path), None, f"the id is there {n} times", "keep one row per id", "duplicate-id", i)
            for i, n in counts.items()
            if n > 1
        ]
        raise DataError(twice)
    found = {id_: talk.references for id_, talk in talks.items() if talk.references}
    if not found:
        remedy = "give the file that holds the summaries, or name their column with --columns summary=NAME"
        raise DataError([Problem(str(path), None, "no row has a summary", remedy, "no-reference")])
    return found, talks


def score_files(
    predictions: str | Path,
    references: Sequence[str | Path] | str | Path,
    *,
    against: Sequence[str | Path] = (),
    tokenize: str = "morpheme",
    rule: ReferenceRule = "mean",
    ngrams: Ngrams = "multiset",
    columns: Columns | None = None,
) -> Evaluation:
    """Score a file of predictions against files of references; see :func:`yoyak.metrics.evaluate.evaluate`.

    Args:
        predictions: CSV or JSONL with `fname` or `id` and `summary`.
        references: One file or several, each with dialogues and summaries or with ids and summaries.
        against: Other systems' predictions, named by their file names.
        tokenize: `morpheme`, `eojeol`, `char` or `mecab`.
        rule: Over several references: `mean` or `max`.
        ngrams: `multiset` or `unique`.
        columns: Names of the references' columns, where they are unusual.

    Raises:
        DataError: Files or ids do not fit together.
        UsageError: A file is missing, or the tokenizer is unknown.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> for name in ("p.csv", "r.csv"):
        ...     _ = (folder / name).write_text("id,summary\\na,둘은 만난다.\\n", encoding="utf-8")
        >>> score_files(folder / "p.csv", folder / "r.csv", tokenize="char").systems["p.csv"].scores["rougeL"].f1
        1.0
    """
    paths = [references] if isinstance(references, (str, Path)) else list(references)
    gold = read_references(paths, columns=columns)
    names = _names([predictions, *against])
    if len(set(names)) < len(names):
        raise UsageError("the same file of predictions is given twice; name each system once")
    systems = {name: as_mapping(read_predictions(path)) for name, path in zip(names, [predictions, *against], strict=True)}
    first, *others = names
    return evaluate(
        systems[first],
        gold.summaries,
        against={name: systems[name] for name in others},
        dialogues=gold.dialogues or None,
        tokenizer=load(tokenize),
        rule=rule,
        ngrams=ngrams,
        name=first,
    )


def as_mapping(predictions: Sequence[Prediction]) -> dict[str, str]:
    """Id -> summary."""
    return {prediction.id: prediction.summary for prediction in predictions}


def _names(paths: Sequence[str | Path]) -> list[str]:
    """A short name for each file: its own, or its path when two share one."""
    short = [Path(path).name for path in paths]
    return [name if short.count(name) == 1 else str(path) for name, path in zip(short, paths, strict=True)]


def tuned_on(predictions: str | Path, references: Sequence[str | Path]) -> list[str]:
    """The reference files that the predictions' `.run.json` says were used for tuning or early stopping, by content.

    A score on such a file flatters the system: it was chosen to do well there. A file that holds dialogues of it in another form or order,
    or a part of them, is found too where the record lists the dialogues' fingerprints.
    """
    from yoyak._files import sha256

    record = read_run(predictions)
    if record is None:
        return []
    noted = [record.get(key) for key in ("tuned_on", "selected_on")]
    used = {str(value) for files in noted if isinstance(files, dict) for value in files.values()}
    talks = record.get("tuned_on_dialogues")
    known = frozenset(map(str, talks)) if isinstance(talks, list) else frozenset()
    return [str(path) for path in references if Path(path).is_file() and (sha256(path) in used or _holds(path, known))]


def _holds(path: str | Path, fingerprints: frozenset[str]) -> bool:
    """Whether the file has one of these dialogues."""
    if not fingerprints:
        return False
    try:
        return any(fingerprint(dialogue) in fingerprints for dialogue in read(path, on_rejected=lambda row: None))
    except DataError:  # ids and summaries alone: no dialogues to compare
        return False
