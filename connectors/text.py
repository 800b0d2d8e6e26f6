"""Decoding files whose encoding nobody wrote down: UTF-8, GB18030, UTF-16 with a mark, or a mixture of them.

Departments deliver UTF-8 and GB18030 alike, sometimes both in one file. What cannot be decoded is kept as lone
surrogates while a file is scanned and becomes readable, or ``�``, only in the pieces that are kept. Nothing here raises
on bad bytes.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from connectors.base import ConfigurationError

CHUNK = 1 << 18
HEAD = 4 << 20
"""Bytes looked at, from the first non-ASCII one, to tell the encoding."""
_SEARCH = 64 << 20

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def encoding_of(head: bytes) -> str:
    """``utf-8``, ``utf-8-sig``, ``gb18030`` or ``utf-16``: the one that decodes ``head`` with the least damage.

    The last character of ``head`` may be cut off.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    damage = {name: _damage(head, name) for name in ("utf-8", "gb18030")}
    return "gb18030" if damage["gb18030"] < damage["utf-8"] else "utf-8"


def _damage(head: bytes, encoding: str) -> int:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return decoder.decode(head, final=False).count("\ufffd")


def checked_encoding(name: object) -> str | None:
    """An encoding from the configuration; None when it says none. Raises `ConfigurationError`."""
    if name is None:
        return None
    try:
        return codecs.lookup(str(name)).name
    except LookupError:
        raise ConfigurationError(f"unknown encoding {name!r}", hint="such as utf-8 or gb18030") from None


def stream_encoding(stream: BinaryIO) -> str:
    """Like `encoding_of`, past a long ASCII beginning; the stream is rewound."""
    head = b""
    for _ in range(_SEARCH // CHUNK):
        head = stream.read(CHUNK)
        if not head or not head.isascii():
            break
    if head.startswith(tuple(mark for mark, _ in _MARKS)) or not head.isascii():
        head += stream.read(HEAD - CHUNK)
    stream.seek(0)
    return encoding_of(head)


def decoded_chunks(stream: BinaryIO, encoding: str, size: int = CHUNK) -> Iterator[str]:
    """The stream as text; undecodable bytes become lone surrogates, for `repaired` to judge later."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape" if "16" not in encoding else "replace")
    while chunk := stream.read(size):
        yield decoder.decode(chunk)
    if rest := decoder.decode(b"", final=True):
        yield rest


def repaired(text: str, encoding: str) -> str:
    """A piece from `decoded_chunks` without surrogates: read as the other encoding if that fits, else with ``�``."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        pass
    other = "gb18030" if encoding.startswith("utf-8") else "utf-8"
    try:
        raw = text.encode(encoding.removesuffix("-sig"), "surrogateescape")
        return raw.decode(other)
    except UnicodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def decode(raw: bytes) -> str:
    """A whole small file as text, without its byte-order mark; broken bytes become ``�``."""
    return raw.decode(encoding_of(raw[: HEAD * 4]), "replace").removeprefix("\ufeff")
