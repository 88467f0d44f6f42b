"""Records what Gymnasium's spaces do, for gymnasium.test.ts to hold ours against.

    pip install gymnasium==1.4.0
    python test/protocol/spaces/record-gymnasium.py        # writes test/fixtures/spaces/gymnasium.json

Spaces are in farstep's JSON form, arrays as {dtype, data} with data flat. Discrete values, int64 there, are numbers.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Text, Tuple
from gymnasium.vector.utils import batch_space

warnings.filterwarnings("ignore")

OUT = Path(__file__).parents[2] / "fixtures" / "spaces" / "gymnasium.json"


def number(x):
    x = float(x)
    return "nan" if np.isnan(x) else "inf" if x == np.inf else "-inf" if x == -np.inf else x


def array(values):
    values = np.asarray(values)
    return {"dtype": str(values.dtype), "data": [number(x) for x in values.ravel()]}


def bounds(space, values, bounded, infinity):
    flat = [number(x) if b else infinity for x, b in zip(values.ravel(), bounded.ravel())]
    return flat[0] if flat and all(x == flat[0] for x in flat) else flat


def as_json(space):
    match space:
        case Box():
            return {
                "type": "Box",
                "dtype": str(space.dtype),
                "shape": list(space.shape),
                "low": bounds(space, space.low, space.bounded_below, "-inf"),
                "high": bounds(space, space.high, space.bounded_above, "inf"),
            }
        case Discrete():
            return {"type": "Discrete", "n": int(space.n), "start": int(space.start)}
        case MultiDiscrete():
            return {"type": "MultiDiscrete", "nvec": space.nvec.tolist(), "start": space.start.tolist()}
        case MultiBinary():
            return {"type": "MultiBinary", "shape": list(space.shape)}
        case Text():
            charset = "".join(space.character_list)
            return {"type": "Text", "minLength": space.min_length, "maxLength": space.max_length, "charset": charset}
        case Tuple():
            return {"type": "Tuple", "spaces": [as_json(s) for s in space.spaces]}
        case Dict():
            return {"type": "Dict", "spaces": {k: as_json(s) for k, s in space.spaces.items()}}


def batches():
    inner = Dict(b=Discrete(2), a=Box(0, 1, (2,)))
    spaces = [
        Box(-1, 1, (2,)),
        Box(np.float32([0.1, -2]), np.float32([0.2, np.inf])),
        Box(-np.inf, np.inf, ()),
        Box(0, 255, (2, 3, 1), np.uint8),
        Box(-5, 9, (2,), np.int16),
        Box(0, 1, (2,), np.bool_),
        Box(-7, 7, (1,), np.int64),
        Discrete(3),
        Discrete(3, start=-1),
        MultiDiscrete([2, 3]),
        MultiDiscrete([2, 3], start=[1, -1]),
        MultiBinary(3),
        MultiBinary((2, 2)),
        Text(5, min_length=2, charset="abc"),
        Tuple((Discrete(2), Box(0, 1, ()), Text(3))),
        Dict(z=inner, a=MultiBinary(1)),
    ]
    return [{"space": as_json(s), "n": n, "batched": as_json(batch_space(s, n))} for s in spaces for n in (1, 3)]


def contains():
    f32 = np.float32
    cases = [
        (Box(0.1, 0.2, (1,)), [f32([x]) for x in (0.1, 0.2, 0.15, np.nextafter(f32(0.1), f32(0)), 0.20001, np.nan)]),
        (Box(0, np.inf, (2,)), [f32(x) for x in ([0, np.inf], [-0.0, 1e30], [-1e-30, 1], [np.nan, 0])]),
        (Box(-np.inf, np.inf, (2,)), [f32(x) for x in ([np.inf, -np.inf], [0], [0, 0, 0], [np.nan, 0])]),
        (Box(3, 5, (1,), np.uint8), [np.uint8([x]) for x in (2, 3, 5, 6)]),
        (Box(-np.inf, 5, (1,), np.int32), [np.int32([x]) for x in (-(2**31), 5, 6)]),
        (Box(0, 1, (2,), np.bool_), [np.array(x, np.bool_) for x in ([0, 1], [1, 1], [1])]),
        (Box(-7, 7, (1,), np.int64), [np.int64([x]) for x in (-8, -7, 7, 8)]),
        (Discrete(3), [-1, 0, 2, 3, 1.5]),
        (Discrete(3, start=-1), [-2, -1, 1, 2]),
        (MultiDiscrete([2, 3]), [np.int32(x) for x in ([1, 2], [2, 2], [0, 3], [-1, 0], [0], [0, 0, 0])]),
        (MultiDiscrete([2, 3], start=[5, -1]), [np.int32(x) for x in ([5, -1], [6, 1], [4, 0], [7, 0], [5, 2])]),
        (MultiBinary(2), [np.int8(x) for x in ([0, 1], [1, 1], [0, 2], [-1, 0], [0], [0, 0, 0])]),
        (Text(4, min_length=2, charset="abé😀"), ["a", "ab", "abab", "ababa", "", "ax", "é😀", "😀😀😀😀", "😀"]),
        (Tuple((Discrete(2), Discrete(2))), [[0, 1], [0, 2], [0], [0, 0, 0]]),
        (Dict(a=Discrete(2), b=Discrete(2)), [{"b": 0, "a": 1}, {"a": 0}, {"a": 2, "b": 0}, {"a": 0, "b": 0, "c": 0}]),
    ]

    def value(space, x):
        x = tuple(x) if isinstance(space, Tuple) else x
        given = array(x) if isinstance(x, np.ndarray) else x
        return {"value": given, "contains": bool(space.contains(x))}

    return [{"space": as_json(s), "values": [value(s, x) for x in values]} for s, values in cases]


def samples():
    """Spaces whose draws are those that NumPy's Generator makes in the same order: default_rng(seed) is the stream."""
    spaces = [
        Discrete(5),
        Discrete(5, start=-2),
        MultiDiscrete([2, 30, 400]),
        MultiDiscrete([2, 30], start=[7, -7]),
        Box(-1, 1, (3,)),
        Box(np.float32([0, -8]), np.float32([1, 8])),
        Box(-1, 1, (2,), np.float64),
        Box(0, 255, (3,), np.uint8),
        Box(-3, 3, (3,), np.int64),
    ]

    def drawn(space, seed, mask=None):
        space.seed(seed)
        rows = [space.sample() if mask is None else space.sample(mask) for _ in range(8)]
        return [array(x) if isinstance(x, np.ndarray) and x.shape else int(x) for x in rows]

    plain = [{"space": as_json(s), "seed": seed, "samples": drawn(s, seed)} for s in spaces for seed in (0, 12345)]
    masks = [(Discrete(5, start=2), [0, 1, 0, 1, 1]), (Discrete(5), [0, 0, 0, 0, 0]), (Discrete(3), [1, 1, 1])]
    masked = [
        {"space": as_json(s), "seed": 3, "mask": m, "samples": drawn(s, 3, np.array(m, np.int8))} for s, m in masks
    ]
    return plain + masked


def boxes():
    """Whether Gymnasium takes these bounds for these dtypes."""
    cases = [
        (low, high, dtype)
        for dtype in ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
        for low, high in [(0, 1), (-1, 0), (0, 300), (-np.inf, 0), (0, np.inf), (1, 0), (np.nan, 1), (0, 1e39)]
    ]

    def accepts(low, high, dtype):
        try:
            Box(low, high, (2,), np.dtype(dtype))
        except ValueError:
            return False
        return True

    return [{"low": number(a), "high": number(b), "dtype": d, "accepts": accepts(a, b, d)} for a, b, d in cases]


if __name__ == "__main__":
    record = {"batches": batches(), "contains": contains(), "samples": samples(), "boxes": boxes()}
    lines = [f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]" for name, cases in record.items()]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("{\n" + ",\n".join(lines) + "\n}\n")
