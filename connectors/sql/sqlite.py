"""SQLite, from its table-valued pragmas.

Asset identity: ``main.table``. A file is never created, and opened read-only. SQLite keeps no comments, but the CREATE
statement as it was written: what stands behind one column's definition on its line is that column's comment.
"""

from __future__ import annotations

import heapq
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from operator import itemgetter
from typing import Any, ClassVar
from urllib.parse import quote

from sqlalchemy import event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError

from connectors.sql import dialect as troubles
from connectors.sql.dialect import ColumnRow, Dialect, KeyRow, RelationRow, Row, Run, Timeouts, Trouble

# What the full-text and R*Tree modules keep for themselves.
_SHADOWS = (
    "'_data', '_idx', '_content', '_docsize', '_config', '_segments', '_segdir', '_stat', '_node', '_rowid', '_parent'"
)
_A_DAY = 86_400
# Worked out once: asked for every relation anew it would make the dictionary's reading quadratic.
_HIDDEN = f"""hidden(name) AS (
      SELECT s.name FROM sqlite_master v JOIN sqlite_master s
      WHERE v.type = 'table' AND v.sql LIKE 'CREATE VIRTUAL TABLE%'
        AND substr(s.name, 1, length(v.name)) = v.name
        AND substr(s.name, length(v.name) + 1) IN ({_SHADOWS}))"""
_SHOWN = """m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
      AND m.name NOT IN (SELECT name FROM hidden)"""
# The pragmas open views and virtual tables to look at them, so that one broken view would fail the statement for all.
_PLAIN = "m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL TABLE%'"


class SQLite(Dialect):
    name = "sqlite"
    schemes = dict.fromkeys(("sqlite", "sqlite+pysqlite"), "sqlite+pysqlite")
    in_file = True

    PROBE = "SELECT count(*) FROM sqlite_master"
    RELATIONS = f"""
    WITH {_HIDDEN} SELECT NULL, 'main', m.name, m.type, NULL, NULL, CASE WHEN m.type = 'table' THEN m.sql END
    FROM sqlite_master m WHERE {_SHOWN} ORDER BY m.name
    """
    COLUMNS = f"""
    WITH {_HIDDEN} SELECT 'main', m.name, x.name, x.type, NULL, NOT (x."notnull" OR x.pk), x.dflt_value, NULL
    FROM sqlite_master m JOIN pragma_table_xinfo(m.name) x
    WHERE {_SHOWN} AND {{which}} AND x.hidden <> 1 ORDER BY m.name, x.cid
    """
    KEYS = f"""
    WITH {_HIDDEN} SELECT 'main', m.name, 'f', 'f' || k.id, k."from", 'main', k."table",
           coalesce(k."to", (SELECT x.name FROM pragma_table_xinfo(k."table") x WHERE x.pk = k.seq + 1)), k.seq
    FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) k WHERE {_SHOWN} AND {_PLAIN}
    UNION ALL
    SELECT 'main', m.name, 'p', 'p', x.name, NULL, NULL, NULL, x.pk
    FROM sqlite_master m JOIN pragma_table_xinfo(m.name) x WHERE {_SHOWN} AND {_PLAIN} AND x.pk > 0
    UNION ALL
    SELECT 'main', m.name, 'u', i.name, x.name, NULL, NULL, NULL, x.seqno
    FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) x
    WHERE {_SHOWN} AND {_PLAIN} AND i."unique" AND i.origin <> 'pk' AND NOT i.partial
    ORDER BY 2, 3, 4, 9
    """
    VIEWS = "SELECT 'main', m.name, m.sql, NULL FROM sqlite_master m WHERE m.type = 'view' ORDER BY m.name"
    VIEW_SQL = "sqlite"
    views_as_written = True
    ODD: ClassVar[str] = (
        f"WITH {_HIDDEN} SELECT m.name FROM sqlite_master m WHERE {_SHOWN} AND NOT ({_PLAIN}) ORDER BY m.name"
    )

    TROUBLES: ClassVar[Mapping[str, Trouble]] = {
        "SQLITE_NOTADB": Trouble(False, "the file is not a SQLite database", "check path"),
        "SQLITE_CORRUPT": Trouble(False, "the database file is damaged", "restore it from a backup"),
        "SQLITE_CANTOPEN": Trouble(False, "the file cannot be opened", "check its and its folder's permissions"),
        **dict.fromkeys(("SQLITE_PERM", "SQLITE_AUTH"), troubles.NOT_ALLOWED),
        **dict.fromkeys(("SQLITE_BUSY", "SQLITE_LOCKED"), troubles.LOCKED),
        "SQLITE_READONLY": troubles.READ_ONLY,
        "SQLITE_INTERRUPT": troubles.TIMEOUT,
    }

    def address(self, url: URL) -> URL:
        return URL.create(
            url.drivername, database="file:" + quote(url.database or ""), query={"mode": "ro", "uri": "true"}
        )

    def connect_arguments(self, url: URL, timeouts: Timeouts) -> dict[str, Any]:
        return {"timeout": timeouts.lock or _A_DAY, "check_same_thread": False}

    def session(self, timeouts: Timeouts) -> Iterable[str]:
        yield "PRAGMA query_only = ON"
        # A view of the source must not call functions with side effects.
        yield "PRAGMA trusted_schema = OFF"

    def prepare(self, connection: Any, timeouts: Timeouts) -> None:
        # Old programs wrote GB18030 where SQLite expects UTF-8; such text becomes unreadable, not an error.
        connection.text_factory = lambda text: text.decode("utf-8", "replace")

    def bound_samples(self, connection: Connection, timeouts: Timeouts) -> None:
        if timeouts.sampling:
            _stop_after(connection, timeouts.sampling)

    # Whoever reads a file keeps others from writing to it, so that nothing stays half read: answers are taken at once.
    def relations(self, run: Run, url: URL) -> Iterator[RelationRow]:
        # The comment is needed before the columns: it may say that the table is secret.
        changed = _changed(url.database or "")
        for row in list(super().relations(run, url)):
            comment = ddl_comments(row.definition, ())[0] if row.definition else None
            yield row._replace(comment=comment, changed=changed)

    def columns(self, run: Run, url: URL) -> Iterator[ColumnRow]:
        plain = run(self.COLUMNS.format(which=f"({_PLAIN})"))
        return map(ColumnRow._make, heapq.merge(list(plain), self._odd_columns(run), key=itemgetter(1)))

    def keys(self, run: Run, url: URL) -> Iterator[KeyRow]:
        return iter(list(super().keys(run, url)))

    def _odd_columns(self, run: Run) -> list[Row]:
        """Columns of views and virtual tables; one by one only when one of them is broken."""
        try:
            return list(run(self.COLUMNS.format(which=f"NOT ({_PLAIN})")))
        except DBAPIError:
            return [row for (name,) in list(run(self.ODD)) for row in self._columns_of(run, str(name))]

    def _columns_of(self, run: Run, name: str) -> list[Row]:
        quoted = "'" + name.replace("'", "''") + "'"
        try:
            return list(run(self.COLUMNS.format(which=f"m.name = {quoted}")))
        except DBAPIError:
            return []

    def comments(self, definition: str, columns: Iterable[str]) -> dict[str, str]:
        return ddl_comments(definition, columns)[1]

    def code(self, error: BaseException) -> str:
        # Python 3.10 gives no code, only SQLite's own English text.
        text = str(error)
        known = {
            "file is not a database": "SQLITE_NOTADB",
            "malformed": "SQLITE_CORRUPT",
            "unable to open": "SQLITE_CANTOPEN",
            "locked": "SQLITE_BUSY",
            "readonly": "SQLITE_READONLY",
            "interrupted": "SQLITE_INTERRUPT",
        }
        found = next((code for phrase, code in known.items() if phrase in text), "")
        return found or str(getattr(error, "sqlite_errorname", ""))


def _changed(path: str) -> datetime | None:
    """When the file was last written to, or the log beside it, which holds what is not yet in the file."""
    times = []
    for name in (path, f"{path}-wal"):
        with suppress(OSError):
            times.append(os.stat(name).st_mtime)
    return datetime.fromtimestamp(max(times), timezone.utc) if times else None


def _stop_after(connection: Connection, seconds: int) -> None:
    """Interrupt every statement that runs longer than that, the reading of a large schema before it included."""
    deadline = [0.0]

    def start(*_: Any) -> None:
        deadline[0] = time.monotonic() + seconds

    event.listen(connection, "before_cursor_execute", start)
    raw: Any = connection.connection.dbapi_connection
    raw.set_progress_handler(lambda: time.monotonic() > deadline[0], 50_000)


_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]\n]*\]|(?P<dashes>--[^\n]*)|(?P<block>/\*.*?\*/)", re.DOTALL
)
_FIRST_NAME = re.compile(r'\s*,?\s*(?:"((?:[^"]|"")+)"|`([^`]+)`|\[([^\]]+)\]|([^\s,()"`\[\]]+))')


def ddl_comments(definition: str, columns: Iterable[str]) -> tuple[str | None, dict[str, str]]:
    """The table's comment (behind its opening parenthesis) and the columns', by name.

    Only a line that defines one column and ends in one comment counts; anything else is ambiguous.

    >>> ddl_comments("CREATE TABLE t ( -- 人员\\n a TEXT, -- 姓名\\n b DECIMAL(5,2) /* 金额 */\\n)", ["a", "b"])
    ('人员', {'a': '姓名', 'b': '金额'})
    """
    names = {name.lower(): name for name in columns}
    table: str | None = None
    found: dict[str, str] = {}
    depth = 0
    for code, comment in _lines(definition):
        if comment and depth == 0 and code.rstrip().endswith("("):
            table = table or comment
        elif comment and depth == 1 and _is_one_definition(code):
            first = _FIRST_NAME.match(code)
            written = next(part for part in first.groups() if part) if first else ""
            name = names.get(written.replace('""', '"').lower())
            if name and name not in found:
                found[name] = comment
        plain = _TOKEN.sub("", code)
        depth += plain.count("(") - plain.count(")")
    return table, found


def _lines(definition: str) -> Iterator[tuple[str, str | None]]:
    """Lines without their comments, each with the one comment at its end, or None if it has none or several."""
    marked: list[str] = []

    def take(token: re.Match[str]) -> str:
        if not (token["dashes"] or token["block"]):
            return token[0]
        marked.append(token[0].removeprefix("--") if token["dashes"] else token[0][2:-2])
        return f"\0{len(marked) - 1}\0"

    for line in _TOKEN.sub(take, definition).split("\n"):
        pieces = line.split("\0")
        one_at_end = len(pieces) == 3 and not pieces[2].strip()
        text = " ".join(marked[int(pieces[1])].split()) if one_at_end else ""
        yield "".join(pieces[::2]), text or None


def _is_one_definition(code: str) -> bool:
    """Whether a line holds no comma between columns and leaves no parenthesis open."""
    plain = _TOKEN.sub("''", code).strip().strip(",")
    while "(" in plain and (shorter := re.sub(r"\([^()]*\)", "", plain)) != plain:
        plain = shorter
    return "," not in plain and plain.count("(") == 0 and plain.count(")") <= 1


DIALECT = SQLite()
