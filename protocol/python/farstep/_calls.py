"""Every request that the clients make: what is sent, what comes back, and what is checked before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from farstep import _frames
from farstep._frames import Layout, bad_reply, field, pack, plain
from farstep._session import Call
from farstep.errors import error
from farstep.results import ResetResult, StepResult, TransitionTable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

T = TypeVar("T")
Options = Mapping[str, "bool | int | float | str | None"]
Seed = int | Sequence[int | None] | None


class Control(Call[T]):
    """A control message. `read` makes the result of the reply, which must be of type `answer`."""

    __slots__ = ("_answer", "_message", "_read")

    def __init__(
        self,
        answer: str,
        read: Callable[[dict[str, Any]], T],
        message: dict[str, Any],
        *,
        patient: bool = False,
    ) -> None:
        super().__init__(patient=patient)
        self._answer = answer
        self._read = read
        self._message = {name: value for name, value in message.items() if value is not None}

    def __str__(self) -> str:
        return str(self._message["type"])

    def write(self, id: int, ack: int | None) -> bytes:
        message = {**self._message, "id": id}
        return pack(message if ack is None else {**message, "ack": ack})

    def read(self, reply: Any) -> T:
        if not isinstance(reply, dict) or reply["type"] != self._answer:
            got = reply["type"] if isinstance(reply, dict) else "stepped"
            raise bad_reply({"type": str(self)}, f"expected {self._answer}, got {got}")
        return self._read(reply)


class Step(Call[StepResult]):
    """A step of all envs of a handle, or of those of `ids`."""

    __slots__ = ("_env", "_ids", "_layout", "_slabs")

    def __init__(
        self,
        layout: Layout,
        env: int,
        slabs: list[bytes],
        ids: NDArray[np.uint32] | None,
        *,
        patient: bool,
    ) -> None:
        super().__init__(patient=patient)
        self._layout = layout
        self._env = env
        self._slabs = slabs
        self._ids = ids

    def __str__(self) -> str:
        return "step"

    def write(self, id: int, ack: int | None) -> bytes:
        return _frames.step_frame(id, self._env, self._slabs, self._ids, ack)

    def read(self, reply: Any) -> StepResult:
        if isinstance(reply, dict):
            raise bad_reply({"type": "step"}, f"expected stepped, got {reply['type']}")
        return self._layout.stepped(reply)


@dataclass(frozen=True)
class Made:
    """A handle on the server."""

    handle: int
    contract: dict[str, Any]
    world: str | None = None
    """The token that others join a world with."""
    seat: str | None = None


def _made(reply: dict[str, Any]) -> Made:
    contract = plain(field(reply, "contract", dict))
    named = contract | {"type": f"{reply['type']}.contract"}
    kinds = {"spec": dict, "numEnvs": int, "options": dict, "autoreset": str, "observationSpace": dict}
    kinds |= {"actionSpace": dict, "infos": list, "rewardTasks": list, "hash": str}
    for name, kind in kinds.items():
        field(named, name, kind)
    if contract.get("world") is not None:
        world = field(named, "world", dict) | {"type": "contract.world"}
        field(world, "seats", list)
        field(world, "turns", bool)
    return Made(field(reply, "env", int), contract, reply.get("world"), reply.get("seat"))


def list_envs() -> Call[list[dict[str, Any]]]:
    return Control("listed", lambda reply: field(reply, "envs", list), {"type": "list"})


def make(
    env: str,
    num_envs: int,
    seed: int | None,
    autoreset: str,
    max_episode_steps: int | None,
    options: Options,
) -> Call[Made]:
    message: dict[str, Any] = {
        "type": "make",
        "env": env,
        "numEnvs": num_envs,
        "seed": seed,
        "autoreset": autoreset,
    }
    message |= {"maxEpisodeSteps": max_episode_steps, "options": dict(options)}
    return Control("made", _made, message)


def create(
    world: str,
    seed: int | None,
    move_ms: int | None,
    max_episode_steps: int | None,
    options: Options,
) -> Call[Made]:
    message: dict[str, Any] = {"type": "create", "world": world, "seed": seed, "moveMs": move_ms}
    message |= {"maxEpisodeSteps": max_episode_steps, "options": dict(options)}
    return Control("created", _made, message)


def join(world: str, seat: str | None) -> Call[Made]:
    return Control("joined", _made, {"type": "join", "world": world, "seat": seat})


@dataclass(frozen=True)
class Subscribed:
    """A stream of what happens to somebody else's vector env."""

    stream: int
    sequence: int
    contract: dict[str, Any]


def subscribe(token: str, credits: int) -> Call[Subscribed]:
    def read(reply: dict[str, Any]) -> Subscribed:
        return Subscribed(
            field(reply, "stream", int), field(reply, "sequence", int), plain(field(reply, "contract", dict))
        )

    return Control("subscribed", read, {"type": "subscribe", "token": token, "credits": credits})


def credit(stream: int, credits: int) -> Call[int]:
    message = {"type": "credit", "stream": stream, "credits": credits}
    return Control("credited", lambda reply: int(field(reply, "sent", int)), message)


def unsubscribe(stream: int) -> Call[None]:
    return Control("unsubscribed", lambda _: None, {"type": "unsubscribe", "stream": stream})


class EnvCalls:
    """The requests of one handle. Indices are checked before they become uint32, which would wrap around."""

    def __init__(self, made: Made) -> None:
        self.contract = made.contract
        self.num_envs: int = made.contract["numEnvs"]
        self.layout = Layout(made.contract)
        self._env = made.handle
        # Of a seat, whose reset and step are answered when others have moved.
        self._patient = made.seat is not None

    def _control(
        self, type: str, answer: str, read: Callable[[dict[str, Any]], T], **fields: Any
    ) -> Control[T]:
        message = {"type": type, "env": self._env, **fields}
        return Control(answer, read, message, patient=self._patient and type == "reset")

    def reset(
        self, seed: Seed, options: Mapping[str, Any] | None, ids: Sequence[int] | None
    ) -> Call[ResetResult]:
        rows = range(self.num_envs) if ids is None else ids
        if "world" in self.contract:
            rows = range(1)  # all seats share one random stream
        seeds = [seed + i for i in rows] if isinstance(seed, (int, np.integer)) else seed
        return self._control(
            "reset",
            "started",
            self.layout.started,
            seeds=None if seeds is None else [None if s is None else int(s) for s in seeds],
            options=dict(options) if options else None,
            ids=self._indices(ids),
        )

    def step(self, actions: Any, ids: Sequence[int] | None) -> Call[StepResult]:
        rows = None if ids is None else np.array(self._indices(ids), np.uint32)
        n = self.num_envs if rows is None else len(rows)
        return self._step(self.layout.action.write(actions, (n,), "step: actions"), rows)

    def step_one(self, action: Any) -> Call[StepResult]:
        """Step the only env of the handle by an action without a batch around it."""
        return self._step(self.layout.action.write(action, (), "step: action"), None)

    def step_rows(self, actions: Sequence[Any], ids: Sequence[int]) -> Call[StepResult]:
        """Step the envs `ids` by actions that are no batch."""
        one = [
            self.layout.action.write(a, (), f"step: action {i}") for a, i in zip(actions, ids, strict=True)
        ]
        slabs = [b"".join(parts) for parts in zip(*one, strict=True)]
        return self._step(slabs, np.array(self._indices(ids), np.uint32))

    def _step(self, slabs: list[bytes], rows: NDArray[np.uint32] | None) -> Step:
        return Step(self.layout, self._env, slabs, rows, patient=self._patient)

    def snapshot(self, ids: Sequence[int] | None) -> Call[list[Any]]:
        def read(reply: dict[str, Any]) -> list[Any]:
            snapshots: list[Any] = field(reply, "snapshots", list)
            return snapshots

        return self._control("snapshot", "snapshotted", read, ids=self._indices(ids))

    def restore(self, snapshots: Sequence[Any], ids: Sequence[int] | None) -> Call[ResetResult]:
        return self._control(
            "restore",
            "started",
            self.layout.started,
            snapshots=list(snapshots),
            ids=self._indices(ids),
        )

    def rewards(self, achieved: ArrayLike, desired: ArrayLike, task: str | None) -> Call[NDArray[np.float64]]:
        goal = _goal_leaf(self.contract)
        slabs = []
        for name, rows in (("achieved", achieved), ("desired", desired)):
            array = np.asarray(rows, goal[0])
            if array.ndim != len(goal[1]) + 1 or array.shape[1:] != goal[1]:
                shape = ["n", *goal[1]]
                raise error("bad_message", f"rewards: {name}: expected shape {shape}, got {array.shape}")
            slabs.append(array.tobytes())

        def read(reply: dict[str, Any]) -> NDArray[np.float64]:
            return np.frombuffer(field(reply, "rewards", bytes), "<f8").astype(np.float64)

        return self._control("rewards", "rewarded", read, task=task, achieved=slabs[0], desired=slabs[1])

    def transitions(self) -> Call[TransitionTable]:
        def read(reply: dict[str, Any]) -> TransitionTable:
            def column(name: str, wire: str, memory: type) -> NDArray[Any]:
                return np.frombuffer(field(reply, name, bytes), wire).astype(memory)

            return TransitionTable(
                field(reply, "numStates", int),
                field(reply, "numActions", int),
                column("first", "<i4", np.int64),
                column("probabilities", "<f8", np.float64),
                column("nextStates", "<i4", np.int64),
                column("rewards", "<f8", np.float64),
                column("terminated", "u1", np.bool_),
            )

        return self._control("transitions", "tabulated", read)

    def render(self, index: int) -> Call[NDArray[np.uint8]]:
        def read(reply: dict[str, Any]) -> NDArray[np.uint8]:
            height, width = field(reply, "height", int), field(reply, "width", int)
            data = np.frombuffer(field(reply, "data", bytes), np.uint8)
            if data.size != height * width * 3:
                raise bad_reply(reply, f"expected {height} x {width} x 3 bytes, got {data.size}")
            return data.reshape(height, width, 3).copy()

        return self._control("render", "rendered", read, index=index, format="rgb")

    def share(self) -> Call[str]:
        return self._control("share", "shared", lambda reply: str(field(reply, "token", str)))

    def close(self) -> Call[None]:
        return self._control("close", "closed", lambda _: None)

    def _indices(self, ids: Sequence[int] | None) -> list[int] | None:
        if ids is None:
            return None
        indices = np.asarray(ids)
        if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
            raise error("bad_ids", f"ids: expected a list of integers, got {ids!r:.80}")
        for row, i in enumerate(indices.tolist()):
            if not 0 <= i < self.num_envs:
                raise error("bad_ids", f"ids[{row}]: expected 0 to {self.num_envs - 1}, got {i}")
        return [int(i) for i in indices]


def _goal_leaf(contract: dict[str, Any]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Give dtype and shape of a goal, as it crosses the wire."""
    goal = contract["observationSpace"].get("spaces", {}).get("desired_goal")
    if goal is None or not contract["rewardTasks"]:
        raise error("not_supported", f"{contract['spec']['id']} has no goals")
    dtype = goal.get("dtype", "int8")
    return np.dtype(dtype).newbyteorder("<"), tuple(goal["shape"])
