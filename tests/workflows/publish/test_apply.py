"""Publishing to the contract server, on both profiles: everything is written once, and people's work survives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from connectors.om_client import OpenMetadata
from workflows.errors import Refusal
from workflows.store_records import Harvested

TABLE = "mz-rescue.default.default.t_000"
FOREIGN = "PII.Sensitive"
PROFILES = ("1.2", "2.0")


@pytest.fixture(params=PROFILES)
def server(request: pytest.FixtureRequest, warm_servers: Callable[[str], Any]) -> Any:
    return warm_servers(request.param)


@pytest.fixture
def admin(server: Any) -> Iterator[OpenMetadata]:
    with OpenMetadata(server.url, server.admin_token) as client:
        yield client


def place_of(server: Any, column: str | None = None, fqn: str = TABLE) -> dict[str, Any]:
    """A stored table, or one of its columns, as it is."""
    tables = server.control("GET", "entities/table")["data"]
    table = next(one for one in tables if one["fullyQualifiedName"] == fqn)
    found: dict[str, Any] = table if column is None else next(c for c in table["columns"] if c["name"] == column)
    return found


def tags_of(server: Any, column: str | None = None, fqn: str = TABLE) -> dict[str, str]:
    """Tag → who put it (label type) on a column, or on the table itself."""
    return {label["tagFQN"]: label["labelType"] for label in place_of(server, column, fqn)["tags"]}


@contextmanager
def before_first_patch(job: Any, action: Callable[[], object]) -> Iterator[None]:
    """Somebody does something between our reading a table and our writing to it."""
    patch = job.client.patch
    done: list[bool] = []

    def patched(kind: str, *arguments: Any) -> Any:
        if kind == "table" and not done:
            done.append(True)
            action()
        return patch(kind, *arguments)

    job.client.patch = patched
    try:
        yield
    finally:
        del job.client.patch
    assert done, "no table was patched"


# --- writing -----------------------------------------------------------------------------------------------------


def test_a_first_publication_writes_everything_and_a_second_one_nothing(
    server: Any, published_site: Any, writes_of: Any, state_of: Any
) -> None:
    site = published_site(server, 6)
    result = site.publish()
    assert (result.exit_code, result.assets.created, result.failures) == (0, 6, [])
    assert tags_of(server, "sfzh").keys() >= {"数据分级.L3", "数据元.公民身份号码"}
    assert "审核状态.待确认" in tags_of(server)
    table = place_of(server)
    assert table["extension"]["resourceCode"] == "300001/000001"
    assert "登记表0" in table["description"]
    assert place_of(server, "sfzh")["description"] == "身份证号"
    before, state = writes_of(server), state_of(server)
    again = site.publish()
    assert (again.exit_code, again.written, again.assets.unchanged) == (0, 0, 6)
    assert writes_of(server) == before
    assert state_of(server) == state
    assert site.plan().writes == 0


def test_the_writes_are_few(server: Any, published_site: Any) -> None:
    """One bulk request per batch of new tables where the server has it, and one PATCH per table."""
    site = published_site(server)
    site.publish()
    site.harvest(site.sql(3, added=12))
    server.control("POST", "reset", {})
    assert site.publish().assets.created == 12
    routes = server.control("GET", "counters")["routes"]
    patches = sum(count for route, count in routes.items() if route.startswith("PATCH"))
    puts = sum(count for route, count in routes.items() if route.startswith("PUT"))
    assert patches == 12
    assert puts == (12 if server.profile == "1.2" else 1)


def test_a_lost_store_adopts_what_stands_there(server: Any, published_site: Any, state_of: Any) -> None:
    published_site(server).publish()
    state = state_of(server)
    other = published_site(server)
    assert other.publish().exit_code == 0
    assert state_of(server) == state
    assert other.publish().written == 0


# --- people at work ----------------------------------------------------------------------------------------------


def test_people_keep_what_they_did_when_structure_and_rules_move_on(
    server: Any, published_site: Any, browser: Any
) -> None:
    site = published_site(server)
    site.publish()
    zhang = browser(server, "wang", admin=True)
    zhang.replace_on_column(TABLE, "sfzh", "数据分级.L3", "数据分级.L4")
    zhang.label_column(TABLE, "sfzh", add=[FOREIGN])
    zhang.label_column(TABLE, "lxdh", remove=["数据分级.L3"])
    zhang.label_table(TABLE, add=[FOREIGN])
    zhang.describe(TABLE, "张三写的说明", "qymc")
    zhang.describe(TABLE, "张三写的表说明")
    before = {column: tags_of(server, column) for column in ("sfzh", "lxdh")}
    # Every second table gets another type of the very column that people worked on.
    site.harvest(site.sql(3, retyped=2, comment="救助登记"))
    result = site.publish()
    assert (result.exit_code, result.failures, result.assets.failures) == (0, [], [])
    assert place_of(server, "sfzh")["dataType"] == "CHAR"
    assert {column: tags_of(server, column) for column in before} == before
    assert tags_of(server)[FOREIGN] == "Manual"
    assert "数据元.邮政编码" in tags_of(server, "yzbm")
    assert place_of(server, "qymc")["description"] == "张三写的说明"
    assert place_of(server)["description"] == "张三写的表说明"
    assert {change.path for change in result.assets.conflicts} == {"sfzh", "lxdh"}
    assert site.publish().written == 0


def test_an_edit_between_reading_and_writing_is_kept(server: Any, published_site: Any, browser: Any) -> None:
    site = published_site(server)
    site.publish()
    site.harvest(site.sql(3, company="法定代表人身份证号"))
    zhang = browser(server, "wang", admin=True)

    def edit() -> None:
        zhang.label_column(TABLE, "xm", add=[FOREIGN])
        zhang.replace_on_column(TABLE, "sfzh", "数据分级.L3", "数据分级.L4")

    with site.publishing() as job, before_first_patch(job, edit):
        assert job.publish().exit_code == 0
    assert tags_of(server, "xm")[FOREIGN] == "Manual"
    assert tags_of(server, "sfzh")["数据分级.L4"] == "Manual"
    assert "数据分级.L3" in tags_of(server, "qymc")


def test_a_table_that_people_deleted_stays_deleted(server: Any, published_site: Any, admin: OpenMetadata) -> None:
    site = published_site(server)
    site.publish()
    admin.delete("table", place_of(server)["id"])
    site.harvest(site.sql(3, comment="救助登记"))
    result = site.publish()
    assert result.exit_code == 0
    assert place_of(server)["deleted"] is True
    assert [change.fqn for change in result.assets.conflicts] == [TABLE]


def test_a_table_deleted_for_good_is_made_anew(server: Any, published_site: Any, admin: OpenMetadata) -> None:
    site = published_site(server)
    site.publish()
    tags = tags_of(server, "sfzh")
    admin.delete("table", place_of(server)["id"], hard=True)
    result = site.publish()
    assert (result.exit_code, result.assets.created) == (0, 1)
    assert tags_of(server, "sfzh") == tags


# --- refused writes ----------------------------------------------------------------------------------------------


def test_a_refusal_for_an_unknown_tag_is_repaired(
    server: Any, published_site: Any, browser: Any, admin: OpenMetadata
) -> None:
    """A tag is deleted under our hands: the PATCH is refused (404) and erases the labels of the column."""
    site = published_site(server)
    site.publish()
    browser(server, "wang", admin=True).label_column(TABLE, "qymc", add=[FOREIGN])
    before = tags_of(server, "qymc")
    site.harvest(site.sql(3, company="法定代表人身份证号"))

    def delete_tag() -> None:
        tag = admin.get("glossaryTerm", "数据元.公民身份号码")
        assert tag is not None
        admin.delete("glossaryTerm", tag["id"], hard=True)

    with site.publishing() as job, before_first_patch(job, delete_tag):
        result = job.publish()
    assert result.exit_code in (1, 3)
    assert any("数据元.公民身份号码" in failure for failure in result.assets.failures)
    assert tags_of(server, "qymc") == before
    assert site.publish().exit_code == 0
    assert tags_of(server, "qymc")[FOREIGN] == "Manual"
    assert "数据元.公民身份号码" in tags_of(server, "qymc")


def test_a_refusal_for_exclusivity_is_repaired_and_then_avoided(
    server: Any, published_site: Any, browser: Any, admin: OpenMetadata
) -> None:
    """Somebody gives the term a tier of its own, which comes along as Derived and excludes ours (400)."""
    site = published_site(server)
    site.publish()
    browser(server, "wang", admin=True).label_column(TABLE, "qymc", add=[FOREIGN])
    before = tags_of(server, "qymc")
    site.harvest(site.sql(3, company="法定代表人身份证号"))
    term = admin.get("glossaryTerm", "数据元.公民身份号码")
    assert term is not None
    tier = {"tagFQN": "数据分级.L4", "source": "Classification", "labelType": "Manual", "state": "Confirmed"}

    def tag_the_term() -> None:
        admin.patch("glossaryTerm", term["id"], [{"op": "add", "path": "/tags", "value": [tier]}])

    try:
        with site.publishing() as job, before_first_patch(job, tag_the_term):
            result = job.publish()
        assert any("mutually exclusive" in failure for failure in result.assets.failures)
        assert tags_of(server, "qymc") == before
        after = site.publish()
        assert (after.exit_code, after.assets.failures) == (0, [])
        assert {change.path for change in after.assets.conflicts} == {"qymc"}
        assert tags_of(server, "qymc")[FOREIGN] == "Manual"
        assert "数据分级.L3" in tags_of(server, "qymc")
        assert site.publish().written == 0
    finally:
        admin.patch("glossaryTerm", term["id"], [{"op": "add", "path": "/tags", "value": []}])


def test_without_the_right_to_make_tags_tables_come_without_labels(
    published_site: Any, contract_server: Callable[..., Any]
) -> None:
    """What may not be made is said once per kind, and no write refers to what is not there."""
    server = contract_server("2.0")
    places = ["domain", "databaseService", "database", "databaseSchema", "table"]
    rule = {"name": "places", "effect": "allow", "resources": places, "operations": ["Create", "EditAll", "ViewAll"]}
    view = {"name": "view", "effect": "allow", "resources": ["All"], "operations": ["ViewAll"]}
    with OpenMetadata(server.url, server.admin_token) as admin:
        admin.put("policy", {"name": "places", "rules": [rule, view]})
        role = admin.put("role", {"name": "places", "policies": ["places"]})
        admin.put("user", {"name": "weak", "email": "weak@example.cn", "roles": [role["id"]]})
    site = published_site(server)
    site.connect(server, token=server.token("weak"))
    result = site.publish()
    assert (result.exit_code, result.assets.created, result.assets.labels) == (3, 3, 0)
    assert sum("weak may not Create on classification" in failure for failure in result.failures) == 1
    assert tags_of(server, "sfzh") == {}
    assert place_of(server, "sfzh")["description"] == "身份证号"
    site.connect(server)
    assert site.publish().exit_code == 0
    assert "数据分级.L3" in tags_of(server, "sfzh")


# --- removals ----------------------------------------------------------------------------------------------------


def test_a_vanished_table_is_soft_deleted_and_comes_back_with_peoples_labels(
    server: Any, published_site: Any, browser: Any
) -> None:
    site = published_site(server, 6)
    site.publish()
    browser(server, "wang", admin=True).label_column(TABLE, "xm", add=[FOREIGN])
    site.harvest(site.sql(6, dropped=[0]))
    assert site.publish().assets.deleted == 1
    assert place_of(server)["deleted"] is True
    assert site.publish().written == 0
    site.harvest(site.sql(6))
    assert site.publish().assets.restored == 1
    assert place_of(server)["deleted"] is False
    assert tags_of(server, "xm")[FOREIGN] == "Manual"
    assert site.publish().written == 0


def test_too_many_vanished_tables_are_refused_and_the_rest_goes_on(server: Any, published_site: Any) -> None:
    site = published_site(server, 6)
    site.publish()
    site.accept_removals = True
    site.harvest(site.sql(6, dropped=[0, 1], comment="救助登记"))
    result = site.publish()
    assert result.exit_code == 4
    assert "mz/rescue: 2 of 6 published assets" in result.refused[0]
    assert place_of(server)["deleted"] is False
    assert "救助登记" in place_of(server, fqn=TABLE.replace("t_000", "t_003"))["description"]


def test_what_became_restricted_leaves_the_server(server: Any, published_site: Any) -> None:
    site = published_site(server)
    site.publish()
    path = site.root / "departments" / "mz.yaml"
    path.write_text(path.read_text("utf-8").replace("id: rescue,", "id: rescue, restricted: true,"), "utf-8")
    site.harvest(site.sql(3))
    assert site.publish().assets.deleted == 3
    assert place_of(server)["deleted"] is True
    assert site.publish().written == 0


# --- saved plans -------------------------------------------------------------------------------------------------


def test_a_saved_plan_is_applied_exactly(server: Any, published_site: Any, browser: Any) -> None:
    site = published_site(server)
    site.publish()
    site.harvest(site.sql(3, retyped=2, comment="救助登记"))
    plan = msgspec.json.decode(msgspec.json.encode(site.plan()), type=type(site.plan()))
    fields = {(change.operation, change.field) for asset in plan.assets for change in asset.changes}
    assert ("update", "structure") in fields
    assert ("update", "description") in fields
    # A person works on it between plan and publication; what they did is no reason to refuse.
    zhang = browser(server, "wang", admin=True)
    zhang.label_column(TABLE, "xm", add=[FOREIGN])
    zhang.describe(TABLE, "张三写的表说明")
    result = site.publish(plan)
    assert (result.exit_code, result.assets.updated) == (0, 3)
    assert tags_of(server, "xm")[FOREIGN] == "Manual"
    assert place_of(server)["description"] == "张三写的表说明"
    assert place_of(server, "sfzh")["dataType"] == "CHAR"
    assert site.publish().written == 0


def test_a_stale_plan_is_refused_before_the_first_write(server: Any, published_site: Any, writes_of: Any) -> None:
    site = published_site(server)
    site.publish()
    site.harvest(site.sql(3, comment="救助登记"))
    plan = site.plan()
    site.harvest(site.sql(3, comment="优抚登记"))
    before = writes_of(server)
    with pytest.raises(Refusal, match=r"the plan is stale, nothing was written: .*t_000.*plan again"):
        site.publish(plan)
    assert writes_of(server) == before
    assert "优抚登记" not in str(place_of(server))


def test_a_plan_of_another_server_is_refused(server: Any, published_site: Any) -> None:
    site = published_site(server)
    plan = msgspec.structs.replace(site.plan(), server="http://elsewhere/api")
    with pytest.raises(Refusal, match="the plan is for http://elsewhere/api"):
        site.publish(plan)


# --- tables of other connectors ----------------------------------------------------------------------------------

STOCK = "stock.hr.public.person"
EXISTING = """department: {{id: rs, name: 普陀区人社局, code: "11310107000000027Q"}}
systems:
  - {{id: hr, connector: openmetadata, url: "{url}", token: "{token}", service: stock, sample: false}}
"""


@pytest.fixture
def stock(admin: OpenMetadata) -> Iterator[None]:
    """A service that a stock connector brought, with descriptions and a label of its own."""
    service = {"name": "stock", "serviceType": "CustomDatabase", "connection": {"config": {"type": "CustomDatabase"}}}
    found = admin.put("databaseService", service)
    admin.put("database", {"name": "hr", "service": "stock"})
    admin.put("databaseSchema", {"name": "public", "database": "stock.hr"})
    text = {"dataType": "VARCHAR", "dataLength": 18}
    columns = [{"name": "sfzh", "description": "身份证号", **text}, {"name": "xm", "description": "姓名", **text}]
    columns[1]["tags"] = [{"tagFQN": FOREIGN, "source": "Classification"}]
    body = {"name": "person", "databaseSchema": "stock.hr.public", "description": "人员", "columns": columns}
    admin.put("table", body)
    yield
    admin.delete("databaseService", found["id"], hard=True, recursive=True)


def test_tables_of_other_connectors_get_labels_and_nothing_else(
    server: Any, published_site: Any, admin: OpenMetadata, stock: None
) -> None:
    site = published_site(server)
    text = EXISTING.format(url=server.url, token=server.admin_token)
    (site.root / "departments" / "rs.yaml").write_text(text, encoding="utf-8")
    site.harvest(site.sql(3))
    before = place_of(server, fqn=STOCK)
    assert site.publish().exit_code == 0
    after = place_of(server, fqn=STOCK)
    assert tags_of(server, "sfzh", STOCK).keys() >= {"数据分级.L3", "数据元.公民身份号码"}
    assert tags_of(server, "xm", STOCK)[FOREIGN] == "Manual"
    assert "审核状态.待确认" in tags_of(server, fqn=STOCK)
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} <= {
        *("tags", "columns", "version", "updatedAt", "updatedBy", "changeDescription"),
    }
    for was, now in zip(before["columns"], after["columns"], strict=True):
        assert {**was, "tags": ()} == {**now, "tags": ()}
    assert site.publish().written == 0
    # What the service loses is not ours to delete, and what it deletes is not ours to restore.
    admin.delete("table", after["id"])
    site.accept_removals = True
    site.harvest(site.sql(3))
    result = site.publish()
    assert (result.exit_code, result.assets.deleted, result.assets.restored) == (0, 0, 0)


# --- names and services --------------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
def test_other_names_rename_tags_and_labels_follow(
    published_site: Any, browser: Any, contract_server: Callable[..., Any]
) -> None:
    """ASCII names instead of Han: nothing is relabelled, and what a person put and removed stays theirs."""
    server = contract_server("2.0")
    site = published_site(server)
    site.publish()
    zhang = browser(server, "wang", admin=True)
    zhang.replace_on_column(TABLE, "sfzh", "数据分级.L3", "数据分级.L4")
    zhang.label_column(TABLE, "lxdh", remove=["数据分级.L3"])
    site.connect(server, names="ascii")
    plan = site.plan()
    assert ("rename", "数据分级") in {(change.operation, change.fqn) for change in plan.definitions}
    assert plan.assets == ()
    result = site.publish()
    assert (result.exit_code, result.assets.labels, result.assets.failures) == (0, 0, [])
    assert tags_of(server, "sfzh")["DataTier.L4"] == "Manual"
    assert "DataTier.L3" not in tags_of(server, "lxdh")
    assert "DataTier.L3" in tags_of(server, "lxdh", TABLE.replace("t_000", "t_001"))
    assert site.publish().written == 0


def test_operations_are_endpoints_where_the_server_has_them(
    server: Any, published_site: Any, admin: OpenMetadata
) -> None:
    site = published_site(server)
    with site.publishing() as job:
        (stored,) = (one for one in job.store.stream() if one.asset.name == "t_000")
        operation = msgspec.structs.replace(stored.asset, kind="operation")
        job.store.write_assets(1, job.at, [Harvested(operation, id=stored.id)])
    result = site.publish()
    assert (result.exit_code, result.failures, result.assets.failures) == (0, [], [])
    old = server.profile == "1.2"
    assert any("no API services" in notice for notice in result.notices) is old
    kind, name = ("table", TABLE) if old else ("apiEndpoint", "mz-rescue.default.t_000")

    def labels() -> dict[str, set[str]]:
        rows = server.control("GET", f"entities/{kind}")["data"]
        (found,) = (one for one in rows if one["fullyQualifiedName"] == name)
        fields = found["columns"] if old else found["responseSchema"]["schemaFields"]
        assert "审核状态.待确认" in {label["tagFQN"] for label in found["tags"]}
        return {field["name"]: {label["tagFQN"] for label in field["tags"]} for field in fields}

    assert "数据分级.L3" in labels()["sfzh"]
    assert site.publish().written == 0
    if not old:
        endpoint = admin.get("apiEndpoint", name)
        assert endpoint is not None
        tag = {"tagFQN": FOREIGN, "source": "Classification"}
        path = "/responseSchema/schemaFields/1/tags/-"
        admin.patch("apiEndpoint", endpoint["id"], [{"op": "add", "path": path, "value": tag}])
        before = labels()
        with site.publishing() as job:
            (stored,) = (one for one in job.store.stream() if one.asset.name == "t_000")
            retyped = [msgspec.structs.replace(one, data_type="BIGINT") for one in stored.asset.columns]
            changed = msgspec.structs.replace(stored.asset, columns=tuple(retyped))
            job.store.write_assets(1, job.at, [Harvested(changed, id=stored.id)])
            assert job.publish().assets.updated == 1
        assert labels() == before
        service = admin.get("apiService", "mz-rescue")
        assert service is not None
        admin.delete("apiService", service["id"], hard=True, recursive=True)
