"""Both clients against the real server: what the interfaces of Gymnasium and PettingZoo do not show."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence

import farstep
import farstep.aio


def test_the_two_clients_see_the_same(url: str) -> None:
    async def main() -> list[Any]:
        async with farstep.aio.connect(url) as client:
            envs = await client.make("Physics/Push-v1", 2, seed=3, autoreset="same_step", max_episode_steps=3)
            seen: list[Any] = [envs.contract["hash"], await envs.reset()]
            snapshots = await envs.snapshot()
            seen += [await envs.step(np.full((2, 2), 0.5, np.float32)) for _ in range(3)]
            seen += [await envs.restore(snapshots[1:], [0]), await envs.render(1)]
            goals = np.zeros((4, 2), np.float32)
            seen += [await envs.compute_reward(goals, goals), len(await client.list())]
            await envs.close()
            return seen

    with farstep.connect(url) as client:
        envs = client.make("Physics/Push-v1", 2, seed=3, autoreset="same_step", max_episode_steps=3)
        seen: list[Any] = [envs.contract["hash"], envs.reset()]
        snapshots = envs.snapshot()
        seen += [envs.step(np.full((2, 2), 0.5, np.float32)) for _ in range(3)]
        seen += [envs.restore(snapshots[1:], [0]), envs.render(1)]
        goals = np.zeros((4, 2), np.float32)
        seen += [envs.compute_reward(goals, goals), len(client.list())]
        envs.close()
    assert data_equivalence(seen, asyncio.run(main()), exact=True)
    assert seen[4].ended is not None


def test_tasks_of_one_session_wait_at_the_same_time(url: str) -> None:
    async def main() -> None:
        async with farstep.aio.connect(url) as client:
            envs = [await client.make("CartPole-v1", 2, seed=i, autoreset="same_step") for i in range(3)]
            await asyncio.gather(*(env.reset() for env in envs))

            async def drive(env: Any) -> int:
                return sum([len((await env.step([0, 1])).rewards) for _ in range(50)])

            assert await asyncio.gather(*map(drive, envs)) == [100] * 3
            steps = await asyncio.gather(*(envs[0].step([1, 1]) for _ in range(300)), return_exceptions=True)
            assert not [step for step in steps if isinstance(step, BaseException)], (
                "more than may be in flight"
            )
        with pytest.raises(farstep.FarstepError, match="the client was closed"):
            await envs[0].step([0, 1])

    asyncio.run(main())


def test_arrays_are_the_callers_own(url: str) -> None:
    with farstep.connect(url) as client:
        for env in ("MinAtar/Breakout-v1", "Physics/Reach-v1", "Blackjack-v1", "Taxi-v4"):
            envs = client.make(env, 3, seed=1)
            kept = []
            for result in (envs.reset(), envs.step(gym_sample(envs))):
                for array in leaves(result):
                    assert array.flags.writeable
                    assert array.flags.aligned
                    assert array.flags.c_contiguous
                    kept.append((array, array.copy()))
            for array, _ in kept:
                array[...] = 0
            assert not any(np.shares_memory(a, b) for i, (a, _) in enumerate(kept) for b, _ in kept[:i])


def gym_sample(envs: Any) -> Any:
    from farstep._gym_spaces import gym_space

    space = gymnasium.vector.utils.batch_space(gym_space(envs.contract["actionSpace"]), envs.num_envs)
    space.seed(1)
    return space.sample()


def leaves(data: Any) -> list[Any]:
    if isinstance(data, np.ndarray):
        return [data]
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, tuple) else ()
    return [leaf for part in parts for leaf in leaves(part)]


def test_tables(url: str) -> None:
    with farstep.connect(url) as client:
        table = client.make("FrozenLake-v1").transitions()
        real = gymnasium.make("FrozenLake-v1").unwrapped.P  # type: ignore[attr-defined]
        assert (table.num_states, table.num_actions) == (16, 4)
        for state, actions in real.items():
            for action, outcomes in actions.items():
                first, last = table.first[4 * state + action : 4 * state + action + 2]
                columns = (table.probabilities, table.next_states, table.rewards, table.terminated)
                ours = [tuple(column[i].item() for column in columns) for i in range(first, last)]
                assert ours == [(p, int(s), r, t) for p, s, r, t in outcomes]
        with pytest.raises(farstep.FarstepError) as caught:
            client.make("CartPole-v1").transitions()
        assert caught.value.code == "not_supported"


def test_rewards_under_other_goals(url: str) -> None:
    env: Any = farstep.make("Physics/Reach-v1", url=url)
    observation, info = env.reset(seed=1)
    achieved, desired = observation["achieved_goal"], observation["desired_goal"]
    assert env.compute_reward(achieved, desired, info) == -1
    assert env.compute_reward(achieved, achieved, info) == 0
    rewards = env.compute_reward(np.stack([achieved, achieved]), np.stack([desired, achieved]), [info, info])
    assert rewards.tolist() == [-1, 0]
    with pytest.raises(farstep.FarstepError, match=r"achieved: expected shape \['n', 2\], got \(2, 3\)"):
        env.compute_reward(np.zeros((2, 3)), np.zeros((2, 3)), [{}, {}])
    env.close()
    assert not hasattr(farstep.make("CartPole-v1", url=url), "compute_reward")


@pytest.mark.parametrize("id", ["Physics/Drawer-v1", "Physics/Soccer-v1"])
def test_rewards_of_families_of_tasks(id: str, url: str) -> None:
    envs: Any = farstep.make_vec(id, 8, url=url, autoreset_mode="SameStep", reward_type="dense")
    envs.reset(seed=1)
    envs.action_space.seed(1)
    for _ in range(5):
        observations, rewards, _, _, infos = envs.step(envs.action_space.sample())
    assert set(infos["task"]) == set(envs.contract["rewardTasks"])
    goals = observations["achieved_goal"], observations["desired_goal"]
    assert envs.compute_reward(*goals, infos).tolist() == rewards.tolist()
    rows = [{"task": task} for task in infos["task"]]
    assert envs.compute_reward(*goals, rows).tolist() == rewards.tolist()
    assert envs.compute_reward(goals[0][0], goals[1][0], rows[0]) == rewards[0]
    with pytest.raises(farstep.FarstepError, match=r"HerReplayBuffer\(copy_info_dict=True\)"):
        envs.compute_reward(*goals, [{}] * 8)
    envs.close()


def test_a_snapshot_of_one_env_in_another(url: str) -> None:
    one: Any = farstep.make("MinAtar/Asterix-v1", url=url)
    other: Any = farstep.make("MinAtar/Asterix-v1", url=url)
    one.reset(seed=1)
    other.reset(seed=2)
    for action in range(5):
        one.step(action)
    _observation, _ = other.restore(one.snapshot())
    for action in range(5):
        expected, step = one.step(action), other.step(action)
        assert data_equivalence(step, expected, exact=True)
    with pytest.raises(farstep.FarstepError) as caught:
        other.restore({"mine": 1})
    assert caught.value.code == "bad_snapshot"
    one.close()
    other.close()


def test_seats_driven_by_different_clients(url: str) -> None:
    """Each waits for the other; patience has an end."""
    with farstep.connect(url) as host, farstep.connect(url) as guest:
        world = host.create("Pixel/PongDuel-v1", seed=1)
        assert world.token
        seats = [client.join(world.token, patience=60) for client in (host, guest)]
        assert [seat.seat for seat in seats] == world.contract["world"]["seats"]
        results: dict[str, Any] = {}

        def play(seat: Any) -> None:
            results[seat.seat] = [seat.reset(), *(seat.step([0]) for _ in range(3))]

        threads = [threading.Thread(target=play, args=(seat,)) for seat in seats]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [len(result) for result in results.values()] == [4, 4]
    with farstep.connect(url) as host:
        alone = host.join(host.create("Pixel/PongDuel-v1").token or "", patience=0.2)
        with pytest.raises(farstep.errors.ReplyTimeout, match="no reply to reset"):
            alone.reset()


def test_a_closed_handle(url: str) -> None:
    with farstep.connect(url) as client:
        envs = client.make("CartPole-v1", 2)
        envs.close()
        envs.close()
        with pytest.raises(
            gymnasium.error.ClosedEnvironmentError, match="reset: this vector env of CartPole-v1 is closed"
        ):
            envs.reset()
        client.make("CartPole-v1").reset()


def test_threads_share_a_client_without_harm(url: str) -> None:
    with farstep.connect(url) as client:
        envs = client.make("CartPole-v1", 2, autoreset="same_step")
        envs.reset()
        seen: list[int] = []

        def work() -> None:
            seen.extend(len(envs.step([0, 1]).rewards) for _ in range(100))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert seen == [2] * 400


def test_a_session_ends_with_its_last_owner(url: str) -> None:
    client = farstep.connect(url)
    envs = client.make("CartPole-v1")
    connection = client._connection
    del client
    gc.collect()
    envs.reset()
    assert connection.session.over is None, "the handle keeps it"
    del envs
    gc.collect()
    assert connection.session.over is not None


def test_without_gymnasium_there_is_still_a_client(url: str) -> None:
    code = """
import sys
sys.modules["gymnasium"] = None
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "gymnasium" else find(name, *rest)
import farstep, numpy
with farstep.connect(sys.argv[1]) as client:
    envs = client.make("CartPole-v1", 2)
    envs.reset()
    print(envs.step(numpy.array([0, 1])).rewards.tolist())
    try:
        envs.step(numpy.array([0, 7]))
    except farstep.errors.InvalidAction as error:
        print(error.code)
try:
    farstep.make
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=False)
    expected = ["[1.0, 1.0]", "bad_action", "farstep.make needs gymnasium: pip install farstep[gymnasium]"]
    assert done.stdout.splitlines() == expected, done.stderr
