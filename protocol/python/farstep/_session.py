"""One session with a server, without a socket: ids, which reply answers what, and what to send again after a loss.

Both clients, the blocking one and that of asyncio, drive this over a WebSocket.
"""

from __future__ import annotations

import copy
import os
import random
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from farstep import _frames
from farstep._frames import EDITIONS, PROTOCOL, bad_reply, field, pack, plain, unpack
from farstep._websocket import Closed
from farstep.errors import (
    ClosedEnvironment,
    ConnectionFailed,
    ConnectionLost,
    FarstepError,
    ReplyTimeout,
    error,
)

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
VERSION = "0.1.0"
TOKEN = "FARSTEP_TOKEN"


TIMEOUT = 120.0
CONNECT_TIMEOUT = 10.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0


@dataclass(frozen=True)
class Settings:
    """What `connect` takes beside the url."""

    token: str | None = None
    client: str | None = None
    timeout: float = TIMEOUT
    connect_timeout: float = CONNECT_TIMEOUT
    reconnect_timeout: float | None = None


class Call(Generic[T]):
    """A request: how it is written, once it has an id, and what its reply is read as."""

    __slots__ = ("patient", "reply")

    def __init__(self, *, patient: bool = False) -> None:
        self.patient = patient  # its reply waits for others
        self.reply: Any = None

    def write(self, id: int, ack: int | None) -> bytes:
        raise NotImplementedError

    def read(self, reply: Any) -> T:
        raise NotImplementedError


def read(call: Call[T], reply: Any) -> T:
    """Give what a reply says, or raise the error that it is."""
    if isinstance(reply, FarstepError):
        raise reply
    call.reply = reply
    return call.read(reply)


class Inbox:
    """What has come of a stream, as long as nobody has taken it."""

    def __init__(self) -> None:
        self.frames: deque[memoryview] = deque()
        self.over = False
        self.resumed = False
        """Since the last look a lost connection has been taken up again."""
        self.wake: Callable[[], None] = lambda: None

    def put(self, frame: memoryview) -> None:
        self.frames.append(frame)
        self.wake()

    def end(self) -> None:
        self.over = True
        self.wake()


class Session:
    """What is known of a session. Only a server's errors and malformed replies are raised here."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.url = url
        self.limits: dict[str, int] = {}
        self.server = ""
        self.name = ""
        # Set once the session is over: no request will be answered any more.
        self.over: FarstepError | None = None
        self._reconnect_timeout = settings.reconnect_timeout
        self._client = settings.client or f"farstep-python/{VERSION}"
        self._token = settings.token or os.environ.get(TOKEN)
        self._resume: str | None = None
        self._last_id = 0
        self._last_reply = 0
        self._unanswered: dict[int, bytes] = {}
        self.streams: dict[int, Inbox] = {}

    @property
    def grace(self) -> float:
        """How long to try to take it up after a lost connection, seconds; 0: not at all."""
        if self._resume is None or self.over is not None:
            return 0.0
        return self.limits["graceMs"] / 1000 if self._reconnect_timeout is None else self._reconnect_timeout

    @property
    def room(self) -> bool:
        """Whether the server takes another request now."""
        return len(self._unanswered) < self.limits["requestsInFlight"]

    def check_open(self) -> None:
        """Raise why the session is over, if it is."""
        if self.over is not None:
            raise copy.copy(self.over)  # one that is raised twice would keep both tracebacks

    def closed(self) -> FarstepError:
        """Make the error of a client that was closed."""
        return ClosedEnvironment("closed", f"{self.url}: the client was closed", recoverable=False)

    def late(self, what: object, seconds: float) -> FarstepError:
        """Make the error for a reply that did not come."""
        message = f"{self.url}: no reply to {what} within {seconds:g} s; the connection is given up"
        return ReplyTimeout("connection_lost", message, recoverable=False)

    def hello(self) -> bytes:
        """Give the first message of every connection."""
        hello = {"type": "hello", "protocol": PROTOCOL, "editions": EDITIONS, "client": self._client}
        if self._token is not None:
            hello["token"] = self._token
        if self._resume is not None:
            hello["resume"] = self._resume
        return pack(hello)

    def welcomed(self, frame: memoryview) -> list[bytes]:
        """Take the answer to hello; give the requests that are to be sent again. Raises the server's refusal."""
        if _frames.is_hot(frame):
            raise bad_reply({"type": "an array"}, "expected welcome")
        message = unpack(frame)
        if message["type"] == "error":
            raise self._refused(message)
        if message["type"] != "welcome":
            raise bad_reply(message, "expected welcome")
        if field(message, "edition", int) not in EDITIONS:
            raise bad_reply(message, f"edition {message['edition']}, which was not offered")
        name = field(message, "session", str)
        if self._resume is not None and name != self.name:
            raise bad_reply(message, f"expected to resume session {self.name}, got {name}")
        limits = plain(field(message, "limits", dict))
        for limit in ("requestsInFlight", "graceMs"):
            field(limits | {"type": "welcome.limits"}, limit, int)
        self.name = name
        self.limits = limits
        self.server = str(message.get("server") or "unnamed")
        self._resume = message.get("resume")
        for inbox in self.streams.values():
            inbox.resumed = True
            inbox.wake()
        return list(self._unanswered.values())

    def _refused(self, message: dict[str, Any]) -> FarstepError:
        refusal = _error(message)
        if refusal.code == "unsupported_protocol":
            hint = (
                f"this is farstep {VERSION}, which speaks protocol {PROTOCOL}: "
                "install the versions of client and server that belong together"
            )
        elif refusal.code == "unauthorized":
            sent = "a token was sent" if self._token else "no token was sent"
            hint = f"{sent}: give one that the server knows as token=… or in {TOKEN}"
        else:
            return refusal
        return error(refusal.code, f"{self.url}: {refusal.message}; {hint}", recoverable=False)

    def write(self, call: Call[Any]) -> tuple[int, bytes]:
        """Give a request its id, and the frame to send."""
        self._last_id += 1
        id = self._last_id
        # The server keeps replies for a session that can be resumed, until it is told that they have come.
        frame = call.write(id, None if self._resume is None else self._last_reply or None)
        self._unanswered[id] = frame
        return id, frame

    def read(self, frame: memoryview) -> tuple[int, Any] | None:
        """Take a message. Of a reply, give the id of the request that it answers, and the frame, message or error.

        None where it answers none that is waited for; then the session may be over.
        """
        if _frames.is_hot(frame):
            kind, number = _frames.hot_head(frame)
            if kind != _frames.STEPPED:
                if number in self.streams:
                    self.streams[number].put(frame)
                return None
            return self._answered(number, frame)
        message = unpack(frame)
        if message["type"] == "over":
            if (inbox := self.streams.pop(field(message, "stream", int), None)) is not None:
                inbox.end()
            return None
        reply = _error(message) if message["type"] == "error" else message
        if message.get("id") is not None:
            return self._answered(field(message, "id", int), reply)
        self.over = (
            reply if isinstance(reply, FarstepError) else bad_reply(message, "expected the id of a request")
        )
        return None

    def _answered(self, id: int, reply: Any) -> tuple[int, Any] | None:
        if self._unanswered.pop(id, None) is None:
            return None
        self._last_reply = id
        if isinstance(reply, dict) and reply["type"] == "subscribed":
            # Before its first sample, which may be here already.
            self.streams[field(reply, "stream", int)] = Inbox()
        return id, reply


class Recovery:
    """Tells, after a lost connection, when to try to take up its session, and when that is hopeless."""

    def __init__(self, session: Session, cause: Exception, has_ended: Callable[[float], bool]) -> None:
        self._session = session
        self._cause = cause
        self._has_ended = has_ended
        self._seconds = session.grace
        self._end = time.monotonic() + self._seconds
        self._longest = _FIRST_PAUSE
        closed = cause.args[0] if cause.args else None
        self._at_least = closed.retry_after if isinstance(closed, Closed) else 0.0

    def pause(self) -> float:
        """Give how long to wait before the next attempt. Raises ConnectionLost where there shall be none.

        Longer each time, and at random, so that the clients of a server that was away do not all come at once; and at
        least as long as the server asked for.
        """
        if self._seconds <= 0:
            raise self._lost("it is not taken up again")
        if self._has_ended(0):
            raise self._lost("the server has ended")
        pause = self._at_least + self._longest * random.uniform(0.5, 1)
        if pause > self._end - time.monotonic():
            raise self._lost(f"it could not be taken up again within {self._seconds:g} s")
        self._longest = min(2 * self._longest, _LONGEST_PAUSE)
        return pause

    def refused(self, refusal: FarstepError) -> None:
        """Take note of why an attempt failed. Raises ConnectionLost where another one would fail too."""
        if not isinstance(refusal, ConnectionFailed) and refusal.retry_after is None:
            raise self._lost(f"the server does not resume it: {refusal.message}")
        self._at_least = refusal.retry_after or 0.0

    def _lost(self, why: str) -> FarstepError:
        """End the session."""
        message = f"{self._session.url}: the connection was lost: {self._cause}; {why}"
        self._session.over = ConnectionLost("connection_lost", message, recoverable=False)
        lost = copy.copy(self._session.over)
        lost.__cause__ = self._cause
        return lost


def _error(message: dict[str, Any]) -> FarstepError:
    after = message.get("retryAfterMs")
    if after is not None and not (type(after) in (int, float) and after >= 0):
        raise bad_reply(message, f"retryAfterMs: expected a number, got {after!r:.80}")
    return error(
        field(message, "code", str),
        str(message.get("message") or ""),
        recoverable=message.get("recoverable") is True,
        retry_after=None if after is None else after / 1000,
    )
