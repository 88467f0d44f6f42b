"""The server that is started for those who name none: found, started once, stopped with its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import pytest

from farstep import server
from farstep.errors import ConnectionFailed

if TYPE_CHECKING:
    from pathlib import Path

ALONE = {name: value for name, value in os.environ.items() if name not in (server.URL, server.COMMAND)}


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env={**ALONE, **environment},
        timeout=100,
        check=False,
    )


def gone(pid: int) -> bool:
    """Wait for a process to end."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
            state = subprocess.run(
                ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
            )
            if state.stdout.startswith("Z"):
                return True
        except ProcessLookupError:
            return True
    return False


def test_one_for_all_and_gone_at_the_end() -> None:
    done = run(
        """
        import farstep, farstep.server
        one, other = farstep.make("CartPole-v1"), farstep.make_vec("Taxi-v4", 2)
        one.reset(), other.reset()
        assert one.remote.client.url == other.remote.client.url == farstep.server.local_server().url
        print(farstep.server._own._process.pid, farstep.server._own._folder)
        """
    )
    assert done.returncode == 0, done.stderr
    pid, folder = done.stdout.split()
    assert gone(int(pid))
    assert not os.path.exists(folder)


def test_it_does_not_outlive_a_process_that_is_killed() -> None:
    code = "import farstep.server as s, time; s.local_server(); print(s._own._process.pid, flush=True); time.sleep(99)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=ALONE
    ) as child:
        assert child.stdout is not None
        pid = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
    assert gone(pid)


def test_one_that_died_is_started_again() -> None:
    done = run(
        """
        import farstep, farstep.server, time
        env = farstep.make("CartPole-v1", connection={"reconnect_timeout": 60})
        env.reset()
        farstep.server._own._process.kill()
        start = time.monotonic()
        try:
            env.step(0)
        except farstep.errors.ConnectionLost as error:
            print(error)
        assert time.monotonic() - start < 20
        farstep.make("CartPole-v1").reset()
        farstep.server.stop()
        """
    )
    assert done.returncode == 0, done.stderr
    assert "the connection was lost" in done.stdout


def test_a_fork_uses_its_parents() -> None:
    done = run(
        """
        import farstep, gymnasium, os
        farstep.make("CartPole-v1").reset()
        if os.fork() == 0:
            farstep.make("CartPole-v1").reset()
            raise SystemExit(0)
        assert os.wait()[1] == 0
        farstep.make("CartPole-v1").reset()
        """
    )
    assert done.returncode == 0, done.stderr


def test_where_it_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(server.COMMAND, raising=False)
    script = server.find_command()[1]
    assert script.endswith("dist/scripts/farstep.js"), "this checkout's"

    monkeypatch.setenv(server.COMMAND, "node '/my place/farstep.js'")
    assert server.find_command() == ["node", "/my place/farstep.js"]
    monkeypatch.delenv(server.COMMAND)

    # As installed from a wheel that has no server in it.
    package = tmp_path / "site" / "farstep"
    package.mkdir(parents=True)
    monkeypatch.setattr(server, "__file__", str(package / "server.py"))
    below = tmp_path / "project" / "src"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConnectionFailed, match=r"no `node` in the PATH.*FARSTEP_URL.*FARSTEP_SERVER"):
        server.find_command()
    (tmp_path / "node").touch(mode=0o755)
    with pytest.raises(ConnectionFailed, match="no farstep server is installed; `npm install -g farstep`"):
        server.find_command()
    (tmp_path / "farstep").touch(mode=0o755)
    assert server.find_command() == [str(tmp_path / "farstep")]
    installed = tmp_path / "project" / "node_modules" / "farstep" / "dist" / "scripts" / "farstep.js"
    installed.parent.mkdir(parents=True)
    installed.touch()
    assert server.find_command() == [str(tmp_path / "node"), str(installed)]
    (package / "_server.mjs").touch()
    assert server.find_command() == [str(tmp_path / "node"), str(package / "_server.mjs")]


def test_one_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    for command, message in [
        ("/nowhere/farstep", "did not start: .*No such file"),
        ("node -e 'console.error(\"too old\"); process.exit(1)'", "did not start: too old"),
        ("node -e 'setInterval(() => {}, 1000)'", r"did not start: no address within 0\.5 s"),
    ]:
        monkeypatch.setenv(server.COMMAND, command)
        monkeypatch.setattr(server, "START_SECONDS", 0.5 if "setInterval" in command else 30.0)
        with pytest.raises(ConnectionFailed, match=message):
            server._Child(server.find_command())


def test_a_url_in_the_environment(url: str) -> None:
    done = run(
        """
        import farstep, farstep.server
        print(farstep.make("CartPole-v1").remote.client.url)
        assert farstep.server._own is None
        """,
        **{server.URL: url},
    )
    assert done.stdout.strip() == url, done.stderr


def test_what_it_has_to_say_is_read(url: str) -> None:
    """A server that logs a lot is not brought to a halt by a pipe that nobody empties."""
    done = run(
        """
        import farstep.server, json, os, shlex, sys
        talk = "for (let i = 0; i < 50000; i++) console.error('x'.repeat(99)); "
        talk += "console.log('ws://done'); setInterval(() => {}, 999)"
        os.environ["FARSTEP_SERVER"] = shlex.join(["node", "-e", talk])
        print(farstep.server.local_server().url)
        """
    )
    assert done.stdout.strip() == "ws://done", done.stderr
