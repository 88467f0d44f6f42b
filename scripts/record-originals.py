"""Records trajectories of Gymnasium's and MinAtar's environments for the tests of envs/ to replay.

    pip install gymnasium==1.4.0 MinAtar==1.0.15
    python scripts/record-originals.py [name ...]        # all, or those named, into test/fixtures/originals/

Each file holds one run of Gymnasium's SyncVectorEnv: some seeds side by side, a few hundred steps, episodes ending and
starting on the way. Arrays are base64 of zlib-deflated little-endian bytes; the first observation (and info) is the
reset's. Bool observations have their bits packed first.
"""

import base64
import json
import logging
import platform
import sys
import warnings
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import gymnasium as gym  # noqa: E402
import minatar.gym  # noqa: E402
import numpy as np  # noqa: E402
from gymnasium.vector import AutoresetMode, SyncVectorEnv  # noqa: E402
from importlib.metadata import version  # noqa: E402

minatar.gym.register_envs()

OUT = Path(__file__).parent.parent / "test" / "fixtures" / "originals"

# Small ones, and some at the edges of what fits 31, 32 and 53 bits.
PCG_SEEDS = [*range(16), 12345, 2**31, 2**32 - 1, 2**32, 2**40 + 7, 2**53 - 1]
MT_SEEDS = [*range(17), 12345, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1]


def random_actions(rng, vector):
    space = vector.single_action_space
    if isinstance(space, gym.spaces.Discrete):
        return rng.integers(space.n, size=vector.num_envs)
    return rng.uniform(space.low, space.high, (vector.num_envs, *space.shape)).astype(space.dtype)


def skilled(choose, slip=0.2, every=2):
    """Every `every`-th env is played by `choose(unwrapped env)`, but for some random slips; the others at random."""

    def policy(rng, vector):
        actions = random_actions(rng, vector)
        for i in range(0, vector.num_envs, every):
            if rng.random() >= slip:
                actions[i] = choose(vector.envs[i].unwrapped)
        return actions

    return policy


@dataclass
class Recording:
    env: str
    kwargs: dict = field(default_factory=dict)
    steps: int = 400
    seeds: list = field(default_factory=lambda: PCG_SEEDS)
    policy: Callable = random_actions
    autoreset: AutoresetMode = AutoresetMode.NEXT_STEP


def follow_ball(env):
    """Keeps the paddle under the ball, so that walls of bricks are cleared."""
    game = env.game.env
    step = 1 if game.ball_dir in (1, 2) else -1
    target = min(max(game.ball_x + step, 0), 9)
    if target < game.pos:
        return env.action_set.index(1)
    return env.action_set.index(3) if target > game.pos else 0


RECORDINGS = {
    "cartpole": Recording("CartPole-v1"),
    "cartpole-same-step": Recording("CartPole-v1", steps=150, autoreset=AutoresetMode.SAME_STEP),
    "cartpole-sutton-barto": Recording("CartPole-v1", {"sutton_barto_reward": True}, steps=100),
    "cartpole-balanced": Recording(
        "CartPole-v1",
        steps=1010,
        seeds=[1, 2, 3, 4],
        policy=skilled(lambda env: int(env.state[2] + 0.3 * env.state[3] + 0.02 * env.state[0] > 0), 0.05, 1),
    ),
    "breakout-v1": Recording("MinAtar/Breakout-v1", seeds=MT_SEEDS, policy=skilled(follow_ball, 0.02)),
    "breakout-v0": Recording("MinAtar/Breakout-v0", seeds=MT_SEEDS, steps=200),
    "breakout-long": Recording(
        "MinAtar/Breakout-v1",
        {"sticky_action_prob": 0.0},
        seeds=[0, 1],
        steps=2000,
        policy=skilled(follow_ball, 0.0, 1),
    ),
}


def pack(array):
    array = np.ascontiguousarray(array)
    raw = np.packbits(array) if array.dtype == bool else array.astype(array.dtype.newbyteorder("<"))
    return base64.b64encode(zlib.compress(raw.tobytes(), 9)).decode()


def leaves(observations):
    """The leaves of a batch of observations in farstep's order: Tuple elements by index, Dict keys sorted."""
    if isinstance(observations, tuple):
        return list(observations)
    if isinstance(observations, dict):
        return [observations[key] for key in sorted(observations)]
    return [observations]


def on_the_wire(array):
    """Discrete values are int64 in Gymnasium and int32 in farstep."""
    return array.astype(np.int32) if array.dtype == np.int64 else array


def info_arrays(infos, n):
    return {
        name: value
        for name, value in infos.items()
        if not name.startswith("_") and name not in ("final_obs", "final_info")
    }


def record(recording):
    vector = SyncVectorEnv(
        [lambda: gym.make(recording.env, **recording.kwargs) for _ in recording.seeds],
        autoreset_mode=recording.autoreset,
    )
    rng = np.random.default_rng(20240)
    n = vector.num_envs
    observations, infos = vector.reset(seed=[int(seed) for seed in recording.seeds])
    rows = {"observations": [leaves(observations)], "infos": [info_arrays(infos, n)]}
    rows |= {"actions": [], "rewards": [], "terminated": [], "truncated": [], "final": []}
    for _ in range(recording.steps):
        actions = recording.policy(rng, vector)
        observations, rewards, terminated, truncated, infos = vector.step(actions)
        rows["actions"].append(on_the_wire(actions))
        rows["observations"].append([leaf.copy() for leaf in leaves(observations)])
        rows["infos"].append(info_arrays(infos, n))
        rows["rewards"].append(rewards.copy())
        rows["terminated"].append(terminated.copy())
        rows["truncated"].append(truncated.copy())
        for i in np.flatnonzero(terminated | truncated):
            if recording.autoreset == AutoresetMode.SAME_STEP:
                rows["final"].append(infos["final_obs"][i])
    names = rows["infos"][0].keys()
    packed = {
        "original": {name: version(name) for name in ("gymnasium", "MinAtar", "numpy")}
        | {"python": platform.python_version()},
        "env": recording.env,
        "options": recording.kwargs,
        "autoreset": recording.autoreset.name.lower(),
        "seeds": recording.seeds,
        "steps": recording.steps,
        "actions": pack(np.stack(rows["actions"])),
        "observations": [
            pack(on_the_wire(np.stack([step[i] for step in rows["observations"]])))
            for i in range(len(rows["observations"][0]))
        ],
        "rewards": pack(np.stack(rows["rewards"])),
        "terminated": pack(np.stack(rows["terminated"]).astype(np.uint8)),
        "truncated": pack(np.stack(rows["truncated"]).astype(np.uint8)),
        "infos": {name: pack(np.stack([step[name] for step in rows["infos"]])) for name in names},
    }
    if rows["final"]:
        packed["finalObservations"] = pack(np.stack(rows["final"]))
    ends = int(np.sum(np.stack(rows["terminated"]) | np.stack(rows["truncated"])))
    return packed, ends


def record_generators():
    """What NumPy's two generators give for some seeds, for the tests of envs/rng/."""
    ranges = [1, 2, 3, 10, 1000, 2**31, 2**32 - 1, 2**32]
    pcg64 = []
    for seed in PCG_SEEDS:
        rng = np.random.default_rng(seed)
        # An odd number of 32-bit draws stands between doubles, so that the buffered half must wait its turn.
        pcg64.append(
            {
                "seed": seed,
                "random": [rng.random() for _ in range(5)],
                "integers": [int(rng.integers(7)) for _ in range(3)],
                "uniform": [rng.uniform(-3, 5) for _ in range(3)],
                "ranges": [int(rng.integers(-5, n - 5)) for n in ranges],
                "choice": rng.choice(["F", "H"], 8, p=[0.8, 0.2]).tolist(),
                "last": rng.random(),
            }
        )
    mt19937 = []
    for seed in MT_SEEDS:
        rng = np.random.RandomState(seed)
        mt19937.append(
            {
                "seed": seed,
                "random": [rng.rand() for _ in range(5)],
                "integers": [int(rng.randint(7)) for _ in range(3)],
                "uniform": [rng.uniform(-3, 5) for _ in range(3)],
                "ranges": [int(rng.randint(-5, n - 5)) for n in ranges],
                "sum": sum(rng.rand() for _ in range(1000)),
                "last": rng.rand(),
            }
        )
    return {"original": {"numpy": version("numpy")}, "ranges": ranges, "pcg64": pcg64, "mt19937": mt19937}


def main(names):
    OUT.mkdir(parents=True, exist_ok=True)
    for name in names or [*RECORDINGS, "generators"]:
        content, ends = (record_generators(), 0) if name == "generators" else record(RECORDINGS[name])
        path = OUT / f"{name}.json"
        path.write_text(json.dumps(content) + "\n")
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, {ends} episodes ended")


if __name__ == "__main__":
    main(sys.argv[1:])
