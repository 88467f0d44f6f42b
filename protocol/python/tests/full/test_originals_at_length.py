"""Envs that exist elsewhere give the data of the real ones, over many episodes."""

from __future__ import annotations

from typing import Any

import pytest

from originals import CASES, compare

# A last bit that differs grows: the acrobot's motion is chaotic, and after hundreds of steps it shows.
STABLE = [(id, options) for id, options in CASES if id != "Acrobot-v1"]


@pytest.mark.filterwarnings("ignore:.*is out of date:DeprecationWarning")
@pytest.mark.parametrize(("id", "options"), STABLE, ids=[f"{id}-{options}" for id, options in STABLE])
def test_at_length(id: str, options: dict[str, Any], url: str) -> None:
    compare(id, options, 1, 5_000, url)
