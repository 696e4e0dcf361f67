"""A model's sentences end as asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from yoyak.records import Dialogue, Prediction, Turn
from yoyak.summarize.summarizer import Summarizer


class Plain:
    """An engine that writes plain style and fails on an empty dialogue."""

    name = "plain"

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        for dialogue in dialogues:
            if dialogue.turns:
                yield Prediction(dialogue.id, "둘은 내일 만나기로 한다.", self.name)
            else:
                yield Prediction(dialogue.id, "", self.name, error="it is empty")


def test_the_ending_asked_for_is_the_ending_written() -> None:
    talks = [Dialogue("a", (Turn("#Person1#", "내일 만나자."),)), Dialogue("b", ())]
    found = list(Summarizer(Plain(), ending="합니다").summarize(talks))
    assert [prediction.summary for prediction in found] == ["둘은 내일 만나기로 합니다.", ""]
    assert found[1].error == "it is empty"
    assert next(Summarizer(Plain()).summarize(talks)).summary == "둘은 내일 만나기로 한다."
