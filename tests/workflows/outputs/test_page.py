"""The page's file: nothing in the data ends its element, nothing is loaded, large catalogues are divided."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from classifiers.policy import Pack
from workflows.entry import Entry, SiteInfo
from workflows.outputs import page, write_all
from workflows.outputs.page import payload, render, script_json, write_pages


class Elements(HTMLParser):
    """Tags with their attributes, and the text of style and script elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", {}))

    def handle_data(self, data: str) -> None:
        tag, attributes = self.tags[-1] if self.tags else ("", {})
        if tag in ("script", "style"):
            key = attributes.get("type") or tag
            self.texts[key] = self.texts.get(key, "") + data


@pytest.fixture(scope="module")
def text(entries: list[Entry], info: SiteInfo, pack: Pack) -> str:
    return render(payload(entries, info, pack)).decode()


@pytest.fixture(scope="module")
def parsed(text: str) -> Elements:
    return Elements(text)


def data_of(path: Path) -> Any:
    return json.loads(Elements(path.read_text(encoding="utf-8")).texts["application/json"])


def test_hostile_texts_add_no_element(text: str, parsed: Elements) -> None:
    tags = [tag for tag, _ in parsed.tags]
    assert (tags.count("script"), tags.count("style")) == (2, 1)
    assert {"img", "svg", "b", "iframe"}.isdisjoint(tags)
    assert text.count("</script") == 2
    assert "<!--" not in text


def test_hostile_texts_come_through_whole(parsed: Elements) -> None:
    data = json.loads(parsed.texts["application/json"])
    hostile = data["assets"][-1]
    assert hostile["abstract"] == "</script><img src=x onerror=alert(1)>"
    assert hostile["items"][0][1:3] == ["a\"b'c`<b>", "</SCRIPT><script>alert(2)</script><!--"]


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_in_a_script_cannot_end_it_and_means_the_same(value: Any) -> None:
    made = script_json(value)
    assert not set(made) & set("<>&\u2028\u2029")
    assert json.loads(made) == value


def test_a_broken_surrogate_does_not_stop_the_page() -> None:
    assert json.loads(script_json({"a": "x\ud800y"})) == {"a": "x?y"}


def test_the_page_loads_nothing(text: str, parsed: Elements) -> None:
    places = [value for _, attributes in parsed.tags for name, value in attributes.items() if name in ("src", "href")]
    assert set(places) == {"data:,", "#content"}
    code = parsed.texts["script"] + parsed.texts["style"]
    assert not re.search(
        r"https?:|//[\w.]+/|@import|url\(|fetch\(|XMLHttpRequest|innerHTML|insertAdjacentHTML|eval\(", code
    )


def test_the_policy_allows_just_its_own_script_and_style(parsed: Elements) -> None:
    policy = next(a["content"] for _, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None

    def source(kind: str) -> str:
        digest = hashlib.sha256(parsed.texts[kind].encode()).digest()
        return f"'sha256-{base64.b64encode(digest).decode()}'"

    assert policy == (
        f"default-src 'none'; script-src {source('script')}; style-src {source('style')}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_equal_labels_are_stored_once(entries: list[Entry], info: SiteInfo, pack: Pack) -> None:
    data = payload(entries * 3, info, pack)
    assert len(data["labels"]) == len({json.dumps(label) for label in data["labels"]})
    assert len(data["labels"]) == len(payload(entries, info, pack)["labels"])


def test_a_title_is_escaped(entries: list[Entry], info: SiteInfo, pack: Pack) -> None:
    made = render(payload([], structs.replace(info, name="<b>目录</b>"), pack)).decode()
    assert "<title>&lt;b&gt;目录&lt;/b&gt;（建议稿）</title>" in made


def test_the_draft_mark_leaves_with_the_last_approval(entries: list[Entry], info: SiteInfo, pack: Pack) -> None:
    everything = frozenset(entry.asset for entry in entries)
    assert payload(entries, info, pack, everything)["site"]["draft"] is False
    assert payload(entries, info, pack, everything - {entries[0].asset})["site"]["draft"] is True


def test_a_large_catalogue_is_divided_by_department(
    entries: list[Entry], info: SiteInfo, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MAX_ASSETS", 3)
    paths = write_pages(entries, info, pack, tmp_path)
    assert [path.name for path in paths] == [
        *("catalogue.html", "catalogue-cgj.html", "catalogue-minzheng-1.html", "catalogue-minzheng-2.html"),
    ]
    index, *others = map(data_of, paths)
    assert [(link["title"], link["href"], link["assets"]) for link in index["pages"]] == [
        ("普陀区城管局", "catalogue-cgj.html", 2),
        ("普陀区民政局（1）", "catalogue-minzheng-1.html", 3),
        ("普陀区民政局（2）", "catalogue-minzheng-2.html", 1),
    ]
    assert (index["assets"], index["site"]["assets"], index["site"]["columns"]) == ([], 6, 10)
    assert [asset["key"] for data in others for asset in data["assets"]] == [entry.asset for entry in entries]
    assert {data["home"] for data in others} == {"catalogue.html"}


def test_every_output_is_written_and_is_the_same_again(
    entries: list[Entry], info: SiteInfo, pack: Pack, tmp_path: Path
) -> None:
    first = write_all(entries, info, pack, tmp_path / "1")
    second = write_all(entries, info, pack, tmp_path / "2")
    relative = [path.relative_to(tmp_path / "1").as_posix() for path in first]
    kinds = [
        f"{name}.{suffix}" for name in ("数据责任清单", "开放清单", "共享负面清单") for suffix in ("xlsx", "jsonl")
    ]
    assert set(relative) == {"catalogue.html", "cgj/资源目录.xlsx", "minzheng/资源目录.xlsx"} | {
        f"{folder}{name}" for folder in ("", "cgj/", "minzheng/") for name in kinds
    }
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert {path for path in (tmp_path / "1").rglob("*") if path.is_file()} == set(first)
