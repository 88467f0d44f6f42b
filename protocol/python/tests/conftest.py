"""One server for all tests, the one that `npm run build` made."""

from __future__ import annotations

import gymnasium
import pytest

from farstep.registration import ENVS
from farstep.server import local_server

SINGLE = [spec["id"] for spec in ENVS if spec["players"] == 1]
WORLDS = [spec["id"] for spec in ENVS if spec["players"] > 1]


@pytest.fixture(scope="session")
def url() -> str:
    return local_server().url


@pytest.fixture(autouse=True)
def _no_warnings() -> None:
    """Gymnasium's checkers warn where they might fail. A test says which warnings it can bear."""
    gymnasium.logger.min_level = gymnasium.logger.WARN
