"""TorchRL takes the envs: what it checks of its own."""

from __future__ import annotations

from typing import Any

import pytest
from torchrl.envs import GymEnv, GymWrapper, check_env_specs

import farstep

SINGLE = [
    "CartPole-v1",
    "Pendulum-v1",
    "FrozenLake-v1",
    "MinAtar/Breakout-v1",
    "Pixel/Pong-v1",
    "Physics/Reach-v1",
    "Physics/Drawer-v1",
]


@pytest.mark.parametrize("id", SINGLE)
def test_wrapper(id: str, url: str) -> None:
    checked(GymWrapper(farstep.make(id, url=url)))


@pytest.mark.parametrize("id", SINGLE[:4])
def test_by_id(id: str, url: str) -> None:
    checked(GymEnv(f"farstep/{id}", url=url))


# The two modes that it has; under the other one discrete observations beside infos are beyond it, Gymnasium's own too.
@pytest.mark.parametrize(
    ("id", "mode"),
    [*((id, "Disabled") for id in SINGLE), ("CartPole-v1", "SameStep"), ("Physics/Reach-v1", "SameStep")],
)
def test_vector(id: str, mode: str, url: str) -> None:
    checked(GymWrapper(farstep.make_vec(id, 3, url=url, autoreset_mode=mode)))


def checked(env: Any) -> None:
    check_env_specs(env, seed=3)
    env.close()
