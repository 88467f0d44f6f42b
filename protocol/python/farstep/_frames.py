"""Frames: control messages are msgpack maps; the hot messages, arrays, are written and read by hand.

step         = [1, id, env, actions, ids, ack]
stepped      = [2, id, n, observations, rewards, terminated, truncated, infos, ended]
step sample  = [3, stream, sequence, ids, actions, n, observations, rewards, terminated, truncated, infos, ended]
reset sample = [4, stream, sequence, ids, n, observations, infos, seeds]
ended        = nil or [rows, returns, lengths, seeds, finalObservations, finalInfos]
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, TypeVar

import msgpack
import numpy as np

from farstep._spaces import Array, Leaf, Space, space_from_json
from farstep.errors import FarstepError, error
from farstep.results import Ended, ResetResult, ResetSample, StepResult, StepSample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

T = TypeVar("T")
PROTOCOL = 1
EDITIONS = [1]
_STEP = b"\x01"
_NIL = b"\xc0"
STEPPED = 2
STEP_SAMPLE = 3
RESET_SAMPLE = 4
_MAX_INTEGER = 2**53 - 1
# By their first byte.
_NUMBERS = {0xCA + k: struct.Struct(f">{code}") for k, code in enumerate("fdBHIQbhiq")}
_MAX_DEPTH = 32
_MAX_VALUES = 2**20


def pack(message: dict[str, Any]) -> bytes:
    """Write a control message."""
    packed: bytes = msgpack.packb(message, use_bin_type=True)
    return packed


def unpack(frame: memoryview) -> dict[str, Any]:
    """Read a control message. Raises `bad_frame`."""
    try:
        message = msgpack.unpackb(
            frame,
            raw=False,
            object_pairs_hook=_to_dict,
            max_array_len=_MAX_VALUES,
            max_map_len=_MAX_VALUES,
            max_ext_len=0,
        )
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise ValueError("expected a map with a string `type`")
        _check_depth(message, 1)
    except (ValueError, msgpack.UnpackException) as cause:
        raise _bad_frame(f"{type(cause).__name__}: {cause}") from cause
    return message


def _to_dict(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs) or not all(isinstance(key, str) for key in result):
        raise ValueError("a map with a key twice, or one that is no string")
    return result


def _check_depth(value: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise ValueError(f"more than {_MAX_DEPTH} values inside each other")
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        _check_depth(child, depth + 1)


def _bad_frame(what: str) -> FarstepError:
    return error("bad_reply", f"the server sent a frame that is no message: {what}", recoverable=False)


def is_hot(frame: memoryview) -> bool:
    """Tell whether a frame holds an array, that is one of the hot pair."""
    return len(frame) > 0 and (0x90 <= frame[0] <= 0x9F or frame[0] in (0xDC, 0xDD))


def _array_head(count: int) -> bytes:
    """Write the head of an array of up to 2^16 - 1 elements."""
    return bytes([0x90 | count]) if count < 16 else b"\xdc" + count.to_bytes(2, "big")


def _bin_head(size: int) -> bytes:
    if size < 256:
        return b"\xc4" + size.to_bytes(1, "big")
    return b"\xc5" + size.to_bytes(2, "big") if size < 65536 else b"\xc6" + size.to_bytes(4, "big")


def uint(value: int) -> bytes:
    """Write an integer from 0 to 2^64 - 1."""
    if value < 128:
        return value.to_bytes(1, "big")
    return b"\xce" + value.to_bytes(4, "big") if value < 2**32 else b"\xcf" + value.to_bytes(8, "big")


def step_frame(
    id: int, env: int, slabs: Sequence[bytes], ids: NDArray[np.uint32] | None, ack: int | None
) -> bytes:
    """Write a step of the whole vector, or of the envs `ids`."""
    parts = [_STEP, uint(id), uint(env), _array_head(len(slabs))]
    for slab in slabs:
        parts += (_bin_head(len(slab)), slab)
    length = 4
    if ids is not None:
        length = 5
        data = ids.astype("<u4", copy=False).tobytes()
        parts += (_bin_head(len(data)), data)
    if ack is not None:
        if length == 4:
            parts.append(_NIL)
        length = 6
        parts.append(uint(ack))
    return b"".join((_array_head(length), *parts))


class Reader:
    """Reads msgpack in place. Raises `bad_reply`."""

    __slots__ = ("at", "data")

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.at = 0

    def array(self) -> int:
        first = self.data[self.at]
        if 0x90 <= first <= 0x9F:
            self.at += 1
            return first & 0x0F
        return self._sized(first, {0xDC: 2, 0xDD: 4}, "an array")

    def uint(self) -> int:
        """Take an integer in any of msgpack's forms for numbers."""
        first = self.data[self.at]
        if first < 128:
            self.at += 1
            return first
        form = _NUMBERS.get(first)
        if form is None:
            raise self.error(f"expected an integer, got {first:#04x}")
        if self.at + 1 + form.size > len(self.data):
            raise IndexError
        (value,) = form.unpack_from(self.data, self.at + 1)
        if not 0 <= value <= _MAX_INTEGER or value % 1 != 0:
            raise self.error(f"expected an integer from 0 to 2^53 - 1, got {value}")
        self.at += 1 + form.size
        return int(value)

    def bin(self) -> int:
        """Give the size of a bin, whose bytes begin at `at`."""
        first = self.data[self.at]
        if first == 0xC4:
            self.at += 2
            return self.data[self.at - 1]
        return self._sized(first, {0xC5: 2, 0xC6: 4}, "bin")

    def nil(self) -> bool:
        """Take a nil if there is one."""
        if self.data[self.at] != 0xC0:
            return False
        self.at += 1
        return True

    def _sized(self, first: int, widths: dict[int, int], what: str) -> int:
        width = widths.get(first)
        if width is None:
            raise self.error(f"expected {what}, got {first:#04x}")
        start = self.at + 1
        self.at = start + width
        return int.from_bytes(self.data[start : self.at], "big")

    def error(self, what: str) -> FarstepError:
        return error("bad_reply", f"a frame, byte {self.at}: {what}", recoverable=False)

    def expect(self, count: int, what: str) -> None:
        got = self.array()
        if got != count:
            raise self.error(f"expected {count} {what}, got {got}")

    def column(self, leaf: Leaf, rows: int) -> Array:
        size = self.bin()
        if size != rows * leaf.nbytes:
            raise self.error(f"expected bin of {rows * leaf.nbytes} bytes, got {size}")
        if self.at + size > len(self.data):
            raise self.error(f"{size} bytes of bin are not there")
        array = leaf.read(self.data, self.at, rows)
        self.at += size
        return array


_REAL = Leaf("float64", ())
_FLAG = Leaf("bool", ())
_COUNT = Leaf("uint32", (), "int64")
_SEED = Leaf("float64", (), "int64")


_LENGTHS = {STEPPED: 9, STEP_SAMPLE: 12, RESET_SAMPLE: 8}


def hot_head(frame: memoryview) -> tuple[int, int]:
    """Give the kind of a hot frame, and the request that it answers or the stream that it is of."""
    reader = Reader(frame)
    try:
        length, kind = reader.array(), reader.uint()
        if _LENGTHS.get(kind) != length:
            raise reader.error(f"an array of {length} that begins with {kind} is no message")
        return kind, reader.uint()
    except IndexError:
        raise reader.error("the frame ends in the middle") from None


class Layout:
    """What the frames of one vector env are laid out by."""

    def __init__(self, contract: dict[str, Any]) -> None:
        self.num_envs = contract["numEnvs"]
        self.observation = space_from_json(contract["observationSpace"], "observationSpace")
        self.action = space_from_json(contract["actionSpace"], "actionSpace")
        self.infos: list[tuple[str, Space]] = [
            (info["name"], space_from_json(info["space"], f"infos.{info['name']}"))
            for info in contract["infos"]
        ]

    def stepped(self, frame: memoryview) -> StepResult:
        """Read a stepped frame. Raises `bad_reply`."""
        return self._whole(frame, self._stepped)

    def sample(self, frame: memoryview, last: int) -> StepSample | ResetSample:
        """Read a sample of a stream, the one behind number `last`. Raises `bad_reply`."""
        return self._whole(frame, lambda reader: self._sample(reader, last))

    @staticmethod
    def _whole(frame: memoryview, read: Callable[[Reader], T]) -> T:
        reader = Reader(frame)
        try:
            result = read(reader)
        except IndexError:
            raise reader.error("the frame ends in the middle") from None
        if reader.at != len(reader.data):
            raise reader.error(f"{len(reader.data) - reader.at} bytes behind the message")
        return result

    def _stepped(self, reader: Reader) -> StepResult:
        reader.expect(9, "elements")
        reader.uint()
        reader.uint()
        return self._outcome(reader, reader.uint())

    def _sample(self, reader: Reader, last: int) -> StepSample | ResetSample:
        reader.array()
        kind = reader.uint()
        reader.uint()
        sequence = reader.uint()
        lost = sequence - last - 1
        if lost < 0:
            raise reader.error(f"sample {sequence} came behind {last}")
        ids = np.arange(self.num_envs) if reader.nil() else self._ids(reader)
        if kind == RESET_SAMPLE:
            n = reader.uint()
            parts = self._batch(reader, self.observation, n), self._infos(reader, n), reader.column(_SEED, n)
            return ResetSample(sequence, lost, ids, ResetResult(*parts))
        actions = self._batch(reader, self.action, len(ids))
        return StepSample(sequence, lost, ids, actions, self._outcome(reader, reader.uint()))

    def _ids(self, reader: Reader) -> NDArray[np.int64]:
        return reader.column(_COUNT, self._rows(reader))

    @staticmethod
    def _rows(reader: Reader) -> int:
        """Give how many numbers of uint32 the bin has that is next."""
        at = reader.at
        rows = reader.bin() // _COUNT.nbytes
        reader.at = at
        return rows

    def _outcome(self, reader: Reader, n: int) -> StepResult:
        return StepResult(
            self._batch(reader, self.observation, n),
            reader.column(_REAL, n),
            reader.column(_FLAG, n),
            reader.column(_FLAG, n),
            self._infos(reader, n),
            None if reader.nil() else self._ended(reader),
        )

    def _ended(self, reader: Reader) -> Ended:
        reader.expect(6, "elements of ended")
        m = self._rows(reader)
        return Ended(
            reader.column(_COUNT, m),
            reader.column(_REAL, m),
            reader.column(_COUNT, m),
            reader.column(_SEED, m),
            None if reader.nil() else self._batch(reader, self.observation, m),
            None if reader.nil() else self._infos(reader, m),
        )

    def _batch(self, reader: Reader, space: Space, n: int) -> Any:
        reader.expect(len(space.leaves), "leaves")
        return space.batch([reader.column(leaf, n) for leaf in space.leaves])

    def _infos(self, reader: Reader, n: int) -> dict[str, Any]:
        reader.expect(len(self.infos), "infos")
        return {name: self._batch(reader, space, n) for name, space in self.infos}

    def started(self, message: dict[str, Any]) -> ResetResult:
        """Read the answer to reset and restore. Raises `bad_reply`."""
        n = field(message, "n", int)
        slabs = field(message, "observations", list)
        infos = field(message, "infos", list)
        if len(infos) != len(self.infos):
            raise bad_reply(message, f"expected {len(self.infos)} infos, got {len(infos)}")
        return ResetResult(
            self._from_slabs(message, "observations", self.observation, slabs, n),
            {
                name: self._from_slabs(message, f"infos.{name}", space, part, n)
                for (name, space), part in zip(self.infos, infos, strict=True)
            },
            np.array(field(message, "seeds", list), np.float64).astype(np.int64),
        )

    def _from_slabs(self, message: dict[str, Any], where: str, space: Space, slabs: Any, n: int) -> Any:
        got = [len(slab) for slab in slabs]
        expected = [n * leaf.nbytes for leaf in space.leaves]
        if got != expected:
            raise bad_reply(message, f"{where}: expected slabs of {expected} bytes, got {got}")
        arrays = [leaf.read(memoryview(slab), 0, n) for leaf, slab in zip(space.leaves, slabs, strict=True)]
        return space.batch(arrays)


def bad_reply(message: dict[str, Any], what: str) -> FarstepError:
    return error("bad_reply", f"{message.get('type')}: {what}", recoverable=False)


def field(message: dict[str, Any], name: str, kind: type) -> Any:
    """Give a field that the client relies on. Raises `bad_reply` where it is missing or of another type."""
    value = message.get(name)
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    raise bad_reply(message, f"{name}: expected {kind.__name__}, got {value!r:.80}")


def plain(description: Any) -> Any:
    """Take integers that came as floats, as encoders of languages with one number type write them, as integers."""
    if isinstance(description, dict):
        return {key: plain(value) for key, value in description.items()}
    if isinstance(description, list):
        return [plain(value) for value in description]
    if isinstance(description, float) and description.is_integer() and abs(description) <= _MAX_INTEGER:
        return int(description)
    return description
