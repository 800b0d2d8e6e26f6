"""What one asset's draft says: structure, labels, texts, what is left to people; and the bodies that it becomes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from connectors.om_version import Features, ServerVersion
from workflows.publish.history import History
from workflows.publish.merge import Scheme, stored_labels
from workflows.publish.model import ON_ASSET, Base, Change, Mark, WantedAsset, WantedColumn, WantedEdge
from workflows.publish.planner import Draft, allowed, by_parent, changes_of, conflicts_of, draft, planned
from workflows.publish.stored import ownership_of, properties_of, texts_of, trimmed
from workflows.publish.writing import constraints_op, ownership_ops, property_ops, put_body, text_ops

SCHEME = Scheme(frozenset({"数据分级", "数据元"}), frozenset({"数据类别"}))
V1, V2 = (Features.of(ServerVersion.parse(text)) for text in ("1.2.0", "2.0.6"))
L2, L3 = (Mark(f"数据分级.L{n}", reason="依据") for n in (2, 3))
BY_HAND = Mark("数据分级.L2", "Manual", "Confirmed")


def wanted(*columns: WantedColumn, **more: Any) -> WantedAsset:
    own = columns or (WantedColumn("id", 1, "BIGINT"), WantedColumn("sfzh", 2, "VARCHAR", length=18, marks=(L3,)))
    place = {"service": "mz", "database": "d", "schema": "s", "name": "t"}
    return WantedAsset(key="mz/r/t", kind="table", fqn="mz.d.s.t", columns=own, **{**place, **more})


def stored(asset: WantedAsset, **more: Any) -> dict[str, Any]:
    """The asset as a server shows it when everything but labels has been written."""
    columns = [{"name": one.name, "dataType": one.data_type, "tags": []} for one in asset.columns]
    return {"id": "7", "fullyQualifiedName": asset.fqn, "version": 0.1, "tags": [], "columns": columns, **more}


def written(asset: WantedAsset, **more: Any) -> Base:
    return Base(asset.fqn, id="7", version=0.1, structure=asset.structure, **more)


def compared(asset: WantedAsset, there: dict[str, Any] | None, base: Base | None = None) -> Draft:
    return draft(asset, there, base, SCHEME, History((), ()))


def test_a_new_asset_is_one_creation_and_its_labels() -> None:
    found = compared(wanted(title="表", description="说明"), None)
    assert [(c.operation, c.path, c.field, c.new, c.reason) for c in changes_of(found)] == [
        ("create", "", "", "表", ""),
        ("create", "sfzh", "数据分级", "数据分级.L3", "依据"),
    ]
    assert found.writes
    assert planned(found).wanted == found.wanted.digest


def test_a_withdrawal_says_why() -> None:
    asset = wanted(WantedColumn("id", 1, "BIGINT"), WantedColumn("sfzh", 2, "VARCHAR", length=18))
    there = stored(asset)
    there["columns"][1]["tags"] = [{"tagFQN": L3.fqn, "labelType": "Generated", "state": "Suggested"}]
    found = compared(asset, there, written(asset, marks=[("sfzh", L3)]))
    assert [(c.operation, c.path, c.old, c.new, c.reason) for c in changes_of(found)] == [
        ("withdraw", "sfzh", "数据分级.L3", "", "规则已不给出此标签")
    ]


def test_what_is_as_wanted_needs_nothing_and_is_remembered_without_reasons() -> None:
    asset = wanted()
    there = stored(asset)
    there["columns"][1]["tags"] = [{"tagFQN": L3.fqn, "labelType": "Generated", "state": "Suggested"}]
    found = compared(asset, there, written(asset))
    assert (found.writes, list(changes_of(found)), list(conflicts_of(found))) == (False, [], [])
    assert found.after.marks == [("sfzh", msgspec.structs.replace(L3, reason=""))]


def test_a_changed_structure_is_told_by_its_columns() -> None:
    before = wanted()
    after = wanted(WantedColumn("id", 1, "INT"), WantedColumn("xm", 2, "VARCHAR", length=9))
    found = compared(after, stored(before), written(before))
    assert found.structure == "+xm, -sfzh, id: BIGINT → INT"
    assert not found.drifted
    assert compared(before, stored(after), written(before)).drifted


def test_a_retyped_column_keeps_its_labels_in_the_plan() -> None:
    before = wanted()
    there = stored(before)
    there["columns"][1]["tags"] = [{"tagFQN": BY_HAND.fqn, "labelType": "Manual", "state": "Confirmed"}]
    after = wanted(before.columns[0], WantedColumn("SFZH", 2, "CHAR", length=18, marks=(L3,)))
    found = compared(after, there, written(before))
    assert found.labels.edits == ()
    assert [change.path for change in conflicts_of(found)] == ["SFZH"]


def test_texts_and_properties_of_people_stay() -> None:
    asset = wanted(description="新", title="新名", properties={"updateCycle": "每日", "provider": "民政局"})
    there = stored(asset, description="人工", displayName="旧名", extension={"updateCycle": "旧"})
    base = written(asset, texts={"": "旧", "displayName:": "旧名"}, properties={"updateCycle": "旧"})
    found = compared(asset, there, base)
    assert [(c.field, c.old, c.new) for c in changes_of(found) if c.field != "数据分级"] == [
        ("displayName", "旧名", "新名"),
        ("updateCycle", "旧", "每日"),
        ("provider", "", "民政局"),
    ]
    assert found.texts.kept == ("",)
    assert [op["path"] for op in (*text_ops(there, found.texts), *property_ops(there, found.properties))] == [
        "/displayName",
        "/extension/updateCycle",
        "/extension/provider",
    ]


@pytest.mark.parametrize(
    ("deleted_by_us", "blocked", "restore"), [(True, "", True), (False, "已在 OpenMetadata 中被删除，保持原状", False)]
)
def test_deleted_assets_come_back_only_when_we_deleted_them(deleted_by_us: bool, blocked: str, restore: bool) -> None:
    asset = wanted()
    found = compared(asset, stored(asset, deleted=True), written(asset, deleted=deleted_by_us))
    assert (found.blocked, found.restore) == (blocked, restore)
    assert found.writes is restore


def test_of_another_connectors_asset_only_labels_are_touched() -> None:
    asset = wanted(labels_only=True, title="不写", description="不写", properties={"a": "b"}, owner="x")
    there = stored(wanted(WantedColumn("sfzh", 1, "TEXT"), WantedColumn("other", 2, "INT")))
    found = compared(asset, there)
    assert [(change.field, change.path) for change in changes_of(found)] == [("数据分级", "sfzh")]
    assert compared(asset, None).blocked == "服务器上没有此资产"


def test_an_asset_made_anew_has_no_past() -> None:
    asset = wanted()
    base = Base(asset.fqn, id="gone", structure=asset.structure, marks=[("sfzh", L3)], gone=[("sfzh", L3)])
    found = compared(asset, stored(asset), base)
    assert [edit.new for edit in found.labels.edits] == [L3]


def test_edges_that_are_ours_are_pruned_and_no_others() -> None:
    old, new = WantedEdge("mz.d.s.a", (("x", "id"),)), WantedEdge("mz.d.s.b", ())
    asset = wanted(lineage=(new,))
    found = compared(asset, stored(asset), written(asset, edges=[old]))
    lineage = [(c.operation, c.old, c.new) for c in changes_of(found) if c.field == "lineage"]
    assert lineage == [("create", "", "mz.d.s.b"), ("delete", "mz.d.s.a", "")]


def test_owner_domain_and_status() -> None:
    asset = wanted(owner="民政局", domain="mz", status="Approved")
    there = stored(asset, owners=[{"id": "1", "name": "别人"}], domains=[], entityStatus="Unprocessed")
    found = compared(asset, there)
    assert found.ownership.kept == ("owner",)
    references = {"domain": {"id": "9", "type": "domain"}}
    assert ownership_ops(found.ownership, references, V2) == [
        {"op": "add", "path": "/domains", "value": [{"id": "9", "type": "domain"}]},
        {"op": "add", "path": "/entityStatus", "value": "Approved"},
    ]
    # Without the reference the domain is left out: its id would poison a table of 1.2.
    assert [op["path"] for op in ownership_ops(found.ownership, {}, V1)] == ["/entityStatus"]


def test_what_was_planned_may_be_written() -> None:
    one, two = Change("create", "tables", "t", "c", "数据分级", "", "L3"), Change("update", "tables", "t", field="x")
    assert allowed([one], [one, two])
    assert allowed([msgspec.structs.replace(one, reason="another")], [one])
    assert not allowed([two], [one])
    created = Change("create", "tables", "t", new="t")
    assert allowed([two], [created]), "with the creation everything that makes the asset was planned"
    assert not allowed([Change("withdraw", "tables", "t", field="x")], [created])


def test_assets_of_one_schema_come_together() -> None:
    stream = [wanted(name=name, schema=schema) for schema, name in (("a", "1"), ("a", "2"), ("b", "1"))]
    assert [(group.parent, len(list(group.assets))) for group in by_parent(stream)] == [("mz.d.a", 2), ("mz.d.b", 1)]


# --- bodies --------------------------------------------------------------------------------------------------------


def test_a_put_says_structure_and_never_labels() -> None:
    asset = wanted(description="说明", primary_key=("id",))
    body = put_body(asset, None, V2)
    assert body["sourceHash"] == asset.structure
    assert body["databaseSchema"] == "mz.d.s"
    assert body["columns"] == [
        {"name": "id", "dataType": "BIGINT", "ordinalPosition": 1, "constraint": "PRIMARY_KEY"},
        {"name": "sfzh", "dataType": "VARCHAR", "dataLength": 18, "ordinalPosition": 2},
    ]
    assert not {"tags", "owner", "owners", "domain", "domains"} & body.keys()
    assert "sourceHash" not in put_body(asset, None, V1)
    assert "sourceHash" not in put_body(asset, stored(asset), V2, drifted=True)


def test_a_put_of_an_existing_asset_carries_what_stands_there() -> None:
    """An administrator's PUT clears what it leaves out."""
    asset = wanted(description="新", title="新")
    there = stored(asset, description="人工", extension={"updateCycle": "每日"})
    there["columns"][0] |= {"description": "人工列", "extension": {"itemType": "整型I"}}
    body = put_body(asset, there, V2)
    assert (body["description"], body["extension"], body.get("displayName")) == ("人工", {"updateCycle": "每日"}, None)
    assert body["columns"][0]["description"] == "人工列"
    assert body["columns"][0]["extension"] == {"itemType": "整型I"}


def test_keys_of_several_columns_and_foreign_keys() -> None:
    asset = wanted(primary_key=("id", "sfzh"), foreign_keys=((("sfzh",), ("mz.d.s.p.sfzh",)),))
    primary = {"constraintType": "PRIMARY_KEY", "columns": ["id", "sfzh"]}
    assert put_body(asset, None, V2)["tableConstraints"] == [primary]
    foreign = {"constraintType": "FOREIGN_KEY", "columns": ["sfzh"], "referredColumns": ["mz.d.s.p.sfzh"]}
    assert constraints_op(asset)["value"] == [primary, foreign]


def test_an_endpoint_has_fields() -> None:
    place = {"kind": "endpoint", "database": "", "schema": "c", "name": "get persons", "fqn": "mz.c.get persons"}
    asset = msgspec.structs.replace(wanted(WantedColumn("id", 1, "INT", display_type="int")), **place)
    body = put_body(asset, None, V2)
    assert body["apiCollection"] == "mz.c"
    assert body["responseSchema"]["schemaFields"] == [{"name": "id", "dataType": "INT", "dataTypeDisplay": "int"}]
    there = {"tags": [], "responseSchema": {"schemaFields": [{"name": "id", "dataType": "INT"}]}}
    assert compared(asset, {"id": "7", **there}, written(asset)).structure is None


def test_what_is_read_is_trimmed() -> None:
    label = {"tagFQN": "数据分级.L3", "labelType": "Manual", "state": "Confirmed", "source": "Classification"}
    full = {
        **stored(wanted(), description="说明", owner={"id": "1", "name": "o", "description": "…"}, updatedBy="x"),
        "tags": [{**label, "style": {"color": "#000"}, "description": "…", "href": "…"}],
        "changeDescription": {},
        "sampleData": {"rows": [["secret"]]},
    }
    full["columns"][0] |= {"profile": {"max": "secret"}, "description": "编号", "extension": {"itemType": "整型I"}}
    small = trimmed(full)
    assert "secret" not in str(small)
    assert small["tags"] == [label]
    assert stored_labels(small)[ON_ASSET] == (Mark("数据分级.L3", "Manual", "Confirmed"),)
    assert texts_of(small) == {"": "说明", "id": "编号"}
    assert properties_of(small) == {"id\0itemType": "整型I"}
    assert ownership_of(small) == {"owner": "o"}
