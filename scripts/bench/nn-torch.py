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


def polyak(online, target):
    with torch.no_grad():
        for source, parameter in zip(online.parameters(), target.parameters()):
            parameter.mul_(1 - 0.005).add_(source, alpha=0.005)


def ddpg():
    make_actor, make_critic = lambda: nn.Sequential(mlp(3, 400, 300, 1), nn.Tanh()), lambda: mlp(4, 400, 300, 1)
    actor, actor_target, critic, critic_target = make_actor(), make_actor(), make_critic(), make_critic()
    optimizers = [torch.optim.Adam(network.parameters(), lr=1e-4) for network in (actor, critic)]
    observations, following, actions, rewards = torch.rand(256, 3), torch.rand(256, 3), torch.rand(256, 1), torch.rand(256, 1)

    def update():
        with torch.no_grad():
            after = torch.cat([following, actor_target(following)], 1)
            targets = rewards + 0.99 * critic_target(after)
        critic_loss = F.mse_loss(critic(torch.cat([observations, actions], 1)), targets)
        optimizers[1].zero_grad()
        critic_loss.backward()
        optimizers[1].step()
        actor_loss = -critic(torch.cat([observations, actor(observations)], 1)).mean()
        optimizers[0].zero_grad()
        actor_loss.backward()
        optimizers[0].step()
        polyak(actor, actor_target)
        polyak(critic, critic_target)
        return critic_loss.item() + actor_loss.item()

    return update


def sac():
    actor = mlp(3, 256, 256, 2)
    critics, targets = [[mlp(4, 256, 256, 1) for _ in range(2)] for _ in range(2)]
    log_alpha = torch.zeros(1, requires_grad=True)
    pairs = (actor.parameters(), [p for critic in critics for p in critic.parameters()], [log_alpha])
    optimizers = [torch.optim.Adam(parameters, lr=1e-4) for parameters in pairs]
    observations, following, actions, rewards = torch.rand(256, 3), torch.rand(256, 3), torch.rand(256, 1), torch.rand(256, 1)

    def draw(states):
        mean, log_std = actor(states).chunk(2, 1)
        normal = torch.distributions.Normal(mean, log_std.clamp(-20, 2).exp())
        raw = normal.rsample()
        log_prob = normal.log_prob(raw) - 2 * (0.6931471805599453 - raw - F.softplus(-2 * raw))
        return raw.tanh(), log_prob.sum(1, keepdim=True)

    def step(optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def update():
        alpha = log_alpha.exp().item()
        with torch.no_grad():
            chosen, log_prob = draw(following)
            after = torch.cat([following, chosen], 1)
            values = torch.minimum(*(target(after) for target in targets)) - alpha * log_prob
            wanted = rewards + 0.99 * values
        taken = torch.cat([observations, actions], 1)
        critic_loss = sum(F.mse_loss(critic(taken), wanted) for critic in critics)
        step(optimizers[1], critic_loss)
        chosen, log_prob = draw(observations)
        own = torch.cat([observations, chosen], 1)
        actor_loss = (alpha * log_prob - torch.minimum(*(critic(own) for critic in critics))).mean()
        step(optimizers[0], actor_loss)
        step(optimizers[2], -(log_alpha * (log_prob.detach().mean() - 1)).sum())
        for critic, target in zip(critics, targets):
            polyak(critic, target)
        return critic_loss.item() + actor_loss.item()

    return update


ROWS = {
    "dqn-small": lambda: dqn(lambda: mlp(8, 64, 64, 4), (8,), 64),
    "dqn-wide": lambda: dqn(lambda: mlp(8, 256, 256, 4), (8,), 256),
    "dqn-minatar": lambda: dqn(minatar, (4, 10, 10), 32),
    "dqn-nature": lambda: dqn(nature, (4, 84, 84), 32),
    "act-1": lambda: act(lambda: mlp(8, 64, 64, 4), (8,), 1),
    "act-64": lambda: act(lambda: mlp(8, 64, 64, 4), (8,), 64),
    "ddpg": ddpg,
    "sac": sac,
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
