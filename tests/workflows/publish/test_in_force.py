"""Labels of entries in force on the server: the version speaks until another is published or a person rules."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from classifiers.evidence import Label
from connectors.om_client import OpenMetadata
from workflows import people
from workflows.cli import cli
from workflows.publish.in_force import labels_shown
from workflows.publish.journal import Journal

SITE = """
name: 目录
people:
  - {id: li, name: 李四, accounts: [li], openmetadata: li, departments: [lvhua], roles: [steward]}
  - {id: zhao, name: 赵六, accounts: [zhao], departments: [lvhua], roles: [head]}
  - {id: wang, name: 王五, accounts: [wang], openmetadata: wang, roles: [reviewer]}
  - {id: chen, name: 陈七, accounts: [chen], roles: [reviewer]}
"""
DEPARTMENT = """
department:
  id: lvhua
  name: 普陀区绿化局
  code: "11310107000000019B"
  section: 信息科
  contact: 刘工
  entry: {municipal: 区域补充, location: 政务云}
  class_code: "1010010001"
systems:
  - {id: gis, connector: ddl, path: parks.sql, update_cycle: 每年, entry: {protection_level: 三级}}
"""
PARKS = """
CREATE TABLE parks (
  mc varchar(50) COMMENT '公园名称', dz varchar(200) COMMENT '公园地址', zt varchar(2) COMMENT '状态',
  xm varchar(50) COMMENT '姓名', sjh varchar(20) COMMENT '手机号'
) COMMENT='公园绿地';
"""
TABLE = "lvhua-gis.default.default.parks"
KEY = "lvhua/gis/parks"


class Office:
    """A site and a server; every command must succeed."""

    def __init__(self, folder: Path, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.server, self.monkeypatch = folder, server, monkeypatch
        (folder / "departments").mkdir()
        (folder / "packs").mkdir()
        self.write("site.yaml", SITE)
        self.write("departments/lvhua.yaml", DEPARTMENT)
        self.write("parks.sql", PARKS)
        token = server.tokens["bot"]
        self.write("openmetadata.yaml", f"url: {server.url}\ntoken: {token}\nprotection: {{enabled: false}}\n")
        self.admin = OpenMetadata(server.url, server.admin_token, sleep=lambda seconds: None)

    old = False

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def pdc(self, *words: str, account: str = "li") -> Any:
        self.monkeypatch.setattr(people, "account", lambda: account)
        done = CliRunner().invoke(cli, ["--site", str(self.folder), *words, "--json"])
        assert done.exit_code == 0, (words, done.stdout[-3000:], done.stderr[-3000:])
        return json.loads(done.stdout)

    def run(self) -> None:
        """Harvest, judge, compile; then publish twice, the second time without a write."""
        self.pdc("run", "--no-outputs")
        self.publish()

    def publish(self) -> None:
        self.pdc("publish")
        before = self.writes()
        self.pdc("publish")
        assert self.writes() == before

    def writes(self) -> int:
        routes = self.server.control("GET", "counters")["routes"]
        return sum(count for route, count in routes.items() if not route.startswith(("GET", "HEAD")))

    def bring_into_force(self) -> None:
        steps = (("submit", "li"), ("approve", "wang"), ("sign --secrecy", "zhao"), ("sign --security", "chen"))
        for verb, account in (*steps, ("publish", "chen")):
            self.pdc("entry", *verb.split(), "parks", account=account)

    def keep(self, column: str) -> None:
        """A tier that waits for a person is kept by one."""
        refused = CliRunner().invoke(cli, ["--site", str(self.folder), "entry", "submit", "parks"])
        assert (refused.exit_code, f"{column}: 数据分级 L3 敏感级 is only kept" in refused.stderr) == (4, True)
        self.pdc("decide", f"{KEY}.{column}", "--set", "tier=L3", "--why", "仍属敏感", "--yes")
        self.pdc("run", "--no-outputs")

    def changes(self) -> set[str]:
        """Labels that the entry's draft has different from the version in force, without how the values are called."""
        found: list[str] = self.pdc("entry", "show", "parks")["changes"]
        return {change.split("：")[0] for change in found}

    def labels(self, path: str = "") -> dict[str, str]:
        """Tag or term → its state, and whether it is a person's."""
        table = self.admin.get("table", TABLE, fields=["columns", "tags"])
        assert table is not None
        place = next(one for one in [table, *table["columns"]] if not path or one["name"] == path)
        kinds = {"Manual": "Manual"}
        return {one["tagFQN"]: kinds.get(one["labelType"], one["state"]) for one in place.get("tags") or []}


@pytest.fixture(params=["1.2", "2.0"])
def office(
    request: pytest.FixtureRequest, shared_contract_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    made = Office(tmp_path, shared_contract_server(request.param), monkeypatch)
    made.old = request.param == "1.2"
    made.run()
    yield made
    made.admin.close()


LOOSER = """
extends: putuo-2020
id: local
version: "1"
tiers: {person.name: L1}
share_rules:
  - {id: local-share, when: {element: [person.name]}, value: unconditional, reason: 本区从宽, basis: [putuo-2020/22]}
open_rules:
  - {id: local-open, when: {element: [person.name]}, value: unconditional, reason: 本区从宽, basis: [putuo-2020/25]}
"""
STRICTER = """
extends: putuo-2020
id: local
version: "2"
tiers: {person.mobile: L4}
open_rules:
  - {id: local-open, when: {element: [place.address]}, value: none, reason: 涉及安全, basis: [data-security/38]}
"""
L1, L2, L3, L4 = (f"数据分级.L{n}" for n in (1, 2, 3, 4))
FREE, LIMITED = "共享类型.无条件共享", "共享类型.授权共享"
OPEN, CLOSED = "开放类型.无条件开放", "开放类型.非开放"
PHONE = "数据元.手机号码"
COLUMNS = ("mc", "dz", "zt", "xm", "sjh")


def every(office: Office) -> dict[str, dict[str, str]]:
    return {path: office.labels(path) for path in ("", *COLUMNS)}


def pulled(office: Office) -> tuple[set[Any], set[Any]]:
    """(column, dimension, value, who) of decisions, and the same of questions with their kind in front."""
    found = office.pdc("pull")
    decisions = {(one.get("column"), one["dimension"], one.get("value"), one["who"]) for one in found["decisions"]}
    questions = {(one["kind"], one.get("column"), one["dimension"], one.get("value")) for one in found["questions"]}
    return decisions, questions


def test_the_version_speaks_until_another_is_published(office: Office) -> None:
    """Tags are confirmed; a pack and a source that say something more open change the draft and nothing else."""
    office.bring_into_force()
    office.publish()
    published = every(office)
    assert {published["sjh"][tag] for tag in (PHONE, L3, LIMITED, CLOSED)} == {"Confirmed"}
    assert {published[""][tag] for tag in (L3, LIMITED, CLOSED)} == {"Confirmed"}
    assert published[""]["审核状态.待确认"] == "Suggested"
    assert pulled(office) == (set(), set()), "what we confirm ourselves is no person's ruling"

    office.write("packs/local.yaml", LOOSER)
    office.write("parks.sql", PARKS.replace("'手机号'", "'公园地址'"))
    office.run()
    assert every(office) == published
    assert pulled(office) == (set(), set())
    assert {"信息项 xm 的共享类型", "信息项 sjh 的数据元", "信息项 sjh 的共享类型"} <= office.changes()

    office.write("parks.sql", PARKS)
    office.run()
    office.keep("xm")
    office.bring_into_force()
    office.publish()
    now = every(office)
    assert (now["xm"][FREE], now["xm"][OPEN], now["xm"][L3]) == ("Confirmed",) * 3, "no tier is lowered by a rule"
    assert {path: now[path] for path in now if path != "xm"} == {p: published[p] for p in published if p != "xm"}

    office.pdc("entry", "withdraw", "parks", "--why", "停止提供", account="chen")
    office.publish()
    withdrawn = every(office)
    confirmed = {(path, tag) for path, labels in withdrawn.items() for tag in labels if labels[tag] != "Suggested"}
    assert confirmed == {("xm", L3)}, "what a person ruled stays theirs"
    assert {path: labels.keys() for path, labels in withdrawn.items()} == {p: one.keys() for p, one in now.items()}
    assert pulled(office) == (set(), set())


def test_what_protects_more_is_shown_at_once_as_a_proposal(office: Office) -> None:
    office.bring_into_force()
    office.publish()
    published = every(office)
    office.write("packs/local.yaml", STRICTER)
    office.write("parks.sql", PARKS.replace("'姓名'", "'姓名', yzbm varchar(6) COMMENT '邮政编码'"))
    office.run()
    now = every(office)
    assert (now["sjh"].pop(L4), now[""].pop(L4), now["dz"].pop(CLOSED)) == ("Suggested",) * 3
    assert (published["sjh"].pop(L3), published[""].pop(L3), published["dz"].pop(OPEN)) == ("Confirmed",) * 3
    assert now == published, "nothing else has changed"
    assert set(office.labels("yzbm").values()) == {"Suggested"}
    assert pulled(office) == (set(), set())
    office.bring_into_force()
    office.publish()
    assert (office.labels("sjh")[L4], office.labels("dz")[CLOSED]) == ("Confirmed",) * 2
    assert set(office.labels("yzbm").values()) == {"Confirmed"}


def test_a_proposal_that_no_rule_makes_any_more_is_gone_again(office: Office) -> None:
    office.bring_into_force()
    office.publish()
    published = every(office)
    office.write("packs/local.yaml", STRICTER)
    office.run()
    assert (office.labels("sjh")[L4], office.labels()[L4], office.labels("dz")[CLOSED]) == ("Suggested",) * 3
    (office.folder / "packs" / "local.yaml").unlink()
    office.run()
    assert every(office) == published
    assert published["sjh"][L3] == published[""][L3] == "Confirmed"
    assert (pulled(office), office.changes()) == ((set(), set()), set())


def test_people_rule_on_published_labels_as_on_any(office: Office, browser: Callable[..., Any]) -> None:
    """What they change, take away or put back themselves stands, and opens a change of the entry."""
    office.bring_into_force()
    office.publish()
    li, wang, guest = (browser(office.server, login) for login in ("li", "wang", "guest"))
    wang.review(TABLE, "审核状态.已确认")
    li.replace_on_column(TABLE, "zt", L1, L3)
    li.replace_on_column(TABLE, "sjh", L3, L2)
    li.label_column(TABLE, "mc", remove=[OPEN])
    li.put_back(TABLE, "dz", FREE)
    guest.put_back(TABLE, "mc", FREE)
    decided = {
        ("zt", "tier", "L3", "李四"),
        ("mc", "open", None, "李四"),
        ("dz", "share", "unconditional", "李四"),
        # Nothing else was a suggestion.
        (None, "review", "confirmed", "王五"),
    }
    asked = {("lowering", "sjh", "tier", "L2"), ("author", "mc", "share", "unconditional")}
    office.publish()
    assert pulled(office) == (decided, asked)
    # Before the rulings are classified with, too.
    office.publish()
    stands = {"zt": L3, "sjh": L2, "dz": FREE, "mc": FREE}
    office.write("packs/local.yaml", LOOSER)
    for _ in range(2):
        assert {path: office.labels(path)[tag] for path, tag in stands.items()} == dict.fromkeys(stands, "Manual")
        assert not [tag for tag in office.labels("mc") if tag.startswith("开放类型.")]
        assert pulled(office) == (set(), set())
        office.run()
    assert {"信息项 zt 的数据分级", "信息项 mc 的开放类型"} <= office.changes()
    shown = office.pdc("entry", "diff", "parks")
    assert "信息项 zt 的数据分级" in {one["what"] for one in shown}


def test_a_version_that_is_newer_than_a_removal_puts_the_tag_back(office: Office, browser: Callable[..., Any]) -> None:
    office.bring_into_force()
    office.publish()
    li = browser(office.server, "li")
    for _ in range(2):
        li.label_column(TABLE, "sjh", remove=[L3])
        assert pulled(office) == ({("sjh", "tier", None, "李四")}, set())
        office.run()
        assert L3 not in office.labels("sjh")
        office.keep("sjh")
        office.pdc("entry", "fill", "parks", f"abstract=公园绿地{office.writes()}")
        office.bring_into_force()
        office.publish()
        assert office.labels("sjh")[L3] == "Confirmed"
    assert pulled(office) == (set(), set())


def test_what_a_person_accepted_before_the_version_came_is_theirs(office: Office, browser: Callable[..., Any]) -> None:
    """As 2.0 lets one: the label stays a machine's, and is confirmed. The UI of 1.2 knows no acceptance."""
    li = browser(office.server, "li")
    if office.old:
        li.put_back(TABLE, "sjh", L3)
    else:
        columns = li.read(TABLE)["columns"]
        at = [one["name"] for one in columns].index("sjh")
        place = [label["tagFQN"] for label in columns[at]["tags"]].index(L3)
        pointer = f"/columns/{at}/tags/{place}/state"
        li.patch(li.read(TABLE)["id"], [{"op": "replace", "path": pointer, "value": "Confirmed"}])
    office.bring_into_force()
    office.publish()
    assert pulled(office) == ({("sjh", "tier", "L3", "李四")}, set())
    office.run()
    assert pulled(office) == (set(), set())


# dimension, the version's value, today's (a person's with !), ruled since → what is shown
SHOWN: dict[str, tuple[str, str, str, dict[str, str | None], str]] = {
    "looser": ("share", "none", "unconditional", {}, "none"),
    "stricter": ("share", "conditional", "none", {}, "none"),
    "nobody knows any more": ("open", "unconditional", "undetermined", {}, "unconditional"),
    "a higher tier": ("tier", "L2", "L3", {}, "L3"),
    "a lower tier": ("tier", "L3", "L2", {}, "L3"),
    "another element": ("element", "person.name", "org.name", {}, "person.name"),
    "an element that the version does not have": ("element", "", "org.name", {}, ""),
    "a tier that the version does not have": ("tier", "", "L2", {}, "L2"),
    "ruled since": ("share", "none", "unconditional!", {"share": "unconditional"}, "unconditional"),
    "ruled since, and for want of a law undetermined": (
        "share",
        "none",
        "undetermined!",
        {"share": "x"},
        "undetermined",
    ),
    "ruled since, not judged with yet": ("share", "none", "unconditional", {"share": "conditional"}, "none"),
    "ruled on in another dimension": ("share", "none", "unconditional", {"open": "unconditional"}, "none"),
    "refused since, looser": ("share", "conditional", "unconditional", {"share": None}, ""),
    "refused since, stricter": ("share", "conditional", "none", {"share": None}, "none"),
    "a refused tier that stays": ("tier", "L3", "L3", {"tier": None}, "L3"),
    "importance set since": ("importance", "", "important!", {"importance": "important"}, "important"),
}


def label_of(dimension: Any, value: str) -> Label:
    by = "steward" if value.endswith("!") else "rule"
    return Label(dimension, value.removesuffix("!"), "suggested", 1.0, "", origin=by)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", SHOWN)
def test_what_is_shown(case: str) -> None:
    dimension, version, today, ruled, shown = SHOWN[case]
    kept, proposed = ([label_of(dimension, value)] if value else [] for value in (version, today))
    assert [label.value for label in labels_shown(kept, proposed, ruled)] == ([shown] if shown else [])


def test_a_publication_that_was_cut_off_leaves_nobodys_rulings(office: Office, browser: Callable[..., Any]) -> None:
    """Confirmed by us, and not known as ours before the next publication: a pull finds people's acts and no others."""
    office.bring_into_force()

    def killed(self: Journal, bases: object) -> None:
        raise KeyboardInterrupt

    with office.monkeypatch.context() as patch:
        patch.setattr(Journal, "settle", killed)
        assert CliRunner().invoke(cli, ["--site", str(office.folder), "publish"]).exit_code != 0
    assert office.labels("sjh")[L3] == "Confirmed"
    browser(office.server, "li").replace_on_column(TABLE, "zt", L1, L3)
    assert pulled(office) == ({("zt", "tier", "L3", "李四")}, set())
    office.publish()
    assert pulled(office) == (set(), set())
    assert office.labels("zt")[L3] == "Manual"
    office.pdc("entry", "withdraw", "parks", "--why", "停止提供", account="chen")
    office.publish()
    assert office.labels("sjh")[L3] == "Suggested", "it was ours all the time"


def descriptions(office: Office) -> dict[str, str | None]:
    """Path → description on the server."""
    table = office.admin.get("table", TABLE, fields=["columns"])
    assert table is not None
    return {"": table.get("description")} | {one["name"]: one.get("description") for one in table["columns"]}


def test_descriptions_written_on_the_server_stand_until_a_version_after_them(
    office: Office, browser: Callable[..., Any]
) -> None:
    """A pull keeps them for the draft; neither the version in force nor the source puts the old ones back."""
    office.bring_into_force()
    office.publish()
    li = browser(office.server, "li")
    for column in (None, "mc", "zt"):
        li.describe(TABLE, "李四写的", column)
    assert len(office.pdc("pull")["descriptions"]) == 3
    office.run()
    assert [descriptions(office)[path] for path in ("", "mc", "zt")] == ["李四写的"] * 3

    office.write(
        "parks.sql", PARKS.replace("'公园名称'", "'名称'").replace("'公园地址'", "'地址'").replace("zt ", "ZT ")
    )
    office.run()
    found = descriptions(office)
    assert (found["mc"], found["dz"], found["ZT"]) == ("李四写的", "地址", "李四写的")

    office.write("parks.sql", PARKS.replace("zt varchar(2) COMMENT '状态',", ""))
    time.sleep(1.0)  # times are whole seconds
    office.pdc("entry", "fill", "parks", "abstract=全区公园")
    office.run()
    assert descriptions(office)[""] == "李四写的", "a draft changes nothing"
    office.bring_into_force()
    office.publish()
    found = descriptions(office)
    assert (found[""], found["mc"], "zt" in found) == ("全区公园", "李四写的", False)
