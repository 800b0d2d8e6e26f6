"""Whatever is wrong with the configured server is one sentence and an exit code."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from workflows.check import check_site
from workflows.errors import WorkflowError
from workflows.publish.connect import PUBLISHING, open_server, server_name
from workflows.server_settings import ServerSettings
from workflows.settings import SettingsError
from workflows.site import load_site

TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJib3QifQ.c2lnbmF0dXJl"


def refused(url: str, token: str = TOKEN, **more: Any) -> WorkflowError:
    """The error of a server that cannot be used; the token is in no message."""
    with pytest.raises(WorkflowError) as caught:
        open_server(ServerSettings(url=url, token=token, timeout=5, **more), PUBLISHING)
    told = str(caught.value)
    assert token not in told
    assert "\n" not in told
    return caught.value


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between attempts."""
    monkeypatch.setattr("connectors.http.FIRST_PAUSE", 0.0)
    monkeypatch.setattr("connectors.http.LONGEST_PAUSE", 0.0)


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """``answering(status, type, body)``: URL of something that always gives this answer."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int = 200, kind: str = "application/json", body: str = "{}", tls: Path | None = None) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                data = body.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_server_that_answers_is_opened(warm_servers: Any) -> None:
    server = warm_servers("2.0")
    for token in (server.tokens["bot"], server.admin_token):
        with open_server(ServerSettings(url=server.url, token=token), PUBLISHING) as client:
            assert client.features.bulk


def test_a_check_of_the_site_looks_at_its_server(warm_servers: Any, tmp_path: Path) -> None:
    """``pdc check --connect``; whoever publishes needs no administrator's token at hand."""
    server = warm_servers("2.0")
    (tmp_path / "site.yaml").write_text("")
    text = f"url: {server.url}\ntoken: ${{BOT}}\nadmin_token: ${{ADMIN}}\n"
    (tmp_path / "openmetadata.yaml").write_text(text)

    def told(connect: bool, **environ: str) -> list[tuple[str, str]]:
        results = check_site(load_site(tmp_path, environ=environ), connect)
        return [(one.status, one.message) for one in results if one.subject == "openmetadata"]

    with pytest.raises(SettingsError, match="BOT is not set"):
        told(False)
    assert told(False, BOT="x") == [("ok", "configured")]
    ((status, message),) = told(True, BOT="x")
    assert (status, "the token is no JWT" in message) == ("failed", True)
    ready = "OpenMetadata 2.0.6, reachable, with the right to create tables"
    assert told(True, BOT=server.tokens["bot"]) == [("ok", ready)]


def test_refused_connections_may_pass() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    error = refused(f"http://127.0.0.1:{port}/api")
    assert error.exit_code == 3
    assert str(error) == f"127.0.0.1:{port}: refused the connection (is it running? check host and port)"


def test_busy_servers_may_pass(answering: Callable[..., str]) -> None:
    error = refused(answering(503, body='{"code": 503, "message": "later"}'))
    assert error.exit_code == 3
    assert "busy (HTTP 503)" in str(error)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("localhost:8585", "no http:// or https:// URL"),
        ("ftp://127.0.0.1/api", "no http:// or https:// URL"),
    ],
)
def test_addresses_that_are_none(url: str, told: str) -> None:
    error = refused(url)
    assert error.exit_code == 2
    assert told in str(error)


def test_an_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = refused("http://openmetadata.invalid:8585/api")
    assert (error.exit_code, str(error)) == (2, "openmetadata.invalid:8585: unknown host name (check the address)")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((200, "text/html", "<html>welcome</html>"), "a web page answers, not OpenMetadata's API"),
        ((200, "application/json", '{"hello": 1}'), "what answers there is not OpenMetadata"),
        ((200, "application/json", "hello"), "is not OpenMetadata's API (no JSON)"),
        ((404, "text/html", "<html>404</html>"), "something other than OpenMetadata's API answers (HTTP 404)"),
        ((200, "application/json", '{"version": "1.1.7"}'), "OpenMetadata 1.1.7 is too old (upgrade it to 1.2"),
    ],
)
def test_something_else_answers(answering: Callable[..., str], answer: tuple[int, str, str], told: str) -> None:
    error = refused(answering(*answer))
    assert error.exit_code == 2
    assert told in str(error)


def test_a_certificate_that_nobody_knows(answering: Callable[..., str], tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=elsewhere"]
    subprocess.run([*command, "-keyout", both, "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    both.write_text(both.read_text() + (tmp_path / "cert.pem").read_text())
    url = answering(tls=both)
    error = refused(url)
    assert error.exit_code == 2
    assert "its TLS certificate is refused: self" in str(error)
    assert "is refused" in str(refused(url, ca_file=str(tmp_path / "cert.pem")))


@pytest.mark.parametrize("profile", ["1.2", "2.0"])
def test_tokens_that_are_refused(warm_servers: Any, profile: str) -> None:
    server = warm_servers(profile)
    bad = refused(server.url, TOKEN)
    assert (bad.exit_code, "refuses the token" in str(bad)) == (2, True)
    none = refused(server.url, "secret-that-is-no-jwt")
    assert "the token is no JWT" in str(none)
    expired = refused(server.url, server.token("old", bot=True, lifetime=-60))
    assert (expired.exit_code, "the token expired on" in str(expired)) == (2, True)


@pytest.mark.parametrize("profile", ["1.2", "2.0"])
def test_clocks_that_differ(warm_servers: Any, profile: str) -> None:
    server = warm_servers(profile)
    token = server.token("short", bot=True, lifetime=600)
    server.control("PUT", "clock", {"skew": 3600})
    try:
        error = refused(server.url, token)
    finally:
        server.control("PUT", "clock", {"skew": 0})
    assert error.exit_code == 2
    assert "the server's clock is ahead" in str(error)


@pytest.mark.parametrize("profile", ["1.2", "2.0"])
def test_an_account_that_may_not_publish(warm_servers: Any, profile: str) -> None:
    server = warm_servers(profile)
    error = refused(server.url, server.token("lihua"))
    assert error.exit_code == 2
    assert "the account lihua may not Create on table (give its role these operations" in str(error)
    with open_server(ServerSettings(url=server.url, token=server.tokens["lihua"])) as client:
        assert client.version.supported, "a plan needs no right to write"


def test_names_of_servers() -> None:
    for url in (
        "https://u:p@om.example.cn:8585",
        "https://om.example.cn:8585/api/",
        "https://om.example.cn:8585/api/v1",
    ):
        assert server_name(ServerSettings(url=url, token="x")) == "https://om.example.cn:8585/api"
