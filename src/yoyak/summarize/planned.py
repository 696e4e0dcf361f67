"""Plan, then write: one sentence for each group of turns, from those turns alone, about the speaker whom the plan names.

The writer never sees the other turns, so it cannot take from them what does not belong here; and it does not choose its subject, so it
cannot swap it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from yoyak.errors import YoyakError
from yoyak.metrics.evidence import sentences
from yoyak.records import Dialogue, Prediction, Turn
from yoyak.summarize.candidates import Request, Writer
from yoyak.summarize.plan import Group, Plan, fitted, planned
from yoyak.summarize.plan_features import Analysed, analysed
from yoyak.text.josa import mend_after_tags, with_josa
from yoyak.text.morphemes import Morpheme, analyze_many

_WINDOW = 32
NOTHING = Plan((), ())


@dataclass(frozen=True)
class Sketch:
    """A dialogue that is ready to be written about: its analysis, its plan, the pieces that the model reads; or what is wrong with it."""

    dialogue: Dialogue
    item: Analysed | None = None
    plan: Plan = NOTHING
    pieces: tuple[tuple[Turn, ...], ...] = ()
    error: str | None = None


def sketches(dialogues: Iterable[Dialogue], writer: Writer, *, windows: Sequence[int] = (_WINDOW,)) -> Iterator[list[Sketch]]:
    """The dialogues window by window, planned; the last size holds for all windows that follow."""
    source = iter(dialogues)
    sizes = list(windows)
    while window := list(islice(source, sizes[0])):
        morphemes = analyze_many(turn.text for dialogue in window for turn in dialogue.turns)
        yield [_sketch(dialogue, [next(morphemes) for _ in dialogue.turns], writer) for dialogue in window]
        sizes = sizes[1:] or sizes


def _sketch(dialogue: Dialogue, morphemes: Sequence[Sequence[Morpheme]], writer: Writer) -> Sketch:
    try:
        pieces = writer.pieces(dialogue)
    except (YoyakError, ValueError) as error:
        return Sketch(dialogue, error=str(error))
    item = analysed(dialogue, morphemes)
    return Sketch(dialogue, item, planned(item, fitted(), pieces=len(pieces)), tuple(pieces))


def request(dialogue: Dialogue, group: Group, *, subject: str | None = None) -> Request:
    """What is asked for a group: its turns, and a beginning with its subject.

    Example:
        >>> talk = Dialogue("a", (Turn("민지", "자전거 탈래?"), Turn("현우", "토요일엔 결혼식이 있어.")))
        >>> request(talk, Group((2,), (("현우", 0.9), ("민지", 0.1))))
        Request(turns=(Turn(speaker='현우', text='토요일엔 결혼식이 있어.', time=None),), start='현우는')
    """
    turns = tuple(dialogue.turns[turn - 1] for turn in group.turns)
    return Request(turns, with_josa(subject or group.subjects[0][0], "은/는"))


def first_sentence(text: str) -> str:
    """What a group gets: one sentence, with josa after tags in their right form."""
    return mend_after_tags(next(iter(sentences(text)), ""))


class Planned:
    """An engine that plans and then writes; `evidence` of its predictions are the plan's groups."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.name = f"{writer.name}+plan"

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """One prediction for each dialogue, in order, drawing a window ahead."""
        for window in sketches(dialogues, self._writer):
            requests = [request(sketch.dialogue, group) for sketch in window for group in sketch.plan.groups]
            written = iter(self._writer.write(requests))
            for sketch in window:
                told = [(first_sentence(next(written)[0].text), group.turns) for group in sketch.plan.groups]
                kept = [(text, turns) for text, turns in told if text]
                error = sketch.error or (None if kept else "the model wrote nothing")
                yield Prediction(sketch.dialogue.id, " ".join(text for text, _ in kept), self.name, tuple(t for _, t in kept), error=error)
