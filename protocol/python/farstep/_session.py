"""One session with a server, without a socket: ids, which reply answers what, and what to send again after a loss.

Both clients, the blocking one and that of asyncio, drive this over a WebSocket.
"""

from __future__ import annotations

import os
import random
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from farstep import _frames
from farstep._frames import EDITIONS, PROTOCOL, bad_reply, field, pack, plain, unpack
from farstep.errors import FarstepError, error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
VERSION = "0.1.0"
TOKEN = "FARSTEP_TOKEN"


TIMEOUT = 120.0
CONNECT_TIMEOUT = 10.0
RECONNECT_TIMEOUT = 30.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0


@dataclass(frozen=True)
class Settings:
    """What `connect` takes beside the url."""

    token: str | None = None
    client: str | None = None
    timeout: float = TIMEOUT
    connect_timeout: float = CONNECT_TIMEOUT
    reconnect_timeout: float = RECONNECT_TIMEOUT


def pauses(seconds: float) -> Iterator[float]:
    """Yield how long to wait before each attempt to connect, for as long as there is time.

    Longer each time, and at random, so that the clients of a server that was away do not all come at once.
    """
    end = time.monotonic() + seconds
    longest = _FIRST_PAUSE
    while (pause := longest * random.uniform(0.5, 1)) <= end - time.monotonic():
        yield pause
        longest = min(2 * longest, _LONGEST_PAUSE)


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
        self._client = settings.client or f"farstep-python/{VERSION}"
        self._token = settings.token or os.environ.get(TOKEN)
        self._resume: str | None = None
        self._last_id = 0
        self._last_reply = 0
        self._unanswered: dict[int, bytes] = {}
        self.streams: dict[int, Inbox] = {}

    @property
    def can_resume(self) -> bool:
        return self._resume is not None and self.over is None

    @property
    def unanswered(self) -> int:
        """How many requests have no reply."""
        return len(self._unanswered)

    @property
    def room(self) -> bool:
        """Whether the server takes another request now."""
        return len(self._unanswered) < self.limits["requestsInFlight"]

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
        self.name = field(message, "session", str)
        self.limits = plain(field(message, "limits", dict))
        field(self.limits | {"type": "welcome.limits"}, "requestsInFlight", int)
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
        elif "token" in refusal.code or "auth" in refusal.code:
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


def _error(message: dict[str, Any]) -> FarstepError:
    after = message.get("retryAfterMs")
    return error(
        field(message, "code", str),
        str(message.get("message") or ""),
        recoverable=message.get("recoverable") is True,
        retry_after=None if after is None else after / 1000,
    )
