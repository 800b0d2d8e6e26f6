"""The HTTP client of a connector as an operator configures it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from connectors.base import ConfigurationError, SystemConfig
from connectors.http import HttpClient

OPTIONS: dict[str, type] = {"headers": dict, "ca_file": str, "timeout": int}
"""``headers`` for every request, the absolute path of a CA's file, and seconds to wait for an answer."""
TIMEOUT = 60


def http_client(config: SystemConfig, max_bytes: int, **more: Any) -> HttpClient:
    """The client for ``url`` with the ``OPTIONS``; ``more`` goes to `HttpClient`. Raises ``ConfigurationError``."""
    return HttpClient(str(config.url), max_bytes=max_bytes, **http_options(config), **more)


def http_options(config: SystemConfig) -> dict[str, Any]:
    """What the ``OPTIONS`` are for `HttpClient`. Raises ``ConfigurationError``, also where no client is needed."""
    headers = config.options.get("headers") or {}
    if not all(isinstance(key, str) and isinstance(value, str) for key, value in headers.items()):
        raise ConfigurationError("headers must map names to texts", hint="as in {Authorization: 'Bearer ${TOKEN}'}")
    ca_file = config.options.get("ca_file")
    if ca_file and not Path(ca_file).is_file():
        raise ConfigurationError("the file of the certificate authority does not exist", hint="check ca_file")
    seconds = config.options.get("timeout", TIMEOUT)
    if seconds <= 0:
        raise ConfigurationError("timeout must be more than 0 seconds", hint=f"leave it out for {TIMEOUT}")
    return {"headers": headers, "timeout": (min(10.0, seconds), float(seconds)), "verify": ca_file or True}
