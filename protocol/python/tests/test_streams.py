"""Watching somebody else's vector env."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence

import farstep
import farstep.aio
from farstep.results import ResetSample, StepSample
from relay import relay

N = 3


def equal(one: Any, other: Any) -> bool:
    return data_equivalence(one, other, exact=True)


def drive(envs: Any, steps: int) -> list[Any]:
    """Reset and step some envs; give what came back with what was done."""
    rng = np.random.default_rng(0)
    seen: list[Any] = [(np.arange(N), None, envs.reset(seed=1))]
    for t in range(steps):
        ids = np.arange(N) if t % 3 else np.array([2, 0])
        chosen = rng.integers(0, 2, len(ids))
        seen.append((ids, chosen, envs.step(chosen, None if len(ids) == N else ids.tolist())))
    return seen


def told(samples: list[Any]) -> list[Any]:
    return [
        (sample.ids, sample.actions if isinstance(sample, StepSample) else None, sample.result)
        for sample in samples
    ]


def test_it_sees_what_the_stepper_sees(url: str) -> None:
    async def watch(token: str, count: int, go: Any) -> list[Any]:
        async with farstep.aio.connect(url) as client:
            stream = await client.subscribe(token, credits=4)
            go.set()
            return [sample async for sample in stream][:count]

    async def both(envs: Any) -> tuple[list[Any], list[Any]]:
        ready = asyncio.Event()
        watcher = asyncio.create_task(watch(envs.share(), 13, ready))
        await ready.wait()
        seen = []
        for part in await asyncio.to_thread(drive, envs, 2):
            seen.append(part)
        await asyncio.to_thread(envs.close)
        return seen, await watcher

    with farstep.connect(url) as owner, farstep.connect(url) as guest:
        envs = owner.make("CartPole-v1", N, autoreset="same_step", max_episode_steps=3)
        stream = guest.subscribe(envs.share(), credits=100)
        assert stream.contract == envs.contract
        seen = drive(envs, 12)
        envs.close()
        samples = list(stream)
        assert equal(told(samples), seen)
        assert [sample.sequence for sample in samples] == list(range(1, 14))
        assert stream.lost == 0
        stream.close()
        envs = owner.make("CartPole-v1", N, autoreset="same_step", max_episode_steps=3)
        seen, samples = asyncio.run(both(envs))
        assert equal(told(samples), seen)


def test_who_is_slower_loses_and_knows_how_much(url: str) -> None:
    with farstep.connect(url) as owner, farstep.connect(url) as guest:
        envs = owner.make("CartPole-v1", N, autoreset="same_step")
        stream = guest.subscribe(envs.share(), credits=4)
        drive(envs, 20)
        assert [next(stream).sequence for _ in range(4)] == [1, 2, 3, 4]
        envs.step([0] * N)
        sample = next(stream)
        assert (sample.sequence, sample.lost, stream.lost) == (22, 17, 17)
        envs.close()
        assert list(stream) == []


@pytest.mark.parametrize("autoreset", ["same_step", "next_step"])
def test_transitions(autoreset: str, url: str) -> None:
    with farstep.connect(url) as owner, farstep.connect(url) as guest:
        envs = owner.make("CartPole-v1", N, autoreset=autoreset, max_episode_steps=4)
        stream = guest.subscribe(envs.share(), credits=100)
        seen = drive(envs, 30)
        envs.close()
        last: dict[Any, Any] = {}
        over: set[int] = set()
        expected = []
        for ids, actions, result in seen:
            for k, i in enumerate(ids.tolist()):
                if actions is not None and i not in over:
                    finals: Any = result.ended.final_observations if result.ended is not None else None
                    ended = finals is not None and k in result.ended.rows
                    after = finals[result.ended.rows.tolist().index(k)] if ended else result.observations[k]
                    row = (
                        ids[k],
                        last[i],
                        actions[k],
                        result.rewards[k],
                        after,
                        result.terminated[k],
                        result.truncated[k],
                    )
                    expected.append(row)
                last[i] = result.observations[k]
                done = actions is not None and (result.terminated[k] or result.truncated[k])
                over = over | {i} if autoreset == "next_step" and done else over - {i}
        ours = [row for transitions in stream.transitions() for row in zip(*transitions, strict=True)]
        assert equal(ours, expected)
        assert any(row[6] for row in ours)


def test_transitions_begin_anew_behind_a_gap(url: str) -> None:
    with farstep.connect(url) as owner, farstep.connect(url) as guest:
        envs = owner.make("CartPole-v1", N, autoreset="same_step")
        stream = guest.subscribe(envs.share(), credits=2)
        transitions = stream.transitions()
        seen = [envs.reset(seed=1).observations]
        seen += [envs.step([0, 1, 0]).observations for _ in range(6)]
        # Of these, two samples came: the reset and a step.
        assert equal(next(transitions).observations, seen[0])
        seen += [envs.step([0, 1, 0]).observations for _ in range(2)]
        after = next(transitions)
        assert stream.lost == 5
        assert equal(after.observations, seen[-2])
        assert equal(after.next_observations, seen[-1])


def test_a_world_at_once(url: str) -> None:
    with farstep.connect(url) as owner, farstep.connect(url) as guest:
        world = owner.create("Pixel/PongDuel-v1", seed=1)
        stream = guest.subscribe(world.share(), credits=10)
        started = world.reset()
        result = world.step([0, 3])
        world.close()
        (transitions,) = stream.transitions()
        assert transitions.ids.tolist() == [0, 1]
        assert equal(transitions.observations, started.observations)
        assert equal(transitions.next_observations, result.observations)
        assert transitions.actions.tolist() == [0, 3]
        game = owner.create("ConnectFour-v3", seed=1)
        with pytest.raises(farstep.FarstepError, match="between two moves of a seat others move"):
            next(guest.subscribe(game.share()).transitions())


def test_a_lost_connection_costs_samples_and_no_more(url: str) -> None:
    with farstep.connect(url) as owner, relay(url) as wire, farstep.connect(wire.url) as guest:
        envs = owner.make("CartPole-v1", N, autoreset="same_step")
        stream = guest.subscribe(envs.share(), credits=4)
        envs.reset(seed=1)
        assert next(stream).sequence == 1
        wire.cut()
        for _ in range(6):
            envs.step([0] * N)
        guest.list()  # which takes the session up again
        sequences = []
        for _ in range(10):
            envs.step([1] * N)
            sequences.append(next(stream).sequence)
        assert sequences == sorted(sequences)
        assert stream.lost >= 1
        assert sequences[-1] - sequences[0] == 9, "credit that went astray was given again"


def test_what_is_refused(url: str) -> None:
    with farstep.connect(url) as client:
        envs = client.make("CartPole-v1", N)
        stream = client.subscribe(envs.share())
        assert envs.share() == envs.share()
        for token, code in [("nonsense", "no_such_stream"), (envs.share(), "bad_message")]:
            with pytest.raises(farstep.FarstepError) as caught:
                client.subscribe(token)
            assert caught.value.code == code
        envs.reset()
        assert isinstance(next(stream), ResetSample)
        stream.close()
        stream.close()
        assert list(stream) == []
        impatient = client.subscribe(envs.share(), patience=0.1)
        with pytest.raises(farstep.errors.ReplyTimeout, match=r"no sample within 0\.1 s"):
            next(impatient)
        envs.reset()
        assert isinstance(next(impatient), ResetSample), "the session goes on"
        seat = client.join(client.create("Pixel/PongDuel-v1").token or "")
        with pytest.raises(farstep.FarstepError) as caught:
            seat.share()
        assert caught.value.code == "not_supported"
