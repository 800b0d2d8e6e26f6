"""``openmetadata.yaml``: the server that the catalogue is published to, and how. `workflows.settings` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.config import expand


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Names = Annotated[tuple[str, ...], Field(strict=False)]
DEPARTMENTS = "*"
"""Among the teams of a role: every department's own team."""


class RoleSettings(_Settings):
    """Which teams of the server hold our roles; a team that is not there is made. Who is in a team is set there."""

    reader: Names = ("Organization",)
    """Sees what is not closed; edits no labels and no descriptions of what is ours. ``Organization`` is everybody."""
    steward: Names = (DEPARTMENTS,)
    """Labels what the team, or a team below it, owns."""
    reviewer: Names = ("pdc-reviewers",)
    """Labels everything that is ours."""
    admin: Names = ("pdc-admins",)
    """Everything that is ours; no users, roles or policies."""


class ProtectionSettings(_Settings):
    """What is done on the server so that tiers are more than words."""

    enabled: bool = True
    """Bring our roles and policies to the wanted state with every publication, where the token may."""
    mask: bool = False
    """Put ``PII.Sensitive`` on columns of L3 and L4, for the platform's own masking of samples."""
    descriptions: bool = False
    """Stewards and reviewers may edit descriptions and display names there too; `pdc pull` brings them back."""
    roles: RoleSettings = Field(default_factory=RoleSettings)


class RemovalSettings(_Settings):
    """When vanished assets are soft-deleted on the server."""

    enabled: bool = True
    share: float = Field(default=0.2, ge=0, le=1, strict=False)
    """A publication that would delete more than this share of a system's assets deletes none of them."""


class ServerSettings(_Settings):
    """``openmetadata.yaml``."""

    url: str = Field(min_length=1, repr=False)
    """Address of the API, such as http://127.0.0.1:8585/api."""
    token: str = Field(min_length=1, repr=False)
    """The bot's JWT: ``${NAME}`` or ``file:PATH``."""
    admin_token: str | None = Field(default=None, min_length=1, repr=False)
    """For `pdc protect` and `pdc bot create` only; never used by publish."""
    ca_file: str | None = None
    """Certificate authority of the server, where the machine's own list does not know it."""
    timeout: float = Field(default=60, gt=0, le=3600, strict=False)
    """Seconds to wait for an answer; a table with 1,600 labelled columns takes its time (reference: limits)."""
    workers: int = Field(default=4, ge=1, le=8)
    """Requests at the same time; one table is never written by two."""
    names: Literal["han", "ascii"] = "han"
    """How classifications and tags are called; search facets show names, not display names."""
    native_service_types: bool = False
    """Create services as Postgres, Mysql … instead of CustomDatabase."""
    recognizers: bool = False
    """Write the packs' name and value patterns to the tags as native recognizers (2.0)."""
    lineage: bool = True
    removals: RemovalSettings = Field(default_factory=RemovalSettings)
    protection: ProtectionSettings = Field(default_factory=ProtectionSettings)

    def resolved(self, root: Path, environ: Mapping[str, str] | None = None) -> ServerSettings:
        """With url and token put in. Raises `connectors.base.ConfigurationError` for what is not there.

        ``admin_token`` stays a reference: whoever publishes every night needs no administrator's secret at hand.
        """
        ca_file = None if self.ca_file is None else str(root / self.ca_file)
        return self.model_copy(
            update={
                "url": expand(self.url, root, environ),
                "token": expand(self.token, root, environ).strip(),
                "ca_file": ca_file,
            }
        )
