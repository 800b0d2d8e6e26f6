"""Who may import whom, and how long a file or function may be: the rules that keep the three rooms apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("connectors", "classifiers", "workflows")
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 80
SDK_FILES = {"connectors/openmetadata.py", "classifiers/openmetadata.py"}
HTTP_FILE = "connectors/http.py"


def imported(tree: ast.AST, package: list[str]) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a module imports, at any depth; relative names are made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def import_fault(room: str, path: str, name: str) -> str | None:
    """Why the file ``path`` of a room may not import ``name``; None when it may."""
    if within(name, "tests"):
        return "tests are never imported by name"
    if within(name, "metadata") and path not in SDK_FILES:
        return "only the files named openmetadata.py import the OpenMetadata SDK"
    if within(name, "requests") and path != HTTP_FILE:
        return f"only {HTTP_FILE} imports requests"
    if room == "connectors" and within(name, "classifiers", "workflows"):
        return "connectors know nothing of labels or workflows"
    if room == "classifiers" and within(name, "workflows"):
        return "classifiers import connectors.model only"
    if room == "classifiers" and within(name, "connectors") and not within(name, "connectors.model"):
        return "classifiers import connectors.model only"
    return None


def size_faults(tree: ast.AST, lines: int) -> Iterator[tuple[int, str]]:
    if lines > MAX_FILE_LINES:
        yield 1, f"{lines} lines; a file has at most {MAX_FILE_LINES}"
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {length} lines; a function has at most {MAX_FUNCTION_LINES}"


def faults(root: Path) -> list[str]:
    """``path:line: what is wrong`` for every broken rule in the rooms under ``root``, and in its tests' imports."""
    found = []
    for room in (*ROOMS, "tests"):
        for file in sorted((root / room).rglob("*.py")):
            path = file.relative_to(root).as_posix()
            source = file.read_text(encoding="utf-8")
            tree = ast.parse(source, path)
            names = imported(tree, path.split("/")[:-1])
            if room == "tests":
                # A package among the tests may refer to its own modules: what begins with a dot names no `tests`.
                names = imported(tree, [])
                broken = [(line, "tests are never imported by name") for line, name in names if within(name, "tests")]
            else:
                reasons = ((line, import_fault(room, path, name)) for line, name in names)
                broken = [(line, reason) for line, reason in reasons if reason]
                broken += size_faults(tree, len(source.splitlines()))
            found += [f"{path}:{line}: {reason}" for line, reason in broken]
    return found


def test_the_rooms_keep_their_rules() -> None:
    assert faults(ROOT) == []


def test_every_room_was_looked_at() -> None:
    assert all(list((ROOT / room).rglob("*.py")) for room in ROOMS)


LONG_FUNCTION = "def f() -> None:\n" + "    pass\n" * MAX_FUNCTION_LINES
CASES = [
    ("connectors/sql/a.py", "from classifiers.evidence import Label", "connectors know nothing"),
    ("connectors/a.py", "def f():\n    import workflows.store", "connectors know nothing"),
    ("connectors/sql/a.py", "from ...workflows import store", "connectors know nothing"),
    ("classifiers/a.py", "from workflows import store", "connectors.model only"),
    ("classifiers/a.py", "from connectors import base", "connectors.model only"),
    ("classifiers/a.py", "import connectors.base", "connectors.model only"),
    ("classifiers/a.py", "from connectors.modelling import x", "connectors.model only"),
    ("workflows/a.py", "import metadata.ingestion", "OpenMetadata SDK"),
    ("workflows/openmetadata.py", "from metadata import x", "OpenMetadata SDK"),
    ("workflows/a.py", "import requests", "imports requests"),
    ("connectors/rest.py", "from requests.adapters import HTTPAdapter", "imports requests"),
    ("workflows/a.py", "from tests.conftest import free_port", "never imported by name"),
    ("tests/a.py", "import tests.conftest", "never imported by name"),
    ("connectors/a.py", "\n" * (MAX_FILE_LINES + 1), "a file has at most"),
    ("classifiers/a.py", LONG_FUNCTION, "a function has at most"),
    ("classifiers/a.py", "class C:\n" + "".join(f"    {line}\n" for line in LONG_FUNCTION.splitlines()), "a function"),
]
ALLOWED = [
    ("classifiers/a.py", "from connectors.model import Asset"),
    ("classifiers/a.py", "from connectors import model"),
    ("classifiers/openmetadata.py", "from metadata.ingestion.api.steps import Processor"),
    ("connectors/openmetadata.py", "import metadata"),
    ("connectors/http.py", "import requests"),
    ("connectors/a.py", "import importlib.metadata\nfrom importlib import metadata"),
    ("connectors/sql/a.py", "from ..base import Connector"),
    ("workflows/a.py", "from connectors.base import Connector\nfrom classifiers import engine"),
    ("connectors/a.py", "\n" * MAX_FILE_LINES),
    ("connectors/a.py", LONG_FUNCTION.removesuffix("    pass\n")),
]


def write(root: Path, path: str, source: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True)
    file.write_text(source, encoding="utf-8")


@pytest.mark.parametrize(("path", "source", "reason"), CASES)
def test_a_broken_rule_is_reported_with_its_place(tmp_path: Path, path: str, source: str, reason: str) -> None:
    write(tmp_path, path, source)
    (fault,) = faults(tmp_path)
    assert fault.startswith(f"{path}:")
    assert reason in fault


@pytest.mark.parametrize(("path", "source"), ALLOWED)
def test_what_is_allowed_passes(tmp_path: Path, path: str, source: str) -> None:
    write(tmp_path, path, source)
    assert faults(tmp_path) == []


def circle(root: Path) -> list[str]:
    """Modules that import each other in a loop, the first one again at the end; imports inside functions count, those
    that only the type checker reads do not. Empty when there is none."""
    graph: dict[str, set[str]] = {}
    for room in ROOMS:
        for file in (root / room).rglob("*.py"):
            path = file.relative_to(root)
            parts = path.with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            tree = ast.parse(file.read_text(encoding="utf-8"))
            tree.body = [
                node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
            ]
            graph[module] = {name for _, name in imported(tree, list(path.parts[:-1]))}
    # A name is a module's own or a thing inside the module before its last dot.
    edges = {
        module: {name if name in graph else name.rpartition(".")[0] for name in names} & graph.keys() - {module}
        for module, names in graph.items()
    }
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_nothing_imports_in_a_circle() -> None:
    assert circle(ROOT) == []


def test_circles_are_found(tmp_path: Path) -> None:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "a.py").write_text("def f():\n    from workflows.b import g\n", "utf-8")
    (tmp_path / "workflows" / "b.py").write_text("from workflows import a\n", "utf-8")
    assert sorted(set(circle(tmp_path))) == ["workflows.a", "workflows.b"]
