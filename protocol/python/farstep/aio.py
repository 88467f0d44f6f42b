"""The client for asyncio. Any number of tasks may wait for replies of one session at the same time.

    async with farstep.aio.connect("ws://localhost:7447") as client:
        envs = await client.make("MinAtar/Breakout-v1", num_envs=8, seed=1, autoreset="same_step")
        observations, infos, seeds = await envs.reset()
        step = await envs.step(numpy.zeros(8, int))

Arguments, results and errors are those of `farstep.client`. Several steps may be under way at once, of the same envs
too: start them as tasks.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from farstep import _calls
from farstep._async_connection import AsyncConnection
from farstep._calls import EnvCalls, Made, Options, Seed
from farstep._session import CONNECT_TIMEOUT, TIMEOUT, Settings
from farstep._streams import StreamState, Tracker
from farstep.client import CREDITS, PATIENCE
from farstep.errors import ConnectionFailed, FarstepError, ReplyTimeout, error
from farstep.server import ENDING_SECONDS, Server, local_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Mapping, Sequence

    import numpy as np
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self

    from farstep._session import Call
    from farstep.results import ResetResult, ResetSample, StepResult, StepSample, Transitions, TransitionTable

T = TypeVar("T")


class connect:  # noqa: N801 - called like a function, awaited or entered
    """As `farstep.connect`: `client = await connect(url)`, or `async with connect(url) as client`."""

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        client: str | None = None,
        timeout: float = TIMEOUT,
        connect_timeout: float = CONNECT_TIMEOUT,
        reconnect_timeout: float | None = None,
    ) -> None:
        self._url = url
        self._settings = Settings(token, client, timeout, connect_timeout, reconnect_timeout)
        self._client: Client | None = None

    def __await__(self) -> Generator[Any, None, Client]:
        return self._open().__await__()

    async def __aenter__(self) -> Client:
        self._client = await self._open()
        return self._client

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.close()

    async def _open(self) -> Client:
        local = await asyncio.to_thread(local_server, self._url)
        try:
            return await self._open_at(local)
        except ConnectionFailed:
            if not await asyncio.to_thread(local.has_ended, ENDING_SECONDS):
                raise
        return await self._open_at(await asyncio.to_thread(local_server, self._url))

    async def _open_at(self, server: Server) -> Client:
        connection = AsyncConnection(server.url, self._settings, server.has_ended)
        await connection.open()
        return Client(connection)


class Client:
    """A session on a server."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

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

    async def list(self) -> list[dict[str, Any]]:
        return await self._connection.run(_calls.list_envs())

    async def make(
        self,
        env: str,
        num_envs: int = 1,
        *,
        seed: int | None = None,
        autoreset: str = "next_step",
        max_episode_steps: int | None = None,
        options: Options | None = None,
    ) -> RemoteVectorEnv:
        call = _calls.make(env, num_envs, seed, autoreset, max_episode_steps, options or {})
        return RemoteVectorEnv(self._connection, await self._connection.run(call))

    async def create(
        self,
        world: str,
        *,
        seed: int | None = None,
        move_ms: int | None = None,
        max_episode_steps: int | None = None,
        options: Options | None = None,
    ) -> RemoteVectorEnv:
        call = _calls.create(world, seed, move_ms, max_episode_steps, options or {})
        return RemoteVectorEnv(self._connection, await self._connection.run(call))

    async def join(
        self, token: str, seat: str | None = None, *, patience: float = PATIENCE
    ) -> RemoteVectorEnv:
        made = await self._connection.run(_calls.join(token, seat))
        return RemoteVectorEnv(self._connection, made, patience)

    async def subscribe(self, token: str, credits: int = CREDITS, *, patience: float = PATIENCE) -> Stream:
        subscribed = await self._connection.run(_calls.subscribe(token, credits))
        state = StreamState(self._connection.session, subscribed, credits)
        return Stream(self._connection, state, patience)

    async def close(self) -> None:
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class RemoteVectorEnv:
    """As `farstep.client.RemoteVectorEnv`."""

    def __init__(self, connection: AsyncConnection, made: Made, patience: float | None = None) -> None:
        self.contract: dict[str, Any] = made.contract
        self.num_envs: int = made.contract["numEnvs"]
        self.token = made.world
        self.seat = made.seat
        self.calls = EnvCalls(made)
        self._connection = connection
        self._patience = patience
        self._closed = False

    async def reset(
        self,
        seed: Seed = None,
        options: Mapping[str, Any] | None = None,
        ids: Sequence[int] | None = None,
    ) -> ResetResult:
        return await self.run(self.calls.reset(seed, options, ids))

    async def step(self, actions: Any, ids: Sequence[int] | None = None) -> StepResult:
        return await self.run(self.calls.step(actions, ids))

    async def snapshot(self, ids: Sequence[int] | None = None) -> list[Any]:
        return await self.run(self.calls.snapshot(ids))

    async def restore(self, snapshots: Sequence[Any], ids: Sequence[int] | None = None) -> ResetResult:
        return await self.run(self.calls.restore(snapshots, ids))

    async def compute_reward(
        self, achieved: ArrayLike, desired: ArrayLike, task: str | None = None
    ) -> NDArray[np.float64]:
        return await self.run(self.calls.rewards(achieved, desired, task))

    async def transitions(self) -> TransitionTable:
        return await self.run(self.calls.transitions())

    async def share(self) -> str:
        return await self.run(self.calls.share())

    async def render(self, index: int = 0) -> NDArray[np.uint8]:
        return await self.run(self.calls.render(index))

    async def close(self) -> None:
        if not self._closed:
            call = self.calls.close()
            self._closed = True
            await self._connection.run(call)

    async def run(self, call: Call[T]) -> T:
        if self._closed:
            raise error("closed", f"{call}: this vector env of {self.contract['spec']['id']} is closed")
        return await self._connection.run(call, self._patience if call.patient else None)


class Stream:
    """As `farstep.streams.Stream`: `async for sample in stream`, `async for transitions in stream.transitions()`."""

    def __init__(self, connection: AsyncConnection, state: StreamState, patience: float) -> None:
        self.contract = state.contract
        self._connection = connection
        self._state = state
        self._patience = patience
        self._news = asyncio.Event()
        state.inbox.wake = self._news.set

    @property
    def lost(self) -> int:
        """How many samples did not come so far."""
        return self._state.lost

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StepSample | ResetSample:
        sample = None
        try:
            while (sample := self._state.take()) is None:
                if self._state.over:
                    raise StopAsyncIteration
                if self._state.resumed():
                    await self._credit(self._state.lacking(await self._credit(0)))
                else:
                    await self._wait()
            if due := self._state.credit_due():
                await self._credit(due)
        except FarstepError as refusal:
            if refusal.code != "no_such_stream":
                raise
            self._state.leave()
            return await self.__anext__() if sample is None else sample
        return sample

    async def transitions(self) -> AsyncIterator[Transitions]:
        tracker = Tracker(self.contract)
        async for sample in self:
            if (transitions := tracker.add(sample)) is not None:
                yield transitions

    async def close(self) -> None:
        """End the subscription."""
        if self._state.leave():
            await self._connection.run(_calls.unsubscribe(self._state.number))

    async def _wait(self) -> None:
        self._news.clear()
        if self._state.has_news():
            return
        self._connection.session.check_open()
        try:
            await asyncio.wait_for(self._news.wait(), self._patience)
        except asyncio.TimeoutError:
            raise ReplyTimeout("connection_lost", f"no sample within {self._patience:g} s") from None

    async def _credit(self, credits: int) -> int:
        return await self._connection.run(_calls.credit(self._state.number, credits))
