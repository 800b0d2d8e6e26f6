"""What this package's YAML says, parsed ahead of time (``prepared.json``): parsing it takes longer than a start may.

An entry is found by the digest of its text, so text that has changed since is parsed as it stands: slower, never stale.
``tools/build_pinyin.py`` makes the file; a test says when it is due.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TypeVar

import msgspec

T = TypeVar("T")


def digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


@cache
def _prepared() -> Mapping[str, msgspec.Raw]:
    """Digest of a text → what it says, as JSON that is parsed when it is asked for."""
    content = (files("classifiers") / "prepared.json").read_bytes()
    return msgspec.json.decode(content, type=dict[str, msgspec.Raw])


def prepared(text: bytes) -> msgspec.Raw | None:
    """The JSON of a YAML text of this package; None for any other text."""
    return _prepared().get(digest(text))


def decode(text: bytes, type: type[T]) -> T:
    """What ``msgspec.yaml.decode`` gives for the text; raises as it does."""
    known = prepared(text)
    return msgspec.yaml.decode(text, type=type) if known is None else msgspec.json.decode(known, type=type)


def read_table(path: str, type: type[T]) -> T:
    """A YAML file of this package, by its path under ``classifiers``."""
    return decode((files("classifiers") / path).read_bytes(), type)
