"""Corpora of the National Institute of the Korean Language (국립국어원): dialogue summaries, messenger and everyday speech."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yoyak.data.formats.base import Columns, Match, Row
from yoyak.data.formats.build import build, moment, rejected
from yoyak.data.formats.json_items import Item, items, looks_like_json
from yoyak.data.source import Source
from yoyak.records import Turn


class Nikl:
    """`[{"id", "input": {"conversation": [{"speaker", "utterance"}]}, "output"}]` of the shared tasks, one object or list; and
    `{"document": [{"id", "utterance": [{"speaker_id", "form"}]}]}` of the messenger and spoken corpora."""

    name = "nikl"

    def match(self, head: str) -> Match:
        if not looks_like_json(head):
            return Match(0.0)
        if '"conversation"' in head and '"input"' in head:
            if '"utterance"' in head and '"speaker"' in head:
                return Match(1.0, None, "conversations as NIKL writes them")
            return Match(0.95, _line(head, '"conversation"'), 'turns with "speaker" and "utterance" below "conversation"')
        if '"document"' in head and '"utterance"' in head:
            if '"speaker_id"' in head and ('"form"' in head or '"original_form"' in head):
                return Match(1.0, None, "documents as NIKL writes them")
            return Match(0.95, _line(head, '"utterance"'), 'utterances with "speaker_id" and "form"')
        return Match(0.0)

    def read(self, source: Source, columns: Columns) -> Iterator[Row]:
        for item in items(source, below=("document",)):
            if isinstance(item, Item):
                yield _summarized(item, source.name) if "input" in item.value else _document(item, source.name)
            else:
                yield item


def _line(head: str, key: str) -> int:
    return head.count("\n", 0, head.index(key)) + 1


def _summarized(item: Item, file: str) -> Row:
    given = item.value["input"]
    conversation = given.get("conversation") if isinstance(given, dict) else None
    id_ = str(item.value.get("id") or f"{file}:{item.number}")
    if not isinstance(conversation, list):
        return rejected(file, item.number, 'there is no list "conversation" below "input"', "fetch it anew", "nikl", item.value, id_)
    turns = _turns(conversation, "speaker", ("utterance",))
    if turns is None:
        message = 'a turn has no "speaker" or no "utterance"'
        return rejected(file, item.number, message, "give each turn both", "nikl", item.value, id_)
    output = item.value.get("output")
    keywords = given.get("subject_keyword")
    topic = ", ".join(map(str, keywords)) if isinstance(keywords, list) else keywords if isinstance(keywords, str) else None
    references = (output,) if isinstance(output, str) and output.strip() else ()
    return build(id_, turns, file=file, row=item.number, raw=item.value, references=references, topic=topic or None)


def _document(item: Item, file: str) -> Row:
    id_ = str(item.value.get("id") or f"{file}:{item.number}")
    utterances = item.value.get("utterance")
    if not isinstance(utterances, list):
        return rejected(file, item.number, 'there is no list "utterance"', "fetch the file anew", "nikl", item.value, id_)
    turns = _turns(utterances, "speaker_id", ("form", "original_form"))
    if turns is None:
        message = 'an utterance has no "speaker_id" or no "form"'
        return rejected(file, item.number, message, "give each utterance both", "nikl", item.value, id_)
    metadata = item.value.get("metadata")
    topic = metadata.get("topic") if isinstance(metadata, dict) else None
    return build(id_, turns, file=file, row=item.number, raw=item.value, topic=topic if isinstance(topic, str) and topic.strip() else None)


def _turns(given: list[Any], speaker: str, texts: tuple[str, ...]) -> list[Turn] | None:
    """The turns with words; None when one lacks its speaker or its text (an empty text is left out)."""
    turns = []
    for entry in given:
        if not isinstance(entry, dict) or not str(entry.get(speaker) or "").strip():
            return None
        found = [value for key in texts if isinstance(value := entry.get(key), str)]
        if not found:
            return None
        text = next((value.strip() for value in found if value.strip()), "")
        if text:
            turns.append(Turn(str(entry[speaker]).strip(), text, moment(str(entry.get("time") or ""))))
    return turns
