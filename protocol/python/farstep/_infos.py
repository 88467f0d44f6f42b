"""Infos: what a batch of them is for one env, and for Gymnasium's vector envs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from farstep._spaces import Composite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from farstep._spaces import Space

# What Python has a type for.
_PLAIN = (np.bool_, np.int64, np.float64)


def row(spaces: list[tuple[str, Space]], infos: dict[str, Any], index: int) -> dict[str, Any]:
    """Give the infos of one row of a batch: numbers, arrays, and dicts and tuples of those."""
    return {name: _plain(space.row(infos[name], index)) for name, space in spaces}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        scalar = value[()]
        return scalar.item() if isinstance(scalar, _PLAIN) else scalar
    return value


def vector(
    spaces: list[tuple[str, Space]], infos: dict[str, Any], rows: NDArray[np.int64] | None, n: int
) -> dict[str, Any]:
    """Give the infos of a vector env of `n`, as Gymnasium has them: beside each `key` a mask `_key` of who has it.

    Row k of the batch belongs to env rows[k]; to env k where `rows` is None.
    """
    result = {}
    for name, space in spaces:
        result[name] = _spread(space, infos[name], rows, n)
        result[f"_{name}"] = mask(rows, n)
    return result


def mask(rows: NDArray[np.int64] | None, n: int) -> NDArray[np.bool_]:
    """Tell which of `n` envs are among `rows`."""
    if rows is None:
        return np.ones(n, np.bool_)
    result = np.zeros(n, np.bool_)
    result[rows] = True
    return result


def _spread(space: Space, batch: Any, rows: NDArray[np.int64] | None, n: int) -> Any:
    if isinstance(space, Composite) and isinstance(batch, dict):
        return vector(list(space.spaces.items()), batch, rows, n)
    if isinstance(batch, np.ndarray):
        if rows is None:
            return batch
        array = np.zeros((n, *batch.shape[1:]), batch.dtype)
        array[rows] = batch
        return array
    return objects([space.row(batch, k) for k in range(n if rows is None else len(rows))], rows, n)


def objects(values: list[Any], rows: NDArray[np.int64] | None, n: int) -> NDArray[np.object_]:
    """Give an array of objects, None for those that have none."""
    array = np.full(n, None, object)
    for i, value in zip(range(n) if rows is None else rows, values, strict=True):
        array[i] = value
    return array
