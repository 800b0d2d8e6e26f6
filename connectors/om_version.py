"""Which OpenMetadata answers, and what that version can do.

One table, ``SINCE``, says from which version on something may be relied on. What is not known for sure is set to the
first version for which it was seen: doing without costs speed or comfort, a field that a server does not know costs a
refused write (reference/openmetadata-server.md, "Writing tables and tags": unknown JSON fields → 400).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import total_ordering

OLDEST = (1, 2)

SINCE: dict[str, tuple[int, int]] = {
    # PUT /v1/<kind>/bulk; reference: 2.0 has it; design section 6: from 1.12 on.
    "bulk": (1, 12),
    # TagLabel.reason, appliedBy, appliedAt, metadata; reference: 2.0 only.
    "reason": (2, 0),
    # labelType Generated; reference: 400 on 1.2, in the 2.0.6 models.
    "generated": (2, 0),
    # If-Match on PATCH; reference: ignored by 1.2; the 2.0.6 SDK sends it.
    "if_match": (2, 0),
    # Custom property types enum and more; reference: 1.2 has none, 2.0 has.
    "enum_properties": (2, 0),
    # Custom properties of columns (type tableColumn in the 2.0.6 models); reference: none in 1.2.
    "column_properties": (2, 0),
    # entityStatus on assets; upstream PR 22904 of 2025-08; on services and domains only after PR 26132 of 2026-02.
    "entity_status": (1, 10),
    # domains as a list instead of domain; upstream PR 22806 of 2025-08 (docs of the 1.9 upgrade).
    "domains": (1, 9),
    # owners as a list instead of owner, operation EditOwners instead of EditOwner; upstream PR 17285 of 1.5.0.
    "owners": (1, 5),
    # API services, collections, endpoints; upstream: 1.5.0.
    "api_services": (1, 5),
    # Recognizers on tags, autoClassificationEnabled; upstream issue 26664 says 1.12.
    "recognizers": (1, 12),
}


@total_ordering
@dataclass(frozen=True)
class ServerVersion:
    """``1.13.0``, ``2.0.0-SNAPSHOT`` and the like; compared by its numbers."""

    numbers: tuple[int, ...]
    text: str

    @classmethod
    def parse(cls, text: str) -> ServerVersion:
        """Raises ``ValueError`` when there are no two numbers at the start.

        >>> ServerVersion.parse("2.0.0-SNAPSHOT") >= ServerVersion.parse("1.13.0")
        True
        """
        found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text.strip())
        if not found:
            raise ValueError("no version number")
        return cls(tuple(int(number or 0) for number in found.groups()), text.strip()[:40])

    def __lt__(self, other: ServerVersion) -> bool:
        return self.numbers < other.numbers

    def __str__(self) -> str:
        return self.text

    @property
    def supported(self) -> bool:
        return self.numbers[:2] >= OLDEST


@dataclass(frozen=True)
class Features:
    """What a server can do; each field is explained in ``SINCE``."""

    bulk: bool
    reason: bool
    generated: bool
    if_match: bool
    enum_properties: bool
    column_properties: bool
    entity_status: bool
    domains: bool
    owners: bool
    api_services: bool
    recognizers: bool

    @classmethod
    def of(cls, version: ServerVersion) -> Features:
        return cls(**{field.name: version.numbers[:2] >= SINCE[field.name] for field in fields(cls)})
