"""deploy/: what can be held to its rules and run without Docker."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflows.cli_protect import administrators
from workflows.demo import write_demo
from workflows.site import load_site

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
RUNNER = DEPLOY / "runner"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
MADE = {"db_password", "fernet_key", "jwt_public_key", "jwt_private_key", "pdc_token"}
# A version of at least two numbers; with a flavour behind it or not.
PINNED = re.compile(r"[a-z0-9/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)*")
BETWEEN = {"database": {"inside"}, "search": {"inside"}, "server": {"inside", "outside"}, "runner": {"outside"}}


# --- the compose file ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_pinned_watched_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert PINNED.fullmatch(service["image"])
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert service["restart"] == "unless-stopped"
    assert not service.get("privileged")


def test_the_dockerfile_is_pinned_and_not_root() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    images = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert images
    assert all(PINNED.fullmatch(image) for image in images)
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE) == ["catalog"]
    copied = [words for line in re.findall(r"^COPY (?!--from)(.+)", text, re.MULTILINE) for words in line.split()[:-1]]
    sources = [word for word in copied if not word.startswith("--")]
    assert [word for word in sources if not (ROOT / word).exists()] == []
    # What is copied must not be held back from the build.
    kept = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").split() if line[0] == "!"}
    assert [word for word in sources if word not in kept and word.split("/")[0] not in kept] == []


def test_the_image_installs_the_version_that_compose_names() -> None:
    version = re.search(r'version="([^"]+)"', (ROOT / "setup.py").read_text("utf-8"))
    assert version is not None
    assert SERVICES["runner"]["image"] == f"public-data-catalog:{version[1]}"


def test_no_secret_stands_in_a_file() -> None:
    assert {name: given["file"] for name, given in COMPOSE["secrets"].items()} == {
        name: f"./secrets/{name}" for name in MADE
    }
    for service in SERVICES.values():
        assert set(service.get("secrets", ())) <= MADE
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET|FERNET|PRIVATE", key) and key != "MASK_PASSWORDS_API":
                assert str(value).startswith("/run/secrets/"), key
    example = (DEPLOY / ".env.example").read_text("utf-8")
    assert re.findall(r"^\w*(?:PASSWORD|TOKEN|SECRET)\w*=", example, re.MULTILINE) == []
    assert (DEPLOY / "secrets" / ".gitignore").read_text("utf-8").startswith("*\n")


def test_every_variable_is_explained_and_has_a_default() -> None:
    used = set(re.findall(r"\$\{(\w+)([^}]*)\}", (DEPLOY / "compose.yaml").read_text("utf-8")))
    assert used
    assert all(default.startswith(":-") for _, default in used)
    explained = re.findall(r"^(\w+)=(.*)", (DEPLOY / ".env.example").read_text("utf-8"), re.MULTILINE)
    assert {(name, f":-{value}") for name, value in explained} == used


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_exists_and_cannot_be_written(name: str) -> None:
    named = set(COMPOSE["volumes"])
    for volume in SERVICES[name].get("volumes", ()):
        source, _, rest = volume.partition(":")
        if source.startswith("."):
            assert (DEPLOY / source).exists(), source
            assert rest.endswith(":ro"), volume
        else:
            assert source in named


def test_the_administrators_commands_take_another_token(tmp_path: Path) -> None:
    (changed,) = yaml.safe_load((DEPLOY / "compose.admin.yaml").read_text("utf-8"))["services"].items()
    assert changed[0] in SERVICES
    (mounted,) = changed[1]["volumes"]
    source, target, mode = mounted.split(":")
    # Compose replaces the mount that has the same target.
    assert target in [volume.split(":")[1] for volume in SERVICES[changed[0]]["volumes"]]
    assert mode == "ro"
    shutil.copytree(DEPLOY / "site", tmp_path / "site")
    shutil.copy(DEPLOY / source, tmp_path / "site" / "openmetadata.yaml")
    site = load_site(tmp_path / "site", environ={"OPENMETADATA_ADMIN": "a.b.c"})
    assert (site.server.url, administrators(site).token) == ("http://server:8585/api", "a.b.c")


def test_only_the_server_reaches_database_and_search() -> None:
    assert {name: set(service["networks"]) for name, service in SERVICES.items()} == BETWEEN
    assert COMPOSE["networks"]["inside"]["internal"] is True
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports == ["127.0.0.1:8585:8585"]


def test_who_waits_for_whom() -> None:
    for name, service in SERVICES.items():
        for other, condition in service.get("depends_on", {}).items():
            assert other in SERVICES, name
            assert condition == {"condition": "service_healthy"}


def test_no_file_names_a_registry() -> None:
    for path in (*DEPLOY.rglob("*"), ROOT / "docs" / "deployment.md"):
        if path.is_file() and "secrets" not in path.parts:
            found = re.findall(
                r"(?:docker|ghcr|quay|gcr|pypi|npmjs|pythonhosted)\.(?:io|com|org)", path.read_text("utf-8")
            )
            assert found == [], path


def test_the_site_that_is_mounted_loads(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY / "site", tmp_path / "site")
    token = tmp_path / "token"
    token.write_text("a.b.c\n", "utf-8")
    path = tmp_path / "site" / "openmetadata.yaml"
    path.write_text(path.read_text("utf-8").replace("/run/secrets/pdc_token", str(token)), "utf-8")
    site = load_site(tmp_path / "site")
    assert (site.server.url, site.server.token) == ("http://server:8585/api", "a.b.c")
    mounted = {volume.split(":")[1] for volume in SERVICES["runner"]["volumes"]}
    assert {str(Path("/site", name)) for name in os.listdir(tmp_path / "site")} <= mounted
    for template in ("departments/example.yaml", "packs/example.yaml"):
        assert (DEPLOY / "site" / template).read_bytes() == (ROOT / "config" / template).read_bytes()


# --- scripts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shell", "name"), [("sh", "runner"), ("sh", "make-secrets"), ("bash", "with-secrets")])
def test_scripts_are_well_formed_and_may_be_run(shell: str, name: str) -> None:
    path = DEPLOY / name
    assert subprocess.run([shell, "-n", path], check=False).returncode == 0
    assert path.stat().st_mode & stat.S_IXUSR
    assert path.read_text("utf-8").startswith(f"#!/bin/{shell}\n")


def test_secrets_are_made_once(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "make-secrets", tmp_path)
    script = [tmp_path / "make-secrets"]
    subprocess.run(script, check=True, capture_output=True)
    folder = tmp_path / "secrets"
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert made.keys() == MADE
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(made["db_password"].strip()) == 48
    assert re.fullmatch(rb"[\w-]{43}=\n", made["fernet_key"])
    # DER: a sequence, of more than 255 bytes.
    assert made["jwt_private_key"][:2] == made["jwt_public_key"][:2] == b"\x30\x82"
    assert made["pdc_token"] == b""
    (folder / "pdc_token").write_bytes(b"x")
    subprocess.run(script, check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {**made, "pdc_token": b"x"}


def test_the_server_gets_its_secrets_and_its_tables_first(tmp_path: Path) -> None:
    (tmp_path / "bootstrap").mkdir()
    program(tmp_path / "bootstrap" / "openmetadata-ops.sh", 'echo "$1 $DB_USER_PASSWORD" >>told')
    (tmp_path / "db_password").write_text("one\n", "utf-8")
    (tmp_path / "fernet_key").write_text("two\n", "utf-8")
    start = 'echo "start $DB_USER_PASSWORD $FERNET_KEY" >>told'
    environment = {**os.environ, "SECRETS": str(tmp_path)}
    command = ["bash", DEPLOY / "with-secrets", "sh", "-c", start]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "told").read_text("utf-8") == "migrate one\nstart one two\n"
    (tmp_path / "fernet_key").unlink()
    assert subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True).returncode != 0


# --- the runner ------------------------------------------------------------------------------------------------------


def program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(0o755)


class Desk:
    """A runner whose ``pdc``, ``date`` and ``sleep`` are the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.site = folder / "site"
        self.programs.mkdir()
        self.pdc()

    def pdc(self, **codes: int) -> None:
        """A `pdc` that notes its step and ends with the code given for it."""
        cases = " ".join(f"{step}) exit {code} ;;" for step, code in codes.items())
        program(self.programs / "pdc", f'echo "$3" >>{self.folder}/steps\ncase $3 in {cases} *) exit 0 ;; esac')

    def clock(self, now: str) -> None:
        program(self.programs / "date", f"echo {now}")

    def run(self, *words: str, path: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", RUNNER, *words],
            env=self.environment(path, **environment),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def environment(self, path: str | None = None, **more: str) -> dict[str, str]:
        found = f"{path or self.programs}:{os.environ['PATH']}"
        return {**os.environ, "PATH": found, "PDC_SITE": str(self.site), **more}

    @property
    def steps(self) -> list[str]:
        path = self.folder / "steps"
        return path.read_text("utf-8").split() if path.exists() else []


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("codes", "steps", "code", "healthy"),
    [
        ({}, ["run", "publish", "pull"], 0, True),
        ({"run": 3}, ["run", "publish", "pull"], 3, True),
        ({"run": 3, "publish": 4}, ["run", "publish", "pull"], 4, True),
        ({"run": 1}, ["run"], 1, False),
        ({"publish": 2}, ["run", "publish"], 2, False),
        ({"run": 4, "publish": 2}, ["run", "publish"], 2, False),
        ({"pull": 137}, ["run", "publish", "pull"], 137, False),
    ],
)
def test_a_cycle_goes_on_as_far_as_it_may(
    desk: Desk, codes: dict[str, int], steps: list[str], code: int, healthy: bool
) -> None:
    assert desk.run("--check").returncode != 0
    desk.pdc(**codes)
    assert desk.run("--once").returncode == code
    assert desk.steps == steps
    assert (desk.run("--check").returncode == 0) == healthy


def test_a_runner_that_has_not_ended_a_cycle_for_long_is_not_healthy(desk: Desk) -> None:
    desk.run("--once")
    long_ago = time.time() - 27 * 3600
    os.utime(desk.site / "var" / "runner.state", (long_ago, long_ago))
    assert desk.run("--check").returncode != 0


@pytest.mark.parametrize(
    ("now", "at", "pause"),
    [
        ("02:29:59", "02:30", 1),
        ("02:30:00", "02:30", 86400),
        ("08:09:08", "09:08", 3532),
        ("23:59:59", "00:00", 1),
        ("00:00:00", "08:09", 29340),
    ],
)
def test_it_waits_until_the_time_of_day(desk: Desk, now: str, at: str, pause: int) -> None:
    desk.clock(now)
    program(desk.programs / "sleep", f'echo "$1" >{desk.folder}/pause; exec /bin/sleep 30')
    process = subprocess.Popen(["sh", RUNNER], env=desk.environment(PDC_AT=at), stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    try:
        while not (desk.folder / "pause").exists() or not (desk.folder / "pause").read_text("utf-8"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert (desk.folder / "pause").read_text("utf-8") == f"{pause}\n"
        assert desk.steps == ["run", "publish", "pull"]
    finally:
        process.send_signal(signal.SIGTERM)
        # A stop is heeded in the middle of a pause.
        assert process.wait(timeout=10) == 0


@pytest.mark.parametrize("at", ["2:30", "24:00", "12:60", "noon"])
def test_a_time_that_is_none_is_refused_before_the_first_cycle(desk: Desk, at: str) -> None:
    done = desk.run(PDC_AT=at)
    assert (done.returncode, desk.steps) == (2, [])
    assert "not a time such as 02:30" in done.stderr


def test_a_word_that_it_does_not_know_starts_nothing(desk: Desk) -> None:
    assert (desk.run("--now").returncode, desk.steps) == (2, [])


def test_one_cycle_on_a_demo_site_brings_it_to_a_server(tmp_path: Path, contract_server: Any) -> None:
    """The real `pdc`, against the contract server; the second cycle finds nothing to write."""
    server = contract_server("2.0")
    desk = Desk(tmp_path)
    (desk.programs / "pdc").unlink()
    write_demo(desk.site)
    text = f"url: {server.url}\ntoken: file:token\n"
    (desk.site / "openmetadata.yaml").write_text(text, "utf-8")
    (desk.site / "token").write_text(server.tokens["bot"] + "\n", "utf-8")
    path = os.fspath(Path(sys.executable).parent)
    first = desk.run("--once", path=path)
    assert first.returncode == 0, first.stderr
    kinds = ("table", "apiEndpoint")
    assert [len(server.control("GET", f"entities/{kind}")["data"]) for kind in kinds] == [29, 5]
    assert desk.run("--check").returncode == 0
    server.control("POST", "reset", {})
    second = desk.run("--once", path=path)
    assert second.returncode == 0, second.stderr
    routes = server.control("GET", "counters")["routes"]
    assert [route for route in routes if not route.startswith("GET")] == []
