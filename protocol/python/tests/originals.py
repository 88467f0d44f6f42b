"""Envs that exist elsewhere, side by side with the real ones: the same seed and actions, the same data, bit for bit."""

from __future__ import annotations

from typing import Any

import gymnasium
import minatar.gym
import numpy as np
from gymnasium.utils.env_checker import data_equivalence

import farstep
from conftest import SINGLE

minatar.gym.register_envs()

OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("CartPole-v1", {"sutton_barto_reward": True}),
    ("MountainCar-v0", {"goal_velocity": 0.01}),
    ("Pendulum-v1", {"g": 9.81}),
    ("FrozenLake-v1", {"is_slippery": False}),
    ("FrozenLake-v1", {"map_name": "8x8", "success_rate": 0.5}),
    ("Taxi-v4", {"is_rainy": True, "fickle_passenger": True}),
    ("Blackjack-v1", {"natural": True}),
    ("Blackjack-v1", {"sab": True}),
]
CASES: list[tuple[str, dict[str, Any]]] = [(id, {}) for id in SINGLE if id in gymnasium.registry] + OPTIONS

# But for the last bit of two functions of the original's libraries: the pendulum's torque is squared by the C library's
# `pow`, and the acrobot's first observation takes NumPy's float32 sine and cosine.
NEARLY = {"Acrobot-v1", "Pendulum-v1"}


def floats(info: dict[str, Any]) -> dict[str, Any]:
    """Take numbers as floats: the probability 1 is an int in some of Gymnasium's own envs, in others a float."""
    return {name: float(value) if isinstance(value, (int, float)) else value for name, value in info.items()}


def compare(id: str, options: dict[str, Any], seed: int, steps: int, url: str) -> None:
    """Play both with the same actions, over the ends of episodes, and assert that they give the same."""
    theirs = gymnasium.make(id, **options)
    ours = farstep.make(id, url=url, **options)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    theirs.action_space.seed(seed)

    def same(one: Any, other: Any) -> bool:
        return data_equivalence(one, other, exact=id not in NEARLY)

    given: int | None = seed
    ended = True
    for _ in range(steps):
        if ended:
            observation, info = ours.reset(seed=given)
            expected, expected_info = theirs.reset(seed=given)
            assert same(observation, expected)
            given = None  # the next episodes go on with the same stream
        else:
            action = theirs.action_space.sample()
            observation, reward, terminated, truncated, info = ours.step(action)
            expected, *outcome, expected_info = theirs.step(action)
            assert same(observation, expected)
            assert type(reward) is float
            assert same(np.array(reward), np.array(outcome[0], float))
            assert (terminated, truncated) == tuple(outcome[1:])
        ended = not ended and (terminated or truncated)
        assert same(floats(info), floats(expected_info))
    ours.close()
