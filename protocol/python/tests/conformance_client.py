"""The clients, blocking or asyncio, at the task of ../../conformance/README.md: its arguments come behind the kind."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

import farstep
import farstep.aio

if TYPE_CHECKING:
    from farstep._calls import EnvCalls
    from farstep.results import ResetResult, StepResult


def leaves(batch: Any) -> list[Any]:
    """Give the arrays of a batch; of texts their characters."""
    if isinstance(batch, (np.ndarray, str)):
        return [batch if isinstance(batch, np.ndarray) else np.array([ord(c) for c in batch])]
    parts = batch.values() if isinstance(batch, dict) else batch
    return [leaf for part in parts or () for leaf in leaves(part)]


def total(batch: Any) -> float:
    return sum(float(leaf.sum(dtype=np.float64)) for leaf in leaves(batch))


class Task:
    """What is to be done, and what was seen of it."""

    def __init__(
        self, url: str, id: str, num_envs: str, seed: str, autoreset: str, steps: str, way: str
    ) -> None:
        self.url, self.id, self.autoreset = url, id, autoreset
        self.num_envs, self.seed, self.steps = int(num_envs), int(seed), int(steps)
        everything = np.arange(self.num_envs)
        self.whole = way == "whole"
        self.parts = [everything] if self.whole else [everything[0::2], everything[1::2]]
        self.rewards = np.zeros(self.num_envs)
        self.told: dict[str, Any] = {"returns": [], "observed": 0.0, "final": 0.0, "errors": []}
        self._over: list[int] = []

    def to_reset(self) -> list[int]:
        """Give the envs that are over and begin by hand; no longer than once."""
        over, self._over = self._over, []
        return over if self.autoreset == "disabled" else []

    def actions(self, calls: EnvCalls, t: int, ids: Any) -> Any:
        actions = calls.layout.action.empty(len(ids))
        for leaf in leaves(actions):
            leaf.T[...] = (t + ids) % 2
        return actions

    def ids(self, part: Any) -> list[int] | None:
        return None if self.whole else part.tolist()

    def started(self, result: ResetResult) -> None:
        self.told["observed"] += total(result.observations)

    def stepped(self, ids: Any, result: StepResult) -> None:
        self.rewards[ids] += result.rewards
        self.told["observed"] += total(result.observations)
        if result.ended is not None:
            self.told["returns"] += result.ended.returns.tolist()
            self.told["final"] += total(result.ended.final_observations)
            self._over.extend(ids[result.ended.rows].tolist())

    def refused(self, refusal: farstep.FarstepError) -> None:
        """Take note of a refusal. Raises one that ends the session."""
        if not refusal.recoverable:
            raise refusal
        self.told["errors"].append(refusal.code)


def play_blocking(task: Task) -> None:
    with farstep.connect(task.url) as client:
        envs = client.make(task.id, task.num_envs, autoreset=task.autoreset)
        task.started(envs.reset(task.seed))
        for t in range(task.steps):
            if over := task.to_reset():
                task.started(envs.reset(ids=over))
            for part in task.parts:
                envs.send(task.actions(envs.calls, t, part), task.ids(part))
            for _ in task.parts:
                try:
                    task.stepped(*envs.recv())
                except farstep.FarstepError as refusal:
                    task.refused(refusal)
        envs.close()


async def play_asyncio(task: Task) -> None:
    async with farstep.aio.connect(task.url) as client:
        envs = await client.make(task.id, task.num_envs, autoreset=task.autoreset)
        task.started(await envs.reset(task.seed))

        async def step(t: int, part: Any) -> None:
            try:
                task.stepped(part, await envs.step(task.actions(envs.calls, t, part), task.ids(part)))
            except farstep.FarstepError as refusal:
                task.refused(refusal)

        for t in range(task.steps):
            if over := task.to_reset():
                task.started(await envs.reset(ids=over))
            await asyncio.gather(*(step(t, part) for part in task.parts))
        await envs.close()


def main(client: str, *arguments: str) -> None:
    task = Task(*arguments)
    try:
        if client == "asyncio":
            asyncio.run(play_asyncio(task))
        else:
            play_blocking(task)
    except farstep.FarstepError as error:
        task.told["errors"].append(error.code)
    print(json.dumps({"rewards": task.rewards.tolist(), **task.told}))


if __name__ == "__main__":
    main(*sys.argv[1:])
