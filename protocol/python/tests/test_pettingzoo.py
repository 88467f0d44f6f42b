"""PettingZoo's own tests on every world."""

from __future__ import annotations

import contextlib
import struct
import warnings
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pettingzoo.test import api_test, max_cycles_test, parallel_api_test, parallel_seed_test, seed_test

import farstep
from conftest import WORLDS
from fake import COUNTER, Peer, fake_server
from farstep.registration import ENVS

if TYPE_CHECKING:
    from collections.abc import Sequence

TURNS = ["ConnectFour-v3"]
PARALLEL = [id for id in WORLDS if id not in TURNS]
# Of velocities without a bound, and of an empty board.
ABOUT_SPACES = "space value is -?infinity|Observation numpy array is all zeros"


@pytest.fixture(autouse=True)
def _strict() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", f".*({ABOUT_SPACES}).*")
        yield


def test_which_worlds_there_are() -> None:
    assert {spec["id"] for spec in ENVS if spec["players"] > 1} == {*PARALLEL, *TURNS}
    assert PARALLEL


@pytest.mark.parametrize("id", PARALLEL)
def test_parallel(id: str, url: str) -> None:
    env = farstep.parallel_env(id, url=url)
    parallel_api_test(env, num_cycles=100)
    env.close()
    parallel_seed_test(lambda: farstep.parallel_env(id, url=url), num_cycles=50)


@pytest.mark.parametrize("id", WORLDS)
def test_aec(id: str, url: str) -> None:
    env = farstep.aec_env(id, url=url)
    api_test(env, num_cycles=100)
    env.close()
    seed_test(lambda: farstep.aec_env(id, url=url), num_cycles=50)


@pytest.mark.parametrize("id", PARALLEL)
def test_max_cycles(id: str, url: str) -> None:
    def parallel_env(max_cycles: int) -> Any:
        return farstep.parallel_env(id, url=url, max_episode_steps=max_cycles)

    def env(max_cycles: int) -> Any:
        return farstep.aec_env(id, url=url, max_episode_steps=max_cycles)

    max_cycles_test(SimpleNamespace(parallel_env=parallel_env, env=env))


def test_max_cycles_of_turns(url: str) -> None:
    env = farstep.aec_env("ConnectFour-v3", url=url, max_episode_steps=5)
    env.reset(seed=0)
    moves = [
        agent
        for column, agent in enumerate(env.agent_iter())
        if env.step(None if done(env) else column) is None and column < 5
    ]
    assert moves == ["player_0", "player_1"] * 2 + ["player_0"]
    assert env.agents == []


def done(env: Any) -> bool:
    return bool(env.terminations[env.agent_selection] or env.truncations[env.agent_selection])


def test_a_game_of_connect_four(url: str) -> None:
    env: Any = farstep.aec_env("ConnectFour-v3", url=url)
    env.reset(seed=0)
    for column in (0, 1, 0, 1, 0, 1):
        assert env.last()[1:4] == (0, False, False)
        env.step(column)
    with pytest.raises(farstep.FarstepError, match="7 is outside Discrete"):
        env.step(7)
    env.step(0)
    assert env.rewards == {"player_0": 1, "player_1": -1}
    assert env.terminations == {"player_0": True, "player_1": True}
    _, _reward, terminated, _, info = env.last()
    assert terminated
    assert not info["action_mask"].any()
    for _ in range(2):
        env.step(None)
    assert env.agents == []
    env.close()


def test_who_takes_the_wrong_api_is_told_the_right_one(url: str) -> None:
    with pytest.raises(farstep.FarstepError, match=r"its seats move in turn; it is one for farstep\.aec_env"):
        farstep.parallel_env("ConnectFour-v3", url=url)
    with pytest.raises(farstep.FarstepError, match="it is an env of one player, for make to make"):
        farstep.parallel_env("CartPole-v1", url=url)
    with pytest.raises(farstep.FarstepError, match="a world of 2 seats, for create to make"):
        farstep.make("ConnectFour-v3", url=url)


def test_what_is_refused_moves_nobody(url: str) -> None:
    env: Any = farstep.parallel_env("Physics/SumoDuel-v1", url=url)
    with pytest.raises(farstep.FarstepError, match="no game is under way; reset first"):
        env.step({})
    observations, _ = env.reset(seed=1)
    first, second = env.possible_agents
    still = np.zeros(env.action_space(first).shape, np.float32)
    for actions, code in [
        ({first: still}, "bad_ids"),
        ({first: still, "third": still}, "no_such_seat"),
        ({first: still, second: still + 9}, "bad_action"),
        ({first: still, second: still[:1]}, "bad_action"),
    ]:
        with pytest.raises(farstep.FarstepError) as caught:
            env.step(actions)
        assert caught.value.code == code
    twin: Any = farstep.parallel_env("Physics/SumoDuel-v1", url=url)
    assert np.array_equal(twin.reset(seed=1)[0][first], observations[first])
    actions = {first: still, second: still}
    assert np.array_equal(twin.step(actions)[0][first], env.step(actions)[0][first])
    env.close()
    twin.close()


def test_a_seat_that_is_done_before_the_others() -> None:
    """In turns: it leaves by a step of None, out of turn, and what it was paid meanwhile is told."""
    seats = ["a_0", "b_0", "c_0"]

    def state(turn: int) -> list[Any]:
        return [[struct.pack("<3i", turn, turn, turn)]]

    def reply(id: int, rewards: Sequence[float], done: list[int], turn: int) -> list[Any]:
        observations = [struct.pack("<3i", *range(3))]
        return [
            2,
            id,
            3,
            observations,
            struct.pack("<3d", *rewards),
            bytes(done),
            bytes(3),
            state(turn),
            None,
        ]

    def script(peer: Peer) -> None:
        peer.welcome()
        turn = {"name": "turn", "space": {"type": "Discrete", "n": 3}}
        world = {"seats": seats, "turns": True, "defaultAction": "none", "moveMs": None}
        contract = {**COUNTER, "numEnvs": 3, "world": world, "infos": [turn]}
        peer.send(
            {"type": "created", "id": peer.recv()["id"], "env": 1, "world": "token", "contract": contract}
        )
        started = {"type": "started", "id": peer.recv()["id"], "n": 3, "seeds": [0, 0, 0], "infos": state(0)}
        peer.send({**started, "observations": [struct.pack("<3i", *range(3))]})
        for rewards, done, next_turn in [
            ([1, 2, 4], [0, 1, 0], 2),
            ([8, 0, 16], [0, 1, 0], 0),
            ([0, 0, 0], [1, 1, 1], 0),
        ]:
            peer.send(reply(peer.recv()[1], rewards, done, next_turn))
        with contextlib.suppress(ConnectionError):
            peer.recv()

    with fake_server(script) as url:
        env = farstep.aec_env("Three-v0", url=url)
        env.reset()
        seen = []
        for agent in env.agent_iter():
            observation, reward, terminated, _, info = env.last()
            assert observation == seats.index(agent)
            seen.append((agent, reward, terminated, info["turn"]))
            env.step(None if terminated else 1)
        env.close()
    assert seen == [
        ("a_0", 0, False, 0),
        ("b_0", 2, True, 2),
        ("c_0", 4, False, 2),
        ("a_0", 9, False, 0),
        ("a_0", 0, True, 0),
        ("c_0", 16, True, 0),
    ]


@pytest.mark.parametrize("id", WORLDS)
def test_pictures(id: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env: Any = farstep.aec_env(id, url=url, render_mode="rgb_array")
    env.reset(seed=1)
    assert env.render().ndim == 3
    env.close()
    env = farstep.aec_env(id, url=url, render_mode="human")
    env.reset(seed=1)
    assert env.render() is None
    env.close()
    with pytest.raises(farstep.FarstepError, match="no render mode 'ansi'"):
        farstep.aec_env(id, url=url, render_mode="ansi")
