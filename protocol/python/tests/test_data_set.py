"""Data sets that the TypeScript side wrote, and their way to Minari."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence

import farstep
from farstep import data_set
from farstep.server import find_command

if TYPE_CHECKING:
    from pathlib import Path

EPISODES = 3


@pytest.fixture(scope="module")
def files(url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Record scripted experts: observations of numbers and goals, of pictures, of bits."""
    folder = tmp_path_factory.mktemp("data")

    def record(name: str, env: str, *options: str) -> Path:
        path: Path = folder / f"{name}.safetensors"
        given = [part for option in options for part in ("--option", option)]
        command = [*find_command(), "expert", env, "--episodes", str(EPISODES), "--seed", "5", "--url", url]
        subprocess.run([*command, "--out", str(path), *given], check=True, capture_output=True)
        return path

    return {
        "push": record("push", "Physics/Push-v1"),
        "pictures": record("pictures", "Physics/Reach-v1", "obs_type=both"),
        "bits": record("bits", "BitFlipping-10-v0"),
    }


@pytest.mark.parametrize(
    ("name", "env", "options"),
    [
        ("push", "Physics/Push-v1", {}),
        ("pictures", "Physics/Reach-v1", {"obs_type": "both"}),
        ("bits", "BitFlipping-10-v0", {}),
    ],
)
def test_the_episodes_happen_again(
    name: str, env: str, options: dict[str, Any], files: Any, url: str
) -> None:
    """From the seed that the expert began with, its actions lead to what the file holds."""
    data = data_set.read(files[name])
    assert (data.env, len(data)) == (env, EPISODES)
    replay: Any = farstep.make(env, url=url, **options)
    assert replay.contract["hash"] != ""
    assert data.observation_space == replay.contract["observationSpace"]
    for episode in data.episodes():
        assert not episode.terminated
        assert len(episode.rewards) == len(episode.actions) > 0
        for observation in (episode.observations["observation"], episode.observations["desired_goal"]):
            assert len(observation) == len(episode.rewards) + 1
    first = next(data.episodes())
    observation, _ = replay.reset(seed=5)
    for t, action in enumerate(first.actions):
        assert data_equivalence(
            observation, {key: part[t] for key, part in first.observations.items()}, exact=True
        )
        observation, reward, *_ = replay.step(action)
        assert reward == first.rewards[t]
    assert data_equivalence(
        observation, {key: part[-1] for key, part in first.observations.items()}, exact=True
    )
    replay.close()


@pytest.mark.parametrize("name", ["push", "pictures", "bits"])
def test_minari(name: str, files: Any, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import minari

    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    data = data_set.read(files[name])
    told = {"algorithm_name": "scripted expert", "code_permalink": "https://example.org/expert"}
    told |= {"author": "nobody", "author_email": "nobody@example.org", "description": "what an expert did"}
    data_set.to_minari(data, f"farstep/{name}/expert-v0", url=url, **told)
    loaded = minari.load_dataset(f"farstep/{name}/expert-v0")
    assert loaded.total_episodes == EPISODES
    assert loaded.total_steps == data.lengths.sum()
    for ours, theirs in zip(data.episodes(), loaded.iterate_episodes(), strict=True):
        assert data_equivalence(ours.observations, theirs.observations, exact=True)
        assert data_equivalence(ours.actions, theirs.actions, exact=True)
        assert np.array_equal(ours.rewards, theirs.rewards)
        assert theirs.truncations.tolist() == [False] * (len(ours.rewards) - 1) + [True]
        assert not theirs.terminations.any()
    recovered = loaded.recover_environment()
    assert recovered.unwrapped.contract["spec"]["id"] == data.env
    recovered.close()


def test_files_that_are_none(files: Any, tmp_path: Path) -> None:
    whole = files["push"].read_bytes()
    size = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + size])

    def changed(**entries: Any) -> bytes:
        text = json.dumps({**header, **entries}).encode()
        return bytes(len(text).to_bytes(8, "little") + text + whole[8 + size :])

    other = {**header["__metadata__"], "farstep_data_set": "9"}
    for content, message in [
        (b"", "data set: expected format 1, got a file without one|header"),
        (b"\xff" * 20, "a header of 18446744073709551615 bytes in a file of 20"),
        (changed(__metadata__={}), "expected format 1, got a file without one"),
        (changed(__metadata__=other), "expected format 1, got 9"),
        (
            changed(rewards={**header["rewards"], "shape": [1]}),
            r"rewards: expected F64 \[\d+\], got F64 \[1\]",
        ),
        (changed(actions={**header["actions"], "dtype": "F64"}), "actions: expected F32"),
        (
            changed(lengths={**header["lengths"], "data_offsets": [10**9, 10**9 + 4 * EPISODES]}),
            "are not in the file",
        ),
    ]:
        path = tmp_path / "bad.safetensors"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            data_set.read(path)
