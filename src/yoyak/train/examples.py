"""Dialogue and summary as one sequence, for decoder-only models: the prompt that inference gives, the summary, the end token."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yoyak.checkpoints.convert import InputForm
from yoyak.errors import ModelError
from yoyak.models.inputs import fit
from yoyak.records import Dialogue, Turn
from yoyak.summarize.tokens import Codec
from yoyak.train.batches import Example


@dataclass(frozen=True, slots=True)
class Cut:
    """What the limits did to the data.

    Args:
        turns: Ids of dialogues that lost whole turns, from the middle outwards.
        left_out: Ids of rows that were not used: longer than the model's positions although all turns but one were left out.
    """

    turns: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def examples(dialogues: Iterable[Dialogue], codec: Codec, form: InputForm, *, end: int, max_input_tokens: int) -> tuple[list[Example], Cut]:
    """Tokenized rows, one for each reference, and what the limits did to them. A summary is never cut.

    Args:
        dialogues: With their summaries.
        codec: The one that inference uses, so that the model is given the same ids in both.
        form: How the codec feeds the model.
        end: The end token's id.
        max_input_tokens: Most tokens of a prompt; fewer where the model's positions leave less beside the summary.
    """
    found: list[Example] = []
    turns_lost: list[str] = []
    left_out: list[str] = []
    for dialogue in dialogues:
        summaries = [(*codec.encode(reference.strip()), end) for reference in dialogue.references]
        longest = max(map(len, summaries), default=0)
        turns, lost = _fitted(dialogue, codec, form.prompt, min(max_input_tokens, form.max_tokens - longest))
        if lost:
            turns_lost.append(dialogue.id)
        head = codec.ids(codec.tokens(turns))
        for summary in summaries:
            if len(head) + len(summary) > form.max_tokens:
                left_out.append(dialogue.id)
            else:
                found.append(Example(dialogue.id, (*head, *summary), len(head)))
    return found, Cut(tuple(turns_lost), tuple(left_out))


def _fitted(dialogue: Dialogue, codec: Codec, form: Callable[[Sequence[Turn]], str], limit: int) -> tuple[tuple[Turn, ...], int]:
    """The turns that fit the limit exactly: tokens across the border of two turns can be more than the sum of the turns' own."""
    budget = limit
    while True:
        turns, lost = fit(dialogue, count=lambda text: len(codec.encode(text)), budget=budget, form=form)
        beyond = len(codec.tokens(turns)) - limit
        if beyond <= 0 or len(turns) == 1:
            return turns, lost
        budget -= beyond


def end_and_padding(folder: Path, config: Mapping[str, Any], codec: Codec, form: InputForm) -> tuple[list[int], int]:
    """(ids that end a summary, the id of padding). The first end is the one that is taught; padding is never an end.

    Padding is told from text by its place, never by its id, so that any other id would do; but tools that go by the id would take the
    end of a summary for padding and leave it out of the loss, and the model would never stop.

    Raises:
        ModelError: The model's configuration names no end token, or one that its tokenizer lacks.
    """
    declared = config.get("eos_token_id")
    own = [declared] if isinstance(declared, int) else list(declared or [])
    named = codec.ids(form.prompt.ends)
    if len(named) < len(form.prompt.ends):
        raise ModelError(f"the tokenizer in {folder} lacks {form.prompt.ends[-1]!r}, with which the chat template ends an answer")
    ends = list(dict.fromkeys([*named, *own]))
    if not ends:
        raise ModelError(f"{folder}/config.json names no eos_token_id, so a summary could have no end; add it")
    declared = config.get("pad_token_id")
    if isinstance(declared, int) and 0 <= declared < config["vocab_size"] and declared not in ends:
        return ends, declared
    spare = codec.ids(tuple(token for token in _SPARE if token in codec.special))
    return ends, next(id_ for id_ in [*spare, *range(config["vocab_size"])] if id_ not in ends)


# Tokens that stand in no text, by the names that models give them; Llama 3 has no padding token but these.
_SPARE = ("<pad>", "<|finetune_right_pad_id|>", "<|pad|>", "<|reserved_special_token_0|>", "<unk>", "<|endoftext|>")
