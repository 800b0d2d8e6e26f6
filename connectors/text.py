"""Decoding files whose encoding nobody wrote down: UTF-8, GB18030, UTF-16 with a mark, or a mixture of them.

Departments deliver UTF-8 and GB18030 alike, sometimes both in one file. What cannot be decoded is kept as lone
surrogates while a file is scanned and becomes readable, or ``�``, only in the pieces that are kept. Nothing here raises
on bad bytes.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from connectors.base import ConfigurationError

CHUNK = 1 << 18
HEAD = 4 << 20
"""Bytes looked at, from the first non-ASCII one, to tell the encoding."""
_SEARCH = 64 << 20
_HALVES = re.compile("[\ud800-\udfff]")
_UNSAYABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HAN = re.compile("[\u4e00-\u9fff]")
# What real text in UTF-8 holds besides ASCII and Han: punctuation, full-width forms, rarer Han.
_CHINESE = re.compile(r"[\x00-\x7f\u2000-\u22ff\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]*")

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def encoding_of(head: bytes) -> str:
    """``utf-8``, ``utf-8-sig``, ``gb18030`` or ``utf-16``: the one that decodes ``head`` with the least damage.

    The last character of ``head`` may be cut off.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    as_utf8, as_gb18030 = _tried(head, "utf-8"), _tried(head, "gb18030")
    damage = as_utf8.count("\ufffd")
    # GB18030 reads half of all UTF-8 without complaint, but its own text is hardly ever Han in UTF-8.
    if damage <= as_gb18030.count("\ufffd") or damage < len(_HAN.findall(as_utf8)):
        return "utf-8"
    return "gb18030"


def _tried(head: bytes, encoding: str) -> str:
    return codecs.getincrementaldecoder(encoding)("replace").decode(head, final=False)


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
        return _unmistaken(text) if encoding == "gb18030" else text
    except UnicodeEncodeError:
        pass
    other = "gb18030" if encoding.startswith("utf-8") else "utf-8"
    try:
        raw = text.encode(encoding.removesuffix("-sig"), "surrogateescape")
        return raw.decode(other)
    except UnicodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def _unmistaken(text: str) -> str:
    """Text read as GB18030 without complaint, as UTF-8 if its bytes are Chinese in UTF-8 (身份 reads as 韬唤)."""
    try:
        other = text.encode("gb18030").decode("utf-8")
    except UnicodeError:
        return text
    return other if _HAN.search(other) and _CHINESE.fullmatch(other) else text


def decode(raw: bytes) -> str:
    """A whole small file as text, without its byte-order mark; broken bytes become ``�``."""
    return raw.decode(encoding_of(raw[: HEAD * 4]), "replace").removeprefix("\ufeff")


def one_line(text: str) -> str:
    """The text on one line, without control characters and halves of characters, which no store and no server takes.

    >>> one_line("  a\\n\\tb\\x00 ")
    'a b'
    """
    return " ".join(_UNSAYABLE.sub(" ", _HALVES.sub("\ufffd", text)).split())
