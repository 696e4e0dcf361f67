"""What a model is given: one text per dialogue, the same bytes in training and in inference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from yoyak.records import Dialogue, Turn

HEAD = "대화:\n"
TAIL = "\n\n요약: "


def prompt(turns: Sequence[Turn]) -> str:
    """The prompt of a base (not instructed) decoder-only model; the summary follows it directly.

    A line break within a turn becomes a blank, so that each line is a turn.

    Example:
        >>> prompt([Turn("#Person1#", "안녕?"), Turn("#Person2#", "응,\\n안녕.")])
        '대화:\\n#Person1#: 안녕?\\n#Person2#: 응, 안녕.\\n\\n요약: '
    """
    return HEAD + source(turns) + TAIL


@dataclass(frozen=True, slots=True)
class PromptForm:
    """What a decoder-only model is given around the turns.

    Args:
        name: `plain` (:func:`prompt`) or `chat` (the model's own template, see :mod:`yoyak.models.chat`).
        head: Stands before the turns.
        tail: Stands after them; the summary follows directly.
        ends: Tokens that end a summary; empty: the model's own end token.
        prefix: Tokens before all; None: those that the tokenizer puts there by itself (`<bos>`).
    """

    name: Literal["plain", "chat"] = "plain"
    head: str = HEAD
    tail: str = TAIL
    ends: tuple[str, ...] = ()
    prefix: tuple[str, ...] | None = None

    def __call__(self, turns: Sequence[Turn]) -> str:
        return self.head + source(turns) + self.tail

    def to_json(self) -> dict[str, Any]:
        """What stands in yoyak.json: `input`, and what a chat template was rendered to under `prompt`."""
        if self.name == "plain":
            return {"input": "plain"}
        prefix = None if self.prefix is None else list(self.prefix)
        return {"input": self.name, "prompt": {"head": self.head, "tail": self.tail, "ends": list(self.ends), "prefix": prefix}}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The form that a yoyak.json names; plain where it names none.

        Example:
            >>> form = PromptForm("chat", "<user>", "<model>", ("<end>",), ())
            >>> PromptForm.from_json(form.to_json()) == form, PromptForm.from_json({}) == PLAIN
            (True, True)
        """
        saved = values.get("prompt")
        if values.get("input", "plain") != "chat" or not isinstance(saved, Mapping):
            return cls()
        prefix = saved.get("prefix")
        return cls("chat", saved["head"], saved["tail"], tuple(saved.get("ends", ())), None if prefix is None else tuple(prefix))


#: The form of a base model.
PLAIN = PromptForm()


def source(turns: Sequence[Turn]) -> str:
    """What an encoder-decoder model reads: the turns alone, one a line.

    Example:
        >>> source([Turn("#Person1#", "안녕?"), Turn("#Person2#", "응,\\n안녕.")])
        '#Person1#: 안녕?\\n#Person2#: 응, 안녕.'
    """
    return "\n".join(f"{turn.speaker}: {' '.join(turn.text.split())}" for turn in turns)


#: What introduces a line about the topic, in the place of a speaker.
TOPIC, KEYWORDS = "주제", "핵심어"


def topic_line(group: str) -> Turn:
    """The line that names what a dialogue is about.

    Example:
        >>> str(topic_line("은행"))
        '주제: 은행'
    """
    return Turn(TOPIC, group)


def keyword_line(words: Sequence[str]) -> Turn:
    """The line that names words which a summary may need.

    Example:
        >>> str(keyword_line(["대출", "이자"]))
        '핵심어: 대출, 이자'
    """
    return Turn(KEYWORDS, ", ".join(words))


def with_line(dialogue: Dialogue, line: Turn) -> Dialogue:
    """The dialogue with a line before its turns, in their own form, so that every prompt form and engine passes it on.

    A dialogue that a model reads in parts has it before the first part alone; turns that are left out never are the first.

    Example:
        >>> prompt(with_line(Dialogue("a", (Turn("#Person1#", "안녕?"),)), topic_line("은행")).turns)
        '대화:\\n주제: 은행\\n#Person1#: 안녕?\\n\\n요약: '
    """
    return replace(dialogue, turns=(line, *dialogue.turns))


def fit(
    dialogue: Dialogue, *, count: Callable[[str], int], budget: int, form: Callable[[Sequence[Turn]], str] = prompt
) -> tuple[tuple[Turn, ...], int]:
    """The turns that fit a budget of tokens, and how many were left out.

    Whole turns go, from the middle outwards: openings say what a dialogue is about, endings what came of it. At least one turn stays.

    Args:
        dialogue: What to fit.
        count: Tokens of a text.
        budget: Tokens that the whole text may have.
        form: Turns -> the text that the model is given: :func:`prompt` or :func:`source`.
    """
    turns = list(dialogue.turns)
    if count(form(turns)) <= budget:
        return tuple(turns), 0
    sizes = [count(f"{turn.speaker}: {turn.text}\n") for turn in turns]
    left = budget - count(form(()))
    kept: set[int] = set()
    ends = _from_both_ends(len(turns))
    for place in ends:
        if sizes[place] > left and kept:
            break
        kept.add(place)
        left -= sizes[place]
    chosen = tuple(turns[place] for place in sorted(kept))
    return chosen, len(turns) - len(chosen)


def _from_both_ends(n: int) -> list[int]:
    """0, n-1, 1, n-2, ..."""
    order: list[int] = []
    for i in range((n + 1) // 2):
        order.append(i)
        if n - 1 - i != i:
            order.append(n - 1 - i)
    return order
