"""Where a URL leads, for both clients."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

from websockets.exceptions import InvalidURI
from websockets.uri import parse_uri

from farstep._websocket import UNIX, Closed
from farstep.errors import ConnectionFailed


@dataclass(frozen=True)
class Address:
    """A unix socket, or a host and port, with or without TLS."""

    unix: str | None
    host: str
    port: int
    tls: ssl.SSLContext | None


def address_of(url: str) -> Address:
    """Read a URL. Raises `connection_failed` where it is none."""
    if url.startswith(UNIX):
        path = url[len(UNIX) :]
        return Address(path[2:] if path.startswith("//") else path, "", 0, None)
    try:
        parsed = parse_uri(url)
    except (InvalidURI, ValueError) as cause:
        expected = "expected an address like ws://host:port, wss://host:port or ws+unix:/path"
        raise ConnectionFailed("connection_failed", f"{expected}, got {url!r}") from cause
    tls = ssl.create_default_context() if parsed.secure else None
    return Address(None, parsed.host, parsed.port, tls)


def unreachable(url: str, cause: BaseException, seconds: float) -> ConnectionFailed:
    """Make the error for a server that does not answer."""
    why = (
        f"no answer within {seconds:g} s"
        if isinstance(cause, (TimeoutError, asyncio.TimeoutError))
        else str(cause)
    )
    closed = cause.args[0] if cause.args else None
    if isinstance(closed, Closed) and closed.retry_after > 0:
        message = f"{url}: the server is started anew, in {closed.retry_after:g} s"
        return ConnectionFailed("connection_failed", message, retry_after=closed.retry_after)
    hint = "Is a farstep server running there? `npx farstep serve` starts one; without a url one is started here."
    return ConnectionFailed("connection_failed", f"{url}: {why}. {hint}")
