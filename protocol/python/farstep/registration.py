"""Gymnasium's registry: after `import farstep`, `gymnasium.make("farstep/CartPole-v1")` and `make_vec` work.

`gymnasium.make("farstep:farstep/CartPole-v1")` needs no import before. Keyword arguments are those of `farstep.make`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gymnasium.envs import registration

from farstep.envs import ENTRY_POINT, NAMESPACE, VECTOR_ENTRY_POINT, make, make_vec

if TYPE_CHECKING:
    import gymnasium

# What this version's server hosts: id, time limit and reward threshold.
ENVS = json.loads(Path(__file__).with_name("envs.json").read_text("utf8"))

# Gymnasium's grammar of ids has one `/`, ours have two, as in farstep/MinAtar/Breakout-v1. Others mean what they did.
_NESTED_ID = re.compile(
    r"^(?:(?P<namespace>[\w:-]+(?:/[\w:-]+)*)/)?(?:(?P<name>[\w:.-]+?))(?:-v(?P<version>\d+))?$"
)


def register(envs: list[dict[str, Any]] | None = None, url: str | None = None) -> None:
    """Register envs, as `Client.list` gives them, under `farstep/`: those of a server that hosts others than ours."""
    registration.ENV_ID_RE = _NESTED_ID
    for spec in ENVS if envs is None else envs:
        if spec["players"] == 1:
            registration.registry.pop(f"{NAMESPACE}/{spec['id']}", None)
            registration.register(
                f"{NAMESPACE}/{spec['id']}",
                entry_point=ENTRY_POINT,
                vector_entry_point=VECTOR_ENTRY_POINT,
                reward_threshold=spec.get("rewardThreshold"),
                max_episode_steps=spec.get("maxEpisodeSteps"),
                kwargs={"env": spec["id"]} | ({} if url is None else {"url": url}),
            )


def make_env(env: str, **kwargs: Any) -> gymnasium.Env[Any, Any]:
    """Make an env whose time limit is Gymnasium's wrapper, which `gymnasium.make(max_episode_steps=…)` sets."""
    return make(env, **{"max_episode_steps": -1, **kwargs})


def make_vec_env(env: str, num_envs: int, **kwargs: Any) -> gymnasium.vector.VectorEnv[Any, Any, Any]:
    """Make a vector env; its time limit is among the arguments."""
    return make_vec(env, num_envs, **kwargs)
