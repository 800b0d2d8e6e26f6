"""What a database has to say about itself: dictionary statements, session settings, names for its error codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, ClassVar, Literal, NamedTuple

from sqlalchemy import Executable, FromClause, Select, TableClause, func
from sqlalchemy.engine import URL, Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement, ColumnElement

from connectors.model import Variant


class RelationRow(NamedTuple):
    """One table or view, as ``Dialect.relations`` selects it."""

    database: str | None
    schema: str
    name: str
    kind: Literal["table", "view"]
    comment: str | None
    rows: int | None
    definition: str | None
    """Its CREATE statement where the dictionary keeps comments nowhere else, else None."""
    size: int | None = None
    """Bytes on disk, indexes included."""
    changed: datetime | str | None = None
    """When its rows or its structure last changed, as far as the database tells."""
    counted: datetime | str | None = None
    """When its statistics, and with them ``rows``, were last gathered."""
    variant: Variant | None = None


class ColumnRow(NamedTuple):
    schema: str
    table: str
    name: str
    native: str
    base: str | None
    """What a user-defined type is made of, in the database's own spelling; None when ``native`` says it."""
    nullable: bool | None
    default: str | None
    comment: str | None


class KeyRow(NamedTuple):
    """One column of a primary key (``p``), foreign key (``f``) or other unique key (``u``)."""

    schema: str
    table: str
    kind: Literal["p", "f", "u"]
    constraint: str
    column: str
    referred_schema: str | None
    referred_table: str | None
    referred_column: str | None
    position: int


class ViewRow(NamedTuple):
    """How one view is computed."""

    schema: str
    table: str
    definition: str | None
    """Its SELECT or CREATE VIEW; None or empty when the user may not see it."""
    near: Mapping[str, str] | None = None
    """Schema by name of the tables that it names without one; None when they are in the view's own."""


Row = tuple[Any, ...]
Run = Callable[[str], Iterator[Row]]
"""Send one dictionary statement and stream its rows."""


class Trouble(NamedTuple):
    """What an error code means to the reader of a message."""

    retry: bool
    what: str
    hint: str


UNREACHABLE = Trouble(True, "the database cannot be reached", "check host, port, firewall and that it is running")
BUSY = Trouble(True, "the database has no free connection", "try again later or raise its connection limit")
STOPPING = Trouble(True, "the database is starting or stopping", "try again later")
LOST = Trouble(True, "the connection was lost", "try again later")
TIMEOUT = Trouble(
    True,
    "the statement took too long",
    "try again later or raise statement_timeout (for samples: sample_timeout and lock_timeout)",
)
LOCKED = Trouble(True, "the data is locked by someone else", "try again later or raise lock_timeout")
WRONG_PASSWORD = Trouble(False, "the database refuses this user or password", "check user and password in url")
NO_DATABASE = Trouble(False, "this database does not exist", "check the name at the end of url")
NOT_ALLOWED = Trouble(False, "the user has no right to read this", "grant SELECT (and USAGE on the schema) to the user")
READ_ONLY = Trouble(False, "the session is read-only", "the catalogue never writes to a source")
BROKEN = Trouble(False, "the view is broken in the source", "its owner has to mend or drop it")
EMPTY = Trouble(False, "the materialised view holds nothing yet", "refresh it in the source")
GONE = Trouble(False, "the table or column is not there any more", "harvest again")


TOO_MUCH = "this view reads or sorts too much"
NO_PLAN = "the user may not see how this view is computed; it takes SHOW VIEW, and SELECT on its tables"


class Timeouts(NamedTuple):
    """Seconds; 0 means none."""

    connect: int = 10
    statement: int = 300
    lock: int = 5
    """To wait for a table that somebody else has locked; nobody waits behind us for longer than that."""
    sample: int = 5

    @property
    def sampling(self) -> int:
        """What a statement that samples may take: the shortest of all. Whoever alters the table waits for it."""
        return min(filter(None, (self.sample, self.statement, self.lock)), default=0)


class Large(NamedTuple):
    """A table whose first rows do not speak for it."""

    table: TableClause
    """With the columns that are asked for, and those of the key."""
    select: Callable[[FromClause], Select[Any]]
    """The columns asked for, ready to be read, of the table or of an alias of it."""
    key: tuple[str, ...]
    """The columns of its primary key."""
    rows: int
    """How many are asked for."""
    estimate: int
    """How many there are, by the database's estimate."""
    size: int = 0
    """Bytes; 0 when they are not known."""
    sparse: bool = False
    """Few rows in many pages, or rows of which not all columns may be read: what the chosen pages hold is taken."""


class Explain(Executable, ClauseElement):
    """A statement behind the word that asks for its plan instead of its rows."""

    inherit_cache = False

    def __init__(self, word: str, statement: Executable) -> None:
        self.word, self.statement = word, statement


@compiles(Explain)
def _explained(element: Explain, compiler: Any, **options: Any) -> str:
    return f"{element.word} {compiler.process(element.statement, **options)}"


Ask = Callable[[Executable], Sequence[Any]]
"""Send one statement on the connection that samples; its rows."""


class Driver(NamedTuple):
    """The Python package that speaks to a database, where a plain installation has none."""

    module: str
    extra: str | None = None
    """Our extra that installs it; None when only its vendor hands it out."""

    @property
    def remedy(self) -> str:
        """What to do when it is missing."""
        if self.extra is None:
            return f"install the package {self.module} that came with the database; see docs/connectors.md"
        return f"pip install 'public-data-catalog[{self.extra}]'"


class Dialect:
    """One database. Every statement is sent once per harvest, whatever the number of tables.

    All four results are ordered by schema and table in code point order (binary collation), so that they can be
    merged while they stream; columns by their position, keys by constraint and position.
    """

    name: ClassVar[str]
    schemes: ClassVar[Mapping[str, str]] = {}
    """The URL schemes it answers to, and SQLAlchemy's ``dialect+driver`` for each; empty = any, as it stands."""
    driver: ClassVar[Driver | None] = None
    """What has to be installed besides; never imported before a system is opened."""
    in_file: ClassVar[bool] = False
    """Whether the database is a file named by ``path:`` or ``url:``, not a server."""
    shared_connection: ClassVar[bool] = True
    """Whether one connection can stream several results at once."""
    side_by_side: ClassVar[bool] = False
    """Whether threads may send statements at the same time, each on a connection of its own (none is shared, and no
    view as it was written has to be known before the columns are)."""
    fetch: ClassVar[int] = 2_000
    """Rows that a stream asks the server for at a time."""
    cast_in_samples: ClassVar[bool] = False
    """Whether values other than characters and numbers are sampled as text, because the driver may choke on them."""

    explains: ClassVar[bool] = False
    """Whether `objection` asks for a plan. Elsewhere those over large tables are left alone, by lineage."""

    unsampled: ClassVar[frozenset[str]] = frozenset()
    """Data types whose values cannot be asked for, besides binary ones."""

    PROBE: ClassVar[str] = "SELECT 1"
    BEGIN: ClassVar[str | None] = None
    """Sent first in each transaction that reads the dictionary, where no session is read-only as a whole."""
    RELATIONS: ClassVar[str]
    COLUMNS: ClassVar[str]
    KEYS: ClassVar[str]
    VIEWS: ClassVar[str]
    VIEW_SQL: ClassVar[str]
    """sqlglot's name for what definitions of views are written in."""
    no_definition: ClassVar[Trouble | None] = None
    """What it means that a view comes without one; None where the database does not say."""
    views_as_written: ClassVar[bool] = False
    """Whether definitions are as somebody wrote them: with ``*``, and names in any case."""
    shows_all_columns: ClassVar[bool] = False
    """Whether a table whose columns are not told has none."""
    UNSEEN: ClassVar[str | None] = None
    """(schema, number of relations) for the schemas in which some exist that this user may not see, where the database
    tells."""

    REFUSED: ClassVar[str | None] = None
    """(schema, table, column) for columns that this user may not read, where the database shows them all the same."""

    TROUBLES: ClassVar[Mapping[str, Trouble]] = {}
    """By error code, or by its first two characters."""

    def driver_of(self, url: URL) -> Driver | None:
        """`driver`, where it depends on the scheme; ``url`` is the one with SQLAlchemy's ``dialect+driver``."""
        return self.driver

    def grants(self, user: str) -> tuple[str, ...]:
        """Statements that give ``user`` the least rights the catalogue needs, for messages and docs.

        ``<schema>`` and ``<database>`` stand for names that the connector puts in, quoted, where it knows them.
        """
        return ()

    def address(self, url: URL) -> URL:
        """What the driver opens."""
        return url

    def connect_arguments(self, url: URL, timeouts: Timeouts) -> dict[str, Any]:
        """Arguments for the driver's ``connect``."""
        return {}

    def connect(self, arguments: Mapping[str, Any]) -> Any:
        """The driver's own connection, where it is made in a way that SQLAlchemy does not know; else None."""
        return None

    def session(self, timeouts: Timeouts) -> Iterable[str]:
        """Statements that make a new session read-only and bounded."""
        return ()

    def bound_samples(self, connection: Connection, timeouts: Timeouts) -> None:
        """Limit the time of each further statement, where ``session`` cannot because it would also stop the streams."""

    def beginning(self, value: ColumnElement[Any], length: int) -> ColumnElement[Any]:
        """The first ``length`` characters of a long text."""
        return func.substr(value, 1, length)

    def spread(self, large: Large, ask: Ask) -> Executable | None:
        """A statement that takes rows from several places of a large table, at a cost that does not grow with it."""
        return None

    def objection(self, query: Select[Any], ask: Ask) -> str | None:
        """Why a view is better not sampled, by the database's own plan (see `plans`); None = it costs little.

        ``query`` has its LIMIT.
        """
        return None

    def is_bulky(self, query: Select[Any], ask: Ask) -> bool:
        """Whether a table may take long to give even its first rows, as one does that is mostly empty pages."""
        return False

    def prepare(self, connection: Any, timeouts: Timeouts) -> None:
        """Adjust the driver's own connection, before any statement."""

    def lesser(self, statement: str) -> str | None:
        """What to send when this dictionary statement fails because of a single table: the same without counts, sizes
        and foreign keys. None where it has none of them, or no table can do that."""
        return None

    def listed(self, run: Run, url: URL) -> Iterator[RelationRow]:
        """`relations`, as far as names, kinds and comments go: no counts, sizes and times where they cost the database
        something."""
        return self.relations(run, url)

    def relations(self, run: Run, url: URL) -> Iterator[RelationRow]:
        return (RelationRow(*row) for row in run(self.RELATIONS))

    def columns(self, run: Run, url: URL) -> Iterator[ColumnRow]:
        return map(ColumnRow._make, run(self.COLUMNS))

    def keys(self, run: Run, url: URL) -> Iterator[KeyRow]:
        return whole_keys(run(self.KEYS))

    def views(self, run: Run, url: URL) -> Iterator[ViewRow]:
        return map(ViewRow._make, run(self.VIEWS))

    def comments(self, definition: str, columns: Iterable[str]) -> dict[str, str]:
        """Comments on columns, by column name, found in the table's CREATE statement."""
        return {}

    def code(self, error: BaseException) -> str:
        """The database's own code of an error, empty when it has none."""
        return ""

    def trouble(self, error: BaseException) -> Trouble:
        """What an error of the driver means. The driver's text is never passed on: it may quote a value."""
        code = self.code(error)
        known = self.TROUBLES.get(code) or self.TROUBLES.get(code[:2])
        return known or Trouble(
            False,
            f"the database answered with an error ({code or type(error).__name__})",
            "look the code up in the database's manual or its own log",
        )


def whole_keys(rows: Iterable[Row]) -> Iterator[KeyRow]:
    """Keys without those of which a part is no column: an expression, or the beginning of a text."""
    for _, group in groupby(map(KeyRow._make, rows), lambda row: row[:4]):
        parts = list(group)
        if parts[0].kind != "u" or all(part.column is not None for part in parts):
            yield from parts
