"""Summarizer: dialogues in, predictions out, whatever engine does the work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, Protocol, Self

from yoyak.errors import ModelError
from yoyak.records import Dialogue, Prediction

Ending = Literal["한다", "합니다", "함"]


class Engine(Protocol):
    """What does the summarizing: rules, or a model on some runtime."""

    name: str

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """One prediction for each dialogue, in order, drawing only a few dialogues ahead."""


class Summarizer:
    """The one interface to every engine.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("#Person1#", "내일 세 시에 도서관에서 만나자."), Turn("#Person2#", "좋아, 책도 가져갈게.")))
        >>> [prediction] = Summarizer.load("extractive").summarize([talk])
        >>> prediction.id, prediction.model
        ('a', 'extractive')
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def name(self) -> str:
        """The engine's or model's name, as it stands in `Prediction.model`."""
        return self._engine.name

    @classmethod
    def load(cls, model: str | Path = "extractive", *, ending: Ending = "한다") -> Self:
        """The summarizer of that name, or of the checkpoint in that folder.

        Args:
            model: `extractive`, which needs no weights: it picks the turns that matter and retells them in indirect speech.
            ending: How sentences end: 한다 (plain), 합니다 (formal), 함 (nominal).

        Raises:
            ModelError: There is no such model; the message lists those that there are.
        """
        if str(model) == "extractive":
            from yoyak.summarize.engines.extractive import Extractive

            return cls(Extractive(ending=ending))
        raise ModelError(f"there is no model {str(model)!r}; known: extractive")

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """A prediction for each dialogue, in the order given, as a stream."""
        yield from self._engine.summarize(dialogues)
