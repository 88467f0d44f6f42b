"""Envs that exist elsewhere give the data of the real ones, over many episodes."""

from __future__ import annotations

from typing import Any

import pytest

from originals import CASES, compare


@pytest.mark.filterwarnings("ignore:.*is out of date:DeprecationWarning")
@pytest.mark.parametrize(("id", "options"), CASES, ids=[f"{id}-{options}" for id, options in CASES])
def test_at_length(id: str, options: dict[str, Any], url: str) -> None:
    compare(id, options, 1, 20_000, url)
