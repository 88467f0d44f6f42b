"""Rows of batches: arrays, dicts and tuples of them, and tuples of strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Rows = NDArray[np.int64] | slice


def take(batch: Any, rows: Rows) -> Any:
    """Give some rows of a batch; of arrays a copy, or a view where `rows` is a slice."""
    return _map(lambda part: part[rows], batch)


def put(batch: Any, rows: NDArray[np.int64], source: Any, source_rows: NDArray[np.int64]) -> Any:
    """Give a batch whose `rows` are some of another one's. Its arrays are those of `batch`, written to in place."""

    def assign(part: Any, other: Any) -> Any:
        part[rows] = other[source_rows]
        return part

    return _map(assign, batch, source)


def _map(function: Callable[..., Any], batch: Any, *others: Any) -> Any:
    if isinstance(batch, np.ndarray):
        return function(batch, *others)
    if isinstance(batch, dict):
        return {key: _map(function, part, *(other[key] for other in others)) for key, part in batch.items()}
    if batch and isinstance(batch[0], str):
        return tuple(function(*(np.array(part, object) for part in (batch, *others))))
    return tuple(_map(function, *parts) for parts in zip(batch, *others, strict=True))
