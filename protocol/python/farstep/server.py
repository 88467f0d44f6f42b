"""A server of this process's own, for those who name none.

It is started when it is first asked for, in a process of its own on a unix socket (a free port of the loopback where
there are none), shared by everything in this process, and ends with it. Found, in this order:

1. FARSTEP_SERVER: the command that runs `farstep`, such as `node /path/to/dist/scripts/farstep.js`;
2. in a checkout the one that `npm run build` made; else the one that comes with this package;
3. an npm package `farstep`: in node_modules of this folder or one above it, or installed globally.

All but the first take Node.js 20 or newer, `node` in the PATH.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
from collections import deque
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from farstep.errors import ConnectionFailed

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND = "FARSTEP_SERVER"
URL = "FARSTEP_URL"
START_SECONDS = 30.0
STOP_SECONDS = 5.0
ENDING_SECONDS = 1.0
_LOG_LINES = 20


@dataclass(frozen=True)
class Server:
    """Where a server is."""

    url: str
    has_ended: Callable[[float], bool] = lambda _: False
    """Whether it is known to have ended; waits for that so many seconds at most."""


def local_server(url: str | None = None) -> Server:
    """Give the server at `url`; without one at FARSTEP_URL; without that this process's own, started if need be."""
    url = url or os.environ.get(URL)
    if url:
        return Server(url)
    with _lock:
        global _own
        if _own is None or _own.has_ended(0):
            _own = _Child(find_command())
        return Server(_own.url, _own.has_ended)


def stop() -> None:
    """Stop this process's own server, if there is one. It is stopped at exit in any case."""
    with _lock:
        global _own
        if _own is not None:
            _own.stop()
            _own = None


def find_command() -> list[str]:
    """Give the command that runs `farstep`. Raises `connection_failed`, telling what there is to do."""
    given = os.environ.get(COMMAND)
    if given:
        return shlex.split(given)
    here = Path(__file__).resolve().parent
    folders = [Path.cwd(), *Path.cwd().parents]
    scripts = [
        here.parent.parent.parent / "dist" / "scripts" / "farstep.js",
        here / "_server.mjs",
        *(folder / "node_modules" / "farstep" / "dist" / "scripts" / "farstep.js" for folder in folders),
    ]
    script = next((script for script in scripts if script.exists()), None)
    node = shutil.which("node")
    if script is not None and node is not None:
        return [node, str(script)]
    installed = shutil.which("farstep")
    if installed is not None:
        return [installed]
    if node is None:
        missing = "Node.js 20 or newer is needed to run one, and there is no `node` in the PATH"
    else:
        missing = "no farstep server is installed; `npm install -g farstep` installs one"
    raise ConnectionFailed(
        "connection_failed",
        f"no url was given, so a server was to be started here: {missing}. "
        f"Or give the url of a server, or set {URL}, or {COMMAND} to the command that runs `farstep`.",
    )


class _Child:
    """A server in a process of its own. It ends with its standard input, so it cannot outlive this process."""

    def __init__(self, command: list[str]) -> None:
        self._owner = os.getpid()
        self._folder = tempfile.mkdtemp(prefix="farstep-") if hasattr(socket, "AF_UNIX") else None
        where = ["--unix", os.path.join(self._folder, "s")] if self._folder else ["--port", "0"]
        full = [*command, "serve", "--child", "--log-level", "warn", *where]
        try:
            self._process = subprocess.Popen(
                full, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        except OSError as cause:
            self._remove_folder()
            raise self._failure(full, str(cause)) from cause
        atexit.register(self.stop)
        log: deque[str] = deque(maxlen=_LOG_LINES)
        logger = self._follow(self._process.stderr, log, lines=None)
        said: deque[str] = deque()
        self._follow(self._process.stdout, said, lines=1).join(START_SECONDS)
        self.url = said[0].strip() if said else ""
        if not self.url:
            self.stop()
            logger.join(STOP_SECONDS)
            raise self._failure(full, "".join(log).strip() or f"no address within {START_SECONDS:g} s")

    def has_ended(self, seconds: float) -> bool:
        if os.getpid() != self._owner:
            return False  # in a fork of this process it is nobody's child, and cannot be asked for
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self._process.returncode is not None

    def stop(self) -> None:
        """End it at once: it holds nothing that would be missed."""
        if os.getpid() == self._owner:
            atexit.unregister(self.stop)
            self._process.kill()
            self._process.wait(STOP_SECONDS)
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                if stream is not None:
                    stream.close()
            self._remove_folder()

    def _remove_folder(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @staticmethod
    def _follow(stream: IO[str] | None, into: deque[str], lines: int | None) -> threading.Thread:
        """Read lines as they come; all of them, for a process that nobody reads would come to a halt."""
        assert stream is not None
        thread = threading.Thread(target=lambda: into.extend(islice(stream, lines)), daemon=True)
        thread.start()
        return thread

    @staticmethod
    def _failure(command: list[str], why: str) -> ConnectionFailed:
        return ConnectionFailed(
            "connection_failed", f"the server that {shlex.join(command)!r} was to be did not start: {why}"
        )


_lock = threading.Lock()
_own: _Child | None = None
