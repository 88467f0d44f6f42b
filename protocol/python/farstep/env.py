"""One env on a server, as Gymnasium's Env."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium

from farstep import _goals, _infos
from farstep._gym_spaces import gym_space
from farstep._render import Screen

if TYPE_CHECKING:
    from gymnasium.envs.registration import EnvSpec
    from numpy.typing import ArrayLike

    from farstep.client import RemoteVectorEnv
    from farstep.results import Ended, ResetResult, StepResult


class FarstepEnv(gymnasium.Env[Any, Any]):
    """One env on a server. `ended` holds the statistics of the last episode from the step that ended it."""

    def __init__(self, remote: RemoteVectorEnv, render_mode: str | None, spec: EnvSpec) -> None:
        self.remote = remote
        self.contract = remote.contract
        self.observation_space = gym_space(self.contract["observationSpace"], "observationSpace")
        self.action_space = gym_space(self.contract["actionSpace"], "actionSpace")
        self._screen = Screen(remote, render_mode)
        self.metadata = self._screen.metadata
        self.render_mode = render_mode
        self.spec = spec
        self.ended: Ended | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        result = self.remote.reset(seed, options)
        self._np_random_seed = int(result.seeds[0])
        return self._started(result)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        result = self.remote.step_one(action)
        self.ended = result.ended
        self._show()
        return (
            self.remote.calls.layout.observation.row(result.observations, 0),
            float(result.rewards[0]),
            bool(result.terminated[0]),
            bool(result.truncated[0]),
            self._infos(result),
        )

    def snapshot(self) -> Any:
        """Give everything that the future depends on; for `restore` of an env of the same id and options."""
        return self.remote.snapshot()[0]

    def restore(self, snapshot: Any) -> tuple[Any, dict[str, Any]]:
        """Put the env where a snapshot was taken; give its observation and infos."""
        return self._started(self.remote.restore([snapshot]))

    def render(self) -> Any:
        """Give a picture, RGB [height, width, 3]; in mode "human" it is shown by itself."""
        return self.remote.render() if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        self._screen.close()
        self.remote.client.close()

    def _show(self) -> None:
        if self._screen.is_window:
            self._screen.show([self.remote.render()])

    def _started(self, result: ResetResult) -> tuple[Any, dict[str, Any]]:
        self.ended = None
        self._show()
        layout = self.remote.calls.layout
        return layout.observation.row(result.observations, 0), self._infos(result)

    def _infos(self, result: ResetResult | StepResult) -> dict[str, Any]:
        return _infos.row(self.remote.calls.layout.infos, result.infos, 0)


class FarstepGoalEnv(FarstepEnv):
    """A goal-conditioned env, after Gymnasium-Robotics. In families of tasks the info `task` names the one wanted."""

    def compute_reward(self, achieved_goal: ArrayLike, desired_goal: ArrayLike, info: Any) -> Any:
        """Give what a transition that led to `achieved_goal` would have paid, had `desired_goal` been wanted.

        A float for one goal, an array [n] for a row of goals each; `info` is what came with the transitions.
        """
        return _goals.compute_reward(self.remote, achieved_goal, desired_goal, info)

    def _infos(self, result: ResetResult | StepResult) -> dict[str, Any]:
        tasks = _goals.tasks(self.contract, result.observations)
        return super()._infos(result) | ({} if tasks is None else {"task": tasks[0]})
