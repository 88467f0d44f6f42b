"""The conformance kit judges the clients: they keep every rule of the specification that can be seen from outside."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from farstep.server import find_command

CLIENT = Path(__file__).with_name("conformance_client.py")


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_every_rule_holds(kind: str) -> None:
    client = shlex.join([sys.executable, str(CLIENT), kind])
    command = [*find_command(), "conform", "--json", "--timeout", "60", "--client", client]
    env = {**os.environ, "PYTHONPATH": str(CLIENT.parents[1])}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    rules = [rule for group in json.loads(done.stdout)["groups"] for rule in group["rules"]]
    assert [rule for rule in rules if rule["verdict"] != "holds"] == []
    assert len(rules) > 30
