"""The PyTorch side of `farstep bench nn`: reads the name of a row a line, answers with seconds a call.

Eager mode on one thread, as an agent would write it. The best of several short rounds, as on the other side.
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)


def mlp(*sizes):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def minatar():
    return nn.Sequential(nn.Conv2d(4, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(1024, 128), nn.ReLU(), nn.Linear(128, 6))


def nature():
    return nn.Sequential(
        nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(3136, 512), nn.ReLU(), nn.Linear(512, 6),
    )


def dqn(make, shape, batch):
    online, target = make(), make()
    optimizer = torch.optim.Adam(online.parameters(), lr=1e-4)
    observations, following = torch.rand(batch, *shape), torch.rand(batch, *shape)
    rewards = torch.rand(batch)
    actions = torch.randint(0, online[-1].out_features, (batch, 1))

    def update():
        with torch.no_grad():
            targets = rewards + 0.99 * target(following).max(1).values
        loss = F.smooth_l1_loss(online(observations).gather(1, actions).squeeze(1), targets)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(online.parameters(), 10.0)
        optimizer.step()
        return loss.item()

    return update


def act(make, shape, batch):
    network, observations = make(), torch.rand(batch, *shape)

    def forward():
        with torch.no_grad():
            return network(observations)

    return forward


class Ensemble(nn.Module):
    """Seven networks of four hidden layers as batched matrices, the way MBPO's code does it."""

    def __init__(self, members, sizes):
        super().__init__()
        self.weights = nn.ParameterList([nn.Parameter(torch.randn(members, i, o) / i**0.5) for i, o in zip(sizes, sizes[1:])])
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(members, 1, o)) for o in sizes[1:]])

    def forward(self, x):
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            x = torch.baddbmm(bias, x, weight)
            if i < len(self.weights) - 1:
                x = F.relu(x)
        return x


def ensemble():
    network = Ensemble(7, [20, 200, 200, 200, 200, 16])
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    inputs, targets = torch.rand(7, 256, 20), torch.rand(7, 256, 16)

    def update():
        loss = F.mse_loss(network(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return update


def lstm():
    network = nn.LSTM(32, 64, batch_first=True)
    inputs = torch.rand(16, 32, 32)

    def forward_and_backward():
        network.zero_grad()
        outputs, _ = network(inputs)
        outputs.square().mean().backward()

    return forward_and_backward


ROWS = {
    "dqn-small": lambda: dqn(lambda: mlp(8, 64, 64, 4), (8,), 64),
    "dqn-wide": lambda: dqn(lambda: mlp(8, 256, 256, 4), (8,), 256),
    "dqn-minatar": lambda: dqn(minatar, (4, 10, 10), 32),
    "dqn-nature": lambda: dqn(nature, (4, 84, 84), 32),
    "act-1": lambda: act(lambda: mlp(8, 64, 64, 4), (8,), 1),
    "act-64": lambda: act(lambda: mlp(8, 64, 64, 4), (8,), 64),
    "ensemble": ensemble,
    "lstm": lstm,
}


def measure(run, seconds):
    run()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        calls = max(1, min(1000, int(0.0003 / best))) if best < float("inf") else 1
        start = time.perf_counter()
        for _ in range(calls):
            run()
        best = min(best, (time.perf_counter() - start) / calls)
    return best


made = {}
print("ready", torch.__version__, flush=True)
for line in sys.stdin:
    name, seconds = line.split()
    if name not in made:
        made[name] = ROWS[name]()
    print(measure(made[name], float(seconds)), flush=True)
