"""What a cleaning rule is, and what no rule may touch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from yoyak.data.turns import name_label
from yoyak.text import tags

Scope = Literal["text", "speech", "summary"]

TAG = re.sub(r"\?P<\w+>", "?:", tags.PATTERN.pattern)
PERSON = r"#Person\d{1,3}#"
KIND = r"(?:Person\d{1,3}|" + "|".join(kind for kind in tags.READINGS if kind != "Person") + ")"

#: A URL ends before a speaker's tag, for in turns that ran together one may follow directly.
URL = r"https?://(?:[^\s<>\"'#]|#(?!Person))++"

#: Tags, URLs, e-mail addresses, titles in angle brackets, numbers with what belongs to them (prices, times, percentages).
PROTECTED = (
    rf"{TAG}|{URL}|(?<![\w.])www\.[^\s<>\"']+"
    r"|(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}\.[A-Za-z0-9.-]{1,63}"
    r"|<[^<>\n]{1,80}>|[$₩€£¥]?\d+(?:[,.:/]\d+)*[%℃]?"
)
_PROTECTED = re.compile(PROTECTED)
_LABEL = re.compile(rf"[ \t]*{TAG}[ \t]*[:：][ \t]*")
_TAGGED = re.compile(r"#?[ \t]?(?:Person|사람)[ \t]?\d{1,3}[ \t]?#?[ \t]?[:：]|#Person#[ \t]?[:：]")
_WORD = re.compile(r"[0-9A-Za-z가-힣]")


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know about the text that it is given.

    Args:
        tagged: Its speakers are tags (`#Person1#`), so that a `#` before any other word is a mistake and no hashtag.
        labelled: Its lines begin with their speaker; otherwise it is the speech of one turn.
    """

    tagged: bool = False
    labelled: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of noise and how it is mended.

    Args:
        id: As in the catalogue, `N2b`.
        title: What it mends, in English and in Korean.
        why: Why, and by what it decides.
        examples: (before, after) pairs; the tests run them.
        apply: The pure function; gets the whole text (scope `text`), the speech of one line (`speech`) or a summary.
        trigger: A text in which it finds nothing is not changed by the rule.
        scope: `summary` rules run on references alone, and only when that is asked for.
        default: Whether it runs when nothing is selected.
    """

    id: str
    title: tuple[str, str]
    why: str
    examples: tuple[tuple[str, str], ...]
    apply: Callable[[str, Context], str]
    trigger: re.Pattern[str]
    scope: Scope = "speech"
    default: bool = True


def context_of(text: str) -> Context:
    """The context of a dialogue's whole text.

    Example:
        >>> context_of("#Person1#: 안녕?").tagged, context_of("지우: #맛집 갈래?").tagged
        (True, False)
    """
    return Context(tagged=_TAGGED.search(text) is not None)


def protected(text: str) -> list[str]:
    """Everything in the text that no rule may change, in order.

    Example:
        >>> protected("#Person1#이 <시민 케인>을 12,000원에 봤대. https://a.kr")
        ['#Person1#', '<시민 케인>', '12,000', 'https://a.kr']
    """
    return _PROTECTED.findall(text)


def guarded(pattern: str, replace: Callable[[re.Match[str]], str]) -> Callable[[str], str]:
    """A substitution that leaves protected spans alone but may look at them. `pattern` must not hold a group called `keep`."""
    compiled = re.compile(rf"(?P<keep>{PROTECTED})|{pattern}")

    def substitute(text: str) -> str:
        return compiled.sub(lambda match: match[0] if match["keep"] is not None else replace(match), text)

    return substitute


def beside_tags(pattern: str, replace: Callable[[re.Match[str]], str]) -> Callable[[str], str]:
    """A substitution that leaves whole tags and URLs alone, for the rules that mend broken ones."""
    compiled = re.compile(rf"(?P<keep>{TAG}|{URL})|{pattern}")

    def substitute(text: str) -> str:
        return compiled.sub(lambda match: match[0] if match["keep"] is not None else replace(match), text)

    return substitute


def has_words(text: str) -> bool:
    """Whether anything is said: a syllable, a letter or a digit."""
    return _WORD.search(text) is not None


def split_lines(text: str, context: Context) -> Iterator[tuple[str, str]]:
    """(label with its colon and blank, speech) of each line; the label is empty on lines that go on with a turn."""
    if not context.labelled:
        for line in text.split("\n"):
            yield "", line
        return
    for line in text.split("\n"):
        end = _label_end(line, context)
        yield line[:end], line[end:]


def _label_end(line: str, context: Context) -> int:
    if context.tagged:
        match = _LABEL.match(line)
        return match.end() if match else 0
    end = name_label(line)
    while end and line[end : end + 1] in (" ", "\t"):
        end += 1
    return end
