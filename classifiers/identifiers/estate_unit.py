"""不动产单元号: the number of a real estate unit.

Authority: GB/T 37346-2018.

Structure: 28 characters: 6 county, 3 cadastral area, 3 sub-area, 2 letters for the kind of parcel, 5 parcel, 1 kind of
fixture (``F`` building, ``L`` forest, ``Q`` other, ``W`` none), 8 fixture (zeros after ``W``).

>>> check("310107001002GB00001F00010001").result, check("310107001002GB00001W00000000").result
('valid', 'valid')
>>> check("310107 001002 GB00001 F00010001").result
'valid'
>>> check("310107001002GB00001W00010001").reason
'a parcel without fixtures has a fixture number'
>>> check("310107001002GB00001F0001001").reason
'the wrong length or an unreadable character'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, PROVINCES, VALID, WRONG_AREA, Check, day_number
from .normal import compact as normalise

_NUMBER = re.compile(r"[0-9]{12}[A-Z]{2}[0-9]{5}[FLQW][0-9]{8}")
_NEAR = re.compile(r"[0-9?]{11,13}[A-Z?]{2}[0-9?]{4,6}[A-Z?][0-9?]{6,9}")
_DAMAGED = Check("invalid", "the wrong length or an unreadable character")
_NO_FIXTURE = Check("invalid", "a parcel without fixtures has a fixture number")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    if not _NUMBER.fullmatch(number):
        return _DAMAGED if _NEAR.fullmatch(number) else OTHER
    if number[:2] not in PROVINCES:
        return WRONG_AREA
    return _NO_FIXTURE if number[19] == "W" and number[20:] != "00000000" else VALID
