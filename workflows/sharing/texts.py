"""Free text that people write on requests and tickets: one line each, of a length that lists and grants can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workflows.acts.text import one_line_texts
from workflows.errors import InputError

LONGEST: Final = 2000


def free_texts(given: Mapping[str, str | tuple[str, ...]]) -> None:
    """Raises `InputError` for the first that is too long or more than one line; option → text or texts."""
    one_line_texts(given)
    for option, value in given.items():
        longest = max((value,) if isinstance(value, str) else value, key=len, default="")
        if len(longest) > LONGEST:
            raise InputError(f"{option} has {len(longest)} characters; it holds {LONGEST}: say it shorter")


def cut(text: str, length: int) -> str:
    """The beginning of a text, for tables.

    >>> cut("全区养老机构名录", 5)
    '全区养老…'
    """
    return text if len(text) <= length else f"{text[: length - 1]}…"
