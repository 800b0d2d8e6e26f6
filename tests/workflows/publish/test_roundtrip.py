"""Publish → people work in OpenMetadata → pull → classify → publish, on both profiles: what people decided stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connectors.om_client import OpenMetadata
from workflows import people
from workflows.cli import cli
from workflows.publish.lock import only_one
from workflows.store import Store

SITE = """
name: 测试
store: sqlite:///var/store.db
people:
  - {id: lihua, name: 李华, accounts: [lihua], openmetadata: li.hua, departments: [dept], roles: [steward]}
  - {id: wangfang, name: 王芳, accounts: [wangfang], openmetadata: Wang, roles: [reviewer]}
  - {id: zhao, name: 赵云, accounts: [zhao], openmetadata: zhao, departments: [other], roles: [steward]}
"""
DEPARTMENT = """
department: {id: dept, name: 普陀区民政局}
systems:
  - {id: reg, name: 登记系统, connector: ddl, path: tables.sql}
"""
TABLES = """
CREATE TABLE person (
  xm varchar(50) COMMENT '姓名', sfzh varchar(18) COMMENT '身份证号', sjh varchar(20) COMMENT '手机号',
  zt varchar(2) COMMENT '状态', c1 varchar(20), dz varchar(200) COMMENT '家庭住址'
) COMMENT='居民信息';
CREATE TABLE toilet (name varchar(50) COMMENT '公厕名称', address varchar(100) COMMENT '公厕地址') COMMENT='公共厕所';
CREATE TABLE shop (mc varchar(50) COMMENT '店铺名称', zt varchar(2) COMMENT '状态') COMMENT='店铺';
"""
LATER = TABLES.replace("'状态', c1", "'状态', extra int COMMENT '人数', c1").replace("公厕名称", "公厕的名称")
OVERLAY = """
extends: putuo-2020
id: other
version: "1"
tiers: {code.status: L1, person.mobile: L4, person.id_card: L4, person.home_address: L4}
terms: {code.type: [状态]}
"""
RENAMED = 'extends: putuo-2020\nid: zz\nversion: "1"\ndisplay: {share: {unconditional: 普遍共享}, tier: {L3: 敏感}}\n'
PERSON, TOILET, SHOP = (f"dept-reg.default.default.{name}" for name in ("person", "toilet", "shop"))
L1, L2, L3, L4 = (f"数据分级.L{n}" for n in range(1, 5))
PENDING, CONFIRMED, OBJECTED = "审核状态.待确认", "审核状态.已确认", "审核状态.有异议"
Places = dict[tuple[str, str, str], str | None]
"""(table, path, classification or glossary) → the one tag or term of it."""


class Town:
    """A site and a server; every command must succeed."""

    def __init__(self, folder: Path, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.server, self.monkeypatch = folder, server, monkeypatch
        monkeypatch.setenv("OM_TOKEN", server.tokens["bot"])
        (folder / "departments").mkdir()
        (folder / "packs").mkdir()
        self.write("site.yaml", SITE)
        self.write("openmetadata.yaml", f"url: {server.url}\ntoken: ${{OM_TOKEN}}\nprotection: {{enabled: false}}\n")
        self.write("departments/dept.yaml", DEPARTMENT)
        self.write("departments/other.yaml", "department: {id: other, name: 普陀区别局}\n")
        self.write("tables.sql", TABLES)
        self.admin = OpenMetadata(server.url, server.admin_token, sleep=lambda seconds: None)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, *words: object, account: str = "nobody") -> Result:
        self.monkeypatch.setattr(people, "account", lambda: account)
        return CliRunner().invoke(cli, ["--site", str(self.folder), *map(str, words)])

    def pdc(self, *words: object, account: str = "nobody") -> dict[str, Any]:
        done = self.run(*words, "--json", account=account)
        assert done.exit_code == 0, (words, done.stdout[-6000:], done.stderr[-2000:])
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def catalogue(self) -> None:
        for verb in ("harvest", "classify", "compile"):
            self.pdc(verb)

    def classify_and_publish(self) -> dict[str, Any]:
        self.pdc("classify")
        self.pdc("compile")
        return self.pdc("publish")

    def writes(self) -> int:
        """Requests that write, so far."""
        routes = self.server.control("GET", "counters")["routes"]
        return sum(count for route, count in routes.items() if not route.startswith(("GET", "HEAD")))

    def settle(self) -> None:
        """classify → publish → pull → publish: nothing new comes back, and the last publication writes nothing."""
        self.classify_and_publish()
        again = self.pdc("pull")
        assert (again["decisions"], again["questions"]) == ([], [])
        before = self.writes()
        self.pdc("publish")
        assert self.writes() == before

    def labels(self, fqn: str, path: str) -> dict[str, dict[str, Any]]:
        """Tag → label of a table (path empty) or a column."""
        table = self.admin.get("table", fqn, fields=["columns", "tags"])
        assert table is not None
        place = next(one for one in [table, *table["columns"]] if not path or one["name"] == path)
        return {label["tagFQN"]: label for label in place.get("tags") or []}

    def check(self, places: Places) -> None:
        for (fqn, path, group), tag in places.items():
            found = [one for one in self.labels(fqn, path) if one.split(".")[0] == group]
            assert found == ([tag] if tag else []), (fqn, path, group)

    def verdict(self, table: str, column: str, dimension: str) -> tuple[str, str, str] | None:
        """Value, state and origin in the store."""
        with Store(f"sqlite:///{self.folder}/var/store.db") as store:
            row = next(item.id for item in store.judgeable() if item.key == f"dept/reg/{table}")
            stored = store.load([row])[0]
        assert stored.verdict is not None
        verdict = stored.column_verdicts[column] if column else stored.verdict
        label = verdict.label(dimension)  # type: ignore[arg-type]
        return (label.value, label.state, label.origin) if label else None


@pytest.fixture(params=["1.2", "2.0"])
def town(
    request: pytest.FixtureRequest, shared_contract_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Town]:
    made = Town(tmp_path, shared_contract_server(request.param), monkeypatch)
    made.catalogue()
    made.pdc("publish")
    yield made
    made.admin.close()


def told(pulled: dict[str, Any]) -> set[tuple[str, str | None, str, str | None, str]]:
    found = pulled["decisions"]
    return {(d["asset"], d.get("column"), d["dimension"], d["value"], d["who"]) for d in found}


def test_what_a_steward_decides_stands_for_ever(town: Town, browser: Callable[..., Any]) -> None:
    """Through new runs, a pack that says otherwise, other names for tags, and a changed table."""
    li = browser(town.server, "li.hua")
    li.put_back(PERSON, "sfzh", L3)
    li.replace_on_column(PERSON, "zt", L1, L3)
    mobile = next(tag for tag in town.labels(PERSON, "sjh") if tag.startswith("数据元."))
    li.label_column(PERSON, "sjh", remove=[mobile])
    li.label_column(PERSON, "c1", add=[mobile])
    li.review(TOILET, CONFIRMED)
    li.review(SHOP, OBJECTED)
    pulled = town.pdc("pull")
    assert told(pulled) >= {
        ("dept/reg/person", "sfzh", "tier", "L3", "李华"),
        ("dept/reg/person", "zt", "tier", "L3", "李华"),
        ("dept/reg/person", "sjh", "element", None, "李华"),
        ("dept/reg/person", "c1", "element", "person.mobile", "李华"),
        ("dept/reg/toilet", None, "review", "confirmed", "李华"),
        ("dept/reg/shop", None, "review", "objected", "李华"),
        ("dept/reg/toilet", "name", "tier", "L1", "李华"),
    }
    assert [one["kind"] for one in pulled["questions"]] == ["objection"]
    decided: Places = {
        (PERSON, "sfzh", "数据分级"): L3,
        (PERSON, "zt", "数据分级"): L3,
        (PERSON, "sjh", "数据元"): None,
        (PERSON, "c1", "数据元"): mobile,
        (TOILET, "", "审核状态"): CONFIRMED,
        (TOILET, "name", "数据分级"): L1,
        (TOILET, "", "数据分级"): L1,
        (SHOP, "", "审核状态"): OBJECTED,
    }
    town.settle()
    town.check(decided)
    assert town.verdict("person", "zt", "tier") == ("L3", "confirmed", "steward")
    assert town.verdict("toilet", "name", "share") == ("unconditional", "confirmed", "steward")
    assert {one["state"] for tag, one in town.labels(TOILET, "name").items() if "类别" not in tag} == {"Confirmed"}
    explained = town.run("explain", "toilet").stdout
    assert "review   已确认（李华，" in explained
    assert "review = confirmed" in explained
    town.write("packs/other.yaml", OVERLAY)
    town.settle()
    town.check({**decided, (PERSON, "dz", "数据分级"): L4})
    town.write("packs/renamed.yaml", RENAMED)
    town.settle()
    town.check(decided)
    town.check({(TOILET, "name", "共享类型"): "共享类型.普遍共享"})
    town.write("tables.sql", LATER)
    town.catalogue()
    town.settle()
    town.check(decided)
    assert len(town.labels(PERSON, "extra")) > 0


def test_tags_renamed_by_a_pack_are_still_the_peoples(town: Town, browser: Callable[..., Any]) -> None:
    """What was set, taken away and asked about under the old name is known under the new one."""
    li, guest = browser(town.server, "li.hua"), browser(town.server, "guest")
    free, none = "共享类型.无条件共享", "共享类型.非共享"
    li.label_column(TOILET, "name", remove=[free])
    li.put_back(TOILET, "address", free)
    guest.replace_on_column(SHOP, "zt", free, none)
    assert len(town.pdc("pull")["questions"]) == 1
    text = 'extends: putuo-2020\nid: zz\nversion: "1"\ndisplay: {share: {unconditional: 普遍共享, none: 不予共享}}\n'
    town.write("packs/renamed.yaml", text)
    town.settle()
    town.check(
        {
            (TOILET, "name", "共享类型"): None,
            (TOILET, "address", "共享类型"): "共享类型.普遍共享",
            (SHOP, "zt", "共享类型"): "共享类型.不予共享",
        }
    )


@pytest.mark.parametrize("published", [True, False])
def test_acts_under_a_tags_old_name_are_known(town: Town, browser: Callable[..., Any], published: bool) -> None:
    """The pack calls a tag, or the site a classification, otherwise between the act and the pull."""
    li = browser(town.server, "li.hua")
    free, limited = "共享类型.无条件共享", "共享类型.授权共享"
    li.replace_on_column(TOILET, "name", free, limited)
    li.label_column(TOILET, "address", remove=[free])
    li.put_back(SHOP, "zt", L1)
    li.review(SHOP, CONFIRMED)
    li.describe(SHOP, "区内店铺")
    text = "extends: putuo-2020\nid: zz\nversion: '1'\ndisplay: {share: {unconditional: 普遍, conditional: 限定}}\n"
    town.write("packs/renamed.yaml", text)
    town.write(
        "openmetadata.yaml",
        f"url: {town.server.url}\ntoken: ${{OM_TOKEN}}\nnames: ascii\nprotection: {{enabled: false}}\n",
    )
    if published:
        town.classify_and_publish()
    pulled = town.pdc("pull")
    assert pulled["questions"] == []
    assert told(pulled) >= {
        ("dept/reg/toilet", "name", "share", "conditional", "李华"),
        ("dept/reg/toilet", "address", "share", None, "李华"),
        ("dept/reg/shop", "zt", "tier", "L1", "李华"),
        ("dept/reg/shop", None, "review", "confirmed", "李华"),
        ("dept/reg/shop", "mc", "tier", "L1", "李华"),
    }
    town.settle()
    town.check(
        {
            (TOILET, "name", "ShareType"): "ShareType.conditional",
            (TOILET, "address", "ShareType"): None,
            (SHOP, "", "ReviewStatus"): "ReviewStatus.confirmed",
        }
    )


def test_acts_between_two_publications_are_not_lost_without_a_pull(town: Town, browser: Callable[..., Any]) -> None:
    """Publishing twice between the act and the pull changes neither the label nor who is told to have put it."""
    li = browser(town.server, "li.hua")
    li.replace_on_column(PERSON, "zt", L1, L3)
    li.label_column(PERSON, "xm", remove=[L3])
    town.write("packs/other.yaml", OVERLAY)
    town.classify_and_publish()
    town.classify_and_publish()
    assert told(town.pdc("pull")) == {
        ("dept/reg/person", "zt", "tier", "L3", "李华"),
        ("dept/reg/person", "xm", "tier", None, "李华"),
    }
    town.settle()
    town.check({(PERSON, "zt", "数据分级"): L3, (PERSON, "xm", "数据分级"): None})


def test_edits_of_others_wait_and_publishing_leaves_them(town: Town, browser: Callable[..., Any]) -> None:
    guest, zhao = browser(town.server, "guest"), browser(town.server, "zhao")
    guest.replace_on_column(PERSON, "zt", L1, L2)
    zhao.label_column(PERSON, "xm", remove=[L3])
    guest.label_table(SHOP, remove=[PENDING], add=[CONFIRMED])
    shown = town.run("pull", "--dry-run")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[0].split() == ["what", "where", "label", "who", "at"]
    assert shown.stdout.count("question (author)") == 3
    assert shown.stderr == "0 decisions, 3 questions, 0 descriptions from 3 assets (nothing was kept (--dry-run))\n"
    pulled = town.pdc("pull")
    assert pulled["decisions"] == []
    assert {(one["kind"], one["who"]) for one in pulled["questions"]} == {("author", "guest"), ("author", "zhao")}
    places: Places = {
        (PERSON, "zt", "数据分级"): L2,
        (PERSON, "xm", "数据分级"): None,
        (SHOP, "", "审核状态"): CONFIRMED,
    }
    town.settle()
    town.check(places)
    assert town.verdict("person", "zt", "tier") == ("L1", "suggested", "rule")
    ids = {one["column"]: one["id"] for one in json.loads(town.run("pending", "--json").stdout) if one.get("column")}
    town.pdc("pending", "accept", ids["zt"], account="lihua")
    town.pdc("pending", "refuse", ids["xm"], account="lihua")
    town.settle()
    town.check({**places, (PERSON, "xm", "数据分级"): L3})
    assert town.verdict("person", "zt", "tier") == ("L2", "confirmed", "steward")


def test_a_pull_waits_for_no_publication_and_a_refused_token_is_told(town: Town) -> None:
    with only_one(town.folder / "var"):
        assert town.run("pull").exit_code == 4
        assert town.run("pull", "--dry-run").exit_code == 0
    town.monkeypatch.setenv("OM_TOKEN", "no.token.atall")
    refused = town.run("pull")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("error: 127.0.0.1")


def test_status_shows_publications_and_pulls_beside_the_other_runs(town: Town, browser: Callable[..., Any]) -> None:
    browser(town.server, "li.hua").replace_on_column(PERSON, "dz", L3, L4)
    town.pdc("pull", "--dry-run")
    pulled = town.pdc("pull")
    town.pdc("publish", "--dry-run")
    done = town.pdc("publish")
    published, pull, *before = town.pdc("status", "--runs", 99)["runs"]
    assert (published["command"], published["exit_code"]) == ("publish", 0)
    assert published["summary"]["requests"] == done["requests"]
    assert (pull["command"], pull["exit_code"]) == ("pull", 0)
    assert pull["summary"]["looked_at"] == pulled["looked_at"] > 0
    assert pull["summary"]["decisions"] == len(pulled["decisions"]) == 1
    assert pull["started"] <= pull["finished"]
    assert {"harvest", "classify", "compile"} <= {run["command"] for run in before}


def test_a_restamped_table_keeps_its_labels_as_ours(town: Town, browser: Callable[..., Any]) -> None:
    """Tagging the table with something else makes every label of it Manual; they go on following the rules."""
    town.admin.put("classification", {"name": "其他", "description": "d"})
    town.admin.put("tag", {"name": "标记", "description": "d", "classification": "其他"})
    browser(town.server, "li.hua").label_table(PERSON, add=["其他.标记"])
    pulled = town.pdc("pull")
    assert (pulled["decisions"], pulled["questions"]) == ([], [])
    town.write("packs/other.yaml", OVERLAY)
    town.settle()
    town.check({(PERSON, "", "数据分级"): L4, (PERSON, "", "审核状态"): PENDING, (PERSON, "", "其他"): "其他.标记"})


@pytest.mark.parametrize("how", ["openmetadata", "pending"])
def test_a_lower_tier_takes_effect_with_a_second_person(town: Town, browser: Callable[..., Any], how: str) -> None:
    li, wang = browser(town.server, "li.hua"), browser(town.server, "wang")
    li.replace_on_column(PERSON, "dz", L3, L2)
    (question,) = town.pdc("pull")["questions"]
    assert (question["kind"], question["who"]) == ("lowering", "李华")
    town.settle()
    town.check({(PERSON, "dz", "数据分级"): L2})
    assert town.verdict("person", "dz", "tier") == ("L3", "suggested", "rule")
    ident = json.loads(town.run("pending", "--json").stdout)[0]["id"]
    if how == "openmetadata":
        li.put_back(PERSON, "dz", L2)
        assert town.pdc("pull")["decisions"] == []
        wang.put_back(PERSON, "dz", L2)
        assert told(town.pdc("pull")) == {("dept/reg/person", "dz", "tier", "L2", "李华、王芳")}
    else:
        assert town.run("pending", "accept", ident, account="lihua").exit_code == 4
        assert town.run("pending", "accept", ident, "--as", "wangfang", account="lihua").exit_code == 4
        town.pdc("pending", "accept", ident, account="wangfang")
    town.settle()
    town.check({(PERSON, "dz", "数据分级"): L2})
    assert town.verdict("person", "dz", "tier") == ("L2", "confirmed", "steward")
    asked, act, accepted = (
        json.loads(line) for line in town.run("audit", "show", "--kind", "decision", "--jsonl").stdout.splitlines()
    )
    assert [(one["verb"], one["who"]) for one in (asked, accepted)] == [("ask", "lihua"), ("accept", "wangfang")]
    assert (act["who"], act["name"]) == ("lihua、wangfang", "李华、王芳")
    assert act["pack"].startswith("putuo-2020@")


def test_a_changed_description_comes_back_and_is_compiled(town: Town, browser: Callable[..., Any]) -> None:
    li = browser(town.server, "li.hua")
    li.describe(TOILET, "全区公共厕所的位置")
    li.describe(TOILET, "厕所的门牌地址", "address")
    assert len(town.pdc("pull")["descriptions"]) == 2
    town.write("tables.sql", LATER)
    town.catalogue()
    town.settle()
    table = town.admin.get("table", TOILET, fields=["columns"])
    assert table is not None
    assert table["description"] == "全区公共厕所的位置"
    assert [one["description"] for one in table["columns"] if one["name"] == "address"] == ["厕所的门牌地址"]
    town.run("lists")
    pages = b"".join(path.read_bytes() for path in (town.folder / "out").rglob("*.html"))
    assert not pages or "全区公共厕所的位置".encode() in pages


def test_a_table_deleted_for_good_is_published_again_without_decisions(town: Town, browser: Callable[..., Any]) -> None:
    table = town.admin.get("table", TOILET)
    assert table is not None
    town.admin.delete("table", table["id"], hard=True)
    columns = [{"name": "name", "dataType": "VARCHAR", "dataLength": 50}]
    li = browser(town.server, "li.hua", admin=True)
    li.client.put("table", {"name": "toilet", "databaseSchema": "dept-reg.default.default", "columns": columns})
    assert town.pdc("pull")["decisions"] == []
    li.label_column(TOILET, "name", add=[L2])
    assert told(town.pdc("pull")) == {("dept/reg/toilet", "name", "tier", "L2", "李华")}
    town.settle()
    town.check({(TOILET, "name", "数据分级"): L2, (TOILET, "address", "数据分级"): L1})
    town.check({(TOILET, "", "审核状态"): PENDING})
