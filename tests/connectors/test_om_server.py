"""An OpenMetadata server's service as a system, on both profiles of the contract server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import ConfigurationError, SourceFatalError, SourceRetryError, SystemConfig
from connectors.config import check_keys
from connectors.model import Asset, Failure, ForeignKey, from_json, to_json
from connectors.om_assets import Place, asset_of, place_of_parent, row_of
from connectors.om_client import OpenMetadata
from connectors.om_errors import IncompleteListing, NotAllowed, ServerBroken, ServerRetryError
from connectors.om_names import encode_name
from connectors.om_server import ServerConnector
from connectors.testing import Conformance
from connectors.types import DATA_TYPES

SERVICE = "mysql.prod"
CONNECTION = {"config": {"type": "CustomDatabase", "sourcePythonClass": "x"}}
Entity = dict[str, Any]


def column(name: str, kind: str = "INT", **more: Any) -> Entity:
    return {"name": encode_name(name), "dataType": kind, **more}


PERSON = [
    column("id", "BIGINT", constraint="PRIMARY_KEY"),
    column("姓名", "VARCHAR", dataLength=50, dataTypeDisplay="varchar(50)", constraint="NOT_NULL"),
    column("身份证号", "VARCHAR", dataLength=18, dataTypeDisplay="varchar(18)", description="公民身份号码"),
    column("a>b", "DECIMAL", precision=10, scale=2, displayName="救助金额", constraint="NULL"),
    column(
        "地址", "STRUCT", children=[column("省"), column("市", "STRUCT", children=[column("区", "CHAR", dataLength=6)])]
    ),
    column("级别", "SUPER"),
]
PAID = [column("id", "BIGINT"), column("人", "BIGINT"), column("金额", "DECIMAL")]


class Desk:
    """A server that others filled: their administrator's client, and our configuration of it."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.admin = OpenMetadata(server.url, server.admin_token, sleep=lambda seconds: None)
        self.put("databaseService", name=SERVICE, serviceType="CustomDatabase", connection=CONNECTION)
        self.put("database", name="库", service=f'"{SERVICE}"')
        for schema in ("mz", "s.2"):
            self.put("databaseSchema", name=schema, database=f'"{SERVICE}".库')
        self.person = self.table("人员", PERSON, description="救助对象")
        self.table("发放", PAID, tableConstraints=self.keys())
        self.table("v_人员", [column("姓名", "STRING")], tableType="View", schema='"s.2"')
        if self.admin.features.api_services:
            self.endpoints()

    def put(self, kind: str, **body: Any) -> Entity:
        return self.admin.put(kind, body)

    def table(self, name: str, columns: list[Entity], schema: str = "mz", **more: Any) -> Entity:
        parent = f'"{SERVICE}".库.{schema}'
        return self.put("table", name=encode_name(name), databaseSchema=parent, columns=columns, **more)

    def keys(self) -> list[Entity]:
        found: list[Entity] = [{"constraintType": "PRIMARY_KEY", "columns": ["id"]}]
        if self.admin.features.owners:
            referred = [f'"{SERVICE}".库.mz.人员.id']
            found.append({"constraintType": "FOREIGN_KEY", "columns": ["人"], "referredColumns": referred})
        return found

    def endpoints(self) -> None:
        rest = {"config": {"type": "Rest", "openAPISchemaConnection": {"openAPISchemaURL": "http://example.com/"}}}
        self.put("apiService", name=SERVICE, serviceType="Rest", connection=rest)
        url = "http://example.com/c"
        self.put("apiCollection", name="查询", service=f'"{SERVICE}"', endpointURL=url)
        inner = {"name": "人", "dataType": "RECORD", "children": [{"name": "xm", "dataType": "STRING"}]}
        schema = {"schemaType": "JSON", "schemaFields": [inner, {"name": "数", "dataType": "LONG"}]}
        parent = f'"{SERVICE}".查询'
        self.put(
            *("apiEndpoint",),
            **{"name": "GET /人员", "apiCollection": parent, "endpointURL": url, "responseSchema": schema},
        )

    def config(self, **more: Any) -> SystemConfig:
        options = {"service": SERVICE, "token": self.server.tokens["bot"], **more.pop("options", {})}
        fields = {"url": self.server.url, "options": options, **more}
        return SystemConfig(department="mz", id="jz", connector="openmetadata", **fields)

    def read(self, **more: Any) -> dict[str, Asset]:
        with ServerConnector(self.config(**more)) as source:
            found = {asset.qualified_name: asset for asset in source.assets()}
            assert source.failures == []
        return found

    def sample_of(self, table: Entity, columns: list[str], rows: list[list[Any]]) -> None:
        body = {"columns": columns, "rows": rows}
        self.admin.request("PUT", f"tables/{table['id']}/sampleData", None, body, doing="sample")

    def label(self, table: Entity, path: str, *tags: str) -> None:
        self.put("classification", name="PII", description="d")
        self.put("tag", name="Sensitive", classification="PII", description="d")
        value = [{"tagFQN": tag, "source": "Classification", "labelType": "Manual"} for tag in tags]
        self.admin.patch("table", table["id"], [{"op": "add", "path": path, "value": value}])


@pytest.fixture(params=["1.2", "2.0"])
def desk(request: pytest.FixtureRequest, shared_contract_server: Callable[[str], Any]) -> Iterator[Desk]:
    server = shared_contract_server(request.param)
    made = Desk(server)
    yield made
    made.admin.close()


class TestConformance(Conformance):
    @pytest.fixture
    def config(self, desk: Desk) -> SystemConfig:
        desk.sample_of(desk.person, ["姓名", "身份证号"], [["张三", "310107199001011234"], ["李四", None]])
        return desk.config(options={"stored_samples": True})


def test_what_others_brought(desk: Desk) -> None:
    found = desk.read()
    person = found["库.mz.人员"]
    assert (person.database, person.schema, person.comment, person.kind) == ("库", "mz", "救助对象", "table")
    assert (person.primary_key, person.row_estimate) == (("id",), None)
    shape = [(c.name, c.type, c.data_type, c.nullable, c.length) for c in person.columns]
    assert shape == [
        ("id", "bigint", "BIGINT", False, None),
        ("姓名", "varchar(50)", "VARCHAR", False, 50),
        ("身份证号", "varchar(18)", "VARCHAR", None, 18),
        ("a>b", "decimal", "DECIMAL", True, None),
        ("地址", "struct", "STRUCT", None, None),
        ("地址.省", "int", "INT", None, None),
        ("地址.市", "struct", "STRUCT", None, None),
        ("地址.市.区", "char", "CHAR", None, 6),
        ("级别", "super", "UNKNOWN", None, None),
    ]
    assert [c.comment for c in person.columns[2:4]] == ["公民身份号码", "救助金额"]
    assert (person.columns[3].precision, person.columns[3].scale) == (10, 2)
    assert (found["库.s.2.v_人员"].kind, found["库.s.2.v_人员"].schema) == ("view", "s.2")
    assert found["库.mz.发放"].primary_key == ("id",)


def test_foreign_keys_and_endpoints_where_the_server_has_them(desk: Desk) -> None:
    found = desk.read()
    young = desk.admin.features.api_services
    assert found["库.mz.发放"].foreign_keys == ((ForeignKey(("人",), "mz.人员", ("id",)),) if young else ())
    assert ("查询.GET /人员" in found) == young
    if young:
        endpoint = found["查询.GET /人员"]
        assert (endpoint.kind, endpoint.database, endpoint.schema) == ("operation", None, "查询")
        names = [(c.name, c.data_type) for c in endpoint.columns]
        assert names == [("人", "RECORD"), ("人.xm", "STRING"), ("数", "LONG")]
        restricted = desk.read(restricted=["mz.人员"])
        assert restricted["库.mz.发放"].foreign_keys == ()


def test_row_counts_are_the_latest_profiles(desk: Desk) -> None:
    for moment, rows in ((1, 5), (2, 1234)):
        body = {"tableProfile": {"timestamp": moment, "rowCount": rows, "columnCount": 6}}
        desk.admin.request("PUT", f"tables/{desk.person['id']}/tableProfile", None, body, doing="profile")
    assert desk.read()["库.mz.人员"].row_estimate == 1234
    assert desk.read()["库.mz.发放"].row_estimate is None


def test_who_may_not_see_profiles_gets_no_counts_and_asks_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refused(client: OpenMetadata, fqn: str) -> Any:
        asked.append(fqn)
        raise NotAllowed("no")

    monkeypatch.setattr(OpenMetadata, "profile", refused)
    for number in range(100):
        desk.table(f"t{number}", [column("x")], schema='"s.2"')
    assert {asset.row_estimate for asset in desk.read().values()} == {None}
    # Some were asked for side by side.
    assert 1 <= len(asked) <= 4


def test_a_profile_that_cannot_be_read_costs_one_count(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(client: OpenMetadata, fqn: str) -> Any:
        if fqn.endswith("人员"):
            raise ServerBroken("read the profile: HTTP 500")
        return {"profile": {"rowCount": 7.0}}

    monkeypatch.setattr(OpenMetadata, "profile", broken)
    with ServerConnector(desk.config(include=["mz.*"])) as source:
        counts = {asset.name: asset.row_estimate for asset in source.assets()}
        assert counts == {"人员": None, "发放": 7}
        assert [failure.place for failure in source.failures] == ['"mysql.prod".库.mz.人员']


def test_secret_deleted_and_excluded_tables(desk: Desk) -> None:
    desk.table("机密名单", [column("x")])
    desk.table("普通", [column("x")], displayName="涉密人员")
    gone = desk.table("旧表", [column("x")])
    desk.admin.delete("table", gone["id"])
    with ServerConnector(desk.config(exclude=["mz.发放"])) as source:
        listing = source.list_assets()
        read = [asset.qualified_name for asset in source.assets()]
    assert (listing.complete, listing.quarantined, listing.excluded) == (True, 2, 1)
    assert source.quarantined == {"库.mz.机密名单", "库.mz.普通"}
    assert sorted(listing.names) == sorted(read)
    assert {"库.mz.人员", "库.s.2.v_人员"} == {name for name in read if name.startswith("库")}


def test_samples_only_when_the_site_says_so(desk: Desk) -> None:
    rows = [["张三", "x" * 5000, 1], [None, "b", 2], ["李四", "c", 3]]
    desk.sample_of(desk.person, ["姓名", "身份证号", encode_name("a>b")], rows)
    for allowed, wanted in (
        (False, {}),
        (True, {"姓名": ["张三", None], "身份证号": ["x" * 4000, "b"], "a>b": [1, 2]}),
    ):
        with ServerConnector(desk.config(options={"stored_samples": allowed})) as source:
            assets = {asset.qualified_name: asset for asset in source.assets()}
            dictionary = source.statements
            assert source.sample(assets["库.mz.人员"], 2) == wanted
            assert source.sample(assets["库.mz.发放"], 2) == {}
            assert source.statements == dictionary


def test_masked_columns_are_no_samples(desk: Desk) -> None:
    desk.label(desk.person, "/columns/2/tags", "PII.Sensitive")
    desk.sample_of(desk.person, ["姓名", "身份证号", "id"], [["张三", "310107199001011234", 1], ["********", "x", 2]])
    token = desk.server.token("reader")
    with ServerConnector(desk.config(options={"stored_samples": True, "token": token})) as source:
        person = next(asset for asset in source.assets() if asset.name == "人员")
        assert source.sample(person, 9) == {"id": [1, 2]}


def test_restricted_and_unread_assets_are_not_sampled(desk: Desk) -> None:
    config = desk.config(options={"stored_samples": True}, restricted=["mz.人员"])
    with ServerConnector(config) as source:
        other = next(asset for asset in source.assets() if asset.name == "发放")
        with pytest.raises(SourceFatalError, match="restricted"):
            source.sample(msgspec.structs.replace(other, name="人员"), 5)
        with pytest.raises(SourceFatalError, match="not among those read"):
            source.sample(msgspec.structs.replace(other, name="别的"), 5)


def test_a_list_that_lacks_rows_is_partial_and_the_rest_is_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = OpenMetadata.list

    def lacking(client: OpenMetadata, kind: str, **more: Any) -> Iterator[Entity]:
        rows = listed(client, kind, **more)
        yield next(rows)
        if more.get("databaseSchema", "").endswith("mz"):
            raise IncompleteListing("list table: the server showed 1 of 2", place="here")
        yield from rows

    monkeypatch.setattr(OpenMetadata, "list", lacking)
    with ServerConnector(desk.config()) as source:
        listing = source.list_assets()
        names = [asset.qualified_name for asset in source.assets()]
        assert source.failures == []
    assert (listing.complete, listing.reason) == (False, "here: list table: the server showed 1 of 2")
    assert sorted(names) == sorted(listing.names)
    assert any(name.startswith("库.s.2.") for name in names)
    # Without a listing before it, the stream says so itself.
    with ServerConnector(desk.config()) as source:
        source._hidden = frozenset()
        assert list(source.assets())
        assert [failure.what[:25] for failure in source.failures] == ["the listing is incomplete"]


def test_a_server_that_dies_in_the_middle_leaves_a_partial_listing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = OpenMetadata.list

    def dying(client: OpenMetadata, kind: str, **more: Any) -> Iterator[Entity]:
        if more.get("databaseSchema", "").endswith('"s.2"'):
            raise ServerRetryError("busy", hint="later", place="here")
        yield from listed(client, kind, **more)

    monkeypatch.setattr(OpenMetadata, "list", dying)
    with ServerConnector(desk.config()) as source:
        listing = source.list_assets()
        assert (listing.complete, listing.reason) == (False, "here: busy (later)")
        assert set(listing.names) == {"库.mz.人员", "库.mz.发放"}
        with pytest.raises(SourceRetryError, match="busy"):
            list(source.assets())


def test_two_names_that_look_the_same_once_joined(desk: Desk) -> None:
    desk.put("databaseSchema", name="s", database=f'"{SERVICE}".库')
    desk.table("2.v_人员", [column("x")], schema="s")
    with ServerConnector(desk.config()) as source:
        names = [asset.qualified_name for asset in source.assets() if "v_" in asset.name]
        assert names == ["库.s.2.v_人员"]
        assert [failure.what for failure in source.failures] == ["another asset has the same dotted name"]


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"options": {"service": "无"}}, SourceFatalError, "no service 无.*check `service:`"),
        ({"options": {"token": "nonsense"}}, SourceFatalError, "no JWT"),
        ({"url": "http://127.0.0.1:9/api"}, SourceRetryError, "127.0.0.1:9"),
    ],
)
def test_one_clear_sentence(
    desk: Desk, change: dict[str, Any], error: type[Exception], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ServerConnector(desk.config(**change)) as source:
        monkeypatch.setattr(source._client._http, "sleep", lambda seconds: None)
        with pytest.raises(error, match=says) as raised:
            source.probe()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"options": {"token": "t"}}, "needs service"),
        ({"options": {"service": "s", "token": " "}}, "needs token"),
        ({"options": {"service": 'a"b', "token": "t"}}, "service: "),
        ({"options": {"service": "s", "token": "t", "ca_file": "ca.pem"}}, "ca_file"),
        ({"options": {"service": "s", "token": "t"}, "url": None}, "needs url"),
        ({"options": {"service": "s", "token": "t"}, "url": "ftp://x"}, "http"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_opened(change: dict[str, Any], says: str) -> None:
    fields = {"url": "http://127.0.0.1:9/api", **change}
    with pytest.raises(ConfigurationError, match=says):
        ServerConnector(SystemConfig(department="d", id="s", connector="openmetadata", **fields))


def test_keys_of_the_department_file() -> None:
    given = {"url": "x", "service": "s", "token": "t", "stored_samples": "yes", "stored_sample": True}
    problems = [problem.key for problem in check_keys("openmetadata", given, ("url", "path"))]
    assert sorted(map(str, problems)) == ["stored_sample", "stored_samples"]
    assert check_keys("openmetadata", {"path": "x"}, ("url", "path"))


# --- hostile entities ------------------------------------------------------------------------------------------------

CONFIG = SystemConfig(department="d", id="s", connector="openmetadata")
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
texts = st.text(max_size=12) | st.sampled_from(["a.b", 'q"', "a__reserved__arrow__b", "\x00", "绝密", "￥"])
maybe = st.none() | texts
numbers = st.none() | st.integers(-(2**70), 2**70)
fields = st.deferred(
    lambda: st.fixed_dictionaries(
        {"name": texts},
        optional={
            **{"dataType": maybe | st.sampled_from(sorted(DATA_TYPES)), "dataTypeDisplay": maybe},
            **{"dataLength": numbers, "precision": numbers, "scale": numbers, "description": maybe},
            **{"displayName": maybe, "constraint": maybe | st.sampled_from(["PRIMARY_KEY", "NULL"]), "odd": anything},
            "children": st.none() | st.lists(fields, max_size=2),
        },
    )
)
constraints = st.fixed_dictionaries(
    {},
    optional={
        "constraintType": maybe | st.sampled_from(["PRIMARY_KEY", "FOREIGN_KEY"]),
        **{"columns": st.none() | st.lists(texts, max_size=2), "referredColumns": st.none() | st.lists(texts)},
    },
)
entities = st.fixed_dictionaries(
    {"id": texts, "name": texts, "fullyQualifiedName": texts},
    optional={
        **{"description": maybe, "displayName": maybe, "deleted": st.none() | st.booleans(), "tableType": maybe},
        "columns": st.none() | st.lists(fields, max_size=4),
        "tableConstraints": st.none() | st.lists(constraints, max_size=2),
        "responseSchema": st.none() | st.fixed_dictionaries({}, optional={"schemaFields": st.lists(fields)}),
    },
)


@settings(max_examples=200)
@given(entities, st.sampled_from([Place("库", "s"), Place(None, "c")]))
def test_hostile_entities_become_assets_that_keep_the_contract(entity: Entity, place: Place) -> None:
    told: list[Failure] = []
    asset = asset_of(row_of(entity), place, CONFIG, lambda schema, name: True, told)
    names = [one.name for one in asset.columns]
    assert len(set(names)) == len(names)
    assert all(names)
    assert [one.ordinal for one in asset.columns] == list(range(1, len(names) + 1))
    assert {one.data_type for one in asset.columns} <= DATA_TYPES
    assert set(asset.primary_key) <= set(names)
    assert all(set(key.columns) <= set(names) for key in asset.foreign_keys)
    assert asset.comment != ""
    assert all(one.comment != "" for one in asset.columns)
    assert from_json(to_json(asset)) == asset


@settings(max_examples=200)
@given(anything | st.dictionaries(st.sampled_from(["id", "name", "columns", "fullyQualifiedName"]), anything))
def test_what_is_no_entity_is_refused_by_type(entity: Any) -> None:
    try:
        row = row_of(entity)
    except msgspec.ValidationError:
        return
    assert isinstance(row.name, str)


def test_an_entity_that_is_not_understood_is_one_failure(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = OpenMetadata.list

    def odd(client: OpenMetadata, kind: str, **more: Any) -> Iterator[Entity]:
        for row in listed(client, kind, **more):
            yield {**row, "columns": "x"} if row["name"] == "人员" else row

    monkeypatch.setattr(OpenMetadata, "list", odd)
    with ServerConnector(desk.config()) as source:
        assert "人员" not in [asset.name for asset in source.assets()]
        (failure,) = source.failures
    assert (failure.place, failure.what[:40]) == ('"mysql.prod".库.mz.人员', "what the server says of it is not unders")


def test_columns_that_an_asset_cannot_have() -> None:
    entity = {"id": "1", "name": "t", "fullyQualifiedName": "s.d.c.t"}
    inner = [{"name": "x"}]
    columns = [{"name": "a.x"}, {"name": "a", "children": inner}, {"name": ""}]
    told: list[Failure] = []
    asset = asset_of(row_of(entity | {"columns": columns}), Place("d", "c"), CONFIG, lambda *_: True, told)
    assert [one.name for one in asset.columns] == ["a.x", "a"]
    assert [failure.what for failure in told] == ["two columns are called a.x", "a column has no name"]


def test_parents() -> None:
    assert place_of_parent('svc."d.1".s') == Place("d.1", "s")
    assert place_of_parent("svc.c__reserved__arrow__") == Place(None, "c>")
    with pytest.raises(Exception, match="neither"):
        place_of_parent("svc")
