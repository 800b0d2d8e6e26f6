"""银行卡号: the number of a payment card.

Authority: ISO/IEC 7812-1; issuer prefixes of 银联 and the international schemes.

Structure: 16 to 19 digits (银联 62…, debit cards mostly 19, credit cards 16), the last one a Luhn check digit.
Accounts of organisations have no check digit and are not of this kind.

>>> check("6217000000000000004").result, check("6222 0200 0000 0007").result
('valid', 'valid')
>>> check("6217000000000000005").reason
'wrong check digit'
>>> check("1000000000000008").result, check("622202000000").result
('other', 'other')
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, WRONG_CHECK, Check, day_number, luhn
from .normal import compact as normalise

_SHAPE = re.compile(r"(?:6[02]|[3459][0-9])[0-9]{14,17}")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a normalised number; ``today`` does not matter."""
    if not _SHAPE.fullmatch(number):
        return OTHER
    return VALID if luhn(number) else WRONG_CHECK
