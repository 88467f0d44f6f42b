"""The blocking client at the task of ../../conformance/README.md: URL ENV NUM_ENVS SEED AUTORESET STEPS WAY."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

import farstep

if TYPE_CHECKING:
    from farstep.results import ResetResult, StepResult


def leaves(batch: Any) -> list[Any]:
    """Give the arrays of a batch; of texts their characters."""
    if isinstance(batch, (np.ndarray, str)):
        return [batch if isinstance(batch, np.ndarray) else np.array([ord(c) for c in batch])]
    parts = batch.values() if isinstance(batch, dict) else batch
    return [leaf for part in parts or () for leaf in leaves(part)]


def total(batch: Any) -> float:
    return sum(float(leaf.sum(dtype=np.float64)) for leaf in leaves(batch))


def play(url: str, id: str, num_envs: int, seed: int, autoreset: str, steps: int, way: str) -> dict[str, Any]:
    everything = np.arange(num_envs)
    parts = [everything] if way == "whole" else [everything[0::2], everything[1::2]]
    rewards = np.zeros(num_envs)
    told: dict[str, Any] = {"returns": [], "observed": 0.0, "final": 0.0, "errors": []}
    over: list[int] = []

    def started(result: ResetResult) -> None:
        told["observed"] += total(result.observations)

    def stepped(ids: Any, result: StepResult) -> None:
        rewards[ids] += result.rewards
        told["observed"] += total(result.observations)
        if result.ended is not None:
            told["returns"] += result.ended.returns.tolist()
            told["final"] += total(result.ended.final_observations)
            over.extend(ids[result.ended.rows].tolist())

    try:
        with farstep.connect(url) as client:
            envs = client.make(id, num_envs, autoreset=autoreset)
            started(envs.reset(seed))
            for t in range(steps):
                if autoreset == "disabled" and over:
                    started(envs.reset(ids=over))
                over.clear()
                for ids in parts:
                    actions = envs.calls.layout.action.empty(len(ids))
                    for leaf in leaves(actions):
                        leaf.T[...] = (t + ids) % 2
                    envs.send(actions, None if way == "whole" else ids.tolist())
                for _ in parts:
                    try:
                        stepped(*envs.recv())
                    except farstep.FarstepError as refusal:
                        if not refusal.recoverable:
                            raise
                        told["errors"].append(refusal.code)
            envs.close()
    except farstep.FarstepError as error:
        told["errors"].append(error.code)
    return {"rewards": rewards.tolist(), **told}


if __name__ == "__main__":
    url, id, num_envs, seed, autoreset, steps, way = sys.argv[1:]
    print(json.dumps(play(url, id, int(num_envs), int(seed), autoreset, int(steps), way)))
