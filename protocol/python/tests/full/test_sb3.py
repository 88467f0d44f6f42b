"""Stable-Baselines3 over the wire: its checker on every env, and agents that learn what they learn elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import data_equivalence
from stable_baselines3 import PPO, SAC, HerReplayBuffer
from stable_baselines3.common.callbacks import EvalCallback, StopTrainingOnRewardThreshold
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

import farstep
import farstep.sb3
from conftest import SINGLE

if TYPE_CHECKING:
    from stable_baselines3.common.vec_env import VecEnv

torch.set_num_threads(1)  # the server has the other core


@pytest.mark.parametrize("id", SINGLE)
def test_check_env(id: str, url: str) -> None:
    env = farstep.make(id, url=url)
    check_env(env, warn=False)
    env.close()


@pytest.mark.parametrize("id", ["CartPole-v1", "Physics/Reach-v1", "Physics/Drawer-v1", "FrozenLake-v1"])
def test_the_vec_env_is_that_of_stable_baselines(id: str, url: str) -> None:
    """Beside its own DummyVecEnv with its Monitor around each env: the same data for the same seed and actions."""
    limit = 7
    theirs = make_vec_env(lambda: farstep.make(id, url=url, max_episode_steps=limit), 3, seed=4)
    ours = farstep.sb3.make_vec_env(id, 3, seed=4, url=url, max_episode_steps=limit)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    assert equal(ours.reset(), theirs.reset())
    assert equal(ours.reset_infos, theirs.reset_infos)
    ours.action_space.seed(4)
    for _ in range(3 * limit):
        actions = np.array([ours.action_space.sample() for _ in range(3)])
        step, expected = ours.step(actions), theirs.step(actions)
        for info in (*step[3], *expected[3]):
            info.get("episode", {}).pop("t", None)
        assert equal(step, expected)
    ours.close()
    theirs.close()


def equal(one: Any, other: Any) -> bool:
    return data_equivalence(plain(one), plain(other), exact=True)


def plain(data: Any) -> Any:
    """Take theirs, an OrderedDict, as a dict."""
    if isinstance(data, dict):
        return {key: plain(data[key]) for key in sorted(data)}
    return type(data)(map(plain, data)) if isinstance(data, (list, tuple)) else data


def test_what_it_cannot_do(url: str) -> None:
    envs = farstep.sb3.make_vec_env("CartPole-v1", 2, url=url, render_mode="rgb_array")
    envs.reset()
    assert envs.get_attr("render_mode") == ["rgb_array"] * 2
    assert envs.get_attr("spec", 1)[0].id == "farstep/CartPole-v1"
    assert [image.shape[2] for image in envs.get_images() if image is not None] == [3, 3]
    with pytest.raises(AttributeError, match="no attributes to set"):
        envs.set_attr("gravity", 1)
    with pytest.raises(AttributeError, match="only compute_reward"):
        envs.env_method("reset")
    envs.close()
    with pytest.raises(ValueError, match="expected autoreset_mode SameStep, got NextStep"):
        farstep.sb3.FarstepVecEnv(farstep.make_vec("CartPole-v1", 2, url=url))


def linear(start: float) -> Any:
    return lambda left: start * left


def test_ppo_solves_cart_pole(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    envs = farstep.sb3.make_vec_env("CartPole-v1", 8, seed=1, url=url)
    evaluation = farstep.sb3.make_vec_env("CartPole-v1", 10, seed=1000, url=url)
    model = PPO(  # as in rl-baselines3-zoo
        "MlpPolicy",
        envs,
        n_steps=32,
        batch_size=256,
        gae_lambda=0.8,
        gamma=0.98,
        n_epochs=20,
        learning_rate=linear(1e-3),
        clip_range=linear(0.2),
        seed=1,
        device="cpu",
    )
    model.learn(100_000, until(evaluation, 495))
    mean, _ = evaluate_policy(model, evaluation, n_eval_episodes=100)
    with capsys.disabled():
        print(f" mean return {mean:.1f} of 100 episodes, after {model.num_timesteps:,} steps", end=" ")
    assert isinstance(mean, float)
    assert mean >= 475
    envs.close()
    evaluation.close()


def test_sac_with_hindsight_reaches_goals(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    envs = farstep.sb3.make_vec_env("Physics/Reach-v1", 4, seed=1, url=url)
    evaluation = farstep.sb3.make_vec_env("Physics/Reach-v1", 10, seed=1000, url=url)
    model = SAC(
        "MultiInputPolicy",
        envs,
        replay_buffer_class=HerReplayBuffer,
        replay_buffer_kwargs={"n_sampled_goal": 4, "goal_selection_strategy": "future"},
        learning_starts=400,
        gradient_steps=2,
        learning_rate=1e-3,
        gamma=0.95,
        policy_kwargs={"net_arch": [64, 64]},
        seed=1,
        device="cpu",
    )
    model.learn(20_000, until(evaluation, -12))
    successes: list[bool] = []

    def note(local: dict[str, Any], _: dict[str, Any]) -> None:
        if local["done"]:
            successes.append(local["info"]["is_success"])

    evaluate_policy(model, evaluation, n_eval_episodes=100, callback=note)
    rate = np.mean(successes)
    with capsys.disabled():
        print(f" {rate:.0%} of {len(successes)} episodes reach, after {model.num_timesteps:,} steps", end=" ")
    assert rate >= 0.9
    envs.close()
    evaluation.close()


def until(evaluation: VecEnv, threshold: float) -> EvalCallback:
    """Evaluate every thousand calls of the envs, and stop at the threshold."""
    stop = StopTrainingOnRewardThreshold(threshold)
    return EvalCallback(evaluation, stop, n_eval_episodes=20, eval_freq=500, verbose=0)
