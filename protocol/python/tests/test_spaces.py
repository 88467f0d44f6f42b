"""Spaces: those of the protocol's test data as Gymnasium's, and batches of all kinds there and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array

from farstep._current import Current
from farstep._gym_spaces import gym_space
from farstep._infos import row, vector
from farstep._spaces import space_from_json
from farstep.errors import FarstepError, InvalidAction

FIXTURES = json.loads((Path(__file__).parents[3] / "test/fixtures/spaces/gymnasium.json").read_text())
N = 3
TEXT = {"type": "Text", "minLength": 0, "maxLength": 4, "charset": "ab\u20ac\U0001f600"}
JSON: list[dict[str, Any]] = [
    *({json.dumps(case["space"]): case["space"] for case in FIXTURES["batches"]}.values()),
    TEXT,
    {
        "type": "Dict",
        "spaces": {"b": TEXT, "a": {"type": "Tuple", "spaces": [TEXT, {"type": "Discrete", "n": 3}]}},
    },
]


def batched(space: Any, values: list[Any]) -> Any:
    empty: Any = create_empty_array(space, len(values))
    return concatenate(space, values, empty)


@pytest.mark.parametrize("case", FIXTURES["batches"], ids=str)
def test_batched_spaces_are_those_that_the_server_tells(case: Any) -> None:
    batched = batch_space(gym_space(case["space"]), case["n"])
    told = gym_space(case["batched"])
    # Discrete values are int64 in Gymnasium, int32 on the wire.
    assert told == batched or str(told).replace("int32", "int64") == str(batched).replace("int32", "int64")


@pytest.mark.parametrize("space", JSON, ids=str)
def test_batches_there_and_back(space: Any) -> None:
    """Values of Gymnasium's space, written as actions and read as observations, are Gymnasium's batch again."""
    gym, ours = gym_space(space), space_from_json(space)
    gym.seed(1)
    values = [gym.sample() for _ in range(N)]
    batch = batched(gym, values)
    slabs = ours.write(batch, (N,), "actions")
    assert [len(slab) for slab in slabs] == [N * leaf.nbytes for leaf in ours.leaves]
    arrays = [leaf.read(memoryview(b"?" + slab), 1, N) for leaf, slab in zip(ours.leaves, slabs, strict=True)]
    again = ours.batch(arrays)
    assert data_equivalence(again, batch, exact=True)
    for i in range(N):
        one = ours.row(again, i)
        assert one in gym
        assert ours.write(one, (), "action") == [
            slab[i * leaf.nbytes : (i + 1) * leaf.nbytes]
            for leaf, slab in zip(ours.leaves, slabs, strict=True)
        ]


@pytest.mark.parametrize("space", JSON, ids=str)
def test_the_last_observation_of_each(space: Any) -> None:
    class Reply:
        def __init__(self, observations: Any) -> None:
            self.observations = observations
            self.reply = None

        def read(self, _: Any) -> Any:
            return self

    gym, ours = gym_space(space), space_from_json(space)
    gym.seed(2)

    def batch(n: int) -> Any:
        return batched(gym, [gym.sample() for _ in range(n)])

    whole, part = batch(N), batch(2)
    current = Current()
    current.replace(Reply(whole))  # type: ignore[arg-type]
    kept = ours.row(whole, 1)
    current.update(Reply(part), [2, 0])  # type: ignore[arg-type]
    now = current.observations(None)
    for index, expected in [(2, ours.row(part, 0)), (0, ours.row(part, 1)), (1, kept)]:
        assert data_equivalence(ours.row(now, index), expected, exact=True)


@pytest.mark.parametrize("space", JSON, ids=str)
def test_infos_are_what_gymnasium_makes_of_single_ones(space: Any) -> None:
    gym, ours = gym_space(space), space_from_json(space)
    gym.seed(3)
    values = [gym.sample() for _ in range(2)]
    infos = {"x": batched(gym, values)}
    rows = np.array([2, 0])
    envs = gymnasium.vector.VectorEnv()
    envs.num_envs = N
    expected: dict[str, Any] = {}
    for k, i in enumerate(rows):
        expected = envs._add_info(expected, row([("x", ours)], infos, k), int(i))
    assert data_equivalence(vector([("x", ours)], infos, rows, N), expected, exact=True)


def test_text_that_is_none_reads_as_replacement() -> None:
    ours = space_from_json(TEXT)
    codes = np.array([[97, 0, 0xD800, 0], [0x110000, 98, 0, 0]], "<u4")
    assert ours.batch([codes]) == ("a\ufffd\ufffd", "\ufffdb")


@pytest.mark.parametrize(
    ("space", "action", "message"),
    [
        (
            {"type": "Dict", "spaces": {"a": {"type": "Discrete", "n": 2}}},
            {"b": [0]},
            r"expected a dict of \['a'\], got \['b'\]",
        ),
        ({"type": "Dict", "spaces": {"a": {"type": "Discrete", "n": 2}}}, 3, "got int"),
        (
            {"type": "Dict", "spaces": {"a": {"type": "Discrete", "n": 2}}},
            {"a": [0, 1]},
            r"actions\.a: expected int64\[1\], got int64\[2\]",
        ),
        ({"type": "Tuple", "spaces": [{"type": "Discrete", "n": 2}]}, ([0], [1]), "a tuple of 1"),
        (
            {"type": "Tuple", "spaces": [{"type": "Discrete", "n": 2}]},
            ([0.5],),
            r"actions\[0\]: expected int64",
        ),
        (TEXT, ["abbab"], "text of at most 4, got 'abbab'"),
        (TEXT, [3], "got 3"),
        (
            {"type": "Box", "dtype": "float32", "shape": [2], "low": 0, "high": 1},
            [[1, 2, 3]],
            r"expected float32\[1, 2\]",
        ),
        (
            {"type": "Box", "dtype": "uint8", "shape": [], "low": 0, "high": 255},
            [300],
            "expected uint8, got 300",
        ),
        ({"type": "MultiDiscrete", "nvec": [2, 2]}, [[0, 2**31]], "expected int64, got 2147483648"),
    ],
)
def test_actions_that_do_not_fit(space: Any, action: Any, message: str) -> None:
    with pytest.raises(InvalidAction, match=message):
        space_from_json(space).write(action, (1,), "actions")


def test_bounds_of_the_last_dimensions_repeat() -> None:
    box = gym_space({"type": "Box", "dtype": "float32", "shape": [2, 2], "low": [-1, "-inf"], "high": 3})
    assert box == gymnasium.spaces.Box(
        np.array([[-1, -np.inf], [-1, -np.inf]], np.float32), np.float32(3), (2, 2), np.float32
    )
    with pytest.raises(FarstepError, match="3 bounds"):
        gym_space({"type": "Box", "dtype": "float32", "shape": [2, 2], "low": [1, 2, 3], "high": 3})


@pytest.mark.parametrize("make", [space_from_json, gym_space])
@pytest.mark.parametrize(
    ("json", "message"),
    [
        (None, "space: expected a space, got None"),
        ({"type": "Cube"}, "no type 'Cube'"),
        ({"type": "Box", "dtype": "float16x", "shape": [1], "low": 0, "high": 1}, "space: expected a space"),
        (
            {"type": "Dict", "spaces": {"a": {"type": "Tuple", "spaces": [{"type": "Box"}]}}},
            r"space\.spaces\.a\.spaces\[0\]: expected",
        ),
    ],
)
def test_spaces_that_are_none(make: Any, json: Any, message: str) -> None:
    with pytest.raises(FarstepError, match=message) as caught:
        make(json)
    assert caught.value.code == "bad_space"


def test_spaces_without_end() -> None:
    json: dict[str, Any] = {"type": "Discrete", "n": 2}
    for _ in range(20):
        json = {"type": "Tuple", "spaces": [json]}
    with pytest.raises(FarstepError, match="more than 16 spaces inside each other"):
        space_from_json(json)
