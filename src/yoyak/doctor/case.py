"""What a diagnosis of tags has to go on: any of a model's folder, a recipe, data before and after cleaning, outputs before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from yoyak.doctor.folder import ModelFolder
from yoyak.doctor.settings import Settings
from yoyak.models.tag_policy import TAGS, tags_in
from yoyak.records import Dialogue
from yoyak.text import tags


@dataclass(frozen=True)
class Case:
    """The evidence.

    Args:
        model: A checkpoint's or adapter's folder.
        recipe: What it was or will be trained with.
        dialogues: The data as they were read, references included.
        cleaned: The same dialogues after cleaning.
        clean: A cleaning function, tried on the data's texts (or on texts of our own).
        predictions: Id -> summary as it was handed in.
        decoded: Id -> summary as the tokenizer decoded it, before any post-processing.
        postprocess: A post-processing function, tried on the references (or on texts of our own).
    """

    model: ModelFolder | None = None
    recipe: Settings | None = None
    dialogues: Sequence[Dialogue] = ()
    cleaned: Sequence[Dialogue] = ()
    clean: Callable[[str], str] | None = None
    predictions: Mapping[str, str] = field(default_factory=dict)
    decoded: Mapping[str, str] = field(default_factory=dict)
    postprocess: Callable[[str], str] | None = None

    @property
    def references(self) -> list[str]:
        """All references of the data."""
        return [reference for dialogue in self.dialogues for reference in dialogue.references]

    @property
    def names(self) -> list[str]:
        """The tags that occur in the data; without any, those that are the tokenizer's own, or those of DialogSum."""
        found = tags_in([*self.references, *(dialogue.text for dialogue in self.dialogues)])
        return found or list(self.model.tag_tokens if self.model is not None else ()) or list(TAGS)

    @property
    def samples(self) -> list[str]:
        """Texts with tags to try a function on: references that hold one, or sentences of our own."""
        found = [reference for reference in self.references if tags.find(reference)]
        return found[:1000] or [
            "#Person1#은 #Person2#에게 #PhoneNumber#로 전화해 달라고 부탁한다.",
            "#Person2#는 #Person1#이 늦었다고 말한다.",
        ]
