"""The fixtures and make targets that every other test stands on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent


def ask(url: str, statement: str) -> Any:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return connection.execute(text(statement)).scalar_one()


def test_postgres_answers_as_an_administrator(postgres_url: str) -> None:
    assert "PostgreSQL" in ask(postgres_url, "SELECT version()")
    assert ask(postgres_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True
    assert ask(postgres_url, "SHOW server_encoding") == "UTF8"


def test_mariadb_answers_as_an_administrator(mariadb_url: str) -> None:
    assert "MariaDB" in ask(mariadb_url, "SELECT version()")
    assert "ALL PRIVILEGES" in ask(mariadb_url, "SHOW GRANTS")
    assert ask(mariadb_url, "SELECT '普陀区'") == "普陀区"


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_each_database_is_new_and_empty(kind: str, request: pytest.FixtureRequest) -> None:
    make: Callable[[str], str] = request.getfixturevalue(f"{kind}_database")
    first, second = make("same"), make("same")
    with create_engine(first, poolclass=NullPool).begin() as connection:
        connection.execute(text("CREATE TABLE only_in_first (id INTEGER)"))
    count = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'only_in_first' AND table_schema = {}"
    schema = "'public'" if kind == "postgres" else "database()"
    assert [ask(url, count.format(schema)) for url in (first, second)] == [1, 0]


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_passwords_are_really_checked(kind: str, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue(f"{kind}_url")
    with pytest.raises(OperationalError):
        ask(url.replace("pdc-tests-only", "wrong"), "SELECT 1")


def test_servers_do_not_run_as_root(request: pytest.FixtureRequest) -> None:
    for fixture in ("postgres_server", "mariadb_server"):
        pid = request.getfixturevalue(fixture).process.pid
        assert Path(f"/proc/{pid}").stat().st_uid != 0


DIFFERENT_GLYPHS = """([first, second]) => {
    const draw = (character) => {
        const canvas = document.createElement("canvas");
        const context = canvas.getContext("2d");
        context.font = "64px sans-serif";
        context.fillText(character, 20, 100);
        return canvas.toDataURL();
    };
    return draw(first) !== draw(second);
}"""


def test_chromium_runs_scripts(chromium_page: Page) -> None:
    chromium_page.set_content("<h1>目录</h1><script>document.title = document.querySelector('h1').textContent</script>")
    assert chromium_page.title() == "目录"


def test_chromium_has_a_font_for_han(chromium_page: Page) -> None:
    """Without one, every character is drawn as the same empty box, as these two unassigned code points are."""
    assert chromium_page.evaluate(DIFFERENT_GLYPHS, ["普", "陀"])
    assert not chromium_page.evaluate(DIFFERENT_GLYPHS, ["\U0003fffd", "\U0003fffc"])


def test_a_missing_program_fails_with_the_command_that_installs_it(pytestconfig: pytest.Config) -> None:
    plugins = pytestconfig.pluginmanager.get_plugins()
    conftest = next(plugin for plugin in plugins if getattr(plugin, "__file__", "") == str(ROOT / "tests/conftest.py"))
    with pytest.raises(pytest.fail.Exception, match="apt-get install some-package"):
        conftest.need("no-such-program", "some-package")


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80, 0, 0)])
def test_the_guard_refuses_other_machines(address: tuple[Any, ...]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(pytest.fail.Exception, match="only loopback"):
        sock.connect(address)
    with socket.socket(family) as sock, pytest.raises(pytest.fail.Exception, match="only loopback"):
        sock.connect_ex(address)


def test_the_guard_refuses_to_resolve_names() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"department\.example"):
        socket.create_connection(("department.example", 80))


def make(target: str, *settings: str) -> subprocess.CompletedProcess[str]:
    # Under `make test` the variables of the outer make would make this one announce its folder.
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    command = ["make", target, *settings]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


def fake_python(folder: Path, *, old: bool = False, without: str = "") -> Path:
    """A Python that claims to be 3.9, or that cannot import one module, as Debian's without python3-venv."""
    prelude = "import sys; sys.version_info = (3, 9);" if old else f"import sys; sys.modules[{without!r}] = None;"
    path = folder / "python3"
    path.write_text(f'#!/bin/sh\n[ "$1" = -c ] || exit 97\nexec {sys.executable} -c "{prelude} $2"\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("broken", "advice"),
    [
        ({"without": "ensurepip"}, "apt-get install python3-venv"),
        ({"old": True}, "older than 3.10"),
    ],
)
def test_make_demo_says_which_package_is_missing(tmp_path: Path, broken: dict[str, Any], advice: str) -> None:
    done = make("demo", f"PYTHON={fake_python(tmp_path, **broken)}", f"VENV={tmp_path / 'venv'}")
    assert done.returncode != 0
    assert advice in done.stderr
    assert not (tmp_path / "venv").exists()


def test_make_help_lists_every_target() -> None:
    phony = next(line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:"))
    listed = [line.split()[1] for line in make("help").stdout.splitlines()]
    assert sorted(listed) == sorted(phony.split()[1:])


def pins(name: str) -> set[str]:
    """The ``name==version`` of each line; markers differ with what else asks for the package."""
    return {line.partition(" ;")[0] for line in (ROOT / "requirements" / name).read_text().splitlines()}


def test_one_environment_can_hold_every_requirement_file() -> None:
    everything = pins("openmetadata.txt")
    for name in ("plain.txt", "dev.txt"):
        assert pins(name) <= everything, f"{name} pins other versions than openmetadata.txt; run make lock"


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_requirement_files_pin_versions_and_name_no_address(path: Path) -> None:
    for line in path.read_text().splitlines():
        assert "==" in line
        assert "://" not in line
        assert not line.startswith(("-", "#"))
