"""Minimum Bayes risk: of several summaries the one that agrees most with all the others.

The utility is the Korean ROUGE of the metrics (mean of ROUGE-1, ROUGE-2 and ROUGE-L F1 on tokens with tags atomic). Weak candidates are
pruned first, since they drag the choice towards themselves: by their model's score where they have one, by agreement where several
systems wrote them. See Kumar and Byrne, "Minimum Bayes-Risk Decoding for Statistical Machine Translation", 2004.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice, repeat

from rapidfuzz.distance import LCSseq

from yoyak.metrics import tokenizers
from yoyak.metrics.normalize import normalized
from yoyak.metrics.rouge import rouge
from yoyak.metrics.tokenizers import Tokenizer
from yoyak.records import Dialogue, Prediction
from yoyak.summarize.candidates import Candidate, CandidateEngine, Candidates

# Candidates whose log-probability per token lies so far below the best are not believed: e^-0.7 is half as likely at each token.
MARGIN = 0.7
# Without scores: a candidate with less than this share of the best one's agreement is alone with what it says.
AGREEMENT = 0.6
# With a second criterion: expected utilities so close to the best count as equal.
TOLERANCE = 0.05
# Dialogues at a time; the first ones are few, so that something can be shown soon.
_FIRST = 8
_WINDOW = 64
_REMEMBERED = 65_536

#: A second criterion: (id, summary) -> how bad it is; the least is best.
Judge = Callable[[str, str], float]


def utility(prediction: Sequence[str], reference: Sequence[str]) -> float:
    """Agreement of two token lists, 0..1, symmetric: mean F1 of ROUGE-1, ROUGE-2 and ROUGE-L.

    Example:
        >>> utility(["가", "나"], ["가", "나"]), utility(["가"], ["나"])
        (1.0, 0.0)
    """
    scores = rouge(prediction, reference)
    return sum(score.f1 for score in scores.values()) / len(scores)


def utilities(tokens: Sequence[Sequence[str]]) -> list[list[float]]:
    """:func:`utility` of every pair; what each list needs is counted once, and equal lists are compared once.

    Example:
        >>> utilities([["가", "나"], ["가"], ["가", "나"]])[0][2]
        1.0
    """
    distinct = list(dict.fromkeys(map(tuple, tokens)))
    letters: dict[str, str] = {}
    counted = [_counted(one, letters) for one in distinct]
    place = {one: i for i, one in enumerate(distinct)}
    table = [[1.0] * len(distinct) for _ in distinct]
    for i, mine in enumerate(counted):
        for j in range(i):
            table[i][j] = table[j][i] = _agreement(mine, counted[j])
    at = [place[tuple(one)] for one in tokens]
    return [[table[i][j] for j in at] for i in at]


@dataclass(frozen=True, slots=True)
class _Counted:
    letters: str  # a character for each token: LCSseq is quickest on strings
    grams: tuple[Counter[str], Counter[str]]


def _counted(tokens: Sequence[str], letters: dict[str, str]) -> _Counted:
    # characters from U+E000 on: past the surrogates
    text = "".join(letters.setdefault(token, chr(0xE000 + len(letters))) for token in tokens)
    return _Counted(text, (Counter(text), Counter(text[i : i + 2] for i in range(len(text) - 1))))


def _agreement(one: _Counted, other: _Counted) -> float:
    n, m = len(one.letters), len(other.letters)
    total = _f1(LCSseq.similarity(one.letters, other.letters), n, m)
    for k, (mine, theirs) in enumerate(zip(one.grams, other.grams, strict=True)):
        if len(theirs) < len(mine):
            mine, theirs = theirs, mine
        overlap = sum(min(count, theirs[gram]) for gram, count in mine.items() if gram in theirs)
        total += _f1(overlap, max(0, n - k), max(0, m - k)) if max(n, m) > k else 0.0  # without any n-gram only equal texts agree
    return total / 3


def _f1(overlap: int, n: int, m: int) -> float:
    return 2 * overlap / (n + m) if overlap else 0.0


def expected(tokens: Sequence[Sequence[str]], weights: Sequence[float]) -> list[float]:
    """Expected utility of each candidate over all others, weighted; a candidate alone has 1.

    Example:
        >>> [round(value, 2) for value in expected([["가", "나"], ["가", "나"], ["다", "라"]], [1, 1, 1])]
        [0.5, 0.5, 0.0]
    """
    return _means(utilities(tokens), weights, range(len(tokens)))


def _means(table: Sequence[Sequence[float]], weights: Sequence[float], voters: Sequence[int]) -> list[float]:
    """The weighted mean utility of each candidate over the voters other than itself."""
    if len(table) == 1:
        return [1.0]
    found = []
    for i in range(len(table)):
        others = [j for j in voters if j != i]
        total = sum(weights[j] for j in others)
        found.append(sum(weights[j] * table[i][j] for j in others) / total if total else 0.0)
    return found


def pruned(candidates: Sequence[Candidate], *, margin: float = MARGIN) -> list[Candidate]:
    """Candidates worth a vote: not empty, and where they have scores, within `margin` of the best. At least one stays, if there is any."""
    told = [candidate for candidate in candidates if candidate.text.strip()]
    scores = [candidate.score for candidate in told if candidate.score is not None]
    if len(scores) < len(told) or not scores:
        return told or list(candidates[:1])
    return [candidate for candidate in told if candidate.score is not None and candidate.score >= max(scores) - margin]


def chosen(
    candidates: Sequence[Candidate],
    tokens: Sequence[Sequence[str]],
    *,
    agreement: float = AGREEMENT,
    judge: Callable[[str], float] | None = None,
    tolerance: float = TOLERANCE,
) -> int:
    """Index of the candidate with the highest expected utility; the earlier one (the model's own favourite) wins a tie.

    Args:
        candidates: At least one.
        tokens: The tokens of each.
        agreement: Of candidates without scores, those whose expected utility is below this share of the best one's have no vote and
            cannot be chosen; 0 keeps all.
        judge: A second criterion: among candidates within `tolerance` of the best, the one that it finds least bad is taken.
        tolerance: In expected utility, 0..1.

    Raises:
        ValueError: There is none.

    Example:
        >>> texts = ["둘은 세 시에 만난다", "둘은 네 시에 만난다"]
        >>> found = [Candidate(text) for text in texts], [text.split() for text in texts]
        >>> chosen(*found), chosen(*found, judge=lambda text: "세 시" in text)
        (0, 1)
    """
    if not candidates:
        raise ValueError("there is no candidate to choose from")
    scores = [candidate.score for candidate in candidates]
    best = max((score for score in scores if score is not None), default=0.0)
    weights = [1.0 if score is None else math.exp(score - best) for score in scores]
    table = utilities(tokens)
    voters = list(range(len(table)))
    values = _means(table, weights, voters)
    if len(voters) > 2 and all(score is None for score in scores):
        voters = [i for i in voters if values[i] >= agreement * max(values)]
        values = _means(table, weights, voters)
    close = [i for i in voters if judge is not None and values[i] >= max(values[j] for j in voters) - tolerance]
    if judge is not None and len({candidates[i].text for i in close}) > 1:
        faults = {text: judge(text) for text in dict.fromkeys(candidates[i].text for i in close)}
        return min(close, key=lambda i: (faults[candidates[i].text], -values[i], i))
    return max(voters, key=lambda i: (values[i], -i))


class Remembering:
    """A tokenizer that has normalized texts tokenized once, however often they come; what it remembers is bounded.

    Example:
        >>> Remembering(tokenizers.load("eojeol")).tokenize(["#Person1# 은 간다."])
        [('#Person1#', '은', '간다', '.')]
    """

    def __init__(self, tokenizer: Tokenizer, *, most: int = _REMEMBERED) -> None:
        self._tokenizer = tokenizer
        self._most = most
        self._known: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self.signature = tokenizer.signature

    def tokenize(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """The tokens of each text, in order."""
        plain = [normalized(text) for text in texts]
        new = [text for text in dict.fromkeys(plain) if text not in self._known]
        found = dict(zip(new, self._tokenizer.tokenize(new), strict=True)) if new else {}
        result = [found[text] if text in found else self._known[text] for text in plain]
        self._known.update(found)
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        return result


def choose(
    items: Iterable[Candidates],
    *,
    tokenize: str | Tokenizer = "morpheme",
    margin: float = MARGIN,
    agreement: float = AGREEMENT,
    judge: Judge | None = None,
    tolerance: float = TOLERANCE,
) -> Iterator[tuple[Candidates, Candidate | None]]:
    """Each item with its choice, in order; None where there is nothing to choose from. What `yoyak combine` runs over several files.

    Args:
        items: Candidates of each dialogue; a few hundred dialogues are drawn ahead.
        tokenize: What the utility counts (see :mod:`yoyak.metrics.tokenizers`).
        margin: See :func:`pruned`.
        agreement: See :func:`chosen`, as are `judge` (here of id and text) and `tolerance`.
    """
    tokenizer = Remembering(tokenizers.load(tokenize)) if isinstance(tokenize, str) else tokenize

    def settled(window: _Window) -> Iterator[tuple[Candidates, Candidate | None]]:
        flat = iter(window.tokens.result())
        for item, group in zip(window.items, window.kept, strict=True):
            tokens = list(islice(flat, len(group)))
            if not group:
                yield item, None
                continue
            of_item = None if judge is None else _of(judge, item.id)
            yield item, group[chosen(group, tokens, agreement=agreement, judge=of_item, tolerance=tolerance)]

    source = iter(items)
    waiting: deque[_Window] = deque()
    # Kiwi works on the next window with its own threads while this one settles the last. A judge may ask Kiwi too: then in turn.
    with ThreadPoolExecutor(1) as pool:
        for size in chain([_FIRST], repeat(_WINDOW)):
            drawn = list(islice(source, size))
            if not drawn:
                break
            kept = [pruned(item.candidates, margin=margin) for item in drawn]
            texts = [candidate.text for group in kept for candidate in group]
            waiting.append(_Window(drawn, kept, pool.submit(tokenizer.tokenize, texts)))
            if len(waiting) > 1 or judge is not None:
                yield from settled(waiting.popleft())
        while waiting:
            yield from settled(waiting.popleft())


@dataclass(frozen=True, slots=True)
class _Window:
    items: list[Candidates]
    kept: list[list[Candidate]]
    tokens: Future[list[tuple[str, ...]]]


def _of(judge: Judge, id_: str) -> Callable[[str], float]:
    return lambda text: judge(id_, text)


class MinimumBayesRisk:
    """An engine whose beams vote.

    Args:
        engine: Gives candidates; with one beam there is nothing to choose.
        tokenize: What the utility counts.
    """

    def __init__(self, engine: CandidateEngine, *, tokenize: str = "morpheme") -> None:
        self._engine = engine
        self._tokenize = tokenize
        self.name = engine.name

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """One prediction a dialogue, in order."""
        for item, choice in choose(self._engine.candidates(dialogues), tokenize=self._tokenize):
            if choice is None:
                yield Prediction(item.id, "", self.name, error=item.error or "the model wrote nothing")
            else:
                yield Prediction(item.id, choice.text, self.name, notes=item.notes)
