"""The HTTP client against a scripted loopback server: every trouble, every retry rule, and that nothing leaks."""

from __future__ import annotations

import doctest
import gzip
import logging
import socket
import ssl
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import responses

from connectors import http as module
from connectors.base import ConfigurationError, ConnectorError, SourceFatalError, SourceRetryError
from connectors.http import HttpClient, Response, retry_after

SECRET = "s3cr3t-T0ken"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
CUT_HEAD = b""
CUT_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf"
SSH = b"SSH-2.0-OpenSSH_9.2\r\n"
PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def status(code: int, *headers: str, body: bytes = b"") -> bytes:
    head = [f"HTTP/1.1 {code} X", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Scripted:
    """A server that answers each connection with the next bytes of its script, the last ones for ever."""

    def __init__(self, *script: bytes, delay: float = 0.0) -> None:
        self.script, self.delay = list(script), delay
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        request = connection.recv(65536)
        if not request:
            return
        self.requests.append(request)
        time.sleep(self.delay)
        try:
            connection.sendall(self.script.pop(0) if len(self.script) > 1 else self.script[0])
        except OSError:
            return

    def close(self) -> None:
        # Closing alone does not wake a thread that waits in accept().
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    servers: list[Scripted] = []

    def start(*script: bytes, delay: float = 0.0) -> Scripted:
        servers.append(Scripted(*script, delay=delay))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def client() -> Iterator[Callable[..., HttpClient]]:
    """``make(url)``: a client that does not sleep; ``pauses`` holds what it would have slept."""
    made: list[HttpClient] = []

    def make(url: str, **options: Any) -> HttpClient:
        options = {"sleep": lambda seconds: None, "rng": lambda: 0.0, **options}
        made.append(HttpClient(url, headers={"Authorization": f"Bearer {SECRET}"}, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_docstring_examples() -> None:
    assert doctest.testmod(module).failed == 0


def test_an_answer_is_read_whole(scripted: Callable[..., Scripted], client: Callable[..., HttpClient]) -> None:
    body = gzip.compress('{"名": "值"}'.encode())
    server = scripted(status(200, "Content-Encoding: gzip", "Content-Type: application/json", body=body))
    answer = client(server.url + "/api/").get("a%2Fb", {"q": "1 2"})
    assert answer.json() == {"名": "值"}
    head = server.requests[0].decode()
    assert head.startswith("GET /api/a%2Fb?q=1+2 HTTP/1.1")
    assert f"Authorization: Bearer {SECRET}" in head
    assert "gzip" in head.lower()


# --- troubles ----------------------------------------------------------------------------------------------------

TROUBLES = [
    (CUT_HEAD, {}, SourceRetryError, "closed the connection without an answer"),
    (CUT_BODY, {}, SourceRetryError, "the connection was cut"),
    (SSH, {}, SourceFatalError, "does not speak HTTP"),
    (status(200, body=b"x" * 2000), {"max_bytes": 1000}, SourceFatalError, "larger than 0.001 MB"),
    (
        status(200, "Content-Encoding: gzip", body=gzip.compress(b"x" * 100_000)),
        {"max_bytes": 1000},
        SourceFatalError,
        "larger than",
    ),
    (status(200, "Content-Encoding: gzip", body=b"not gzip"), {}, SourceFatalError, "damaged"),
    (status(302, "Location: https://login.example.cn/?next=1"), {}, SourceFatalError, "redirects to https://login.ex"),
    (status(302, "Location: /here"), {}, SourceFatalError, "in a circle"),
]


@pytest.mark.parametrize(("answer", "options", "error", "text"), TROUBLES)
def test_each_trouble_is_one_clear_sentence(
    scripted: Callable[..., Scripted],
    client: Callable[..., HttpClient],
    answer: bytes,
    options: dict[str, Any],
    error: type[ConnectorError],
    text: str,
) -> None:
    server = scripted(answer)
    with pytest.raises(error) as caught:
        client(server.url, retries=1, **options).get("secret/path", {"key": SECRET})
    assert text in str(caught.value)
    assert caught.value.failure.place == f"127.0.0.1:{server.port}"
    assert caught.value.failure.hint
    assert SECRET not in str(caught.value)


def test_a_refused_connection(client: Callable[..., HttpClient]) -> None:
    port = closed_port()
    with pytest.raises(SourceRetryError, match=rf"127\.0\.0\.1:{port}: refused the connection .*host and port"):
        client(f"http://127.0.0.1:{port}", retries=1).get()


@pytest.mark.parametrize(
    ("errno", "error", "text", "attempts"),
    [
        (socket.EAI_NONAME, SourceFatalError, "unknown host name", 1),
        (socket.EAI_AGAIN, SourceRetryError, "name server does not answer", 3),
    ],
)
def test_a_name_that_does_not_resolve(
    client: Callable[..., HttpClient],
    monkeypatch: pytest.MonkeyPatch,
    errno: int,
    error: type[ConnectorError],
    text: str,
    attempts: int,
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(errno, "no")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    made = client("http://no-such-host.invalid", retries=2)
    with pytest.raises(error, match=text):
        made.get()
    assert made.requests_made == {"GET": attempts}


def test_a_slow_answer_times_out(scripted: Callable[..., Scripted], client: Callable[..., HttpClient]) -> None:
    server = scripted(OK, delay=0.5)
    with pytest.raises(SourceRetryError, match="did not answer in time"):
        client(server.url, timeout=(1, 0.1), retries=0).get()


def test_a_body_that_stops_times_out(client: Callable[..., HttpClient]) -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(CUT_BODY)
                done.wait(5)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(SourceRetryError, match="did not answer in time"):
            client(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=(1, 0.1), retries=0).get()
        done.set()
        thread.join()


@pytest.mark.parametrize(
    "url", ["", "data.example.cn", "ftp://data.example.cn", "http://", "http://[::1", "http://h:x"]
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no http"):
        HttpClient(url)


def test_tracebacks_hold_neither_query_nor_header(client: Callable[..., HttpClient]) -> None:
    port = closed_port()
    with pytest.raises(SourceRetryError) as caught:
        client(f"http://127.0.0.1:{port}", retries=0).get("x", {"appkey": SECRET})
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    broken = HttpClient(f"http://127.0.0.1:{port}", headers={"Authorization": f"{SECRET}\nx"}, retries=0)
    with broken, pytest.raises(SourceFatalError, match="header is malformed") as caught_fatal:
        broken.get()
    assert SECRET not in "".join(traceback.format_exception(caught_fatal.value))


# --- retries -----------------------------------------------------------------------------------------------------

RETRIES = [
    ("GET", CUT_HEAD, False, 3),
    ("GET", CUT_BODY, False, 3),
    ("GET", status(503), False, 3),
    ("PUT", status(502), False, 3),
    ("DELETE", status(504), False, 3),
    ("POST", status(429), False, 3),
    ("POST", status(503), False, 1),
    ("POST", CUT_HEAD, False, 1),
    ("POST", CUT_HEAD, True, 3),
    ("PATCH", CUT_BODY, False, 1),
    ("PATCH", status(502), True, 3),
    ("GET", status(500), False, 1),
    ("GET", status(404), False, 1),
    ("GET", SSH, False, 1),
]


@pytest.mark.parametrize(("method", "fault", "safe", "attempts"), RETRIES)
def test_what_is_sent_again(
    scripted: Callable[..., Scripted],
    client: Callable[..., HttpClient],
    method: str,
    fault: bytes,
    safe: bool,
    attempts: int,
) -> None:
    server = scripted(fault, fault, OK)
    made = client(server.url, retries=2)
    try:
        body = made.request(method, "x", body=b"{}", safe=safe).body
    except ConnectorError:
        body = b""
    assert (body == b"ok") == (attempts == 3)
    assert len(server.requests) == attempts
    assert made.requests_made == {method: attempts}


def test_a_post_that_never_left_is_sent_again(client: Callable[..., HttpClient]) -> None:
    port = closed_port()
    made = client(f"http://127.0.0.1:{port}", retries=2)
    with pytest.raises(SourceRetryError):
        made.request("POST", body=b"{}")
    assert made.requests_made == {"POST": 3}


def test_after_the_last_attempt_the_status_is_returned(
    scripted: Callable[..., Scripted], client: Callable[..., HttpClient]
) -> None:
    answer = client(scripted(status(503)).url, retries=1).get()
    assert answer.status == 503
    with pytest.raises(SourceRetryError, match=r"answered HTTP 503 .*try again later"):
        answer.checked()


@pytest.mark.parametrize(("code", "error"), [(401, SourceFatalError), (404, SourceFatalError), (429, SourceRetryError)])
def test_checked_sorts_by_what_to_do(code: int, error: type[ConnectorError]) -> None:
    with pytest.raises(error, match=f"h: answered HTTP {code}"):
        Response(code, {}, b"", "h").checked()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("999999", 120.0),
        ("-3", 0.0),
        ("soon", 0.0),
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30.0),
        ("Wed, 21 Oct 2015 07:00:00 GMT", 0.0),
        ("Fri, 23 Oct 2015 07:00:00 GMT", 120.0),
    ],
)
def test_retry_after_in_seconds_or_as_a_date_by_the_servers_clock(header: str, seconds: float) -> None:
    assert retry_after({"Retry-After": header, "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}) == seconds


def test_retry_after_as_a_date_without_the_servers_clock() -> None:
    assert 20 < retry_after({"Retry-After": formatdate(time.time() + 30, usegmt=True)}) <= 30


def test_the_server_is_given_the_time_it_asks_for(
    scripted: Callable[..., Scripted], client: Callable[..., HttpClient]
) -> None:
    pauses: list[float] = []
    server = scripted(status(429, "Retry-After: 7"), status(503), OK)
    client(server.url, sleep=pauses.append, rng=lambda: 0.5).get()
    # What was asked for, and a random part of 0.5 s, then of 1 s.
    assert pauses == [7.25, 0.5]


def test_pauses_grow_to_a_bound_and_are_fully_random(client: Callable[..., HttpClient]) -> None:
    port = closed_port()
    longest: list[float] = []
    with pytest.raises(SourceRetryError):
        client(f"http://127.0.0.1:{port}", retries=8, sleep=longest.append, rng=lambda: 1.0).get()
    assert longest == [0.5, 1, 2, 4, 8, 16, 20, 20]
    shortest: list[float] = []
    with pytest.raises(SourceRetryError):
        client(f"http://127.0.0.1:{port}", retries=8, sleep=shortest.append, rng=lambda: 0.0).get()
    assert shortest == [0.0] * 8


# --- where the token goes ----------------------------------------------------------------------------------------


def test_redirects_within_the_host_are_followed_for_reading(
    scripted: Callable[..., Scripted], client: Callable[..., HttpClient]
) -> None:
    server = scripted(status(301, "Location: /new?x=1"), OK)
    assert client(server.url).get("old", {"q": "1"}).body == b"ok"
    assert server.requests[1].startswith(b"GET /new?x=1 HTTP")
    writing = scripted(status(307, "Location: /new"), OK)
    with pytest.raises(SourceFatalError, match="redirects to"):
        client(writing.url).request("PUT", "old", body=b"{}")
    assert len(writing.requests) == 1


def test_another_host_never_gets_the_token(
    scripted: Callable[..., Scripted], client: Callable[..., HttpClient]
) -> None:
    other = scripted(OK)
    server = scripted(status(302, f"Location: {other.url}/steal"))
    with pytest.raises(SourceFatalError, match=f"redirects to {other.url}"):
        client(server.url).get()
    with pytest.raises(SourceFatalError, match="another host"):
        client(server.url).get(f"{other.url}/next-page")
    assert other.requests == []


def test_netrc_and_cookies_are_not_used(
    scripted: Callable[..., Scripted],
    client: Callable[..., HttpClient],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server = scripted(status(200, "Set-Cookie: session=1; Path=/"), OK)
    made = client(server.url)
    made.get()
    made.get()
    assert f"Bearer {SECRET}".encode() in server.requests[0]
    assert b"Cookie" not in server.requests[1]


def test_credentials_in_the_address_become_basic_and_are_hidden(scripted: Callable[..., Scripted]) -> None:
    server = scripted(OK, SSH)
    url = server.url.replace("://", f"://reader:{SECRET}%40x@")
    with HttpClient(url) as made:
        made.get()
        assert b"Authorization: Basic cmVhZGVyOnMzY3IzdC1UMGtlbkB4" in server.requests[0]
        with pytest.raises(SourceFatalError) as caught:
            made.get()
    assert "reader" not in str(caught.value)
    assert SECRET not in str(caught.value) + made.base_url + made.host


def test_proxies_of_the_environment_are_honoured(
    scripted: Callable[..., Scripted], client: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = scripted(OK)
    monkeypatch.setenv("http_proxy", proxy.url)
    assert client("http://data.example.cn").get("x").body == b"ok"
    assert proxy.requests[0].startswith(b"GET http://data.example.cn/x HTTP")


def test_a_dead_proxy_is_named(client: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch) -> None:
    port = closed_port()
    monkeypatch.setenv("http_proxy", f"http://user:{SECRET}@127.0.0.1:{port}")
    with pytest.raises(SourceRetryError, match=r"the proxy refused or failed .*HTTPS_PROXY") as caught:
        client("http://data.example.cn", retries=0).get()
    assert SECRET not in str(caught.value)


def test_nothing_is_logged(
    scripted: Callable[..., Scripted],
    client: Callable[..., HttpClient],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    server = scripted(status(503), OK)
    client(server.url).request("PUT", "x", params={"appkey": SECRET}, body=b"310101199001011234")
    shown = caplog.text + "".join(capfd.readouterr())
    assert SECRET not in shown
    assert "310101" not in shown


# --- TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEM file with key and certificate for 127.0.0.1, trusted by nobody."""
    folder = tmp_path_factory.mktemp("tls")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    made += ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run([*made, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return folder


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None: ...


class Server(ThreadingHTTPServer):
    connections = 0

    def get_request(self) -> tuple[socket.socket, Any]:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: object, client_address: object) -> None: ...


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    running: list[tuple[Server, threading.Thread]] = []

    def start(certificate: Path | None = None) -> Server:
        server = Server(("127.0.0.1", 0), Quiet)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


def test_tls_is_verified_and_a_ca_file_can_be_given(
    serve: Callable[..., Server], client: Callable[..., HttpClient], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"https://127.0.0.1:{serve(certificate).server_port}"
    with pytest.raises(SourceFatalError, match=r"its TLS certificate is refused: self.signed .*CA's file"):
        client(url).get()
    with client(url, verify=str(certificate / "cert.pem")) as trusted:
        # The configured file wins over the environment's.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
        assert trusted.get().body == b"ok"


def test_tls_where_there_is_none(scripted: Callable[..., Scripted], client: Callable[..., HttpClient]) -> None:
    server = scripted(status(400))
    with pytest.raises(SourceFatalError, match=r"no TLS connection .*http://"):
        client(server.url.replace("http:", "https:")).get()


# --- many requests -----------------------------------------------------------------------------------------------


def test_threads_share_connections(serve: Callable[..., Server], client: Callable[..., HttpClient]) -> None:
    server = serve()
    made = client(f"http://127.0.0.1:{server.server_port}")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: made.get(str(n)).status, range(200)))
    assert answers == [200] * 200
    assert made.requests_made == {"GET": 200}
    assert server.connections <= 8
    made.close()


def test_the_rate_holds_for_all_threads_together(
    serve: Callable[..., Server], client: Callable[..., HttpClient]
) -> None:
    server = serve()
    slept: list[float] = []
    made = client(f"http://127.0.0.1:{server.server_port}", rate=2.0, sleep=slept.append, clock=lambda: 100.0)
    for _ in range(4):
        made.get()
    # The clock stands still: each request waits half a second longer than the one before.
    assert slept == [0.5, 1.0, 1.5]
    made.close()


@responses.activate
def test_http_is_upgraded_to_https_on_the_same_host_only(client: Callable[..., HttpClient]) -> None:
    responses.get("http://data.example.cn/a", status=301, headers={"Location": "https://data.example.cn/a"})
    responses.get("https://data.example.cn/a", body=b"ok")
    assert client("http://data.example.cn").get("a").body == b"ok"
    responses.get("https://data.example.cn/b", status=301, headers={"Location": "http://data.example.cn/b"})
    with pytest.raises(SourceFatalError, match="redirects to http://data"):
        client("https://data.example.cn").get("b")


@pytest.mark.parametrize(
    ("kind", "body", "html"),
    [("text/html", b"", True), ("text/plain", b" <!DOCTYPE html>", True), ("application/json", b"{}", False)],
)
def test_web_pages_are_told(kind: str, body: bytes, html: bool) -> None:
    answer = Response(200, {"Content-Type": kind}, body, "h")
    assert answer.is_html is html
    if html:
        with pytest.raises(SourceFatalError, match="h: answered a web page where JSON was expected"):
            answer.json()


class Trickling:
    """A server that sends its answer byte by byte, for ever."""

    def __init__(self, head: bytes, gap: float = 0.05) -> None:
        self.head, self.gap, self.asked = head, gap, 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.asked += 1
                self._trickle(connection)

    def _trickle(self, connection: socket.socket) -> None:
        connection.recv(65536)
        try:
            connection.sendall(self.head)
            while True:
                connection.sendall(b"1")
                time.sleep(self.gap)
        except OSError:
            return

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000\r\n",
    ],
)
def test_an_answer_that_trickles_is_given_up(client: Any, head: bytes) -> None:
    server = Trickling(head)
    began = time.monotonic()
    try:
        with pytest.raises(SourceRetryError, match="began to answer but did not end in time"):
            client(server.url, timeout=(0.2, 0.2), retries=3).get()
    finally:
        took = time.monotonic() - began
        server.close()
    # Ten times the read timeout, once: what is so slow is not asked again.
    assert 1.5 < took < 4
    assert server.asked == 1


def test_a_slow_answer_that_ends_in_time_is_whole(scripted: Any, client: Any) -> None:
    server = scripted(OK, delay=0.3)
    assert client(server.url, timeout=(1.0, 1.0)).get().body == b"ok"


@pytest.mark.parametrize("header", ["100000", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_a_server_may_hold_a_request_back_for_minutes_only(scripted: Any, client: Any, header: str) -> None:
    pauses: list[float] = []
    server = scripted(status(429, f"Retry-After: {header}"))
    assert client(server.url, sleep=pauses.append, rng=lambda: 1.0, retries=50).get().status == 429
    assert max(pauses) <= 121
    assert 200 < sum(pauses) <= 303
