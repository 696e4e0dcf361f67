"""How well a text is expected to agree with the summary that a person would write, before anybody has written it.

ROUGE-1 counts the tokens that two texts share. Where it is known how probable each token is in a person's summary, and how long such a
summary is on average, the expected score of a text follows: for F1, 2 E[tokens shared] / (tokens of the text + tokens expected). Telling
more is worth it as long as what is told is probable enough, so the length needs no other limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yoyak.records import Dialogue
from yoyak.summarize.plan import Plan, Weights, fitted

#: A content word counts so many times: what is told matters more than the words around it (chosen on corpus dev, which decides little:
#: benchmarks/results/guard.json).
CONTENT = 2.0


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a person's summary of one dialogue is likely to hold.

    Args:
        words: Content word of the dialogue -> probability.
        labels: The speakers' labels.
        length: Expected number of tokens.
        frame: Other token -> probabilities that it stands there at least once, twice, ...
        label: The same for each label.
    """

    words: Mapping[str, float]
    labels: frozenset[str]
    length: float
    frame: Mapping[str, Sequence[float]] = field(default_factory=dict)
    label: Sequence[float] = ()

    def agreement(self, tokens: Sequence[str]) -> float:
        """Expected ROUGE-1 F1 of a text with a person's summary, content words weighing :data:`CONTENT`; 0 for no tokens.

        Example:
            >>> talk = Expectation({"표": 0.9, "비": 0.1}, frozenset({"민지"}), 3.0, {"는": (0.8,)}, (1.0,))
            >>> talk.agreement(["민지", "는", "표"]) > talk.agreement(["민지", "는", "비"]) > talk.agreement(["비"])
            True
        """
        shared = 0.0
        for token, count in Counter(tokens).items():
            if token in self.labels:
                shared += sum(self.label[:count])
            elif token in self.words:
                shared += CONTENT * self.words[token]
            else:
                shared += sum(self.frame.get(token, ())[:count])
        return 2 * shared / (len(tokens) + self.length) if tokens else 0.0


def expectation(dialogue: Dialogue, plan: Plan, weights: Weights | None = None) -> Expectation:
    """What the plan of a dialogue lets expect, with what summaries have in common (fitted on the corpus)."""
    known = weights or fitted()
    return Expectation(plan.words, frozenset(dialogue.labels), plan.length, known.frame, known.label)
