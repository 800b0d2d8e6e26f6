"""疾病编码: the code of a disease.

Authority: ICD-10 (GB/T 14396) and its national clinical edition.

Structure: a letter and 2 digits, then a dot with up to 3 places and the clinical extension ``x000``. Without a dot the
shape says too little.

>>> check("I10.x00").result, check("A01.0").result, check("I10.x00x002").result
('valid', 'valid', 'valid')
>>> check("110.x00").result, check("A01").result
('other', 'other')
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import tidy as normalise

_CODE = re.compile(r"[A-Za-z][0-9]{2}\.[0-9x][0-9]{0,2}(?:x[0-9]{3})?[+*]?")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a tidy code; ``today`` does not matter."""
    return VALID if _CODE.fullmatch(number) else OTHER
