"""姓名: Han names that begin with a known surname, hardly repeat and are short; minority names with a middle dot.

Words such as 高级 or 安全 begin with a surname too, so the shape only supports a name or a comment.
"""

from __future__ import annotations

import re

from classifiers.identifiers.common import OTHER, VALID, Check

from .base import Recognizer
from .surnames import COMPOUND, SINGLE

_HAN = re.compile(r"[\u3400-\u9fff]{2,4}")
_DOTTED = re.compile(r"[\u3400-\u9fff]{1,14}[·•.][\u3400-\u9fff]{1,14}")


def examine(text: str, today: int) -> Check:
    """Check one tidy value; ``today`` does not matter.

    >>> [examine(text, 0).result for text in ("张三", "欧阳某某", "买买提·吐尔逊", "普陀区", "黄河三角洲")]
    ['valid', 'valid', 'valid', 'other', 'other']
    """
    if _HAN.fullmatch(text):
        known = text[:2] in COMPOUND or (text[0] in SINGLE and len(text) < 4)
        return VALID if known or (len(text) == 4 and text[0] in SINGLE and text[1] in SINGLE) else OTHER
    return VALID if _DOTTED.fullmatch(text) else OTHER


RECOGNIZER = Recognizer(
    id="person_name",
    element="person.name",
    kind="plain",
    examine=examine,
    han=True,
    lengths=(2, 29),
    tidy=True,
    min_ratio=0.9,
    min_unique=0.6,
    max_length=4,
)
