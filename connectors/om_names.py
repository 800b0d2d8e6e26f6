"""How OpenMetadata writes names: full names (FQN), paths, and what a server refuses.

Sources: reference/openmetadata-server.md, "Names" (observed), and the 2.0.6 ingestion SDK, whose create models replace
what servers refuse in names by words (``metadata.ingestion.models.custom_basemodel_validation``); names made here equal
those that a stock ingestion workflow makes, so both write one entity and not two.

A *name* is what one entity is called; an *FQN* is names joined by dots, outermost first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

from connectors.base import BadInputError

MAX_NAME = 256
TAG_LENGTHS = (2, 64)
# In the SDK's own order.
_RESERVED = {
    "::": "__reserved__colon__",
    ">": "__reserved__arrow__",
    '"': "__reserved__quote__",
    "\n": "__reserved__newline__",
    "\r": "__reserved__carriage_return__",
    "\t": "__reserved__tab__",
}
_TAG_MARKS = "'- .&()"
_TERM_MARKS = _TAG_MARKS + "%"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# One part of an FQN: quoted, or without dots and quotes.
_PART = re.compile(r'"([^"]+)"|([^."]+)')


def encode_name(name: str) -> str:
    """The name as it is stored: what servers refuse is replaced as the SDK does. Services keep theirs (`service_name`).

    >>> encode_name('库::"一"')
    '库__reserved__colon____reserved__quote__一__reserved__quote__'
    """
    for text, word in _RESERVED.items():
        name = name.replace(text, word)
    return name


def decode_name(name: str) -> str:
    """The source's own name of a stored one.

    >>> decode_name("a__reserved__arrow__b")
    'a>b'
    """
    for text, word in _RESERVED.items():
        name = name.replace(word, text)
    return name


def entity_name(name: str) -> str:
    """The stored name of a database, schema, table, column, API collection or endpoint.

    Raises ``BadInputError`` when it would be empty or longer than 256 characters.
    """
    return _of_length(encode_name(name))


def service_name(name: str) -> str:
    """The name of a service, which the SDK does not encode: ``::`` and ``"`` are refused."""
    if '"' in name or "::" in name:
        raise BadInputError(f'{_short(name)} has " or :: in it', hint="give the system another id", place="name")
    return _of_length(name)


def join_fqn(*names: str) -> str:
    """The full name of stored names; only a part that contains a dot is quoted.

    >>> join_fqn("svc", "库.一", "sc h")
    'svc."库.一".sc h'
    """
    return ".".join(_quoted(name) for name in names)


def child_fqn(parent_fqn: str, name: str) -> str:
    """The FQN of an entity by its parent's FQN.

    >>> child_fqn('svc."库.一"', "a.b")
    'svc."库.一"."a.b"'
    """
    return f"{parent_fqn}.{_quoted(name)}"


def split_fqn(fqn: str) -> list[str]:
    """The names in an FQN, unquoted; the inverse of `join_fqn`. Raises ``BadInputError`` when it is none.

    >>> split_fqn('svc."库.一".sc h')
    ['svc', '库.一', 'sc h']
    """
    names, at = [], 0
    while True:
        part = _PART.match(fqn, at)
        if part is None:
            break
        names.append(part[1] or part[2])
        at = part.end()
        if at == len(fqn):
            return names
        if fqn[at] != ".":
            break
        at += 1
    raise BadInputError(f"{_short(fqn)} is no full name", hint="quote parts that contain a dot", place="fqn")


def path_of(fqn: str) -> str:
    """An FQN (or any name) as one segment of a URL path.

    >>> path_of("svc.a/b")
    'svc.a%2Fb'
    """
    return quote(fqn, safe="")


def is_id(text: str) -> bool:
    """Whether this is a UUID, which entities are also addressed by."""
    return _UUID.fullmatch(text) is not None


def tag_name(name: str) -> str:
    """The name, if it may name a tag or classification (2–64 characters); else ``BadInputError``."""
    return _named(name, _TAG_MARKS, "tag", *TAG_LENGTHS)


def term_name(name: str) -> str:
    """The name, if it may name a glossary or term; else ``BadInputError``."""
    return _named(name, _TERM_MARKS, "glossary term", 1, MAX_NAME)


def property_name(name: str) -> str:
    """The name, if it may name a custom property: letters, digits and underscores only; else ``BadInputError``."""
    return _named(name, "", "custom property", 1, MAX_NAME)


def is_word(character: str) -> bool:
    """Java's ``\\w`` under ``(?U)``, which differs from Python's: marks and joiners count, ① and ½ do not.

    Letters that only Unicode's Other_Alphabetic makes alphabetic (ⓐ) are refused although a server takes them.
    """
    category = unicodedata.category(character)
    return category[0] in "LM" or category in ("Nd", "Nl", "Pc") or character in "\u200c\u200d"


def _quoted(name: str) -> str:
    if not name or '"' in name:
        raise BadInputError(f"{_short(name)} cannot be part of a full name", hint="encode the name first", place="name")
    return f'"{name}"' if "." in name else name


def _of_length(name: str) -> str:
    if 1 <= len(name) <= MAX_NAME:
        return name
    raise BadInputError(
        f"{_short(name)} has {len(name)} characters", hint=f"OpenMetadata takes 1 to {MAX_NAME}", place="name"
    )


def _named(name: str, marks: str, kind: str, shortest: int, longest: int) -> str:
    if not shortest <= len(name) <= longest:
        what = f"{_short(name)} has {len(name)} characters"
        raise BadInputError(what, hint=f"a {kind}'s name has {shortest} to {longest}", place=kind)
    bad = _refused(name, marks)
    if not bad:
        return name
    allowed = "letters, digits, _" + (f" and {' '.join(marks.replace(' ', '␣'))}" if marks else "")
    raise BadInputError(f"{_short(name)} contains {' '.join(bad)}", hint=f"allowed are {allowed}", place=kind)


def _refused(name: str, marks: str) -> Iterable[str]:
    return sorted({c if c.isprintable() else f"U+{ord(c):04X}" for c in name if c not in marks and not is_word(c)})


def _short(name: str) -> str:
    return repr(name if len(name) <= 40 else name[:37] + "…")
