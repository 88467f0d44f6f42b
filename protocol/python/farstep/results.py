"""What the clients give. Every array in it is the caller's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Ended(NamedTuple):
    """Episodes that ended in one step, one row each."""

    rows: NDArray[np.int64]
    """Which row of the step each belongs to. [m]"""
    returns: NDArray[np.float64]
    """Sum of the episode's rewards. [m]"""
    lengths: NDArray[np.int64]
    """Steps of the episode. [m]"""
    seeds: NDArray[np.int64]
    """Seed of the random stream that the episode was drawn from. [m]"""
    final_observations: Any
    """Under same_step autoreset: a batch of the last observations, m rows; None in the other modes."""
    final_infos: dict[str, Any] | None
    """The infos that go with them."""


class StepResult(NamedTuple):
    """What a step gives: one row an env, in the order of the ids asked for. Every array is the caller's own."""

    observations: Any
    """A batch of the observation space."""
    rewards: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    """The episode reached a terminal state, so the value of what follows is zero."""
    truncated: NDArray[np.bool_]
    """The episode was cut off, so the value of what follows is not zero."""
    infos: dict[str, Any]
    """By name, a batch of the info's space."""
    ended: Ended | None
    """The episodes that ended in this step."""


class ResetResult(NamedTuple):
    """What a reset gives: one row an env, in the order of the ids asked for."""

    observations: Any
    infos: dict[str, Any]
    seeds: NDArray[np.int64]
    """The seed of each env's random stream."""


class StepSample(NamedTuple):
    """A step that somebody made of a vector env that is watched."""

    sequence: int
    """Number of the sample in its stream."""
    lost: int
    """How many samples before it did not come."""
    ids: NDArray[np.int64]
    """The envs that were stepped; of a world, the seats that moved."""
    actions: Any
    """A batch of their actions, a row each."""
    result: StepResult
    """A row for each of them; of a world, for each seat."""


class ResetSample(NamedTuple):
    """A reset, or a restore, that somebody made."""

    sequence: int
    lost: int
    ids: NDArray[np.int64]
    result: ResetResult


class Transitions(NamedTuple):
    """Steps of some envs, a row each. Every array is the caller's own."""

    ids: NDArray[np.int64]
    """The envs; of a world, the seats."""
    observations: Any
    """What each was seen with before."""
    actions: Any
    rewards: NDArray[np.float64]
    next_observations: Any
    """What it led to; where an episode ended, its final observation."""
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]


@dataclass(frozen=True)
class TransitionTable:
    """An env of finitely many states and actions.

    The outcomes of action a in state s are entries `first[s * num_actions + a]` to `first[s * num_actions + a + 1] - 1`
    of the other arrays.
    """

    num_states: int
    num_actions: int
    first: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    next_states: NDArray[np.int64]
    rewards: NDArray[np.float64]
    terminated: NDArray[np.bool_]
