"""A connector from outside this repository: installed, harvested with, and tested by its own package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent / "thirdparty" / "pdc-connector-sample"
SITE = """department: {id: minzheng, name: 民政局}
systems:
  - {id: lists, name: 清单, connector: lists, path: lists}
"""


def run(*command: str, cwd: Path, target: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(target), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the package is installed; pip builds it from a copy, since it writes beside the sources."""
    folder = tmp_path_factory.mktemp("thirdparty")
    shutil.copytree(PACKAGE, folder / "source")
    offline = ("--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check", "--quiet")
    pip = (sys.executable, "-m", "pip", "install", *offline, "--target", str(folder / "target"))
    done = run(*pip, str(folder / "source"), cwd=folder, target=folder)
    assert done.returncode == 0, done.stderr
    return folder / "target"


def test_a_system_of_the_packages_kind_is_harvested(target: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    pdc = str(Path(sys.executable).with_name("pdc"))
    assert run(pdc, "init", str(site), cwd=tmp_path, target=target).returncode == 0
    (site / "departments" / "minzheng.yaml").write_text(SITE, "utf-8")
    (site / "lists").mkdir()
    (site / "lists" / "a.txt").write_text("T_RY: XM 姓名, SFZH 身份证号\n\n没有冒号\n", "utf-8")
    done = run(pdc, "--site", str(site), "harvest", cwd=tmp_path, target=target)
    assert done.returncode == 3, done.stderr
    assert "a.txt:3: no table" in done.stdout + done.stderr
    listed = run(pdc, "--site", str(site), "assets", cwd=tmp_path, target=target)
    assert "T_RY" in listed.stdout
    without = run(pdc, "--site", str(site), "harvest", cwd=tmp_path, target=tmp_path)
    assert without.returncode == 2
    assert "unknown connector 'lists'" in without.stderr


@pytest.mark.timeout(300)
def test_the_package_tests_its_connector(target: Path, tmp_path: Path) -> None:
    pytest_alone = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(target))
    done = run(sys.executable, *pytest_alone, str(target / "lists_conformance.py"), cwd=tmp_path, target=target)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
