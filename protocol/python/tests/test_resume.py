"""Lost connections, with the real server: what was done is not done again, and what was answered is not lost."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence

import farstep
import farstep.aio
from relay import relay

STEPS = 60
N = 4
MADE: dict[str, Any] = {"seed": 1, "autoreset": "same_step", "max_episode_steps": 7}


def actions() -> Any:
    return np.random.default_rng(1).integers(0, 6, (STEPS, N))


def straight(url: str) -> list[Any]:
    with farstep.connect(url) as client:
        envs = client.make("MinAtar/Seaquest-v1", N, **MADE)
        return [envs.reset(), *(envs.step(a) for a in actions())]


def equal(one: Any, other: Any) -> bool:
    return data_equivalence(one, other, exact=True)


def test_a_run_whose_connection_is_cut_again_and_again(url: str) -> None:
    with relay(url) as wire, farstep.connect(wire.url) as client:
        envs = client.make("MinAtar/Seaquest-v1", N, **MADE)
        seen: list[Any] = [envs.reset()]
        for t, a in enumerate(actions()):
            if t % 10 == 5:
                wire.cut()
            seen.append(envs.step(a))
        assert wire.connections == 1 + STEPS // 10
    assert equal(seen, straight(url))


def test_steps_under_way_when_it_is_cut(url: str) -> None:
    with relay(url) as wire, farstep.connect(wire.url) as client:
        envs = client.make("MinAtar/Seaquest-v1", N, **MADE)
        seen: list[Any] = [envs.reset()]
        for some in actions().reshape(-1, 10, N):
            for a in some:
                envs.send(a)
            wire.cut()
            seen += [envs.recv()[1] for _ in some]
    assert equal(seen, straight(url))


def test_the_same_for_asyncio(url: str) -> None:
    async def main() -> list[Any]:
        with relay(url) as wire:
            async with farstep.aio.connect(wire.url) as client:
                envs = await client.make("MinAtar/Seaquest-v1", N, **MADE)
                seen: list[Any] = [await envs.reset()]
                for some in actions().reshape(-1, 10, N):
                    steps = [asyncio.create_task(envs.step(a)) for a in some]
                    await asyncio.sleep(0)
                    wire.cut()
                    seen += await asyncio.gather(*steps)
                assert wire.connections > 1
                return seen

    assert equal(asyncio.run(main()), straight(url))


def test_a_gymnasium_env_does_not_notice(url: str) -> None:
    with relay(url) as wire:
        env, twin = farstep.make("CartPole-v1", url=wire.url), farstep.make("CartPole-v1", url=url)
        assert equal(env.reset(seed=1), twin.reset(seed=1))
        wire.cut()
        assert equal(env.step(1), twin.step(1))
        wire.cut()
        assert equal(env.reset(), twin.reset())
        env.close()
        twin.close()


def test_who_wants_no_session_back_is_told_at_once(url: str) -> None:
    with relay(url) as wire, farstep.connect(wire.url, reconnect_timeout=0) as client:
        envs = client.make("CartPole-v1")
        wire.cut()
        with pytest.raises(farstep.errors.ConnectionLost, match="it is not taken up again"):
            envs.reset()
