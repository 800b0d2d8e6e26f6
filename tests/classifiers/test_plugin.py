"""The worked example of docs/recognizers.md, installed as another distribution would be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(?:python|toml) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENTRY = re.compile(r'^\[project\.entry-points\."(.+)"\]\n(\w+) = "(.+)"$', re.MULTILINE)
OBSERVE = """
from datetime import date
from classifiers.engine import engine_version, observe
from classifiers.evidence import ColumnInput, TableInput
from classifiers.recognizers import outside
values = [f"T{n:06}{sum(map(int, str(n))) % 10}" for n in range(100, 120)]
table = TableInput(table="t", columns=(ColumnInput(name="c"),))
found = observe(table, {"c": values}, as_of=date(2026, 11, 23))["c"][0]
print(found.recognizer, found.element, found.strength, found.hits, [name for name, _ in outside()], engine_version())
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example's files and what an installer would leave beside them."""
    folder = tmp_path_factory.mktemp("site")
    blocks = dict(BLOCK.findall((ROOT / "docs" / "recognizers.md").read_text(encoding="utf-8")))
    for name, text in blocks.items():
        (folder / name).write_text(text, encoding="utf-8")
    entry = ENTRY.search(blocks["pyproject.toml"])
    assert entry is not None
    installed = folder / "tram_ticket-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: tram-ticket\nVersion: 1.0\n", encoding="utf-8")
    (installed / "entry_points.txt").write_text(f"[{entry[1]}]\n{entry[2]} = {entry[3]}\n", encoding="utf-8")
    return folder


def run(folder: Path, *arguments: str, path: tuple[Path, ...] = ()) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*path, ROOT))), "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_an_installed_recognizer_is_used(site: Path, tmp_path: Path) -> None:
    found = run(tmp_path, "-c", OBSERVE, path=(site,))
    assert found.returncode == 0, found.stderr
    *told, version = found.stdout.split()
    assert " ".join(told) == "tram_ticket object.number 0.95 20 ['tram-ticket 1.0']"
    plain = run(tmp_path, "-c", "from classifiers.engine import engine_version; print(engine_version())")
    assert plain.stdout.strip() != version


def test_the_example_passes_the_conformance_suite(site: Path) -> None:
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:pytest_openmetadata", "--rootdir", str(site)]
    found = run(site, "-m", "pytest", *options, "test_tram_ticket.py", path=(site,))
    assert found.returncode == 0, found.stdout
    assert re.search(r"\b6 passed", found.stdout)


def test_the_suite_notices_a_wrong_example(site: Path, tmp_path: Path) -> None:
    test = (site / "test_tram_ticket.py").read_text(encoding="utf-8")
    (tmp_path / "test_wrong.py").write_text(test.replace('"T0000012"', '"T0000011"'), encoding="utf-8")
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:pytest_openmetadata", "--rootdir", str(tmp_path)]
    found = run(tmp_path, "-m", "pytest", *options, "test_wrong.py", path=(site,))
    assert found.returncode == 1
    assert "test_answers" in found.stdout
