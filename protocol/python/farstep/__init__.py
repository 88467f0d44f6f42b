"""Environments behind a WebSocket, as Gymnasium and PettingZoo environments. README.md is the manual."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from farstep._session import VERSION
from farstep.client import Client, connect
from farstep.errors import FarstepError

if TYPE_CHECKING:
    from farstep.envs import make, make_vec
    from farstep.worlds import aec_env, parallel_env

__version__ = VERSION
__all__ = [
    "Client",
    "FarstepError",
    "__version__",
    "aec_env",
    "connect",
    "make",
    "make_vec",
    "parallel_env",
]

# What needs an extra, and which.
_EXTRAS = {
    "make": ("farstep.envs", "gymnasium"),
    "make_vec": ("farstep.envs", "gymnasium"),
    "parallel_env": ("farstep.worlds", "pettingzoo"),
    "aec_env": ("farstep.worlds", "pettingzoo"),
}


def __getattr__(name: str) -> Any:
    if name not in _EXTRAS:
        raise AttributeError(f"module 'farstep' has no attribute {name!r}")
    module, extra = _EXTRAS[name]
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] != extra:
            raise
        raise ModuleNotFoundError(
            f"farstep.{name} needs {extra}: pip install farstep[{extra}]", name=extra
        ) from missing


if find_spec("gymnasium"):
    from farstep.registration import register

    register()
