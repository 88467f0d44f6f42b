"""Envs on a server as Gymnasium's: `make` for one, `make_vec` for many that are stepped together.

Each has a connection of its own, so that it may live in a process or thread of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import AutoresetMode

from farstep.client import Client, RemoteVectorEnv, connect
from farstep.env import FarstepEnv, FarstepGoalEnv
from farstep.errors import FarstepError, UnknownOption
from farstep.vector_env import FarstepGoalVectorEnv, FarstepVectorEnv

if TYPE_CHECKING:
    from collections.abc import Mapping


NAMESPACE = "farstep"
ENTRY_POINT = "farstep.registration:make_env"
VECTOR_ENTRY_POINT = "farstep.registration:make_vec_env"
_NO_LIMIT = 2**53 - 1


def make(
    id: str,
    *,
    url: str | None = None,
    render_mode: str | None = None,
    max_episode_steps: int | None = None,
    connection: Mapping[str, Any] | None = None,
    **options: Any,
) -> FarstepEnv:
    """Make an env, as `gymnasium.make` does: `farstep.make("FrozenLake-v1", is_slippery=False)`.

    Args:
        id: The env, as `farstep envs` lists them.
        url: The server, as for `farstep.connect`; without one FARSTEP_URL, or a server of this process's own.
        render_mode: None, "rgb_array", or "human", which draws in a window and needs pygame.
        max_episode_steps: A time limit in steps in place of the env's own; -1 for none.
        connection: Other settings of `farstep.connect`: token, timeout, ...
        options: The env's own settings, under the names that `farstep envs` tells.

    Raises:
        UnknownEnv: The server has no such env.
        UnknownOption: The env has no such option.
        FarstepError: `bad_options`, `connection_failed`, ...
    """
    remote = _open(id, 1, "disabled", url, max_episode_steps, connection, options)
    kind = FarstepGoalEnv if remote.contract["rewardTasks"] else FarstepEnv
    return kind(remote, render_mode, _spec(remote, url, connection, {"render_mode": render_mode}, options))


def make_vec(
    id: str,
    num_envs: int = 1,
    *,
    url: str | None = None,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    render_mode: str | None = None,
    max_episode_steps: int | None = None,
    connection: Mapping[str, Any] | None = None,
    **options: Any,
) -> FarstepVectorEnv:
    """Make `num_envs` copies of an env that are stepped together, as `gymnasium.make_vec` does.

    `autoreset_mode` is one of Gymnasium's, by itself, its value or its name; the rest is as for `make`.
    """
    autoreset = _mode(autoreset_mode)
    remote = _open(id, num_envs, autoreset.name.lower(), url, max_episode_steps, connection, options)
    kwargs = {"num_envs": num_envs, "autoreset_mode": autoreset.value, "render_mode": render_mode}
    kwargs["vectorization_mode"] = "vector_entry_point"
    kind = FarstepGoalVectorEnv if remote.contract["rewardTasks"] else FarstepVectorEnv
    return kind(remote, render_mode, _spec(remote, url, connection, kwargs, options))


def _mode(given: AutoresetMode | str) -> AutoresetMode:
    if isinstance(given, AutoresetMode):
        return given
    for mode in AutoresetMode:
        if given in (mode.value, mode.name, mode.name.lower()):
            return mode
    expected = ", ".join(mode.value for mode in AutoresetMode)
    raise ValueError(f"autoreset_mode: expected one of {expected}, got {given!r}")


def _open(
    id: str,
    num_envs: int,
    autoreset: str,
    url: str | None,
    max_episode_steps: int | None,
    connection: Mapping[str, Any] | None,
    options: dict[str, Any],
) -> RemoteVectorEnv:
    limit = _NO_LIMIT if max_episode_steps == -1 else max_episode_steps
    client = connect(url, **(connection or {}))
    try:
        return client.make(id, num_envs, autoreset=autoreset, max_episode_steps=limit, options=options)
    except FarstepError as refusal:
        try:
            unknown = _unknown_options(client, id, options) if refusal.code == "bad_options" else []
        except FarstepError:
            unknown = []
        finally:
            client.close()
        if not unknown:
            raise
        # In the words of Python: wrappers try arguments, and leave out what is called unexpected.
        message = f"unexpected keyword argument {unknown[0]!r}: {refusal.message}"
        raise UnknownOption(refusal.code, message) from None
    except BaseException:
        client.close()
        raise


def _unknown_options(client: Client, id: str, options: dict[str, Any]) -> list[str]:
    known = next((spec["options"] for spec in client.list() if spec["id"] == id), options)
    return [name for name in options if name not in known]


def _spec(
    remote: RemoteVectorEnv,
    url: str | None,
    connection: Mapping[str, Any] | None,
    kwargs: dict[str, Any],
    options: dict[str, Any],
) -> EnvSpec:
    """Tell how to make the same env again; without the token, which is a secret."""
    spec, limit = remote.contract["spec"], remote.contract["maxEpisodeSteps"]
    settings = {name: value for name, value in (connection or {}).items() if name != "token"}
    kwargs = {"env": spec["id"], "url": url, "connection": settings or None, **kwargs}
    return EnvSpec(
        id=f"{NAMESPACE}/{spec['id']}",
        entry_point=ENTRY_POINT,
        vector_entry_point=VECTOR_ENTRY_POINT,
        reward_threshold=spec.get("rewardThreshold"),
        max_episode_steps=None if limit in (None, _NO_LIMIT) else limit,
        kwargs={name: value for name, value in kwargs.items() if value is not None} | options,
    )
