"""What ``pdc check`` says of the systems; with ``connect`` each is opened and listed, a restricted one never."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from connectors.base import Connector, ConnectorError, SystemConfig, open_connector
from connectors.model import Failure, Listing, Rights
from workflows.check_result import CheckResult, Found, from_failure
from workflows.contract import ConnectorFault, allowed_listing, checked_failures, checked_listing
from workflows.errors import unforeseen
from workflows.masking import masked_text
from workflows.patience import leave_behind
from workflows.schedule import host_of, side_by_side
from workflows.settings import Department, Site, SystemSettings

THREADS = 8
"""Systems looked at together: most of the time is waiting."""
PATIENCE = 60.0
"""Seconds for one system."""
SHOWN, LENGTH = 3, 40
"""Names shown on a system's line, and characters of each."""


def check_systems(site: Site, connect: bool, patience: float = PATIENCE) -> list[CheckResult]:
    """In the configured order. Systems of one host are opened as few at once as in a harvest, whatever their windows:
    who asks for a check wants it now, and no rows are read."""
    configured = {f"{one.id}/{system.id}": _configured(site, one, system) for one, system in site.systems()}
    reports = {subject: [line] for subject, (line, _) in configured.items()}
    if connect:
        configs = [config for _, config in configured.values() if config]
        hosts = [host_of(config) for config in configs]
        cap = site.settings.harvest.per_host
        lines = side_by_side(
            configs, hosts, lambda one: _bounded(one, patience), threads=THREADS, per_host=cap, stop=lambda: None
        )
        for config, found in zip(configs, lines, strict=True):
            reports[f"{config.department}/{config.id}"] = found
    return [line for lines in reports.values() for line in lines]


def _configured(site: Site, department: Department, system: SystemSettings) -> tuple[CheckResult, SystemConfig | None]:
    """What can be said without opening it, and what to open unless it is restricted or unusable."""
    subject = f"{department.id}/{system.id}"
    if system.is_restricted:
        return CheckResult(subject, "ok", "restricted: counted, not looked at"), None
    try:
        config = site.system_config(department.id, system.id)
    except ConnectorError as error:
        return from_failure(error.failure, subject, "failed"), None
    missing = _missing_file(config)
    if missing:
        return from_failure(missing, subject, "failed"), None
    window = site.window(department.id, system.id)
    return CheckResult(subject, "ok", f"configured; read {window} only" if window else "configured"), config


def _missing_file(config: SystemConfig) -> Failure | None:
    """Why the system's file cannot be read; None for no file, and for patterns, which only their connector knows."""
    path = config.path
    if path is None or any(sign in path for sign in "*?["):
        return None
    if not Path(path).exists():
        return Failure("the file does not exist", place=path, hint="relative paths start at the site's folder")
    if not os.access(path, os.R_OK):
        return Failure("the file may not be read", place=path, hint="give the user who runs pdc the right to read it")
    return None


def _bounded(config: SystemConfig, patience: float) -> list[CheckResult]:
    """`_look`, given up after some seconds: a thread that a driver has stuck cannot be ended, only left behind."""
    lines: list[CheckResult] = []
    thread = threading.Thread(target=lambda: lines.extend(_look(config)), daemon=True)
    thread.start()
    thread.join(patience)
    if thread.is_alive():
        leave_behind(thread)
        hint = "look at the system and the way there, or give --timeout more seconds"
        subject = f"{config.department}/{config.id}"
        return [CheckResult(subject, "failed", f"no answer within {patience:g} seconds", host_of(config), hint)]
    return lines


def _look(config: SystemConfig) -> list[CheckResult]:
    subject = f"{config.department}/{config.id}"
    try:
        with open_connector(config) as source:
            source.probe()
            listing = allowed_listing(checked_listing(source.list_assets(), config.connector), config)
            return list(_report(subject, config, source, listing, source.rights()))
    except ConnectorError as error:
        return [from_failure(error.failure, subject, "failed")]
    except OSError as error:
        reason = f"{type(error).__name__}: {error.strerror or 'could not be read'}"
        return [CheckResult(subject, "failed", masked_text(reason))]
    except BaseException as error:
        # What a connector does not foresee, sys.exit too: in a thread of its own nothing else would tell of it.
        fault = ConnectorFault(unforeseen(error), config.connector)
        return [from_failure(fault.failure, subject, "failed")]


def _report(
    subject: str, config: SystemConfig, source: Connector, listing: Listing, rights: Rights
) -> Iterator[CheckResult]:
    """What would be listed, and one warning for each thing that is not as it should be."""
    names = tuple(masked_text(name) for name in listing.names)
    found = Found(len(names), listing.excluded, listing.quarantined, names)
    yield CheckResult(subject, "ok", f"reachable: {_in_words(found)}", found=found)

    def warning(message: str, hint: str | None = None) -> CheckResult:
        return CheckResult(subject, "warning", masked_text(message), hint=hint)

    seen = found.kept + found.excluded + found.quarantined
    if rights.unseen:
        yield warning(f"the user may read {seen} of {seen + rights.unseen} tables", rights.advice)
    elif not seen:
        advice = f"if there are some, the user needs: {rights.advice}" if rights.advice else "look whether that is so"
        yield warning("it holds no assets, or none that the user may see", advice)
    elif not found.kept:
        yield warning("nothing is left to list", "look at include and exclude" if config.include else None)
    if rights.partly:
        what = f"the user may not read every column of {len(rights.partly)} tables ({_some(rights.partly)})"
        yield warning(what, "the others are sampled; grant SELECT on the whole table for the rest")
    if not listing.complete:
        yield warning(f"the listing is incomplete: {listing.reason or 'no reason given'}")
    failures = checked_failures(source.failures, config.connector)
    yield from (from_failure(failure, subject, "warning") for failure in failures)


def _in_words(found: Found) -> str:
    words = f"{found.kept} assets" + (f" ({_some(found.names)})" if found.names else "")
    words += f", {found.excluded} excluded" if found.excluded else ""
    return words + (f", {found.quarantined} with a secrecy mark" if found.quarantined else "")


def _some(names: Sequence[str]) -> str:
    return ", ".join([*map(_short, names[:SHOWN]), *(["…"] if len(names) > SHOWN else [])])


def _short(name: str) -> str:
    return name if len(name) <= LENGTH else f"{name[:LENGTH]}…"
