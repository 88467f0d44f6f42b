"""Scripted servers, for what the real one cannot be brought to do. No client code of ours is in here."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

import msgpack
from websockets.frames import Opcode
from websockets.server import ServerProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WELCOME: dict[str, Any] = {
    "type": "welcome",
    "session": "fake",
    "resume": None,
    "edition": 1,
    "capabilities": [],
    "limits": {
        "frameBytes": 2**24,
        "requestsInFlight": 64,
        "vectorEnvs": 64,
        "envs": 8192,
        "idleMs": 10**6,
        "graceMs": 60000,
    },
    "server": "fake/0",
}
COUNTER: dict[str, Any] = {
    "spec": {"id": "Counter-v0", "players": 1, "renderModes": [], "options": {}, "rewardRange": [0, 1]},
    "numEnvs": 1,
    "options": {},
    "autoreset": "disabled",
    "maxEpisodeSteps": None,
    "observationSpace": {"type": "Discrete", "n": 100, "start": 0},
    "actionSpace": {"type": "Discrete", "n": 2, "start": 0},
    "infos": [],
    "rewardTasks": [],
    "hash": "0",
}


def stepped(id: int, count: int) -> list[Any]:
    """The answer to a step of one env that has been stepped `count` times."""
    observation = struct.pack("<i", count)
    return [2, id, 1, [observation], struct.pack("<d", 1.0), b"\0", b"\0", [], None]


class Peer:
    """A client, as the server's script sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.web = ServerProtocol(max_size=None)
        self.pongs = 0
        self._events: list[Any] = []

    def shake_hands(self) -> None:
        while not (events := self._receive()):
            pass
        self.web.send_response(self.web.accept(events[0]))
        self.flush()

    def welcome(self, **fields: Any) -> dict[str, Any]:
        """Shake hands, take the hello, welcome the client."""
        self.shake_hands()
        hello: dict[str, Any] = self.recv()
        self.send({**WELCOME, **fields})
        return hello

    def made(self, **fields: Any) -> dict[str, Any]:
        """Welcome the client and make it an env."""
        hello = self.welcome(**fields)
        self.send({"type": "made", "id": self.recv()["id"], "env": 1, "contract": COUNTER})
        return hello

    def recv(self) -> Any:
        """Give the next message. Raises ConnectionError where the client has gone."""
        while (message := self.next()) is None:
            pass
        return message

    def next(self) -> Any:
        """Give what comes next: a message, or None for a pong, which is counted."""
        while not self._events:
            self._events = self._receive()
        event = self._events.pop(0)
        if event.opcode is Opcode.CLOSE:
            raise ConnectionResetError
        if event.opcode is Opcode.PONG:
            self.pongs += 1
            return None
        return msgpack.unpackb(event.data)

    def send(self, message: Any) -> None:
        self.send_bytes(msgpack.packb(message))

    def send_bytes(self, data: bytes) -> None:
        self.web.send_binary(data)
        self.flush()

    def flush(self) -> None:
        for data in self.web.data_to_send():
            self.socket.sendall(data)

    def drop(self) -> None:
        """End the connection without a word, as a crash does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _receive(self) -> list[Any]:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionResetError
        self.web.receive_data(data)
        self.flush()
        return self.web.events_received()


class Fake:
    """A server whose n-th client is treated by the n-th script."""

    def __init__(self, scripts: tuple[Callable[[Peer], Any], ...]) -> None:
        self.failure: BaseException | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, args=(scripts,), daemon=True)
        self._thread.start()

    def _run(self, scripts: tuple[Callable[[Peer], Any], ...]) -> None:
        try:
            for script in scripts:
                sock, _ = self._listener.accept()
                sock.settimeout(20)
                with sock, contextlib.suppress(ConnectionError):
                    script(Peer(sock))
        except OSError:
            pass  # nobody came any more
        except BaseException as failure:
            self.failure = failure

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        self._listener.close()
        self._thread.join(20)
        if self.failure is not None:
            raise self.failure


@contextlib.contextmanager
def fake_server(*scripts: Callable[[Peer], Any]) -> Iterator[str]:
    """Serve while the context lasts; give the url. What a script asserts is asserted when it ends."""
    server = Fake(scripts)
    try:
        yield server.url
    finally:
        server.stop()
