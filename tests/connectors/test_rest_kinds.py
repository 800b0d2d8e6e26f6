"""Kinds of catalogues behind a REST interface: CKAN, DCAT in its notations, and what any of them may answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import ConfigurationError, ConnectorError, SourceFatalError, SystemConfig
from connectors.model import Asset, from_json, to_json
from connectors.rest import RestConnector
from connectors.rest.graph import Graph
from connectors.testing import NASTY_TEXTS, Conformance

Data = dict[str, Any]
Answer = Callable[[Any], Any]
NEW = datetime(2026, 1, 1, tzinfo=timezone.utc)
PAGES: Data = {"style": "page", "parameter": "p", "total": "data.total"}
DECLARED: Data = {
    "list": {"items": "data.rows", "success": {"code": [0]}, "pages": PAGES},
    "detail": {"path": "show/{id}", "items": "data"},
    "asset": {"name": "code", "id": "rid", "schema": "dept", "comment": "title", "columns": "fields"},
    "column": {"name": "en", "comment": "cn", "type": "type", "length": "len", "nullable": "null"},
}


def source(url: str, flavour: str, **options: Any) -> RestConnector:
    config = SystemConfig(department="d", id="s", connector="rest", url=url, options={"flavour": flavour, **options})
    opened = RestConnector(config)
    opened._client.sleep = lambda seconds: None
    return opened


class TestConformanceCkan(Conformance):
    @pytest.fixture
    def config(self, web: Any, told: Any) -> SystemConfig:
        web.answer = portal(told)
        return SystemConfig(department="d", id="s", connector="rest", url=web.url, options={"flavour": "ckan"})


class TestConformanceDcat(Conformance):
    @pytest.fixture
    def config(self, web: Any, told: Any) -> SystemConfig:
        web.answer = lambda asked: told(GOOD_CATALOGUE)
        return SystemConfig(department="d", id="s", connector="rest", url=web.url, options={"flavour": "dcat"})


# --- CKAN ----------------------------------------------------------------------------------------------------------

PACKAGES: list[Data] = [
    {
        **{"name": "births", "title": "出生人口", "notes": "按年\n统计", "organization": {"name": "wsj"}},
        "extras": [{"key": "frequency", "value": "http://x/frequency/ANNUAL"}],
        "resources": [{"id": "r1", "datastore_active": True}, {"id": "r2"}, {"id": "r3", "datastore_active": True}],
    },
    {"name": "parks", "title": "公园", "frequency": "weekly", "resources": []},
    {"name": "schools", "title": "学校"},
]
STORED: Data = {
    "r1": [{"id": "_id", "type": "int"}, {"id": "year", "type": "int4", "info": {"label": "年份", "notes": "公历"}}],
    "r3": [{"id": "year", "type": "text"}, {"id": "n", "type": "text", "info": {"type_override": "numeric"}}],
}


def portal(told: Any) -> Answer:
    def answer(asked: Any) -> Any:
        action, query = asked.path.rsplit("/", 1)[-1], asked.query
        if action == "package_search":
            start = int(query.get("start", 0))
            return told({"success": True, "result": {"count": 3, "results": PACKAGES[start : start + 2]}})
        if action == "package_show":
            return told({"success": True, "result": {"resources": [{"id": "r3", "datastore_active": True}]}})
        assert query["limit"] == "0"
        return told({"success": True, "result": {"fields": STORED[query["resource_id"]]}})

    return answer


def ckan(url: str) -> RestConnector:
    return source(url, "ckan")


def test_ckan(web: Any, told: Any) -> None:
    web.answer = portal(told)
    with ckan(f"{web.url}/catalogue") as opened:
        opened.probe()
        births, parks, schools = opened.assets()
        assert opened.failures == []
    assert (births.schema, births.comment, births.update_cycle) == ("wsj", "出生人口：按年 统计", "每年")
    assert [(c.name, c.data_type, c.comment) for c in births.columns] == [
        ("year", "INT", "年份（公历）"),
        ("n", "NUMERIC", None),
    ]
    assert (parks.kind, parks.schema, parks.update_cycle, parks.columns) == ("file", None, "每周", ())
    assert [column.name for column in schools.columns] == ["year", "n"]
    assert web.asked[0].path == "/catalogue/api/3/action/package_search"


def test_ckan_with_a_resource_that_may_not_be_read(web: Any, told: Any) -> None:
    good = portal(told)
    web.answer = lambda asked: told(status=403) if asked.query.get("resource_id") == "r1" else good(asked)
    with ckan(f"{web.url}/api/3/action") as opened:
        births = next(opened.assets())
        assert [column.data_type for column in births.columns] == ["TEXT", "NUMERIC"]
        assert [failure.place for failure in opened.failures] == ["wsj.births"]
    assert web.asked[0].path == "/api/3/action/package_search"


class Portal:
    """A CKAN with two data sets that say when they changed; ``fields`` counts what is asked besides the list."""

    def __init__(self, web: Any, told: Any) -> None:
        self.web, self.told = web, told
        self.packages = {name: self._package(name) for name in ("births", "parks")}
        self.broken: set[str] = set()
        web.answer = self._answer

    @staticmethod
    def _package(name: str) -> Data:
        resources = [{"id": name, "datastore_active": True}]
        return {"name": name, "title": name, "metadata_modified": "2024-01-02T03:04:05.678901", "resources": resources}

    def _answer(self, asked: Any) -> Any:
        if asked.path.endswith("package_search"):
            found = list(self.packages.values())
            return self.told({"success": True, "result": {"count": len(found), "results": found}})
        if asked.query["resource_id"] in self.broken:
            return self.told(status=403)
        return self.told({"success": True, "result": {"fields": [{"id": "n", "type": "text"}]}})

    def read(self, known: dict[str, str] | None = None, since: datetime = NEW) -> RestConnector:
        """The connector after one reading; ``asked`` then holds the resources that it asked for."""
        self.web.asked.clear()
        with ckan(self.web.url) as opened:
            if known is not None:
                opened.skip_unchanged(known, since)
            self.listed = opened.list_assets()
            self.yielded = [asset.qualified_name for asset in opened.assets()]
        asked = (one.query.get("resource_id") for one in self.web.asked)
        self.asked = [resource for resource in asked if resource]
        return opened


def test_ckan_is_not_asked_again_for_what_did_not_change(web: Any, told: Any) -> None:
    portal = Portal(web, told)
    known = portal.read().stamps
    assert (portal.asked, sorted(known)) == (["births", "parks"], ["births", "parks"])
    second = portal.read(known)
    assert (portal.asked, portal.yielded, second.stamps) == ([], [], known)
    assert (second.unchanged, portal.listed.names) == ({"births", "parks"}, ("births", "parks"))


@pytest.mark.parametrize(
    "change",
    [
        {"metadata_modified": "2024-02-02T00:00:00"},
        {"metadata_modified": "yesterday"},
        {"metadata_modified": None},
        {"title": "出生人口"},
        {"resources": [{"id": "births", "datastore_active": True}, {"id": "more", "datastore_active": True}]},
    ],
)
def test_ckan_is_asked_for_what_changed(web: Any, told: Any, change: Data) -> None:
    portal = Portal(web, told)
    known = portal.read().stamps
    portal.packages["births"] |= change
    portal.read(known)
    assert (set(portal.asked) - {"more"}, portal.yielded) == ({"births"}, ["births"])


def test_ckan_looks_back_and_tells_failures_again(web: Any, told: Any) -> None:
    portal = Portal(web, told)
    known = portal.read().stamps
    portal.read(known, since=datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone.utc))
    assert portal.asked == ["births", "parks"]
    portal.broken = {"parks"}
    assert sorted(portal.read().stamps) == ["births"]


# --- DCAT ----------------------------------------------------------------------------------------------------------

CATALOGUE: Data = {
    "@context": {
        "dct": "http://purl.org/dc/terms/",
        "dcat": "http://www.w3.org/ns/dcat#",
        "naam": {"@id": "dct:title"},
    },
    "@graph": [
        {
            "@id": "https://x/c",
            "@type": "dcat:Catalog",
            "dcat:dataset": [{"@id": "https://x/dataset/a%20b"}, {"@id": "e:z"}],
        },
        {
            **{"@id": "https://x/dataset/a%20b", "@type": ["dcat:Dataset"]},
            "naam": [{"@value": "Births", "@language": "en"}, {"@value": "出生人口", "@language": "zh-CN"}],
            "dct:description": {"@list": ["按年统计"]},
            "dct:accrualPeriodicity": {"@id": "http://publications.europa.eu/resource/authority/frequency/ANNUAL"},
            "dcat:distribution": {"@id": "_:d"},
        },
        {
            "@id": "_:d",
            "csvw:tableSchema": {
                "csvw:column": {
                    "@list": [
                        {"csvw:name": "year", "csvw:titles": {"zh": "年份", "en": "Year"}, "csvw:datatype": "xsd:date"},
                        {"csvw:name": "n", "csvw:datatype": {"csvw:base": "integer"}, "csvw:required": "true"},
                    ]
                }
            },
        },
        {"@type": "dcat:Dataset", "dct:identifier": "parks", "dct:title": "公园"},
        {"@type": "dcat:Dataset", "dcat:keyword": "nameless"},
    ],
}
GOOD_CATALOGUE = {**CATALOGUE, "@graph": CATALOGUE["@graph"][:4]}
EXPANDED = [
    {
        "@id": "https://x/parks",
        "@type": ["http://www.w3.org/ns/dcat#Dataset"],
        "http://purl.org/dc/terms/title": [{"@value": "公园"}],
    }
]
OPEN_DATA = {
    "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
    "dataset": [{"identifier": "parks", "title": "公园", "accrualPeriodicity": "R/P1M"}],
}
TURTLE = """
# parks
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<https://x/parks> a dcat:Dataset ; dct:title "Parks"@en, "公园"@zh .
"""


def dcat(url: str) -> RestConnector:
    return source(url, "dcat")


def test_dcat(web: Any, told: Any) -> None:
    web.answer = lambda asked: told(GOOD_CATALOGUE)
    with dcat(f"{web.url}/catalog.jsonld?profile=ap") as opened:
        opened.probe()
        births, parks = opened.assets()
        assert opened.list_assets().complete
    assert (births.name, births.comment, births.update_cycle, births.kind) == (
        "a b",
        "出生人口：按年统计",
        "每年",
        "table",
    )
    assert [(c.name, c.data_type, c.comment, c.nullable) for c in births.columns] == [
        ("year", "DATE", "年份", None),
        ("n", "INT", None, False),
    ]
    assert (parks.name, parks.comment, parks.kind) == ("parks", "公园", "file")
    assert web.asked[0].query == {"profile": "ap"}
    assert "ld+json" in web.asked[0].headers["accept"]


@pytest.mark.parametrize("body", [EXPANDED, OPEN_DATA, TURTLE.encode()], ids=["expanded", "open data", "turtle"])
def test_other_notations(web: Any, told: Any, body: Any) -> None:
    web.answer = lambda asked: told(body)
    with dcat(web.url) as opened:
        assert [(asset.name, asset.comment) for asset in opened.assets()] == [("parks", "公园")]


def test_turtle_without_rdflib(web: Any, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdflib", None)
    web.answer = lambda asked: told(b"", headers={"Content-Type": "text/turtle"})
    with dcat(web.url) as opened, pytest.raises(ConfigurationError, match=r"pip install 'public-data-catalog\[dcat\]'"):
        opened.probe()


def test_broken_turtle(web: Any, told: Any) -> None:
    web.answer = lambda asked: told(b"@prefix x: <y> . x:a x:b [")
    with dcat(web.url) as opened, pytest.raises(SourceFatalError, match="not Turtle"):
        opened.list_assets()


def test_pages_of_a_dcat_catalogue(web: Any, told: Any) -> None:
    def answer(asked: Any) -> Any:
        at = int(asked.query.get("page", "1"))
        page = {"@type": "hydra:PagedCollection", "hydra:nextPage": f"?page={at + 1}"} if at < 3 else {}
        return told([page, {"@type": "dcat:Dataset", "dct:identifier": f"d{at}", "dct:title": "x"}])

    web.answer = answer
    with dcat(f"{web.url}/catalog.jsonld") as opened:
        assert opened.list_assets().names == ("d1", "d2", "d3")
    web.answer = lambda asked: told([{"@type": "PagedCollection", "nextPage": "?page=1"}, EXPANDED[0]])
    with dcat(web.url) as opened:
        assert "circle" in str(opened.list_assets().reason)


def test_a_data_set_without_a_name(web: Any, told: Any) -> None:
    web.answer = lambda asked: told(CATALOGUE)
    with dcat(web.url) as opened:
        listing = opened.list_assets()
    assert (listing.names, listing.complete) == (("a b", "parks"), False)


def test_nodes_may_refer_to_one_another_in_circles() -> None:
    node = {"@id": "a", "@type": "Dataset", "title": {"@id": "b"}}
    graph = Graph([node, {"@id": "b", "prefLabel": {"@id": "a"}}, {"@id": " ", "title": {"@id": " "}}])
    assert [one.ident for one in graph.of_type("Dataset")] == ["a"]


@pytest.mark.parametrize("depth", [100, 900, 980, 5_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"dataset":', "}")])
def test_deep_answers(web: Any, told: Any, depth: int, opening: str, closing: str) -> None:
    deep = opening * depth + "1" + closing * depth
    web.answer = lambda asked: told(f'{{"@graph": [{{"@type": "Dataset", "title": "x"}}, {deep}]}}'.encode())
    endpoint = {"items": "['@graph']", "pages": {"style": "link"}}
    opened = [dcat(web.url), source(web.url, "declarative", list=endpoint, asset={"name": "title"})]
    for one in opened:
        with one:
            try:
                names = one.list_assets().names
            except SourceFatalError as error:
                names = (str(error),)
        assert names[0] == "x" or "not JSON" in names[0] or "nested too deeply" in names[0]


# --- hostile answers -----------------------------------------------------------------------------------------------

KEYS = [
    *("code", "data", "rows", "total", "fields", "en", "cn", "type", "len", "null", "title", "dept", "cycle", "rid"),
    *("success", "result", "results", "count", "resources", "id", "name", "info", "datastore_active", "extras", "key"),
    *("@graph", "@id", "@type", "@value", "@language", "@list", "@context", "dct:title", "identifier", "dataset"),
    *("tableSchema", "column", "distribution", "nextPage", "zh", "next", ""),
]
TEXTS = st.sampled_from([*NASTY_TEXTS, "dcat:Dataset", "PagedCollection", "?page=2", "http://[", "\ud800", *KEYS])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=30,
)


def mutated(data: Any, draw: Any) -> Any:
    if draw(st.integers(0, 10)) == 0:
        return draw(VALUES)
    if isinstance(data, dict):
        return {key if draw(st.integers(0, 15)) else draw(TEXTS): mutated(value, draw) for key, value in data.items()}
    return [mutated(value, draw) for value in data] if isinstance(data, list) else data


@st.composite
def answers(draw: Any) -> bytes:
    if draw(st.integers(0, 6)) == 0:
        return bytes(draw(st.binary(max_size=200)))
    good = [
        {
            "code": 0,
            "data": {
                "rows": [{"code": "R1", "title": "目录", "dept": "民政局", "rid": 1}, {"code": "R2", "rid": "x/y"}],
                "total": 2,
                "fields": [{"en": "sfzh", "cn": "身份证号", "type": "字符型", "len": 18, "null": "否"}],
            },
        },
        {"success": True, "result": {"count": 2, "results": PACKAGES[:2], "fields": STORED["r1"]}},
        CATALOGUE,
    ]
    return json.dumps(mutated(draw(st.sampled_from(good)), draw)).encode()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=answers(),
    status=st.sampled_from([200, 200, 200, 204, 404]),
    flavour=st.sampled_from(["declarative", "ckan", "dcat"]),
)
def test_hostile_answers(web: Any, told: Any, body: bytes, status: int, flavour: str) -> None:
    web.answer = lambda asked: told(body if status != 204 else b"", status)
    opened = source(web.url, flavour, **(DECLARED if flavour == "declarative" else {}))
    failed: list[object] = []
    assets: list[Asset] = []
    with opened:
        try:
            opened.list_assets()
            assets = list(opened.assets())
        except ConnectorError as error:
            failed = [error]
        assert all("\n" not in str(one) for one in [*failed, *opened.failures])
    for asset in assets:
        assert from_json(to_json(asset)) == asset
        assert len({column.name for column in asset.columns}) == len(asset.columns)
    assert len({asset.key for asset in assets}) == len(assets)
