"""Errors as exceptions: the protocol's codes, in the types that Python and Gymnasium have for them."""

from __future__ import annotations

import re
from typing import Any

try:
    from gymnasium.error import ClosedEnvironmentError as _ClosedEnvironmentError
    from gymnasium.error import InvalidAction as _InvalidAction
    from gymnasium.error import NameNotFound as _NameNotFound
    from gymnasium.error import ResetNeeded as _ResetNeeded
    from gymnasium.error import UnsupportedMode as _UnsupportedMode
except ImportError:  # without the extra `gymnasium`
    _ClosedEnvironmentError = _InvalidAction = _NameNotFound = _ResetNeeded = _UnsupportedMode = Exception  # type: ignore[misc,assignment]


class FarstepError(Exception):
    """What went wrong, by a `code` of the protocol's table; the message says what was expected, what came and where.

    `recoverable`: everything is as it was before the request. `retry_after`: seconds after which the same may succeed.
    """

    def __init__(
        self,
        code: str | Exception,
        message: str | None = None,
        *,
        recoverable: bool = True,
        retry_after: float | None = None,
    ) -> None:
        if message is None:
            # Gymnasium, which passes exceptions on, makes them anew of one thing: another one, or what that says.
            message = str(code)
            told = re.fullmatch(r"(.*) \[(\w+)\](.*)", message, re.DOTALL)
            message, code = (told[1] + told[3], told[2]) if told else (message, "internal")
        assert isinstance(code, str)
        super().__init__(message)
        self.code = code
        self.message = message
        self.recoverable = recoverable
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.message} [{self.code}]"

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (type(self), self.code, self.message, self.recoverable, self.retry_after)


class InvalidAction(FarstepError, _InvalidAction):
    """An action outside its space. Nothing was stepped."""


class ResetNeeded(FarstepError, _ResetNeeded):
    """A step before the first reset, or after the end of an episode."""


class UnknownEnv(FarstepError, _NameNotFound):
    """An id that the server does not host."""


class UnknownOption(FarstepError, TypeError):
    """A keyword argument that is no option of the env."""


class UnsupportedMode(FarstepError, _UnsupportedMode):
    """A render mode that the env does not have."""


class ClosedEnvironment(FarstepError, _ClosedEnvironmentError):
    """The env or the client is closed already."""


class ConnectionFailed(FarstepError, ConnectionError):
    """No server answered at that address."""


class ConnectionLost(FarstepError, ConnectionError):
    """The connection ended, and could not be taken up again."""


class ReplyTimeout(ConnectionLost, TimeoutError):
    """No reply came in time; the connection counts as lost."""


_CLASSES: dict[str, type[FarstepError]] = {
    "bad_action": InvalidAction,
    "not_reset": ResetNeeded,
    "episode_over": ResetNeeded,
    "unknown_env": UnknownEnv,
    "unknown_world": UnknownEnv,
    "no_render": UnsupportedMode,
    "closed": ClosedEnvironment,
    "connection_failed": ConnectionFailed,
    "connection_lost": ConnectionLost,
}


def error(
    code: str, message: str, *, recoverable: bool = True, retry_after: float | None = None
) -> FarstepError:
    """Make the exception for a code; a plain FarstepError where it is none that this version knows."""
    return _CLASSES.get(code, FarstepError)(code, message, recoverable=recoverable, retry_after=retry_after)


def _revive(
    kind: type[FarstepError], code: str, message: str, recoverable: bool, retry_after: float | None
) -> FarstepError:
    return kind(code, message, recoverable=recoverable, retry_after=retry_after)
