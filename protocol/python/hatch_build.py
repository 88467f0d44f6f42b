"""Sees to it that a wheel has the server in it."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ServerHook(BuildHookInterface[Any]):
    """Refuses to build without the bundled server. An editable install runs the one of its checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        bundle = Path(self.root, "farstep", "_server.mjs")
        if version != "editable" and not bundle.exists():
            raise FileNotFoundError(f"{bundle} is missing: `npm ci && npm run bundle:python` makes it")
