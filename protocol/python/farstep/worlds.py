"""Worlds of several players as PettingZoo's: all seats driven from here, at once or in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pettingzoo.utils.conversions import parallel_to_aec
from pettingzoo.utils.env import AECEnv, ParallelEnv

from farstep import _infos
from farstep._gym_spaces import gym_space
from farstep._render import Screen
from farstep.client import connect
from farstep.errors import FarstepError, error

if TYPE_CHECKING:
    from collections.abc import Mapping

    import gymnasium
    import numpy as np
    from numpy.typing import NDArray

    from farstep.client import RemoteVectorEnv
    from farstep.results import ResetResult, StepResult


def parallel_env(
    id: str,
    *,
    url: str | None = None,
    render_mode: str | None = None,
    max_episode_steps: int | None = None,
    connection: Mapping[str, Any] | None = None,
    **options: Any,
) -> FarstepParallelEnv:
    """Make a world whose seats move at once, by PettingZoo's Parallel API.

    Args:
        id: The world, as `farstep envs` lists them.
        url: The server, as for `farstep.connect`; without one FARSTEP_URL, or a server of this process's own.
        render_mode: None, "rgb_array", or "human", which draws in a window and needs pygame.
        max_episode_steps: A time limit in steps in place of the world's own.
        connection: Other settings of `farstep.connect`: token, timeout, ...
        options: The world's own settings, under the names that `farstep envs` tells.
    """
    remote = _create(id, url, max_episode_steps, connection, options)
    if remote.contract["world"]["turns"]:
        remote.client.close()
        raise error("not_supported", f"{id}: its seats move in turn; it is one for farstep.aec_env")
    return FarstepParallelEnv(remote, render_mode)


def aec_env(
    id: str,
    *,
    url: str | None = None,
    render_mode: str | None = None,
    max_episode_steps: int | None = None,
    connection: Mapping[str, Any] | None = None,
    **options: Any,
) -> AECEnv[str, Any, Any]:
    """Make a world by PettingZoo's AEC API, in which seats move one at a time. Arguments are as for `parallel_env`.

    In a world whose seats move at once, PettingZoo's conversion gathers their moves.
    """
    remote = _create(id, url, max_episode_steps, connection, options)
    if remote.contract["world"]["turns"]:
        return FarstepAECEnv(remote, render_mode)
    converted: AECEnv[str, Any, Any] = parallel_to_aec(FarstepParallelEnv(remote, render_mode))
    return converted


def _create(
    id: str,
    url: str | None,
    max_episode_steps: int | None,
    connection: Mapping[str, Any] | None,
    options: dict[str, Any],
) -> RemoteVectorEnv:
    client = connect(url, **(connection or {}))
    try:
        return client.create(id, max_episode_steps=max_episode_steps, options=options)
    except FarstepError:
        client.close()
        raise


class _World:
    """What both APIs share. The rows of the handle are the seats."""

    def __init__(self, remote: RemoteVectorEnv, render_mode: str | None) -> None:
        self.remote = remote
        self.contract = remote.contract
        self.possible_agents: list[str] = list(self.contract["world"]["seats"])
        self.agents: list[str] = []
        # Each seat has a space of its own, so that each may be seeded.
        self.observation_spaces = {seat: self._space("observationSpace") for seat in self.possible_agents}
        self.action_spaces = {seat: self._space("actionSpace") for seat in self.possible_agents}
        self._screen = Screen(remote, render_mode)
        self.metadata = {
            **self._screen.metadata,
            "name": self.contract["spec"]["id"],
            "is_parallelizable": not self.contract["world"]["turns"],
        }
        self.render_mode = render_mode

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        return self.action_spaces[agent]

    def render(self) -> NDArray[np.uint8] | None:
        """Give a picture of the world, RGB [height, width, 3]; in mode "human" it is shown by itself."""
        return self.remote.render() if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        self._screen.close()
        self.remote.client.close()

    def _space(self, name: str) -> gymnasium.Space[Any]:
        return gym_space(self.contract[name], name)

    def _observation(self, result: ResetResult | StepResult, seat: str) -> Any:
        return self.remote.calls.layout.observation.row(result.observations, self._index(seat))

    def _info(self, result: ResetResult | StepResult, seat: str) -> dict[str, Any]:
        return _infos.row(self.remote.calls.layout.infos, result.infos, self._index(seat))

    def _index(self, seat: str) -> int:
        try:
            return self.possible_agents.index(seat)
        except ValueError:
            seats = ", ".join(self.possible_agents)
            raise error("no_such_seat", f"no seat {seat!r}; there are {seats}") from None

    def _start(self, seed: int | None) -> ResetResult:
        result = self.remote.reset(seed)
        self.agents = list(self.possible_agents)
        self._show()
        return result

    def _show(self) -> None:
        if self._screen.is_window:
            self._screen.show([self.remote.render()])

    def _move(self, actions: Mapping[str, Any]) -> StepResult:
        """Move seats. Raises InvalidAction, `bad_ids`, `not_your_turn` or ResetNeeded, and then nobody has moved."""
        if not self.agents:
            raise error("episode_over", f"{self.contract['spec']['id']}: no game is under way; reset first")
        call = self.remote.calls.step_rows(list(actions.values()), [self._index(seat) for seat in actions])
        result = self.remote.run(call)
        self._show()
        return result


class FarstepParallelEnv(_World, ParallelEnv[str, Any, Any]):
    """A world whose seats move at once."""

    def reset(
        self, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Start a game, from a seed or from where the random stream is. Worlds take no `options` of a reset."""
        del options
        result = self._start(seed)
        return (
            {seat: self._observation(result, seat) for seat in self.agents},
            {seat: self._info(result, seat) for seat in self.agents},
        )

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """Move every seat in `agents`."""
        result = self._move(actions)
        rows = [(seat, self._index(seat)) for seat in self.agents]
        terminated = {seat: bool(result.terminated[i]) for seat, i in rows}
        truncated = {seat: bool(result.truncated[i]) for seat, i in rows}
        before, self.agents = (
            self.agents,
            [seat for seat in self.agents if not terminated[seat] and not truncated[seat]],
        )
        return (
            {seat: self._observation(result, seat) for seat in before},
            {seat: float(result.rewards[i]) for seat, i in rows},
            terminated,
            truncated,
            {seat: self._info(result, seat) for seat in before},
        )


class FarstepAECEnv(_World, AECEnv[str, Any, Any]):
    """A world whose seats move in turn."""

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Start a game, from a seed or from where the random stream is. Worlds take no `options` of a reset."""
        del options
        self._result: ResetResult | StepResult = self._start(seed)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos = {seat: self._info(self._result, seat) for seat in self.agents}
        self.agent_selection = self._turn()
        self._skip_agent_selection: str | None = None

    def step(self, action: Any) -> None:
        """Move the seat `agent_selection`; a seat that is done leaves by the action None."""
        mover = self.agent_selection
        if self.terminations[mover] or self.truncations[mover]:
            self._was_dead_step(action)
            return
        result = self._result = self._move({mover: action})
        self._cumulative_rewards[mover] = 0.0
        for seat in self.agents:
            i = self._index(seat)
            self.rewards[seat] = float(result.rewards[i])
            self.terminations[seat] = bool(result.terminated[i])
            self.truncations[seat] = bool(result.truncated[i])
            self.infos[seat] = self._info(result, seat)
        self._accumulate_rewards()
        self.agent_selection = self._turn()
        self._deads_step_first()

    def observe(self, agent: str) -> Any:
        return self._observation(self._result, agent)

    def _turn(self) -> str:
        return self.possible_agents[int(self._result.infos["turn"][0])]
