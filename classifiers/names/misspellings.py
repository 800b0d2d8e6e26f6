"""Pinyin as it is misspelt: front and back nasals (n, ng), flat and curled tongue (z, zh; c, ch; s, sh) confused.

Shanghai speech makes little of either difference, and column names show it: ``shenfengzhenghao``, ``chusenriqi``.
"""

from __future__ import annotations

from collections.abc import Sequence

MIN_SYLLABLES = 3
"""Shorter words differ by just these sounds: 公职 and 工资, 省份 and 身份."""

_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))


def sound(spelling: str) -> str:
    """What a spelling sounds like to somebody who makes none of these differences.

    >>> sound("shenfengzhenghao") == sound("shenfenzhenghao"), sound("chusenriqi") == sound("chushengriqi")
    (True, True)
    """
    for written, heard in _ALIKE:
        spelling = spelling.replace(written, heard)
    return spelling


def may_be_misspelt(syllables: Sequence[str]) -> bool:
    """Whether a term is long enough to be known by its sound.

    >>> may_be_misspelt(["gong", "zi"]), may_be_misspelt(["chu", "sheng", "ri", "qi"])
    (False, True)
    """
    return len(syllables) >= MIN_SYLLABLES
