"""Shared fixtures: real PostgreSQL and MariaDB servers, a real Chromium, and a guard that keeps tests on loopback.

Servers start when the first test asks for one, listen on a free loopback port, keep their data in a temporary folder
and are stopped by their own process at the end of the session. Nothing is skipped: what is not installed fails the
test with the command that installs it.

=====================  =========  ====================================================================
fixture                scope      value
=====================  =========  ====================================================================
``postgres_server``    session    `DatabaseServer`; ``url(database)``, ``process``
``postgres_database``  session    ``make(name) -> url``: a new, empty database, its name unique
``postgres_url``       function   URL of a new, empty database
``mariadb_*``          the same   the same three for MariaDB
``contract_server``    function   ``make(profile, **faults) -> ContractServer`` (see ``tests/contract/omserver``)
``start_contract``     session    ``start(folder, profile, **options) -> ContractServer``, stopped by who started it
``shared_contract_*``  session    ``get(profile) -> ContractServer``, emptied
``chromium``           session    Playwright `Browser`
``chromium_page``      function   Playwright `Page` in a fresh context; fails the test on console errors
=====================  =========  ====================================================================

Every URL names an administrator, so tests can create roles, schemas and more databases.
"""

from __future__ import annotations

import itertools
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

# A noisy machine is no reason to fail, and CI must give the same answer twice; new examples are found at the desk.
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "desk")

USER = "pdc"
PASSWORD = "pdc-tests-only"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
# Chromium must neither look for updates nor resolve any name but loopback's.
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
]


# --- the network -------------------------------------------------------------------------------------------------


def is_loopback(host: object) -> bool:
    """Whether an address or name, as handed to `socket`, stays on this machine."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    return host is None or host in ("", "localhost", "::1") or (isinstance(host, str) and host.startswith("127."))


def refuse(host: object) -> None:
    # pytest.fail derives from BaseException: no `except Exception` in the code under test can hide it.
    pytest.fail(f"a test tried to reach {host!r}; only loopback is allowed", pytrace=True)


@pytest.fixture(scope="session", autouse=True)
def network_guard() -> Iterator[None]:
    """Refuse, for the whole session, to connect to or resolve anything but loopback from this process."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(sock: socket.socket, address: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
            refuse(address[0])

    def guarded_connect(sock: socket.socket, address: Any) -> None:
        check(sock, address)
        connect(sock, address)

    def guarded_connect_ex(sock: socket.socket, address: Any) -> int:
        check(sock, address)
        return connect_ex(sock, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not is_loopback(host):
            refuse(host)
        return getaddrinfo(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


# --- processes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DatabaseServer:
    """A running server; ``url(database)`` is a SQLAlchemy URL of its administrator."""

    scheme: str
    port: int
    process: subprocess.Popen[bytes]

    def url(self, database: str) -> str:
        return f"{self.scheme}://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"


def need(command: str, package: str, *folders: Path) -> str:
    """The full path of a command; without it the test fails with the way to install it."""
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath), "/usr/sbin"])
    found = shutil.which(command, path=path)
    if found is None:
        pytest.fail(f"{command} is not installed. Run: apt-get install {package} (or `make setup` as root)", False)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def unprivileged(*names: str) -> pwd.struct_passwd | None:
    """The account to run a server as: database servers refuse to run as root. None means as we are."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in (*names, "nobody") if name in known)


def as_account(account: pwd.struct_passwd | None, stop: str) -> list[str]:
    """The command prefix that drops root and makes the server stop when the test process dies without cleaning up."""
    drop = [] if account is None else [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return ["setpriv", *drop, f"--pdeathsig={stop}", "--"]


@contextmanager
def server_folder(account: pwd.struct_passwd | None) -> Iterator[Path]:
    # Not pytest's tmp_path: only its owner may enter that, and Unix sockets need a short path.
    folder = Path(tempfile.mkdtemp(prefix="pdc-db-"))
    try:
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_once(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}", pytrace=False)


@contextmanager
def running(command: list[str], folder: Path, stop: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server, its output in ``folder/server.log``; stop it by its own process id."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(server: DatabaseServer, folder: Path, connect: Callable[[DatabaseServer], Any]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        # Each driver has an error class of its own for "not up yet".
        with suppress(Exception):
            connect(server).close()
            return
        time.sleep(0.05)
    log = (folder / "server.log").read_text(errors="replace")
    pytest.fail(f"{server.scheme} server did not start:\n{log[-3000:]}", pytrace=False)


def factory(create: Callable[[str], str]) -> Callable[[str], str]:
    """``make(name)``: create a database whose name starts with ``name`` and was never used before; returns its URL."""
    numbers = itertools.count(1)
    return lambda name: create(f"{name}_{next(numbers)}")


# --- PostgreSQL --------------------------------------------------------------------------------------------------


def connect_postgres(server: DatabaseServer) -> Any:
    import psycopg2

    connection = psycopg2.connect(
        host="127.0.0.1", port=server.port, user=USER, password=PASSWORD, dbname="postgres", connect_timeout=5
    )
    connection.autocommit = True
    return connection


def postgres_folders() -> list[Path]:
    """Debian keeps the server's programs off PATH, one folder per major version; the newest first."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(found, key=lambda folder: [int(n) for n in re.findall(r"\d+", folder.parent.name)], reverse=True)


@contextmanager
def postgres_running() -> Iterator[DatabaseServer]:
    """A throw-away server; benchmarks start theirs with it, too."""
    initdb = need("initdb", "postgresql", *postgres_folders())
    postgres = need("postgres", "postgresql", *postgres_folders())
    account = unprivileged("postgres")
    port = free_port()
    with server_folder(account) as folder:
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        data = str(folder / "data")
        init = [initdb, "-D", data, "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8"]
        run_once([*as_account(account, "INT"), *init, "--locale=C.UTF-8", "--no-sync"], folder)
        settings = ["listen_addresses=127.0.0.1", "fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        serve = [postgres, "-D", data, "-p", str(port), "-k", str(folder)]
        options = [word for setting in settings for word in ("-c", setting)]
        # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
        with running([*as_account(account, "INT"), *serve, *options], folder, signal.SIGINT) as process:
            server = DatabaseServer("postgresql", port, process)
            wait_until_ready(server, folder, connect_postgres)
            yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[DatabaseServer]:
    with postgres_running() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_database(postgres_server: DatabaseServer) -> Callable[[str], str]:
    def create(name: str) -> str:
        connection = connect_postgres(postgres_server)
        try:
            with connection.cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{name}"')
        finally:
            connection.close()
        return postgres_server.url(name)

    return factory(create)


@pytest.fixture
def postgres_url(postgres_database: Callable[[str], str]) -> str:
    return postgres_database("test")


# --- MariaDB -----------------------------------------------------------------------------------------------------


def connect_mariadb(server: DatabaseServer) -> Any:
    import pymysql

    return pymysql.connect(host="127.0.0.1", port=server.port, user=USER, password=PASSWORD, connect_timeout=5)


@contextmanager
def mariadb_running() -> Iterator[DatabaseServer]:
    """A throw-away server; benchmarks start theirs with it, too."""
    install = need("mariadb-install-db", "mariadb-server")
    mariadbd = need("mariadbd", "mariadb-server")
    account = unprivileged("mysql")
    port = free_port()
    with server_folder(account) as folder:
        init = folder / "init.sql"
        init.write_text(
            f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"
        )
        init.chmod(0o644)
        data = f"--datadir={folder / 'data'}"
        create = [install, "--no-defaults", data, "--skip-test-db", "--auth-root-authentication-method=normal"]
        run_once([*as_account(account, "TERM"), *create], folder)
        serve = [
            *(mariadbd, "--no-defaults", data, f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve"),
            *(f"--socket={folder / 'sock'}", f"--pid-file={folder / 'pid'}", f"--init-file={init}"),
            *("--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M"),
        ]
        with running([*as_account(account, "TERM"), *serve], folder, signal.SIGTERM) as process:
            server = DatabaseServer("mariadb+pymysql", port, process)
            wait_until_ready(server, folder, connect_mariadb)
            yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[DatabaseServer]:
    with mariadb_running() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_database(mariadb_server: DatabaseServer) -> Callable[[str], str]:
    def create(name: str) -> str:
        connection = connect_mariadb(mariadb_server)
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE `{name}`")
        finally:
            connection.close()
        return mariadb_server.url(name)

    return factory(create)


@pytest.fixture
def mariadb_url(mariadb_database: Callable[[str], str]) -> str:
    return mariadb_database("test")


# --- OpenMetadata, played by tests/contract ------------------------------------------------------------------------


class ContractServer:
    """A process of ``omserver``. ``url`` ends in ``/api``; ``tokens`` has ``admin``, ``bot`` and whom `token` made."""

    def __init__(self, folder: Path, options: list[str]) -> None:
        self.folder = folder
        self.command = [sys.executable, "-m", "omserver", *options]
        self.tokens: dict[str, str] = {}
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def admin_token(self) -> str:
        return self.tokens["admin"]

    def start(self) -> None:
        """Start, or start again on the same port; what was stored is there only with ``--state``."""
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent / "contract")}
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "--until-eof", "--port", str(self.port)],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            pytest.fail(f"the contract server did not start:\n{self.log()[-3000:]}", pytrace=False)
        said = json.loads(line)
        self.port = int(said["url"].split(":")[2].split("/")[0])
        self.tokens |= {"admin": said["admin_token"], "bot": said["bot_token"]}

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in filter(None, (self.process.stdin, self.process.stdout)):
            pipe.close()

    def log(self) -> str:
        """What the server wrote to stderr: defects of its own, with traceback."""
        return (self.folder / "server.log").read_text(errors="replace")

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A request to ``/control/<path>`` (see ``omserver.control``)."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/control/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def reset(self) -> None:
        """Forget everything but the seeds; counters to zero, faults and clock skew off."""
        self.control("PUT", "faults", {})
        self.control("POST", "reset", {"store": True})

    def token(self, user: str, **claims: Any) -> str:
        """A token of a user; ``admin``, ``bot``: what the user is if new; ``lifetime``: seconds."""
        self.tokens[user] = self.control("POST", "token", {"user": user, **claims})["token"]
        return self.tokens[user]


def start_contract_server(folder: Path, profile: str, **options: object) -> ContractServer:
    """Options are those of ``python -m omserver``, with ``_`` for ``-``; True for one that takes no value."""
    words = ["--profile", profile]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", *([] if value is True else [str(value)])]
    return ContractServer(folder, words)


@pytest.fixture(scope="session")
def start_contract() -> Callable[..., ContractServer]:
    """``start(folder, profile, **options)``, for fixtures with a scope of their own, which also stop it."""
    return start_contract_server


@pytest.fixture
def contract_server(tmp_path: Path) -> Iterator[Callable[..., ContractServer]]:
    """``make(profile="2.0", **options)``: a server of the test's own."""
    servers: list[ContractServer] = []

    def make(profile: str = "2.0", **options: object) -> ContractServer:
        folder = tmp_path / f"omserver-{len(servers)}"
        folder.mkdir()
        servers.append(start_contract_server(folder, profile, **options))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def shared_contract_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], ContractServer]]:
    """``get(profile)``: one server per profile for the whole session, emptied and without faults when handed out."""
    servers: dict[str, ContractServer] = {}

    def get(profile: str) -> ContractServer:
        if profile not in servers:
            servers[profile] = start_contract_server(tmp_path_factory.mktemp("omserver"), profile)
        servers[profile].reset()
        return servers[profile]

    yield get
    for server in servers.values():
        server.stop()


# --- Chromium ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    program = need("chromium", "chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def chromium_page(chromium: Browser) -> Iterator[Page]:
    """A page that fails its test when the page's console shows an error or a script throws."""
    context = chromium.new_context(locale="zh-CN", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == [], "the page's console shows errors"
