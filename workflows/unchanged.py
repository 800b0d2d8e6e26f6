"""What a harvest need not read again, and what makes it read everything: configuration, program, engine.

Connectors say what is unchanged (`connectors.base.Connector.skip_unchanged`); here is when they are asked, and about
which assets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec

from connectors.base import SystemConfig, registered
from connectors.unchanged import moment
from workflows.store import digest
from workflows.store_records import Known, SystemState

LONGEST_STAMP = 64
# A digest of a weak password could be tried out: what may be secret, by its name, is not in it.
_SECRET = re.compile(r"pass|pwd|secret|token|key|cred|auth|sign|cookie|storage|user|account", re.I)
_USER = re.compile(r"//.*@")


def config_digest(config: SystemConfig) -> str:
    """32 hex digits that differ once the system is configured otherwise or read by another version of the program.

    Secrets do not count: an address without user and password, options without values that may be secret.
    """
    plain = msgspec.structs.replace(config, url=_plain_url(config.url), options=_plain(config.options))
    return digest(_program(config.connector), msgspec.json.encode(plain, order="sorted"))


def _program(connector: str) -> str:
    entry = registered(connector)
    found = f"{entry.dist.name} {entry.dist.version}" if entry and entry.dist else ""
    try:
        return f"{version('public-data-catalog')} {found}"
    except PackageNotFoundError:
        return found


def _plain_url(url: str | None) -> str | None:
    """
    >>> _plain_url("postgresql://reader:p@ss@host:5432/rescue?password=x&sslmode=require")
    'postgresql://host:5432/rescue?password=&sslmode=require'
    """
    if url is None:
        return None
    address, mark, query = url.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&"))
    kept = "&".join(name + sign + ("" if _SECRET.search(name) else value) for name, sign, value in pairs)
    return _USER.sub("//", address, count=1) + mark + kept


def _plain(value: Any) -> Any:
    """
    >>> _plain({"flavour": "ckan", "auth": {"secret": "x"}, "list": {"params": {"appKey": "x", "size": 5}}})
    {'flavour': 'ckan', 'auth': None, 'list': {'params': {'appKey': None, 'size': 5}}}
    """
    if isinstance(value, dict):
        return {key: None if _SECRET.search(str(key)) else _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def since(state: SystemState | None, current: str, look_back: timedelta) -> datetime | None:
    """From when on changes must be read; None = everything must be, whenever it changed.

    ``current`` is the `config_digest` of now, ``look_back`` is for clocks that differ and for files that were written
    to while they were read.
    """
    if state is None or not state.complete or not state.complete_at or state.digest != current:
        return None
    return datetime.fromisoformat(state.complete_at) - look_back


def skippable(known: Mapping[str, Known], prefix: str, engine: str | None) -> dict[str, str]:
    """Qualified name → stamp of the assets that need not be read; ``prefix`` is what keys begin with.

    ``engine``: version whose evidence is wanted, None = no sampling. Assets with one stamp are read together: where one
    of them has to be sampled, all are read.
    """
    present = {key[len(prefix) :]: item for key, item in known.items() if item.stamp and not item.vanished}
    stale = {item.stamp for item in present.values() if engine and not (item.sampled and item.engine == engine)}
    return {name: item.stamp for name, item in present.items() if item.stamp not in stale}


def rows_changed(known: Known, stamp: str, changed_at: str | None, now: str, look_back: timedelta) -> bool:
    """Whether an asset's rows have changed since they were sampled, or nearly then, as far as its source tells.

    ``stamp`` is the one that it has now, ``changed_at`` its source's own time, ``now`` the start of this run. A source
    that says it will change in the future has a wrong clock, and would be sampled for ever.
    """
    if known.sampled_at is None or (stamp and known.stamp and stamp != known.stamp):
        return True
    changed, here = moment(changed_at), moment(now)
    if changed is None or here is None or changed > here + look_back.total_seconds():
        return False
    return changed >= (moment(known.sampled_at) or here) - look_back.total_seconds()
