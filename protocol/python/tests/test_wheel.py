"""The wheel, as somebody has it who installed it with pip and has Node.js, but no npm package and no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLAY = """
import farstep, gymnasium, sys
print(farstep.__file__)
env = gymnasium.make("farstep/MinAtar/Breakout-v1")
env.reset(seed=1)
print(env.step(1)[1], farstep.server.find_command()[1])
"""


def test_it_brings_its_server_along(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(site)
    assert {
        "farstep/py.typed",
        "farstep/envs.json",
        "farstep/_server.mjs",
        "farstep/_server.licences.txt",
    } <= {*names}
    assert not [name for name in names if name.startswith("tests")]
    away = {k: v for k, v in os.environ.items() if k not in ("FARSTEP_URL", "FARSTEP_SERVER")}
    away["PYTHONPATH"] = str(site)
    done = subprocess.run(
        [sys.executable, "-c", PLAY], cwd=tmp_path, env=away, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == [
        str(site / "farstep" / "__init__.py"),
        f"0.0 {site / 'farstep' / '_server.mjs'}",
    ], done.stderr
