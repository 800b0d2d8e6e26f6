"""Statements that describe structure, read one by one into a `Dump`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec

from connectors.ddl.elements import Elements, Name, Tokens, read_element, read_elements
from connectors.ddl.lexicon import plainly_quoted
from connectors.ddl.misspelt import misspelt
from connectors.ddl.tsql import Property, described, executed, is_call
from connectors.lineage import Unreadable
from connectors.model import Column, Failure, ForeignKey, Kind


@dataclass
class Table:
    """A table or view while the dump is read."""

    name: Name
    kind: Kind
    place: str
    dialect: str
    columns: list[Column] = field(default_factory=list)
    comment: str | None = None
    primary_key: tuple[str, ...] = ()
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    query: str | None = None
    """The SELECT of a view, or of CREATE TABLE … AS."""
    column_names: tuple[str, ...] = ()
    """Names given to a view's columns outside its SELECT."""
    column_comments: dict[str, str] = field(default_factory=dict)
    """By lower-case column name; set by COMMENT ON, which may come before a view's columns are known."""
    product: str | None = None


@dataclass
class Dump:
    """All structure of one or more files; rows were never read."""

    tables: dict[str, Table] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    schema: str | None = None
    """Where unqualified names are, as the last USE or SET search_path said."""
    database: str | None = None
    """Where names without a database are, as the last USE of SQL Server said."""
    product: str | None = None
    """Whose database the file under way is of, such as ``mysql``; None where nothing says so."""

    def qualified(self, name: Name) -> Name:
        if self.schema and len(name.parts) == 1:
            name = Name((self.schema, *name.parts))
        return Name((self.database, *name.parts)) if self.database and len(name.parts) == 2 else name

    def find(self, name: Name) -> Table | None:
        """The table of that name; one without its schema, or with one the dump leaves out, if only one fits."""
        for candidate in (self.qualified(name), name):
            if candidate.key in self.tables:
                return self.tables[candidate.key]
        last = name.parts[-1].lower() if name.parts else ""
        fitting = [
            table
            for table in self.tables.values()
            if table.name.parts[-1].lower() == last and 1 in (len(name.parts), len(table.name.parts))
        ]
        return fitting[0] if len(fitting) == 1 else None


_CREATE = re.compile(
    r"create\s+(?:or\s+(?:replace|alter)\s+)?(?P<kinds>(?:[^\s(]+\s+){0,12}?)(?P<what>table|view)\s", re.I
)
# CREATE TRIGGER … ON TABLE and the like create something else; unknown words are vendors' modifiers of a table.
_OTHER_OBJECT = re.compile(
    r"\b(?:function|procedure|proc|trigger|package|type|index|sequence|event|rule|policy|database|schema|user|role|synonym"
    r"|statistics|domain|cast|aggregate|operator|publication|subscription|extension|server|language|cluster\s+\S+\s+on)\b",
    re.I,
)
_TEMPORARY = re.compile(r"\b(?:temporary|temp)\b", re.I)
_COMMENT = re.compile(
    r"comment\s+on\s+(?P<what>table|view|materialized\s+view|foreign\s+table|column)\s+(?P<name>.+?)\s+is\s+"
    r"(?P<text>null|[Ee]'(?:[^'\\]|\\.|'')*'|(?:[Nn]|U&)?'(?:[^']|'')*'|(?P<tag>\$\w*\$).*?(?P=tag))\s*$",
    re.I | re.S,
)
_COMMENT_ON = re.compile(r"comment\s+on\s+(?:table|(?:materialized\s+)?view|foreign\s+table|column)\b", re.I)
_USE = re.compile(r"use\s+([`\"\[]?)([^`\"\]\s;]+)", re.I)
_SEARCH_PATH = re.compile(
    r"(?:set\s+search_path\s*(?:=|to)|set\s+(?:current\s+)?schema\s*=?|alter\s+session\s+set\s+current_schema\s*=)"
    r"\s*['\"]?([^'\",;\s]*)",
    re.I,
)
_ALTER = re.compile(r"alter\s+table\b", re.I)
_FORBIDDEN_SCHEMAS = frozenset({"", "pg_catalog", "default"})


def read_statement(dump: Dump, sql: str, dialect: str, place: str) -> None:
    """Add what one statement says. Raises `Unreadable`; statements that say nothing of structure are passed over."""
    sql = plainly_quoted(sql) if dialect == "oracle" else sql
    if created := _created(sql):
        if not _TEMPORARY.search(created["kinds"]) or dialect == "oracle":
            _read_create(dump, sql, dialect, place, is_view=created["what"].lower() == "view")
    elif _COMMENT_ON.match(sql):
        _read_comment(dump, sql)
    elif _ALTER.match(sql):
        _read_alter(dump, Tokens(sql, dialect))
    elif dialect == "tsql" and is_call(sql):
        _read_call(dump, sql, dialect, place)
    elif used := _USE.match(sql):
        _use(dump, dialect, used[2])
    elif path := _SEARCH_PATH.match(sql):
        dump.schema = path[1] if path[1] not in _FORBIDDEN_SCHEMAS else None
    elif what := misspelt(sql):
        raise Unreadable(what)


def describes_structure(sql: str) -> bool:
    """Whether a broken statement, of which only the beginning is known, is one whose loss matters."""
    return bool(_created(sql) or _COMMENT_ON.match(sql) or _ALTER.match(sql) or is_call(sql) or misspelt(sql))


def _use(dump: Dump, dialect: str, name: str) -> None:
    """What MySQL uses is the schema; SQL Server's databases have schemas of their own, dbo for who names none."""
    if dialect == "mysql":
        dump.schema = name
    elif dialect == "tsql":
        dump.database, dump.schema = name, "dbo"


def _read_call(dump: Dump, sql: str, dialect: str, place: str) -> None:
    if inner := executed(sql):
        if _created(inner.strip()):
            read_statement(dump, inner.strip(), dialect, place)
    elif found := described(sql):
        _describe(dump, found)


def _describe(dump: Dump, found: Property) -> None:
    table = dump.find(found.table)
    if table is None:
        return
    if found.column is None:
        table.comment = found.text or None
    elif found.text:
        table.column_comments[found.column.lower()] = found.text


def _created(sql: str) -> re.Match[str] | None:
    found = _CREATE.match(sql)
    return found if found and not _OTHER_OBJECT.search(found["kinds"]) else None


# --- CREATE -------------------------------------------------------------------------------------------------------


def _read_create(dump: Dump, sql: str, dialect: str, place: str, is_view: bool) -> None:
    tokens = Tokens(sql, dialect)
    created = next((i for i in range(len(tokens.all)) if tokens.word(i) in ("TABLE", "VIEW")), None)
    if created is None:
        raise Unreadable("the words of the statement run together")
    index = created + 1
    if tokens.words(index, "IF", "NOT", "EXISTS"):
        index += 3
    name, index = tokens.name(index)
    if name.parts[-1].startswith("#") and dialect == "tsql":
        # Temporary.
        return
    table = Table(dump.qualified(name), "view" if is_view else "table", place, dialect, product=dump.product)
    if is_view:
        _read_view(tokens, index, table)
    elif tokens.words(index, "PARTITION", "OF"):
        return
    else:
        _read_table(dump, tokens, index, table)
    known = dump.tables.get(table.name.key)
    if known and known.kind == table.kind == "table" and _file(known.place) != _file(place):
        dump.failures.append(
            Failure(f"{name} is created a second time", place, f"first in {known.place}; kept: this one")
        )
    dump.tables[table.name.key] = table


def _file(place: str) -> str:
    return place.rpartition(":")[0]


def _read_table(dump: Dump, tokens: Tokens, index: int, table: Table) -> None:
    if tokens.word(index) == "LIKE":
        _copy_columns(dump, table, tokens.name(index + 1)[0])
        return
    if tokens.word(index) == "(" and tokens.word(index + 1) not in ("SELECT", "WITH"):
        end = tokens.closing(index)
        _take(table, read_elements(tokens, index + 1, end), dump)
        if tokens.has_gap(index + 1, end):
            what = f"{table.name}: there is a comma too many between the columns; no server takes the statement"
            dump.failures.append(Failure(what, table.place, "the columns are listed as they stand there; correct it"))
        index = end + 1
    table.comment = _option_comment(tokens, index)
    if (query := _query_begin(tokens, index)) is not None and not table.columns:
        table.query = tokens.sql[tokens.all[query].start :]
    if not table.columns and table.query is None:
        raise Unreadable(f"no column found in {table.name}")


def _take(table: Table, found: Elements, dump: Dump) -> None:
    for name in found.like:
        _copy_columns(dump, table, name)
    for column in found.columns:
        table.columns.append(msgspec.structs.replace(column, ordinal=len(table.columns) + 1))
    table.primary_key = found.primary_key or table.primary_key
    table.foreign_keys += found.foreign_keys


def _copy_columns(dump: Dump, table: Table, other: Name) -> None:
    source = dump.find(other)
    if source is None:
        raise Unreadable(f"{table.name} is like {other}, which is not in the dump before it")
    table.columns += source.columns
    table.comment = table.comment or source.comment


def _option_comment(tokens: Tokens, begin: int) -> str | None:
    for index in range(begin, len(tokens.all)):
        if tokens.word(index) == "(":
            continue
        if tokens.word(index) == "COMMENT":
            value = index + 2 if tokens.word(index + 1) == "=" else index + 1
            if tokens.is_string(value):
                return tokens.all[value].text.strip() or None
        if tokens.word(index) in ("PARTITION", "AS"):
            break
    return None


def _query_begin(tokens: Tokens, begin: int) -> int | None:
    """The SELECT after the first AS that one follows (MySQL may leave out the AS)."""
    for index in range(begin, len(tokens.all)):
        after = index + 1
        while tokens.word(after) == "(":
            after += 1
        if tokens.word(index) == "AS" and tokens.word(after) in ("SELECT", "WITH"):
            return index + 1
        if index == begin and tokens.word(index) == "SELECT":
            return index
    return None


def _read_view(tokens: Tokens, index: int, table: Table) -> None:
    if tokens.word(index) == "(":
        end = tokens.closing(index)
        names = []
        for begin, after in tokens.list_items(index + 1, end):
            if tokens.word(begin) in ("CONSTRAINT", "UNIQUE", "PRIMARY") and not tokens.is_quoted(begin):
                continue
            names.append(str(tokens.name(begin)[0]))
            _view_column_comment(tokens, begin, after, names[-1], table)
        table.column_names = tuple(names)
        index = end + 1
    query = _query_begin(tokens, index)
    if query is None:
        raise Unreadable(f"no SELECT found in view {table.name}")
    table.comment = _option_comment(tokens, index)
    table.query = tokens.sql[tokens.all[query].start :]


def _view_column_comment(tokens: Tokens, begin: int, end: int, name: str, table: Table) -> None:
    for index in range(begin, end):
        if tokens.word(index) == "COMMENT" and tokens.is_string(index + 1):
            table.column_comments[name.lower()] = tokens.all[index + 1].text.strip()


# --- COMMENT ON ---------------------------------------------------------------------------------------------------


_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|`([^`]*)`|\[([^\]]*)\]|([^\s."`\[]+))\s*(?:\.|$)')


def _dotted(text: str) -> Name:
    """A qualified name in any quotes. There is a COMMENT ON for every column, so no tokenizer is started for it."""
    parts, at = [], 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None:
            raise Unreadable("the commented name is not understood")
        double, *others = found.groups()
        parts.append(double.replace('""', '"') if double is not None else next(p for p in others if p is not None))
        at = found.end()
    return Name(tuple(parts))


def _read_comment(dump: Dump, sql: str) -> None:
    found = _COMMENT.match(sql)
    if found is None:
        raise Unreadable("the comment has no IS with a text")
    name = _dotted(found["name"])
    text = _literal(found["text"])
    column = None
    if found["what"].lower() == "column":
        if len(name.parts) < 2:
            raise Unreadable("the commented column has no table")
        name, column = Name(name.parts[:-1]), name.parts[-1]
    table = dump.find(name)
    if table is None:
        # On a partition or a temporary table, or its CREATE was broken and is named already.
        return
    if column is None:
        table.comment = text
    elif text:
        table.column_comments[column.lower()] = text


def _literal(text: str) -> str | None:
    if text.lower() == "null":
        return None
    if text.startswith("$"):
        return text[text.index("$", 1) + 1 : text.rindex("$", 0, -1)].strip() or None
    inner = text[text.index("'") + 1 : -1].replace("''", "'")
    if text[0] in "Ee":
        inner = inner.replace("\\'", "'").replace("\\n", "\n").replace("\\\\", "\\")
    return inner.strip() or None


# --- ALTER TABLE --------------------------------------------------------------------------------------------------


def _read_alter(dump: Dump, tokens: Tokens) -> None:
    index = 2
    while tokens.word(index) in ("IF", "EXISTS", "ONLY"):
        index += 1
    name, index = tokens.name(index)
    if tokens.word(index) == "WITH" and tokens.word(index + 1) in ("CHECK", "NOCHECK"):
        index += 2
    table = dump.find(name)
    if tokens.words(index, "ATTACH", "PARTITION"):
        # The partitions of a table are not information resources of their own.
        if child := dump.find(tokens.name(index + 2)[0]):
            dump.tables.pop(child.name.key, None)
        return
    if table is None:
        return
    action = ""
    for begin, end in tokens.list_items(index, len(tokens.all)):
        action = _read_action(table, tokens, begin, end, action)


def _read_action(table: Table, tokens: Tokens, begin: int, end: int, before: str) -> str:
    """One action of ALTER TABLE; those after a comma may leave out the verb (Oracle ``ADD (a …, b …)`` is one)."""
    verb = tokens.word(begin)
    if verb == "COMMENT":
        table.comment = _option_comment(tokens, begin) or table.comment
    if verb not in ("ADD", "MODIFY", "CHANGE"):
        return verb
    begin += 1
    old = None
    if tokens.word(begin) == "COLUMN":
        begin += 1
    if tokens.words(begin, "IF", "NOT", "EXISTS"):
        begin += 3
    if verb == "CHANGE":
        name, begin = tokens.name(begin)
        old = str(name)
    items = [(begin, end)]
    if tokens.word(begin) == "(":
        items = list(tokens.list_items(begin + 1, tokens.closing(begin)))
    for first, after in items:
        found = Elements()
        read_element(tokens, first, after, found)
        _merge(table, found, old, verb)
    return verb


def _merge(table: Table, found: Elements, old: str | None, verb: str) -> None:
    table.primary_key = found.primary_key or table.primary_key
    table.foreign_keys += found.foreign_keys
    for column in found.columns:
        name = (old or column.name).lower()
        position = next((i for i, known in enumerate(table.columns) if known.name.lower() == name), None)
        if position is not None:
            table.columns[position] = _modified(table.columns[position], column)
        elif verb == "ADD":
            table.columns.append(msgspec.structs.replace(column, ordinal=len(table.columns) + 1))


def _modified(known: Column, change: Column) -> Column:
    """MODIFY with a type replaces the definition (MySQL); without one it only sets what it says (Oracle)."""
    if change.type:
        return msgspec.structs.replace(
            change,
            ordinal=known.ordinal,
            comment=change.comment or known.comment,
            default=change.default or known.default,
        )
    nullable = False if change.nullable is False else known.nullable
    return msgspec.structs.replace(known, nullable=nullable, default=change.default or known.default)
