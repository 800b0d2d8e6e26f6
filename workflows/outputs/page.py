"""``catalogue.html``: one self-contained page that a reader can search and filter, and open each asset to its columns.

The page loads nothing: style and script are inline and allowed by their hashes, the data is JSON inside the page in
which no character can end the element that holds it, and the script puts every text in place as text.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Hashable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, select_autoescape
from markupsafe import Markup

from classifiers.evidence import ACCESS, TIERS, Label
from workflows.entries.elements import value_of
from workflows.entry import Entry, EntryItem, SiteInfo
from workflows.outputs import words
from workflows.outputs.cells import clean_text
from workflows.outputs.files import json_bytes, safe_name, write_bytes
from workflows.outputs.lists import open_list
from workflows.outputs.workbook import more_elements

if TYPE_CHECKING:
    from classifiers.policy import Pack

MAX_ASSETS: Final = 5_000
PAGE: Final = "catalogue.html"

# "<" could end the element, "&" begins a character reference, U+2028 and U+2029 end a line in older scripts.
_JSON_ESCAPES: Final = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})


def write_pages(
    entries: Sequence[Entry], info: SiteInfo, pack: Pack, out_dir: Path, approved: frozenset[str] = frozenset()
) -> list[Path]:
    """Write ``catalogue.html``; above `MAX_ASSETS` entries it only leads to pages per department, written beside it."""
    if len(entries) <= MAX_ASSETS:
        page = render(payload(entries, info, pack, approved))
        return [write_bytes(out_dir / PAGE, [page])]
    written, links = [], []
    for title, name, part in parts(entries, info):
        page = render({**payload(part, info, pack, approved), "home": PAGE, "part": title})
        written.append(write_bytes(out_dir / name, [page]))
        links.append({"title": title, "href": name, "assets": len(part)})
    index = {**payload([], info, pack, approved), "pages": links}
    index["site"].update(counts(entries), draft=not words.all_approved(entries, approved))
    return [write_bytes(out_dir / PAGE, [render(index)]), *written]


def parts(entries: Sequence[Entry], info: SiteInfo) -> Iterator[tuple[str, str, Sequence[Entry]]]:
    """Title, file name and entries of each page, at most `MAX_ASSETS` each."""
    ids = dict.fromkeys([*info.departments, *(entry.department for entry in entries)])
    for department in ids:
        own = [entry for entry in entries if entry.department == department]
        title = info.departments.get(department, department)
        for number, start in enumerate(range(0, len(own), MAX_ASSETS), 1):
            several = len(own) > MAX_ASSETS
            suffix, mark = (f"-{number}", f"（{number}）") if several else ("", "")
            yield f"{title}{mark}", f"catalogue-{safe_name(department)}{suffix}.html", own[start : start + MAX_ASSETS]


def render(data: dict[str, Any]) -> bytes:
    """The page around a `payload`."""
    folder = files("workflows.outputs") / "templates"
    style, script = ((folder / name).read_text(encoding="utf-8") for name in ("catalogue.css", "catalogue.js"))
    environment = Environment(autoescape=select_autoescape(default=True, default_for_string=True))
    template = environment.from_string((folder / "catalogue.html.j2").read_text(encoding="utf-8"))
    text = template.render(
        title=data["site"]["title"],
        style=Markup(style),
        script=Markup(script),
        style_hash=content_hash(style),
        script_hash=content_hash(script),
        data=Markup(script_json(data)),
    )
    return text.encode("utf-8", "replace")


def content_hash(text: str) -> str:
    """A Content-Security-Policy source for one inline element."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def script_json(value: Any) -> str:
    """JSON that may stand in a ``<script>`` element whatever the texts in it say."""
    return json_bytes(value).decode().translate(_JSON_ESCAPES)


class Pool:
    """Equal values once, in order of first use; items refer to them by position."""

    def __init__(self) -> None:
        self._places: dict[Hashable, int] = {}
        self.values: list[Any] = []

    def place(self, key: Hashable, value: Any = None) -> int:
        found = self._places.setdefault(key, len(self.values))
        if found == len(self.values):
            self.values.append(key if value is None else value)
        return found


class Compiler:
    """Turns entries into the page's JSON; labels, citations and notes are shared between columns."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.labels, self.cites, self.notes, self.kinds = Pool(), Pool(), Pool(), Pool()

    def label(self, label: Label) -> int:
        key = (label.dimension, label.value, label.state, label.confidence, label.reason, label.basis, label.origin)
        cites = [self.cite(key) for key in label.basis]
        shown = [*key[:3], round(label.confidence, 2), clean_text(label.reason), cites, label.origin]
        return self.labels.place(key, shown)

    def cite(self, key: str) -> int:
        found = words.citation(self.pack, key)
        if found is None:
            return self.cites.place(key, [key, "", "现行规则包中没有这一依据", "", 0])
        return self.cites.place(
            key, [found.title, found.article, found.text, words.rank_name(found), int(found.verified)]
        )

    def note(self, text: str) -> int:
        return self.notes.place(clean_text(text))

    def kind(self, item: EntryItem) -> int:
        types = [item.data_type, clean_text(item.native_type)]
        shown = [" · ".join(filter(None, types)), item.element_name, words.category(item.category)]
        return self.kinds.place(tuple(shown), shown)

    def item(self, item: EntryItem) -> list[Any]:
        return [
            item.number,
            clean_text(item.name),
            clean_text(item.title),
            self.kind(item),
            [self.label(label) for label in words.axis_labels(item)],
            [self.note(words.evidence_line(evidence, self.pack)) for evidence in item.evidence],
            [self.note(finding.message) for finding in item.findings],
            int(item.primary_key),
            words.judged(item),
        ]

    def entry(self, entry: Entry, department: int) -> dict[str, Any]:
        facts = {
            "key": entry.asset,
            "department": department,
            "title": clean_text(entry.title),
            "abstract": clean_text(entry.abstract),
            "source": clean_text(entry.source_name),
            "facts": [[self.note(name), self.note(text)] for name, text in entry_facts(entry) if text],
            "state": words.judged(entry) if entry.publishable else words.UNDETERMINED,
            "life": entry.state,
            "labels": [self.label(label) for label in words.axis_labels(entry)],
            "because": {axis: list(map(clean_text, columns)) for axis, columns in entry.because.items() if columns},
            "view": list(map(clean_text, entry.open_view)),
            "viewLabels": [
                [axis, entry.open_view_labels[axis]] for axis in words.AXES if axis in entry.open_view_labels
            ],
            "findings": [self.note(words.finding_line(finding)) for finding in entry.findings],
            "withheld": entry.withheld,
            "items": [self.item(item) for item in entry.items],
        }
        return {name: value for name, value in facts.items() if value not in ("", [], {}, None)}


def entry_facts(entry: Entry) -> Iterator[tuple[str, str]]:
    """The guide's elements in their order, then the municipal additions."""
    yield "1 信息资源分类", entry.category
    yield "2 信息资源名称", entry.title
    yield "3 信息资源代码", entry.code
    yield "4 信息资源提供方", entry.provider
    yield "5 信息资源提供方代码", entry.provider_code
    yield "6 信息资源摘要", entry.abstract
    yield "7 信息资源格式", entry.format
    yield "9.2 共享条件", entry.share_condition
    yield "9.3 共享方式", entry.share_method
    yield "10.2 开放条件", entry.open_condition
    yield "11 更新周期", entry.update_cycle
    yield "12 发布日期", entry.publish_date or ""
    yield "13 关联资源代码", "、".join(entry.related_codes)
    yield "数据来源", words.ORIGINS.get(entry.origin, entry.origin)
    yield "所属系统", entry.system_name or entry.system
    yield "来源对象", entry.source_name
    yield "估计行数", "" if entry.row_estimate is None else f"{entry.row_estimate:,}"
    yield "数据主体", entry.subject
    yield "责任科室", entry.section
    yield "联系方式", entry.contact
    yield "目录状态", words.LIFE_CYCLE.get(entry.state, entry.state)
    yield from ((title, value_of(entry, key)) for key, title in more_elements().items())


def counts(entries: Sequence[Entry]) -> dict[str, int]:
    return {"assets": len(entries), "columns": sum(len(entry.items) for entry in entries)}


def payload(
    entries: Sequence[Entry], info: SiteInfo, pack: Pack, approved: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Everything that the page's script reads, as plain JSON values."""
    draft = not words.all_approved(entries, approved)
    places = {
        key: place for place, key in enumerate(dict.fromkeys([*info.departments, *(e.department for e in entries)]))
    }
    compiler = Compiler(pack)
    assets = [compiler.entry(entry, places[entry.department]) for entry in entries]
    tiers = {key: words.tier_name(pack, key) for key in (*TIERS, words.UNDETERMINED)}
    return {
        "site": {
            "title": words.draft_title(info.name, not draft),
            "name": info.name,
            "generated": info.generated_at,
            "pack": f"{pack.title}（{info.pack}）",
            "draft": draft,
            "openable": len(open_list(entries, pack)),
            "restricted": info.restricted_systems,
            "quarantined": info.quarantined_assets,
            **counts(entries),
        },
        "words": {
            "tier": tiers,
            "share": {key: pack.display("share", key) for key in ACCESS},
            "open": {key: pack.display("open", key) for key in ACCESS},
            "state": words.STATES,
            "life": words.LIFE_CYCLE,
            "axis": words.AXIS_TITLES,
        },
        "departments": [info.departments.get(key, key) for key in places],
        "labels": compiler.labels.values,
        "cites": compiler.cites.values,
        "notes": compiler.notes.values,
        "kinds": compiler.kinds.values,
        "assets": assets,
    }
