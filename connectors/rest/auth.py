"""Who asks: bearer token, user and password, a key, or a signature over each request.

Municipal platforms let a caller put its application's key, the time, a number used once and a digest over all of them
into headers or parameters; which, in which order, and with which digest differs from platform to platform, so all of it
is configuration. Secrets stay in this module's objects, whose ``repr`` shows nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from connectors.base import ConfigurationError
from connectors.http import Signed

KINDS = ("bearer", "basic", "key", "signature")
_PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}")
_KNOWN = ("key", "secret", "timestamp", "nonce", "method", "path", "query", "body", "body_md5", "body_sha256")


class _Discreet(msgspec.Struct, frozen=True):
    """Its ``repr`` shows nothing: what it holds would come into tracebacks and failed tests."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class Bearer(_Discreet, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="bearer"):
    token: str


class Basic(_Discreet, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="basic"):
    user: str
    password: str


class Key(_Discreet, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="key"):
    """A key in a header or in a parameter of that name."""

    value: str
    header: str | None = None
    query: str | None = None


class Signature(_Discreet, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="signature"):
    """``canonical`` is what is signed; ``headers`` and ``query`` are sent. All may hold ``{placeholders}``:

    key, secret, timestamp, nonce, method, path, query (sorted ``a=1&b=2``, without what holds the signature), body,
    body_md5, body_sha256; in what is sent ``{signature}``, too.
    """

    key: str
    secret: str
    canonical: str
    algorithm: str = "hmac-sha256"
    """``hmac-…`` with the secret as its key, or a plain digest (the secret is then part of ``canonical``)."""
    encoding: Literal["hex", "HEX", "base64"] = "hex"
    timestamp: str = "milliseconds"
    """``seconds``, ``milliseconds``, or a format such as ``%Y%m%d%H%M%S`` in the machine's own time."""
    headers: dict[str, str] = {}
    query: dict[str, str] = {}


Spec = Bearer | Basic | Key | Signature
Sign = Callable[[str, str, Mapping[str, str], bytes | None], Signed]
"""(method, URL, parameters, body) → what to add to the request."""


def signer(spec: Spec | None) -> Sign:
    """Raises ``ConfigurationError`` when the specification cannot be followed."""
    if isinstance(spec, Signature):
        return _Signer(spec).sign
    added = _constant(spec)
    return lambda method, url, params, body: added


def _constant(spec: Bearer | Basic | Key | None) -> Signed:
    if isinstance(spec, Bearer):
        return Signed({}, {"Authorization": f"Bearer {spec.token}"})
    if isinstance(spec, Basic):
        pair = base64.b64encode(f"{spec.user}:{spec.password}".encode()).decode("ascii")
        return Signed({}, {"Authorization": f"Basic {pair}"})
    if isinstance(spec, Key):
        if bool(spec.header) == bool(spec.query):
            raise ConfigurationError("auth of kind key needs header or query", hint="the name under which it is sent")
        return Signed({spec.query: spec.value}, {}) if spec.query else Signed({}, {str(spec.header): spec.value})
    return Signed({}, {})


class _Signer:
    def __init__(self, spec: Signature, clock: Callable[[], float] = time.time) -> None:
        self._spec, self._clock = spec, clock
        self._digest = _digest_of(spec.algorithm)
        _check(spec.canonical, _KNOWN)
        for text in (*spec.headers.values(), *spec.query.values()):
            _check(text, (*_KNOWN, "signature"))
        if not any("{signature}" in text for text in (*spec.headers.values(), *spec.query.values())):
            raise ConfigurationError("the signature is sent nowhere", hint="put {signature} into headers or query")

    def sign(self, method: str, url: str, params: Mapping[str, str], body: bytes | None) -> Signed:
        spec, raw = self._spec, body or b""
        words = {
            **{"key": spec.key, "secret": spec.secret, "method": method, "path": urlsplit(url).path},
            **{"timestamp": self._time(), "nonce": secrets.token_hex(16), "body": raw.decode("utf-8")},
            **{"body_md5": hashlib.md5(raw).hexdigest(), "body_sha256": hashlib.sha256(raw).hexdigest()},
        }
        unsigned = {name: text for name, text in spec.query.items() if "{signature}" not in text}
        query = {**params, **{name: _fill(text, words) for name, text in unsigned.items()}}
        words["query"] = "&".join(f"{name}={query[name]}" for name in sorted(query))
        words["signature"] = self._encoded(_fill(spec.canonical, words).encode())
        sent = {name: _fill(text, words) for name, text in spec.query.items()}
        return Signed(sent, {name: _fill(text, words) for name, text in spec.headers.items()})

    def _time(self) -> str:
        now = self._clock()
        if self._spec.timestamp == "milliseconds":
            return str(int(now * 1000))
        return (
            str(int(now))
            if self._spec.timestamp == "seconds"
            else time.strftime(self._spec.timestamp, time.localtime(now))
        )

    def _encoded(self, text: bytes) -> str:
        keyed = self._spec.algorithm.startswith("hmac-")
        made = (
            hmac.new(self._spec.secret.encode(), text, self._digest) if keyed else hashlib.new(self._digest, text)
        ).digest()
        if self._spec.encoding == "base64":
            return base64.b64encode(made).decode("ascii")
        return made.hex().upper() if self._spec.encoding == "HEX" else made.hex()


def _digest_of(algorithm: str) -> str:
    name = algorithm.removeprefix("hmac-").lower()
    try:
        # Digests without a length of their own (shake) raise a TypeError here.
        hashlib.new(name).digest()
    except (ValueError, TypeError):
        hint = "such as hmac-sha256, hmac-sm3 (with OpenSSL 1.1.1 or newer), md5"
        raise ConfigurationError(f"this Python has no digest {name[:30]!r}", hint=hint) from None
    return name


def _check(text: str, known: tuple[str, ...]) -> None:
    unknown = sorted(set(_PLACEHOLDER.findall(text)) - set(known))
    if unknown:
        raise ConfigurationError(f"unknown placeholder {{{unknown[0]}}} in auth", hint=f"known: {', '.join(known)}")


def _fill(text: str, words: Mapping[str, Any]) -> str:
    """Placeholders replaced once: what a value holds in braces stays as it is."""
    return _PLACEHOLDER.sub(lambda found: words.get(found[1], found[0]), text)
