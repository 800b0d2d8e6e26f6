"""What the server should hold of each asset, made from the store as harvest, judging and people left it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete

from classifiers.evidence import Decision
from classifiers.policy import load_pack
from connectors.model import Asset, Column, ColumnSource, ForeignKey
from connectors.om_version import Features, ServerVersion
from workflows import catalogue, store_schema
from workflows.acts.described import Description
from workflows.acts.model import Actor
from workflows.acts.rights import DEFAULT
from workflows.acts.trail import Trail
from workflows.classify import classify
from workflows.entries import codes
from workflows.entries.values import Fill, fill
from workflows.entries.versions import document
from workflows.packs import record_decisions
from workflows.publish import in_force
from workflows.publish.ledger import Ledger
from workflows.publish.model import WantedAsset, WantedColumn, WantedEdge
from workflows.publish.places import Place, place_of, stored_name
from workflows.publish.vocabulary import vocabulary
from workflows.publish.wanted import Told, method_of, readable, wanted_assets, wanted_places
from workflows.server_settings import ServerSettings
from workflows.settings import Department, Site, SiteSettings, SystemSettings
from workflows.store import Store
from workflows.store_records import Harvested

AT = "2026-11-26T10:00:00+08:00"
NEW, OLD = (Features.of(ServerVersion.parse(version)) for version in ("2.0.6", "1.2.0"))
PACK = load_pack("putuo-2020")
COLUMNS = (
    Column("ID", 1, "bigint", "BIGINT", False),
    Column("XM", 2, "varchar(50)", "VARCHAR", True, "姓名：户主的姓名", length=50),
    Column("SFZH", 3, "text", "VARCHAR", None, "身份证号"),
    Column("MM", 4, "varchar(64)", "VARCHAR", True, "登录密码"),
    Column("QQQ9", 5, "int[]", "ARRAY", True),
)
DIBAO = Asset(
    "minzheng", "rescue", "DIBAO", schema="public", comment="低保家庭", primary_key=("ID",), columns=COLUMNS,
    update_cycle="每日",
)  # fmt: skip


def system(ident: str, connector: str = "postgresql", **more: Any) -> SystemSettings:
    return SystemSettings(id=ident, name=f"系统{ident}", connector=connector, **more)


class Desk:
    """A site's store: assets go in, wanted assets come out."""

    def __init__(self, store: Store, *systems: SystemSettings) -> None:
        found = systems or (system("rescue"),)
        self.store = store
        self.department = Department(
            "minzheng", "普陀区民政局", "11310107000000019B", "信息科", "", found, "departments/m.yaml"
        )
        self.site = Site(Path("/nowhere"), SiteSettings(), (self.department,))
        self.told = Told()

    def hold(self, *assets: Asset, judged: bool = True) -> Desk:
        self.store.write_assets(1, AT, [Harvested(asset) for asset in assets])
        return self.judge() if judged else self

    def judge(self) -> Desk:
        classify(self.store, PACK, {}, run=1, at=AT, as_of=date(2026, 1, 1))
        codes.number(self.store, ["minzheng"])
        return self

    def act(self, verb: str, why: str = "", version: str = "", key: str = DIBAO.key) -> None:
        """One act on an entry; what people must do before it is the life cycle's business, not ours."""
        with Trail(self.store).acting(Actor("li")) as acting:
            acting.add("entry", key, verb, why=why, after={"version": version})

    def fill(self, *fills: Fill) -> None:
        with Trail(self.store).acting(Actor("li", "li", roles=("steward",))) as acting:
            fill(acting, DIBAO.key, fills, rights=DEFAULT, items=[column.name for column in DIBAO.columns])

    def in_force(self, key: str = DIBAO.key) -> str:
        """Publish the entry as it is compiled; digest of the version."""
        (found,) = catalogue.entries(
            self.store, PACK, self.department, {one.id: one for one in self.department.systems}
        )
        with Trail(self.store).acting(Actor("li")) as acting:
            version = acting.keep(document(found))
        self.act("submit", version=version, key=key)
        self.act("publish", version=version, key=key)
        return version

    def wanted(self, features: Features = NEW, **settings: Any) -> list[WantedAsset]:
        names = vocabulary(PACK, ServerSettings(url="http://h/api", token="t", **settings), features)
        return list(wanted_assets(self.store, self.site, PACK, names, features, told=self.told))

    def one(self, features: Features = NEW, **settings: Any) -> WantedAsset:
        (found,) = self.wanted(features, **settings)
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    with Store(f"sqlite:///{tmp_path}/store.db") as store:
        yield lambda *systems: Desk(store, *systems)


def fqns(item: WantedAsset | WantedColumn) -> list[str]:
    return [mark.fqn for mark in item.marks]


def test_an_asset_with_everything(desk: Any) -> None:
    wanted = desk().hold(DIBAO).one()
    assert (wanted.fqn, wanted.parent) == ("minzheng-rescue.default.public.DIBAO", "minzheng-rescue.default.public")
    assert (wanted.title, wanted.owner, wanted.domain, wanted.status) == (
        "低保家庭",
        "minzheng-owners",
        "minzheng",
        "Draft",
    )
    assert wanted.description.startswith("低保家庭（系统rescue），主要信息项：")
    assert (wanted.primary_key, wanted.table_type) == (("ID",), "Regular")
    assert wanted.properties["resourceCode"] == "300001/000001"
    assert (wanted.properties["updateCycle"], wanted.properties["provider"]) == ("每日", "普陀区民政局")
    assert wanted.properties["shareBasis"].startswith("《")
    assert wanted.properties["withheldColumns"] == 1
    assert "publishDate" not in wanted.properties
    assert "审核状态.待确认" in fqns(wanted)
    assert "数据分级.L4" in fqns(wanted)
    assert "数据类别.个人证件信息" in fqns(wanted)
    assert "数据类别.凭据" not in fqns(wanted)


def test_columns_with_types_titles_and_labels(desk: Any) -> None:
    found = {column.name: column for column in desk().hold(DIBAO).one().columns}
    assert list(found) == ["ID", "XM", "SFZH", "QQQ9"]
    assert (found["ID"].constraint, found["XM"].constraint, found["SFZH"].constraint) == ("NOT_NULL", "NULL", None)
    assert (found["XM"].title, found["XM"].description) == ("姓名", "姓名：户主的姓名")
    assert (found["XM"].length, found["SFZH"].length, found["ID"].length) == (50, 1, None)
    assert (found["QQQ9"].data_type, found["QQQ9"].display_type) == ("UNKNOWN", "int[]")
    assert fqns(found["SFZH"])[:2] == ["数据元.公民身份号码", "数据分级.L3"]
    assert fqns(found["SFZH"])[-1] == "数据类别.个人证件信息"
    # Not understood: the tier's floor, but neither share nor open type.
    assert fqns(found["QQQ9"]) == ["数据分级.L2"]
    assert found["SFZH"].properties["itemType"] == "字符型C"
    tier = found["SFZH"].marks[1]
    assert "身份证" in tier.reason
    assert "依据：《" in tier.reason
    assert tier.reason.endswith("putuo-2020@1")


def test_older_servers_get_what_they_know(desk: Any) -> None:
    wanted = desk().hold(DIBAO).one(OLD)
    assert (wanted.status, wanted.columns[0].properties) == (None, {})
    assert {mark.label_type for mark in wanted.marks} == {"Automated"}
    # The plan shows reasons that such a server cannot keep.
    assert all(mark.reason.endswith("putuo-2020@1") for mark in wanted.marks)


def test_ascii_names(desk: Any) -> None:
    wanted = desk().hold(DIBAO).one(names="ascii")
    assert "ReviewStatus.pending" in fqns(wanted)
    assert fqns(wanted.columns[2])[0] == "DataElement.person_id_card"


@pytest.mark.parametrize(
    ("values", "tag", "state"),
    [
        (["confirmed"], "已确认", "Confirmed"),
        (["confirmed", "objected"], "有异议", "Confirmed"),
        (["objected", None], "待确认", "Suggested"),
        ([], "待确认", "Suggested"),
    ],
)
def test_the_latest_ruling_on_the_review_counts(desk: Any, values: list[Any], tag: str, state: str) -> None:
    made = desk().hold(DIBAO)
    made.store.add_decisions([Decision(DIBAO.key, "review", value, "李华", AT) for value in values])
    mark = made.one().marks[-1]
    assert (mark.fqn, mark.state) == (f"审核状态.{tag}", state)


def test_peoples_labels_are_confirmed(desk: Any) -> None:
    made = desk().hold(DIBAO)
    rulings = [
        Decision(DIBAO.key, "tier", "L4", "李华", AT, column="XM"),
        Decision(DIBAO.key, "importance", "important", "李华", AT),
    ]
    made.store.add_decisions(rulings)
    wanted = made.judge().one()
    column = next(one for one in wanted.columns if one.name == "XM")
    assert {mark.fqn: mark.state for mark in column.marks}["数据分级.L4"] == "Confirmed"
    assert {mark.fqn: mark.state for mark in column.marks}["数据元.姓名"] == "Suggested"
    assert {mark.fqn: mark.state for mark in wanted.marks}["数据重要性.重要"] == "Confirmed"


def test_peoples_descriptions_win(desk: Any) -> None:
    made = desk().hold(DIBAO)
    texts = [
        Description(DIBAO.key, "低保在册家庭。", "李华", AT),
        Description(DIBAO.key, "户主证号", "李华", AT, "SFZH"),
    ]
    Ledger(made.store, "http://other/api").describe(texts)
    wanted = made.one()
    column = next(one for one in wanted.columns if one.name == "SFZH")
    assert (wanted.description, column.description, column.title) == ("低保在册家庭。", "户主证号", "身份证号")
    (entry,) = catalogue.entries(made.store, PACK, made.department, {})
    assert (entry.abstract, entry.items[2].title, entry.items[1].title) == ("低保在册家庭。", "身份证号", "姓名")


DRAFT = (
    Fill("title", "改了的名称"),
    Fill("abstract", "未经审核的摘要"),
    Fill("update_cycle", "每月"),
    Fill("description", "未经审核的说明", "SFZH"),
    Fill("description", "新写的说明", "QQQ9"),
)


def test_what_is_published_does_not_change_by_a_draft(desk: Any) -> None:
    made = desk().hold(DIBAO)
    made.fill(
        Fill("abstract", "审核过的摘要"), Fill("description", "审核过的说明", "SFZH"), Fill("title", "证号", "SFZH")
    )
    made.in_force()
    before = made.one()
    column = {one.name: one for one in before.columns}["SFZH"]
    assert (before.status, before.title, before.description) == ("Approved", "低保家庭", "审核过的摘要")
    assert (column.title, column.description) == ("证号", "审核过的说明")
    assert (before.properties["updateCycle"], len(str(before.properties["publishDate"]))) == ("每日", 10)
    made.fill(*DRAFT)
    assert made.one() == before
    made.act("submit")
    assert made.one() == before
    made.act("return", "摘要不清")
    assert made.one() == before
    # Its turn comes when it is published itself.
    made.in_force()
    after = made.one()
    assert (after.status, after.title, after.description) == ("Approved", "改了的名称", "未经审核的摘要")
    assert after.properties["updateCycle"] == "每月"


@pytest.mark.parametrize(
    ("verbs", "status"),
    [
        ((), "Draft"),
        (("submit",), "In Review"),
        (("submit", "approve"), "Approved"),
        (("submit", "return"), "Rejected"),
        (("submit", "publish", "withdraw"), "Deprecated"),
    ],
)
def test_entries_that_are_not_in_force_are_shown_as_they_stand(
    desk: Any, monkeypatch: pytest.MonkeyPatch, verbs: tuple[str, ...], status: str
) -> None:
    # No version is asked for where none is in force.
    monkeypatch.setattr(in_force, "_texts", None)
    made = desk().hold(DIBAO)
    for verb in verbs:
        made.act(verb, "理由")
    made.fill(*DRAFT)
    wanted = made.one()
    column = {one.name: one for one in wanted.columns}["SFZH"]
    assert (wanted.status, wanted.title, wanted.description) == (status, "改了的名称", "未经审核的摘要")
    assert column.description == "未经审核的说明"
    assert made.told.notices == []


def test_columns_newer_than_the_version_in_force(desk: Any) -> None:
    made = desk().hold(msgspec.structs.replace(DIBAO, columns=COLUMNS[:3]))
    made.fill(Fill("description", "审核过的说明", "SFZH"), Fill("title", "证号", "SFZH"))
    made.in_force()
    renamed = msgspec.structs.replace(COLUMNS[2], name="sfzh")
    address = Column("DZ", 6, "text", "TEXT", True, "家庭住址：到门牌")
    row = made.store.known("minzheng", "rescue")[DIBAO.key].id
    columns = (COLUMNS[0], renamed, COLUMNS[4], address)
    made.store.write_assets(2, AT, [Harvested(msgspec.structs.replace(DIBAO, columns=columns), id=row)])
    made.judge().fill(*DRAFT)
    found = {one.name: one for one in made.one().columns}
    assert list(found) == ["ID", "sfzh", "QQQ9", "DZ"]
    assert (found["sfzh"].title, found["sfzh"].description) == ("证号", "审核过的说明")
    assert (found["QQQ9"].title, found["QQQ9"].description) == ("", "")
    assert (found["DZ"].title, found["DZ"].description) == ("家庭住址", "家庭住址：到门牌")
    assert found["DZ"].properties["itemType"] == "备注型M"


def states_of(item: WantedAsset | WantedColumn) -> dict[str, str]:
    return {mark.fqn: mark.state for mark in item.marks}


def test_labels_of_the_version_in_force_say_which_it_is(desk: Any) -> None:
    made = desk().hold(msgspec.structs.replace(DIBAO, columns=COLUMNS[:3]))
    made.in_force()
    made.in_force()
    wanted = made.one()
    marks = {mark.fqn: mark for mark in wanted.columns[2].marks}
    tier = marks["数据分级.L3"]
    assert {mark.state for mark in marks.values()} == {"Confirmed"}
    assert "依据：《" in tier.reason
    assert tier.reason.endswith("发布的第2版")
    assert marks["数据类别.个人证件信息"].reason.endswith("发布的第2版")
    assert states_of(wanted)["数据类别.个人证件信息"] == "Confirmed", "as its columns' are"


def test_a_category_of_the_asset_is_a_suggestion_while_its_columns_are(desk: Any) -> None:
    made = desk().hold(DIBAO)
    assert states_of(made.one())["数据类别.个人证件信息"] == "Suggested"


def test_rulings_count_from_when_they_were_brought_in(desk: Any) -> None:
    """Whenever the person had made them: a version knows what stood in the trail before it."""
    made = desk().hold(msgspec.structs.replace(DIBAO, columns=COLUMNS[:3]))
    raised = Decision(DIBAO.key, "tier", "L4", "李华", AT, column="XM")
    record_decisions(made.store, [raised])
    made.in_force()
    record_decisions(made.store, [msgspec.structs.replace(raised, value="L2", column="ID")])
    # Judged with neither yet.
    found = {column.name: states_of(column) for column in made.one().columns}
    assert (found["XM"]["数据分级.L3"], found["ID"]["数据分级.L1"]) == ("Confirmed", "Confirmed")
    found = {column.name: states_of(column) for column in made.judge().one().columns}
    # Higher than in the version that was made without it, and newer than the version.
    assert (found["XM"]["数据分级.L4"], found["ID"]["数据分级.L2"]) == ("Confirmed", "Confirmed")


def test_tables_that_get_labels_only_get_those_of_the_version(desk: Any) -> None:
    made = desk(system("rescue", "openmetadata", options={"service": "mysql_prod"}))
    asset = msgspec.structs.replace(DIBAO, database="d")
    made.hold(asset)
    made.in_force(asset.key)
    found = {column.name: set(states_of(column).values()) for column in made.one().columns}
    # No version has an item for a password.
    assert (found["SFZH"], found["MM"]) == ({"Confirmed"}, {"Suggested"})


def test_a_lost_version_is_told_and_the_entry_goes_out_as_compiled(desk: Any) -> None:
    made = desk().hold(DIBAO)
    version = made.in_force()
    made.fill(*DRAFT)
    with made.store.write() as connection:
        table = store_schema.documents
        connection.execute(delete(table).where(table.c.digest == version))
    wanted = made.one()
    assert (wanted.status, wanted.description) == ("Approved", "未经审核的摘要")
    (notice,) = made.told.notices
    assert notice.startswith(f"{DIBAO.key}: the store has lost the text of its version in force")


def test_all_of_one_schema_follow_each_other(desk: Any) -> None:
    names = [("b", "z"), ("a", "y"), (None, "c"), ("a.b", "d"), ("a", "b.c"), ("a", "x")]
    made = desk(system("two"), system("rescue"))
    for one in ("rescue", "two"):
        made.hold(*(Asset("minzheng", one, name, schema=schema, columns=COLUMNS[:1]) for schema, name in names[::-1]))
    found = [(item.service, item.database, item.schema, item.name) for item in made.wanted()]
    own = sorted(("default", schema or "default", name) for schema, name in names)
    # Systems in the configured order, not that of their names.
    assert found == [(f"minzheng-{one}", *rest) for one in ("two", "rescue") for rest in own]
    places = [place[:4] for place in wanted_places(made.store, made.site, NEW)]
    assert places == found


def test_nothing_restricted_secret_vanished_or_unjudged(desk: Any) -> None:
    made = desk(system("rescue", restricted=["public.hush*"]), SystemSettings(id="gone", restricted=True))
    made.hold(
        DIBAO,
        Asset("minzheng", "rescue", "hush_a", schema="public", columns=COLUMNS),
        Asset("minzheng", "rescue", "b", schema="public", comment="机密★一年", columns=COLUMNS),
        Asset("minzheng", "rescue", "c", schema="public", columns=COLUMNS),
        Asset("minzheng", "gone", "d", schema="public", columns=COLUMNS),
    )
    made.store.mark_missing([made.store.known("minzheng", "rescue")["minzheng/rescue/public.c"].id], AT)
    made.hold(Asset("minzheng", "rescue", "new", schema="public", columns=COLUMNS), judged=False)
    assert [item.name for item in made.wanted()] == ["DIBAO"]
    assert made.told.notices == ["minzheng/rescue: 1 assets have no labels or number yet and wait for `pdc run`"]


def test_names_that_no_server_takes_are_told_and_the_rest_goes_on(desk: Any) -> None:
    long = Column("长" * 257, 6, "int", "INT")
    twice = Column("ID", 7, "int", "INT")
    made = desk().hold(
        Asset("minzheng", "rescue", 'a::b"c', schema="库>一", columns=(*COLUMNS[:1], long, twice)),
        Asset("minzheng", "rescue", "x" * 257, columns=COLUMNS),
        Asset("minzheng", "rescue", "a\x01b", columns=COLUMNS),
        Asset("minzheng", "rescue", "same", schema="default", columns=COLUMNS[:1]),
        Asset("minzheng", "rescue", "same", columns=COLUMNS[:1]),
    )
    found = {item.name: item for item in made.wanted()}
    assert set(found) == {"a__reserved__colon__b__reserved__quote__c", "same"}
    table = found["a__reserved__colon__b__reserved__quote__c"]
    assert table.schema == "库__reserved__arrow__一"
    assert [column.name for column in table.columns] == ["ID"]
    told = sorted(failure.what for failure in made.told.failures)
    assert len(told) == 5
    assert sum("257 characters" in what for what in told) == 2
    assert sum("control characters" in what for what in told) == 1
    assert sum("the same name on the server" in what for what in told) == 2


def test_foreign_keys_and_lineage_lead_to_assets_of_the_system(desk: Any) -> None:
    person = Asset("minzheng", "rescue", "Person", schema="public", columns=COLUMNS)
    elsewhere = Asset("minzheng", "rescue", "person", schema="other", columns=COLUMNS[:1])
    keys = (
        ForeignKey(("XM",), "person", ("xm",)),
        ForeignKey(("XM",), "person", ("MM",)),
        ForeignKey(("XM",), "nowhere", ("a",)),
        ForeignKey(("ID",), "other.person", ("ID",)),
    )
    table = Asset("minzheng", "rescue", "t", schema="public", columns=COLUMNS[:3], foreign_keys=keys)
    sources = (ColumnSource("person", "XM"), ColumnSource("t", "ID"), ColumnSource("ghost", "a"))
    withheld = Column("pw", 2, "text", "TEXT", sources=(ColumnSource("public.Person", "MM"),))
    columns = (Column("name", 1, "text", "TEXT", sources=sources), withheld)
    view = Asset("minzheng", "rescue", "v", "view", schema="public", columns=columns)
    made = desk().hold(person, elsewhere, table, view)
    found = {item.name: item for item in made.wanted()}
    at = "minzheng-rescue.default"
    assert found["t"].foreign_keys == (
        (("XM",), (f"{at}.public.Person.XM",)),
        (("ID",), (f"{at}.other.person.ID",)),
    )
    assert found["v"].table_type == "View"
    assert found["v"].lineage == (
        WantedEdge(f"{at}.public.Person", (("XM", "name"),)),
        WantedEdge(f"{at}.public.t", (("ID", "name"),)),
    )
    assert {item.name: item.lineage for item in made.wanted(lineage=False)}["v"] == ()


OPERATION = Asset(
    "minzheng",
    "rescue",
    "POST /v1/persons",
    "operation",
    columns=(Column("total", 1, "money", "MONEY", True), COLUMNS[1]),
)


def test_operations_are_endpoints_where_the_server_has_them(desk: Any) -> None:
    made = desk(system("rescue", "openapi")).hold(OPERATION)
    wanted = made.one()
    assert (wanted.kind, wanted.fqn, wanted.database, wanted.method) == (
        "endpoint",
        "minzheng-rescue.default.POST /v1/persons",
        "",
        "POST",
    )
    assert wanted.url.startswith("urn:public-data-catalog:minzheng/rescue/POST%20/v1")
    assert [(column.data_type, column.constraint) for column in wanted.columns] == [("DOUBLE", None), ("STRING", None)]
    old = made.one(OLD)
    assert (old.kind, old.fqn) == ("table", "minzheng-rescue.default.default.POST /v1/persons")
    assert [column.data_type for column in old.columns] == ["UNKNOWN", "VARCHAR"]


def test_an_existing_servers_tables_get_labels_only(desk: Any) -> None:
    made = desk(system("om", "openmetadata", options={"service": "mysql_prod"}))
    wanted = made.hold(
        Asset("minzheng", "om", "DIBAO", schema="s", database="d", comment="低保", columns=COLUMNS)
    ).one()
    assert (wanted.labels_only, wanted.fqn) == (True, "mysql_prod.d.s.DIBAO")
    assert (wanted.title, wanted.description, wanted.properties) == ("", "", {})
    assert (wanted.owner, wanted.domain, wanted.status, wanted.lineage) == (None, None, None, ())
    # There its columns stand, passwords too: their labels protect them.
    assert [column.name for column in wanted.columns] == [column.name for column in COLUMNS]
    assert fqns(wanted.columns[3])[0].startswith("数据元.")


def test_the_same_store_wants_the_same(desk: Any) -> None:
    made = desk().hold(DIBAO)
    assert [item.digest for item in made.wanted()] == [item.digest for item in made.wanted()]


def test_names_of_assets() -> None:
    assert place_of(DIBAO, "minzheng-rescue", NEW).fqn == "minzheng-rescue.default.public.DIBAO"
    assert Place("s", "", "c", "e", "endpoint").parent == "s.c"
    assert stored_name("a\tb") == "a__reserved__tab__b"


@pytest.mark.parametrize(
    ("name", "method"), [("delete /a", "DELETE"), ("GETTER", "GET"), ("listAll", "GET"), ("Put x", "PUT")]
)
def test_methods(name: str, method: str) -> None:
    assert method_of(name) == method


def test_what_nobody_can_read_is_left_out() -> None:
    assert readable(" 姓\x00名\ufffd\x1b ") == "姓名"
