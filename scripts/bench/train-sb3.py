"""The Stable-Baselines3 side of `farstep bench train`: reads a row, threads and seconds a line, answers with steps/s.

Settings are those of scripts/bench/train.ts, the RL Zoo's. What a model needs to warm up is not counted.
"""

import sys
import time

import gymnasium
import numpy as np
import stable_baselines3
import torch
from stable_baselines3 import DDPG, DQN, SAC
from stable_baselines3.common.noise import NormalActionNoise

WARM_UP = 1500


def dqn():
    return DQN(
        "MlpPolicy", gymnasium.make("CartPole-v1"), learning_rate=2.3e-3, batch_size=64, buffer_size=100_000,
        learning_starts=1000, gamma=0.99, target_update_interval=10, train_freq=256, gradient_steps=128,
        exploration_fraction=0.16, exploration_final_eps=0.04, policy_kwargs=dict(net_arch=[256, 256]),
        device="cpu", seed=0,
    )


def ddpg():
    noise = NormalActionNoise(np.zeros(1), 0.1 * np.ones(1))
    return DDPG(
        "MlpPolicy", gymnasium.make("Pendulum-v1"), learning_rate=1e-3, batch_size=256, buffer_size=200_000,
        learning_starts=1000, gamma=0.98, train_freq=1, gradient_steps=1, action_noise=noise,
        policy_kwargs=dict(net_arch=[400, 300]), device="cpu", seed=0,
    )


def sac():
    return SAC(
        "MlpPolicy", gymnasium.make("Pendulum-v1"), learning_rate=1e-3, batch_size=256, learning_starts=1000,
        train_freq=1, gradient_steps=1, policy_kwargs=dict(net_arch=[256, 256]), device="cpu", seed=0,
    )


ROWS = {"dqn-cartpole": dqn, "ddpg-pendulum": ddpg, "sac-pendulum": sac}
# Steps between two looks at the clock: a multiple of what each model trains in.
CHUNK = 256

models = {}
print("ready", stable_baselines3.__version__, flush=True)
for line in sys.stdin:
    name, threads, seconds = line.split()
    torch.set_num_threads(int(threads))
    if name not in models:
        models[name] = ROWS[name]()
        models[name].learn(WARM_UP)
    model, steps = models[name], 0
    start = time.perf_counter()
    while time.perf_counter() < start + float(seconds):
        before = model.num_timesteps
        model.learn(CHUNK, reset_num_timesteps=False)
        steps += model.num_timesteps - before
    print(steps / (time.perf_counter() - start), flush=True)
