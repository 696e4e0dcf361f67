"""A wrapper that masks personal data before any engine sees it and puts it back into the summary."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from yoyak.data.mask import Masked, mask_dialogue, unmask_text
from yoyak.records import Dialogue, Prediction
from yoyak.summarize.summarizer import Engine, Summarizer


class Masking:
    """Summarizes masked dialogues; has the interface of what it wraps.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("#Person1#", "제 번호는 010-1234-5678이에요."), Turn("#Person2#", "네, 적었어요.")))
        >>> [prediction] = Masking(Summarizer.load("extractive")).summarize([talk])
        >>> "#PhoneNumber#" in prediction.summary
        False
    """

    def __init__(self, engine: Summarizer | Engine) -> None:
        self._engine = engine

    @property
    def name(self) -> str:
        """The name of what it wraps."""
        return self._engine.name

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """A prediction for each dialogue, in order, with the dialogue's own values."""
        waiting: deque[Masked] = deque()

        def masked() -> Iterator[Dialogue]:
            for dialogue in dialogues:
                waiting.append(mask_dialogue(dialogue))
                yield waiting[-1].dialogue

        for prediction in self._engine.summarize(masked()):
            yield _unmasked(prediction, waiting.popleft())


def mask(dialogues: Iterable[Dialogue]) -> Iterator[Dialogue]:
    """The dialogues without their personal data, as :func:`restore` takes their summaries back."""
    return (mask_dialogue(dialogue).dialogue for dialogue in dialogues)


def restore(predictions: Iterable[Prediction], dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
    """Predictions that were made of the masked `dialogues`, with the values back, and a note on each tag that had to stay.

    The dialogues are masked again, which gives the same tags: so nothing but the finished file ever holds a value.
    """
    for prediction, dialogue in zip(predictions, dialogues, strict=True):
        yield _unmasked(prediction, mask_dialogue(dialogue))


def _unmasked(prediction: Prediction, masked: Masked) -> Prediction:
    if not masked.values:
        return prediction
    unmasked = unmask_text(prediction.summary, masked.values)
    notes = tuple(f"{tag} stayed masked: it could stand for several values or for none" for tag in unmasked.left)
    return replace(prediction, summary=unmasked.text, notes=prediction.notes + notes)
