"""Update cycles as the catalogue knows them (政务信息资源目录编制指南, 2017), from what other catalogues call them."""

from __future__ import annotations

import re

# EU frequency authority table (URI or code), ISO 8601 as in Project Open Data, and words of Chinese platforms.
_SPELLINGS = {
    "实时": "cont, update_cont, continuous, realtime, real-time, r/pt1s, 实时, 实时更新, 动态",
    "每日": "daily, day, r/p1d, 每日, 每天, 日, 天, 按日, 按天",
    "每周": "weekly, week, r/p1w, r/p7d, 每周, 周, 按周",
    "每旬": "monthly_3, r/p10d, 每旬, 旬",
    "每月": "monthly, month, r/p1m, 每月, 月, 按月, 月度",
    "每季度": "quarterly, quarter, r/p3m, 每季度, 每季, 季度, 季, 按季",
    "每半年": "annual_2, biannual, semiannual, r/p6m, 每半年, 半年, 半年度",
    "每年": "annual, annually, yearly, year, r/p1y, 每年, 年, 年度, 每年度, 按年",
    "不定期": "irreg, irregular, r/pu, as needed, 不定期, 不定期更新, 按需, 有变化时",
    "一次性": "never, once, static, 一次性, 静态, 不更新",
}
_CYCLES = {word.strip(): cycle for cycle, words in _SPELLINGS.items() for word in words.split(",")}


def cycle_of(text: str | None) -> str | None:
    """None for what nobody knows.

    >>> cycle_of("http://publications.europa.eu/resource/authority/frequency/MONTHLY"), cycle_of("R/P1Y"), cycle_of("x")
    ('每月', '每年', None)
    """
    written = (text or "").strip().lower()
    last = re.split(r"[/#:]", written.rstrip("/"))[-1] if "://" in written or ":" in written else written
    return _CYCLES.get(last)
