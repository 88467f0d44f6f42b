"""Envs on a server as a VecEnv of Stable-Baselines3: one round trip for all of them.

    model = PPO("MlpPolicy", farstep.sb3.make_vec_env("CartPole-v1", 8, seed=1))

`stable_baselines3.common.env_util.make_vec_env` takes farstep's envs too, with a round trip for each.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv

from farstep import _goals, _infos
from farstep.envs import make_vec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import gymnasium
    from numpy.typing import NDArray

    from farstep.vector_env import FarstepVectorEnv

    Indices = int | Iterable[int] | None


def make_vec_env(id: str, n_envs: int = 1, *, seed: int | None = None, **settings: Any) -> FarstepVecEnv:
    """Make `n_envs` copies of an env. Env i begins with `seed + i`; `settings` are those of `farstep.make_vec`."""
    envs = FarstepVecEnv(make_vec(id, n_envs, autoreset_mode=AutoresetMode.SAME_STEP, **settings))
    envs.seed(seed)
    return envs


class FarstepVecEnv(VecEnv):
    """A vector env as Stable-Baselines3 wants it. Infos tell of episodes as those of its Monitor do."""

    def __init__(self, envs: FarstepVectorEnv) -> None:
        mode = envs.metadata["autoreset_mode"]
        if mode is not AutoresetMode.SAME_STEP:
            raise ValueError(f"{envs}: expected autoreset_mode SameStep, got {mode.value}")
        self.envs = envs
        self._layout = envs.remote.calls.layout
        self._started_at = time.monotonic()
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)

    def reset(self) -> Any:
        result = self.envs.remote.reset(self._seeds, self._options[0])
        self.reset_infos = self._infos(result.observations, result.infos, self.num_envs)
        self._reset_seeds()
        self._reset_options()
        return result.observations

    def step_async(self, actions: NDArray[Any]) -> None:
        self.envs.remote.send(actions)

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        _, (observations, rewards, terminated, truncated, infos, ended) = self.envs.remote.recv()
        told = self._infos(observations, infos, self.num_envs)
        cut_off = (truncated & ~terminated).tolist()
        if ended is not None:
            finals = self._infos(ended.final_observations, ended.final_infos or {}, len(ended.rows))
            for k, i in enumerate(ended.rows.tolist()):
                told[i] = finals[k]
                told[i]["terminal_observation"] = self._layout.observation.row(ended.final_observations, k)
                told[i]["episode"] = {
                    "r": float(ended.returns[k]),
                    "l": int(ended.lengths[k]),
                    "t": round(time.monotonic() - self._started_at, 6),
                }
        for info, cut in zip(told, cut_off, strict=True):
            info["TimeLimit.truncated"] = cut
        return observations, rewards.astype(np.float32), terminated | truncated, told

    def close(self) -> None:
        self.envs.close()

    def get_images(self) -> Sequence[NDArray[np.uint8] | None]:
        return self.envs.render() or ()

    def get_attr(self, attr_name: str, indices: Indices = None) -> list[Any]:
        return [getattr(self.envs, attr_name)] * len(self._rows(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Indices = None) -> None:
        raise AttributeError(f"{attr_name}: envs on a server have no attributes to set; options make them")

    def env_method(self, method_name: str, *args: Any, indices: Indices = None, **kwargs: Any) -> list[Any]:
        """Call `compute_reward`, which is the same of each env."""
        if method_name != "compute_reward":
            raise AttributeError(f"{method_name}: of envs on a server only compute_reward can be called")
        rewards = getattr(self.envs, method_name)(*args, **kwargs)
        return [rewards] * len(self._rows(indices))

    def env_is_wrapped(self, wrapper_class: type[gymnasium.Wrapper], indices: Indices = None) -> list[bool]:
        return [issubclass(wrapper_class, Monitor)] * len(self._rows(indices))

    def _rows(self, indices: Indices) -> Sequence[int]:
        return (
            range(self.num_envs)
            if indices is None
            else [indices]
            if isinstance(indices, int)
            else list(indices)
        )

    def _infos(self, observations: Any, infos: dict[str, Any], n: int) -> list[dict[str, Any]]:
        told = [_infos.row(self._layout.infos, infos, i) for i in range(n)]
        for info, task in zip(told, _goals.tasks(self.envs.contract, observations) or (), strict=False):
            info["task"] = task
        return told
