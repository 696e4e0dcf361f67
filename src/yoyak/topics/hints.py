"""What a model is told about a dialogue's topic: the group's name, or the words of the group's vocabulary that the dialogue holds.

Training and inference both come here, so that a model that was trained with a line is given the same line in use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from yoyak.errors import ModelError
from yoyak.models.inputs import keyword_line, topic_line, with_line
from yoyak.records import Dialogue, Turn
from yoyak.topics.features import spoken, words_of
from yoyak.topics.model import CORPUS, TopicModel

#: `topic`: a line with the group's name; `keywords`: one with its words; `bias`: nothing is told, but the words are preferred.
Kind = Literal["topic", "keywords", "bias"]
#: `predicted` by the classifier, or `given` by the dialogue's own topic.
Source = Literal["predicted", "given"]
_AHEAD = 64


@dataclass(frozen=True)
class Hints:
    """How a dialogue's topic is used.

    Args:
        kind: What it is used for.
        model: Groups, classifier and vocabularies.
        source: Where the topic comes from.
        most: Most words of a line or bias.
    """

    kind: Kind
    model: TopicModel
    source: Source = "predicted"
    most: int = 8

    def dialogues(self, dialogues: Iterable[Dialogue]) -> Iterator[Dialogue]:
        """The dialogues with their line before the turns (none where no word occurs); with `bias` as they are."""
        if self.kind == "bias":
            yield from dialogues
            return
        source = iter(dialogues)
        while some := list(islice(source, _AHEAD)):
            groups = self.groups(some)
            lines: list[Turn | None]
            if self.kind == "topic":
                lines = [topic_line(group) for group in groups]
            else:
                lines = [keyword_line(words) if words else None for words in self._words(some, groups)]
            yield from (dialogue if line is None else with_line(dialogue, line) for dialogue, line in zip(some, lines, strict=True))

    def words(self, dialogues: Sequence[Dialogue]) -> list[list[str]]:
        """For each dialogue the words of its group's vocabulary that it holds."""
        return self._words(dialogues, self.groups(dialogues))

    def groups(self, dialogues: Sequence[Dialogue]) -> list[str]:
        """The group of each dialogue.

        Raises:
            DataError: The topic should be given, and a dialogue has none that the taxonomy knows.
        """
        return [self.model.given(dialogue) for dialogue in dialogues] if self.source == "given" else self.model.groups_of(dialogues)

    def _words(self, dialogues: Sequence[Dialogue], groups: Sequence[str]) -> list[list[str]]:
        said = words_of(spoken(dialogue) for dialogue in dialogues)
        return [self.model.vocabulary.occurring(group, words, most=self.most) for group, words in zip(groups, said, strict=True)]

    def to_json(self) -> dict[str, Any]:
        """What stands under `topics` in a checkpoint's yoyak.json. Where topics came from in training does not matter in use."""
        return {"hints": self.kind, "model": self.model.name, "most": self.most}


def saved(values: Mapping[str, Any]) -> Hints | None:
    """The hints that a checkpoint was trained with, by its yoyak.json; None without any.

    Raises:
        ModelError: They cannot be made: the topic model is not there.

    Example:
        >>> saved({}) is None, saved({"topics": {"hints": "topic", "model": "corpus", "most": 8}}).kind
        (True, 'topic')
    """
    found = values.get("topics")
    if not isinstance(found, Mapping):
        return None
    if found.get("hints") not in ("topic", "keywords"):
        raise ModelError(f"yoyak.json asks for the topic hints {found.get('hints')!r}; known are topic and keywords")
    return Hints(found["hints"], TopicModel.load(found.get("model", CORPUS)), most=int(found.get("most", 8)))
