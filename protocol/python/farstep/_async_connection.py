"""The asyncio client's connection."""

from __future__ import annotations

import asyncio
import contextlib
import copy
from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

from farstep._dial import address_of, unreachable
from farstep._session import Call, Recovery, Session, Settings, read
from farstep._websocket import GOODBYE_SECONDS, WebSocket
from farstep.errors import ConnectionLost, FarstepError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class _Wire(asyncio.BufferedProtocol):
    """A WebSocket over a transport. It says hello by itself; the first message that comes is `welcome`."""

    def __init__(self, url: str, hello: bytes) -> None:
        self._web = WebSocket(url)
        self._hello: bytes | None = hello
        self._transport: asyncio.Transport | None = None
        self._on_message: Callable[[memoryview], None] | None = None
        self._on_lost: Callable[[Exception], None] | None = None
        self._loss: Exception | None = None
        loop = asyncio.get_running_loop()
        self.welcome: asyncio.Future[memoryview] = loop.create_future()
        self.gone: asyncio.Future[None] = loop.create_future()

    def attach(self, on_message: Callable[[memoryview], None], on_lost: Callable[[Exception], None]) -> None:
        """Say who takes messages from here on, and who is told of the end."""
        self._on_message, self._on_lost = on_message, on_lost
        self._deliver()

    def send(self, message: bytes) -> None:
        self._web.outgoing.append(self._web.frame(message))
        self._flush()

    def close(self) -> None:
        """Say goodbye; the server hangs up, and `gone` is done."""
        self._on_message = self._on_lost = None
        self._web.close()
        self._flush()
        if self._transport is not None and self._transport.can_write_eof():
            with contextlib.suppress(OSError):  # of a peer that is gone
                self._transport.write_eof()

    def abandon(self) -> None:
        """Hang up."""
        self._on_message = self._on_lost = None
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._flush()

    def get_buffer(self, sizehint: int) -> memoryview:
        del sizehint
        return self._web.get_buffer()

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._web.received(nbytes)
        except FarstepError as failure:
            self._end(failure)
            return
        if self._hello is not None and self._web.is_open:
            self.send(self._hello)
            self._hello = None
        self._flush()
        self._deliver()

    def eof_received(self) -> None:
        self.buffer_updated(0)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionResetError("the connection was closed"))
        if not self.gone.done():
            self.gone.set_result(None)

    def _flush(self) -> None:
        if self._web.outgoing and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._web.outgoing))
        self._web.outgoing.clear()

    def _deliver(self) -> None:
        while self._web.messages:
            if not self.welcome.done():
                self.welcome.set_result(self._web.messages.popleft())
            elif self._on_message is None:
                break
            else:
                self._on_message(self._web.messages.popleft())
        if self._web.closed is not None and not self._web.messages:
            self._end(ConnectionResetError(self._web.closed))

    def _end(self, loss: Exception) -> None:
        self._loss = self._loss or loss
        if not self.welcome.done():
            self.welcome.set_exception(self._loss)
        if self._on_lost is not None:
            on_lost, self._on_lost = self._on_lost, None
            on_lost(self._loss)
        if self._transport is not None:
            self._transport.abort()


class AsyncConnection:
    """A session, taken up again after a lost connection."""

    def __init__(
        self, url: str, settings: Settings, has_ended: Callable[[float], bool] = lambda _: False
    ) -> None:
        self.session = Session(url, settings)
        self._settings = settings
        self._has_ended = has_ended
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        # Who waits for room for another request, in the order they came.
        self._queue: deque[asyncio.Future[None]] = deque()
        self._wire: _Wire | None = None
        self._connected_at = 0.0
        self._recovery: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect. Raises `connection_failed`, or the server's refusal."""
        await self._dial()

    async def run(self, call: Call[T], timeout: float | None = None) -> T:
        """Send a request, wait for its reply and give what it says, or raise its error."""
        loop = asyncio.get_running_loop()
        seconds = self._settings.timeout if timeout is None else timeout
        try:
            while not self.session.room and self.session.over is None:
                place = loop.create_future()
                self._queue.append(place)
                await self._within(seconds, place, "any request")
            self.session.check_open()
            id, frame = self.session.write(call)
        except BaseException:
            self._wake_next()  # the room that was this one's, if any, is another's
            raise
        reply = self._waiting[id] = loop.create_future()
        if self._wire is not None:
            self._wire.send(frame)
        try:
            return read(call, await self._within(seconds, reply, str(call)))
        finally:
            self._waiting.pop(id, None)

    async def close(self) -> None:
        """End the session."""
        if self.session.over is not None:
            return
        wire = self._wire
        self._end(self.session.closed())
        if self._recovery is not None:
            self._recovery.cancel()
        if wire is not None:
            wire.close()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(wire.gone), GOODBYE_SECONDS)
            wire.abandon()

    async def _within(self, seconds: float, future: asyncio.Future[T], what: str) -> T:
        """Wait for a future; after so many seconds the connection is given up."""
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle

        def give_up() -> None:
            nonlocal timer
            # A lost connection has time of its own to be taken up again, and then the reply has its own anew.
            left = seconds if self._wire is None else self._connected_at + seconds - loop.time()
            if left > 0 and self.session.over is None:
                timer = loop.call_later(left, give_up)
                return
            self._give_up(self.session.late(what, seconds))

        timer = loop.call_later(seconds, give_up)
        try:
            return await future
        finally:
            timer.cancel()

    def _wake_next(self) -> None:
        """Let the first of those that wait for room go on, if there is some."""
        while self._queue and self.session.room:
            place = self._queue.popleft()
            if not place.done():
                place.set_result(None)
                break

    def _on_message(self, frame: memoryview) -> None:
        try:
            answered = self.session.read(frame)
        except FarstepError as broken:
            self._give_up(broken)
            return
        if answered is not None and (waiter := self._waiting.get(answered[0])) and not waiter.done():
            waiter.set_result(answered[1])
        self._wake_next()
        if self.session.over is not None:
            if self._wire is not None:
                self._wire.abandon()
            self._end(self.session.over)

    def _on_lost(self, cause: Exception) -> None:
        self._wire = None
        self._recovery = asyncio.get_running_loop().create_task(self._recover(cause))

    def _give_up(self, over: FarstepError) -> None:
        """End the session for a reason of our own."""
        wire = self._wire
        self._end(over)
        if wire is not None:
            wire.close()

    def _end(self, over: FarstepError) -> None:
        """Fail everything that waits, now and later."""
        self.session.over = over
        self._wire = None
        for waiter in (*self._waiting.values(), *self._queue):
            if not waiter.done():
                waiter.set_exception(copy.copy(over))
        self._queue.clear()
        for inbox in self.session.streams.values():
            inbox.wake()

    async def _dial(self) -> None:
        """Connect, say hello and send again what is unanswered."""
        url, seconds = self.session.url, self._settings.connect_timeout
        address = address_of(url)
        wire = _Wire(url, self.session.hello())
        loop = asyncio.get_running_loop()

        async def handshake() -> memoryview:
            if address.unix is not None:
                await loop.create_unix_connection(lambda: wire, address.unix)
            else:
                await loop.create_connection(lambda: wire, address.host, address.port, ssl=address.tls)
            return await wire.welcome

        try:
            frame = await asyncio.wait_for(handshake(), seconds)
            repeats = self.session.welcomed(frame)
        except BaseException as cause:
            wire.abandon()
            if isinstance(cause, FarstepError) or not isinstance(cause, (OSError, asyncio.TimeoutError)):
                raise
            raise unreachable(url, cause, seconds) from cause
        self._wire = wire
        self._connected_at = loop.time()
        for repeat in repeats:
            wire.send(repeat)
        wire.attach(self._on_message, self._on_lost)

    async def _recover(self, cause: Exception) -> None:
        """Take up the session after a lost connection, or end it."""
        recovery = Recovery(self.session, cause, self._has_ended)
        try:
            while True:
                await asyncio.sleep(recovery.pause())
                try:
                    await self._dial()
                except FarstepError as refusal:
                    recovery.refused(refusal)
                else:
                    return
        except ConnectionLost as lost:
            self._end(copy.copy(lost))
