"""Spaces of the protocol as Gymnasium's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from gymnasium import spaces

from farstep.errors import FarstepError


def gym_space(json: Any, path: str = "space") -> spaces.Space[Any]:
    """Make Gymnasium's space of its map in the contract. Raises `bad_space`, naming the place."""
    try:
        match json["type"]:
            case "Box":
                shape, dtype = tuple(json["shape"]), np.dtype(json["dtype"])
                low, high = (_bound(json[side], shape, dtype) for side in ("low", "high"))
                return spaces.Box(low, high, shape, dtype.type)
            case "Discrete":
                return spaces.Discrete(json["n"], start=json.get("start") or 0)
            case "MultiDiscrete":
                start = json.get("start") or [0] * len(json["nvec"])
                return spaces.MultiDiscrete(json["nvec"], start=np.array(start, np.int64))
            case "MultiBinary":
                shape = json["shape"]
                return spaces.MultiBinary(shape[0] if len(shape) == 1 else shape)
            case "Text":
                length = json["maxLength"]
                return spaces.Text(length, min_length=json["minLength"], charset=json["charset"])
            case "Tuple":
                return spaces.Tuple(gym_space(s, f"{path}.spaces[{i}]") for i, s in enumerate(json["spaces"]))
            case "Dict":
                named = sorted(json["spaces"].items())
                return spaces.Dict({name: gym_space(s, f"{path}.spaces.{name}") for name, s in named})
            case other:
                raise ValueError(f"no type {other!r}")
    except FarstepError:
        raise
    except Exception as error:
        raise FarstepError("bad_space", f"{path}: expected a space, got {json!r:.80}: {error}") from error


def _bound(json: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Read a bound: a number, "inf" or "-inf", or an array of those, repeated if of the last dimensions."""
    numbers = json if isinstance(json, list) else [json]
    exact = np.array(numbers, np.float64 if dtype.kind == "f" else dtype).astype(dtype)
    if exact.size not in (math.prod(shape[i:]) for i in range(len(shape) + 1)):
        raise ValueError(f"{exact.size} bounds for shape {shape}")
    return np.resize(exact, shape)
