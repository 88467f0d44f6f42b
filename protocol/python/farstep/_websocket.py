"""One WebSocket (RFC 6455) as its client sees it, without a socket: bytes in, messages out.

The handshake is the `websockets` package's. Messages are read here, because theirs are copied twice on the way: here
the kernel writes into memory that becomes the message's own. A driver, blocking or not, does this:

    read into get_buffer(), tell received(n); write what `outgoing` holds; take `messages`; stop when `closed`
"""

from __future__ import annotations

import re
from collections import deque

import numpy as np
from websockets.client import ClientProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.uri import parse_uri

from farstep.errors import ConnectionFailed, FarstepError

UNIX = "ws+unix:"
GOODBYE_SECONDS = 1.0
"""How long a server that is told goodbye may take to hang up."""
_RESTARTS = 1012
_CHUNK = 4096
_MAX_HEAD = 16384
_MAX_MESSAGE = 2**31 - 1


class Closed:
    """How a connection ended: by a close frame with a code, or without a word (code None)."""

    def __init__(self, code: int | None, reason: str) -> None:
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        if self.code is None:
            return self.reason
        return f"closed with code {self.code}" + (f", {self.reason}" if self.reason else "")

    @property
    def retry_after(self) -> float:
        """After how many seconds a server that is started anew wants to be asked; 0 where it does not say."""
        told = self.code == _RESTARTS and re.fullmatch("[0-9]{1,9}", self.reason)
        return int(self.reason) / 1000 if told else 0.0


class WebSocket:
    """The state of one connection. Failures of the handshake are raised; all others are told by `closed`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_open = False
        self.closed: Closed | None = None
        self.outgoing: list[bytes] = []
        self.messages: deque[memoryview] = deque()
        self._handshake = ClientProtocol(
            parse_uri("ws://localhost/" if url.startswith(UNIX) else url), max_size=None
        )
        self._handshake.send_request(self._handshake.connect())
        self.outgoing += self._handshake.data_to_send()
        self._chunk = _CHUNK
        self._take(_CHUNK)
        self._filled = 0
        self._at = 0
        self._fragments: list[memoryview] = []

    def frame(self, message: bytes) -> bytes:
        """Give the bytes that carry a message."""
        return Frame(Opcode.BINARY, message).serialize(mask=True)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye; the server closes the connection."""
        if self.closed is None:
            if self.is_open:
                self._control(Opcode.CLOSE, Close(code, reason).serialize())
            self.closed = Closed(code, reason)

    def get_buffer(self) -> memoryview:
        """Memory to read into; never empty."""
        return self._memory[self._filled :]

    def received(self, count: int) -> None:
        """Take in `count` bytes that lie in the buffer; 0: the end of the stream."""
        if self.closed is not None:
            return
        if count == 0:
            if not self.is_open:
                raise ConnectionFailed("connection_failed", f"{self.url}: the connection was closed")
            self.closed = Closed(None, "the connection was closed without a word")
            return
        self._filled += count
        if self.is_open or self._shake_hands():
            self._read_frames()

    def _shake_hands(self) -> bool:
        head, found, _ = bytes(self._memory[: self._filled]).partition(b"\r\n\r\n")
        if not found:
            if len(head) > _MAX_HEAD:
                raise self._refusal("it answers, but not with HTTP")
            if self._filled == len(self._memory):
                self._move(2 * self._filled)
            return False
        status = head.split(b"\r\n", 1)[0].decode("latin1")
        if status.split(" ")[1:2] != ["101"]:
            raise self._refusal(f"it answers {status[:80]!r}")
        # What follows the head is no business of theirs.
        self._handshake.receive_data(head + found)
        if self._handshake.handshake_exc is not None:
            raise self._refusal(str(self._handshake.handshake_exc)) from self._handshake.handshake_exc
        self.is_open = True
        self._at = len(head) + len(found)
        return True

    def _refusal(self, what: str) -> FarstepError:
        return ConnectionFailed("connection_failed", f"{self.url} is no farstep server: {what}")

    def _read_frames(self) -> None:
        memory, filled, at = self._memory, self._filled, self._at
        needed = 2
        while filled - at >= needed:
            length = memory[at + 1]
            if length < 126:
                head = 2
            elif length == 126:
                head = 4
            elif length == 127:
                head = 10
            else:
                return self._fail("a masked frame")
            if filled - at < head:
                needed = head
                break
            if head > 2:
                length = int.from_bytes(memory[at + 2 : at + head], "big")
                if length > _MAX_MESSAGE:
                    return self._fail(f"a frame of {length} bytes")
            needed = head + length
            if filled - at < needed:
                break
            self._frame(memory[at], memory[at + head : at + needed])
            if self.closed:
                return None
            at += needed
            needed = 2
        self._at = at
        # What has been handed out is never written to again.
        if at > 0 or at + needed > len(memory):
            self._move(needed)
        return None

    def _frame(self, first: int, payload: memoryview) -> None:
        """Handle a frame by its first byte: whether it is the last of its message, and its kind."""
        if first == 0x82 and not self._fragments:
            self.messages.append(payload)
            self._chunk = max(_CHUNK, len(payload) + 64)
        elif first & 0x70:
            self._fail("reserved bits in a frame")
        elif first == 0x80 | Opcode.PING:
            self._control(Opcode.PONG, bytes(payload))
        elif first == 0x80 | Opcode.CLOSE:
            self._on_close(bytes(payload))
        elif first == 0x80 | Opcode.PONG:
            pass
        elif first & 0x0F in ((Opcode.CONT,) if self._fragments else (Opcode.BINARY,)):
            self._fragments.append(payload)
            if first & 0x80:
                self.messages.append(memoryview(b"".join(self._fragments)))
                self._fragments = []
        else:
            self._fail(f"a frame that begins with {first:#04x} where a binary message was expected")

    def _on_close(self, payload: bytes) -> None:
        try:
            close = Close.parse(payload)
        except Exception as error:
            self._fail(f"a close frame that is none: {error}")
            return
        self._control(Opcode.CLOSE, payload)
        self.closed = Closed(int(close.code), close.reason)

    def _fail(self, what: str) -> None:
        self.close(1002, what)
        self.closed = Closed(1002, f"the server sent {what}")

    def _control(self, opcode: Opcode, payload: bytes) -> None:
        self.outgoing.append(Frame(opcode, payload).serialize(mask=True))

    def _take(self, size: int) -> None:
        self._memory = np.empty(size, np.uint8).data

    def _move(self, needed: int) -> None:
        """Go on in new memory, with room for `needed` bytes from the first that is not read yet."""
        rest = self._memory[self._at : self._filled]
        self._take(max(self._chunk, needed))
        self._memory[: len(rest)] = rest
        self._filled = len(rest)
        self._at = 0
