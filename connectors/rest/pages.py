"""Lists that come in pages: by number, by offset, by cursor, by a Link header (RFC 8288), by an address in the body.

A list is over when the server says so (its total, no next page) or gives an empty page, never because a page is short:
servers cap sizes. A page that comes a second time, a page of another host, and a total that is not reached are errors,
so that nobody takes half a list for the whole.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl, urljoin, urlsplit

import msgspec

from connectors.base import ConfigurationError, SourceFatalError
from connectors.http import HttpClient, Response
from connectors.rest.auth import Sign
from connectors.rest.paths import Path

MAX_PAGES = 10_000
MAX_ITEMS = 200_000
LONGEST_LINK = 4_000
_NEXT = re.compile(r"""<([^<>]*)>\s*;[^,<]*?\brel\s*=\s*["']?[^"',;]*\bnext\b""", re.I)
Parameters = dict[str, str | int | float | bool]


class Pages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to ask for the next page; ``total``, ``next`` are paths into the answer."""

    style: Literal["page", "offset", "cursor", "link", "next"]
    parameter: str | None = None
    """The page's number, the offset or the cursor goes by this name, in a POST's body if it has one."""
    first: int = 1
    """Number of the first page."""
    size_parameter: str | None = None
    size: int = 100
    total: str | None = None
    next: str | None = None

    @property
    def first_request(self) -> dict[str, Any]:
        return _Cursor(self).parameters(0)


class Endpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request: its answer holds ``items``, a path to a list or to one record."""

    path: str = ""
    method: Literal["GET", "POST"] = "GET"
    params: Parameters = {}
    body: dict[str, Any] | None = None
    items: str = ""
    success: dict[str, list[Any]] = {}
    """Path into the answer → values that mean success: many platforms answer errors with HTTP 200."""
    pages: Pages | None = None


class Api:
    """Requests to one catalogue: signed, checked, JSON."""

    def __init__(self, client: HttpClient, sign: Sign) -> None:
        self.client, self._sign = client, sign
        self.accept = "application/json"

    def send(self, endpoint: Endpoint, path: str, more: Mapping[str, Any]) -> tuple[Any, Response]:
        """The answer's JSON. ``more`` goes where the endpoint's parameters stand. Raises a ``ConnectorError``."""
        response = self.fetch(endpoint, path, more)
        answer = response.json()
        self._check(endpoint, answer)
        return answer, response

    def fetch(self, endpoint: Endpoint, path: str, more: Mapping[str, Any]) -> Response:
        in_body = endpoint.method == "POST" and endpoint.body is not None
        params = {**endpoint.params, **({} if in_body else more)}
        texts = {name: _text(value) for name, value in params.items()}
        body = _encoded({**(endpoint.body or {}), **more}) if in_body else None
        url = self._below(path)
        return self.client.request(
            endpoint.method,
            url,
            params=texts or None,
            body=body,
            headers={"Accept": self.accept, **({"Content-Type": "application/json"} if in_body else {})},
            safe=True,
            sign=lambda: self._sign(endpoint.method, url, {**dict(parse_qsl(urlsplit(url).query)), **texts}, body),
        ).checked()

    def _below(self, path: str) -> str:
        """The address of a path below the catalogue's own; a whole address as it is."""
        return path if "://" in path else self.client.base_url + (f"/{path.lstrip('/')}" if path else "")

    def linked(self, link: str, at: str) -> str:
        """The address that a link in the answer of the path or address ``at`` means; same host and scheme only."""
        try:
            url = urljoin(self._below(at), link)
            same = urlsplit(url)[:2] == urlsplit(self.client.base_url)[:2]
        except ValueError:
            same = False
        if not same:
            hint = "ask the catalogue's operator to give addresses of its own host and scheme"
            raise SourceFatalError("the next page is not on the same host", hint=hint, place=self.client.host)
        return url

    def _check(self, endpoint: Endpoint, answer: Any) -> None:
        for path, wanted in endpoint.success.items():
            found = Path(path).first(answer)
            if not any(found == one and isinstance(found, bool) == isinstance(one, bool) for one in wanted):
                # The message beside it may repeat what we sent.
                shown = found if isinstance(found, (int, bool)) else "something else"
                what = f"answered {path} = {shown} where success was expected"
                raise SourceFatalError(what, hint="check auth, and the parameters", place=self.client.host)

    # --- lists ---------------------------------------------------------------------------------------------------

    def items(self, endpoint: Endpoint) -> Iterator[Any]:
        """Every item of a list, page by page. Raises a ``ConnectorError``, perhaps half-way."""
        count, seen = 0, set[bytes]()
        cursor = _Cursor(endpoint.pages)
        for _ in range(MAX_PAGES):
            answer, response = self.send(endpoint, cursor.path or endpoint.path, cursor.parameters(count))
            items = self.listed(endpoint, answer)
            if items and endpoint.pages:
                self._new(items, seen)
            yield from items
            count += len(items)
            total = self._total(endpoint, answer)
            if count > MAX_ITEMS:
                raise self._broken(f"more than {MAX_ITEMS:,} items", "narrow the list down by params")
            if not self._advance(cursor, endpoint, answer, response, bool(items), total is not None and count >= total):
                if total is not None and count < total:
                    raise self._broken(f"listed {count} of {total}", "try again later, or correct pages")
                return
        raise self._broken(f"more than {MAX_PAGES:,} pages", "raise pages.size")

    def listed(self, endpoint: Endpoint, answer: Any) -> list[Any]:
        items = Path(endpoint.items).items(answer)
        if items is None:
            what = f"the answer has no list at {endpoint.items or '$'}"
            raise self._broken(what, "correct items; add success to see errors that come as HTTP 200")
        return items

    def _new(self, items: list[Any], seen: set[bytes]) -> None:
        try:
            mark = hashlib.sha256(_encoded(items)).digest()
        except RecursionError:
            raise self._broken("the answer is nested too deeply", "ask the catalogue's operator") from None
        if mark in seen:
            raise self._broken("the same page came twice", "correct pages; leave them out if the list has none")
        seen.add(mark)

    @staticmethod
    def _total(endpoint: Endpoint, answer: Any) -> int | None:
        found = Path(endpoint.pages.total).first(answer) if endpoint.pages and endpoint.pages.total else None
        text = str(found)
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None

    def _advance(
        self, cursor: _Cursor, endpoint: Endpoint, answer: Any, response: Response, any_items: bool, complete: bool
    ) -> bool:
        """Whether there is a next page; ``cursor`` then stands there."""
        pages = endpoint.pages
        if pages is None or complete:
            return False
        if pages.style in ("page", "offset"):
            return any_items
        if pages.style == "link":
            found = _NEXT.search(response.headers.get("Link", "")[:LONGEST_LINK])
            target: Any = found[1] if found else None
        else:
            target = Path(str(pages.next)).first(answer)
        if target in (None, "", False, 0):
            return False
        if pages.style == "cursor":
            cursor.value = target if isinstance(target, int) else str(target)
        else:
            cursor.path = self.linked(str(target), cursor.path or endpoint.path)
        if not cursor.is_new():
            raise self._broken("the pages lead in a circle", "ask the catalogue's operator")
        return True

    def _broken(self, what: str, hint: str) -> SourceFatalError:
        return SourceFatalError(what, hint=hint, place=self.client.host)


class _Cursor:
    """Where the next page is. Raises ``ConfigurationError`` when the pages' description lacks something."""

    def __init__(self, pages: Pages | None) -> None:
        self.pages = pages
        self.path = ""
        self.value: str | int | None = None
        self.number = pages.first if pages else 0
        self._seen: set[tuple[str, str | int | None]] = set()
        if pages and pages.style in ("page", "offset", "cursor") and not pages.parameter:
            raise ConfigurationError(f"pages of style {pages.style} need parameter", hint="such as pageNo or offset")
        if pages and pages.style in ("cursor", "next") and not pages.next:
            raise ConfigurationError(f"pages of style {pages.style} need next", hint="the path to it in the answer")

    def parameters(self, count: int) -> dict[str, Any]:
        pages = self.pages
        if pages is None or self.path:
            return {}
        made: dict[str, Any] = {pages.size_parameter: pages.size} if pages.size_parameter else {}
        if pages.style == "page":
            made[str(pages.parameter)] = self.number
            self.number += 1
        elif pages.style == "offset":
            made[str(pages.parameter)] = count
        elif pages.style == "cursor" and self.value is not None:
            made[str(pages.parameter)] = self.value
        return made

    def is_new(self) -> bool:
        mark = (self.path, self.value)
        new = mark not in self._seen
        self._seen.add(mark)
        return new


def check_pages(endpoint: Endpoint) -> None:
    """Raises ``ConfigurationError`` before anything is asked for."""
    _Cursor(endpoint.pages)
    pages = (endpoint.pages.total, endpoint.pages.next) if endpoint.pages else ()
    for path in (endpoint.items, *endpoint.success, *pages):
        Path(path or "")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
