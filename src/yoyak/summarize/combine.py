"""Several systems' predictions into one: of each dialogue the summary that agrees most with the others (:mod:`yoyak.summarize.mbr`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from yoyak.errors import DataError, UsageError
from yoyak.metrics.faithfulness import check
from yoyak.metrics.tokenizers import Tokenizer
from yoyak.records import Dialogue, Prediction, Problem
from yoyak.summarize.candidates import of_predictions
from yoyak.summarize.mbr import AGREEMENT, TOLERANCE, choose

_NAMED = 10


def combine(
    systems: Mapping[str, Sequence[Prediction]],
    *,
    tokenize: str | Tokenizer = "morpheme",
    agreement: float = AGREEMENT,
    dialogues: Mapping[str, Dialogue] | None = None,
    tolerance: float = TOLERANCE,
) -> Iterator[Prediction]:
    """One prediction for each dialogue, in the first system's order; its `model` is the system that it was taken from.

    Args:
        systems: Name (a file's) -> predictions of the same dialogues, in any order. On a tie the earlier system wins, so name the best one
            first; with two systems there is nothing but ties, unless `dialogues` decide.
        tokenize: What the agreement counts (see :mod:`yoyak.metrics.tokenizers`).
        agreement: Summaries whose agreement is below this share of the best one's are pruned: they neither vote nor win; 0 keeps all.
        dialogues: Id -> dialogue. When given, faithfulness is a second criterion: among summaries that agree about as much, the one with
            the fewest findings (:func:`yoyak.metrics.faithfulness.check`) wins.
        tolerance: How near to the best agreement (0..1) "about as much" is.

    Raises:
        UsageError: There are fewer than two systems.
        DataError: Ids are missing in one of them or in `dialogues`; the message names them.

    Example:
        >>> files = {
        ...     "a.csv": [Prediction("1", "둘은 영화를 본다.")],
        ...     "b.csv": [Prediction("1", "둘은 세 시에 만난다.")],
        ...     "c.csv": [Prediction("1", "둘은 네 시에 만난다.")],
        ... }
        >>> [(found.summary, found.model) for found in combine(files)]
        [('둘은 세 시에 만난다.', 'b.csv')]
    """
    if len(systems) < 2:
        raise UsageError(f"combining needs two files of predictions or more, not {len(systems)}")
    check_same_ids(systems)
    if dialogues is not None:
        _check_dialogues(systems, dialogues)
    named = [[_from(name, prediction) for prediction in predictions] for name, predictions in systems.items()]

    def judge(id_: str, text: str) -> float:
        assert dialogues is not None
        return len(check(dialogues[id_], text))

    found = choose(
        of_predictions(named),
        tokenize=tokenize,
        agreement=agreement,
        judge=None if dialogues is None else judge,
        tolerance=tolerance,
    )
    for item, choice in found:
        if choice is None or not choice.text.strip():
            yield Prediction(item.id, "", error="no system wrote a summary")
        else:
            yield Prediction(item.id, choice.text, choice.source)


def _from(name: str, prediction: Prediction) -> Prediction:
    return Prediction(prediction.id, prediction.summary, name, error=prediction.error)


def check_same_ids(systems: Mapping[str, Sequence[Prediction]]) -> None:
    """Make sure that all systems speak of the same dialogues.

    Raises:
        DataError: One lacks ids that another has; each problem names the file and its missing ids.
    """
    by_name = {name: {prediction.id for prediction in predictions} for name, predictions in systems.items()}
    every = dict.fromkeys(prediction.id for predictions in systems.values() for prediction in predictions)
    problems = []
    for name, ids in by_name.items():
        missing = [id_ for id_ in every if id_ not in ids]
        if missing:
            message = f"{len(missing)} of {len(every)} ids of the other files are missing: {_named(missing)}"
            problems.append(Problem(name, None, message, "give files of the same dialogues, or add these", "ids-missing"))
    if problems:
        raise DataError(problems)


def _check_dialogues(systems: Mapping[str, Sequence[Prediction]], dialogues: Mapping[str, Dialogue]) -> None:
    first = next(iter(systems))
    missing = [prediction.id for prediction in systems[first] if prediction.id not in dialogues]
    if missing:
        message = f"{len(missing)} of {len(systems[first])} ids have no dialogue: {_named(missing)}"
        raise DataError([Problem(first, None, message, "give the file of the dialogues that were summarized", "ids-missing")])


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids[:_NAMED]) + (f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else "")
