"""What an OpenMetadata server refused or could not do, sorted by what to do about it.

::

    ServerError(ConnectorError)
    ├── ServerRetryError        may pass later: unreachable, overloaded, 429, 502–504
    └── ServerFatalError        will not pass by itself
        ├── NotOpenMetadata     something else answers at the address
        ├── TooOld              a version before 1.2
        ├── NotAuthenticated    401: token missing, bad or expired
        ├── NotAllowed          403: the account lacks an operation
        ├── NotFound            404
        ├── AlreadyExists       409
        ├── Refused             400, 413, 422 …: this body is not accepted
        ├── Stale               the entity changed since it was read (412, or a failed ``test`` guard)
        ├── IncompleteListing   a list that lacks rows: never take the missing ones as deleted
        └── ServerBroken        500 and everything unexpected

Sections of reference/openmetadata-server.md: "Errors", "A least-privilege bot" (403), "Lists, concurrency, limits".
Server messages are cut short and cleaned of tokens; request bodies are never quoted.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from connectors.base import ConnectorError
from connectors.http import RETRIED_STATUS, Response

LONGEST_MESSAGE = 300


class ServerError(ConnectorError):
    """``status`` is the HTTP status, None when there was no answer."""

    def __init__(self, what: str, *, hint: str | None = None, place: str | None = None, status: int | None = None):
        super().__init__(what, hint=hint, place=place)
        self.status = status


class ServerRetryError(ServerError): ...


class ServerFatalError(ServerError): ...


class NotOpenMetadata(ServerFatalError): ...


class TooOld(ServerFatalError): ...


class NotAuthenticated(ServerFatalError):
    reason: str = "bad"
    """``missing``, ``expired`` or ``bad``, by the server's own message."""


class NotAllowed(ServerFatalError):
    operations: tuple[str, ...] = ()
    """What the account may not do, in the server's words (``EditAll``); empty when it does not say."""


class NotFound(ServerFatalError): ...


class AlreadyExists(ServerFatalError): ...


class Refused(ServerFatalError): ...


class Stale(ServerFatalError): ...


class IncompleteListing(ServerFatalError): ...


class ServerBroken(ServerFatalError):
    routing: bool = False
    """The server has no such path or method: 1.2 says so in a 500 (reference, "Errors")."""


_JWT = re.compile(r"eyJ[\w-]{5,}(\.[\w-]*){0,2}")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+\S+")
# Long runs without spaces that mix digits with both cases are keys of some kind.
_KEY = re.compile(r"(?=\S*[A-Z])(?=\S*[a-z])(?=\S*\d)[A-Za-z0-9+/_=-]{32,}")
_USERINFO = re.compile(r"(?<=://)[^/@\s]+@")
# From here on a JSON parser quotes the request.
_QUOTED_SOURCE = re.compile(r"\s*(at \[Source:|\(through reference chain:).*", re.DOTALL)
_OPERATIONS = re.compile(r"operations? \[?([A-Za-z, ]+?)\]? (?:not allowed|denied)")
_PRINCIPAL = re.compile(r"CatalogPrincipal\{name='([^']*)'\}")
_ROUTING = re.compile(r"HTTP (404 Not Found|405 Method Not Allowed|406 |415 Unsupported)")


def clean(text: str) -> str:
    """A server's message made fit to show: one line, at most 300 characters, no token, key or quoted request.

    >>> clean("Bearer abc.def\\n expired")
    'Bearer … expired'
    """
    text = _QUOTED_SOURCE.sub("", text)
    text = _BEARER.sub(lambda found: f"{found[1]} …", text)
    for pattern in (_JWT, _KEY, _USERINFO):
        text = pattern.sub("…", text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def message_of(answer: Response) -> str | None:
    """The cleaned message of an OpenMetadata error body; None when the body is none."""
    try:
        body: Any = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    # Routing errors and failed `test` operations have another body (reference, "Errors").
    message = (body.get("message") or body.get("responseMessage")) if isinstance(body, dict) else None
    return clean(message) if isinstance(message, str) else None


def error_of(answer: Response, doing: str, kind: str) -> ServerError:
    """The error that an unsuccessful answer stands for.

    ``doing`` says what was tried in names only (``write table svc.db.s.t``); ``kind`` is the entity kind it concerned.
    """
    text = message_of(answer)
    status, host = answer.status, answer.host
    if status in RETRIED_STATUS:
        return ServerRetryError(
            f"{doing}: the server is busy (HTTP {status})", hint="try again later", place=host, status=status
        )
    if status == 413:
        return Refused(f"{doing}: the request is too large", hint="send less at once", place=host, status=status)
    if answer.is_html or (text is None and status in (401, 403, 404)):
        return NotOpenMetadata(
            f"{doing}: something other than OpenMetadata's API answers (HTTP {status})",
            hint="check the address, proxies and login pages before it",
            place=host,
            status=status,
        )
    return _leaf(status, f"{doing}: {text or f'HTTP {status}'}", text or "", kind, host)


def _leaf(status: int, what: str, text: str, kind: str, host: str) -> ServerError:
    if status == 401:
        return _not_authenticated(text, host)
    if status == 403:
        return _not_allowed(what, text, kind, host)
    if status == 404:
        return NotFound(what, hint="it, or something it refers to, is not there", place=host, status=status)
    if status == 409:
        hint = "another writer was faster, or a deleted one of this name is still kept"
        return AlreadyExists(what, hint=hint, place=host, status=status)
    if status == 412:
        return Stale(what, hint="it changed since it was read: plan again", place=host, status=status)
    if 400 <= status < 500:
        return Refused(what, hint="nothing may be retried unchanged; read the entity again", place=host, status=status)
    return _broken(status, what, text, host)


def _broken(status: int, what: str, text: str, host: str) -> ServerBroken:
    routing = _ROUTING.search(text) is not None
    hint = "this server has no such call; check its version" if routing else "see the server's log"
    error = ServerBroken(what, hint=hint, place=host, status=status)
    error.routing = routing
    return error


def _not_authenticated(text: str, host: str) -> NotAuthenticated:
    low = text.lower()
    reason = "expired" if "expired" in low else "missing" if "not present" in low or "missing" in low else "bad"
    what = {
        "expired": "the server says that the token has expired",
        "missing": "the server wants a token",
        "bad": "the server refuses the token",
    }[reason]
    hint = {
        "expired": "make a new token for the bot",
        "missing": "set the token in openmetadata.yaml",
        "bad": "check that it is the whole token, of a bot of this server, and not revoked",
    }[reason]
    error = NotAuthenticated(what, hint=hint, place=host, status=401)
    error.reason = reason
    return error


def _not_allowed(what: str, text: str, kind: str, host: str) -> NotAllowed:
    found = _OPERATIONS.search(text)
    operations = tuple(part.strip() for part in found[1].split(",")) if found else ()
    who = _PRINCIPAL.search(text)
    if operations:
        what = f"{who[1] if who else 'the account'} may not {', '.join(operations)} on {kind}"
        rule = re.search(r"by role .*", text)
        what += f" (denied {rule[0]})" if rule else ""
    error = NotAllowed(
        what, hint=f"give its role the operation on {kind}, or take another account", place=host, status=403
    )
    error.operations = operations
    return error


def bulk_row_error(status: int, message: str, fqn: str, kind: str, host: str) -> ServerError:
    """The error that one failed row of a bulk answer stands for."""
    text = clean(message)
    if status in RETRIED_STATUS:
        return ServerRetryError(f"write {kind} {fqn}: {text}", hint="try again later", place=host, status=status)
    return _leaf(status, f"write {kind} {fqn}: {text or f'HTTP {status}'}", text, kind, host)
