"""What topics are told by, and the words that a group's vocabulary holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from yoyak.records import Dialogue
from yoyak.text import tags
from yoyak.text.morphemes import Morpheme, analyze_many

# Nouns, roots, verbs, adjectives and Latin words; no pronouns, numbers, dependent nouns or auxiliaries.
_NOUNS = ("NNG", "NNP", "XR", "SL")
_VERBS = ("VV", "VA")


def words(morphemes: Sequence[Morpheme]) -> list[str]:
    """The content words, in order and as often as they occur; verbs and adjectives in dictionary form, tags left out.

    Example:
        >>> from yoyak.text.morphemes import analyze
        >>> words(analyze("#Person1#은 도서관에서 책을 빌렸다."))
        ['도서관', '책', '빌리다']
    """
    found = []
    for morpheme in morphemes:
        if morpheme.tag in _NOUNS and not tags.is_tag(morpheme.form):
            found.append(morpheme.form)
        elif morpheme.tag.partition("-")[0] in _VERBS:
            found.append(f"{morpheme.form}다")
    return found


def signs(morphemes: Sequence[Morpheme]) -> list[str]:
    """Every morpheme with its tag, but for punctuation, numbers and speakers' tags: what a classifier goes by.

    Endings, pronouns and particles are among them: how people speak to each other tells a bank's counter from a family's table, and that
    is worth a fifth more right answers than content words alone (docs/explanation/topics.md).

    Example:
        >>> from yoyak.text.morphemes import analyze
        >>> signs(analyze("#Person1#: 대출 되나요?"))
        ['대출/NNG', '되/VV', '나요/EF']
    """
    return [
        f"{m.form}/{m.tag.partition('-')[0]}" for m in morphemes if (m.tag == "SL" or not m.tag.startswith("S")) and not tags.is_tag(m.form)
    ]


def signs_of(texts: Iterable[str]) -> Iterator[list[str]]:
    """:func:`signs` of many texts, in order."""
    return (signs(morphemes) for morphemes in analyze_many(texts))


def words_of(texts: Iterable[str]) -> Iterator[list[str]]:
    """:func:`words` of many texts, in order; the analysis is spread over the machine's cores."""
    return (words(morphemes) for morphemes in analyze_many(texts))


def spoken(dialogue: Dialogue) -> str:
    """What is said, a turn a line, without who says it: a speaker's name is no topic.

    Example:
        >>> from yoyak.records import Turn
        >>> spoken(Dialogue("a", (Turn("은행원", "어서 오세요."), Turn("손님", "네."))))
        '어서 오세요.\\n네.'
    """
    return "\n".join(turn.text for turn in dialogue.turns)
