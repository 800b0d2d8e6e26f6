"""The text that goes with a grant: what it is for, and that nobody may pass the data on (Art. 21)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

from connectors.text import one_line
from workflows.entry import Entry
from workflows.sharing.states import Document, Grant

WHOLE = "整个信息资源"
ENDLESS = "长期"


@cache
def templates() -> Mapping[str, str]:
    """``share`` and ``open`` → template."""
    found: dict[str, str] = yaml.safe_load((files(__package__) / "terms.yaml").read_text("utf-8"))
    return found


def terms(ident: str, document: Document, entry: Entry, grant: Grant, district: str, names: Mapping[str, str]) -> str:
    """The Chinese text of a grant; ``names``: department id → name, citation key → how it is written."""
    titles = {item.name: item.title for item in entry.items}
    items = "、".join(f"{titles.get(name, name)}（{name}）" for name in document.items)
    told = {
        "district": district,
        "id": ident,
        "requester": names.get(document.requester, document.requester),
        "applicant": document.applicant,
        "owner": names.get(document.owner, document.owner),
        "title": entry.title,
        "asset": entry.asset,
        "items": items or WHOLE,
        "purpose": document.purpose,
        "basis": "；".join(names.get(one, one) for one in document.basis),
        "means": document.means or "接口调用",
        "interface": grant.interface or "由区大数据中心通过数据共享交换平台提供",
        "since": grant.since,
        "until": grant.until or ENDLESS,
    }
    # Titles and interfaces come from entries, which have texts of several lines: here each has its own line only.
    return templates()[document.kind].format(**{name: one_line(value) for name, value in told.items()})
