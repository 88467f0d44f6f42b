"""The blocking client: envs on a server, stepped in batches of NumPy arrays. Needs no Gymnasium.

    with farstep.connect("ws://localhost:7447") as client:
        envs = client.make("MinAtar/Breakout-v1", num_envs=8, seed=1, autoreset="same_step")
        observations, infos, seeds = envs.reset()
        step = envs.step(numpy.zeros(8, int))

`farstep.make` and its like put Gymnasium's and PettingZoo's interfaces around it; `farstep.aio` is the same for
asyncio.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from farstep import _calls
from farstep._calls import EnvCalls, Made, Options, Seed
from farstep._connection import Connection
from farstep._session import CONNECT_TIMEOUT, TIMEOUT, Call, Settings, read
from farstep._streams import StreamState
from farstep.errors import ConnectionFailed, error
from farstep.server import ENDING_SECONDS, local_server
from farstep.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    from farstep.results import ResetResult, StepResult, TransitionTable

T = TypeVar("T")
PATIENCE = 3600.0
CREDITS = 64


def connect(
    url: str | None = None,
    *,
    token: str | None = None,
    client: str | None = None,
    timeout: float = TIMEOUT,
    connect_timeout: float = CONNECT_TIMEOUT,
    reconnect_timeout: float | None = None,
) -> Client:
    """Connect to a server: ws://host:port, wss://host:port or ws+unix:/path.

    Without `url`, to FARSTEP_URL if it is set, else to a server of this process's own (`farstep.server`).

    Args:
        url: Where the server is.
        token: A secret that says who comes; FARSTEP_TOKEN where absent.
        client: Name and version that the server's log shows.
        timeout: Longest wait for a reply, seconds; after it the connection counts as lost (ReplyTimeout).
        connect_timeout: Longest wait for a connection and a welcome, seconds (ConnectionFailed).
        reconnect_timeout: How long to try to take up a session whose connection was lost, seconds (ConnectionLost);
            as long as the server keeps it where absent.
    """
    settings = Settings(token, client, timeout, connect_timeout, reconnect_timeout)
    local = local_server(url)
    try:
        return Client(Connection(local.url, settings, local.has_ended))
    except ConnectionFailed:
        if not local.has_ended(ENDING_SECONDS):
            raise
    local = local_server(url)
    return Client(Connection(local.url, settings, local.has_ended))


class Client:
    """A session on a server. Not for several threads at once: give each its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        # A session that nobody ended would wait on the server for its client to come back.
        self._end = weakref.finalize(self, connection.close)

    @property
    def url(self) -> str:
        return self._connection.session.url

    @property
    def server(self) -> str:
        """Name and version of the server."""
        return self._connection.session.server

    @property
    def limits(self) -> dict[str, int]:
        """What this session may ask for."""
        return self._connection.session.limits

    def list(self) -> list[dict[str, Any]]:
        """Give the specs of what the server hosts."""
        return self._connection.run(_calls.list_envs())

    def make(
        self,
        env: str,
        num_envs: int = 1,
        *,
        seed: int | None = None,
        autoreset: str = "next_step",
        max_episode_steps: int | None = None,
        options: Options | None = None,
    ) -> RemoteVectorEnv:
        """Make `num_envs` copies of an env that are stepped together. Env i begins with `seed + i`.

        Raises `unknown_env`, `bad_options` or `too_many_envs`.
        """
        call = _calls.make(env, num_envs, seed, autoreset, max_episode_steps, options or {})
        return RemoteVectorEnv(self, self._connection, self._connection.run(call))

    def create(
        self,
        world: str,
        *,
        seed: int | None = None,
        move_ms: int | None = None,
        max_episode_steps: int | None = None,
        options: Options | None = None,
    ) -> RemoteVectorEnv:
        """Create a world of several players. Whoever has it drives all seats, or hands out `token` for others to join.

        The rows of the handle are the seats, `contract["world"]["seats"]`.
        Raises `unknown_world`, `bad_options` or `too_many_worlds`.
        """
        call = _calls.create(world, seed, move_ms, max_episode_steps, options or {})
        return RemoteVectorEnv(self, self._connection, self._connection.run(call))

    def join(self, token: str, seat: str | None = None, *, patience: float = PATIENCE) -> RemoteVectorEnv:
        """Take a seat of a world, the one named or the first that is free, as a handle with one row.

        Its `reset` and `step` come back when others have moved, after `patience` seconds at the latest (ReplyTimeout).
        Raises `no_such_world`, `no_such_seat` or `seat_taken`.
        """
        made = self._connection.run(_calls.join(token, seat))
        return RemoteVectorEnv(self, self._connection, made, patience)

    def subscribe(self, token: str, credits: int = CREDITS, *, patience: float = PATIENCE) -> Stream:
        """Watch somebody else's vector env: an iterator of its steps and resets. `share` gives the token.

        Up to `credits` samples wait to be read; more are lost, and the stepper never waits. The next one is waited for
        `patience` seconds at most (ReplyTimeout). Raises `no_such_stream` or `too_many_subscriptions`.
        """
        subscribed = self._connection.run(_calls.subscribe(token, credits))
        return Stream(
            self, self._connection, StreamState(self._connection.session, subscribed, credits), patience
        )

    def close(self) -> None:
        """End the session. Everything made in it is gone."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RemoteVectorEnv:
    """Envs on a server, stepped together: a handle of `make`, `create` or `join`.

    Observations, actions and infos are batches: an array with a row an env for each leaf of the space, in Gymnasium's
    structure and dtypes. Every array that comes back is the caller's own.
    """

    def __init__(
        self, client: Client, connection: Connection, made: Made, patience: float | None = None
    ) -> None:
        self.client = client
        self.contract: dict[str, Any] = made.contract
        self.num_envs: int = made.contract["numEnvs"]
        self.token = made.world
        self.seat = made.seat
        self.calls = EnvCalls(made)
        self._connection = connection
        self._patience = patience
        self._sent: dict[int, tuple[Call[StepResult], Sequence[int] | NDArray[np.int64]]] = {}
        self._closed = False

    def reset(
        self,
        seed: Seed = None,
        options: Mapping[str, Any] | None = None,
        ids: Sequence[int] | None = None,
    ) -> ResetResult:
        """Start new episodes, of all envs or of those of `ids`.

        A seed s gives env i seed s + i; a list gives one for each env that is reset, None goes on with its stream.
        """
        return self.run(self.calls.reset(seed, options, ids))

    def step(self, actions: Any, ids: Sequence[int] | None = None) -> StepResult:
        """Step all envs, or those of `ids`: row k of actions and result belongs to env ids[k].

        Raises InvalidAction (nothing was stepped), ResetNeeded, or `env_failed`.
        """
        return self.run(self.calls.step(actions, ids))

    def step_one(self, action: Any) -> StepResult:
        """Step the only env of the handle by an action without a batch around it."""
        return self.run(self.calls.step_one(action))

    def send(self, actions: Any, ids: Sequence[int] | None = None) -> None:
        """Send a step without waiting; `recv` gives its result. Several may be under way, of the same envs too."""
        self._check_open("send")
        call = self.calls.step(actions, ids)
        self._sent[self._connection.post(call)] = (call, np.arange(self.num_envs) if ids is None else ids)

    def recv(self, timeout: float | None = None) -> tuple[NDArray[np.int64], StepResult]:
        """Give the ids and the result of the step that comes back first of those that were sent."""
        ids, _, result = self.recv_call(timeout)
        return ids, result

    def recv_call(
        self, timeout: float | None = None
    ) -> tuple[NDArray[np.int64], Call[StepResult], StepResult]:
        """Give the request besides, which remembers its reply."""
        self._check_open("recv")
        if not self._sent:
            raise error("bad_message", "recv: no step is under way; send one first")
        id, reply = self._connection.wait(self._sent, "step", timeout)
        call, ids = self._sent.pop(id)
        return np.array(ids, np.int64), call, read(call, reply)

    def snapshot(self, ids: Sequence[int] | None = None) -> list[Any]:
        """Give everything that the futures of some envs depend on, or of all; for `restore`, not to be looked into."""
        return self.run(self.calls.snapshot(ids))

    def restore(self, snapshots: Sequence[Any], ids: Sequence[int] | None = None) -> ResetResult:
        """Put envs where snapshots were taken. Raises `bad_snapshot`, and then all are as they were."""
        return self.run(self.calls.restore(snapshots, ids))

    def compute_reward(
        self, achieved: ArrayLike, desired: ArrayLike, task: str | None = None
    ) -> NDArray[np.float64]:
        """Give what transitions that led to `achieved` would have paid, had `desired` been wanted; a row each.

        `task` is one of `contract["rewardTasks"]`, the first where absent. Raises `not_supported` without goals.
        """
        return self.run(self.calls.rewards(achieved, desired, task))

    def transitions(self) -> TransitionTable:
        """Give the env as a table, for dynamic programming. Raises `not_supported` where it is none."""
        return self.run(self.calls.transitions())

    def share(self) -> str:
        """Give a token that others watch these envs with (`Client.subscribe`). Raises `not_supported` for a seat."""
        return self.run(self.calls.share())

    def render(self, index: int = 0) -> NDArray[np.uint8]:
        """Give a picture of an env as it is now, RGB [height, width, 3]. Raises UnsupportedMode."""
        return self.run(self.calls.render(index))

    def close(self) -> None:
        """Close the envs on the server. The session goes on."""
        if not self._closed:
            self._closed = True
            self._connection.run(self.calls.close())

    def run(self, call: Call[T]) -> T:
        """Make a request of `calls`."""
        self._check_open(str(call))
        return self._connection.run(call, self._patience if call.patient else None)

    def _check_open(self, what: str) -> None:
        if self._closed:
            raise error("closed", f"{what}: this vector env of {self.contract['spec']['id']} is closed")
