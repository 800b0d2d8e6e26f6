"""The one HTTP client: time limits, retries by the kind of trouble, rate and size limits, clear errors.

Only this module imports ``requests``. Errors are those of ``connectors.base``, ``place`` is always the host::

    ConfigurationError      the address is no http(s) URL
    SourceRetryError        refused, unreachable, timed out, connection cut, name server busy
    SourceFatalError        unknown host, TLS refused, not HTTP, answer too large, redirected elsewhere

Whatever has a status code is returned as a `Response`, errors too: what 404 means is the caller's business;
``Response.checked()`` is for callers who only want success. No message holds a token, a query or a body.

Retries (full jitter, after "Exponential Backoff And Jitter", AWS Architecture Blog 2015): what never reached the
server, and 429, is sent again whatever the method; what may have reached it (cut, timed out, 502, 503, 504) only when
the method is idempotent (RFC 9110, 9.2.2) or the caller says it is safe.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import logging
import random
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

import msgspec
import requests
import urllib3
from requests.adapters import HTTPAdapter

from connectors.base import ConfigurationError, ConnectorError, SourceFatalError, SourceRetryError
from connectors.http_deadline import POOLS, Overdue, limit

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
RETRIED_STATUS = frozenset({429, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 3
MAX_RETRY_AFTER = 120.0
"""Seconds; a server that asks for more is asked again after this."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0
"""Seconds: upper bounds of the first and of any later pause between two attempts."""
POOL = 16
"""Connections kept open to one host; more threads than that open further ones."""
CHUNK = 64 * 1024
ANSWER, LONGEST_ANSWER = 10, 300.0
"""A whole answer may take so many times the read timeout, but so many seconds at most where that is longer."""
LONGEST_REQUEST = 300.0
"""Seconds after which a request is not sent again, pauses included: a worker waits for it."""


@dataclass(frozen=True)
class Response:
    """A whole answer, read and decompressed."""

    status: int
    headers: Mapping[str, str]
    """Case-insensitive."""
    body: bytes
    host: str
    """``host:port`` for messages, without credentials."""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_html(self) -> bool:
        """Whether this is a web page: a UI, a login page, a proxy. Mislabelled ones are told by their first bytes."""
        start = self.body[:512].lstrip().lower()
        return "html" in self.headers.get("Content-Type", "").lower() or start.startswith((b"<!doctype", b"<html"))

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Raises ``SourceFatalError`` when the body is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            kind = "a web page" if self.is_html else "something that is not JSON"
            raise SourceFatalError(
                f"answered {kind} where JSON was expected", hint="check the address", place=self.host
            ) from exc

    def checked(self) -> Response:
        """This answer if it is a success; else ``SourceRetryError`` or ``SourceFatalError``."""
        if self.ok:
            return self
        error = SourceRetryError if self.status in RETRIED_STATUS else SourceFatalError
        hint = _STATUS_HINTS.get(self.status, "check the address and the server's log")
        raise error(f"answered HTTP {self.status}", hint=hint, place=self.host)


_STATUS_HINTS = {
    401: "check user, password or token",
    403: "the account may not read this: ask the server's administrator",
    404: "check the address",
    429: "it asks for fewer requests: try again later or lower the rate",
    502: "the server behind the proxy is down: try again later",
    503: "it is overloaded or starting: try again later",
    504: "the server behind the proxy is too slow: try again later",
}


class Signed(NamedTuple):
    """What proves, in one request, who asks."""

    params: Mapping[str, str]
    headers: Mapping[str, str]


class HttpClient:
    """One server, many threads.

    ``timeout`` is (connect, read) in seconds, ``rate`` requests per second over all threads, ``max_bytes`` the largest
    decompressed answer, ``verify`` True or the path of a CA bundle. ``user:password@`` in the URL becomes Basic
    authentication and is never shown. ``retries`` counts the attempts after the first. Proxies and CA bundles of the
    environment (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE) are honoured; ``.netrc`` and cookies are not.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: tuple[float, float] = (10.0, 60.0),
        retries: int = 5,
        rate: float | None = None,
        max_bytes: int = 64 * 1024 * 1024,
        verify: bool | str = True,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self.base_url, basic = _without_userinfo(base_url)
        self.host = urlsplit(self.base_url).netloc
        self.timeout, self.retries, self.max_bytes, self.verify = timeout, retries, max_bytes, verify
        self.requests_made: Counter[str] = Counter()
        """Requests sent so far by method, retries counted."""
        self.sleep, self.rng, self.clock = sleep, rng, clock
        self._headers = {**({"Authorization": basic} if basic else {}), **(headers or {})}
        self._lock = threading.Lock()
        self._pace = _Pace(rate, sleep, clock) if rate else None
        self._session = _session()

    def request(
        self,
        method: str,
        path: str = "",
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: tuple[float, float] | None = None,
        safe: bool = False,
        sign: Callable[[], Signed] | None = None,
    ) -> Response:
        """Send one request below ``base_url`` (or to an absolute URL of the same host); any status is an answer.

        ``path`` is already percent-encoded. ``safe``: sending it twice does no harm although the method is not
        idempotent. ``sign`` gives further parameters and headers for each attempt anew: a time, a number used once.
        Raises ``SourceRetryError`` and ``SourceFatalError``.
        """
        url = self._url(path)
        began, waited = self.clock(), 0.0
        for attempt in range(self.retries + 1):
            last = attempt == self.retries or max(waited, self.clock() - began) >= LONGEST_REQUEST
            signed = sign() if sign else Signed({}, {})
            query, more = {**(params or {}), **signed.params} or None, {**(headers or {}), **signed.headers}
            try:
                answer = self._once(method, url, query, body, more, timeout or self.timeout)
            except _Trouble as trouble:
                again = trouble.passes and (not trouble.reached or safe or method in IDEMPOTENT)
                if last or not again:
                    # The chain would show URLs with queries, or a header's value, in a traceback.
                    raise trouble.error from None
                pause = 0.0
            else:
                if last or not self._worth_repeating(answer, method, safe):
                    return answer
                pause = retry_after(answer.headers)
            waited += self.pause(attempt, min(pause, LONGEST_REQUEST - waited))
        raise AssertionError("the last attempt returns or raises")

    def get(self, path: str = "", params: Mapping[str, Any] | None = None) -> Response:
        return self.request("GET", path, params=params)

    def pause(self, attempt: int, at_least: float = 0.0) -> float:
        """Wait before attempt ``attempt + 2``: what the server asked for, and a random time on top; gives seconds."""
        seconds = at_least + self.rng() * min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**attempt)
        self.sleep(seconds)
        return seconds

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _url(self, path: str) -> str:
        url = path if "://" in path else self.base_url + (f"/{path.lstrip('/')}" if path else "")
        if urlsplit(url).netloc != self.host:
            raise SourceFatalError(
                "refers to another host", hint=f"asked for {urlsplit(url).hostname}", place=self.host
            )
        return url

    @staticmethod
    def _worth_repeating(answer: Response, method: str, safe: bool) -> bool:
        if answer.status == 429:
            return True
        return answer.status in RETRIED_STATUS and (safe or method in IDEMPOTENT)

    def _once(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        timeout: tuple[float, float],
    ) -> Response:
        for _ in range(MAX_REDIRECTS + 1):
            if self._pace:
                self._pace.wait()
            with self._lock:
                self.requests_made[method] += 1
            seconds = max(timeout[1], min(ANSWER * timeout[1], LONGEST_ANSWER))
            with self._explained(), limit(seconds), self._send(method, url, params, body, headers, timeout) as raw:
                answer = Response(raw.status_code, raw.headers, self._read(raw), self.host)
            if answer.status not in REDIRECTS or "Location" not in answer.headers:
                return answer
            url, params = self._redirected(method, url, answer.headers["Location"]), None
        raise _Trouble(SourceFatalError("redirects in a circle", hint="check the address", place=self.host))

    def _send(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        timeout: tuple[float, float],
    ) -> requests.Response:
        return self._session.request(
            method,
            url,
            params=params,
            data=body,
            headers={**self._headers, **(headers or {})},
            timeout=timeout,
            # Given with each request: a session's own setting loses to REQUESTS_CA_BUNDLE.
            verify=self.verify,
            allow_redirects=False,
            stream=True,
        )

    def _read(self, raw: requests.Response) -> bytes:
        chunks, size = [], 0
        for chunk in raw.iter_content(CHUNK):
            size += len(chunk)
            if size > self.max_bytes:
                what = f"the answer is larger than {self.max_bytes / 1e6:.3g} MB"
                raise _Trouble(SourceFatalError(what, hint="ask for less at once", place=self.host))
            chunks.append(chunk)
        return b"".join(chunks)

    def _redirected(self, method: str, url: str, location: str) -> str:
        """Where to ask next; only within the host (http → https included), and never with a body."""
        old, new = urlsplit(url), urlsplit(urljoin(url, location))
        upgrade = (old.scheme, new.scheme) == ("http", "https") and old.port in (None, 80) and new.port in (None, 443)
        same = (old.scheme, old.netloc) == (new.scheme, new.netloc)
        if method in ("GET", "HEAD") and (same or (upgrade and old.hostname == new.hostname)):
            return new.geturl()
        target = f"{new.scheme}://{new.hostname}" + (f":{new.port}" if new.port else "")
        hint = "if that is the server, configure its address; if it is a login page, use the API's own address"
        raise _Trouble(SourceFatalError(f"redirects to {target}", hint=hint, place=self.host))

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except requests.RequestException as exc:
            raise _explain(exc, self.host) from exc
        except urllib3.exceptions.HTTPError as exc:
            raise _explain(requests.ConnectionError(exc), self.host) from exc


class _Trouble(Exception):
    """Why one attempt failed. ``reached``: the request may have reached the server."""

    def __init__(self, error: ConnectorError, *, reached: bool = True, again: bool = True) -> None:
        super().__init__(str(error))
        self.error, self.reached = error, reached
        self.passes = again and isinstance(error, SourceRetryError)


class _Pace:
    """Spreads requests evenly over time, for all threads together."""

    def __init__(self, rate: float, sleep: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._gap, self._sleep, self._clock = 1.0 / rate, sleep, clock
        self._next = clock()
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            now = self._clock()
            start = max(now, self._next)
            self._next = start + self._gap
        if start > now:
            self._sleep(start - now)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that a ``Retry-After`` header asks for (a number or an HTTP date), capped; 0 without a valid one.

    >>> retry_after({"Retry-After": "7"}), retry_after({"Retry-After": "soon"})
    (7.0, 0.0)
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_RETRY_AFTER)
    until = http_date(text)
    # The server's own clock, if it tells it: ours may be off.
    now = http_date(headers.get("Date", "")) or time.time()
    return min(max(until - now, 0.0), MAX_RETRY_AFTER) if until else 0.0


def http_date(text: str) -> float | None:
    """Unix time of an HTTP date; None when it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, IndexError):
        return None


def hide_userinfo(url: str) -> str:
    """The URL without ``user:password@``, for messages.

    >>> hide_userinfo("https://reader:secret@data.example.cn/api")
    'https://data.example.cn/api'
    """
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _without_userinfo(url: str) -> tuple[str, str | None]:
    """The URL without credentials and trailing slash, and the Basic header that they make."""
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ConfigurationError("the address is no http:// or https:// URL", hint="write https://host:port/path")
    basic = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        basic = "Basic " + base64.b64encode(pair).decode("ascii")
    return hide_userinfo(url.strip()).rstrip("/"), basic


class _Adapter(HTTPAdapter):
    """With connections that hold to the limit of a whole answer, through proxies too."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **more)
        if type(manager) is urllib3.ProxyManager:
            manager.pool_classes_by_scheme = POOLS
        return manager


def _session() -> requests.Session:
    """One session for all threads: urllib3's pools are thread-safe, and what is not (cookies, auth) is switched off."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Something that is set keeps requests from looking into .netrc, which would replace our Authorization header.
    session.auth = lambda request: request
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_connections=POOL, pool_maxsize=POOL, max_retries=0))
    # At DEBUG it writes every path with its query.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
    return session


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """The exception and everything it wraps, by ``reason``, by argument or by chaining, each once."""
    seen: set[int] = set()
    todo: list[Any] = [exc]
    while todo:
        one = todo.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        todo += [getattr(one, "reason", None), *one.args, one.__cause__, one.__context__]


def _explain(exc: requests.RequestException, host: str) -> _Trouble:
    """What went wrong in one attempt, in a sentence that holds neither URL nor values."""
    if any(isinstance(cause, Overdue) for cause in _causes(exc)):
        what, hint = "began to answer but did not end in time", "ask for less at once, or give it a longer timeout"
        return _Trouble(SourceRetryError(what, hint=hint, place=host), again=False)
    for cause in _causes(exc):
        found = _explain_one(cause, host)
        if found:
            return found
    if isinstance(exc, (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)):
        return _Trouble(SourceFatalError("the address or a header is malformed", hint="check the address", place=host))
    if isinstance(exc, requests.exceptions.ContentDecodingError):
        return _Trouble(SourceFatalError("the compressed answer is damaged", hint="check proxies", place=host))
    return _passing(host, "the connection was cut", "try again later; check network and proxy", reached=True)


def _explain_one(cause: BaseException, host: str) -> _Trouble | None:
    """The trouble that one exception in the chain stands for; None when it says nothing by itself."""
    if isinstance(cause, socket.gaierror):
        return _unresolved(cause, host)
    if isinstance(cause, requests.exceptions.ProxyError):
        return _passing(host, "the proxy refused or failed", "check HTTPS_PROXY and NO_PROXY", reached=False)
    if isinstance(cause, ssl.SSLError):
        return _Trouble(_tls(cause, host), reached=False)
    if isinstance(cause, ConnectionRefusedError):
        return _passing(host, "refused the connection", "is it running? check host and port", reached=False)
    if isinstance(cause, requests.ConnectTimeout):
        return _passing(host, "could not be reached in time", "check host, port and firewall", reached=False)
    if isinstance(cause, urllib3.exceptions.NewConnectionError) and isinstance(cause.__cause__, OSError):
        # A refused connection or an unknown name says more; those come later in the chain.
        return _explain_one(cause.__cause__, host) or _passing(
            host, "cannot be reached", "check host, network and firewall", reached=False
        )
    if isinstance(cause, (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError)):
        return _passing(host, "did not answer in time", "try again later, or ask for less at once", reached=True)
    if isinstance(cause, http.client.RemoteDisconnected):
        return _passing(host, "closed the connection without an answer", "try again later", reached=True)
    if isinstance(cause, (http.client.BadStatusLine, http.client.LineTooLong, http.client.UnknownProtocol)):
        hint = "check the port, and whether it is https://"
        return _Trouble(SourceFatalError("what answers there does not speak HTTP", hint=hint, place=host))
    return None


def _passing(host: str, what: str, hint: str, *, reached: bool) -> _Trouble:
    return _Trouble(SourceRetryError(what, hint=hint, place=host), reached=reached)


def _unresolved(cause: socket.gaierror, host: str) -> _Trouble:
    if cause.errno == socket.EAI_AGAIN:
        return _passing(host, "the name server does not answer", "check the network, try again later", reached=False)
    return _Trouble(SourceFatalError("unknown host name", hint="check the address", place=host), reached=False)


def _tls(cause: ssl.SSLError, host: str) -> SourceFatalError:
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = (cause.verify_message or "not valid").rstrip(".").split(",")[0]
        hint = "give the CA's file, or let the server's certificate be renewed"
        return SourceFatalError(f"its TLS certificate is refused: {reason}", hint=hint, place=host)
    hint = "check port and scheme: a server without TLS needs http://"
    return SourceFatalError("no TLS connection could be made", hint=hint, place=host)
