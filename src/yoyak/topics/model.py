"""What a topic model is made of, in one folder: the taxonomy, a classifier, the vocabulary of each group."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from yoyak.errors import DataError, ModelError
from yoyak.records import Dialogue, Problem
from yoyak.text.morphemes import analyze_many
from yoyak.topics.features import signs, spoken, words, words_of
from yoyak.topics.linear import Classifier, Linear, fit_linear
from yoyak.topics.taxonomy import Choice, Taxonomy, fit_taxonomy
from yoyak.topics.vocabulary import Vocabulary, fit_vocabulary

#: The one that comes with yoyak, fitted on its corpus: 24 everyday situations.
CORPUS = "corpus"
_TAXONOMY, _VOCABULARY = "taxonomy.csv", "vocabulary.csv"


@dataclass(frozen=True)
class TopicModel:
    """Groups, how they are told from a dialogue, and the words that mark them in summaries."""

    name: str
    taxonomy: Taxonomy
    classifier: Classifier
    vocabulary: Vocabulary

    def groups_of(self, dialogues: Sequence[Dialogue]) -> list[str]:
        """The likeliest group of each dialogue."""
        return [self.classifier.groups[i] for i in self.classifier.probabilities(dialogues).argmax(axis=1)] if dialogues else []

    def given(self, dialogue: Dialogue) -> str:
        """The group that the dialogue's own topic is in.

        Raises:
            DataError: It has no topic, or one that the taxonomy lacks.
        """
        found = self.taxonomy.of(dialogue.topic)
        if found is None:
            what = "the dialogue has no topic" if not dialogue.topic else "the dialogue's topic is in no group of the taxonomy"
            remedy = f"add it to the taxonomy ({', '.join(self.taxonomy.groups[:5])}, ...), or take predicted topics"
            raise DataError([Problem(dialogue.origin or "dialogues", None, what, remedy, "no-topic", dialogue.id)])
        return found

    @classmethod
    def load(cls, name: str | Path = CORPUS) -> Self:
        """The topic model of that name, or in that folder.

        Raises:
            ModelError: There is none, or it is broken.

        Example:
            >>> len(TopicModel.load().taxonomy.groups)
            24
        """
        folder = Path(str(files("yoyak") / "assets" / "topics")) if str(name) == CORPUS else Path(name)
        if not folder.is_dir():
            raise ModelError(f"there is no topic model {str(name)!r}: it is neither {CORPUS} nor a folder that `yoyak topics fit` made")
        vocabulary = Vocabulary.read(folder / _VOCABULARY)
        return cls(folder.name if str(name) != CORPUS else CORPUS, Taxonomy.read(folder / _TAXONOMY), load_classifier(folder), vocabulary)


def load_classifier(folder: Path) -> Classifier:
    """The classifier in a folder, whichever method made it.

    Raises:
        ModelError: There is none.
    """
    path = folder / "classifier.json"
    try:
        method = json.loads(path.read_text(encoding="utf-8")).get("method")
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{folder} holds no classifier of topics ({error}); make one with `yoyak topics fit`") from error
    if method == "encoder":
        from yoyak.topics.encoder import Encoder

        return Encoder.load(folder)
    return Linear.load(folder)


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was made, and why it is as it is."""

    taxonomy: Taxonomy
    classifier: Linear
    vocabulary: Vocabulary
    choice: Choice
    left_out: int

    def save(self, folder: Path) -> None:
        """Write the folder that :meth:`TopicModel.load` reads."""
        self.taxonomy.write(folder / _TAXONOMY)
        self.vocabulary.write(folder / _VOCABULARY)
        self.classifier.save(folder)


def fit(
    dialogues: Sequence[Dialogue],
    *,
    taxonomy: Taxonomy | None = None,
    groups: int | None = None,
    smallest: int = 4,
    seed: int = 0,
    made: Mapping[str, Any] | None = None,
) -> Fitted:
    """Taxonomy, classifier and vocabularies from dialogues with topics (and summaries).

    Args:
        dialogues: Those without a topic are left out.
        taxonomy: A table to keep to, see :func:`yoyak.topics.taxonomy.fit_taxonomy`.
        groups: How many groups; None finds a number.
        smallest: Groups with fewer dialogues are left out of the classifier.
        seed: Of clustering and folds.
        made: What else to note about how it was made (hashes of the files).

    Raises:
        DataError: There are too few dialogues with a topic.
        MissingDependency: The extra `[topics]` is not installed.
    """
    usable = [dialogue for dialogue in dialogues if (dialogue.topic or "").strip()]
    texts, marks = [], []
    for morphemes in analyze_many(spoken(dialogue) for dialogue in usable):
        texts.append(words(morphemes))
        marks.append(signs(morphemes))
    found, choice = fit_taxonomy([dialogue.topic or "" for dialogue in usable], texts=texts, known=taxonomy, groups=groups, seed=seed)
    named = [found.of(dialogue.topic) for dialogue in usable]
    sizes: dict[str, int] = {}
    for group in named:
        if group is not None:
            sizes[group] = sizes.get(group, 0) + 1
    kept = [(i, group) for i, group in enumerate(named) if group is not None and sizes[group] >= smallest]
    classifier = fit_linear([marks[i] for i, _ in kept], [group for _, group in kept], seed=seed)
    classifier = Linear(**{**_fields(classifier), "made": {**classifier.made, **(made or {})}})
    summaries = [(group, reference) for i, group in kept for reference in usable[i].references]
    vocabulary = fit_vocabulary([group for group, _ in summaries], list(words_of(text for _, text in summaries)))
    return Fitted(found, classifier, vocabulary, choice, len(dialogues) - len(kept))


def _fields(classifier: Linear) -> dict[str, Any]:
    return {name: getattr(classifier, name) for name in ("groups", "terms", "rarity", "weights", "bias", "temperature")}
