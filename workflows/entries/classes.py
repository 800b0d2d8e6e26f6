"""信息资源分类: what the class digits of a code are called (regulation.md 2.2); elements 1 and 3 are one fact.

Which digits stand for which 项, 目 and 细目 in a province is nowhere published: ``classes:`` in site.yaml names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

CLASSES = {"1": "基础信息资源类", "2": "主题信息资源类", "3": "部门信息资源类"}
"""类 (发改高技术〔2017〕1272号), where the site calls them nothing else."""
DEPARTMENTS = "3"
_LEVELS = (1, 3, 6)
"""Digits up to 类, 项 and 目; 细目 is all of them."""


def category(code: str, names: Mapping[str, str], department: str, system: str) -> str:
    """类/项/目/细目 by the digits of a code, as far as they have names; 部门 without any: department and system.

    ``names``: digits → name, such as ``{"101": "人口"}``.

    >>> category("1010010001/000001", {"101": "人口", "101001": "户籍"}, "某局", "某系统")
    '基础信息资源类/人口/户籍'
    >>> category("300001/000001", {}, "某局", "某系统")
    '部门信息资源类/某局/某系统'
    """
    digits = code.split("/", 1)[0]
    below = tuple(_below(digits, names))
    if not below and digits[:1] == DEPARTMENTS:
        below = (department, system)
    return "/".join((class_name(digits, names), *below))


def _below(digits: str, names: Mapping[str, str]) -> Iterator[str]:
    for length in dict.fromkeys((*_LEVELS[1:], len(digits))):
        if name := names.get(digits[:length]):
            yield name


def class_name(code: str, names: Mapping[str, str]) -> str:
    """类 of a code."""
    return {**CLASSES, **names}[code[:1]]


def class_of(category: str) -> str:
    """类 of a classification: what stands before the first ``/``."""
    return category.split("/", 1)[0].strip()
