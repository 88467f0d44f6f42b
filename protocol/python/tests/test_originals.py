"""Envs that exist elsewhere give the data of the real ones."""

from __future__ import annotations

from typing import Any

import pytest

from originals import CASES, compare


def test_they_are_all_here() -> None:
    families = {
        "CartPole",
        "Acrobot",
        "MountainCar",
        "MountainCarContinuous",
        "Pendulum",
        "FrozenLake",
        "Taxi",
    }
    families |= {"CliffWalking", "Blackjack"}
    families |= {
        f"MinAtar/{game}" for game in ("Asterix", "Breakout", "Freeway", "Seaquest", "SpaceInvaders")
    }
    assert families <= {id.rsplit("-", 1)[0] for id, _ in CASES}


@pytest.mark.filterwarnings("ignore:.*is out of date:DeprecationWarning")
@pytest.mark.parametrize(("id", "options"), CASES, ids=[f"{id}-{options}" for id, options in CASES])
@pytest.mark.parametrize("seed", [0, 12345])
def test_one_env(id: str, options: dict[str, Any], seed: int, url: str) -> None:
    compare(id, options, seed, 600, url)
