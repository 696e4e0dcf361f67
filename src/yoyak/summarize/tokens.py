"""Dialogues to the tokens that a model reads, and its tokens back to text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from yoyak._extras import require
from yoyak.checkpoints.convert import InputForm
from yoyak.models.inputs import source
from yoyak.records import Dialogue, Turn
from yoyak.summarize import long
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.schedule import Entry, Tokens


class Codec:
    """A checkpoint's tokenizer together with the form in which its model is given a dialogue.

    Args:
        tokenizer: Path of a tokenizer.json.
        form: How the model is fed.
        decode: Its limits.
    """

    def __init__(self, tokenizer: Path, form: InputForm, decode: DecodeConfig) -> None:
        tokenizers = require("tokenizers", extra="ct2")
        self._tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._form = form
        self._decode = decode
        # What a decoder writes stands in the same position table as what it reads.
        room = form.max_tokens - (decode.max_new_tokens if form.kind == "decoder" else 0)
        self.budget = max(16, min(decode.max_input_tokens, room, form.max_input_tokens or room))
        # Emoticons such as ㅠㅠ are special tokens in KoBART: only those with the shape of a control are dropped.
        self._controls = frozenset(
            id_
            for id_, token in self._tokenizer.get_added_tokens_decoder().items()
            if token.special and token.content.startswith("<") and token.content.endswith(">")
        )

    def tokens(self, turns: Sequence[Turn]) -> Tokens:
        """What the model reads for these turns."""
        text = self._form.prompt(turns) if self._form.kind == "decoder" else source(turns)
        return (*self._form.prefix, *self._tokenizer.encode(text, add_special_tokens=False).tokens, *self._form.suffix)

    def tokens_of(self, text: str) -> Tokens:
        """Tokens of a bare text."""
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).tokens)

    @property
    def special(self) -> frozenset[str]:
        """Contents of the tokenizer's special tokens."""
        return frozenset(token.content for token in self._tokenizer.get_added_tokens_decoder().values() if token.special)

    def encode(self, text: str) -> list[int]:
        """Ids of a bare text."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def ids(self, tokens: Tokens) -> list[int]:
        """The tokens' numbers; a model's rows without a token (padding of its table) are passed over."""
        found = (self._tokenizer.token_to_id(token) for token in tokens)
        return [id_ for id_ in found if id_ is not None]

    def text(self, ids: Sequence[int]) -> str:
        """What the model wrote, without control tokens and the blanks around."""
        kept = [id_ for id_ in ids if id_ not in self._controls]
        return str(self._tokenizer.decode(kept, skip_special_tokens=False)).strip()

    def shown(self, ids: Sequence[int]) -> str:
        """The text of ids with every control token, for a person to check."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=False))

    def entry(self, dialogue: Dialogue) -> Entry[Dialogue]:
        """The dialogue as pieces that the model can read.

        Raises:
            TooLong: It is beyond the limit and may not be split.
            ValueError: It is empty.
        """
        found = self.pieces(dialogue)
        return Entry(dialogue, [self.tokens(turns) for turns in found.turns], found.notes)

    def pieces(self, dialogue: Dialogue) -> long.Parts:
        """The dialogue's turns in pieces within the budget. Raises as :meth:`entry` does."""
        return long.parts(dialogue, count=lambda turns: len(self.tokens(turns)), budget=self.budget, split=self._decode.long == "split")
