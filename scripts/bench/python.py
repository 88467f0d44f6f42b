"""Measures the Python client; `farstep bench python` runs it beside a server and an echo of the same sizes.

Many short rounds in turns, the best of each side counts: other work on the machine only ever slows a round.
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from websockets.sync.client import ClientConnection, connect

import farstep

if TYPE_CHECKING:
    from collections.abc import Callable

NUM_ENVS = 64
ROUNDS = 15
TRAINING_STEPS = 10_000
ENV = "CartPole-v1"


def rate(step: Callable[[], Any], seconds: float) -> float:
    """Calls a second."""
    start = now = time.perf_counter()
    count = 0
    while now < start + seconds:
        for _ in range(32):
            step()
        count += 32
        now = time.perf_counter()
    return count / (now - start)


def in_turns(steps: list[Callable[[], Any]], seconds: float) -> list[float]:
    for step in steps:
        rate(step, 2 * seconds)
    rounds = [[rate(step, seconds) for step in steps] for _ in range(ROUNDS)]
    return [max(column) for column in zip(*rounds, strict=True)]


def vector_step(envs: gymnasium.vector.VectorEnv[Any, Any, Any]) -> Callable[[], Any]:
    envs.reset(seed=1)
    rng = np.random.default_rng(1)
    batches = list(rng.integers(0, 2, (64, envs.num_envs)))
    count = iter(range(2**62))
    return lambda: envs.step(batches[next(count) & 63])


def single_step(env: gymnasium.Env[Any, Any]) -> Callable[[], Any]:
    """One call of the env, that is one round trip: a step, or a reset where the episode is over."""
    rng = np.random.default_rng(1)
    actions = rng.integers(0, 2, 64).tolist()
    count = iter(range(2**62))
    over = True

    def step() -> None:
        nonlocal over
        if over:
            env.reset()
            over = False
        else:
            _, _, terminated, truncated, _ = env.step(actions[next(count) & 63])
            over = terminated or truncated

    return step


def echo(socket: ClientConnection, request: int) -> Callable[[], Any]:
    """A round trip of the `websockets` package's own client."""
    data = bytes(request)

    def round_trip() -> None:
        socket.send(data)
        socket.recv()

    return round_trip


def sizes(num_envs: int) -> tuple[int, int]:
    """Bytes of a step's request and reply."""
    return 10 + 4 * num_envs, 30 + 26 * num_envs


def train(url: str) -> dict[str, float] | None:
    """Env-steps a second of PPO with the settings that rl-baselines3-zoo has for CartPole."""
    try:
        import torch
        from stable_baselines3 import PPO
        from stable_baselines3.common.env_util import make_vec_env
    except ImportError:
        return None
    import farstep.sb3

    torch.set_num_threads(1)

    def steps_per_second(envs: Any) -> float:
        settings = {"n_steps": 32, "batch_size": 256, "gae_lambda": 0.8, "gamma": 0.98, "n_epochs": 20}
        model = PPO("MlpPolicy", envs, **settings, device="cpu", seed=1)
        model.learn(1000)
        start = time.perf_counter()
        model.learn(TRAINING_STEPS)
        return float(TRAINING_STEPS / (time.perf_counter() - start))

    ours = farstep.sb3.make_vec_env(ENV, 8, seed=1, url=url)
    theirs = make_vec_env(ENV, 8, seed=1)
    rounds = [(steps_per_second(ours), steps_per_second(theirs)) for _ in range(3)]
    return {"farstep": max(a for a, _ in rounds), "inProcess": max(b for _, b in rounds)}


def measure(url: str, unix: str, echo_url: str, seconds: float) -> list[dict[str, Any]]:
    with ExitStack() as stack:

        def echoes(num_envs: int) -> Callable[[], Any]:
            request, reply = sizes(num_envs)
            peer = connect(f"{echo_url}/?reply={reply}", compression=None, max_size=None)
            return echo(stack.enter_context(peer), request)

        sync = gymnasium.make_vec(ENV, NUM_ENVS, vectorization_mode="sync")
        single = [farstep.make(ENV, url=where) for where in (url, unix)]
        vector = [
            farstep.make_vec(ENV, NUM_ENVS, url=where, autoreset_mode="SameStep") for where in (url, unix)
        ]
        batch = in_turns([*map(vector_step, vector), vector_step(sync), echoes(NUM_ENVS)], seconds)
        one = in_turns([*map(single_step, single), echoes(1)], seconds)
    return [
        {"envs": NUM_ENVS, "tcp": batch[0], "unix": batch[1], "sync": batch[2], "echo": batch[3]},
        {"envs": 1, "tcp": one[0], "unix": one[1], "echo": one[2]},
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--unix", required=True)
    parser.add_argument("--echo", required=True)
    parser.add_argument("--seconds", type=float, default=0.2)
    given = parser.parse_args()
    results = {"rows": measure(given.url, given.unix, given.echo, given.seconds)}
    print(json.dumps(results | ({"training": training} if (training := train(given.url)) else {})))
