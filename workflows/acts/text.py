"""Free text of people in acts: one line each of visible characters.

So that nobody writes lines of a grant's text (Art. 21), of the trail as it is shown, or turns text around on a screen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from workflows.errors import InputError

UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories of what is no visible character: controls, line feeds, marks that turn text around, surrogates."""


def one_line_text(option: str, value: str) -> str:
    r"""The value, which is one line of visible characters; ``InputError`` names the option otherwise.

    >>> one_line_text("--purpose", "救助核对")
    '救助核对'
    """
    for place, character in enumerate(value, 1):
        if unicodedata.category(character) in UNSEEN:
            what = f"character {place} is U+{ord(character):04X}"
            raise InputError(f"{option} is one line of text without control characters: {what}; leave it out")
    return value


def one_line_texts(given: Mapping[str, str | tuple[str, ...]]) -> None:
    """`one_line_text` of every text; option → text or texts."""
    for option, value in given.items():
        for text in (value,) if isinstance(value, str) else value:
            one_line_text(option, text)


def cut(text: str, length: int) -> str:
    """The beginning of a text, for tables.

    >>> cut("全区养老机构名录", 5)
    '全区养老…'
    """
    return text if len(text) <= length else f"{text[: length - 1]}…"
