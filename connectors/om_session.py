"""One account on one OpenMetadata server: calls, versions, and errors that say what to do.

``connectors/om_client.py`` builds the API's own verbs on this. Errors: ``connectors/om_errors.py``.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any, TypeVar

import msgspec

from connectors.base import SourceFatalError, SourceRetryError
from connectors.http import IDEMPOTENT, HttpClient, Response
from connectors.om_errors import (
    NotAuthenticated,
    NotFound,
    NotOpenMetadata,
    ServerBroken,
    ServerError,
    ServerFatalError,
    ServerRetryError,
    TooOld,
    error_of,
)
from connectors.om_token import Token
from connectors.om_version import Features, ServerVersion

Entity = dict[str, Any]
Me = TypeVar("Me", bound="Session")
READ_SECONDS = 60.0
"""A PATCH of a table with 1,600 labelled columns takes 8 s on 1.2; slower machines take more (reference, "Lists")."""
ANEW = 4
"""How often a conflict (409) or an unexplained 500 is tried again, beyond the HTTP client's own retries."""
MAX_ANSWER = 512 * 1024 * 1024
"""Bytes; the change feed of 1.2 has no paging and may bring 300 MB (reference, "Change feed")."""


class Session:
    """Calls to one server with one token; nothing is sent before the first call. Serves many threads."""

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        verify: bool | str = True,
        timeout: tuple[float, float] = (10.0, READ_SECONDS),
        retries: int = 5,
        rate: float | None = None,
        workers: int = 6,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``workers``: threads of ``put_many`` where the server has no bulk call, 4–8 (reference, "Writing tables")."""
        self.token = Token(token.strip()) if token and token.strip() else None
        self.workers = workers
        self._now = now
        self._http = HttpClient(
            _api_of(url),
            headers={"Accept": "application/json", **(self.token.header if self.token else {})},
            timeout=timeout,
            retries=retries,
            rate=rate,
            max_bytes=MAX_ANSWER,
            verify=verify,
            sleep=sleep,
        )

    @property
    def host(self) -> str:
        return self._http.host

    @property
    def requests_made(self) -> Counter[str]:
        """Requests sent so far by HTTP method, retries counted."""
        return self._http.requests_made

    @cached_property
    def version(self) -> ServerVersion:
        """The server's version; raises ``NotOpenMetadata`` or ``TooOld`` ("Errors")."""
        what = "what answers there is not OpenMetadata: no version in its answer"
        try:
            answer = self.request("GET", "system/version", doing="ask for the version")
            version = ServerVersion.parse(answer["version"])
        except (NotFound, TypeError, KeyError, ValueError) as exc:
            raise NotOpenMetadata(what, hint="check the address", place=self.host) from exc
        except ServerBroken as exc:
            # A server answers unknown paths with 500 (reference, "Errors"); every version knows this one.
            if not exc.routing:
                raise
            raise NotOpenMetadata(what, hint="check the address", place=self.host) from exc
        if not version.supported:
            raise TooOld(f"OpenMetadata {version} is too old", hint="upgrade it to 1.2 or newer", place=self.host)
        return version

    @cached_property
    def features(self) -> Features:
        """What this version can do."""
        return Features.of(self.version)

    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        *,
        doing: str,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
        safe: bool = False,
        text: bool = False,
    ) -> Any:
        """One call below ``/api/v1``: parsed JSON, None for an empty answer; else a ``ServerError``.

        A 500 is tried again when the method is idempotent, and raised when it stays.

        ``doing`` and ``kind`` go into messages: names only, no values. ``safe``: see ``HttpClient.request``. ``text``:
        the answer is plain text and returned as such ("Search": a triggered application).
        """
        data = None if body is None else msgspec.json.encode(body)
        sent = {**({"Content-Type": "application/json"} if data is not None else {}), **(headers or {})}
        call = partial(self._http.request, method, path, params=params, body=data, headers=sent, safe=safe)
        for attempt in range(ANEW):
            try:
                return self._once(call, doing, kind or path.split("/")[0], text)
            except ServerBroken as exc:
                # Out of memory, a deadlock in its database: passes. No such path: does not.
                if exc.routing or method not in IDEMPOTENT:
                    raise
            self._http.pause(attempt)
        return self._once(call, doing, kind or path.split("/")[0], text)

    def close(self) -> None:
        self._http.close()

    def __enter__(self: Me) -> Me:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _once(self, call: Callable[[], Response], doing: str, kind: str, text: bool) -> Any:
        try:
            answer = call()
        except SourceRetryError as exc:
            raise _server_error(ServerRetryError, exc) from exc
        except SourceFatalError as exc:
            raise _server_error(ServerFatalError, exc) from exc
        if not answer.ok:
            raise self._explained(error_of(answer, doing, kind), answer)
        return _parsed(answer, doing, text)

    def _or_none(self, method: str, path: str, body: Any = None, **rest: Any) -> Entity | None:
        try:
            found: Entity | None = self.request(method, path, body=body, **rest)
        except NotFound:
            return None
        return found

    def _explained(self, error: ServerError, answer: Response) -> ServerError:
        """A refused token says more when its own dates are read beside the server's clock."""
        if isinstance(error, NotAuthenticated) and self.token:
            return self.token.explain(error, answer.headers, self._now())
        return error


def _api_of(url: str) -> str:
    """``https://host:8585``, ``…/api`` and ``…/api/v1`` all mean the same server."""
    return url.strip().rstrip("/").removesuffix("/v1").removesuffix("/api") + "/api/v1"


def _server_error(leaf: type[ServerError], exc: SourceRetryError | SourceFatalError) -> ServerError:
    return leaf(exc.failure.what, hint=exc.failure.hint, place=exc.failure.place)


def _parsed(answer: Response, doing: str, text: bool) -> Any:
    if not answer.body.strip():
        return None
    if answer.is_html:
        what = f"{doing}: a web page answers, not OpenMetadata's API"
        raise NotOpenMetadata(what, hint="check the address, proxies and login pages", place=answer.host)
    if text:
        return answer.text
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        what = f"{doing}: what answers is not OpenMetadata's API (no JSON)"
        raise NotOpenMetadata(what, hint="check the address and proxies", place=answer.host) from exc
