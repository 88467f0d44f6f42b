"""The blocking client's socket. Every wait has a deadline, a moment of `time.monotonic()`."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from typing import TYPE_CHECKING

from farstep._dial import address_of
from farstep._websocket import GOODBYE_SECONDS, WebSocket
from farstep.errors import FarstepError

if TYPE_CHECKING:
    from collections.abc import Callable

    from farstep._websocket import Closed

_WAIT_MORE = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError, InterruptedError)


class Wire:
    """A WebSocket over a socket, until it ends. Raises OSError or `connection_failed`."""

    def __init__(self, url: str, deadline: float) -> None:
        address = address_of(url)
        self._web = WebSocket(url)
        seconds = max(0.001, deadline - time.monotonic())
        if address.unix is None:
            self._socket = socket.create_connection((address.host, address.port), timeout=seconds)
        else:
            self._socket = socket.socket(socket.AF_UNIX)
        try:
            if address.unix is None:
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            else:
                self._socket.settimeout(seconds)
                self._socket.connect(address.unix)
            if address.tls is not None:
                self._socket = address.tls.wrap_socket(self._socket, server_hostname=address.host)
            self._socket.setblocking(False)
            self._reads_ahead = address.tls is not None
            self._ready = {write: _waiter(self._socket, write=write) for write in (False, True)}
            self._flush(deadline)
            while not self._web.is_open:
                self.pump(deadline)
        except BaseException:
            self._socket.close()
            raise

    @property
    def closed(self) -> Closed | None:
        """How the connection ended, as far as that has been read."""
        return self._web.closed

    def send(self, message: bytes, deadline: float) -> None:
        """Send a message, reading meanwhile: a server may read no more until it is read from."""
        self._web.outgoing.append(self._web.frame(message))
        self._flush(deadline)

    def take(self) -> memoryview | None:
        """Give the next message that has come whole, if there is one."""
        return self._web.messages.popleft() if self._web.messages else None

    def pump(self, deadline: float) -> None:
        """Wait for bytes, and take them in. Raises TimeoutError, or ConnectionResetError at the end of the stream."""
        if not self._reads_ahead:
            self._wait(deadline, write=False)
        while not self._read():
            self._wait(deadline, write=False)
        if self._web.outgoing:
            self._flush(deadline)
        if self._web.closed is not None and not self._web.messages:
            raise ConnectionResetError(self._web.closed)

    def poll(self) -> None:
        """Take in what has come, without waiting."""
        with contextlib.suppress(TimeoutError):
            while self._web.closed is None:
                self.pump(0)

    def close(self) -> None:
        """Say goodbye and hang up. A server that is still sending is listened to for a moment, so that it hears."""
        deadline = time.monotonic() + GOODBYE_SECONDS
        with contextlib.suppress(OSError, FarstepError):
            self._web.close()
            self._flush(deadline)
            self._socket.shutdown(socket.SHUT_WR)
            scratch = bytearray(65536)
            while True:
                self._wait(deadline, write=False)
                if self._socket.recv_into(scratch) == 0:
                    break
        self._socket.close()

    def abandon(self) -> None:
        """Hang up without a word."""
        self._socket.close()

    def _read(self) -> bool:
        try:
            count = self._socket.recv_into(self._web.get_buffer())
        except _WAIT_MORE:
            return False
        self._web.received(count)
        return True

    def _flush(self, deadline: float) -> None:
        data = memoryview(b"".join(self._web.outgoing))
        self._web.outgoing.clear()
        try:
            while data:
                try:
                    data = data[self._socket.send(data) :]
                except _WAIT_MORE:
                    self._wait(deadline, write=True)
                    self._read()
        except BaseException:
            if data:  # the rest of a frame that has begun cannot be left out
                self._socket.close()
            raise

    def _wait(self, deadline: float, *, write: bool) -> None:
        """Wait until there is something to read, or room to write. Raises TimeoutError."""
        if not self._ready[write](max(0.0, deadline - time.monotonic())):
            raise TimeoutError


def _waiter(sock: socket.socket, *, write: bool) -> Callable[[float], bool]:
    """Make a function that waits so many seconds until there is something to read, or room to write."""
    if not hasattr(select, "poll"):
        writers = [sock] if write else []
        return lambda seconds: any(select.select([sock], writers, [], seconds))
    poll = select.poll()
    poll.register(sock, select.POLLIN | (select.POLLOUT if write else 0))
    return lambda seconds: bool(poll.poll(seconds * 1000))
