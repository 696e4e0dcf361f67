"""safetensors files read and written tensor by tensor, so that a model of many gigabytes passes through a few hundred megabytes.

The format: eight bytes with the header's length, the header (JSON: name -> dtype, shape, offsets), the tensors' bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yoyak.errors import ModelError

INDEX = "model.safetensors.index.json"
_NUMPY = {"F32": np.float32, "F16": np.float16}


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a tensor stands: file, dtype as safetensors names it, shape, first and last byte within the file."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    def raw(self) -> bytes:
        """Its bytes as they are stored."""
        with open(self.file, "rb") as file:
            file.seek(self.start)
            return file.read(self.end - self.start)

    def array(self) -> NDArray[np.float32]:
        """Its values in fp32.

        Raises:
            ModelError: It is of a type that is no float of 16 or 32 bits.
        """
        return widened(self.raw(), self.dtype, self.shape, name=str(self.file))


def weight_files(folder: Path) -> list[Path]:
    """The weight files of a checkpoint: `model.safetensors`, or the shards that its index lists.

    Raises:
        ModelError: There are none, or a shard is missing.
    """
    single, index = folder / "model.safetensors", folder / INDEX
    if single.is_file():
        return [single]
    if not index.is_file():
        raise ModelError(f"{folder} holds no model.safetensors and no {INDEX}; pickled weights (*.bin) are not loaded")
    names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise ModelError(f"{folder} lacks {', '.join(missing[:3])} of its {len(names)} weight files; fetch the model again")
    return [folder / name for name in names]


def entries(file: Path) -> dict[str, Entry]:
    """name -> entry of one safetensors file, in the order of their bytes."""
    with open(file, "rb") as opened:
        size = int.from_bytes(opened.read(8), "little")
        header = json.loads(opened.read(size))
    header.pop("__metadata__", None)
    found = {
        name: Entry(file, entry["dtype"], tuple(entry["shape"]), 8 + size + entry["data_offsets"][0], 8 + size + entry["data_offsets"][1])
        for name, entry in header.items()
    }
    return dict(sorted(found.items(), key=lambda item: item[1].start))


def write(file: Path, sizes: Mapping[str, tuple[str, tuple[int, ...], int]], data: Callable[[str], bytes]) -> None:
    """Write a safetensors file.

    Args:
        file: Where to.
        sizes: name -> (dtype, shape, bytes), in the order in which they are written.
        data: The bytes of a name, asked for one after another.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, (dtype, shape, size) in sizes.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of eight bytes
    with open(file, "wb") as opened:
        opened.write(len(text).to_bytes(8, "little") + text)
        for name, (_, _, size) in sizes.items():
            block = data(name)
            assert len(block) == size, name
            opened.write(block)


def widened(raw: bytes, dtype: str, shape: tuple[int, ...], *, name: str) -> NDArray[np.float32]:
    """Bytes -> fp32; bf16, which numpy does not know, is widened bit by bit.

    Raises:
        ModelError: Another type.

    Example:
        >>> widened(b"\\x80\\x3f\\x00\\xc0", "BF16", (2,), name="x").tolist()
        [1.0, -2.0]
    """
    if dtype == "BF16":
        return (np.frombuffer(raw, dtype=np.uint16).astype(np.uint32) << 16).view(np.float32).reshape(shape)
    if dtype not in _NUMPY:
        raise ModelError(f"{name} is of type {dtype}; expected F32, F16 or BF16")
    return np.frombuffer(raw, dtype=_NUMPY[dtype]).astype(np.float32).reshape(shape)


def narrowed(values: NDArray[np.float32], dtype: str) -> bytes:
    """fp32 -> bytes of that type, rounded to the nearest (ties to even).

    Example:
        >>> narrowed(np.array([1.0, 1.00390625, 1.01171875], np.float32), "BF16").hex(" ", 2)
        '803f 803f 823f'
    """
    if dtype == "BF16":
        bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16).tobytes()
    return np.ascontiguousarray(values, dtype=_NUMPY[dtype]).tobytes()


def tensors(folder: Path) -> Iterator[tuple[str, Entry]]:
    """Every tensor of a checkpoint folder."""
    for file in weight_files(folder):
        yield from entries(file).items()
