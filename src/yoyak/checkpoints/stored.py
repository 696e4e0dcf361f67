"""What stands in a converted model's `model.bin` (CTranslate2's format, version 6), read without CTranslate2."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from yoyak.errors import ModelError

_VERSION = 6
# In the order of CTranslate2's DataType; numpy knows no bfloat16: its bits are read as whole numbers.
_TYPES = ("<f4", "i1", "<i2", "<i4", "<f2", "<u2")
_BFLOAT16 = 5
_FLOAT32_BYTES = 4


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a variable lies in the file."""

    shape: tuple[int, ...]
    kind: int
    offset: int


class StoredModel:
    """The variables of a `model.bin`, mapped into memory: what is not read costs nothing.

    Args:
        folder: A converted folder.

    Raises:
        ModelError: The file is missing, cut off, or of another version.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "model.bin"
        try:
            with open(path, "rb") as file:
                self._variables, self._aliases = _table(file)
            self._data = np.memmap(path, mode="r", dtype=np.uint8)
        except (OSError, struct.error, UnicodeDecodeError, IndexError) as error:
            raise ModelError(f"{path} is not a CTranslate2 model of version {_VERSION}: {error}") from error

    def __contains__(self, name: str) -> bool:
        return self._aliases.get(name, name) in self._variables

    @property
    def names(self) -> tuple[str, ...]:
        """Every variable, aliases left out."""
        return tuple(self._variables)

    def same(self, one: str, other: str) -> bool:
        """Whether two names stand for one variable, as those of tied weights do."""
        return self._aliases.get(one, one) == self._aliases.get(other, other)

    def shape(self, name: str) -> tuple[int, ...]:
        """A variable's shape; () for a single number."""
        return self._variables[self._aliases.get(name, name)].shape

    def raw(self, name: str) -> NDArray[np.generic]:
        """A variable as it is stored."""
        found = self._variables[self._aliases.get(name, name)]
        count = int(np.prod(found.shape, dtype=np.int64))
        dtype = np.dtype(_TYPES[found.kind])
        part = self._data[found.offset : found.offset + count * dtype.itemsize]
        return np.frombuffer(part, dtype=dtype).reshape(found.shape)

    def number(self, name: str, default: float) -> float:
        """A single number; `default` where there is none."""
        return float(self.raw(name).reshape(-1)[0]) if name in self else default

    def floats(self, name: str) -> NDArray[np.float32]:
        """A variable in fp32; what was quantized to int8 is multiplied out by its rows' scales."""
        values = self.raw(name)
        if self._variables[self._aliases.get(name, name)].kind == _BFLOAT16:
            return np.ascontiguousarray((values.astype(np.uint32) << 16).view(np.float32))
        found = values.astype(np.float32)
        if np.issubdtype(values.dtype, np.integer) and f"{name}_scale" in self:
            found /= self.raw(f"{name}_scale").astype(np.float32).reshape(-1, *[1] * (found.ndim - 1))
        return found


def _table(file: IO[bytes]) -> tuple[dict[str, Stored], dict[str, str]]:
    def number(code: str) -> int:
        return int(struct.unpack(code, file.read(struct.calcsize(code)))[0])

    def text() -> str:
        return file.read(number("<H"))[:-1].decode("utf-8")

    if (version := number("<I")) != _VERSION:
        raise IndexError(f"it is of version {version}")
    text()  # the specification's name
    number("<I")  # and its revision
    variables = {}
    for _ in range(number("<I")):
        name = text()
        shape = tuple(number("<I") for _ in range(number("<B")))
        kind, size = number("<B"), number("<I")
        variables[name] = Stored(shape, kind, file.tell())
        file.seek(size, 1)
    return variables, {text(): text() for _ in range(number("<I"))}


def cache_bytes(model: StoredModel) -> int:
    """Bytes of keys and values that CTranslate2 keeps for one token of one row in a decoder's self-attention, in fp32.

    It stores a key and a value for every attention head, also of models whose heads share them (Gemma 3 270M: 147,456 bytes, four times
    what the model's own one head would need).
    """
    last: dict[str, str] = {}
    for name in model.names:
        layer, found, rest = name.partition("/self_attention/linear_")
        if found and layer.startswith("decoder/") and rest.endswith("/weight"):
            last[layer] = max(last.get(layer, ""), name)
    return sum(2 * model.shape(name)[-1] * _FLOAT32_BYTES for name in last.values())
