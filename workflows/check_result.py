"""One line of what ``pdc check`` reports."""

from __future__ import annotations

from typing import Literal

import msgspec

from connectors.model import Failure
from workflows.masking import masked_text

Status = Literal["ok", "warning", "failed"]


class Found(msgspec.Struct, frozen=True):
    """What a harvest of one system would list now."""

    kept: int
    excluded: int
    """Left out by include, exclude and restricted globs."""
    quarantined: int
    """With a secrecy mark."""
    names: tuple[str, ...]
    """Of the kept ones; identifiers in them are masked."""


class CheckResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the report."""

    subject: str
    """``settings``, ``pack``, ``folders``, ``store``, ``openmetadata``, or ``department/system``."""
    status: Status
    message: str
    place: str | None = None
    """``file:line`` or a host, where there is one."""
    hint: str | None = None
    """What to do next; None when all is well."""
    found: Found | None = None
    """Of a system that was reached."""


def from_failure(failure: Failure, subject: str, status: Status) -> CheckResult:
    """A failure as a line, identifiers in it masked."""
    place = failure.place and masked_text(failure.place)
    return CheckResult(subject, status, masked_text(failure.what), place, failure.hint)
