"""Korean morphemes: the one place that uses Kiwi.

Tags are given to Kiwi as ready-made proper nouns, so that they stay whole and the josa behind them is read as a josa.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from yoyak.text import tags

if TYPE_CHECKING:
    from kiwipiepy import Kiwi, Token

# Kiwi's time grows with the square of an unbroken run (20,000 equal syllables: 3.6 s), so longer runs are cut; no word is that long.
_LONGEST_RUN = 200
_RUN = re.compile(rf"\S{{{_LONGEST_RUN}}}(?=\S)")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Morpheme:
    """One morpheme: `form` as in the dictionary, `tag` of the Sejong set as Kiwi gives it (NNG, JKS, VV, EF, ...; irregular stems
    carry `-I`), `start` and `end` its character offsets in the text (a contracted pair such as 했 = 하 + 었 shares them)."""

    form: str
    tag: str
    start: int
    end: int


@lru_cache(maxsize=1)
def _kiwi() -> Kiwi:
    from kiwipiepy import Kiwi

    # Without the dictionary of several-word names (파리 바게뜨): it doubles the time to start and changes next to no token.
    return Kiwi(load_multi_dict=False)


def version() -> str:
    """Kiwi's version and its model's, as a metric's signature needs them (scores move with both).

    Example:
        >>> version().startswith("kiwi-")
        True
    """
    from importlib.metadata import version as installed

    return f"kiwi-{installed('kiwipiepy')}/{installed('kiwipiepy_model')}/no-multi"


def _tag_spans(text: str) -> list[tuple[int, int, str]]:
    return [(match.start(), match.end(), "NNP") for match in tags.PATTERN.finditer(text)]


def _safe(text: str) -> str:
    """The same number of characters, none of which Kiwi refuses; long unbroken runs get a blank in place of one character."""
    text = _SURROGATE.sub("\ufffd", text)
    if _RUN.search(text) is None:
        return text
    return "".join(_broken(run) for run in re.split(r"(\s+)", text))


def _broken(run: str) -> str:
    if len(run) <= _LONGEST_RUN or run.isspace():
        return run
    letters = list(run)
    inside = {i for match in tags.PATTERN.finditer(run) for i in range(match.start(), match.end())}
    for place in range(_LONGEST_RUN, len(letters), _LONGEST_RUN):
        while place in inside:
            place += 1
        if place < len(letters):
            letters[place] = " "
    return "".join(letters)


def _converted(tokens: Sequence[Token]) -> list[Morpheme]:
    return [Morpheme(token.form, token.tag, token.start, token.start + token.len) for token in tokens]


def analyze(text: str) -> list[Morpheme]:
    """The morphemes of one text, tags atomic with tag NNP.

    Any string is accepted: lone surrogates count as the replacement character, and in runs of more than 200 characters without a
    blank every 200th becomes a blank, since Kiwi's time grows with the square of such a run.

    Example:
        >>> [m.form for m in analyze("#Person1#은 밥을 먹는다.")]
        ['#Person1#', '은', '밥', '을', '먹', '는다', '.']
    """
    safe = _safe(text)
    return _converted(_kiwi().tokenize(safe, pretokenized=_tag_spans(safe)))


def analyze_many(texts: Iterable[str]) -> Iterator[list[Morpheme]]:
    """:func:`analyze` over many texts, in order, spread over the machine's cores by Kiwi's own threads.

    Texts are drawn from the iterable a few at a time, so that memory stays flat.
    """
    for tokens in _kiwi().tokenize((_safe(text) for text in texts), pretokenized=_tag_spans):
        yield _converted(tokens)


def forms(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """The morphemes' forms for each text: what the Korean ROUGE counts. Equal texts are analysed once.

    Example:
        >>> forms(["했다", "했다"])
        [('하', '었', '다'), ('하', '었', '다')]
    """
    distinct = list(dict.fromkeys(texts))
    safe = (_safe(text) for text in distinct)
    known = {
        text: tuple(token.form for token in tokens)
        for text, tokens in zip(distinct, _kiwi().tokenize(safe, pretokenized=_tag_spans), strict=True)
    }
    return [known[text] for text in texts]


def join(morphemes: Iterable[tuple[str, str]]) -> str:
    """The surface text of (form, tag) pairs: contractions, irregular stems, josa and blanks are Kiwi's work.

    A josa after a tag, digits or Latin letters comes out wrong here; put it on with :mod:`yoyak.text.josa`.

    Example:
        >>> join([("돕", "VV-I"), ("어", "EC"), ("주", "VX"), ("ᆫ다고", "EC")])
        '도와 준다고'
    """
    return str(_kiwi().join(list(morphemes)))
