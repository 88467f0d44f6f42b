"""The last observation of each env, kept as it came: what was handed out may have been written to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from farstep._trees import put

if TYPE_CHECKING:
    from collections.abc import Iterable

    from farstep._session import Call
    from farstep.results import ResetResult, StepResult


class Current:
    """Remembers in which reply the last observation of each env lies, and reads it again when it is asked for.

    That is when some envs are reset and the others stay: Gymnasium gives a whole batch then.
    """

    def __init__(self) -> None:
        self._whole: Call[Any] | None = None
        self._parts: dict[int, tuple[Call[Any], int]] = {}

    def replace(self, call: Call[Any]) -> None:
        """Note a reply with a row for each env."""
        self._whole = call
        self._parts.clear()

    def update(self, call: Call[Any], ids: Iterable[int]) -> None:
        """Note a reply with a row for each of `ids`."""
        for index, i in enumerate(ids):
            self._parts[int(i)] = (call, index)

    def observations(self, empty: Any) -> Any:
        """Give the batch of last observations; those of `empty` for envs that have none yet."""
        batch = empty if self._whole is None else _observations(self._whole)
        sources: dict[int, Any] = {}
        for i, (call, index) in self._parts.items():
            if id(call) not in sources:
                sources[id(call)] = _observations(call)
            batch = put(batch, np.array([i]), sources[id(call)], np.array([index]))
        return batch


def _observations(call: Call[ResetResult] | Call[StepResult]) -> Any:
    return call.read(call.reply).observations
