"""The version of the site's database, and the steps from one version to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, Table, insert, inspect, select, text, update

from workflows import store_schema as schema
from workflows.acts.adopted import adopt, adopt_descriptions

SCHEMA_VERSION = 8

NEW_IN: Mapping[int, tuple[Table, ...]] = {
    3: (schema.published, schema.publications, schema.journal, schema.questions),
    4: (schema.acts, schema.acts_head, schema.documents, schema.codes),
}
"""Tables by the version that brought them."""

Step = Callable[[Connection], None]


def _decisions_name_their_rule(connection: Connection) -> None:
    for column in ("rule VARCHAR(160)", "fingerprint VARCHAR(32)"):
        connection.execute(text(f"ALTER TABLE decisions ADD COLUMN {column} DEFAULT '' NOT NULL"))


def _publishing(connection: Connection) -> None:
    _create(connection, 3)


def _legal_life(connection: Connection) -> None:
    _create(connection, 4)
    _begin_chain(connection)
    adopt(connection)
    # Until then an entry's number counted within its department, whose class was 300 and its own number.
    place = "substr('000' || CAST(d.number AS TEXT), length(CAST(d.number AS TEXT)) + 1)"
    given = f"SELECT e.asset, '300' || {place}, e.sequence FROM entries e JOIN departments d ON d.id = e.department"
    connection.execute(text(f"INSERT INTO codes (asset, class_code, sequence) {given}"))
    connection.execute(text("DROP TABLE entries"))
    connection.execute(text("ALTER TABLE departments DROP COLUMN last_sequence"))
    # Without stamps the next run reads everything, and without an engine it samples everything again, once.
    for column in ("stamp VARCHAR(64)", "engine VARCHAR(32)"):
        connection.execute(text(f"ALTER TABLE assets ADD COLUMN {column} DEFAULT '' NOT NULL"))
    connection.execute(text("ALTER TABLE assets ADD COLUMN sampled_at VARCHAR(40)"))
    connection.execute(text("ALTER TABLE systems ADD COLUMN complete_at VARCHAR(40)"))
    connection.execute(text("ALTER TABLE systems ADD COLUMN digest VARCHAR(32) DEFAULT '' NOT NULL"))


def _acts_keep_names(connection: Connection) -> None:
    # An even older store has just got the table as it is now.
    if "name" in {column["name"] for column in inspect(connection).get_columns(schema.acts.name)}:
        return
    connection.execute(text("ALTER TABLE acts ADD COLUMN name VARCHAR(128) DEFAULT '' NOT NULL"))
    if connection.dialect.name != "sqlite":  # which does not count characters
        connection.execute(text("ALTER TABLE acts ALTER COLUMN who TYPE VARCHAR(255)"))


def _decisions_keep_grounds(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE decisions ADD COLUMN because TEXT DEFAULT '' NOT NULL"))


def _questions_keep_ids(connection: Connection) -> None:
    # An even older store has just got the table as it is now.
    if "who_id" not in {column["name"] for column in inspect(connection).get_columns(schema.questions.name)}:
        connection.execute(text("ALTER TABLE questions ADD COLUMN who_id VARCHAR(128) DEFAULT '' NOT NULL"))
    # What was asked here is an act; who asked in OpenMetadata is known by name alone.
    asked = "a.kind = 'decision' AND a.verb = 'ask' AND a.subject = questions.asset AND a.at = questions.at"
    found = f"COALESCE((SELECT MIN(a.who) FROM acts a WHERE {asked}), '')"
    connection.execute(text(f"UPDATE questions SET who_id = {found}"))


def _descriptions_are_acts(connection: Connection) -> None:
    # Older stores than version 3 never had the table.
    if inspect(connection).has_table("descriptions"):
        adopt_descriptions(connection)
        connection.execute(text("DROP TABLE descriptions"))


def _create(connection: Connection, version: int) -> None:
    for table in NEW_IN[version]:
        table.create(connection)


def _begin_chain(connection: Connection) -> None:
    connection.execute(insert(schema.acts_head).values(id=1, number=0, hash=schema.CHAIN_START))


STEPS: Mapping[int, Step] = {
    1: _decisions_name_their_rule,
    2: _publishing,
    3: _legal_life,
    4: _acts_keep_names,
    5: _decisions_keep_grounds,
    6: _questions_keep_ids,
    7: _descriptions_are_acts,
}
"""``STEPS[n]`` turns version ``n`` into ``n + 1``; a new database is created whole and runs none."""


class SchemaError(Exception):
    """The database does not fit this program; ``str()`` says what to do."""


def prepare(connection: Connection, steps: Mapping[int, Step] = STEPS, target: int = SCHEMA_VERSION) -> None:
    """Create the tables in an empty database, or bring an older one up to ``target``, step by step."""
    if not inspect(connection).has_table(schema.schema_version.name):
        schema.metadata.create_all(connection)
        _begin_chain(connection)
        connection.execute(insert(schema.schema_version).values(version=target))
        return
    found = connection.execute(select(schema.schema_version.c.version)).scalar_one()
    if found > target:
        raise SchemaError(
            f"the store has schema version {found}, this program knows up to {target} "
            "(install a newer public-data-catalog, or point `store` at another database)"
        )
    for version in range(found, target):
        steps[version](connection)
        connection.execute(update(schema.schema_version).values(version=version + 1))
