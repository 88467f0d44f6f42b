"""The recorded sessions of protocol/conformance: every batch in them is read as what the recording says that it is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from farstep import _frames
from farstep._frames import Layout
from farstep.results import StepSample

SESSIONS = sorted((Path(__file__).parents[2] / "conformance" / "sessions").glob("*.json"))
DTYPES = {"bool", "int8", "uint8", "int32", "uint32", "float32", "float64"}
FREE = {"{stream}": "01"}  # what stands for values that a server is free to choose; nil for all others


def slabs(told: Any) -> list[Any]:
    """Give the arrays of a message in the recording's notation, in their order: `{"float32": [0.5, 1]}`."""
    if isinstance(told, dict) and len(told) == 1 and next(iter(told)) in DTYPES:
        return [*told.values()]
    parts = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
    return [slab for part in parts for slab in slabs(part)]


def leaves(batch: Any) -> list[Any]:
    if isinstance(batch, np.ndarray):
        return [batch.ravel()]
    parts = batch.values() if isinstance(batch, dict) else batch if isinstance(batch, tuple) else ()
    return [leaf for part in parts for leaf in leaves(part)]


def test_there_are_some() -> None:
    assert len(SESSIONS) > 20


@pytest.mark.parametrize("path", SESSIONS, ids=[path.stem for path in SESSIONS])
def test_session(path: Path) -> None:
    layouts: dict[Any, Layout] = {}
    asked: dict[Any, Any] = {}
    sessions: dict[Any, Any] = {}  # of a connection, the one that its session began with
    welcomed = None
    for step in json.loads(path.read_text())["steps"]:
        message, connection = step.get("message"), step.get("connection")
        if not isinstance(message, dict) or "bytes" not in step:
            continue
        if message.get("type") == "hello":
            sessions[connection] = welcomed if "resume" in message else connection
        session = sessions.get(connection)
        if step["from"] == "client":
            asked[session, message.get("id")] = message.get("env")
            continue
        frame = memoryview(bytes.fromhex(re.sub(r"\{\w+\}", lambda m: FREE.get(m[0], "c0"), step["bytes"])))
        env = session, asked.get((session, message.get("id")))
        outcome = ["observations", "rewards", "terminated", "truncated", "infos"]
        if message["type"] in ("made", "created", "joined"):
            layouts[session, message["env"]] = Layout(_frames.unpack(frame)["contract"])
        elif message["type"] == "subscribed":
            layouts[session, message["stream"]] = Layout(_frames.unpack(frame)["contract"])
        elif message["type"] == "started":
            result = layouts[env].started(_frames.unpack(frame))
            told = slabs([message["observations"], message["infos"]])
            check([result.observations, result.infos], told)
            assert result.seeds.tolist() == message["seeds"]
        elif message["type"] == "stepped":
            assert _frames.hot_head(frame) == (2, message["id"])
            stepped = layouts[env].stepped(frame)
            check(list(stepped[:5]), slabs([message[name] for name in outcome]))
            assert (stepped.ended is None) == (message["ended"] is None)
            check(list(stepped.ended or ()), slabs(message["ended"]))
        elif message["type"].endswith(" sample"):
            sample = layouts[session, message["stream"]].sample(frame, message["sequence"] - 1)
            assert (sample.sequence, sample.lost) == (message["sequence"], 0)
            rows = slabs(message["ids"]) or [range(message["n"])]
            check([sample.ids], rows)
            if isinstance(sample, StepSample):
                check([sample.actions], slabs(message["actions"]))
                check(list(sample.result[:5]), slabs([message[name] for name in outcome]))
            else:
                parts = [sample.result.observations, sample.result.infos, sample.result.seeds]
                check(parts, slabs([message["observations"], message["infos"], message["seeds"]]))
        else:
            assert _frames.unpack(frame)["type"] == message["type"]
            welcomed = session if message["type"] == "welcome" else welcomed


def check(parts: list[Any], told: list[Any]) -> None:
    ours = [leaf for part in parts for leaf in leaves(part)]
    assert len(ours) == len(told)
    for array, values in zip(ours, told, strict=True):
        assert array.tolist() == np.array(values, array.dtype).tolist()
