"""Check the sources of the corpus and build its JSONL files.

    python corpus/build.py family bank     # check these domains
    python corpus/build.py --write         # check all, write train/dev/test.jsonl

Sources are in corpus/source/DOMAIN.txt; corpus/GUIDE.md gives the form of a record.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
KINDS = ("speaker", "negation", "detail", "invented")
CHANNELS = ("talk", "messenger", "call", "meeting")
REGISTERS = ("plain", "honorific", "mixed")
# Four rows of each domain are dev and eight are test; these domains give one more, so that they are 100 and 200.
ONE_MORE_DEV = ("family", "friends", "school", "interview")
ONE_MORE_TEST = ("office", "meeting", "it-help", "news", "hospital", "pharmacy", "counselling", "relationships")
DIGIT_WITH_FINAL = {"0", "1", "3", "6", "7", "8"}
TAG = re.compile(r"#[A-Za-z]+\d*#")
PERSON_JOSA = re.compile(r"#Person(\d+)#(은|는|이|가|을|를|과|와|으로|로)(?![가-힣])")
NUMBER = re.compile(r"\d[\d,.]*\d|\d")
LATIN = re.compile(r"[A-Za-z]{2,}")
ENDING = re.compile(r"(다)\.$")


@dataclass(frozen=True)
class Limits:
    """What a record may be like."""

    turns: tuple[int, int] = (2, 40)
    characters: tuple[int, int] = (90, 1600)
    sentences: tuple[int, int] = (1, 3)
    ratio: tuple[float, float] = (0.08, 0.5)


#: The calls and meetings in `long.txt`, as speech recognition writes them, and everything else.
LONG = Limits(turns=(20, 160), characters=(2500, 6000), sentences=(3, 6), ratio=(0.03, 0.15))
USUAL = Limits()


@dataclass
class Record:
    id: str
    line: int
    topic: str = ""
    form: list[str] = field(default_factory=list)
    who: dict[str, str] = field(default_factory=dict)
    turns: list[tuple[str, str]] = field(default_factory=list)
    summary: list[tuple[list[int], str]] = field(default_factory=list)
    twins: list[tuple[int, str, str]] = field(default_factory=list)
    second: list[str] = field(default_factory=list)

    @property
    def characters(self) -> int:
        return sum(len(self.who[s]) + 2 + len(t) for s, t in self.turns) + len(self.turns) - 1


def parse(path: Path) -> tuple[list[Record], list[str]]:
    """Records of one source file and the problems of form found on the way."""
    records: list[Record] = []
    problems: list[str] = []
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("//"):
            continue
        where = f"{path.name}:{number}"
        if line.startswith("@"):
            records.append(Record(line[1:].strip(), number))
            continue
        if not records:
            problems.append(f"{where}: text before the first @ID")
            continue
        record = records[-1]
        if line.startswith("topic:"):
            record.topic = line[6:].strip()
        elif line.startswith("form:"):
            record.form = line[5:].split()
        elif line.startswith("who:"):
            pairs = re.findall(r"([A-E])=(.+?)(?=\s+[A-E]=|$)", line[4:].strip())
            record.who = {letter: name.strip() for letter, name in pairs}
        elif match := re.match(r"(\d+) ([A-E]): ?(.+)$", line):
            if int(match[1]) != len(record.turns) + 1:
                problems.append(f"{where}: turn {match[1]} should be {len(record.turns) + 1}")
            if match[2] not in record.who:
                problems.append(f"{where}: speaker {match[2]} is not in who:")
            record.turns.append((match[2], match[3].strip()))
        elif match := re.match(r"S ([\d, ]+): ?(.+)$", line):
            record.summary.append(([int(n) for n in match[1].replace(" ", "").split(",") if n], match[2].strip()))
        elif match := re.match(r"T: ?(.+)$", line):
            record.second.append(match[1].strip())
        elif match := re.match(r"F (\d+) (\w+): ?(.+)$", line):
            record.twins.append((int(match[1]), match[2], match[3].strip()))
        else:
            problems.append(f"{where}: not a line of a record: {line[:40]!r}")
    return records, problems


def check(record: Record, domain: str, twins_wanted: int) -> list[str]:
    """What is wrong with one record, each as 'ID: problem'."""
    out: list[str] = []

    def bad(text: str) -> None:
        out.append(f"{record.id}: {text}")

    if not re.fullmatch(re.escape(domain) + r"-\d{3}", record.id):
        bad(f"the id should be {domain}-NNN")
    if not 1 <= len(record.topic.split()) <= 5:
        bad("topic should be 2-4 words")
    if not record.form or record.form[0] not in CHANNELS or (record.form[1:2] and record.form[1] not in REGISTERS):
        bad(f"form: {record.form}")
    if not 2 <= len(record.who) <= 5 or set(record.who) != {s for s, _ in record.turns}:
        bad("who: names two to five speakers, each of whom speaks")
        return out
    first = list(dict.fromkeys(s for s, _ in record.turns))
    if first != sorted(first):
        bad("letters follow the order of first appearance")
    if record.who["A"].startswith("#Person") and [record.who[s] for s in first] != [f"#Person{i + 1}#" for i in range(len(first))]:
        bad("tags are numbered in order of appearance")
    limits = LONG if domain == "long" else USUAL
    if not limits.turns[0] <= len(record.turns) <= limits.turns[1]:
        bad(f"{len(record.turns)} turns")
    if not limits.characters[0] <= record.characters <= limits.characters[1]:
        bad(f"{record.characters} characters")
    if not limits.sentences[0] <= len(record.summary) <= limits.sentences[1]:
        bad(f"{len(record.summary)} summary sentences")
        return out
    text = "\n".join(f"{record.who[s]}: {t}" for s, t in record.turns)
    summary = " ".join(s for _, s in record.summary)
    ratio = len(summary) / record.characters
    if not limits.ratio[0] <= ratio <= limits.ratio[1]:
        bad(f"summary has {ratio:.2f} of the dialogue's length")
    for evidence, sentence in record.summary:
        if not evidence or min(evidence) < 1 or max(evidence) > len(record.turns) or evidence != sorted(set(evidence)):
            bad(f"evidence {evidence}")
        if not ENDING.search(sentence) or sentence.endswith("니다."):
            bad(f"a summary sentence ends in ~다.: {sentence[-14:]!r}")
        if re.search(r"다\. ", sentence):
            bad("one S line per sentence")
        for found in NUMBER.findall(sentence) + LATIN.findall(TAG.sub("", sentence)) + TAG.findall(sentence):
            if found not in text:
                bad(f"{found!r} of the summary is not in the dialogue")
    if len(record.twins) < twins_wanted:
        bad(f"{len(record.twins)} false twins, {twins_wanted} wanted")
    for index, kind, sentence in record.twins:
        if kind not in KINDS or not 1 <= index <= len(record.summary):
            bad(f"twin {index} {kind}")
            continue
        true = record.summary[index - 1][1]
        if sentence == true or sentence in summary:
            bad("a twin equals a true sentence")
        if not ENDING.search(sentence) or re.search(r"다\. ", sentence):
            bad(f"a twin is one sentence in ~다.: {sentence[-14:]!r}")
        if not 0.6 <= len(sentence) / len(true) <= 1.6:
            bad(f"{kind} twin's length is {len(sentence) / len(true):.2f} of the true sentence's")
    for _, sentence in [*record.summary, *[(i, s) for i, _, s in record.twins]]:
        for digits, josa in PERSON_JOSA.findall(sentence):
            final = digits[-1] in DIGIT_WITH_FINAL
            right = (
                josa in ("은", "이", "을", "과", "로" if digits[-1] in "178" else "으로")
                if final
                else josa in ("는", "가", "를", "와", "로")
            )
            if not right:
                bad(f"#Person{digits}#{josa}")
    return out


def split_of(domain: str, number: int) -> str:
    """The split of a record: fixed by its number, so that no situation can be in two."""
    if domain == "long":
        return "long"
    if number in (11, 31, 51, 71) or (number == 81 and domain in ONE_MORE_DEV):
        return "dev"
    if number % 10 == 3 and (number < 80 or domain in ONE_MORE_TEST):
        return "test"
    return "train"


def as_row(record: Record, domain: str) -> dict[str, object]:
    """The record as it stands in the JSONL files; turn numbers count from 1."""
    row: dict[str, object] = {
        "id": record.id,
        "domain": domain,
        "topic": record.topic,
        "dialogue": [{"speaker": record.who[letter], "text": text} for letter, text in record.turns],
        "summary": " ".join(sentence for _, sentence in record.summary),
        "sentences": [{"text": sentence, "evidence": evidence} for evidence, sentence in record.summary],
        "false_twins": [{"sentence": index, "kind": kind, "text": text} for index, kind, text in record.twins],
        "speakers": list(record.who.values()),
        "style": record.form,
    }
    if record.second:
        row["summary2"] = " ".join(record.second)
    return row


def built() -> dict[str, list[dict[str, object]]]:
    """Split -> its rows, in the order of the sources."""
    rows: dict[str, list[dict[str, object]]] = {"train": [], "dev": [], "test": [], "long": []}
    for path in sorted((HERE / "source").glob("*.txt")):
        for record in parse(path)[0]:
            split = split_of(path.stem, int(record.id[-3:]))
            rows[split].append(as_row(record, path.stem))
    return rows


def dumps(row: dict[str, object]) -> str:
    """One line of a JSONL file."""
    return json.dumps(row, ensure_ascii=False) + "\n"


def write() -> None:
    """Write train.jsonl, dev.jsonl, test.jsonl and long.jsonl."""
    for split, found in built().items():
        (HERE / f"{split}.jsonl").write_text("".join(map(dumps, found)), encoding="utf-8", newline="\n")
        print(f"{split}.jsonl: {len(found)} dialogues")


def main(arguments: list[str]) -> int:
    paths = [HERE / "source" / f"{name}.txt" for name in arguments] or sorted((HERE / "source").glob("*.txt"))
    problems: list[str] = []
    for path in paths:
        records, found = parse(path)
        seen: set[str] = set()
        for record in records:
            number = int(record.id[-3:]) if record.id[-3:].isdigit() else 0
            found += check(record, path.stem, 4 if split_of(path.stem, number) in ("dev", "test") else 2)
            if record.id in seen:
                found.append(f"{record.id}: twice")
            seen.add(record.id)
        problems += found
        if records:
            n = len(records)
            size = [r.characters for r in records if r.who]
            ratio = sum(len(s) for r in records for _, s in r.summary) / max(1, sum(size))
            kinds = {k: sum(t[1] == k for r in records for t in r.twins) for k in KINDS}
            style = {name: f"{sum(name in r.form for r in records) / n:.0%}" for name in ("messenger", "call")}
            style["tags"] = f"{sum('#Person1#' in r.who.values() for r in records) / n:.0%}"
            style["3+ speakers"] = f"{sum(len(r.who) > 2 for r in records) / n:.0%}"
            print(
                f"{path.stem}: {n} records, {sum(len(r.turns) for r in records) / n:.1f} turns, {sum(size) / n:.0f} characters, "
                f"summary ratio {ratio:.3f}, {style}, twins {kinds}"
            )
    for problem in problems:
        print(problem, file=sys.stderr)
    if "--write" in sys.argv and not problems:
        write()
    return 3 if problems else 0


if __name__ == "__main__":
    sys.exit(main([a for a in sys.argv[1:] if not a.startswith("-")]))
