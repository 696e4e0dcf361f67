"""Beams of a decoder-only model that share what they have in common (Gemma 3, in numpy, on the processor).

CTranslate2 keeps a copy of the whole prompt's keys and values for every beam (and for every head, also where heads share them), and copies
all of it twice a step: with a dialogue of 250 tokens and four beams that is 0.6 GB moved a step, while the weights are 0.1 GB. Here a
dialogue's keys and values are kept once. What the beams write is appended row by row, and a mask says which rows are a beam's own past, so
nothing is ever copied; all beams of a dialogue ask for attention in one matrix product, all dialogues of a batch share the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yoyak.checkpoints.stored import StoredModel
from yoyak.summarize.search import BeamSearch, Floats, Hypothesis, Ints

_EPSILON = np.float32(1e-6)
_GELU = np.float32(np.sqrt(2 / np.pi))
_NEEDED = ("self_attention/q_norm/gamma", "pre_feedforward_layer_norm/gamma", "ffn/linear_0_noact/weight", "self_attention/num_heads_kv")

Bools = NDArray[np.bool_]


def supports(folder: Path) -> bool:
    """Whether the converted folder holds a model of Gemma 3's kind."""
    model = StoredModel(folder)
    return all(f"decoder/layer_0/{name}" in model for name in _NEEDED) and "encoder/num_heads" not in model


@dataclass(frozen=True, slots=True)
class _Layer:
    qkv: Floats
    out: Floats
    gate_up: Floats
    down: Floats
    norms: tuple[Floats, Floats, Floats, Floats]
    q_norm: Floats
    k_norm: Floats
    base: float
    window: int


@dataclass(slots=True)
class Context:
    """What has been read and written of one dialogue: keys and values by layer, the prompt's first, then each step's beams in turn."""

    keys: list[Floats]  # (heads, capacity, width) each
    values: list[Floats]
    prompt: int
    steps: int = 0
    beams: int = 0
    past: Bools = field(default_factory=lambda: np.zeros((1, 0), np.bool_))  # beam x written rows: whether a row is the beam's past

    @property
    def rows(self) -> int:
        """Rows of keys in use."""
        return self.prompt + self.steps * self.beams

    def first(self, window: int) -> int:
        """The first row within a window of so many positions (0: all) that ends at the position being written."""
        start = max(0, self.prompt + self.steps + 1 - window) if window else 0
        return start if start <= self.prompt else self.prompt + (start - self.prompt) * self.beams

    def branch(self, origins: Ints) -> None:
        """Go on with beams that come from these beams, each with a new row of its own."""
        self.beams = len(origins)
        self.past = np.concatenate([self.past[origins], np.eye(self.beams, dtype=np.bool_)], axis=1)
        needed = self.rows + self.beams
        if needed > self.keys[0].shape[1]:
            room = needed + 32 * self.beams - self.keys[0].shape[1]
            self.keys = [np.pad(rows, ((0, 0), (0, room), (0, 0))) for rows in self.keys]
            self.values = [np.pad(rows, ((0, 0), (0, room), (0, 0))) for rows in self.values]


class TreeModel:
    """The model's weights in fp32, and its two ways of computing: a whole prompt, and one step of many beams.

    Args:
        folder: A converted folder; what it holds in int8 is multiplied out.
    """

    def __init__(self, folder: Path) -> None:
        stored = StoredModel(folder)
        one = "decoder/layer_0/self_attention/"
        self._heads = int(stored.number("decoder/num_heads", 1))
        self._kv = int(stored.number(f"{one}num_heads_kv", self._heads))
        self._width = int(stored.number(f"{one}head_dim", 0)) or stored.shape(f"{one}q_norm/gamma")[0]
        self._scale = np.float32(stored.number(f"{one}queries_scale", self._width**-0.5))
        self._embedding = stored.floats("decoder/embeddings/weight")
        tied = stored.same("decoder/projection/weight", "decoder/embeddings/weight")
        self._head = self._embedding if tied else stored.floats("decoder/projection/weight")
        self._embedding_scale = np.float32(self._embedding.shape[1] ** 0.5 if stored.number("decoder/scale_embeddings", 0) else 1)
        self._norm = 1 + stored.floats("decoder/layer_norm/gamma")
        count = 0
        self._layers = []
        while f"decoder/layer_{count}/self_attention/linear_0/weight" in stored:
            self._layers.append(_layer(stored, f"decoder/layer_{count}/"))
            count += 1
        self._tables: dict[float, tuple[Floats, Floats]] = {}

    @property
    def row_bytes(self) -> int:
        """Bytes of keys and values that one token of one beam takes."""
        return len(self._layers) * 2 * self._kv * self._width * 4

    def read(self, ids: Sequence[int]) -> tuple[Context, Floats]:
        """A prompt's keys and values, and the logits of what follows (one row)."""
        n = len(ids)
        x = self._embedding[np.asarray(ids)] * self._embedding_scale
        context = Context([], [], n)
        positions = np.arange(n)
        gap = positions[:, None] - positions[None, :]
        for layer in self._layers:
            q, k, v = self._projected(layer, x, positions)
            context.keys.append(k.transpose(1, 0, 2))
            context.values.append(v.transpose(1, 0, 2))
            hidden = (gap < 0) | (gap >= layer.window) if layer.window else gap < 0
            # (kv heads, group x tokens, width) against (kv heads, tokens, width)
            grouped = q.reshape(n, self._kv, -1, self._width).transpose(1, 2, 0, 3)
            scores = np.matmul(grouped, context.keys[-1][:, None].transpose(0, 1, 3, 2)) * self._scale
            scores[..., hidden] = -np.inf
            mixed = np.matmul(_softmax(scores), context.values[-1][:, None])
            x = self._rest(layer, x, mixed.transpose(2, 0, 1, 3).reshape(n, -1))
        return context, self._logits(x[-1:])

    def step(self, contexts: Sequence[Context], tokens: Sequence[Ints]) -> list[Floats]:
        """One token of every beam of every dialogue, already branched: the logits of what follows, a matrix for each dialogue."""
        ends = np.cumsum([len(one) for one in tokens])
        places = [slice(end - len(one), end) for end, one in zip(ends, tokens, strict=True)]
        x = self._embedding[np.concatenate(tokens)] * self._embedding_scale
        positions = np.repeat([context.prompt + context.steps for context in contexts], [len(one) for one in tokens])
        for number, layer in enumerate(self._layers):
            q, k, v = self._projected(layer, x, positions)
            mixed = np.empty((len(x), self._heads * self._width), np.float32)
            for context, place in zip(contexts, places, strict=True):
                mixed[place] = self._attended(context, number, layer.window, q[place], k[place], v[place])
            x = self._rest(layer, x, mixed)
        for context in contexts:
            context.steps += 1
        logits = self._logits(x)
        return [logits[place] for place in places]

    def _attended(self, context: Context, number: int, window: int, q: Floats, k: Floats, v: Floats) -> Floats:
        beams = len(q)
        start, end = context.first(window), context.rows
        keys, values = context.keys[number], context.values[number]
        keys[:, end : end + beams] = k.transpose(1, 0, 2)
        values[:, end : end + beams] = v.transpose(1, 0, 2)
        grouped = q.reshape(beams, self._kv, -1, self._width).transpose(1, 0, 2, 3).reshape(self._kv, -1, self._width)
        scores = np.matmul(grouped, keys[:, start : end + beams].transpose(0, 2, 1)) * self._scale
        by_beam = scores.reshape(self._kv, beams, -1, scores.shape[-1])
        written = max(0, start - context.prompt)
        shown = by_beam[..., max(0, context.prompt - start) :]
        np.copyto(shown, -np.inf, where=~context.past[None, :, None, written:])
        mixed = np.matmul(_softmax(by_beam).reshape(scores.shape), values[:, start : end + beams])
        return np.asarray(mixed.reshape(self._kv, beams, -1, self._width).transpose(1, 0, 2, 3).reshape(beams, -1))

    def _projected(self, layer: _Layer, x: Floats, positions: Ints) -> tuple[Floats, Floats, Floats]:
        fused = _normed(x, layer.norms[0]) @ layer.qkv
        split = self._heads * self._width
        q = _normed(fused[:, :split].reshape(len(x), self._heads, self._width), layer.q_norm)
        k, v = (part.reshape(len(x), self._kv, self._width) for part in np.split(fused[:, split:], 2, axis=1))
        turn = self._rotation(layer.base, positions)
        return _turned(q, *turn), _turned(_normed(k, layer.k_norm), *turn), v

    def _rest(self, layer: _Layer, x: Floats, mixed: Floats) -> Floats:
        x = x + _normed(mixed @ layer.out, layer.norms[1])
        gate, up = np.split(_normed(x, layer.norms[2]) @ layer.gate_up, 2, axis=1)
        return np.asarray(x + _normed((_gelu(gate) * up) @ layer.down, layer.norms[3]))

    def _logits(self, x: Floats) -> Floats:
        return np.asarray(_normed(x, self._norm) @ self._head.T)

    def _rotation(self, base: float, positions: Ints) -> tuple[Floats, Floats]:
        needed = int(positions.max()) + 1
        if base not in self._tables or len(self._tables[base][0]) < needed:
            half = np.arange(0, self._width, 2, dtype=np.float32) / self._width
            angles = np.arange(needed + 512, dtype=np.float32)[:, None] * (np.float32(1) / np.float32(base) ** half)
            self._tables[base] = np.cos(angles), np.sin(angles)
        cos, sin = self._tables[base]
        return cos[positions][:, None], sin[positions][:, None]


def _layer(stored: StoredModel, name: str) -> _Layer:
    def get(part: str) -> Floats:
        return stored.floats(name + part)

    def turned(*parts: str) -> Floats:
        # inputs x outputs: a fifth quicker for a few rows than the other way round
        return np.ascontiguousarray(np.concatenate([get(f"{part}/weight") for part in parts]).T)

    norms = ("input_layer_norm", "post_attention_layer_norm", "pre_feedforward_layer_norm", "post_feedforward_layer_norm")
    one, two, three, four = (1 + get(f"{norm}/gamma") for norm in norms)
    return _Layer(
        turned("self_attention/linear_0"),
        turned("self_attention/linear_1"),
        turned("ffn/linear_0", "ffn/linear_0_noact"),
        turned("ffn/linear_1"),
        (one, two, three, four),
        1 + get("self_attention/q_norm/gamma"),
        1 + get("self_attention/k_norm/gamma"),
        stored.number(f"{name}self_attention/rotary_base", 10_000.0),
        int(stored.number(f"{name}self_attention/sliding_window", 0)),
    )


def _normed(x: Floats, gamma: Floats) -> Floats:
    mean = np.einsum("...i,...i->...", x, x)[..., None] / np.float32(x.shape[-1])
    return np.asarray(x * (gamma / np.sqrt(mean + _EPSILON)))


def _turned(x: Floats, cos: Floats, sin: Floats) -> Floats:
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)


def _softmax(scores: Floats) -> Floats:
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def _gelu(x: Floats) -> Floats:
    inner = x * x
    inner *= np.float32(0.044715)
    inner += 1
    inner *= x
    inner *= _GELU
    np.tanh(inner, out=inner)
    inner += 1
    inner *= x
    inner *= np.float32(0.5)
    return inner


def searched(
    model: TreeModel, prompts: Sequence[Sequence[int]], begin: Sequence[BeamSearch], *, rows: int, memory: int
) -> list[list[Hypothesis]]:
    """The finished beams of each prompt, best first.

    Args:
        model: What writes.
        prompts: Ids of each.
        begin: A fresh search for each.
        rows: Beams that are computed at a time, about: prompts wait until earlier ones have ended.
        memory: Bytes that keys and values may take; beyond it prompts wait too. One prompt is always computed.
    """
    sizes = [(len(ids) + search.rows) * model.row_bytes for ids, search in zip(prompts, begin, strict=True)]
    waiting = list(range(len(prompts)))[::-1]
    running: dict[int, Context] = {}

    def room(number: int) -> bool:
        used, taken = sum(len(begin[i].tokens) for i in running), sum(sizes[i] for i in running)
        return not running or (used < rows and taken + sizes[number] <= memory)

    while waiting or running:
        while waiting and room(waiting[-1]):
            number = waiting.pop()
            context, logits = model.read(prompts[number])
            begin[number].advance(logits)
            if not begin[number].finished:
                running[number] = context
                context.branch(begin[number].origins)
        if not running:
            continue
        numbers = list(running)
        for number, logits in zip(numbers, model.step([running[i] for i in numbers], [begin[i].tokens for i in numbers]), strict=True):
            begin[number].advance(logits)
            if begin[number].finished:
                del running[number]
            else:
                running[number].branch(begin[number].origins)
    return [search.best() for search in begin]
