"""How SQL dialects quote and comment, as regular expressions that cross as much text as possible at once."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple


@dataclass(frozen=True)
class Family:
    """How the dialects that share quoting rules differ for the splitter."""

    mysql: bool = False
    """Backslash escapes, backticks, ``#`` comments, versioned comments and ``DELIMITER``."""
    dollar: bool = False
    """``$tag$…$tag$`` and ``E'…'``."""
    alternative: bool = False
    """``q'[…]'`` and ``nq'!…!'``, Oracle's alternative quoting."""
    slash_line: bool = False
    """A line with only ``/`` ends a statement (SQL*Plus)."""
    go_line: bool = False
    """A line with only ``GO`` ends a statement (sqlcmd)."""


MYSQL = Family(mysql=True)
POSTGRES = Family(dollar=True, slash_line=True)
ORACLE = Family(alternative=True, slash_line=True)
TSQL = Family(go_line=True)


class Opener(NamedTuple):
    """What opens a literal or comment, and what follows up to its end; no ``rest`` means up to the same mark."""

    begin: re.Pattern[str]
    rest: re.Pattern[str] | None


@dataclass(frozen=True)
class Lexicon:
    blank: re.Pattern[str]
    """White space, comments and the marks of versioned comments, before a statement."""
    code: re.Pattern[str]
    """Everything up to the terminator or to something that is not closed."""
    comments: tuple[Opener, ...]
    openers: tuple[Opener, ...]


def _body(quote: str, backslash: bool) -> str:
    return rf"[^{quote}\\]*(?:\\.[^{quote}\\]*)*{quote}" if backslash else f"[^{quote}]*{quote}"


# Oracle's q'…' ends where it was opened: a bracket by its partner, any other sign by itself.
_BRACKETS = {"[": "]", "{": "}", "(": ")", "<": ">"}
_SIGNS = "".join(sign for sign in string.ascii_letters + string.digits + string.punctuation if sign not in "[{(<'")
_Q_SIGN = r"[\s(,=|]"
_Q_BEFORE = rf"(?:(?<={_Q_SIGN}[Qq])|(?<={_Q_SIGN}[Nn][Qq]))'"


def _alternative() -> tuple[list[tuple[str, str]], str]:
    """What opens and closes each q'…', and one pattern for all that are closed."""
    pairs = [*_BRACKETS.items(), *((sign, sign) for sign in _SIGNS)]
    openers = [(_Q_BEFORE + re.escape(begin), rf".*?{re.escape(end)}'") for begin, end in pairs]
    bodies = [rf"{re.escape(begin)}.*?{re.escape(end)}'" for begin, end in _BRACKETS.items()]
    any_sign = rf"(?P<sign>[{re.escape(_SIGNS)}]).*?(?P=sign)'"
    return openers, f"{_Q_BEFORE}(?:{'|'.join([*bodies, any_sign])})"


@lru_cache(maxsize=64)
def lexicon(family: Family, delimiter: str) -> Lexicon:
    block = (r"/\*(?!M?!)" if family.mysql else r"/\*", r".*?\*/")
    # A line GO after a remark is told by the line break before it.
    remark = r"[^\n]*(?=\n)" if family.go_line else r"[^\n]*\n"
    comments = [("--", remark), block, *([("\\#", r"[^\n]*\n")] if family.mysql else [])]
    openers = [("'", _body("'", family.mysql)), ('"', _body('"', family.mysql)), *comments]
    special = "'\"/\\-" + re.escape(delimiter[0])
    plain = [r"-(?=[\w. ])" if delimiter[0] != "-" else "(?!)", r"/(?=[\w. ])" if delimiter[0] != "/" else "(?!)"]
    tag = r"(?<![\w$])\$(?:[^\W\d]\w*)?\$"
    closed = []
    if family.mysql:
        openers.append(("`", "[^`]*`"))
        special += "`#"
    if family.dollar:
        # E'…' is the one literal of these dialects in which a backslash escapes.
        openers.insert(0, (r"(?<=[\s(,=|][Ee])'", _body("'", True)))
        closed.append(rf"(?P<tag>{tag}).*?(?P=tag)")
        special += "$"
    if family.go_line:
        # GO, and the statements that need no terminator before them: see `split`.
        special += r"\n"
        plain.append(r"\n(?=[ \t]*[^\sacegACEG])")
    if family.alternative:
        quoted, pattern = _alternative()
        closed.append(pattern)
        # A q'…' that the window cuts off must not be taken for a plain literal.
        openers[0] = (rf"(?:(?<!{_Q_SIGN}[Qq])(?<!{_Q_SIGN}[Nn][Qq])'|'(?=['\s]))", openers[0][1])
    closed += [begin + rest for begin, rest in openers]
    if family.alternative:
        openers = [*quoted, *openers]
    compiled = [Opener(re.compile(begin), re.compile(rest, re.S)) for begin, rest in openers]
    if family.dollar:
        compiled.append(Opener(re.compile(tag), None))
    marks = [r"/\*M?!\d*", r"\*/"] if family.mysql else []
    blanks = "|".join([r"\s+", *(begin + rest for begin, rest in comments), *marks])
    return Lexicon(
        blank=re.compile(f"(?:{blanks})*", re.S),
        code=re.compile("(?:" + "|".join([f"[^{special}]+", *closed, *plain]) + ")*", re.S),
        comments=tuple(Opener(re.compile(begin), re.compile(rest, re.S)) for begin, rest in comments),
        openers=tuple(compiled),
    )


_LITERAL_OR_MARK = re.compile(
    r"""'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"|`[^`]*`|/\*(?!M?!).*?\*/|--[^\n]*|\#[^\n]*"""
    r"""|(?P<mark>/\*M?!\d*|\*/)""",
    re.S,
)


_QUOTED = re.compile(
    r"""(?P<literal>'[^']*'|"[^"]*"|--[^\n]*|/\*.*?\*/)"""
    r"""|(?<![\w$#])[nN]?[qQ]'(?:\[(?P<a>.*?)\]|\{(?P<b>.*?)\}|\((?P<c>.*?)\)|<(?P<d>.*?)>"""
    r"""|(?P<sign>[^\s'])(?P<e>.*?)(?P=sign))'""",
    re.S,
)


def plainly_quoted(text: str) -> str:
    """Oracle's ``q'[it's]'`` as ``'it''s'``, which every tokenizer reads."""

    def plain(found: re.Match[str]) -> str:
        if found["literal"] is not None:
            return found[0]
        inner = next(one for one in found.group("a", "b", "c", "d", "e") if one is not None)
        return "'" + inner.replace("'", "''") + "'"

    return _QUOTED.sub(plain, text) if "q'" in text or "Q'" in text else text


def unversioned(text: str) -> str:
    """``/*!50001 CREATE … */`` as the server reads it: the marks become spaces, what they hold stays."""
    if "*/" not in text:
        return text
    return _LITERAL_OR_MARK.sub(lambda found: " " if found["mark"] else found[0], text)
