"""Data sets of farstep's TypeScript side (`farstep expert`, the agents) in Python, and their way to Minari.

    data = farstep.data_set.read("push.safetensors")
    for episode in data.episodes(): ...
    farstep.data_set.to_minari(data, "farstep/push/expert-v0")

A data set is a safetensors file (https://github.com/huggingface/safetensors) of whole episodes, one behind the
other: tensors `lengths`, `terminated`, `rewards`, and `observations` and `actions`, one a leaf of the space with its
path behind a dot. Types that safetensors as farstep writes it lacks are kept as bytes: U8, with those of an element
in a last dimension.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from farstep._spaces import Leaf, space_from_json
from farstep._trees import take

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

_FORMAT = "1"
_STORED = {"float32": "F32", "float64": "F64", "int32": "I32"}
_PREFIX = 8


class Episode(NamedTuple):
    """One episode of T steps."""

    observations: Any
    """A batch of T + 1: the last is the final observation."""
    actions: Any
    """A batch of T."""
    rewards: NDArray[np.float64]
    """[T]"""
    terminated: bool
    """It ended in a terminal state; else it was cut off."""


@dataclass(frozen=True)
class DataSet:
    """Whole episodes, one behind the other. Batches are in Gymnasium's structure and dtypes."""

    env: str
    """Id of the env that they were recorded in."""
    contract_hash: str
    """Transitions of another contract are of another task."""
    observation_space: dict[str, Any]
    """As in the contract."""
    action_space: dict[str, Any]
    lengths: NDArray[np.int64]
    """Steps of each episode. [episodes]"""
    terminated: NDArray[np.bool_]
    """[episodes]"""
    rewards: NDArray[np.float64]
    """[steps]"""
    observations: Any
    """A batch of steps + episodes: each episode has one more than steps, its final observation."""
    actions: Any
    """A batch of steps."""

    def __len__(self) -> int:
        """Give the number of episodes."""
        return len(self.lengths)

    def episodes(self) -> Iterator[Episode]:
        """Yield the episodes, as views."""
        step = 0
        for i, length in enumerate(self.lengths.tolist()):
            yield Episode(
                take(self.observations, slice(step + i, step + i + length + 1)),
                take(self.actions, slice(step, step + length)),
                self.rewards[step : step + length],
                bool(self.terminated[i]),
            )
            step += length


def read(path: str | os.PathLike[str]) -> DataSet:
    """Read a data set. Raises ValueError, with a sentence, where the file is none or does not hold together."""
    file = _File(Path(path).read_bytes())
    found = file.metadata.get("farstep_data_set", "a file without one")
    if found != _FORMAT:
        raise ValueError(f"data set: expected format {_FORMAT}, got {found}")
    observation, action = (json.loads(file.metadata[f"{name}_space"]) for name in ("observation", "action"))
    lengths = file.tensor("lengths", Leaf("int32", (), "int64"), None)
    episodes, steps = len(lengths), int(lengths.sum())
    return DataSet(
        env=file.metadata.get("env", ""),
        contract_hash=file.metadata.get("contract_hash", ""),
        observation_space=observation,
        action_space=action,
        lengths=lengths,
        terminated=file.tensor("terminated", Leaf("bool", ()), episodes),
        rewards=file.tensor("rewards", Leaf("float64", ()), steps),
        observations=file.batch("observations", observation, steps + episodes),
        actions=file.batch("actions", action, steps),
    )


class _File:
    """A safetensors file: eight bytes of header length, a JSON header, then the numbers, little-endian."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        size = int.from_bytes(data[:_PREFIX], "little")
        self._start = _PREFIX + size
        if len(data) < self._start:
            raise ValueError(f"safetensors: a header of {size} bytes in a file of {len(data)}")
        try:
            self._header: dict[str, Any] = json.loads(data[_PREFIX : self._start])
            self.metadata: dict[str, str] = self._header.pop("__metadata__", {})
        except (ValueError, AttributeError) as cause:
            raise ValueError(f"safetensors: header: {cause}") from cause

    def batch(self, name: str, space: dict[str, Any], rows: int) -> Any:
        spaces = space_from_json(space, name)
        names = _leaf_names(space, name)
        leaves = zip(names, spaces.leaves, strict=True)
        return spaces.batch([self.tensor(leaf_name, leaf, rows) for leaf_name, leaf in leaves])

    def tensor(self, name: str, leaf: Leaf, rows: int | None) -> NDArray[Any]:
        entry = self._header.get(name, {})
        shape = entry.get("shape", [0])
        rows = shape[0] if rows is None else rows
        stored = _STORED.get(leaf.wire.name, "U8")
        extra = () if stored != "U8" or leaf.wire.itemsize == 1 else (leaf.wire.itemsize,)
        expected = [rows, *leaf.shape, *extra]
        begin, end = entry.get("data_offsets", (0, 0))
        if entry.get("dtype") != stored or shape != expected or end - begin != rows * leaf.nbytes:
            got = f"{entry['dtype']} {shape} in {end - begin} bytes" if entry else "nothing"
            raise ValueError(f"data set: {name}: expected {stored} {expected}, got {got}")
        if begin < 0 or self._start + end > len(self._data):
            raise ValueError(f"data set: {name}: bytes {begin} to {end} are not in the file")
        return leaf.read(self._data, self._start + begin, rows)


def _leaf_names(space: dict[str, Any], name: str) -> list[str]:
    """Give the names of the tensors of a space, a leaf each, in their order."""
    if space["type"] == "Dict":
        return [
            leaf
            for key in sorted(space["spaces"])
            for leaf in _leaf_names(space["spaces"][key], f"{name}.{key}")
        ]
    if space["type"] == "Tuple":
        return [leaf for i, part in enumerate(space["spaces"]) for leaf in _leaf_names(part, f"{name}.{i}")]
    return [name]


def to_minari(data: DataSet, dataset_id: str, *, url: str | None = None, **settings: Any) -> Any:
    """Write a data set as one of Minari's, into its local folder, and give it.

    Pictures are kept as they are, not as JPEG. The env that Minari recovers is made by farstep.

    Args:
        data: What to write.
        dataset_id: The name that `minari.load_dataset` finds it by, such as "farstep/push/expert-v0".
        url: The server that the recovered env is on; as for `farstep.make`.
        settings: Others of `minari.create_dataset_from_buffers`: algorithm_name, author, code_permalink, ...
    """
    import gymnasium
    import minari
    from minari.data_collector import EpisodeBuffer

    from farstep._gym_spaces import gym_space

    buffers = []
    for i, episode in enumerate(data.episodes()):
        ends = np.zeros(len(episode.rewards), bool)
        terminations, truncations = ends.copy(), ends.copy()
        (terminations if episode.terminated else truncations)[-1] = True
        buffers.append(
            EpisodeBuffer(
                id=i,
                observations=episode.observations,
                actions=episode.actions,
                rewards=episode.rewards,
                terminations=terminations,
                truncations=truncations,
            )
        )
    spec = copy.deepcopy(gymnasium.registry.get(f"farstep/{data.env}"))
    if spec is not None and url is not None:
        spec.kwargs["url"] = url
    return minari.create_dataset_from_buffers(
        dataset_id,
        buffers,
        observation_space=gym_space(data.observation_space, "observation_space"),
        action_space=gym_space(data.action_space, "action_space"),
        **({"jpeg_encoding": False, "env": spec, "eval_env": spec} | settings),
    )
