"""Cutting a SQL dump into statements as a stream, without parsing and without keeping rows.

Quotes, dollar quotes, comments, ``DELIMITER``, SQL*Plus and psql line commands and ``COPY`` data are respected. Only
statements that describe structure are handed out; everything else, above all the rows of INSERT and COPY, is passed
over in constant memory. One match of a regular expression crosses as much text as it can, so the speed is that of the
regular expression engine and not of a Python loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.ddl.lexicon import MYSQL, Family, Lexicon, Opener, lexicon, unversioned
from connectors.ddl.misspelt import misspelt

LIMIT = 1 << 20
"""Characters that a kept statement may have."""
_WINDOW = 1 << 18
"""Characters held of a literal, comment or row that is passed over."""
_LOOK_AHEAD = 512
_LOOK_BEHIND = 64

_KEPT = re.compile(
    r"create\b[^;(]{0,400}?\b(?:table|view)\b|comment\s+on\b|alter\s+table\b|use\s"
    r"|set\s+(?:search_path|schema|current\s+schema)\b|alter\s+session\s+set\s+current_schema\b"
    r"|(?:exec(?:ute)?\s+)?(?:\[?\w+\]?\s*\.\s*){0,2}\[?sp_(?:(?:add|update)extendedproperty|executesql)\b",
    re.I,
)
_COPY = re.compile(r"copy\s[^;]*\sfrom\s+stdin", re.I)
_COPY_END = re.compile(r"(?<=\n)\\\.[ \t\r]*\n")
_DELIMITER = re.compile(r"delimiter[ \t]+(\S+)[^\n]*\n", re.I)
_LINE_COMMAND = re.compile(
    r"(?:[\\@][^\n]*|(?:prompt|rem|remark|spool|whenever|show|exit|quit)\b[^\n;]*;?"
    r"|set\s+(?:define|feedback|echo|verify|heading|termout|sqlblanklines|serveroutput|timing|linesize|pagesize|scan)"
    r"\b[^\n;]*;?|/[ \t\r]*|go(?:[ \t]+\d+)?[ \t\r;]*(?:--[^\n]*)?)\n",
    re.I,
)
_MAYBE_LINE_COMMAND = re.compile(r"[\\@/]|prompt|rem|spool|whenever|show|exit|quit|set\s|go\s|delimiter\s", re.I)
_SLASH_LINE = re.compile(r"/[ \t\r]*\n")
_GO_LINE = re.compile(r"\n[ \t]*go(?:[ \t]+\d+)?[ \t\r;]*(?:--[^\n]*)?\n", re.I)
# Transact-SQL needs no terminator between statements; those that are read begin on a line of their own.
_NEXT_LINE = re.compile(
    r"\n(?=[ \t]*(?:create\s+(?:or\s+alter\s+)?(?:table|view)\s|alter\s+table\s"
    r"|exec(?:ute)?\s+(?:\[?\w+\]?\s*\.\s*){0,2}\[?sp_))",
    re.I,
)
# A procedure reaches to the end of its batch, whatever statements are in it.
_ROUTINE = re.compile(r"(?:create|alter)\s+(?:or\s+alter\s+)?(?:proc|procedure|function|trigger)\s", re.I)
# A literal that holds the beginning of a further statement was not closed where it should have been.
_RUNAWAY = re.compile(r";[ \t\r]*\n\s*(?:create|comment\s+on|alter\s+table|drop\s+table|insert\s+into)\b", re.I)

UNCLOSED = "a quotation mark or comment is not closed"
TOO_LONG = f"the statement is longer than {LIMIT} characters"


@dataclass(frozen=True)
class Piece:
    """A stretch of the input; ``text`` is empty for what was passed over."""

    line: int
    """1-based line on which it begins."""
    size: int
    """Characters of the input."""
    text: str = ""
    """The statement without its terminator; its beginning when it is broken."""
    broken: str | None = None
    """Why a statement that should have been kept cannot be read."""


def split(chunks: Iterable[str], family: Family = MYSQL) -> Iterator[Piece]:
    """The pieces of a dump in order. Never raises, whatever the input is.

    The sizes add up to the length of the input, which is taken to end with a newline.
    """
    return _Splitter(_closed(chunks), family).pieces()


def _closed(chunks: Iterable[str]) -> Iterator[str]:
    last = "\n"
    for chunk in chunks:
        if chunk:
            last = chunk
            yield chunk
    if not last.endswith("\n"):
        yield "\n"


class _Splitter:
    def __init__(self, chunks: Iterator[str], family: Family) -> None:
        self.chunks = chunks
        self.family = family
        self.delimiter = ";"
        self.buffer = ""
        self.at = 0
        self.line = 1
        self.kept: list[str] | None = None
        """What `_advance` passes while a statement is kept."""
        self.terminator = ""
        self.in_routine = False
        """Whether only GO ends the statement."""

    def pieces(self) -> Iterator[Piece]:
        while True:
            line, size = self.line, self._pass_blank()
            if size:
                yield Piece(line, size)
            if self.at >= len(self.buffer):
                return
            line, size = self.line, self._pass_line_command()
            if size:
                yield Piece(line, size)
            elif _KEPT.match(self.buffer, self.at) or misspelt(self.buffer, self.at):
                yield self._keep()
            else:
                yield from self._pass_statement()

    # --- the window -----------------------------------------------------------------------------------------------

    def _more(self) -> bool:
        chunk = next(self.chunks, None)
        if chunk is None:
            return False
        begin = max(0, self.at - _LOOK_BEHIND)
        self.buffer = self.buffer[begin:] + chunk
        self.at -= begin
        return True

    def _fill(self, size: int) -> None:
        while len(self.buffer) - self.at < size and self._more():
            pass

    def _advance(self, end: int) -> int:
        """Go on to ``end`` in the window; the number of characters passed."""
        begin, self.at = self.at, end
        self.line += self.buffer.count("\n", begin, end)
        if self.kept is not None:
            self.kept.append(self.buffer[begin:end])
        return end - begin

    def _lexicon(self) -> Lexicon:
        return lexicon(self.family, self.delimiter)

    # --- between statements ---------------------------------------------------------------------------------------

    def _pass_blank(self) -> int:
        size = 0
        while True:
            self._fill(_LOOK_AHEAD)
            found = self._lexicon().blank.match(self.buffer, self.at)
            passed = self._advance(found.end()) if found else 0
            if opener := self._open(self._lexicon().comments):
                passed += self._pass_open(opener)
            size += passed
            if not passed and (self.at < len(self.buffer) or not self._more()):
                return size

    def _pass_line_command(self) -> int:
        """``DELIMITER``, ``PROMPT …``, ``\\connect …``, a lone ``/`` or ``GO``: whole lines of the client program."""
        if not _MAYBE_LINE_COMMAND.match(self.buffer, self.at):
            return 0
        while self.buffer.find("\n", self.at) < 0 and len(self.buffer) - self.at < LIMIT and self._more():
            pass
        if self.family.mysql and (found := _DELIMITER.match(self.buffer, self.at)):
            self.delimiter = found[1]
            return self._advance(found.end())
        found = _LINE_COMMAND.match(self.buffer, self.at)
        return self._advance(found.end()) if found else 0

    # --- statements -----------------------------------------------------------------------------------------------

    def _keep(self) -> Piece:
        line, size, broken, self.kept, text = self.line, 0, None, [], ""
        ended = False
        while not ended:
            ended, passed, runaway = self._step()
            size += passed
            if self.kept is None:
                continue
            if runaway or size > LIMIT:
                broken, text, self.kept = UNCLOSED if runaway else TOO_LONG, "".join(self.kept)[:_LOOK_AHEAD], None
        if self.kept is not None:
            text = "".join(self.kept).removesuffix(self.terminator)
            self.kept = None
        return Piece(line, size, unversioned(text) if self.family.mysql else text, broken)

    def _pass_statement(self) -> Iterator[Piece]:
        is_copy = _COPY.match(self.buffer, self.at, self.at + _LOOK_AHEAD)
        self.in_routine = self.family.go_line and bool(_ROUTINE.match(self.buffer, self.at))
        ended = False
        while not ended:
            line = self.line
            ended, passed, _ = self._step()
            yield Piece(line, passed)
        self.in_routine = False
        if is_copy:
            line = self.line
            yield Piece(line, self._pass_copy())

    def _step(self) -> tuple[bool, int, bool]:
        """Cross what can be crossed: whether the statement ended, how many characters, whether a literal ran away."""
        found = self._lexicon().code.match(self.buffer, self.at)
        end = found.end() if found else self.at
        if runaway := self._runaway(end):
            return True, self._advance(runaway), True
        passed = self._advance(end)
        self._fill(_LOOK_AHEAD)
        self.terminator = ""
        if self.at >= len(self.buffer):
            return True, passed, False
        if terminator := self._terminator():
            self.terminator = terminator
            return True, passed + self._advance(self.at + len(terminator)), False
        opener = self._open(self._lexicon().openers)
        if opener is None:
            # Either a sign that means nothing here, or the window has grown and the pattern can go on.
            return False, passed + (0 if passed else self._advance(self.at + 1)), False
        if self.kept is None:
            return False, passed + self._pass_open(opener), False
        return self._keep_open(passed)

    def _terminator(self) -> str:
        if self.buffer.startswith(self.delimiter, self.at) and not self.in_routine:
            return self.delimiter
        found = None
        if self.family.slash_line and self.buffer[self.at] == "/":
            line_begin = self.buffer.rfind("\n", 0, self.at) + 1
            if not self.buffer[line_begin : self.at].strip():
                found = _SLASH_LINE.match(self.buffer, self.at)
        elif self.family.go_line:
            found = _GO_LINE.match(self.buffer, self.at)
            if found is None and not self.in_routine:
                found = _NEXT_LINE.match(self.buffer, self.at)
        return found[0] if found else ""

    # --- literals and comments ------------------------------------------------------------------------------------

    def _open(self, openers: tuple[Opener, ...]) -> Opener | None:
        return next((opener for opener in openers if opener.begin.match(self.buffer, self.at)), None)

    def _keep_open(self, passed: int) -> tuple[bool, int, bool]:
        """A literal of a kept statement that is not closed in the window: look further, then give up."""
        code = self._lexicon().code
        while True:
            found = code.match(self.buffer, self.at)
            if found and found.end() > self.at:
                return False, passed, False
            if len(self.buffer) - self.at > LIMIT or not self._more():
                break
        runaway = self._runaway(len(self.buffer)) or len(self.buffer)
        return True, passed + self._advance(runaway), True

    def _runaway(self, end: int) -> int | None:
        """Where a kept statement really ended, when a literal before ``end`` holds the next statement."""
        if self.kept is None or self.delimiter != ";":
            return None
        found = _RUNAWAY.search(self.buffer, self.at, end)
        return found.start() + 1 if found else None

    def _pass_open(self, opener: Opener) -> int:
        """Through a literal or comment of any length, holding no more than a few chunks of it."""
        begun = opener.begin.match(self.buffer, self.at)
        mark = begun[0] if begun else ""
        rest = opener.rest or re.compile(f".*?{re.escape(mark)}", re.S)
        size = self._advance(self.at + len(mark))
        while not (found := rest.match(self.buffer, self.at)):
            if len(self.buffer) - self.at > _WINDOW:
                size += self._advance(self._outside_escape(len(self.buffer) - len(mark) - 1))
            if not self._more():
                return size + self._advance(len(self.buffer))
        return size + self._advance(found.end())

    def _outside_escape(self, position: int) -> int:
        slashes = 0
        while position - slashes > self.at and self.buffer[position - slashes - 1] == "\\":
            slashes += 1
        return position - slashes % 2

    def _pass_copy(self) -> int:
        """The rows after ``COPY … FROM stdin;`` up to the line ``\\.``."""
        size = 0
        while not (found := _COPY_END.search(self.buffer, self.at)):
            newline = self.buffer.rfind("\n", self.at)
            if newline > self.at:
                size += self._advance(newline)
            elif newline < 0 and len(self.buffer) - self.at > _WINDOW:
                size += self._advance(len(self.buffer) - _LOOK_BEHIND)
            if not self._more():
                return size + self._advance(len(self.buffer))
        return size + self._advance(found.end())
