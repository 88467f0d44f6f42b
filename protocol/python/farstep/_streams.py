"""Streams: what happens to somebody else's vector env, without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from farstep import _trees
from farstep._frames import Layout
from farstep.errors import error
from farstep.results import ResetSample, StepSample, Transitions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from farstep._calls import Subscribed
    from farstep._session import Session


class StreamState:
    """Where a subscriber is in a stream, and what credit it owes."""

    def __init__(self, session: Session, subscribed: Subscribed, credits: int) -> None:
        self.number = subscribed.stream
        self.contract = subscribed.contract
        self.lost = 0
        self._session = session
        self.inbox = session.streams[subscribed.stream]
        self._layout = Layout(subscribed.contract)
        self._sequence = subscribed.sequence
        self._credits = credits
        # Samples taken, of them those that no credit was given for yet, and those that went astray with a connection.
        self._taken = 0
        self._owed = 0
        self._astray = 0

    @property
    def over(self) -> bool:
        return self.inbox.over and not self.inbox.frames

    def has_news(self) -> bool:
        return bool(self.inbox.frames) or self.inbox.over or self.inbox.resumed

    def take(self) -> StepSample | ResetSample | None:
        """Give the next sample, if one has come."""
        if not self.inbox.frames:
            return None
        sample = self._layout.sample(self.inbox.frames.popleft(), self._sequence)
        self._sequence = sample.sequence
        self.lost += sample.lost
        self._taken += 1
        self._owed += 1
        return sample

    def credit_due(self) -> int:
        """Give how much credit to send for what was taken: a good deal at a time."""
        due = self._owed if 2 * self._owed >= self._credits else 0
        self._owed -= due
        return due

    def resumed(self) -> bool:
        """Tell, once, that a lost connection has been taken up again: what was on its way has used up credit."""
        resumed, self.inbox.resumed = self.inbox.resumed, False
        return resumed

    def lacking(self, sent: int) -> int:
        """Give how many of the samples sent so far never came, that was not given before."""
        lacking = sent - self._taken - len(self.inbox.frames) - self._astray
        self._astray += lacking
        return lacking

    def leave(self) -> bool:
        """End the stream here; tell whether the server has to know."""
        self.inbox.end()
        return self._session.streams.pop(self.number, None) is not None and self._session.over is None


class Tracker:
    """Makes transitions of samples. Keeps what each env was last seen with, and forgets it where samples are lost."""

    def __init__(self, contract: dict[str, Any]) -> None:
        world = contract.get("world")
        if world is not None and world["turns"]:
            message = "transitions: between two moves of a seat others move; read the samples"
            raise error("not_supported", message)
        self._is_world = world is not None
        self._next_step = contract["autoreset"] == "next_step"
        n = contract["numEnvs"]
        self._known = np.zeros(n, bool)
        # In mode next_step, the next step of an env that ended is none: it resets.
        self._resetting = np.zeros(n, bool)
        self._last: Any = Layout(contract).observation.empty(n)

    def add(self, sample: StepSample | ResetSample) -> Transitions | None:
        """Take in a sample; give the transitions that it makes, if any."""
        if sample.lost:
            self._known[:] = False
            self._resetting[:] = False
        # Row k of a result is of env rows[k]: of a world, whose results have all seats, of seat k.
        rows = np.arange(len(self._known)) if self._is_world else sample.ids
        transitions = self._transitions(sample, rows) if isinstance(sample, StepSample) else None
        self._last = _trees.put(self._last, rows, sample.result.observations, np.arange(len(rows)))
        self._known[rows] = True
        if isinstance(sample, StepSample):
            self._resetting[rows] = self._next_step & (sample.result.terminated | sample.result.truncated)
        else:
            self._resetting[rows] = False
        return transitions

    def _transitions(self, sample: StepSample, rows: NDArray[np.int64]) -> Transitions | None:
        result = sample.result
        moved = np.flatnonzero(self._known[sample.ids] & ~self._resetting[sample.ids])
        if len(moved) == 0:
            return None
        ids = sample.ids[moved]
        at = ids if self._is_world else moved
        following = _trees.take(result.observations, at)
        ended = result.ended
        if ended is not None and ended.final_observations is not None:
            # The row of each transition whose episode ended, and where its final observation is.
            _, here, there = np.intersect1d(at, ended.rows, return_indices=True)
            following = _trees.put(following, here, ended.final_observations, there)
        return Transitions(
            ids,
            _trees.take(self._last, ids),
            _trees.take(sample.actions, moved),
            result.rewards[at],
            following,
            result.terminated[at],
            result.truncated[at],
        )
