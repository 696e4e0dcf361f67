"""How a verifier is asked whether a sentence of a summary is true: the same bytes in training and in inference.

The question follows the dialogue as a summary would (:data:`yoyak.models.inputs.TAIL`), so that what a model has learned about summaries
serves it here; the answer is one token.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from yoyak.models.inputs import HEAD, TAIL, source
from yoyak.records import Turn

Kind = Literal["speaker", "negation", "detail", "invented"]

#: What can be wrong with a sentence: said or done by somebody else; turned into its opposite; a number, time, place, object or name
#: replaced; never said.
KINDS: tuple[Kind, ...] = get_args(Kind)

#: The answers, in the order of the classes: true, then KINDS. Each is one token of Gemma's vocabulary and of every cut that keeps Korean.
ANSWERS = ("▁예", "▁사람", "▁반", "▁값", "▁없")

ASK = "\n"


def opening(turns: Sequence[Turn]) -> str:
    """What all questions about a dialogue begin with.

    Example:
        >>> opening([Turn("#Person1#", "밥 먹었어?")])
        '대화:\\n#Person1#: 밥 먹었어?'
    """
    return HEAD + source(turns)


def question(sentence: str) -> str:
    """What follows the opening: one sentence of a summary, to be judged.

    Example:
        >>> question("#Person1#은 밥을 먹었는지 묻는다.")
        '\\n\\n요약: #Person1#은 밥을 먹었는지 묻는다.\\n'
    """
    return TAIL + " ".join(sentence.split()) + ASK
