"""Tables of the site's database; `workflows.store_steps` makes them, and brings older ones up to date."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    update,
)

CHAIN_START = "0" * 64
"""What the first act of the audit trail names as the hash before it."""

metadata = MetaData()
# SQLite numbers rows by itself only where the key is exactly INTEGER.
_ID = BigInteger().with_variant(Integer, "sqlite")

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

runs = Table(
    "runs",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("command", String(32), nullable=False),
    Column("started", String(40), nullable=False),
    Column("finished", String(40)),
    Column("exit_code", Integer),
    Column("summary", Text, nullable=False, default="{}"),
)

systems = Table(
    "systems",
    metadata,
    Column("department", String(128), primary_key=True),
    Column("system", String(128), primary_key=True),
    Column("connector", String(64), nullable=False),
    Column("run", _ID, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("error", Text),
    Column("complete_at", String(40)),
    Column("digest", String(32), nullable=False, server_default=""),
)

assets = Table(
    "assets",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("department", String(128), nullable=False),
    Column("system", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("comment", Text),
    Column("fingerprint", String(32), nullable=False),
    Column("columns", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("sampled", Boolean, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("evidence_digest", String(32), nullable=False),
    Column("findings", Text, nullable=False),
    Column("first_run", _ID, nullable=False),
    Column("first_seen", String(40), nullable=False),
    Column("changed_at", String(40), nullable=False),
    Column("missing_runs", Integer, nullable=False, default=0),
    Column("vanished_at", String(40)),
    Column("judged", String(32)),
    Column("verdict", Text),
    Column("tier", String(16)),
    Column("share", String(16)),
    Column("open", String(16)),
    Column("undetermined", Integer, nullable=False, default=0),
    Column("stamp", String(64), nullable=False, server_default=""),
    Column("engine", String(32), nullable=False, server_default=""),
    Column("sampled_at", String(40)),
    Index("assets_by_system", "department", "system"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("digest", String(32), nullable=False, unique=True),
    Column("body", Text, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("asset", Text, nullable=False, index=True),
    Column("column", Text),
    Column("dimension", String(16), nullable=False),
    Column("value", String(64)),
    Column("who", String(128), nullable=False),
    Column("at", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("rejected", String(64)),
    Column("basis", JSON, nullable=False),
    Column("rule", String(160), nullable=False, server_default=""),
    Column("fingerprint", String(32), nullable=False, server_default=""),
    Column("because", Text, nullable=False, server_default=""),
)

label_changes = Table(
    "label_changes",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("run", _ID, nullable=False),
    Column("at", String(40), nullable=False),
    Column("asset", Text, nullable=False, index=True),
    Column("column", Text),
    Column("dimension", String(16), nullable=False),
    Column("old", String(64)),
    Column("new", String(64)),
    Column("old_state", String(16)),
    Column("new_state", String(16)),
    Column("why", Text, nullable=False),
)

departments = Table(
    "departments",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
)

codes = Table(
    "codes",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("asset", _ID, index=True),
    Column("class_code", String(64), nullable=False),
    Column("sequence", Integer, nullable=False),
    UniqueConstraint("class_code", "sequence"),
)
"""Catalogue numbers; ``asset`` is empty once the asset was forgotten. See ``workflows/entries/codes.py``."""

events = Table(
    "events",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("run", _ID),
    Column("at", String(40), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("department", String(128)),
    Column("system", String(128)),
    Column("place", Text),
    Column("message", Text, nullable=False),
    Column("seconds", Float),
)

published = Table(
    "published",
    metadata,
    Column("server", String(255), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("fqn", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", String(40), nullable=False),
)
"""What was written to a server last; ``key`` is a digest for assets and the definition's own key for the rest."""

publications = Table(
    "publications",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("server", String(255), nullable=False),
    Column("plan", String(32), nullable=False),
    Column("started", String(40), nullable=False),
    Column("finished", String(40)),
    Column("summary", Text, nullable=False, default="{}"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("publication", _ID, nullable=False, index=True),
    Column("key", Text, nullable=False),
    Column("body", Text, nullable=False),
)
"""Writes under way: a row is there from before the request until what came of it is in ``published``."""

questions = Table(
    "questions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("asset", Text, nullable=False, index=True),
    Column("column", Text),
    Column("dimension", String(16), nullable=False),
    Column("value", Text),
    Column("rejected", Text),
    Column("who", String(128), nullable=False),
    Column("at", String(40), nullable=False),
    Column("message", Text, nullable=False),
    Column("state", String(16), nullable=False, server_default="open"),
    Column("settled_by", String(128), nullable=False, server_default=""),
    Column("settled_at", String(40), nullable=False, server_default=""),
    Column("who_id", String(128), nullable=False, server_default=""),
)
"""Acts of people that do not count yet: a lowered tier without a second person, an author who may not rule or is not
known, an objection."""

acts = Table(
    "acts",
    metadata,
    Column("number", _ID, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
    Column("who", String(255), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("verb", String(32), nullable=False),
    Column("why", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("account", String(128), nullable=False),
    Column("behalf", String(128), nullable=False),
    Column("pack", String(128), nullable=False),
    Column("previous", String(64), nullable=False, unique=True),
    Column("hash", String(64), nullable=False),
    Column("name", String(128), nullable=False, server_default=""),
    UniqueConstraint("kind", "subject", "version"),
)
"""The audit trail, see `workflows.acts.trail`."""

acts_head = Table(
    "acts_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", _ID, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""One row: where the trail ends. Whoever acts locks it first."""

documents = Table(
    "documents",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("body", Text, nullable=False),
)
"""What acts name by SHA-256: versions of entries, issued lists."""


def lock(connection: Connection) -> None:
    """Let nobody else act or number until this transaction ends; what is read after it is current."""
    connection.execute(update(acts_head).values(number=acts_head.c.number))
