"""The blocking client's connection: a session over a socket, and a wait for everything that has an end.

A server takes a client for lost that answers no ping. So one thread answers for all connections of the process while
their owners compute; it reads only where nobody else does, a moment every few seconds.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, TypeVar

from farstep._dial import unreachable
from farstep._session import Call, Recovery, Session, Settings, read
from farstep._wire import Wire
from farstep.errors import FarstepError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
_KEEP_ALIVE_SECONDS = 5.0


class Connection:
    """A session, taken up again after a lost connection. One thread at a time; others wait for it."""

    def __init__(
        self, url: str, settings: Settings, has_ended: Callable[[float], bool] = lambda _: False
    ) -> None:
        self.session = Session(url, settings)
        self._settings = settings
        self._has_ended = has_ended
        self._lock = threading.RLock()
        # Replies that have come, of requests that somebody waits for.
        self._wanted: set[int] = set()
        self._replies: dict[int, Any] = {}
        self._wire = self._dial(settings.connect_timeout)
        self._pid = os.getpid()
        _keeper.add(self)

    def run(self, call: Call[T], timeout: float | None = None) -> T:
        """Send a request, wait for its reply and give what it says, or raise its error."""
        with self._lock:
            id = self.post(call)
            try:
                _, reply = self.wait((id,), call, timeout)
            except BaseException:
                self._wanted.discard(id)  # nobody asks for it any more
                raise
        return read(call, reply)

    def post(self, call: Call[Any]) -> int:
        """Send a request; give its id, for `wait`. Waits where the server takes no more requests."""
        with self._lock:
            self.session.check_open()
            seconds = self._settings.timeout
            deadline = time.monotonic() + seconds
            while not self.session.room:
                deadline = self._receive(deadline, "any request", seconds)
            id, frame = self.session.write(call)
            self._wanted.add(id)
            try:
                self._wire.send(frame, deadline)
            except TimeoutError:
                raise self._late(f"{call}, which it does not read", seconds) from None
            except OSError as cause:
                self._recover(cause)
            return id

    def wait(self, ids: Iterable[int], what: object, timeout: float | None = None) -> tuple[int, Any]:
        """Give the reply that comes first among those of some requests: a frame, a message or an error."""
        with self._lock:
            seconds = self._settings.timeout if timeout is None else timeout
            deadline = time.monotonic() + seconds
            while True:
                for id in ids:
                    if id in self._replies:
                        self._wanted.discard(id)
                        return id, self._replies.pop(id)
                deadline = self._receive(deadline, what, seconds)

    def close(self) -> None:
        """End the session."""
        with self._lock:
            if self.session.over is None:
                self.session.over = self.session.closed()
                _keeper.discard(self)
                # Another process's copy of a connection is not its own to end.
                if self._pid == os.getpid():
                    self._wire.close()
                else:
                    self._wire.abandon()

    def keep_alive(self) -> None:
        """Answer pings, if nobody is using the connection. What goes wrong is told to who uses it next."""
        if self._lock.acquire(blocking=False):
            try:
                if self.session.over is None:
                    with contextlib.suppress(OSError, FarstepError):
                        self._wire.poll()
            finally:
                self._lock.release()

    def attend(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Take in messages until a condition holds; tell whether it does in time."""
        deadline = time.monotonic() + timeout
        with self._lock:
            while not condition():
                try:
                    self._next(deadline)
                except TimeoutError as late:
                    if isinstance(late, FarstepError):
                        raise  # of an earlier wait, which ended the session
                    return False
        return True

    def _receive(self, deadline: float, what: object, seconds: float) -> float:
        """Take in the next message. Raises ReplyTimeout, and gives the session up, if none comes in time.

        Gives the deadline from here on: on a connection that took the lost one's place there are `seconds` anew.
        """
        wire = self._wire
        try:
            self._next(deadline)
        except TimeoutError as late:
            if isinstance(late, FarstepError):
                raise
            raise self._late(what, seconds) from None
        return deadline if self._wire is wire else time.monotonic() + seconds

    def _next(self, deadline: float) -> None:
        """Take in the next message. Raises TimeoutError."""
        self.session.check_open()
        try:
            while (frame := self._wire.take()) is None:
                self._wire.pump(deadline)
        except TimeoutError:
            raise
        except OSError as cause:
            self._recover(cause)
        else:
            self._take_in(frame)

    def _take_in(self, frame: memoryview) -> None:
        try:
            answered = self.session.read(frame)
        except FarstepError as broken:
            self._give_up(broken)
            raise
        if answered is not None and answered[0] in self._wanted:
            self._replies[answered[0]] = answered[1]
        if self.session.over is not None:
            self._wire.abandon()
            self.session.check_open()

    def _late(self, what: object, seconds: float) -> FarstepError:
        late = self.session.late(what, seconds)
        self._give_up(late)
        return late

    def _give_up(self, over: FarstepError) -> None:
        """End the session for a reason of our own."""
        self.session.over = over
        self._wire.close()

    def _dial(self, seconds: float) -> Wire:
        """Connect, say hello and send again what is unanswered."""
        url = self.session.url
        deadline = time.monotonic() + seconds
        try:
            wire = Wire(url, deadline)
        except OSError as cause:
            if isinstance(cause, FarstepError):
                raise
            raise unreachable(url, cause, seconds) from cause
        try:
            wire.send(self.session.hello(), deadline)
            while (frame := wire.take()) is None:
                wire.pump(deadline)
            for repeat in self.session.welcomed(frame):
                wire.send(repeat, deadline)
        except (OSError, FarstepError) as cause:
            wire.abandon()
            if isinstance(cause, FarstepError):
                raise
            raise unreachable(url, cause, seconds) from cause
        return wire

    def _recover(self, cause: OSError) -> None:
        """Take up the session after a lost connection. Raises ConnectionLost, or what the server said before."""
        with contextlib.suppress(OSError):
            self._wire.poll()
        while (frame := self._wire.take()) is not None:
            self._take_in(frame)
        self._wire.abandon()
        # What a goodbye says is more than that nothing can be sent any more.
        loss = cause if self._wire.closed is None else ConnectionResetError(self._wire.closed)
        recovery = Recovery(self.session, loss, self._has_ended)
        while True:
            time.sleep(recovery.pause())
            try:
                self._wire = self._dial(self._settings.connect_timeout)
            except FarstepError as refusal:
                recovery.refused(refusal)
            else:
                return


class _Keeper:
    """Answers pings for connections whose owners are busy with something else."""

    def __init__(self) -> None:
        self._connections: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def add(self, connection: Connection) -> None:
        with self._lock:
            self._connections.add(connection)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="farstep-pings", daemon=True)
                self._thread.start()

    def discard(self, connection: Connection) -> None:
        with self._lock:
            self._connections.discard(connection)

    def _run(self) -> None:
        while True:
            time.sleep(_KEEP_ALIVE_SECONDS)
            with self._lock:
                connections = list(self._connections)
            for connection in connections:
                connection.keep_alive()
            del connections

    def _forked(self) -> None:
        self._connections = weakref.WeakSet()
        self._thread = None
        self._lock = threading.Lock()


_keeper = _Keeper()
