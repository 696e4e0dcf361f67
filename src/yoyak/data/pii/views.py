"""Ways to see a text - full width folded, letters closed up, spoken digits as digits - each character knowing where it came from."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_DASHES = dict.fromkeys("‐‑‒–—―−－·・ㆍ", "-")
#: Digits as they are said one by one.
SPOKEN = "공영일이삼사오육륙칠팔구"
_VALUE = dict(zip(SPOKEN, "001234566789", strict=True))
_DIGIT = f"[0-9{SPOKEN}]"
_BETWEEN = r"(?:[ ,.\-]{1,2}|(?:에|의|다시|대시|하이픈| 다시| 에) ?)"
_RUN = re.compile(rf"(?<![0-9가-힣]){_DIGIT}(?:{_BETWEEN}?{_DIGIT}){{5,}}")
_PART = re.compile(rf"{_DIGIT}|{_BETWEEN}")
# What makes a run one that is said: three digits in a row as syllables, or a word between figures.
_SAID = re.compile(rf"[{SPOKEN}]{{3}}|다시|대시|하이픈|[0-9]에 ?[0-9]")
# Single characters with a blank between each (at least five), or single digits (at least two).
_LOOSE = re.compile(r"(?<!\S)(?:(?:\S ){4,}\S|\d(?: \d)+(?!\d))")
# A run that is one syllable too long for a phone, a resident number or a card: its last 이 is the copula, not the digit 2.
_ONE_TOO_MANY = re.compile(r"02\d{9}|0(?!2)\d{11}|\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[0-8]\d{7}|\d{17}")


@dataclass(frozen=True, slots=True)
class View:
    """A text and, for each of its characters, the place in the original where it begins and ends; `places` is None for the original."""

    text: str
    places: tuple[tuple[int, int], ...] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` (not empty) stands in the original."""
        if self.places is None:
            return start, end
        return self.places[start][0], self.places[end - 1][1]

    def _built(self, pieces: list[tuple[str, int, int]]) -> View:
        """A view of this one: strings with the range of this view's text that each stands for."""
        text = "".join(piece for piece, _, _ in pieces)
        places = tuple(self.origin(start, end) for piece, start, end in pieces for _ in piece)
        return View(text, places)


def folded(text: str) -> View:
    """Full-width and compatibility characters as plain ones, dashes as `-`, invisible characters left out.

    Example:
        >>> folded("０１０\u200b－１２").text
        '010-12'
    """
    if text.isascii() or (unicodedata.is_normalized("NFKC", text) and not _INVISIBLE.search(text) and not any(c in text for c in _DASHES)):
        return View(text)
    pieces = []
    for index, character in enumerate(text):
        if not _INVISIBLE.match(character):
            plain = _DASHES.get(character) or unicodedata.normalize("NFKC", character)
            pieces.append((plain, index, index + 1))
    return View(text)._built(pieces)


def closed_up(view: View) -> View:
    """`0 1 0 - 1 2 3 4` as `010-1234`: the blanks between single characters left out.

    Example:
        >>> closed_up(View("번호는 0 1 0 - 1 2야")).text
        '번호는 010-12야'
    """
    dropped = {place for match in _LOOSE.finditer(view.text) for place in range(match.start() + 1, match.end(), 2)}
    if not dropped:
        return view
    return view._built([(c, i, i + 1) for i, c in enumerate(view.text) if i not in dropped])


def spoken_digits(view: View) -> View:
    """`공일공 일이삼사에 오육칠팔` as `010-1234-5678`: runs of at least six digits said one by one, or partly.

    Example:
        >>> spoken_digits(View("공일공 일이삼사에 오육칠팔이에요")).text
        '010-1234-5678이에요'
    """
    if not _SAID.search(view.text):
        return view
    pieces: list[tuple[str, int, int]] = []
    done = 0
    for run in _RUN.finditer(view.text):
        if not _SAID.search(run[0]):
            continue
        end = run.end() - _copula(view.text, run)
        pieces += [(c, i, i + 1) for i, c in enumerate(view.text[done : run.start()], done)]
        for part in _PART.finditer(view.text, run.start(), end):
            pieces.append((_VALUE.get(part[0], part[0] if part[0].isdigit() else "-"), part.start(), part.end()))
        done = end
    if not pieces:
        return view
    return view._built(pieces + [(c, i, i + 1) for i, c in enumerate(view.text[done:], done)])


def _copula(text: str, run: re.Match[str]) -> int:
    """1 when the run's last syllable is the 이 of 이에요, 이고 or the josa 이, not the digit 2."""
    if not run[0].endswith("이"):
        return 0
    if text.startswith("에요", run.end()) or run[0][-2].isdigit():  # after the digit 2 it would be 예요; 5678이 holds figures
        return 1
    number = "".join(_VALUE.get(part[0], part[0]) for part in _PART.finditer(run[0]) if part[0] in _VALUE or part[0].isdigit())
    return int(_ONE_TOO_MANY.fullmatch(number) is not None)
