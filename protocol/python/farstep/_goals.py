"""Rewards under other goals than the one that was wanted: hindsight relabelling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from farstep.errors import error

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from farstep.client import RemoteVectorEnv


def tasks(contract: dict[str, Any], observations: Any) -> list[str] | None:
    """Give the name of the task that each row of a batch is about; None where there is one task alone."""
    names = contract["rewardTasks"]
    if len(names) < 2:
        return None
    return [names[i] for i in np.argmax(observations["task"], axis=-1)]


def compute_reward(
    remote: RemoteVectorEnv, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any
) -> Any:
    """As `FarstepGoalEnv.compute_reward`."""
    shape = tuple(remote.contract["observationSpace"]["spaces"]["desired_goal"]["shape"])
    achieved, desired = np.asarray(achieved_goal), np.asarray(desired_goal)
    if achieved.shape == shape:
        return float(compute_reward(remote, achieved[np.newaxis], desired[np.newaxis], [info])[0])
    names = remote.contract["rewardTasks"]
    if len(names) == 1:
        return remote.compute_reward(achieved, desired)
    wanted = np.array(_named(info))
    if wanted.shape != (len(achieved),):
        expected = f"the info `task` of each of the {len(achieved)} transitions"
        hint = "(of Stable-Baselines3, HerReplayBuffer(copy_info_dict=True) passes it on)"
        raise error("bad_message", f"compute_reward: expected {expected} {hint}, got {info!r:.80}")
    rewards = np.empty(len(achieved))
    for name in set(wanted.tolist()):
        rows = wanted == name
        rewards[rows] = remote.compute_reward(achieved[rows], desired[rows], name)
    return rewards


def _named(info: Any) -> list[Any]:
    """Read the tasks out of infos: one for each transition, or a vector env's dict of arrays."""
    if isinstance(info, Mapping):
        return list(info.get("task", []))
    return [one["task"] for one in info if isinstance(one, Mapping) and "task" in one]
