"""A file of summaries, judged sentence by sentence: whoever wrote them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from yoyak.metrics.evidence import sentences
from yoyak.records import Dialogue
from yoyak.summarize.verify import Verdict, Verifier

#: A sentence less probable than this counts as doubtful, unless the verifier names its own limit (`doubtful`).
DOUBTFUL = 0.5


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verifier says of summaries: id -> one verdict for each sentence; a sentence less probable than `limit` is doubtful."""

    verdicts: Mapping[str, tuple[Verdict, ...]]
    limit: float = DOUBTFUL

    @property
    def sentences(self) -> int:
        """How many sentences were judged."""
        return sum(map(len, self.verdicts.values()))

    @property
    def doubtful(self) -> list[Verdict]:
        """The verdicts on doubtful sentences."""
        return [verdict for some in self.verdicts.values() for verdict in some if verdict.true < self.limit]

    @property
    def doubtful_summaries(self) -> int:
        """How many summaries hold a doubtful sentence."""
        return sum(any(verdict.true < self.limit for verdict in some) for some in self.verdicts.values())

    @property
    def mean(self) -> float:
        """Mean over summaries of their least probable sentence's probability."""
        least = [min(verdict.true for verdict in some) for some in self.verdicts.values() if some]
        return sum(least) / len(least) if least else 0.0

    @property
    def kinds(self) -> dict[str, int]:
        """The doubtful sentences' most probable errors, the most frequent first."""
        return dict(Counter(verdict.kind or "unknown" for verdict in self.doubtful).most_common())

    def as_json(self) -> dict[str, Any]:
        """The figures, and the doubtful sentences by id."""
        doubtful = {
            id_: rows for id_, some in self.verdicts.items() if (rows := [asdict(verdict) for verdict in some if verdict.true < self.limit])
        }
        return {
            "summaries": len(self.verdicts),
            "doubtful_summaries": self.doubtful_summaries,
            "sentences": self.sentences,
            "doubtful_sentences": len(self.doubtful),
            "doubtful_below": self.limit,
            "mean_least": self.mean,
            "kinds": self.kinds,
            "doubtful": doubtful,
        }


def verification(
    verifier: Verifier, dialogues: Mapping[str, Dialogue], summaries: Mapping[str, str], *, on_item: Callable[[], None] = lambda: None
) -> Verification:
    """Judge every sentence of the summaries whose dialogue is known.

    Args:
        verifier: Who judges.
        dialogues: By id.
        summaries: By id.
        on_item: Called after each summary.

    Example:
        >>> from yoyak.records import Turn
        >>> from yoyak.summarize.verify import RuleVerifier
        >>> talk = Dialogue("a", (Turn("지훈", "세 시에 도서관에서 보자."), Turn("수아", "좋아, 책 가져갈게.")))
        >>> found = verification(RuleVerifier(), {"a": talk}, {"a": "지훈은 세 시에 도서관에서 보자고 한다. 수아는 비행기 표를 산다."})
        >>> found.sentences, len(found.doubtful), found.doubtful_summaries
        (2, 1, 1)
    """
    found = {}
    for id_, summary in summaries.items():
        if id_ in dialogues:
            found[id_] = tuple(verifier.verify(dialogues[id_], sentences(summary)))
        on_item()
    return Verification(found, getattr(verifier, "doubtful", DOUBTFUL))
