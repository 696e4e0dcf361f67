"""A model without weights: how well it writes depends on its settings in a known way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from yoyak.records import Dialogue, Turn
from yoyak.summarize.candidates import Candidate, Candidates
from yoyak.summarize.decoding import DecodeConfig

WORDS = "가 나 다 라 마 바 사 아 자 차".split()


def dialogues(n: int) -> list[Dialogue]:
    return [Dialogue(f"d{i}", (Turn("#Person1#", f"말 {i}"), Turn("#Person2#", "응"))) for i in range(n)]


class FakeEngine:
    """Writes as many of the ten right words as there are beams, one less for each rule against repetition; the second half of its beams
    is wrong. A greedy search writes five of them."""

    name = "fake"

    def __init__(self, decode: DecodeConfig, on_dialogue: Callable[[], None] = lambda: None) -> None:
        self._decode = decode
        self._on_dialogue = on_dialogue

    def candidates(self, dialogues: Iterable[Dialogue]) -> Iterator[Candidates]:
        for dialogue in dialogues:
            self._on_dialogue()
            yield Candidates(dialogue.id, tuple(self._beam(dialogue, place) for place in range(self._decode.num_beams)))

    def _beam(self, dialogue: Dialogue, place: int) -> Candidate:
        decode = self._decode
        loss = (decode.repetition_penalty > 1) + (decode.no_repeat_ngram_size > 0) + int(dialogue.id[1:]) % 2
        count = min(5 + (decode.num_beams > 1) * 2 - loss, decode.max_new_tokens)
        words = WORDS[:count] if place <= decode.num_beams // 2 else ["카"] * (count + place)
        length = min(len(words) + 1, decode.max_new_tokens)
        return Candidate(" ".join(words), -(1.0 + place) / length**decode.length_penalty, length=length)
