"""How the spaces of the protocol lie in arrays: leaves on the wire, and Gymnasium's batches in memory.

Needs NumPy alone. A batch is what Gymnasium's `concatenate` makes of n values: an array with n rows for each leaf,
int64 for discrete values (int32 on the wire); dicts and tuples of those; a tuple of n strings for Text.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from farstep.errors import FarstepError, InvalidAction

Array = NDArray[Any]
_NUMBERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
_DTYPES = ["bool", *_NUMBERS]
_REPLACEMENT = 0xFFFD
_MAX_DEPTH = 16


class Leaf:
    """One array of a space. `wire` is its dtype on the wire, `memory` the one that Gymnasium has for it."""

    def __init__(self, wire: str, shape: tuple[int, ...], memory: str | None = None) -> None:
        # A flag is read as a number: a byte that is neither 0 nor 1 is no bool for NumPy.
        self.wire = np.dtype("u1" if wire == "bool" else wire).newbyteorder("<")
        self.memory = np.dtype(memory or wire)
        self.shape = shape
        self.size = math.prod(shape)
        self.nbytes = self.size * self.wire.itemsize

    def read(self, data: memoryview, offset: int, rows: int) -> Array:
        """Copy `rows` rows out of a frame: aligned, writable, and nobody else's."""
        flat = np.frombuffer(data, self.wire, rows * self.size, offset).astype(self.memory)
        return flat.reshape(rows, *self.shape) if self.shape else flat

    def write(self, value: Any, lead: tuple[int, ...], where: str) -> bytes:
        """Give the bytes of an array of shape `lead + shape`. Raises InvalidAction."""
        array = np.asarray(value)
        shape = lead + self.shape
        if array.shape != shape or array.dtype.kind not in ("fiub" if self.wire.kind == "f" else "iub"):
            expected = f"{self.memory.name}{list(shape)}"
            got = f"{array.dtype.name}{list(array.shape)}"
            raise InvalidAction("bad_action", f"{where}: expected {expected}, got {got}")
        out = array.astype(self.wire, copy=False)
        if out.dtype.kind in "iu" and out.dtype != array.dtype and not (out == array).all():
            bad = array[out != array].flat[0]
            raise InvalidAction("bad_action", f"{where}: expected {self.memory.name}, got {bad}")
        return out.tobytes()


class Space(ABC):
    """A space of one value. `first` of its parent's leaves come before its own."""

    def __init__(self, leaves: list[Leaf]) -> None:
        self.leaves = leaves

    @abstractmethod
    def batch(self, arrays: list[Array], first: int = 0) -> Any:
        """Give the batch whose leaves are `arrays[first:]`."""

    def empty(self, n: int) -> Any:
        """Give a batch of n values that are nothing yet."""
        return self.batch([np.zeros((n, *leaf.shape), leaf.memory) for leaf in self.leaves])

    @abstractmethod
    def row(self, batch: Any, index: int) -> Any:
        """Give the value of one row of a batch."""

    @abstractmethod
    def write(self, value: Any, lead: tuple[int, ...], where: str) -> list[bytes]:
        """Give the slabs of a batch (`lead` is (n,)) or of one value (`lead` is ()). Raises InvalidAction."""


class _Array(Space):
    """Box, MultiDiscrete and MultiBinary."""

    def __init__(self, leaf: Leaf) -> None:
        super().__init__([leaf])
        self._leaf = leaf

    def batch(self, arrays: list[Array], first: int = 0) -> Array:
        return arrays[first]

    def row(self, batch: Array, index: int) -> Any:
        return batch[index, ...]  # an array even where the shape is empty

    def write(self, value: Any, lead: tuple[int, ...], where: str) -> list[bytes]:
        return [self._leaf.write(value, lead, where)]


class _Discrete(_Array):
    def row(self, batch: Array, index: int) -> int:
        return int(batch[index])

    def write(self, value: Any, lead: tuple[int, ...], where: str) -> list[bytes]:
        if type(value) is int and not lead and -(2**31) <= value < 2**31:
            return [value.to_bytes(4, "little", signed=True)]
        return super().write(value, lead, where)


class _Text(_Array):
    def batch(self, arrays: list[Array], first: int = 0) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(_decode(row) for row in arrays[first])

    def row(self, batch: tuple[str, ...], index: int) -> str:  # type: ignore[override]
        return batch[index]

    def write(self, value: Any, lead: tuple[int, ...], where: str) -> list[bytes]:
        texts = list(value) if lead else [value]
        length = self._leaf.shape[0]
        codes = np.zeros((len(texts), length), self._leaf.wire)
        for row, text in zip(codes, texts, strict=True):
            if not isinstance(text, str) or len(text) > length:
                raise InvalidAction("bad_action", f"{where}: expected text of at most {length}, got {text!r}")
            row[: len(text)] = [ord(character) for character in text]
        return [self._leaf.write(codes.reshape(*lead, length), lead, where)]


def _decode(codes: Array) -> str:
    length = int(np.max(np.nonzero(codes)[0], initial=-1)) + 1
    return "".join(chr(code if _is_character(code) else _REPLACEMENT) for code in codes[:length].tolist())


def _is_character(code: int) -> bool:
    return 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF


class Composite(Space):
    """Tuple and Dict: spaces whose leaves lie side by side."""

    def __init__(self, spaces: dict[str, Space]) -> None:
        super().__init__([leaf for space in spaces.values() for leaf in space.leaves])
        self.spaces = spaces
        self._children: list[tuple[str, Space, int]] = []
        first = 0
        for key, space in spaces.items():
            self._children.append((key, space, first))
            first += len(space.leaves)


class _Dict(Composite):
    def batch(self, arrays: list[Array], first: int = 0) -> dict[str, Any]:
        return {key: space.batch(arrays, first + at) for key, space, at in self._children}

    def row(self, batch: dict[str, Any], index: int) -> dict[str, Any]:
        return {key: space.row(batch[key], index) for key, space, _ in self._children}

    def write(self, value: Any, lead: tuple[int, ...], where: str) -> list[bytes]:
        keys = [key for key, _, _ in self._children]
        if not isinstance(value, Mapping) or sorted(value) != keys:
            got = sorted(value) if isinstance(value, Mapping) else type(value).__name__
            raise InvalidAction("bad_action", f"{where}: expected a dict of {keys}, got {got}")
        return [
            slab
            for key, space, _ in self._children
            for slab in space.write(value[key], lead, f"{where}.{key}")
        ]


class _Tuple(Composite):
    def batch(self, arrays: list[Array], first: int = 0) -> tuple[Any, ...]:
        return tuple(space.batch(arrays, first + at) for _, space, at in self._children)

    def row(self, batch: tuple[Any, ...], index: int) -> tuple[Any, ...]:
        return tuple(
            space.row(part, index) for part, (_, space, _) in zip(batch, self._children, strict=True)
        )

    def write(self, value: Any, lead: tuple[int, ...], where: str) -> list[bytes]:
        if not isinstance(value, (tuple, list)) or len(value) != len(self._children):
            raise InvalidAction(
                "bad_action", f"{where}: expected a tuple of {len(self._children)}, got {value!r}"
            )
        return [
            slab
            for part, (key, space, _) in zip(value, self._children, strict=True)
            for slab in space.write(part, lead, f"{where}[{key}]")
        ]


def space_from_json(json: Any, path: str = "space", depth: int = 0) -> Space:
    """Make a space of its map in the contract. Raises `bad_space`, naming the place."""
    if depth > _MAX_DEPTH:
        raise FarstepError("bad_space", f"{path}: more than {_MAX_DEPTH} spaces inside each other")
    try:
        match json["type"]:
            case "Box":
                if json["dtype"] not in _DTYPES:
                    raise ValueError(f"no dtype {json['dtype']!r}")
                return _Array(Leaf(json["dtype"], _shape(json["shape"])))
            case "Discrete":
                return _Discrete(Leaf("int32", (), "int64"))
            case "MultiDiscrete":
                return _Array(Leaf("int32", (len(json["nvec"]),), "int64"))
            case "MultiBinary":
                return _Array(Leaf("int8", _shape(json["shape"])))
            case "Text":
                return _Text(Leaf("uint32", _shape([json["maxLength"]])))
            case "Tuple":
                parts = enumerate(json["spaces"])
                return _Tuple(
                    {str(i): space_from_json(s, f"{path}.spaces[{i}]", depth + 1) for i, s in parts}
                )
            case "Dict":
                named = sorted(json["spaces"].items())
                return _Dict(
                    {name: space_from_json(s, f"{path}.spaces.{name}", depth + 1) for name, s in named}
                )
            case other:
                raise ValueError(f"no type {other!r}")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FarstepError("bad_space", f"{path}: expected a space, got {json!r:.80}: {error}") from error


def _shape(sizes: list[int]) -> tuple[int, ...]:
    if not all(isinstance(size, int) and size >= 0 for size in sizes):
        raise ValueError(f"no shape {sizes!r}")
    return tuple(sizes)
