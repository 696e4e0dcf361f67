"""No engine sees a value; order and josa are right, and an interrupted run goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from yoyak.records import Dialogue, Prediction, Turn
from yoyak.summarize.masking import Masking, mask, restore


class Echo:
    """Draws two dialogues ahead, as engines that batch do, and says what it saw."""

    name = "echo"

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        source = iter(dialogues)
        ahead: list[Dialogue] = []
        for dialogue in source:
            ahead.append(dialogue)
            if len(ahead) > 2:
                yield self._say(ahead.pop(0))
        yield from map(self._say, ahead)

    def _say(self, dialogue: Dialogue) -> Prediction:
        assert "010" not in dialogue.text
        return Prediction(dialogue.id, "#Person1#의 번호는 #PhoneNumber#와 #Email#다.")


TALKS = [Dialogue(f"d{n}", (Turn("#Person1#", f"제 번호는 010-1234-567{n}이에요."),)) for n in range(7)]


def test_each_summary_gets_the_values_of_its_own_dialogue() -> None:
    summarizer = Masking(Echo())
    found = list(summarizer.summarize(TALKS))
    assert summarizer.name == "echo"
    assert [prediction.summary for prediction in found][:3] == [
        "#Person1#의 번호는 010-1234-5670과 #Email#다.",
        "#Person1#의 번호는 010-1234-5671과 #Email#다.",
        "#Person1#의 번호는 010-1234-5672와 #Email#다.",
    ]
    assert [prediction.id for prediction in found] == [talk.id for talk in TALKS]


def test_masked_predictions_are_restored_later_to_the_same() -> None:
    kept = list(Echo().summarize(mask(TALKS)))
    assert all("010" not in prediction.summary for prediction in kept)
    assert list(restore(kept, TALKS)) == list(Masking(Echo()).summarize(TALKS))


def test_a_tag_that_stays_is_noted() -> None:
    talk = Dialogue("a", (Turn("#Person1#", "010-1234-5678이나 02-345-6789로요."),))
    [prediction] = restore([Prediction("a", "#PhoneNumber#로 건다.")], [talk])
    assert prediction.summary == "#PhoneNumber#로 건다."
    assert prediction.notes == ("#PhoneNumber# stayed masked: it could stand for several values or for none",)
