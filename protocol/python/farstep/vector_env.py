"""Envs on a server that are stepped together, as Gymnasium's VectorEnv."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space, create_empty_array

from farstep import _goals, _infos
from farstep._current import Current
from farstep._gym_spaces import gym_space
from farstep._render import Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gymnasium.envs.registration import EnvSpec
    from numpy.typing import ArrayLike, NDArray

    from farstep._session import Call
    from farstep.client import RemoteVectorEnv
    from farstep.results import Ended, ResetResult, StepResult

    Transition = tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]


class FarstepVectorEnv(gymnasium.vector.VectorEnv[Any, Any, "NDArray[Any]"]):
    """Envs on a server. `ended` holds the statistics of the episodes that ended in the last step."""

    def __init__(self, remote: RemoteVectorEnv, render_mode: str | None, spec: EnvSpec) -> None:
        super().__init__()
        self.remote = remote
        self.contract = remote.contract
        self.num_envs = remote.num_envs
        self.single_observation_space = gym_space(self.contract["observationSpace"], "observationSpace")
        self.single_action_space = gym_space(self.contract["actionSpace"], "actionSpace")
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.autoreset_mode = AutoresetMode[self.contract["autoreset"].upper()]
        self._screen = Screen(remote, render_mode)
        self.metadata = {**self._screen.metadata, "autoreset_mode": self.autoreset_mode}
        self.render_mode = render_mode
        self.spec = spec
        self.ended: Ended | None = None
        self._current = Current()
        self._seeds = np.full(self.num_envs, -1)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Start new episodes. A seed s gives env i seed s + i; a list gives one each, None goes on with its stream.

        `options["reset_mask"]`, a bool array [num_envs], tells which envs; the others stay as they are.
        """
        if seed is not None and not isinstance(seed, (int, np.integer)) and len(seed) != self.num_envs:
            raise ValueError(f"expected a seed for each of {self.num_envs} envs, got {len(seed)}")
        options = dict(options or {})
        ids = self._masked(options.pop("reset_mask")) if "reset_mask" in options else None
        seeds = [seed[i] for i in ids] if ids is not None and isinstance(seed, list | tuple) else seed
        call = self.remote.calls.reset(seeds, options, ids)
        return self._started(call, self.remote.run(call), ids)

    def step(self, actions: Any) -> Transition:
        call = self.remote.calls.step(actions, None)
        result = self.remote.run(call)
        self._current.replace(call)
        return self._transition(result, self.num_envs)

    def send(self, actions: Any, ids: Sequence[int] | None = None) -> None:
        """Send a step of some envs, or of all, without waiting for it. Several may be under way."""
        self.remote.send(actions, ids)

    def recv(self, timeout: float | None = None) -> Transition:
        """Give what `step` does of the step sent that comes back first: rows of those envs alone.

        The info `env_id` tells whose they are.
        """
        ids, call, result = self.remote.recv_call(timeout)
        self._current.update(call, ids)
        transition = self._transition(result, len(ids))
        transition[-1]["env_id"] = ids
        return transition

    def snapshot(self, ids: Sequence[int] | None = None) -> list[Any]:
        """Give everything that the futures of some envs depend on, or of all."""
        return self.remote.snapshot(ids)

    def restore(
        self, snapshots: Sequence[Any], ids: Sequence[int] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Put envs where snapshots were taken; give the observations of all, and the infos of those."""
        call = self.remote.calls.restore(snapshots, ids)
        return self._started(call, self.remote.run(call), ids)

    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """Give a picture of each env, RGB [height, width, 3]; in mode "human" they are shown by themselves."""
        return self._pictures() if self.render_mode == "rgb_array" else None

    def close_extras(self, **_: Any) -> None:
        self._screen.close()
        self.remote.client.close()

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override] # as Gymnasium's own vector envs
        """The seed of each env's random stream; -1 before the first reset."""
        return tuple(self._seeds.tolist())

    def _pictures(self) -> tuple[NDArray[np.uint8], ...]:
        return tuple(self.remote.render(i) for i in range(self.num_envs))

    def _show(self) -> None:
        if self._screen.is_window:
            self._screen.show(self._pictures())

    def _masked(self, mask: Any) -> list[int]:
        where = "options['reset_mask']"
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
            raise TypeError(f"{where}: expected a NumPy array of bool, got {mask!r:.80}")
        if mask.shape != (self.num_envs,) or not mask.any():
            raise ValueError(f"{where}: expected {self.num_envs} flags, one at least True, got {mask}")
        return np.flatnonzero(mask).tolist()

    def _started(
        self, call: Call[ResetResult], result: ResetResult, ids: Sequence[int] | None
    ) -> tuple[Any, dict[str, Any]]:
        self.ended = None
        self._show()
        self._seeds[slice(None) if ids is None else ids] = result.seeds
        if ids is None:
            self._current.replace(call)
            return result.observations, self._infos(result, None, self.num_envs)
        self._current.update(call, ids)
        empty = create_empty_array(self.single_observation_space, self.num_envs, fn=np.zeros)
        rows = np.asarray(ids, np.int64)
        return self._current.observations(empty), self._infos(result, rows, self.num_envs)

    def _transition(self, result: StepResult, n: int) -> Transition:
        self.ended = ended = result.ended
        self._show()
        infos = self._infos(result, None, n)
        if ended is not None and ended.final_infos is not None:
            observation = self.remote.calls.layout.observation
            finals = [observation.row(ended.final_observations, k) for k in range(len(ended.rows))]
            mask = _infos.mask(ended.rows, n)
            infos["final_obs"] = _infos.objects(finals, ended.rows, n)
            infos["final_info"] = self._infos_of(ended.final_observations, ended.final_infos, ended.rows, n)
            infos["_final_obs"], infos["_final_info"] = mask, mask.copy()
        return result.observations, result.rewards, result.terminated, result.truncated, infos

    def _infos(
        self, result: ResetResult | StepResult, rows: NDArray[np.int64] | None, n: int
    ) -> dict[str, Any]:
        return self._infos_of(result.observations, result.infos, rows, n)

    def _infos_of(
        self, observations: Any, infos: dict[str, Any], rows: NDArray[np.int64] | None, n: int
    ) -> dict[str, Any]:
        """Give the infos that go with a batch of observations whose row k belongs to env rows[k]."""
        del observations
        return _infos.vector(self.remote.calls.layout.infos, infos, rows, n)


class FarstepGoalVectorEnv(FarstepVectorEnv):
    """Goal-conditioned envs, after Gymnasium-Robotics. In families of tasks the info `task` names the one wanted."""

    def compute_reward(self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any) -> Any:
        """As `FarstepGoalEnv.compute_reward`; `info` may be the dict of arrays that a step gave."""
        return _goals.compute_reward(self.remote, achieved_goal, desired_goal, info)

    def _infos_of(
        self, observations: Any, infos: dict[str, Any], rows: NDArray[np.int64] | None, n: int
    ) -> dict[str, Any]:
        named = super()._infos_of(observations, infos, rows, n)
        tasks = _goals.tasks(self.contract, observations)
        if tasks is not None:
            named |= {"task": _infos.objects(tasks, rows, n), "_task": _infos.mask(rows, n)}
        return named
