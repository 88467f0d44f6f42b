"""Everything that goes wrong is an exception that says what to do, within the time that was stated. Both clients."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import msgpack
import numpy as np
import pytest

import farstep
import farstep.aio
from fake import COUNTER, WELCOME, Peer, fake_server, stepped
from farstep._calls import Control
from farstep.errors import ConnectionFailed, ConnectionLost, FarstepError, ReplyTimeout
from farstep.server import find_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAST: dict[str, Any] = {"timeout": 0.5, "connect_timeout": 0.5, "reconnect_timeout": 0.5}
# For what is expected to come about, however busy the machine is.
PATIENT: dict[str, Any] = {"timeout": 60.0, "connect_timeout": 60.0, "reconnect_timeout": 60.0}
# The longest that a wait of half a second may take on a machine that is busy with other things.
SOON = 10.0
Use = "Callable[[str], Any]"


def use(url: str, settings: dict[str, Any] = PATIENT) -> Any:
    """Connect, make an env and step it by the blocking client."""
    with farstep.connect(url, **settings) as client:
        env = client.make("Counter-v0")
        return [env.step([1]).observations.tolist() for _ in range(2)]


def use_async(url: str, settings: dict[str, Any] = PATIENT) -> Any:
    """The same by the client for asyncio."""

    async def main() -> Any:
        async with farstep.aio.connect(url, **settings) as client:
            env = await client.make("Counter-v0")
            return [(await env.step([1])).observations.tolist() for _ in range(2)]

    return asyncio.run(main())


@pytest.fixture(params=[use, use_async], ids=["blocking", "asyncio"])
def use_env(request: pytest.FixtureRequest) -> Any:
    return request.param


def refuse(code: str, message: str, **fields: Any) -> Callable[[Peer], None]:
    """A server that answers hello with an error, as the protocol says."""

    def script(peer: Peer) -> None:
        peer.shake_hands()
        peer.recv()
        error = {"type": "error", "id": None, "code": code, "message": message, "recoverable": False}
        peer.send({**error, **fields})
        peer.web.send_close(4000, code)
        peer.flush()

    return script


@contextlib.contextmanager
def soon() -> Iterator[None]:
    """What is done meanwhile comes to its end in time."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < SOON


def fails(
    kind: type[Exception],
    message: str,
    use_env: Callable[..., Any],
    url: str,
    settings: dict[str, Any] = PATIENT,
) -> FarstepError:
    with soon(), pytest.raises(kind, match=message) as caught:
        use_env(url, settings)
    assert isinstance(caught.value, FarstepError)
    return caught.value


# Connecting


def test_a_url_that_is_none(use_env: Any) -> None:
    for url in ("localhost:7447", "http://localhost:7447", "ws://"):
        fails(
            ConnectionFailed,
            re.escape(f"ws://host:port, wss://host:port or ws+unix:/path, got '{url}'"),
            use_env,
            url,
        )


def test_a_url_that_nothing_answers_on(use_env: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = fails(
        ConnectionFailed,
        "Is a farstep server running there.*npx farstep serve",
        use_env,
        f"ws://127.0.0.1:{port}",
    )
    assert error.code == "connection_failed"
    assert isinstance(error, ConnectionError), "Python's own"


def test_a_unix_socket_that_is_not_there(use_env: Any, tmp_path: Any) -> None:
    fails(ConnectionFailed, "No such file", use_env, f"ws+unix:{tmp_path}/s")


def test_a_port_that_never_says_anything(use_env: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
        fails(ConnectionFailed, r"no answer within 0\.5 s", use_env, url, FAST)


def test_a_server_of_something_else(use_env: Any) -> None:
    def answer(text: bytes) -> Callable[[Peer], None]:
        def script(peer: Peer) -> None:
            peer.socket.recv(65536)
            peer.socket.sendall(text)

        return script

    for text, message in [
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "no farstep server: it answers 'HTTP/1.1 404 Not Found'",
        ),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            "no farstep server: missing Sec-WebSocket-Accept",
        ),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "no farstep server: it answers 'SSH-2.0"),
        (b"220 mail" + b" " * 20000, "it answers, but not with HTTP"),
        (b"", "the connection was closed"),
    ]:
        with fake_server(answer(text)) as url:
            fails(ConnectionFailed, re.escape(message), use_env, url)


def test_a_server_of_another_generation(use_env: Any) -> None:
    with fake_server(refuse("unsupported_protocol", "this server speaks protocol 2, the client 1")) as url:
        message = "protocol 2, the client 1; this is farstep .* which speaks protocol 1: install the versions"
        assert fails(FarstepError, message, use_env, url).code == "unsupported_protocol"


def test_a_server_that_says_welcome_in_other_words(use_env: Any) -> None:
    for reply, message in [
        ({"type": "greetings"}, "greetings: expected welcome"),
        ([2, 1], "expected welcome"),
        ({"type": "welcome", "session": "x", "edition": 2, "limits": {}}, "edition 2, which was not offered"),
        (
            {"type": "welcome", "session": "x", "edition": 1, "limits": {}},
            "requestsInFlight: expected int, got None",
        ),
        (
            {"type": "welcome", "session": "x", "edition": 1, "limits": {"requestsInFlight": 1}},
            "graceMs: expected int, got None",
        ),
    ]:

        def script(peer: Peer, reply: Any = reply) -> None:
            peer.shake_hands()
            peer.recv()
            peer.send(reply)
            peer.recv()

        with fake_server(script) as url:
            assert fails(FarstepError, message, use_env, url).code == "bad_reply"


def test_a_token_that_is_refused(use_env: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_server(refuse("unauthorized", "unknown token")) as url:
        fails(
            FarstepError,
            "unknown token; no token was sent: give one.*token=… or in FARSTEP_TOKEN",
            use_env,
            url,
        )
    monkeypatch.setenv("FARSTEP_TOKEN", "secret")
    with fake_server(refuse("unauthorized", "unknown token")) as url:
        error = fails(FarstepError, "unknown token; a token was sent", use_env, url)
        assert "secret" not in str(error)


def test_a_token_is_sent(use_env: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(peer: Peer) -> None:
        peer.shake_hands()
        assert peer.recv()["token"] == "secret"
        peer.drop()

    monkeypatch.setenv("FARSTEP_TOKEN", "secret")
    with fake_server(script) as url:
        fails(ConnectionFailed, "reset", use_env, url)


# Requests


def test_an_env_that_the_server_lacks(url: str, use_env: Any) -> None:
    assert fails(FarstepError, 'no env "Counter-v0"; the nearest are', use_env, url).code == "unknown_env"


def test_an_action_outside_the_space(url: str) -> None:
    with farstep.connect(url) as client:
        envs = client.make("CartPole-v1", 3, seed=0)
        before = envs.reset().observations
        for actions, message in [
            ([0, 2, 1], r"env 1: action = 2 is outside Discrete\(2\)"),
            ([0, 1], r"expected int64\[3\], got int64\[2\]"),
            ([0.0, 1.0, 1.0], r"expected int64\[3\], got float64\[3\]"),
            ([0, 2**32, 1], r"expected int64, got 4294967296"),
            ({"left": 1}, r"got object\[\]"),
        ]:
            with soon(), pytest.raises(farstep.errors.InvalidAction, match=message):
                envs.step(actions)
        with farstep.connect(url) as other:
            same = other.make("CartPole-v1", 3, seed=0)
            assert np.array_equal(same.reset().observations, before)
            step, expected = envs.step([0, 1, 1]), same.step([0, 1, 1])
        assert np.array_equal(step.observations, expected.observations), "nothing was stepped before"


def test_an_action_outside_the_space_for_asyncio(url: str) -> None:
    async def main() -> None:
        async with farstep.aio.connect(url) as client:
            envs = await client.make("CartPole-v1", 3)
            await envs.reset()
            with pytest.raises(farstep.errors.InvalidAction, match=r"env 1: action = 2 is outside Discrete"):
                await envs.step([0, 2, 1])

    with soon():
        asyncio.run(main())


def test_ids_that_are_none(url: str) -> None:
    with farstep.connect(url) as client:
        envs = client.make("CartPole-v1", 3)
        envs.reset()
        cases: list[tuple[Any, str]] = [
            ([3], "expected 0 to 2, got 3"),
            ([-1], "got -1"),
            ([0.5], "a list of integers"),
            ([0, 0], "env 0 is named twice"),
        ]
        for ids, message in cases:
            with pytest.raises(FarstepError, match=message) as caught:
                envs.step(np.zeros(len(ids), int), ids)
            assert caught.value.code == "bad_ids"


def test_no_reply(use_env: Any) -> None:
    def script(peer: Peer) -> None:
        peer.made()
        peer.recv()
        peer.recv()  # the client hangs up

    with fake_server(script) as url:
        error = fails(ReplyTimeout, "no reply to step .*given up", use_env, url, FAST)
    assert isinstance(error, TimeoutError)
    assert error.code == "connection_lost"


def test_a_server_killed_in_mid_step(use_env: Any) -> None:
    def script(peer: Peer) -> None:
        peer.made()
        peer.recv()
        peer.drop()

    with fake_server(script) as url:
        fails(ConnectionLost, "connection was lost: .*; it is not taken up again", use_env, url)


def test_a_server_that_stops_says_why(use_env: Any) -> None:
    def script(peer: Peer) -> None:
        peer.made()
        peer.recv()
        peer.send(
            {
                "type": "error",
                "id": None,
                "code": "shutting_down",
                "message": "the server is stopping",
                "retryAfterMs": 1500,
            }
        )
        peer.web.send_close(1001, "shutting_down")
        peer.flush()

    with fake_server(script) as url:
        error = fails(FarstepError, "the server is stopping", use_env, url)
    assert (error.code, error.retry_after, error.recoverable) == ("shutting_down", 1.5, False)


def test_a_server_that_ended_the_session_meanwhile() -> None:
    """What it said before is what is told, not that the connection is gone."""
    ended = threading.Event()

    def script(peer: Peer) -> None:
        peer.made(resume="ticket")
        peer.send({"type": "error", "id": None, "code": "idle_timeout", "message": "nothing came for long"})
        peer.web.send_close(4003, "idle_timeout")
        peer.flush()
        peer.socket.close()
        ended.set()

    with fake_server(script) as url, farstep.connect(url, **PATIENT) as client:
        env = client.make("Counter-v0")
        assert ended.wait(SOON)
        client._connection.keep_alive()
        for _ in range(3):
            with pytest.raises(FarstepError, match="nothing came for long") as caught:
                env.step([1])
            assert caught.value.code == "idle_timeout"


def test_codes_that_this_version_does_not_know(use_env: Any) -> None:
    def script(peer: Peer) -> None:
        peer.welcome()
        peer.send(
            {
                "type": "error",
                "id": peer.recv()["id"],
                "code": "too_late",
                "message": "come tomorrow",
                "recoverable": True,
            }
        )

    with fake_server(script) as url:
        error = fails(FarstepError, r"come tomorrow \[too_late\]", use_env, url)
    assert (error.code, error.recoverable) == ("too_late", True)


@pytest.mark.parametrize(
    "reply",
    [
        {"type": "stepped", "id": 2},
        stepped(2, 1)[:8],
        [3, *stepped(2, 1)[1:]],
        [2, 2, 1, [b"\1\0\0"], b"\0" * 8, b"\0", b"\0", [], None],
        [2, 2, 1, [], b"\0" * 8, b"\0", b"\0", [], None],
        [2, 2, 1, [b"\1\0\0\0"], b"\0" * 8, b"\0", b"\0", [[b"\0"]], None],
        [2, 2, 1, [b"\1\0\0\0"], b"\0" * 8, b"\0", b"\0", [], [b"\0"]],
        [2, 2, 2**40, [b"\1\0\0\0"], b"\0" * 8, b"\0", b"\0", [], None],
        [2, 2, 1.5, *stepped(2, 1)[3:]],
        [2, 2, -1, *stepped(2, 1)[3:]],
        [2, 2, float("nan"), *stepped(2, 1)[3:]],
        {"type": "error", "id": 2},
        {"type": "error", "id": "2", "code": "x"},
        {"type": "error", "id": 2, "code": "x", "retryAfterMs": "300"},
        {"type": "error", "id": 2, "code": "x", "retryAfterMs": float("nan")},
        {"id": 2},
    ],
)
def test_replies_that_are_none(reply: Any, use_env: Any) -> None:
    def script(peer: Peer) -> None:
        peer.made()
        peer.recv()
        peer.send(reply)
        peer.recv()

    with fake_server(script) as url:
        assert fails(FarstepError, "bad_reply", use_env, url).code == "bad_reply"


def test_frames_that_are_none(use_env: Any) -> None:
    whole = msgpack.packb(stepped(2, 1))
    frames = [
        b"",
        b"\xc1",
        whole[:-9],
        whole + b"\0",
        b"\x81\xa4type",
        b"\x82\xa4type\xa1a\xa4type\xa1b",
        b"\x81\x01\x02",
    ]
    frames += [
        b"\x81\xa4type\xa1\xff",
        b"\x81\xa4type\xc7\x01\x05a",
        b"\x91" * 40 + b"\xc0",
        b"\x81\xa4type" + b"\x91" * 40 + b"\xc0",
    ]
    for frame in frames:

        def script(peer: Peer, frame: bytes = frame) -> None:
            peer.made()
            peer.recv()
            peer.send_bytes(frame)
            peer.recv()

        with fake_server(script) as url:
            assert fails(FarstepError, "bad_reply", use_env, url).code == "bad_reply", frame


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\x81\x02hi", "a frame that begins with 0x81"),
        (b"\xc2\x00", "reserved bits"),
        (b"\x82\x81\0\0\0\0a", "a masked frame"),
        (b"\x80\x00", "a frame that begins with 0x80"),
        (b"\x82\x7f" + struct.pack(">Q", 2**40), "a frame of 1099511627776 bytes"),
        (b"\x88\x01a", "a close frame that is none"),
    ],
)
def test_bytes_that_are_no_websocket(raw: bytes, message: str, use_env: Any) -> None:
    def script(peer: Peer) -> None:
        peer.made()
        peer.recv()
        peer.socket.sendall(raw)
        peer.recv()

    with fake_server(script) as url:
        fails(ConnectionLost, message, use_env, url)


# What is no failure


def test_replies_find_their_requests_in_any_order() -> None:
    def script(peer: Peer) -> None:
        peer.made()
        ids = [peer.recv()[1] for _ in range(3)]
        for count, id in reversed(list(enumerate(ids))):
            peer.send(stepped(id, count))
        peer.recv()

    async def main(url: str) -> list[int]:
        async with farstep.aio.connect(url, **PATIENT) as client:
            env = await client.make("Counter-v0")
            steps = await asyncio.gather(*(env.step([1]) for _ in range(3)))
            return [int(step.observations[0]) for step in steps]

    with fake_server(script) as url, farstep.connect(url, **PATIENT) as client:
        env = client.make("Counter-v0")
        for _ in range(3):
            env.send([1])
        assert [int(env.recv()[1].observations[0]) for _ in range(3)] == [2, 1, 0]
    with fake_server(script) as url:
        assert asyncio.run(main(url)) == [0, 1, 2]


def test_a_reply_that_nobody_waits_for_any_more_shifts_nothing() -> None:
    def script(peer: Peer) -> None:
        peer.made()
        first, second = peer.recv()[1], peer.recv()[1]
        peer.send(stepped(first, 1))
        peer.send(stepped(second, 2))
        peer.recv()

    async def main(url: str) -> Any:
        async with farstep.aio.connect(url, **PATIENT) as client:
            env = await client.make("Counter-v0")
            interrupted = asyncio.create_task(env.step([1]))
            await asyncio.sleep(0)
            interrupted.cancel()
            return (await env.step([1])).observations.tolist()

    with fake_server(script) as url:
        assert asyncio.run(main(url)) == [2]

    with fake_server(script) as url, farstep.connect(url, **PATIENT) as client:
        env = client.make("Counter-v0")
        wire: Any = env._connection._wire
        pump = wire.pump

        def interrupt(deadline: float) -> None:
            wire.pump = pump
            raise KeyboardInterrupt

        wire.pump = interrupt
        with pytest.raises(KeyboardInterrupt):
            env.step([1])
        assert env.step([1]).observations.tolist() == [2]
        assert client._connection._replies == {}, "nothing is kept for nobody"


def test_fragments_pings_and_every_width_of_integer(use_env: Any) -> None:
    def wide(id: int, count: int) -> bytes:
        slab = b"\xc6\0\0\0\x04" + struct.pack("<i", count)
        reward = b"\xc5\0\x08" + struct.pack("<d", 1.0)
        head = b"\xdc\0\x09\xcc\x02\xcf" + struct.pack(">Q", id) + b"\xce\0\0\0\x01"
        return head + b"\xdd\0\0\0\x01" + slab + reward + b"\xc4\x01\0" * 2 + b"\x90\xc0"

    def script(peer: Peer) -> None:
        peer.made()
        data = wide(peer.recv()[1], 5)
        peer.web.send_binary(data[:7], fin=False)
        peer.web.send_ping(b"there?")
        peer.web.send_continuation(data[7:8], fin=False)
        peer.web.send_continuation(b"", fin=False)
        peer.web.send_continuation(data[8:], fin=True)
        for byte in b"".join(peer.web.data_to_send()):
            peer.socket.sendall(bytes([byte]))
        data = wide(peer.recv()[1], 6)
        assert peer.pongs == 1
        peer.send_bytes(data)
        peer.recv()

    with fake_server(script) as url:
        assert use_env(url) == [[5], [6]]


def test_fields_that_this_version_does_not_know(use_env: Any) -> None:
    def script(peer: Peer) -> None:
        peer.welcome(weather="fine")
        contract = {**COUNTER, "colour": "green"}
        peer.send({"type": "made", "id": peer.recv()["id"], "env": 1.0, "contract": contract, "hurry": True})
        for count in range(2):
            peer.send(stepped(peer.recv()[1], count))
        peer.recv()

    with fake_server(script) as url:
        assert use_env(url) == [[0], [1]]


def test_pings_are_answered_while_the_caller_computes() -> None:
    answered = threading.Event()

    def script(peer: Peer) -> None:
        peer.made()
        peer.web.send_ping(b"there?")
        peer.flush()
        assert peer.next() is None
        answered.set()
        peer.send(stepped(peer.recv()[1], 3))
        peer.recv()

    with fake_server(script) as url, farstep.connect(url, **PATIENT) as client:
        env = client.make("Counter-v0")
        end = time.monotonic() + SOON
        while not answered.is_set() and time.monotonic() < end:
            client._connection.keep_alive()
        assert env.step([1]).observations.tolist() == [3]


def test_a_server_that_reads_no_more_until_it_is_read_from() -> None:
    """Sending many requests before taking their replies comes to no standstill."""
    big = 2**23

    def script(peer: Peer) -> None:
        peer.welcome()
        for _ in range(2):
            id = peer.recv()["id"]
            peer.send({"type": "snapshotted", "id": id, "snapshots": [b"x" * big]})
        peer.recv()

    with fake_server(script) as url, farstep.connect(url, **PATIENT) as client:
        connection = client._connection
        calls = [
            Control(
                "snapshotted",
                lambda reply: reply["snapshots"],
                {"type": "restore", "snapshots": [b"y" * size]},
            )
            for size in (1, big)
        ]
        ids = [connection.post(call) for call in calls]
        for id in ids:
            _, reply = connection.wait([id], "restore")
            assert len(reply["snapshots"][0]) == big


def test_no_more_requests_than_the_server_takes(use_env: Any) -> None:
    def script(peer: Peer) -> None:
        peer.made(limits={**WELCOME["limits"], "requestsInFlight": 2})
        under_way = [peer.recv()[1], peer.recv()[1]]
        peer.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            peer.recv()
        peer.socket.settimeout(20)
        for count in range(10):
            peer.send(stepped(under_way.pop(0), count))
            if count < 8:
                under_way.append(peer.recv()[1])
        with contextlib.suppress(ConnectionError):
            peer.recv()

    async def main(url: str) -> Any:
        async with farstep.aio.connect(url, **PATIENT) as client:
            env = await client.make("Counter-v0")
            return [int(s.observations[0]) for s in await asyncio.gather(*(env.step([1]) for _ in range(10)))]

    with fake_server(script) as url:
        if use_env is use_async:
            assert asyncio.run(main(url)) == list(range(10))
        else:
            with farstep.connect(url, **PATIENT) as client:
                env = client.make("Counter-v0")
                for _ in range(10):
                    env.send([1])
                assert [int(env.recv()[1].observations[0]) for _ in range(10)] == list(range(10))


def test_room_for_a_request_that_was_given_up_is_anothers() -> None:
    def script(peer: Peer) -> None:
        peer.made(limits={**WELCOME["limits"], "requestsInFlight": 1})
        for count in range(2):
            peer.send(stepped(peer.recv()[1], count))
        peer.recv()

    async def main(url: str) -> Any:
        async with farstep.aio.connect(url, **PATIENT) as client:
            env = await client.make("Counter-v0")
            second, third = (asyncio.create_task(env.step([1])) for _ in range(2))
            await env.step([1])  # before the others, which wait for room
            second.cancel()  # it has been given the room, and has not heard so yet
            step = await asyncio.wait_for(third, SOON)
            assert second.cancelled()
            return step.observations.tolist()

    with fake_server(script) as url:
        assert asyncio.run(main(url)) == [1]


# Sessions that are taken up again


def test_a_session_goes_on_after_a_lost_connection(use_env: Any) -> None:
    first: list[Any] = []

    def drops(peer: Peer) -> None:
        peer.made(resume="ticket")
        first.append(peer.recv())
        peer.drop()

    def goes_on(peer: Peer) -> None:
        assert peer.welcome(resume="ticket")["resume"] == "ticket"
        assert peer.recv() == first[0], "the same request, byte for byte"
        peer.send(stepped(first[0][1], 7))
        request = peer.recv()
        assert request[1] > first[0][1]
        assert request[5] == first[0][1], "it tells which reply has come"
        peer.send(stepped(request[1], 8))
        peer.recv()

    with fake_server(drops, lambda peer: peer.drop(), goes_on) as url:
        assert use_env(url) == [[7], [8]]


def test_a_session_that_the_server_has_forgotten(use_env: Any) -> None:
    def drops(peer: Peer) -> None:
        peer.made(resume="ticket")
        peer.recv()
        peer.drop()

    with fake_server(drops, refuse("no_such_session", "no session of that token")) as url:
        fails(ConnectionLost, "the server does not resume it: no session of that token", use_env, url)


def test_a_server_that_does_not_come_back(use_env: Any) -> None:
    def drops(peer: Peer) -> None:
        peer.made(resume="ticket")
        peer.recv()
        peer.drop()

    with fake_server(drops) as url:
        fails(ConnectionLost, r"could not be taken up again within 0\.5 s", use_env, url, FAST)


def test_it_is_tried_for_as_long_as_the_server_waits(use_env: Any) -> None:
    def drops(peer: Peer) -> None:
        peer.made(resume="ticket", limits={**WELCOME["limits"], "graceMs": 300})
        peer.recv()
        peer.drop()

    with fake_server(drops) as url:
        fails(
            ConnectionLost,
            r"could not be taken up again within 0\.3 s",
            use_env,
            url,
            {"connect_timeout": 0.5},
        )


def test_a_server_that_takes_up_another_session(use_env: Any) -> None:
    def drops(peer: Peer) -> None:
        peer.made(resume="ticket")
        peer.recv()
        peer.drop()

    with fake_server(drops, lambda peer: peer.welcome(session="other")) as url:
        fails(ConnectionLost, "expected to resume session fake, got other", use_env, url)


def stops(reason: str) -> Callable[[Peer], None]:
    """A server that is stopped in good order while a step is under way, and is started anew."""

    def script(peer: Peer) -> None:
        peer.made(resume="ticket")
        peer.recv()
        peer.web.send_close(1012, reason)
        peer.flush()

    return script


def test_a_server_that_stops_is_asked_again_when_it_says(use_env: Any) -> None:
    moments: list[float] = []

    def at(script: Callable[[Peer], Any]) -> Callable[[Peer], None]:
        def timed(peer: Peer) -> None:
            moments.append(time.monotonic())
            script(peer)
            moments.append(time.monotonic())

        return timed

    def goes_on(peer: Peer) -> None:
        moments.append(time.monotonic())
        peer.welcome(resume="ticket")
        for count in range(2):
            peer.send(stepped(peer.recv()[1], count))
        peer.recv()

    with fake_server(
        at(stops("300")), at(refuse("shutting_down", "not yet", retryAfterMs=400)), goes_on
    ) as url:
        assert use_env(url) == [[0], [1]]
    _, stopped, asked, refused, welcomed = moments
    assert asked - stopped >= 0.3
    assert welcomed - refused >= 0.4


def test_a_server_that_stops_while_it_is_asked(use_env: Any) -> None:
    moments: list[float] = []

    def stops_again(peer: Peer) -> None:
        peer.shake_hands()
        peer.recv()
        moments.append(time.monotonic())
        peer.web.send_close(1012, "300")
        peer.flush()

    def goes_on(peer: Peer) -> None:
        moments.append(time.monotonic())
        peer.welcome(resume="ticket")
        for count in range(2):
            peer.send(stepped(peer.recv()[1], count))
        peer.recv()

    with fake_server(stops("0"), stops_again, goes_on) as url:
        assert use_env(url) == [[0], [1]]
    assert moments[1] - moments[0] >= 0.3
    with fake_server(stops_again) as url:
        refusal = fails(ConnectionFailed, "is started anew, in 0.3 s", use_env, url)
        assert refusal.retry_after == 0.3


def test_reasons_that_are_no_time(use_env: Any) -> None:
    for reason in ("", "soon", "-1", "1e3", "9" * 10, "٣"):
        with fake_server(stops(reason), refuse("no_such_session", "no session of that token")) as url:
            fails(ConnectionLost, "the server does not resume it: no session of that token", use_env, url)


def test_a_reply_has_its_whole_time_after_a_restart(use_env: Any) -> None:
    def goes_on(peer: Peer) -> None:
        peer.welcome(resume="ticket")
        time.sleep(0.4)
        for count in range(2):
            peer.send(stepped(peer.recv()[1], count))
        peer.recv()

    with fake_server(stops("1000"), goes_on) as url:
        assert use_env(url, {"timeout": 1.2}) == [[0], [1]]


def test_a_goodbye_that_is_read_before_anybody_asks() -> None:
    ended = threading.Event()
    moments: list[float] = []

    def stops(peer: Peer) -> None:
        peer.made(resume="ticket")
        peer.web.send_close(1012, "300")
        peer.flush()
        ended.set()

    def goes_on(peer: Peer) -> None:
        moments.append(time.monotonic())
        peer.welcome(resume="ticket")
        peer.send(stepped(peer.recv()[1], 7))
        peer.recv()

    with fake_server(stops, goes_on) as url, farstep.connect(url, **PATIENT) as client:
        env = client.make("Counter-v0")
        assert ended.wait(SOON)
        client._connection.keep_alive()
        asked = time.monotonic()
        assert env.step([1]).observations.tolist() == [7]
        assert moments[0] - asked >= 0.3


# The real server


@pytest.fixture
def process() -> Iterator[Any]:
    command = [*find_command(), "serve", "--child", "--port", "0", "--log-level", "fatal"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.url = child.stdout.readline().strip()  # type: ignore[attr-defined]
    yield child
    child.kill()
    child.communicate()


def test_a_server_that_hangs_and_is_killed(process: Any) -> None:
    with farstep.connect(process.url, **FAST) as client:
        envs = client.make("CartPole-v1", 2)
        envs.reset()
        os.kill(process.pid, signal.SIGSTOP)
        with soon(), pytest.raises(ReplyTimeout, match="no reply to step"):
            envs.step([0, 1])
        os.kill(process.pid, signal.SIGCONT)
    client = farstep.connect(process.url, **{**FAST, "timeout": 60.0})
    envs = client.make("CartPole-v1", 2)
    envs.reset()
    process.kill()
    with soon(), pytest.raises(ConnectionLost) as caught:
        envs.step([0, 1])
    with pytest.raises(ConnectionLost, match=re.escape(caught.value.message)):
        envs.reset()
    client.close()
