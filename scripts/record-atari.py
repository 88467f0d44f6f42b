"""Records what Gymnasium makes of Atari games, for test/envs/pixel/gymnasium.test.ts.

Writes test/fixtures/pixel/gymnasium.json: the observation spaces of ALE/Breakout-v5, plain and in AtariPreprocessing and
FrameStackObservation; and episodes of a little game (the test has the same one) in these two wrappers, a seed each.

    pip install gymnasium==1.4.0 ale-py==0.12.1 opencv-python-headless==5.0.0.93
    python scripts/record-atari.py
"""

import base64
import json
import zlib
from importlib.metadata import version
from pathlib import Path

import ale_py
import gymnasium as gym
import numpy as np
from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation

gym.register_envs(ale_py)

STACK = 4
SEEDS = range(20)
# Farstep's options beside those of the wrapper.
SETTINGS = [
    ({}, {}),
    ({"noop_max": 0}, {"noop_max": 0}),
    ({"obs_type": "rgb"}, {"grayscale_obs": False}),
    ({"scale_obs": True}, {"scale_obs": True}),
    ({"screen_size": 64}, {"screen_size": 64}),
    ({"terminal_on_life_loss": True}, {"terminal_on_life_loss": True}),
    ({"frame_skip": 2}, {"frame_skip": 2}),
    ({"frame_skip": 1}, {"frame_skip": 1}),
]


class Beacon(gym.Env):
    """In frame n a rectangle is lit at (7 n, 10 n), and n is paid. Frame 10 takes a life, and frame 20 is the last."""

    observation_space = gym.spaces.Box(0, 255, (210, 160, 3), np.uint8)
    action_space = gym.spaces.Discrete(2)
    _frameskip = 1

    @property
    def ale(self):
        return self

    def get_action_meanings(self):
        return ["NOOP", "FIRE"]

    def lives(self):
        return 2 if self.frame < 10 else 1

    def getScreenGrayscale(self, screen):
        screen[:] = 0
        screen[10 * self.frame : 10 * self.frame + 13, 7 * self.frame : 7 * self.frame + 9] = 250

    getScreenRGB = getScreenGrayscale

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.frame = 0
        return None, {}

    def step(self, action):
        self.frame += 1
        return None, self.frame, self.frame == 20, False, {}


def space(env):
    box = env.observation_space
    return {"dtype": str(box.dtype), "shape": box.shape, "low": float(box.low.min()), "high": float(box.high.max())}


def spaces():
    for obs_type in ("rgb", "grayscale"):
        yield {"obs_type": obs_type}, space(gym.make("ALE/Breakout-v5", obs_type=obs_type))
    for ours, theirs in SETTINGS:
        env = AtariPreprocessing(gym.make("ALE/Breakout-v5", frameskip=1), **theirs)
        yield {"preprocess": True, **ours}, space(env)
        yield {"preprocess": True, "frame_stack": STACK, **ours}, space(FrameStackObservation(env, STACK))


def pack(arrays):
    return base64.b64encode(zlib.compress(np.stack(arrays).tobytes(), 9)).decode()


def episode(wrapper, seed):
    env = FrameStackObservation(AtariPreprocessing(Beacon(), **wrapper), STACK)
    observation, _ = env.reset(seed=seed)
    observations, rewards, terminated = [observation], [], False
    while not terminated:
        observation, reward, terminated, _, _ = env.step(1)
        observations.append(observation)
        rewards.append(reward)
    return {"seed": seed, "observations": pack(observations), "rewards": rewards}


content = {
    "original": {name: version(name) for name in ("gymnasium", "ale-py", "opencv-python-headless")},
    "spaces": [{"options": ours, "space": box} for ours, box in spaces()],
    "runs": [
        {
            "options": {"preprocess": True, "repeat_action_probability": 0, "frame_stack": STACK, **ours},
            "episodes": [episode(theirs, seed) for seed in SEEDS],
        }
        for ours, theirs in SETTINGS
    ],
}
path = Path(__file__).parent.parent / "test/fixtures/pixel/gymnasium.json"
path.write_text(json.dumps(content) + "\n")
print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
