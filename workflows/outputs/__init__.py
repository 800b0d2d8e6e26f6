"""What stewards and readers get: a catalogue workbook per department, the lists, and one HTML page.

Everything is a pure function of its arguments: no store, no clock (``SiteInfo.generated_at``), the same bytes for the
same content. Each file is written whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workflows.entry import Entry, SiteInfo

if TYPE_CHECKING:
    from classifiers.policy import Pack


def write_all(
    entries: Sequence[Entry],
    info: SiteInfo,
    pack: Pack,
    out_dir: Path,
    *,
    approved: frozenset[str] = frozenset(),
) -> list[Path]:
    """Write every output under ``out_dir`` and return the files in the order written.

    ``catalogue.html``, then ``<department>/资源目录.xlsx``, then 数据责任清单, 开放清单 and 共享负面清单 (``.xlsx`` and
    ``.jsonl``) for the site in ``out_dir`` and per department in its folder. ``approved`` are the ``Asset.key`` of
    entries that a person approved, beside those whose state says so; until all of a list are, it is titled 建议稿.

    Raises `workflows.outputs.lists.MissingBasisError` when an entry is marked as not shared without a law, regulation
    or rule; everything but the negative lists has been written by then.
    """
    from workflows.outputs.lists import MissingBasisError

    written: list[Path] = []
    try:
        for write in (write_page, write_workbooks, write_lists):
            written += write(entries, info, pack, out_dir, approved=approved)
    except MissingBasisError as exc:
        exc.written = (*written, *exc.written)
        raise
    return written


def write_page(
    entries: Sequence[Entry],
    info: SiteInfo,
    pack: Pack,
    out_dir: Path,
    *,
    approved: frozenset[str] = frozenset(),
) -> list[Path]:
    """Write the HTML page (and a page per department where one cannot hold all)."""
    from workflows.outputs.page import write_pages

    return write_pages(entries, info, pack, out_dir, approved)


def write_workbooks(
    entries: Sequence[Entry],
    info: SiteInfo,
    pack: Pack,
    out_dir: Path,
    *,
    approved: frozenset[str] = frozenset(),
) -> list[Path]:
    """Write one 资源目录 workbook per department."""
    from workflows.outputs.files import safe_name
    from workflows.outputs.workbook import write_workbook

    return [
        write_workbook(own, info, pack, out_dir / safe_name(department) / "资源目录.xlsx", approved)
        for department, own in by_department(entries, info).items()
    ]


def write_lists(
    entries: Sequence[Entry],
    info: SiteInfo,
    pack: Pack,
    out_dir: Path,
    *,
    approved: frozenset[str] = frozenset(),
) -> list[Path]:
    """Write the three lists for the site and for each department; raises as `write_all` does."""
    from workflows.outputs.files import safe_name
    from workflows.outputs.lists import KINDS, MissingBasisError, write_list

    scopes = [(site_scope(info), list(entries), out_dir)]
    for department, own in by_department(entries, info).items():
        scopes.append((info.departments.get(department, department), own, out_dir / safe_name(department)))
    written: list[Path] = []
    for kind in KINDS:
        for scope, chosen, folder in scopes:
            try:
                written += write_list(kind, scope, chosen, info, pack, folder, approved)
            except MissingBasisError as exc:
                exc.written = tuple(written)
                raise
    return written


def site_scope(info: SiteInfo) -> str:
    """Whose the site's lists are.

    >>> site_scope(SiteInfo("普陀区公共数据资源目录（演示）", "", "", {}))
    '普陀区（演示）'
    """
    return re.sub(r"(公共数据)?(资源)?目录", "", info.name)


def by_department(entries: Sequence[Entry], info: SiteInfo) -> dict[str, list[Entry]]:
    """Department id → its entries, departments in the configured order; those without entries are left out."""
    groups: dict[str, list[Entry]] = {department: [] for department in info.departments}
    for entry in entries:
        groups.setdefault(entry.department, []).append(entry)
    return {department: own for department, own in groups.items() if own}
