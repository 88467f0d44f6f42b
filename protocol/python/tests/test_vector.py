"""Vector envs beside Gymnasium's own vectorizer: autoreset in all modes, infos, masks, seeds, partial resets.

`SyncVectorEnv` of single envs is the oracle: whatever it gives for the same seeds and actions, `make_vec` gives.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import farstep
from conftest import SINGLE

N = 3
STEPS = 10
LIMIT = 4  # so that episodes end on the way
MODES = list(AutoresetMode)


def pair(id: str, mode: AutoresetMode, url: str, **options: Any) -> tuple[Any, Any]:
    one = partial(farstep.make, id, url=url, max_episode_steps=LIMIT, **options)
    ours = farstep.make_vec(id, N, url=url, max_episode_steps=LIMIT, autoreset_mode=mode, **options)
    return ours, SyncVectorEnv([one] * N, autoreset_mode=mode)


def same(ours: Any, theirs: Any) -> bool:
    return data_equivalence(ours, theirs, exact=True)


@pytest.mark.parametrize("mode", MODES, ids=[mode.value for mode in MODES])
@pytest.mark.parametrize("id", SINGLE)
def test_every_env_in_every_mode(id: str, mode: AutoresetMode, url: str) -> None:
    ours, theirs = pair(id, mode, url)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert ours.single_observation_space == theirs.single_observation_space
    assert ours.single_action_space == theirs.single_action_space
    assert ours.metadata["autoreset_mode"] is mode
    assert ours.autoreset_mode is mode
    assert same(ours.reset(seed=7), theirs.reset(seed=7))
    assert ours.np_random_seed == theirs.np_random_seed == (7, 8, 9)
    ours.action_space.seed(7)
    ends = 0
    for t in range(STEPS):
        if t == 1:  # from here on episodes end at different times
            mask = {"reset_mask": np.array([False, True, False])}
            assert same(ours.reset(options=mask), theirs.reset(options=dict(mask)))
        actions = ours.action_space.sample()
        step, expected = ours.step(actions), theirs.step(actions)
        assert same(step, expected)
        over = step[2] | step[3]
        ends += int(over.sum())
        assert (ours.ended is not None) == bool(over.any())
        if mode is AutoresetMode.DISABLED and over.any():
            given = [None, 11, 12]
            mask = {"reset_mask": over}
            assert same(ours.reset(seed=given, options=mask), theirs.reset(seed=given, options=dict(mask)))
    assert ends >= N
    ours.close()
    theirs.close()


REAL = ["CartPole-v1", "FrozenLake-v1", "Taxi-v4", "Blackjack-v1", "MountainCarContinuous-v0"]


@pytest.mark.parametrize("mode", MODES, ids=[mode.value for mode in MODES])
@pytest.mark.parametrize("id", REAL)
def test_beside_the_real_env(id: str, mode: AutoresetMode, url: str) -> None:
    ours = farstep.make_vec(id, N, url=url, max_episode_steps=LIMIT, autoreset_mode=mode)
    theirs = gymnasium.make_vec(
        id, N, vectorization_mode="sync", vector_kwargs={"autoreset_mode": mode}, max_episode_steps=LIMIT
    )

    def equal(one: Any, other: Any) -> bool:
        return same(floats(one), floats(other))

    assert equal(ours.reset(seed=7), theirs.reset(seed=7))
    ours.action_space.seed(7)
    for _ in range(STEPS):
        actions = ours.action_space.sample()
        step, expected = ours.step(actions), theirs.step(actions)
        assert equal(step, expected)
        over = step[2] | step[3]
        if mode is AutoresetMode.DISABLED and over.any():
            mask = {"reset_mask": over}
            assert equal(ours.reset(options=mask), theirs.reset(options=dict(mask)))
    ours.close()


def floats(data: Any) -> Any:
    """Take the info `prob` as float64: of a reset it is the int 1 in some of Gymnasium's own envs."""
    if isinstance(data, dict):
        return {k: v.astype(np.float64) if k == "prob" else floats(v) for k, v in data.items()}
    return tuple(floats(part) for part in data) if isinstance(data, tuple) else data


def test_the_spaces_of_discrete_values_are_those_of_gymnasium(url: str) -> None:
    envs = farstep.make_vec("Blackjack-v1", N, url=url)
    observations, _ = envs.reset(seed=0)
    assert [part.dtype for part in observations] == [np.int64] * 3
    assert envs.action_space.dtype == np.int64
    envs.close()


def test_a_reset_mask_leaves_the_others_alone_whatever_the_caller_did_to_their_observations(url: str) -> None:
    envs = farstep.make_vec("MinAtar/Breakout-v1", N, url=url, autoreset_mode="Disabled")
    envs.reset(seed=1)
    observations, *_ = envs.step(np.ones(N, int))
    before = observations.copy()
    observations[:] = False
    mask = np.array([False, True, False])
    after, infos = envs.reset(options={"reset_mask": mask})
    assert np.array_equal(after[[0, 2]], before[[0, 2]])
    assert infos == {}
    envs.close()


def test_what_a_reset_refuses(url: str) -> None:
    envs = farstep.make_vec("CartPole-v1", N, url=url)
    for mask, error in [
        ([True] * N, TypeError),
        (np.ones(N, int), TypeError),
        (np.ones(N + 1, bool), ValueError),
        (np.zeros(N, bool), ValueError),
    ]:
        with pytest.raises(error, match="reset_mask"):
            envs.reset(options={"reset_mask": mask})
    with pytest.raises(ValueError, match="a seed for each of 3 envs, got 2"):
        envs.reset(seed=[1, 2])
    given = {"reset_mask": np.ones(N, bool)}
    envs.reset(seed=[1, 2, None], options=given)
    assert "reset_mask" in given, "the caller's own dict stays as it is"
    envs.close()


@pytest.mark.parametrize("given", [AutoresetMode.SAME_STEP, "SameStep", "same_step", "SAME_STEP"])
def test_modes_by_any_name(given: AutoresetMode | str, url: str) -> None:
    envs = farstep.make_vec("CartPole-v1", 1, url=url, autoreset_mode=given)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    envs.close()
    with pytest.raises(ValueError, match="NextStep, SameStep, Disabled, got 'SometimeStep'"):
        farstep.make_vec("CartPole-v1", 1, url=url, autoreset_mode="SometimeStep")


def test_statistics_of_episodes(url: str) -> None:
    envs = farstep.make_vec("CartPole-v1", N, url=url, autoreset_mode="SameStep", max_episode_steps=LIMIT)
    envs.reset(seed=[5, 6, 7])
    for _ in range(LIMIT):
        assert envs.ended is None
        envs.step(np.zeros(N, int))
    ended: Any = envs.ended
    assert ended.rows.tolist() == [0, 1, 2]
    assert ended.returns.tolist() == ended.lengths.tolist() == [LIMIT] * N
    assert ended.seeds.tolist() == [5, 6, 7]
    envs.close()


def test_subsets_at_their_own_pace(url: str) -> None:
    envs: Any = farstep.make_vec("CartPole-v1", 4, url=url, autoreset_mode="SameStep")
    alone: Any = farstep.make_vec("CartPole-v1", 4, url=url, autoreset_mode="SameStep")
    envs.reset(seed=1)
    alone.reset(seed=1)
    for _ in range(3):
        envs.send([1, 1], [3, 1])
    envs.send([0], [0])
    for _ in range(3):
        observations, rewards, terminated, truncated, infos = envs.recv()
        expected = alone.step([0, 1, 0, 1])
        assert infos["env_id"].tolist() == [3, 1]
        assert np.array_equal(observations, expected[0][[3, 1]])
        assert rewards.shape == terminated.shape == truncated.shape == (2,)
    assert envs.recv()[4]["env_id"].tolist() == [0]
    with pytest.raises(farstep.FarstepError, match="send one first"):
        envs.recv()
    # Those that were left alone stand where the reset put them.
    whole, _ = envs.reset(options={"reset_mask": np.array([True, False, False, False])})
    assert np.array_equal(whole[[1, 3]], observations[[1, 0]])
    assert np.array_equal(whole[2], alone.reset(seed=1)[0][2])
    envs.close()
    alone.close()


def test_snapshots(url: str) -> None:
    envs: Any = farstep.make_vec("MinAtar/Seaquest-v1", N, url=url)
    envs.reset(seed=3)
    rng = np.random.default_rng(0)
    actions = rng.integers(0, 6, (20, N))
    snapshots = envs.snapshot()
    first = [envs.step(a)[0] for a in actions]
    back, _ = envs.restore(snapshots)
    again = [envs.step(a)[0] for a in actions]
    assert same(first, again)
    moved, _ = envs.restore(snapshots[:1], [2])
    assert np.array_equal(moved[2], back[0])
    assert np.array_equal(moved[:2], again[-1][:2])
    envs.close()


def test_pictures(url: str) -> None:
    envs = farstep.make_vec("CartPole-v1", 2, url=url, render_mode="rgb_array")
    envs.reset(seed=1)
    frames = envs.render()
    assert frames is not None
    assert [frame.shape[2] for frame in frames] == [3, 3]
    assert not np.array_equal(frames[0], frames[1])
    envs.close()
    none = farstep.make_vec("CartPole-v1", 2, url=url)
    none.reset()
    assert none.render() is None
    none.close()
