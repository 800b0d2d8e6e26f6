"""Reading table elements (columns, keys, comments) from the tokens of a CREATE TABLE or ALTER TABLE statement.

sqlglot's tokenizer of the dialect does the lexical work. Its parser is not used on tables: it refuses much of what real
dumps carry around the columns (storage clauses, partitions, ``NOT CLUSTER PRIMARY KEY``), and it respells the types,
which a catalogue shows as written. The grammar of the elements themselves is small and the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from connectors.lineage import Unreadable
from connectors.model import Column, ForeignKey
from connectors.types import normalise


class Name(NamedTuple):
    """A possibly qualified name as written, without quotes."""

    parts: tuple[str, ...]

    @property
    def key(self) -> str:
        return ".".join(self.parts).lower()

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass
class Elements:
    """What the elements of one statement add to a table."""

    columns: list[Column] = field(default_factory=list)
    primary_key: tuple[str, ...] = ()
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    like: list[Name] = field(default_factory=list)


# Words after which a column's type is over. What follows most of them needs no reading.
_AFTER_TYPE_WORDS = """
    not null default comment primary unique key references check constraint collate charset auto_increment
    autoincrement generated as identity on enable disable invisible visible encode storage compression using
    virtual stored encrypt cluster sparse rowguidcol masked first after column_format srid options inline
"""
_AFTER_TYPE = frozenset(_AFTER_TYPE_WORDS.upper().split())
# Words that end a DEFAULT expression, when outside parentheses.
_AFTER_DEFAULT = _AFTER_TYPE - {"AS", "USING", "IDENTITY"}
_NO_COLUMN = frozenset(["CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "EXCLUDE", "LIKE", "SUPPLEMENTAL"])
_MYSQL_NO_COLUMN = frozenset(["KEY", "INDEX", "FULLTEXT", "SPATIAL"])
_STRINGS = frozenset(
    {TokenType.STRING, TokenType.NATIONAL_STRING, TokenType.BYTE_STRING, TokenType.HEREDOC_STRING, TokenType.RAW_STRING}
)


_NO_BRACKETS = str.maketrans("", "", "[]")


class Word(NamedTuple):
    """One word, sign, quoted name or literal; ``end`` is the position after it."""

    kind: Literal["word", "quoted", "string"]
    text: str
    start: int
    end: int
    comments: list[str]


def _words_of(token: Token, sql: str) -> Iterator[Word]:
    """sqlglot makes one token of PRIMARY KEY or CHARACTER VARYING; here they are two."""
    start, end = token.start, token.end + 1
    if token.token_type == TokenType.IDENTIFIER:
        yield Word("quoted", token.text, start, end, token.comments)
    elif token.token_type in _STRINGS:
        yield Word("string", token.text, start, end, token.comments)
    else:
        for found in re.finditer(r"\S+", sql[start:end]):
            yield Word("word", found[0], start + found.start(), start + found.end(), token.comments)


class Tokens:
    """The words of one statement, with what reading them needs."""

    def __init__(self, sql: str, dialect: str) -> None:
        try:
            tokens = Dialect.get_or_raise(dialect).tokenize(sql)
        except TokenError as error:
            raise Unreadable("the statement cannot be cut into words; a quotation mark may be missing") from error
        self.all = [word for token in tokens for word in _words_of(token, sql)]
        self.sql = sql
        self.dialect = dialect

    def text(self, begin: int, end: int) -> str:
        """The source text of tokens ``begin`` to before ``end``, white space collapsed outside literals."""
        parts = []
        for index in range(begin, end):
            token = self.all[index]
            if index > begin and token.start > self.all[index - 1].end:
                parts.append(" ")
            parts.append(self.sql[token.start : token.end])
        return "".join(parts)

    def word(self, index: int) -> str:
        """The token as an upper-case keyword; empty for quoted names, literals and beyond the end."""
        if index >= len(self.all) or self.all[index].kind != "word":
            return ""
        return self.all[index].text.upper()

    def words(self, index: int, *expected: str) -> bool:
        return all(self.word(index + offset) == word for offset, word in enumerate(expected))

    def is_string(self, index: int) -> bool:
        return index < len(self.all) and self.all[index].kind == "string"

    def is_quoted(self, index: int) -> bool:
        return index < len(self.all) and self.all[index].kind == "quoted"

    def closing(self, index: int) -> int:
        """The index of the parenthesis that closes the one at ``index``."""
        depth = 0
        for position in range(index, len(self.all)):
            word = self.word(position)
            depth += (word == "(") - (word == ")")
            if depth == 0:
                return position
        raise Unreadable("a parenthesis is not closed")

    def list_items(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """The ranges between the commas of ``begin`` to before ``end``, outside parentheses; empty ones left out."""
        depth, item = 0, begin
        for index in range(begin, end):
            word = self.word(index)
            depth += (word == "(") - (word == ")")
            if depth == 0 and word == ",":
                if index > item:
                    yield item, index
                item = index + 1
        if end > item:
            yield item, end

    def has_gap(self, begin: int, end: int) -> bool:
        """Whether `list_items` leaves an item out: a comma too many. SQL Server alone takes one after the last."""
        last = end - 1 if self.dialect == "tsql" and end - begin > 1 and self.word(end - 1) == "," else end
        commas, depth = 0, 0
        for index in range(begin, last):
            word = self.word(index)
            depth += (word == "(") - (word == ")")
            commas += depth == 0 and word == ","
        return commas + 1 > sum(1 for _ in self.list_items(begin, last))

    def name(self, index: int) -> tuple[Name, int]:
        """A dotted name at ``index`` and the index after it."""
        parts: list[str] = []
        while index < len(self.all):
            parts.append(self._identifier(index))
            index += 1
            # A name such as 2020表 comes in two tokens without a gap.
            while index < len(self.all) and self._continues(index):
                parts[-1] += self.all[index].text
                index += 1
            if self.word(index) != ".":
                return Name(tuple(part for part in parts if part)), index
            index += 1
        raise Unreadable("a name is missing")

    def _identifier(self, index: int) -> str:
        word = self.all[index]
        if (word.kind == "word" and not re.match(r"[\w$#@]", word.text)) or (
            word.kind == "string" and self.dialect != "mysql"
        ):
            raise Unreadable("a name is missing")
        return word.text

    def _continues(self, index: int) -> bool:
        token, before = self.all[index], self.all[index - 1]
        plain = token.kind == before.kind == "word"
        return plain and token.start == before.end and bool(re.match(r"[\w$#]", token.text))

    def names(self, index: int) -> tuple[str, ...]:
        """The names in the parentheses at ``index``: ``(a, b(10) DESC)`` → a, b."""
        end = self.closing(index)
        return tuple(str(self.name(begin)[0]) for begin, _ in self.list_items(index + 1, end))


def read_elements(tokens: Tokens, begin: int, end: int) -> Elements:
    """The elements between the parentheses of CREATE TABLE. Raises `Unreadable`."""
    found = Elements()
    for first, after in tokens.list_items(begin, end):
        read_element(tokens, first, after, found)
    return found


def read_element(tokens: Tokens, begin: int, end: int, into: Elements) -> None:
    """One column or table constraint."""
    if not tokens.is_quoted(begin) and _is_constraint(tokens, begin):
        _read_constraint(tokens, begin, end, into)
        return
    name, at = tokens.name(begin)
    type_end = _type_end(tokens, at, end)
    native = tokens.text(at, type_end)
    if tokens.dialect == "tsql":
        # [nvarchar](18) is nvarchar(18): SQL Server's tools put every name into brackets.
        native = native.translate(_NO_BRACKETS)
    normal = normalise(native) if native else None
    traits = _read_traits(tokens, type_end, end, str(name), into)
    comment = traits.comment if traits.comment is not None else _trailing_comment(tokens, end)
    column = Column(
        name=str(name),
        ordinal=len(into.columns) + 1,
        type=native,
        data_type=normal.data_type if normal else "UNKNOWN",
        nullable=traits.nullable,
        comment=comment or None,
        default=traits.default,
        length=normal.length if normal else None,
        precision=normal.precision if normal else None,
        scale=normal.scale if normal else None,
    )
    into.columns.append(column)


def _is_constraint(tokens: Tokens, index: int) -> bool:
    word = tokens.word(index)
    if word in _NO_COLUMN or tokens.words(index, "NOT", "CLUSTER") or tokens.words(index, "CLUSTER", "PRIMARY"):
        return True
    return word in _MYSQL_NO_COLUMN and tokens.dialect == "mysql"


def _read_constraint(tokens: Tokens, begin: int, end: int, into: Elements) -> None:
    if tokens.word(begin) == "LIKE":
        into.like.append(tokens.name(begin + 1)[0])
        return
    for index in range(begin, end):
        if tokens.words(index, "PRIMARY", "KEY"):
            if (opening := _opening(tokens, index, end)) is not None:
                into.primary_key = tokens.names(opening)
            return
        if tokens.words(index, "FOREIGN", "KEY"):
            if (opening := _opening(tokens, index, end)) is not None:
                _read_foreign_key(tokens, tokens.names(opening), tokens.closing(opening), end, into)
            return
        if tokens.word(index) == "(":
            return


def _opening(tokens: Tokens, begin: int, end: int) -> int | None:
    return next((i for i in range(begin, end) if tokens.word(i) == "("), None)


def _read_foreign_key(tokens: Tokens, columns: tuple[str, ...], begin: int, end: int, into: Elements) -> None:
    for index in range(begin, end):
        if tokens.word(index) == "REFERENCES":
            table, after = tokens.name(index + 1)
            referred = tokens.names(after) if tokens.word(after) == "(" else ()
            into.foreign_keys.append(ForeignKey(columns, str(table), referred))
            return


def _type_end(tokens: Tokens, begin: int, end: int) -> int:
    index = begin
    while index < end:
        word = tokens.word(index)
        if word == "(":
            index = tokens.closing(index)
        elif tokens.is_string(index) or (index > begin and _ends_type(tokens, index)) or word in _AFTER_TYPE:
            return index
        index += 1
    return end


def _ends_type(tokens: Tokens, index: int) -> bool:
    """``CHARACTER SET x``, and ``WITH`` unless a time zone follows."""
    if tokens.word(index) == "WITH":
        return "TIME" not in (tokens.word(index + 1), tokens.word(index + 2))
    return tokens.words(index, "CHARACTER", "SET")


@dataclass
class _Traits:
    nullable: bool | None = True
    comment: str | None = None
    default: str | None = None


def _read_traits(tokens: Tokens, begin: int, end: int, name: str, into: Elements) -> _Traits:
    traits, index = _Traits(), begin
    while index < end:
        word = tokens.word(index)
        if tokens.words(index, "NOT", "NULL"):
            traits.nullable = False
            index += 1
        elif word == "COMMENT" and tokens.is_string(index + 1):
            traits.comment = tokens.all[index + 1].text.strip()
            index += 1
        elif word == "DEFAULT":
            index = _default_end(tokens, index + 1, end)
            traits.default = tokens.text(_default_begin(tokens, index, begin), index)
            continue
        elif tokens.words(index, "PRIMARY", "KEY"):
            into.primary_key = (name,)
            traits.nullable = False
        elif word == "REFERENCES":
            _read_foreign_key(tokens, (name,), index, end, into)
        elif word == "(":
            index = tokens.closing(index)
        index += 1
    return traits


def _default_begin(tokens: Tokens, end: int, begin: int) -> int:
    return next(i + 1 for i in range(end - 1, begin - 1, -1) if tokens.word(i) == "DEFAULT")


def _default_end(tokens: Tokens, begin: int, end: int) -> int:
    """Where a DEFAULT expression is over. Its first word always belongs: ``DEFAULT NULL NOT NULL``."""
    index = begin + 2 if tokens.words(begin, "ON", "NULL") else begin
    first = True
    while index < end:
        if not first and tokens.word(index) in _AFTER_DEFAULT:
            return index
        if tokens.word(index) == "(":
            index = tokens.closing(index)
        index += 1
        first = False
    return end


def _trailing_comment(tokens: Tokens, end: int) -> str | None:
    """``name varchar(20), -- 姓名``: the comment hangs on the comma, or on the last word of the last column."""
    after = tokens.all[end].comments if end < len(tokens.all) and tokens.word(end) == "," else []
    for text in [*after, *tokens.all[end - 1].comments]:
        if (stripped := text.strip()) and "\n" not in stripped:
            return stripped
    return None
