"""Columns of views from their SELECT: names, and which columns of which tables each is computed from.

sqlglot parses the query and builds its scopes; names are resolved here, case-insensitively, against the tables that the
dump or database defines, because dumps mix quoted and unquoted spellings that a strict resolution would not match.
Bounded: a query that keeps parser or resolver going out of all proportion to its length is unreadable.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError
from sqlglot.optimizer.scope import Scope, build_scope

from connectors.model import Column, ColumnSource
from connectors.types import normalise

_FAULTS = (SqlglotError, RecursionError, ValueError, KeyError, AttributeError, TypeError, IndexError)
"""What sqlglot raises, on purpose and when a syntax tree is not as it expects."""
_DEEPEST = 40
_STEPS, _STEPS_PER_TOKEN = 5_000, 8
"""Expressions and tables that the parser may try; real queries need less than one for each token."""
_MOST_COLUMNS = 1_000_000
"""Columns that one view's resolution may look at, all its scopes and references together."""


class Unreadable(Exception):
    """A statement is not understood; ``str()`` says why, without quoting it."""


class Source(NamedTuple):
    """A table or view that a query reads, as the dump or database knows it."""

    name: str
    columns: tuple[Column, ...] | None
    """None: not known here, so that whatever the query says is a column of it is one."""


Lookup = Callable[[tuple[str, ...]], Source | None]
"""Parts of a table's name as written → the table; None when it is not known: its name is taken as written."""


class _Origin(NamedTuple):
    """What a column of a scope comes from."""

    name: str
    sources: tuple[ColumnSource, ...] = ()
    plain: Column | None = None
    """The column of a table or view that this one repeats unchanged."""
    cast: str = ""


def view_columns(query: str, dialect: str, names: tuple[str, ...], lookup: Lookup) -> tuple[Column, ...]:
    """The columns of the view that ``query`` defines; ``names`` replaces those of the SELECT. Raises `Unreadable`.

    ``query`` is a SELECT or a whole CREATE VIEW, whose own list of column names is not looked at.
    """
    with _quiet():
        scope = _scope(query, dialect)
        try:
            origins = list(_Resolver(lookup, dialect).outputs(scope, 0))
        except _FAULTS as error:
            raise Unreadable("the names in the view's SELECT cannot be told apart") from error
    if names and len(names) != len(origins):
        # A star over a table that the dump does not define: the names are known, the sources are not.
        origins = [_Origin(name) for name in names]
    return tuple(
        _column(origin, names[index] if names else origin.name, index + 1) for index, origin in enumerate(origins)
    )


def _column(origin: _Origin, name: str, ordinal: int) -> Column:
    if (plain := origin.plain) is not None:
        return Column(
            name=name,
            ordinal=ordinal,
            type=plain.type,
            data_type=plain.data_type,
            comment=plain.comment,
            length=plain.length,
            precision=plain.precision,
            scale=plain.scale,
            sources=origin.sources,
        )
    data_type, length, precision, scale = normalise(origin.cast)
    return Column(
        name=name,
        ordinal=ordinal,
        type=origin.cast,
        data_type=data_type,
        length=length,
        precision=precision,
        scale=scale,
        sources=origin.sources,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """sqlglot says on its logger what is also raised or harmless here."""
    logger = logging.getLogger("sqlglot")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


@lru_cache(maxsize=8)
def _parser(dialect: str) -> type[Any]:
    """The dialect's parser, which must not go round in circles, nor try everything again at every depth
    (nested ``ARRAY[…]`` and ``timestamp(…)`` cost sqlglot 29 twice as much with each level).

    Two statements that have run together (``FROM a b ("ID" INT, NOT CLUSTER …``) look like an alias with column
    definitions, in which sqlglot 29 steps back before the comma and reads the same constraint for ever.
    """
    base: Any = Dialect.get_or_raise(dialect).parser_class

    class Parser(base):  # type: ignore[misc]
        steps = 0

        def _step(self) -> None:
            self.steps += 1
            if self.steps > _STEPS + _STEPS_PER_TOKEN * len(self._tokens):
                raise ParseError("too many attempts")

        def _parse_unary(self) -> Any:
            self._step()
            return super()._parse_unary()

        def _parse_table(self, *args: Any, **options: Any) -> Any:
            self._step()
            return super()._parse_table(*args, **options)

        def _parse_column_constraint(self) -> Any:
            before = self._index
            constraint = super()._parse_column_constraint()
            if self._index < before:
                raise ParseError("a constraint that is none")
            return constraint

    return Parser


def _parsed(query: str, dialect: str) -> exp.Expression | None:
    tokens = Dialect.get_or_raise(dialect).tokenize(query)
    parsed = _parser(dialect)(dialect=dialect, error_level=ErrorLevel.IMMEDIATE).parse(tokens, query)
    return parsed[0] if len(parsed) == 1 else None


def _scope(query: str, dialect: str) -> Scope:
    for text in (query, _without_tail(query)):
        try:
            parsed = _inside(_defined(_parsed(text, dialect)))
            scope = build_scope(parsed) if isinstance(parsed, exp.Query) else None
        except _FAULTS:
            continue
        if scope is not None:
            return scope
    raise Unreadable("the view's SELECT is not understood")


def _defined(parsed: exp.Expression | None) -> exp.Expression | None:
    return parsed.args.get("expression") if isinstance(parsed, exp.Create) else parsed


_TAILS = ("WITH READ ONLY", "WITH CHECK OPTION", "WITH CASCADED CHECK OPTION", "WITH LOCAL CHECK OPTION")
_DATA_TAILS = ("WITH NO DATA", "WITH DATA", "WITH NO SCHEMA BINDING")


def _without_tail(query: str) -> str:
    """The query without what may follow it in CREATE VIEW."""
    words = query.split()
    upper = " ".join(words).upper()
    for tail in (*_TAILS, *_DATA_TAILS):
        if upper.endswith(tail):
            return query[: query.upper().rindex("WITH")]
        begin = upper.rfind(tail + " CONSTRAINT ")
        if begin >= 0:
            return query[: query.upper().rindex("WITH")]
    return query


class _Resolver:
    def __init__(self, lookup: Lookup, dialect: str) -> None:
        self.lookup = lookup
        self.dialect = dialect
        self._outputs: dict[int, list[_Origin]] = {}
        self._looked_at = 0

    def outputs(self, scope: Scope, depth: int) -> list[_Origin]:
        """The columns of a SELECT, or of a UNION: names of the first branch, sources of all."""
        if depth > _DEEPEST:
            return []
        if id(scope) not in self._outputs:
            self._outputs[id(scope)] = []
            self._outputs[id(scope)] = (
                self._of_union(scope, depth) if scope.union_scopes else list(self._of_select(scope, depth))
            )
        return self._outputs[id(scope)]

    def _of_union(self, scope: Scope, depth: int) -> list[_Origin]:
        first, *others = (self.outputs(branch, depth + 1) for branch in scope.union_scopes)
        merged = []
        for index, origin in enumerate(first):
            further = [other[index] for other in others if index < len(other)]
            sources = _unique([*origin.sources, *(source for other in further for source in other.sources)])
            merged.append(_Origin(origin.name, sources, origin.plain, origin.cast))
        return merged

    def _of_select(self, scope: Scope, depth: int) -> Iterator[_Origin]:
        for index, projection in enumerate(scope.expression.selects):
            value = projection.unalias()
            if isinstance(value, exp.Star):
                yield from self._star(scope, None, depth)
            elif isinstance(value, exp.Column) and isinstance(value.this, exp.Star):
                yield from self._star(scope, value.table, depth)
            else:
                name = projection.alias_or_name or projection.output_name or f"column{index + 1}"
                yield self._projection(name, value, scope, depth)

    def _projection(self, name: str, value: exp.Expression, scope: Scope, depth: int) -> _Origin:
        while isinstance(value, exp.Paren):
            value = value.this
        if isinstance(value, exp.Column):
            return self._reference(value, scope, depth)._replace(name=name)
        sources = _unique(self._sources(value, scope, depth))
        cast = value.to.sql(dialect=self.dialect) if isinstance(value, exp.Cast) else ""
        return _Origin(name, sources, None, cast)

    def _sources(self, value: exp.Expression, scope: Scope, depth: int) -> Iterator[ColumnSource]:
        for node in value.dfs(prune=lambda node: isinstance(node, exp.Query | exp.Column)):
            if not isinstance(node, exp.Query | exp.Column):
                continue
            carried = _is_carried(node, value)
            for source in self._inner(node, scope, depth):
                yield source if carried else msgspec.structs.replace(source, carried=False)

    def _inner(self, node: exp.Expression, scope: Scope, depth: int) -> Iterator[ColumnSource]:
        """What a column or a query in an expression comes from."""
        if isinstance(node, exp.Column):
            yield from self._reference(node, scope, depth).sources
            return
        inner = _inside(node)
        for nested in scope.subquery_scopes:
            if nested.expression is inner:
                for origin in self.outputs(nested, depth + 1):
                    yield from origin.sources

    def _reference(self, column: exp.Column, scope: Scope, depth: int) -> _Origin:
        name, qualifier = column.name, column.table.lower()
        if isinstance(column.this, exp.Star):
            return self._row(name, qualifier, scope, depth)
        at: Scope | None = scope
        while at is not None:
            candidates = [source for alias, source in _selected(at) if not qualifier or alias.lower() == qualifier]
            for source in candidates:
                if (found := self._column_of(source, name, depth)) is not None:
                    return found
            unknown = [named for source in candidates if (named := self._unlisted(source))]
            if len(unknown) == 1 and (qualifier or len(candidates) == 1):
                return _Origin(name, (ColumnSource(unknown[0], name),))
            at = at.parent
        return _Origin(name) if qualifier else self._row(name, name.lower(), scope, depth)

    def _row(self, name: str, alias: str, scope: Scope, depth: int) -> _Origin:
        """Whole rows, such as the ``t`` of ``row_to_json(t)`` and of ``to_jsonb(t.*)``."""
        at: Scope | None = scope
        while at is not None:
            for selected, source in _selected(at):
                if selected.lower() == alias:
                    return _Origin(name, _unique(self._row_sources(source, depth)))
            at = at.parent
        return _Origin(name)

    def _row_sources(self, source: exp.Expression | Scope, depth: int) -> Iterator[ColumnSource]:
        if named := self._unlisted(source):
            yield ColumnSource(named, "*")
        for origin in self._columns_of(source, depth):
            yield from origin.sources

    def _unlisted(self, source: exp.Expression | Scope) -> str | None:
        """The name of a table whose columns are not known; None for everything else."""
        if not isinstance(source, exp.Table):
            return None
        known = self._known(source)
        if known is None:
            return _written(source)
        return known.name if known.columns is None else None

    def _known(self, table: exp.Table) -> Source | None:
        return self.lookup(tuple(part.name for part in table.parts))

    def _column_of(self, source: exp.Expression | Scope, name: str, depth: int) -> _Origin | None:
        return next((o for o in self._columns_of(source, depth) if o.name.lower() == name.lower()), None)

    def _columns_of(self, source: exp.Expression | Scope, depth: int) -> list[_Origin]:
        if isinstance(source, Scope):
            return self._counted(self._renamed(source, self.outputs(source, depth + 1)))
        known = self._known(source) if isinstance(source, exp.Table) else None
        if known is None or known.columns is None:
            return []
        return self._counted([_Origin(c.name, (ColumnSource(known.name, c.name),), c) for c in known.columns])

    def _counted(self, origins: list[_Origin]) -> list[_Origin]:
        self._looked_at += len(origins)
        if self._looked_at > _MOST_COLUMNS:
            raise Unreadable("the view's SELECT multiplies its columns without end")
        return origins

    @staticmethod
    def _renamed(scope: Scope, origins: list[_Origin]) -> list[_Origin]:
        """``WITH t (a, b) AS (…)`` and ``(…) AS t (a, b)`` give the columns other names."""
        names = scope.outer_columns
        if len(names) != len(origins):
            return origins
        return [origin._replace(name=name) for origin, name in zip(origins, names, strict=True)]

    def _star(self, scope: Scope, qualifier: str | None, depth: int) -> Iterator[_Origin]:
        joined = {name.lower() for join in scope.expression.args.get("joins") or [] for name in _using(join)}
        seen: set[str] = set()
        for alias, source in _selected(scope):
            if qualifier and alias.lower() != qualifier.lower():
                continue
            for origin in self._columns_of(source, depth):
                lower = origin.name.lower()
                if not qualifier and lower in joined and lower in seen:
                    continue
                seen.add(lower)
                yield origin


def _selected(scope: Scope) -> Iterator[tuple[str, exp.Expression | Scope]]:
    for alias, (_, source) in scope.selected_sources.items():
        yield alias, source


def _using(join: exp.Expression) -> list[str]:
    return [identifier.name for identifier in join.args.get("using") or []]


def _written(table: exp.Table) -> str:
    return ".".join(part.name for part in table.parts)


def _unique(sources: Iterator[ColumnSource] | list[ColumnSource]) -> tuple[ColumnSource, ...]:
    """Each source once; what one use of it carries is carried."""
    found: dict[tuple[str, str], ColumnSource] = {}
    for source in sources:
        known = found.setdefault((source.table, source.column), source)
        if source.carried and not known.carried:
            found[source.table, source.column] = source
    return tuple(found.values())


# What tells how many, how much or whether, and none of the values: MIN, MAX and STRING_AGG do tell them.
_TELLS_NONE = (
    *(exp.Predicate, exp.Where, exp.Count, exp.CountIf, exp.ApproxDistinct, exp.Sum, exp.Avg),
    *(exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop),
)


def _is_carried(node: exp.Expression, top: exp.Expression) -> bool:
    """Whether what ``node`` holds can be read in the value of the expression ``top``, in which it stands."""
    at: exp.Expression | None = node
    while at is not None:
        if isinstance(at, _TELLS_NONE):
            return False
        above = None if at is top else at.parent
        if above is not None and at.arg_key in _ONLY_ASKED.get(type(above), ()):
            return False
        at = above
    return True


_ONLY_ASKED: dict[type[exp.Expression], tuple[str, ...]] = {
    exp.Case: ("this",),
    exp.If: ("this",),
    exp.Nvl2: ("this",),
    exp.Window: ("partition_by", "order", "spec"),
}
"""Parts of an expression that decide on its value without being in it: conditions, orders."""


def _inside(query: exp.Expression | None) -> exp.Expression | None:
    while isinstance(query, exp.Subquery | exp.Paren):
        query = query.this
    return query
