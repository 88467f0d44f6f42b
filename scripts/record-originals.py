"""Records trajectories of Gymnasium's, MinAtar's and PettingZoo's environments for the tests of envs/ to replay.

    pip install gymnasium==1.4.0 MinAtar==1.0.15 "pettingzoo[classic]==1.27.0"
    python scripts/record-originals.py [name ...]        # all, or those named, into test/fixtures/originals/

Most files hold one run of Gymnasium's SyncVectorEnv: some seeds side by side, a few hundred steps, episodes ending and
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
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Callable

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import gymnasium as gym  # noqa: E402
import minatar.gym  # noqa: E402
import numpy as np  # noqa: E402
from gymnasium.envs.toy_text.frozen_lake import generate_random_map  # noqa: E402
from gymnasium.vector import AutoresetMode, SyncVectorEnv  # noqa: E402
from importlib.metadata import version  # noqa: E402
from pettingzoo.classic import connect_four_v3  # noqa: E402

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
    # Of the first reset.
    reset_options: dict | None = None


COIN = np.random.default_rng()  # seeded anew for each recording


def follow_ball(env):
    """Keeps the paddle under the ball of Breakout, by chance behind it or ahead, which turns the ball differently."""
    game = env.game.env
    step = 1 if game.ball_dir in (1, 2) else -1
    ahead = step * COIN.integers(2)
    target = min(max(game.ball_x + ahead, 0), 9)
    if target < game.pos:
        return env.action_set.index(1)
    return env.action_set.index(3) if target > game.pos else 0


def foresee(choose, depth=15):
    """Tries every action on a copy of a MinAtar game, goes on with `choose` for a while, and takes the best action."""

    def policy(env):
        def value(action):
            copy = SimpleNamespace(game=deepcopy(env.game), action_set=env.action_set)
            total = 0.1 * (action == choose(env))
            for _ in range(depth):
                reward, terminal = copy.game.act(copy.action_set[action])
                total += reward
                if terminal:
                    return total - 100
                action = choose(copy)
            return total

        return max(range(len(env.action_set)), key=value)

    return policy


def push_along(env):
    """Pushes the mountain car the way it is going, which swings it up the hill."""
    forward = env.state[1] >= 0
    return [1.0 if forward else -1.0] if isinstance(env.action_space, gym.spaces.Box) else 2 * int(forward)


def pump(env):
    """Turns the acrobot's joint the other way than its first link swings, which pumps energy in."""
    return 0 if env.state[2] > 0 else 2


def drive(env):
    """Takes the taxi closer to its passenger or destination along the middle row, and does what is to be done there."""
    row, column, passenger, destination = env.decode(env.s)
    goal = env.locs[passenger if passenger < 4 else destination]
    if (row, column) == goal:
        return 4 if passenger < 4 else 5
    if column == goal[1]:
        return 0 if row < goal[0] else 1
    if row != 2:
        return 0 if row < 2 else 1
    return 2 if column < goal[1] else 3


def along_cliff(env):
    """Walks up from the start, along the edge and down to the goal."""
    row, column = divmod(env.s, 12)
    return 2 if column == 11 else 0 if row == 3 else 1


def stick(rng, vector):
    """Mostly sticks, so that hands of two cards are compared."""
    return (rng.random(vector.num_envs) < 0.25).astype(np.int64)


def collect(env):
    """Runs for the nearest treasure of Asterix and away from enemies."""
    game = env.game.env
    enemies = {(x[0] + dx, x[1]) for x in game.entities if x is not None and not x[3] for dx in (-1, 0, 1)}
    gold = [x for x in game.entities if x is not None and x[3]]
    moves = [(0, 0), (-1, 0), (0, -1), (1, 0), (0, 1)]

    def cost(move):
        x = min(max(game.player_x + move[0], 0), 9)
        y = min(max(game.player_y + move[1], 1), 8)
        distance = min((abs(x - g[0]) + abs(y - g[1]) for g in gold), default=abs(x - 5))
        return distance + 100 * ((x, y) in enemies)

    return min(range(5), key=lambda i: cost(moves[i]))


def rescue(env):
    """Seaquest: fires, gathers divers, keeps to rows without danger, and comes up when there is need and a diver."""
    game = env.game.env
    noop, left, up, right, down, fire = range(6)
    enemies = game.e_fish + game.e_subs + game.e_bullets
    danger = [e for e in enemies if e[1] == game.sub_y and abs(e[0] - game.sub_x) <= 2]
    facing = [e for e in enemies if e[1] == game.sub_y and (e[0] > game.sub_x) == game.sub_or]
    if game.oxygen < 60 and game.diver_count != 0 or game.diver_count == 6:
        return up
    if danger and not (facing and game.shot_timer == 0):
        return down if game.sub_y < 8 else up if game.sub_y > 1 else noop
    if facing and game.shot_timer == 0:
        return fire
    if game.divers:
        diver = min(game.divers, key=lambda d: abs(d[0] - game.sub_x) + abs(d[1] - game.sub_y))
        if diver[1] != game.sub_y:
            return down if diver[1] > game.sub_y else up
        return right if diver[0] > game.sub_x else left
    return down if game.sub_y < 5 else noop


def shoot_aliens(env):
    """Space Invaders: steps out of the way of bullets, else fires under the aliens."""
    game = env.game.env
    noop, left, right, fire = range(4)
    column = game.e_bullet_map[:, game.pos]
    if column[6:].any():
        return left if game.pos > 4 else right
    if game.shot_timer == 0 and game.alien_map[:, game.pos].any():
        return fire
    columns = np.flatnonzero(game.alien_map.any(axis=0))
    target = columns[np.argmin(abs(columns - game.pos))]
    return noop if target == game.pos else left if target < game.pos else right


def minatar_long(game, choose, steps=2000):
    """A few games played well and without sticky actions, so that what comes late in them is seen."""
    return Recording(
        f"MinAtar/{game}-v1",
        {"sticky_action_prob": 0.0},
        seeds=[0, 1, 2],
        steps=steps,
        policy=skilled(foresee(choose), 0.0, 1),
    )


def reset_with(env, **options):
    """A few short episodes that start elsewhere than usual."""
    return Recording(env, seeds=[0, 1, 2, 3], steps=40, reset_options=options)


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
    "cartpole-bounds": reset_with("CartPole-v1", low=-0.2, high=0.1),
    "mountain-car-bounds": reset_with("MountainCar-v0", low=-1.1, high=0.4),
    "mountain-car-continuous-bounds": reset_with("MountainCarContinuous-v0", low=-1.1, high=0.4),
    "pendulum-bounds": reset_with("Pendulum-v1", x_init=0.5, y_init=7.5),
    "acrobot-bounds": reset_with("Acrobot-v1", low=-2.5, high=3),
    "mountain-car": Recording("MountainCar-v0", policy=skilled(push_along)),
    "mountain-car-goal-velocity": Recording(
        "MountainCar-v0", {"goal_velocity": 0.035}, steps=250, seeds=[1, 2, 3, 4], policy=skilled(push_along, 0.1, 1)
    ),
    "mountain-car-continuous": Recording("MountainCarContinuous-v0", policy=skilled(push_along, every=1)),
    "mountain-car-continuous-long": Recording(
        "MountainCarContinuous-v0", {"goal_velocity": 0.01}, steps=1010, seeds=[1, 2, 3]
    ),
    "pendulum": Recording("Pendulum-v1", steps=210),
    "pendulum-g": Recording("Pendulum-v1", {"g": 9.81}, steps=100, seeds=[1, 2, 3]),
    "acrobot": Recording("Acrobot-v1", policy=skilled(pump, every=1)),
    "frozen-lake": Recording("FrozenLake-v1"),
    "frozen-lake-8x8": Recording("FrozenLake8x8-v1", {"success_rate": 0.75}),
    "frozen-lake-dry": Recording("FrozenLake-v1", {"is_slippery": False}, steps=150),
    "frozen-lake-desc": Recording(
        "FrozenLake-v1",
        {"desc": ["SFFFF", "FHFSF", "FFFHG"], "reward_schedule": (5, -2, -0.5), "success_rate": 0.5},
        steps=150,
    ),
    "frozen-lake-generated": Recording(
        "FrozenLake-v1", {"desc": generate_random_map(size=10, p=0.7, seed=3)}, steps=150
    ),
    "cliff-walking": Recording("CliffWalking-v1", policy=skilled(along_cliff, 0.05, 1)),
    "cliff-walking-slippery": Recording("CliffWalkingSlippery-v1", steps=1200, policy=skilled(along_cliff, 0.0, 1)),
    "taxi": Recording("Taxi-v4", policy=skilled(drive)),
    "taxi-rainy": Recording(
        "Taxi-v4", {"is_rainy": True, "fickle_passenger": True, "fickle_probability": 0.6}, policy=skilled(drive)
    ),
    "blackjack": Recording("Blackjack-v1", steps=300),
    "blackjack-natural": Recording("Blackjack-v1", {"natural": True, "sab": False}, steps=300, policy=stick),
    "breakout-v1": Recording("MinAtar/Breakout-v1", seeds=MT_SEEDS, policy=skilled(follow_ball, 0.02)),
    "breakout-v0": Recording("MinAtar/Breakout-v0", seeds=MT_SEEDS, steps=200),
    "breakout-long": minatar_long("Breakout", follow_ball),
    "asterix-v1": Recording("MinAtar/Asterix-v1", seeds=MT_SEEDS, policy=skilled(collect)),
    "asterix-v0": Recording("MinAtar/Asterix-v0", {"difficulty_ramping": False}, seeds=MT_SEEDS, steps=200),
    "asterix-long": minatar_long("Asterix", collect),
    "freeway-v1": Recording("MinAtar/Freeway-v1", seeds=MT_SEEDS, policy=skilled(lambda env: 1, 0.3), steps=2600),
    "freeway-v0": Recording("MinAtar/Freeway-v0", seeds=MT_SEEDS, steps=100),
    "seaquest-v1": Recording("MinAtar/Seaquest-v1", seeds=MT_SEEDS, policy=skilled(rescue)),
    "seaquest-v0": Recording("MinAtar/Seaquest-v0", {"difficulty_ramping": False}, seeds=MT_SEEDS, steps=200),
    "seaquest-long": minatar_long("Seaquest", rescue),
    "space-invaders-v1": Recording("MinAtar/SpaceInvaders-v1", seeds=MT_SEEDS, policy=skilled(shoot_aliens)),
    "space-invaders-v0": Recording(
        "MinAtar/SpaceInvaders-v0", {"difficulty_ramping": False}, seeds=MT_SEEDS, steps=200
    ),
    "space-invaders-long": minatar_long("SpaceInvaders", shoot_aliens),
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


def as_options(kwargs):
    """Keyword arguments as farstep's options, which are plain values."""
    texts = {"desc": "/".join, "reward_schedule": lambda rewards: ",".join(map(str, rewards))}
    return {name: texts.get(name, lambda value: value)(value) for name, value in kwargs.items()}


def info_arrays(infos):
    return {
        name: value
        for name, value in infos.items()
        if not name.startswith("_") and name not in ("final_obs", "final_info")
    }


class FloatInfos(gym.Wrapper):
    """Makes infos floats: some are an int after a reset and a float after a step, and SyncVectorEnv rounds those."""

    def reset(self, **kwargs):
        observation, info = self.env.reset(**kwargs)
        return observation, self.as_floats(info)

    def step(self, action):
        *result, info = self.env.step(action)
        return *result, self.as_floats(info)

    def as_floats(self, info):
        return {name: float(value) if isinstance(value, int) else value for name, value in info.items()}


def record(recording):
    vector = SyncVectorEnv(
        [lambda: FloatInfos(gym.make(recording.env, **recording.kwargs)) for _ in recording.seeds],
        autoreset_mode=recording.autoreset,
    )
    rng = np.random.default_rng(20240)
    COIN.bit_generator.state = np.random.default_rng(7).bit_generator.state
    observations, infos = vector.reset(
        seed=[int(seed) for seed in recording.seeds], options=recording.reset_options
    )
    rows = {"observations": [leaves(observations)], "infos": [info_arrays(infos)]}
    rows |= {"actions": [], "rewards": [], "terminated": [], "truncated": [], "final": []}
    for _ in range(recording.steps):
        actions = recording.policy(rng, vector)
        observations, rewards, terminated, truncated, infos = vector.step(actions)
        rows["actions"].append(on_the_wire(actions))
        rows["observations"].append([leaf.copy() for leaf in leaves(observations)])
        rows["infos"].append(info_arrays(infos))
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
        "options": as_options(recording.kwargs),
        "autoreset": recording.autoreset.name.lower(),
        "seeds": recording.seeds,
        "resetOptions": recording.reset_options or {},
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
    # Where a range is just above a power of two, about half of the draws are rejected.
    ranges = [1, 2, 3, 10, 1000, 2**31, 2**31 + 1, 2**31 + 1, 2**31 + 1, 2**32 - 1, 2**32]
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
                "sum": sum(rng.integers(1000) + rng.random() for _ in range(1000)),
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
                "sum": sum(rng.randint(1000) + rng.rand() for _ in range(1000)),
                "last": rng.rand(),
            }
        )
    return {"original": {"numpy": version("numpy")}, "ranges": ranges, "pcg64": pcg64, "mt19937": mt19937}


def record_tables():
    """Gymnasium's transition tables, as lists of [probability, next state, reward, terminated] by state and action."""
    cases = [
        ("FrozenLake-v1", {}),
        ("FrozenLake-v1", {"is_slippery": False}),
        ("FrozenLake-v1", {"desc": ["SFFFF", "FHFSF", "FFFHG"], "reward_schedule": (5, -2, -0.5), "success_rate": 0.5}),
        ("CliffWalking-v1", {}),
        ("CliffWalkingSlippery-v1", {}),
        ("Taxi-v4", {}),
        ("Taxi-v4", {"is_rainy": True, "rainy_probability": 0.7}),
    ]
    tables = []
    for env, kwargs in cases:
        P = gym.make(env, **kwargs).unwrapped.P
        outcomes = [[list(map(list, P[state][action])) for action in sorted(P[state])] for state in sorted(P)]
        flat = [outcome for state in outcomes for action in state for outcome in action]
        counts = np.array([len(action) for state in outcomes for action in state], np.int32)
        columns = {
            name: pack(np.array([outcome[i] for outcome in flat], dtype))
            for i, (name, dtype) in enumerate(
                [("probabilities", float), ("nextStates", np.int32), ("rewards", float), ("terminated", np.uint8)]
            )
        }
        tables.append(
            {"env": env, "options": as_options(kwargs), "actions": len(outcomes[0]), "counts": pack(counts)} | columns
        )
    maps = [
        {"size": size, "p": p, "seed": seed, "rows": generate_random_map(size=size, p=p, seed=seed)}
        for size, p, seed in [(8, 0.8, 0), (8, 0.8, 1), (4, 0.5, 2), (16, 0.65, 3), (2, 1.0, 4), (5, 0.3, 5)]
    ]
    return {"original": {"gymnasium": version("gymnasium")}, "tables": tables, "maps": maps}


def wins(board, column, piece):
    """Whether a token in this column would be one of four in a line."""
    row = max(row for row in range(6) if board[row, column] == 0)
    board = board.copy()
    board[row, column] = piece
    lines = (
        [board[row + i * dy, column + i * dx] for i in range(first, first + 4)]
        for dy, dx in [(0, 1), (1, 0), (1, 1), (1, -1)]
        for first in range(-3, 1)
        if all(0 <= row + i * dy < 6 and 0 <= column + i * dx < 7 for i in (first, first + 3))
    )
    return any(all(token == piece for token in line) for line in lines)


def record_connect_four(steps=130):
    """Games of PettingZoo's Connect Four, one after the other, of as many players as there are seeds. Some move at random;
    some leave lines open as long as they can, which fills the board; and now and then one takes a column that is full."""
    rows = {"actions": [], "observations": [], "masks": [], "rewards": [], "terminated": [], "turns": []}
    env = connect_four_v3.env()
    over = 0
    for seed in PCG_SEEDS:
        rng = np.random.default_rng(seed)
        env.reset(seed=seed)
        for step in range(steps + 1):
            seats = env.possible_agents
            ended = all(env.terminations[seat] for seat in seats)
            seen = [env.observe(seat) for seat in seats]
            rows["observations"].append([each["observation"] for each in seen])
            # When a game is over nobody moves.
            rows["masks"].append([each["action_mask"] * (not ended) for each in seen])
            rows["rewards"].append([env.rewards[seat] for seat in seats])
            rows["terminated"].append([env.terminations[seat] for seat in seats])
            rows["turns"].append(seats.index(env.agent_selection))
            over += ended
            action = -1  # a new game
            if ended:
                env.reset()
            else:
                mask = seen[seats.index(env.agent_selection)]["action_mask"]
                moves = np.flatnonzero(mask)
                if seed % 3 > 0:
                    board = np.array(env.unwrapped.board).reshape(6, 7)
                    piece = 1 + seats.index(env.agent_selection)
                    moves = [move for move in moves if not wins(board, move, piece)] or moves
                full = np.flatnonzero(mask == 0)
                if len(full) > 0 and rng.random() < 0.04:
                    moves = full
                action = int(rng.choice(moves))
                env.step(action)
            if step < steps:
                rows["actions"].append(action)
    packed = {
        "original": {name: version(name) for name in ("pettingzoo", "numpy")},
        "seeds": PCG_SEEDS,
        "steps": steps,
        "actions": pack(np.array(rows["actions"], np.int8)),
        "observations": pack(np.array(rows["observations"], bool)),
        "masks": pack(np.array(rows["masks"], bool)),
        "rewards": pack(np.array(rows["rewards"], float)),
        "terminated": pack(np.array(rows["terminated"], np.uint8)),
        "turns": pack(np.array(rows["turns"], np.uint8)),
    }
    return packed, over


# What is no run of a vector env.
OTHERS = {
    "generators": lambda: (record_generators(), 0),
    "tables": lambda: (record_tables(), 0),
    "connect-four": record_connect_four,
}


def main(names):
    OUT.mkdir(parents=True, exist_ok=True)
    for name in names or [*RECORDINGS, *OTHERS]:
        content, ends = OTHERS[name]() if name in OTHERS else record(RECORDINGS[name])
        path = OUT / f"{name}.json"
        path.write_text(json.dumps(content) + "\n")
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB, {ends} episodes ended")


if __name__ == "__main__":
    main(sys.argv[1:])
