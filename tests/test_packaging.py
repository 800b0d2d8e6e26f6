"""What an installation holds: every module and data file of the three rooms, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("connectors", "classifiers", "workflows")
INPUTS = ("setup.py", "pyproject.toml", "LICENSE", "MANIFEST.in")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built without network from a copy, so that no build product lands in the work tree."""
    source = tmp_path_factory.mktemp("source")
    for name in INPUTS:
        shutil.copy(ROOT / name, source)
    for name in (*ROOMS, "tests"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run([*command, "-w", source / "dist", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = (source / "dist").glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_the_rooms_whole_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = (file for room in ROOMS for file in (ROOT / room).rglob("*") if file.is_file())
    present = {file.relative_to(ROOT).as_posix() for file in files if "__pycache__" not in file.parts}
    assert sorted(shipped) == sorted(present)


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_typed(wheel: zipfile.ZipFile, room: str) -> None:
    assert f"{room}/py.typed" in wheel.namelist()


def test_plain_installation_leaves_the_openmetadata_sdk_out(wheel: zipfile.ZipFile) -> None:
    (path,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    lines = wheel.read(path).decode().splitlines()
    required = [line for line in lines if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert required
    assert not any("openmetadata" in line for line in required)
    assert any("openmetadata-ingestion" in line and 'extra == "openmetadata"' in line for line in lines)
