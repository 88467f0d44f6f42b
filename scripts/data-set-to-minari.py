"""Imports a farstep data set into Minari (https://minari.farama.org): python data-set-to-minari.py FILE DATASET_ID

DATASET_ID is Minari's, such as cartpole/farstep-v0. Needs `pip install minari safetensors h5py`. Spaces may be Box,
Discrete and Dicts of them.
"""

import json
import sys

import gymnasium
import minari
import numpy as np
from minari.data_collector import EpisodeBuffer
from safetensors import safe_open


def space(description):
    """A space from farstep's JSON (protocol/README.md)."""
    kind = description["type"]
    if kind == "Discrete":
        return gymnasium.spaces.Discrete(description["n"], start=description.get("start", 0))
    if kind == "Dict":
        return gymnasium.spaces.Dict({name: space(inner) for name, inner in description["spaces"].items()})
    if kind != "Box":
        raise SystemExit(f"expected a Box, a Discrete or a Dict of them, got {kind}")
    shape, dtype = tuple(description["shape"]), np.dtype(description["dtype"])

    def bound(value):
        numbers = np.array([float(x) for x in value] if isinstance(value, list) else float(value))
        return (numbers.reshape(shape) if numbers.ndim else np.full(shape, numbers)).astype(dtype)

    return gymnasium.spaces.Box(bound(description["low"]), bound(description["high"]), shape, dtype)


def rows(arrays, name, of, start, stop):
    """Rows of a column, or of each leaf of a Dict."""
    if isinstance(of, gymnasium.spaces.Dict):
        return {key: rows(arrays, f"{name}.{key}", inner, start, stop) for key, inner in of.items()}
    return arrays[name][start:stop].astype(of.dtype)


def main(path, dataset_id):
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
        arrays = {name: file.get_tensor(name) for name in file.keys()}
    observation_space = space(json.loads(metadata["observation_space"]))
    action_space = space(json.loads(metadata["action_space"]))
    buffers, step, row = [], 0, 0
    for length, terminated in zip(arrays["lengths"], arrays["terminated"]):
        terminations, truncations = np.zeros(length, bool), np.zeros(length, bool)
        terminations[-1], truncations[-1] = bool(terminated), not terminated
        buffers.append(
            EpisodeBuffer(
                observations=rows(arrays, "observations", observation_space, row, row + length + 1),
                actions=rows(arrays, "actions", action_space, step, step + length),
                rewards=arrays["rewards"][step : step + length],
                terminations=terminations,
                truncations=truncations,
            )
        )
        step, row = step + length, row + length + 1
    dataset = minari.create_dataset_from_buffers(
        dataset_id, buffers, observation_space=observation_space, action_space=action_space
    )
    print(f"{dataset_id}: {dataset.total_episodes} episodes, {dataset.total_steps} steps of {metadata['env']}")


main(*sys.argv[1:])
