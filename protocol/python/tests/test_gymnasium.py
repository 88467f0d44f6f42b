"""Gymnasium's own checkers on every env, and its registry."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

import farstep
from conftest import SINGLE
from farstep.errors import InvalidAction, UnknownOption
from farstep.registration import ENVS, register

# What the checkers say about spaces of the originals, and of velocities without a bound.
ABOUT_SPACES = "minimum value is -infinity|maximum value is infinity|symmetric and normalized space"


@pytest.fixture(autouse=True)
def _strict() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", f".*({ABOUT_SPACES}).*")
        warnings.filterwarnings("ignore", ".*is out of date.*")
        yield


@pytest.mark.parametrize("id", SINGLE)
def test_check_env(id: str, url: str) -> None:
    env = farstep.make(id, url=url)
    assert env.spec is not None
    check_env(env)
    env.close()


@pytest.mark.parametrize("id", SINGLE)
def test_passive_checker(id: str, url: str) -> None:
    env = gymnasium.make(f"farstep/{id}", url=url, max_episode_steps=15, render_mode="rgb_array")
    assert "PassiveEnvChecker" in str(env)
    env.action_space.seed(1)
    env.reset(seed=1)
    for _ in range(40):
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        if terminated or truncated:
            env.reset()
    env.render()
    env.close()


def test_the_registry_has_what_the_server_hosts(url: str) -> None:
    with farstep.connect(url) as client:
        told = client.list()
    names = ("id", "players", "maxEpisodeSteps", "rewardThreshold")
    hosted = [{name: spec[name] for name in names if spec.get(name) is not None} for spec in told]
    assert hosted == ENVS, "farstep/envs.json is not up to date: npm run update:python writes it"


def test_gymnasium_make(url: str) -> None:
    env = gymnasium.make("farstep/MinAtar/Breakout-v1", url=url, sticky_action_prob=0.0)
    spec = env.spec
    assert spec is not None
    assert (spec.namespace, spec.name, spec.version) == ("farstep/MinAtar", "Breakout", 1)
    first, _ = env.reset(seed=3)
    again = gymnasium.make(type(spec).from_json(spec.to_json()))
    assert np.array_equal(first, again.reset(seed=3)[0])
    assert again.unwrapped.contract["options"]["sticky_action_prob"] == 0  # type: ignore[attr-defined]
    env.close()
    again.close()


@pytest.mark.parametrize(("limit", "length"), [(None, 200), (7, 7), (300, 300), (-1, None)])
def test_time_limits_are_those_of_gymnasium(limit: int | None, length: int | None, url: str) -> None:
    env = gymnasium.make("farstep/Pendulum-v1", url=url, max_episode_steps=limit)
    assert env.spec is not None
    assert env.spec.max_episode_steps == length
    assert env.unwrapped.contract["maxEpisodeSteps"] == 2**53 - 1  # type: ignore[attr-defined]
    env.reset(seed=1)
    truncated = False
    steps = 0
    while not truncated and steps < 310:
        truncated = env.step(np.zeros(1, np.float32))[3]
        steps += 1
    assert (steps if truncated else None) == length
    env.close()


def test_gymnasium_make_vec(url: str) -> None:
    envs = gymnasium.make_vec("farstep/CartPole-v1", num_envs=3, url=url, autoreset_mode="SameStep")
    assert type(envs).__name__ == "FarstepVectorEnv"
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert envs.spec is not None
    again = gymnasium.make_vec(envs.spec)
    assert again.num_envs == 3
    assert np.array_equal(envs.reset(seed=1)[0], again.reset(seed=1)[0])
    envs.close()
    again.close()
    sync = gymnasium.make_vec("farstep/CartPole-v1", num_envs=3, url=url, vectorization_mode="sync")
    real = gymnasium.make_vec("CartPole-v1", 3, vectorization_mode="sync")
    assert np.array_equal(sync.reset(seed=1)[0], real.reset(seed=1)[0])
    sync.close()


def test_vector_wrappers(url: str) -> None:
    envs = gymnasium.wrappers.vector.RecordEpisodeStatistics(
        farstep.make_vec("CartPole-v1", 2, url=url, max_episode_steps=5)
    )
    envs.reset(seed=1)
    for _ in range(5):
        infos = envs.step([0, 0])[4]
    assert infos["episode"]["l"].tolist() == [5, 5]
    envs.close()


def test_async_vector_env_has_a_connection_in_each_process(url: str) -> None:
    def one() -> gymnasium.Env[Any, Any]:
        return farstep.make("CartPole-v1", url=url)

    envs = gymnasium.vector.AsyncVectorEnv([one, one])
    expected = gymnasium.make_vec("CartPole-v1", 2, vectorization_mode="sync")
    assert np.array_equal(envs.reset(seed=1)[0], expected.reset(seed=1)[0])
    assert np.array_equal(envs.step([0, 1])[0], expected.step([0, 1])[0])
    envs.close()


def test_errors_are_passed_on_as_gymnasium_does() -> None:
    refusal = InvalidAction("bad_action", "step: action = 7 is [really] outside")
    for passed_on in (InvalidAction(refusal), InvalidAction(str(refusal))):
        assert (passed_on.code, passed_on.message) == ("bad_action", refusal.message)
    assert str(InvalidAction(f"{refusal}, says worker 1")).endswith("outside, says worker 1 [bad_action]")
    assert UnknownOption("something else").code == "internal"


def test_ids_need_no_import_before(url: str) -> None:
    code = "import gymnasium, sys; print(gymnasium.make('farstep:farstep/Physics/Reach-v1', url=sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)
    assert "FarstepGoalEnv<farstep/Physics/Reach-v1>" in done.stdout


def test_ids_of_others_mean_what_they_did() -> None:
    assert gymnasium.spec("CartPole-v1").namespace is None
    with pytest.raises(gymnasium.error.NameNotFound):
        gymnasium.spec("farstep/Cartpole-v1")
    with pytest.raises(gymnasium.error.Error, match="Malformed"):
        gymnasium.spec("a//b-v1")


def test_envs_of_another_server() -> None:
    register([{"id": "Other/Thing-v3", "players": 1, "maxEpisodeSteps": 9}], url="ws://elsewhere:1")
    spec = gymnasium.spec("farstep/Other/Thing-v3")
    assert (spec.max_episode_steps, spec.kwargs["url"]) == (9, "ws://elsewhere:1")
    del gymnasium.registry["farstep/Other/Thing-v3"]


def test_a_token_stays_out_of_the_spec(url: str) -> None:
    env = farstep.make("CartPole-v1", url=url, connection={"token": "secret", "timeout": 50.0})
    assert env.spec is not None
    assert "secret" not in env.spec.to_json()
    assert env.spec.kwargs["connection"] == {"timeout": 50.0}
    env.close()


def test_errors_are_gymnasiums(url: str) -> None:
    env = farstep.make("CartPole-v1", url=url, max_episode_steps=1)
    with pytest.raises(gymnasium.error.ResetNeeded, match="never reset"):
        env.step(0)
    env.reset(seed=0)
    with pytest.raises(gymnasium.error.InvalidAction, match=r"action = 2 is outside Discrete\(2\)"):
        env.step(2)
    for action in (0.5, "left", [0, 1], 2**40):
        with pytest.raises(gymnasium.error.InvalidAction, match="expected int64"):
            env.step(action)
    env.step(np.int8(1))
    with pytest.raises(gymnasium.error.ResetNeeded, match="episode is over"):
        env.step(0)
    env.close()
    with pytest.raises(gymnasium.error.ClosedEnvironmentError):
        env.reset()
    with pytest.raises(gymnasium.error.UnregisteredEnv, match="nearest are CartPole-v1"):
        farstep.make("Cartpole-v1", url=url)
    with pytest.raises(farstep.FarstepError, match="did you mean is_slippery") as caught:
        farstep.make("FrozenLake-v1", url=url, is_slipery=False)
    assert caught.value.code == "bad_options"
    assert isinstance(caught.value, UnknownOption)
    with pytest.raises(TypeError, match="unexpected keyword argument 'frameskip'") as unexpected:
        gymnasium.make("farstep/CartPole-v1", url=url, frameskip=1)
    assert isinstance(unexpected.value, UnknownOption)
    assert unexpected.value.code == "bad_options"
    with pytest.raises(farstep.FarstepError, match="is_slippery") as caught:
        farstep.make("FrozenLake-v1", url=url, is_slippery="yes")
    assert not isinstance(caught.value, TypeError)
    with pytest.raises(gymnasium.error.UnsupportedMode, match="'ansi'; there are rgb_array"):
        farstep.make("Taxi-v4", url=url, render_mode="ansi")


def test_human_rendering(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env = gymnasium.make("farstep/CartPole-v1", url=url, render_mode="human")
    env.reset(seed=1)
    env.step(0)
    assert env.render_mode == "human"
    assert env.render() is None
    env.close()
    envs = farstep.make_vec("CartPole-v1", 3, url=url, render_mode="human")
    envs.reset(seed=1)
    envs.step([0, 0, 1])
    envs.close()


def test_seeds_are_told(url: str) -> None:
    env = farstep.make("CartPole-v1", url=url)
    observation, _ = env.reset()
    seed = env.unwrapped.np_random_seed
    assert np.array_equal(env.reset(seed=seed)[0], observation)
    env.close()


@pytest.mark.parametrize(
    ("options", "shape", "dtype"),
    [
        ({}, (210, 160, 3), np.uint8),
        ({"obs_type": "grayscale"}, (210, 160), np.uint8),
        ({"preprocess": True}, (84, 84), np.uint8),
        ({"preprocess": True, "frame_stack": 4}, (4, 84, 84), np.uint8),
        ({"preprocess": True, "frame_stack": 4, "scale_obs": True}, (4, 84, 84), np.float32),
    ],
)
@pytest.mark.parametrize("game", ["Breakout", "Invaders", "Pong", "Rally", "Tanks"])
def test_pixel_games_as_atari_agents_want_them(
    game: str, options: dict[str, Any], shape: tuple[int, ...], dtype: type, url: str
) -> None:
    envs = farstep.make_vec(f"Pixel/{game}-v1", 2, url=url, **options)
    assert envs.single_observation_space.shape == shape
    observations, _ = envs.reset(seed=1)
    assert observations.shape == (2, *shape)
    assert observations.dtype == dtype
    envs.close()


@pytest.mark.parametrize("game", ["Breakout", "Invaders", "Pong", "Rally", "Tanks"])
def test_gymnasiums_atari_wrappers_see_what_the_server_can_do_itself(game: str, url: str) -> None:
    """CleanRL's stack of wrappers around the raw game gives the shapes that `preprocess` and `frame_stack` give."""
    env: gymnasium.Env[Any, Any] = farstep.make(f"Pixel/{game}-v1", url=url)
    env = gymnasium.wrappers.RecordEpisodeStatistics(env)
    env = gymnasium.wrappers.MaxAndSkipObservation(env, skip=4)
    env = gymnasium.wrappers.ResizeObservation(env, (84, 84))
    env = gymnasium.wrappers.GrayscaleObservation(env)
    env = gymnasium.wrappers.FrameStackObservation(env, 4)
    observation, _ = env.reset(seed=1)
    served = farstep.make(f"Pixel/{game}-v1", url=url, preprocess=True, frame_stack=4)
    expected, _ = served.reset(seed=1)
    assert observation.shape == expected.shape == (4, 84, 84)
    assert observation.dtype == expected.dtype == np.uint8
    assert env.step(env.action_space.sample())[0].shape == (4, 84, 84)
    env.close()
    served.close()
