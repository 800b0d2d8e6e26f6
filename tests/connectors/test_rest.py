"""Catalogues behind a REST interface: their pages, signatures and faults, against a real server on loopback."""

from __future__ import annotations

import base64
import doctest
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

import connectors.rest.cycles as cycles_module
import connectors.rest.pages as pages_module
import connectors.rest.paths as paths_module
import connectors.text as text_module
from connectors.base import ConfigurationError, SourceFatalError, SourceRetryError, SystemConfig
from connectors.rest import RestConnector
from connectors.rest.auth import Basic, Bearer, Key, Signature, _Signer
from connectors.rest.paths import Path
from connectors.testing import Conformance

Data = dict[str, Any]
RECORDS = [{"code": f"R{n}", "title": f"目录{n}", "dept": "民政局", "cycle": "每天", "rid": n} for n in range(1, 8)]
FIELDS = [
    {"en": "sfzh", "cn": "身份证号", "type": "字符型", "len": 18, "null": "否"},
    {"en": "", "cn": "姓名", "type": "varchar(20)", "null": 1},
    {"en": "sfzh", "cn": "重复"},
]
LIST: Data = {
    "path": "list",
    "items": "data.rows",
    "success": {"code": [0, 200]},
    "pages": {"style": "page", "parameter": "pageNo", "size_parameter": "pageSize", "size": 3, "total": "data.total"},
}
ASSET: Data = {
    **{"name": "code", "id": "rid", "schema": "dept", "comment": "title", "description": "about"},
    **{"update_cycle": "cycle", "columns": "fields"},
}
COLUMN: Data = {"name": "en", "comment": "cn", "type": "type", "length": "len", "nullable": "null"}
DETAIL: Data = {"path": "show/{id}", "items": "data", "success": {"code": [0]}}


class Platform:
    """A municipal platform: a list in pages and a detail for each record."""

    def __init__(self, told: Any) -> None:
        self.told = told
        self.records: list[Any] = list(RECORDS)

    def __call__(self, asked: Any) -> Any:
        if asked.path.startswith("/api/show/"):
            about = {"about": "低保", "fields": FIELDS}
            return self.told({"code": 0, "data": about})
        body = json.loads(asked.body) if asked.body else {}
        number, size = (int({**asked.query, **body}.get(key, 1)) for key in ("pageNo", "pageSize"))
        rows = self.records[(number - 1) * size : number * size]
        return self.told({"code": 0, "data": {"rows": rows, "total": len(self.records)}})


@pytest.fixture
def platform(web: Any, told: Any) -> Platform:
    web.answer = Platform(told)
    return web.answer  # type: ignore[no-any-return]


def configured(url: str, **options: Any) -> SystemConfig:
    options = {"flavour": "declarative", "list": LIST, "detail": DETAIL, "asset": ASSET, "column": COLUMN, **options}
    kept = {key: value for key, value in options.items() if value is not None}
    return SystemConfig(department="d", id="s", connector="rest", url=url, options=kept)


def source(url: str, **options: Any) -> RestConnector:
    opened = RestConnector(configured(url, **options))
    opened._client.sleep = lambda seconds: None
    return opened


def names(url: str, **options: Any) -> list[str]:
    with source(url, **options) as opened:
        listing = opened.list_assets()
        assert listing.complete, listing.reason
        return [asset.name for asset in opened.assets()]


class TestConformanceDeclarative(Conformance):
    @pytest.fixture
    def config(self, web: Any, platform: Platform) -> SystemConfig:
        return configured(f"{web.url}/api")


# --- declarative ---------------------------------------------------------------------------------------------------


def test_a_list_and_its_details(web: Any, platform: Platform) -> None:
    with source(f"{web.url}/api", headers={"X-Gateway": "g"}) as opened:
        opened.probe()
        listing = opened.list_assets()
        assert listing.names == tuple(f"民政局.R{n}" for n in range(1, 8))
        assets = list(opened.assets())
        assert opened.failures == []
        assert opened.statements == len(web.asked) == 1 + 3 + 7
    assert (assets[0].comment, assets[0].update_cycle, assets[0].kind) == ("目录1：低保", "每日", "table")
    shown = [(c.name, c.type, c.data_type, c.length, c.comment, c.nullable) for c in assets[0].columns]
    assert shown == [
        ("sfzh", "字符型(18)", "VARCHAR", 18, "身份证号", False),
        ("姓名", "varchar(20)", "VARCHAR", 20, "姓名", True),
    ]
    assert {asked.headers["x-gateway"] for asked in web.asked} == {"g"}
    assert web.asked[1].query == {"pageSize": "3", "pageNo": "1"}


def test_a_list_that_holds_everything_by_post(web: Any, platform: Platform) -> None:
    platform.records = [{**one, "fields": FIELDS} for one in RECORDS]
    endpoint = {**LIST, "method": "POST", "body": {"region": "putuo"}}
    assert len(names(f"{web.url}/api", list=endpoint, detail=None)) == 7
    assert json.loads(web.asked[1].body) == {"region": "putuo", "pageSize": 3, "pageNo": 2}
    assert web.asked[1].query == {}


def test_what_is_broken_in_one_entry(web: Any, told: Any, platform: Platform) -> None:
    good = platform.__call__
    platform.records = [*RECORDS[:3], {"title": "无名"}, {"code": ["x"]}, RECORDS[0], {"code": "x" * 300}]

    def answer(asked: Any) -> Any:
        if asked.path == "/api/show/1":
            return told({"code": 7, "msg": "s3cret"})
        if asked.path == "/api/show/2":
            return told({"code": 0, "data": {"fields": None}})
        if asked.path == "/api/show/3":
            return told({"code": 0, "data": {"other": [], "fields": [{"x": 1}, {"en": "a"}]}})
        return good(asked)

    web.answer = answer
    with source(f"{web.url}/api") as opened:
        listing = opened.list_assets()
        assert (len(listing.names), listing.complete, listing.reason) == (3, False, "some entries could not be read")
        assert [(one.name, len(one.columns)) for one in opened.assets()] == [("R2", 0), ("R3", 1)]
        told_failures = [str(failure).replace(web.host, "HOST") for failure in opened.failures]
    assert told_failures == [
        "HOST: item 4 of the list has no name (correct asset.name)",
        "HOST: item 5 of the list has no name (correct asset.name)",
        "民政局.R1: another entry has the same name (map name to what is unique)",
        f"{'x' * 50}: the name has 300 characters (at most 256 are possible)",
        "HOST 民政局.R1: answered code = 7 where success was expected (check auth, and the parameters)",
        "民政局.R3: information item 1 has no name (correct column.name)",
    ]


def test_a_mark_of_secrecy_in_a_detail(web: Any, told: Any, platform: Platform) -> None:
    good = platform.__call__
    web.answer = lambda asked: (
        told({"code": 0, "data": {"about": "涉密", "fields": []}}) if "show/2" in asked.path else good(asked)
    )
    with source(f"{web.url}/api") as opened:
        assert "R2" not in [asset.name for asset in opened.assets()]
        assert opened.quarantined == {"民政局.R2"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"flavour": "other"}, "needs flavour"),
        ({"list": None}, "needs list"),
        ({"asset": None}, "needs asset"),
        ({"asset": {"name": "a[?(@.x)]"}, "column": None}, "no path into an answer"),
        ({"column": None}, "belong together"),
        ({"list": {"path": 1}}, "list.path: Expected `str`, got `int`"),
        ({"list": {"pages": {"style": "pages"}}}, "list.pages.style: Invalid enum value 'pages'"),
        ({"list": {"pages": {"style": "page"}}}, "need parameter"),
        ({"list": {"pages": {"style": "next"}}}, "need next"),
        ({"list": {"limit": 1}}, "unknown field `limit`"),
        ({"detail": LIST}, "detail has no pages"),
        ({"rate": 0.0}, "rate must be more than 0"),
        ({"auth": {"kind": "bearer", "token": 5}}, "auth.token: Expected `str`, got `int`"),
        ({"auth": {"kind": "key", "value": "v"}}, "needs header or query"),
    ],
)
def test_wrong_options(options: Data, message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        source("http://127.0.0.1:1", **options)


def test_an_address_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="needs url"):
        RestConnector(SystemConfig(department="d", id="s", connector="rest", options={"flavour": "ckan"}))


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("$", {"a": 1}, [{"a": 1}]),
        ("a.b", {"a": {"b": None}}, [None]),
        ("$.a[*].b", {"a": [{"b": 1}, 5, {"b": 2}]}, [1, 2]),
        ("a[].b", {"a": [{"b": 1}]}, [1]),
        ("a[1]", {"a": [1, 2]}, [2]),
        ("a[9]", {"a": [1, 2]}, []),
        ("['a.b'][\"c\"]", {"a.b": {"c": 3}}, [3]),
        ("数据.列表", {"数据": {"列表": 1}}, [1]),
        ("a.b", [1], []),
    ],
)
def test_paths(path: str, value: Any, found: list[Any]) -> None:
    assert Path(path).all(value) == found


@pytest.mark.parametrize("module", [cycles_module, paths_module, text_module])
def test_examples_in_docstrings(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("written", "cycle"),
    [
        ("按月", "每月"),
        (" DAILY ", "每日"),
        ("freq:quarterly", "每季度"),
        ("R/P6M", "每半年"),
        ("", None),
        (None, None),
    ],
)
def test_update_cycles(written: str | None, cycle: str | None) -> None:
    assert cycles_module.cycle_of(written) == cycle


# --- pages ---------------------------------------------------------------------------------------------------------

PLAIN: Data = {"detail": None, "asset": {"name": "code"}, "column": None}
Answer = Callable[[Any], Any]


def by_offset(told: Any) -> Answer:
    # It caps the size at 2, whatever is asked for.
    return lambda asked: told({"rows": RECORDS[int(asked.query["skip"]) :][:2]})


def by_cursor(told: Any) -> Answer:
    def answer(asked: Any) -> Any:
        at = int(asked.query.get("after", "0"))
        return told({"rows": RECORDS[at : at + 3], "next": at + 3 if at + 3 < len(RECORDS) else None})

    return answer


def by_link(told: Any) -> Answer:
    def answer(asked: Any) -> Any:
        at = int(asked.query.get("at", "0"))
        link = (
            f'<?at=0>; rel="first", </list?at={at + 4}>; title="x"; rel="next"'
            if at + 4 < len(RECORDS)
            else "<?at=0>; rel=first"
        )
        return told({"rows": RECORDS[at : at + 4]}, headers={"Link": link})

    return answer


def by_next(told: Any) -> Answer:
    def answer(asked: Any) -> Any:
        at = int(asked.query.get("at", "0"))
        following = f"http://{asked.headers['host']}/list?at={at + 5}" if at + 5 < len(RECORDS) else ""
        return told({"rows": RECORDS[at : at + 5], "meta": {"next": following}})

    return answer


@pytest.mark.parametrize(
    ("answers", "pages", "requests"),
    [
        (by_offset, {"style": "offset", "parameter": "skip"}, 5),
        (by_cursor, {"style": "cursor", "parameter": "after", "next": "next"}, 3),
        (by_link, {"style": "link"}, 2),
        (by_next, {"style": "next", "next": "meta.next"}, 2),
    ],
)
def test_styles_of_pages(web: Any, told: Any, answers: Callable[[Any], Answer], pages: Data, requests: int) -> None:
    web.answer = answers(told)
    endpoint = {"path": "list", "items": "rows", "pages": pages}
    assert names(web.url, list=endpoint, **PLAIN) == [one["code"] for one in RECORDS]
    assert len(web.asked) == requests


def rows(told: Any, **more: Any) -> Answer:
    return lambda asked: told({"rows": RECORDS[:2], **more})


@pytest.mark.parametrize(
    ("more", "pages", "reason"),
    [
        ({}, {"style": "page", "parameter": "p"}, "the same page came twice"),
        ({"next": "c"}, {"style": "cursor", "parameter": "p", "next": "next"}, "the same page came twice"),
        ({"next": "http://other.example/list"}, {"style": "next", "next": "next"}, "not on the same host"),
        ({"next": "https://HOST/list"}, {"style": "next", "next": "next"}, "not on the same host"),
        ({"next": "http://[/"}, {"style": "next", "next": "next"}, "not on the same host"),
        ({"total": "9"}, {"style": "link", "total": "total"}, "listed 2 of 9"),
    ],
)
def test_half_a_list_is_not_the_whole(web: Any, told: Any, more: Data, pages: Data, reason: str) -> None:
    more = {key: value.replace("HOST", web.host) for key, value in more.items()}
    web.answer = rows(told, **more)
    with source(web.url, list={"items": "rows", "pages": pages}, **PLAIN) as opened:
        listing = opened.list_assets()
    assert (listing.names, listing.complete) == (("R1", "R2"), False)
    assert reason in str(listing.reason)


@pytest.mark.parametrize(("code", "fine"), [(1, True), ("1", False), (True, False), (None, False), ([1], False)])
def test_success_is_what_the_platform_calls_so(web: Any, told: Any, code: Any, fine: bool) -> None:
    web.answer = rows(told, code=code)
    with source(web.url, list={"items": "rows", "success": {"code": [1]}}, **PLAIN) as opened:
        if fine:
            assert opened.list_assets().complete
        else:
            with pytest.raises(SourceFatalError, match="where success was expected"):
                opened.list_assets()


def test_circles_and_endless_lists_end(web: Any, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    web.answer = lambda asked: told({"rows": [{"code": len(web.asked)}], "next": f"/{len(web.asked) % 3}"})
    with source(web.url, list={"items": "rows", "pages": {"style": "next", "next": "next"}}, **PLAIN) as opened:
        assert "the pages lead in a circle" in str(opened.list_assets().reason)
    endless = {"items": "rows", "pages": {"style": "page", "parameter": "p"}}
    for limit, reason in (("MAX_ITEMS", "more than 5 items"), ("MAX_PAGES", "more than 5 pages")):
        monkeypatch.setattr(pages_module, limit, 5)
        with source(web.url, list=endless, **PLAIN) as opened:
            assert reason in str(opened.list_assets().reason)


@pytest.mark.parametrize(
    ("body", "reason"),
    [({"data": 1}, "no list at rows"), (b"<html>", "a web page"), (b"[" * 100_000, "not JSON"), (b"{", "not JSON")],
)
def test_no_list_at_all(web: Any, told: Any, body: Any, reason: str) -> None:
    web.answer = lambda asked: told(body)
    with source(web.url, list={"items": "rows"}, **PLAIN) as opened:
        for action in (opened.probe, opened.list_assets):
            with pytest.raises(SourceFatalError, match=reason):
                action()


def test_a_busy_server_is_asked_again_and_a_broken_one_leaves_half_a_list(
    web: Any, told: Any, platform: Platform
) -> None:
    good, pauses = platform.__call__, list[float]()

    def answer(asked: Any) -> Any:
        if len(web.asked) == 1:
            return told(status=429, headers={"Retry-After": "7"})
        return told(status=503) if asked.query["pageNo"] == "2" else good(asked)

    web.answer = answer
    with source(f"{web.url}/api", detail=None, column=None, asset={"name": "code"}) as opened:
        opened._client.sleep = pauses.append
        listing = opened.list_assets()
    assert 7 <= pauses[0] < 8
    assert len(web.asked) == 1 + 1 + 5
    assert listing.names == ("R1", "R2", "R3")
    assert listing.reason == f"{web.host}: answered HTTP 503 (it is overloaded or starting: try again later)"


def test_a_cut_connection_is_a_failure_that_may_pass(web: Any, told: Any) -> None:
    web.answer = lambda asked: told(None)
    with source(web.url) as opened, pytest.raises(SourceRetryError, match="closed the connection"):
        opened.list_assets()


@pytest.mark.parametrize("number", ["9" * 30, "9" * 4_000, "9" * 5_000, "1e400", "-0.0"])
def test_numbers_as_names(web: Any, told: Any, number: str) -> None:
    web.answer = lambda asked: told(f'[{{"code": {number}}}, {{"code": "b"}}]'.encode())
    with source(web.url, list={}, **PLAIN) as opened:
        try:
            found = len(opened.list_assets().names)
        except SourceFatalError as error:
            found = 2 if "not JSON" in str(error) else 0
    assert found >= 1


# --- auth ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "header", "query"),
    [
        ({"kind": "bearer", "token": "t"}, ("authorization", "Bearer t"), {}),
        ({"kind": "basic", "user": "u", "password": "p:"}, ("authorization", "Basic dTpwOg=="), {}),
        ({"kind": "key", "header": "X-Key", "value": "k"}, ("x-key", "k"), {}),
        ({"kind": "key", "query": "key", "value": "k&"}, ("host", None), {"key": "k&"}),
    ],
)
def test_who_asks(web: Any, told: Any, auth: Data, header: tuple[str, str | None], query: Data) -> None:
    web.answer = lambda asked: told([])
    assert names(web.url, list={}, auth=auth, **PLAIN) == []
    assert web.asked[0].headers[header[0]] == (header[1] or web.host)
    assert web.asked[0].query == query


def test_a_request_is_signed_anew_for_each_attempt(web: Any, told: Any) -> None:
    auth = {
        **{"kind": "signature", "key": "app", "secret": "s3cret", "algorithm": "hmac-sm3"},
        "canonical": "{method}&{path}&{query}&{timestamp}&{nonce}&{body_md5}",
        "headers": {"X-Time": "{timestamp}", "X-Nonce": "{nonce}", "X-Sign": "{signature}"},
        "query": {"appKey": "{key}"},
    }
    web.answer = lambda asked: told(status=503) if len(web.asked) == 1 else told({"rows": []})
    endpoint = {"path": "list", "method": "POST", "params": {"b": True, "a": "值"}, "body": {"x": 1}, "items": "rows"}
    assert names(web.url, list=endpoint, auth=auth, **PLAIN) == []
    first, second = web.asked
    for asked in web.asked:
        seconds, nonce = asked.headers["x-time"], asked.headers["x-nonce"]
        text = f"POST&/list&a=值&appKey=app&b=true&{seconds}&{nonce}&{hashlib.md5(asked.body).hexdigest()}"
        assert asked.headers["x-sign"] == hmac.new(b"s3cret", text.encode(), "sm3").hexdigest()
        assert asked.query == {"a": "值", "b": "true", "appKey": "app"}
        assert asked.body == b'{"x":1}'
    assert first.headers["x-nonce"] != second.headers["x-nonce"]


def test_a_signature_as_a_parameter() -> None:
    spec = Signature(
        key="k",
        secret="{nonce}",
        canonical="{secret}{query}{timestamp}",
        algorithm="md5",
        encoding="HEX",
        timestamp="seconds",
        query={"sign": "{signature}", "ts": "{timestamp}"},
    )
    made = _Signer(spec, clock=lambda: 1.9).sign("GET", "http://h/x", {"a": "1"}, None)
    assert made.params == {"sign": hashlib.md5(b"{nonce}a=1&ts=11").hexdigest().upper(), "ts": "1"}
    coded = Signature(
        key="k", secret="s", canonical="x", encoding="base64", timestamp="%Y", headers={"S": "{signature}"}
    )
    expected = base64.b64encode(hmac.new(b"s", b"x", "sha256").digest()).decode()
    assert _Signer(coded).sign("GET", "http://h/x", {}, None).headers == {"S": expected}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"algorithm": "hmac-none"}, "no digest 'none'"),
        ({"algorithm": "shake_128"}, "no digest 'shake_128'"),
        ({"canonical": "{user}"}, "unknown placeholder {user}"),
        ({"headers": {}}, "sent nowhere"),
    ],
)
def test_signatures_that_cannot_be_made(more: Data, message: str) -> None:
    auth = {"kind": "signature", "key": "k", "secret": "s3cret", "canonical": "x", "headers": {"S": "{signature}"}}
    with pytest.raises(ConfigurationError, match=re.escape(message)) as error:
        source("http://127.0.0.1:1", auth={**auth, **more})
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    "spec",
    [
        Bearer(token="s3cret"),
        Basic(user="u", password="s3cret"),
        Key(value="s3cret"),
        Signature(key="k", secret="s3cret", canonical="x"),
    ],
)
def test_secrets_are_in_no_repr(spec: object) -> None:
    assert "s3cret" not in f"{spec!r}{spec}"


def test_secrets_are_in_no_failure(web: Any, told: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    web.answer = lambda asked: told({"code": "s3cret", "msg": "s3cret"}, 200)
    auth = {"kind": "key", "query": "key", "value": "s3cret"}
    with source(web.url, auth=auth) as opened, pytest.raises(SourceFatalError) as error:
        opened.list_assets()
    assert "s3cret" not in str(error.value) + repr(error.value) + caplog.text + repr(vars(opened)["_client"])
