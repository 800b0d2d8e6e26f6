"""A limit for a whole answer. urllib3 limits each wait for bytes only: who sends one a second has for ever.

`limit` says until when the answers that this thread asks for may arrive, head and body; connections of `POOLS` hold to
it and raise `Overdue`.
"""

from __future__ import annotations

import http.client
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Overdue(TimeoutError):
    """The answer has begun, perhaps, but it did not end in time."""


_this = threading.local()


@contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Answers that this thread asks for inside end within ``seconds``."""
    _this.until = time.monotonic() + seconds
    try:
        yield
    finally:
        del _this.until


class _Bounded(io.RawIOBase):
    """What comes from a socket, until it is time."""

    def __init__(self, inner: io.RawIOBase, sock: Any, until: float) -> None:
        self._inner, self._sock, self._until = inner, sock, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise Overdue
        usual = self._sock.gettimeout()
        if usual is None or left < usual:
            self._sock.settimeout(left)
        try:
            return cast("int | None", self._inner.readinto(buffer))
        except TimeoutError:
            if time.monotonic() >= self._until:
                raise Overdue from None
            raise

    def close(self) -> None:
        self._inner.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        until = getattr(_this, "until", None)
        if until is not None:
            self.fp = io.BufferedReader(_Bounded(self.fp.detach(), sock, until))


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOLS = {"http": _Pool, "https": _SecurePool}
