"""A writer and a verifier that do as they are told, for the tests of plan and guard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yoyak.records import Dialogue, Turn
from yoyak.summarize.candidates import Candidate, Request, Sampling
from yoyak.summarize.verify import Verdict

TALK = Dialogue(
    "a",
    (
        Turn("#Person1#", "토요일에 한강에서 자전거 타자. 날씨도 좋대."),
        Turn("#Person2#", "토요일에는 사촌 결혼식이 있어서 못 가."),
        Turn("#Person1#", "그럼 일요일 오후 두 시는 어때?"),
        Turn("#Person2#", "좋아. 내가 김밥을 싸 갈게."),
    ),
)


class FakeWriter:
    """Writes `whole` of a whole dialogue, and of fewer turns that their last speaker says their last turn."""

    name = "fake"

    def __init__(self, whole: str = "#Person1#은 일요일에 자전거를 탄다. #Person1#은 김밥을 싼다.") -> None:
        self.whole = whole
        self.asked: list[Request] = []

    def pieces(self, dialogue: Dialogue) -> list[tuple[Turn, ...]]:
        if not dialogue.turns:
            raise ValueError("the dialogue is empty")
        half = len(dialogue.turns) // 2
        return [dialogue.turns] if len(dialogue.turns) < 20 else [dialogue.turns[:half], dialogue.turns[half:]]

    def write(self, requests: Sequence[Request], *, sampling: Sampling | None = None) -> list[list[Candidate]]:
        self.asked += requests
        count = sampling.count if sampling else 1
        return [[Candidate(self._text(request), -0.5)] * count for request in requests]

    def _text(self, request: Request) -> str:
        if len(request.turns) >= 4 and not request.start:
            return self.whole
        return f"{request.start} {request.turns[-1].text.rstrip('.?')}고 한다."


class FakeVerifier:
    """Knows the probabilities of some sentences by a part of their text; the rest is `otherwise`."""

    def __init__(self, known: Mapping[str, float], otherwise: float = 0.9, kind: str = "speaker") -> None:
        self.known, self.otherwise, self.kind = known, otherwise, kind
        self.judged: list[str] = []

    def verify(self, dialogue: Dialogue, sentences: Sequence[str]) -> list[Verdict]:
        self.judged += sentences
        return [Verdict(s, self._true(s), self.kind, (len(dialogue.turns),)) for s in sentences]  # type: ignore[arg-type]

    def _true(self, sentence: str) -> float:
        return next((value for part, value in self.known.items() if part in sentence), self.otherwise)
