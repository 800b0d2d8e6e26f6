"""电子邮箱: an e-mail address.

Authority: RFC 5321, the subset that is in use: an unquoted local part and a domain with at least one dot.

>>> check("user@example.com").result, check("ｕｓｅｒ＠example.com").result
('valid', 'valid')
>>> check("张三 user@example.com（本人）").result, check("a@example.com;b@example.com").result
('valid', 'invalid')
>>> check("user@").reason, check("@example.com").result
('not a complete address', 'invalid')
>>> check("example.com").result
'other'
"""

from __future__ import annotations

import re
from datetime import date

from .common import NO_LIMIT, OTHER, VALID, Check, day_number
from .normal import tidy as normalise

_ADDRESS = re.compile(
    r"[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)
# Han before and after an address, with the bracket or colon that parts them.
_WORDS = re.compile(r"^[^!-~]{1,12}[:(]?[^!-~]*|[^!-~]*\(?[^!-~]{1,12}\)?$")
_LONGEST = 254
_INCOMPLETE = Check("invalid", "not a complete address")


def check(text: str, *, as_of: date | None = None) -> Check:
    return examine(normalise(text), day_number(as_of))


def examine(number: str, today: int = NO_LIMIT) -> Check:
    """Check a tidy address; ``today`` does not matter."""
    if "@" not in number or len(number) > _LONGEST:
        return OTHER
    if not number.isascii():
        number = _WORDS.sub("", number)
    if " " in number:
        return OTHER
    return VALID if _ADDRESS.fullmatch(number) else _INCOMPLETE
