"""``pdc review``, ``pdc decide``, ``pdc template``: what is printed, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from workflows import people
from workflows.cli import cli
from workflows.review.desk import Wish

SITE = """
name: 测试
store: sqlite:///store.db
audit: {head: head.jsonl}
people:
  - {id: lihua, name: 李华, accounts: [lihua], departments: [dept], roles: [steward]}
  - {id: wangfang, name: 王芳, accounts: [wangfang], roles: [reviewer]}
  - {id: sun, name: 孙办, accounts: [sun], roles: [office]}
"""
ODS = b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
DEPARTMENT = """
department: {id: dept, name: 普陀区民政局, code: 11310107000000019B, section: 信息科, contact: 刘工}
systems:
  - {id: sys, name: 救助系统, connector: sqlite, path: x.db}
"""


@pytest.fixture
def pdc(room: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``pdc("review", …, who=…)`` on the site around the room's store."""
    folder = room.folder
    (folder / "site.yaml").write_text(SITE, "utf-8")
    (folder / "departments").mkdir()
    (folder / "departments" / "dept.yaml").write_text(DEPARTMENT, "utf-8")

    def call(*arguments: str | Path, who: str = "lihua", typed: str | None = None) -> Result:
        monkeypatch.setattr(people, "account", lambda: who)
        return CliRunner().invoke(cli, ["--site", str(folder), *map(str, arguments)], input=typed)

    return call


@pytest.mark.parametrize("who", ["sun", "nobody"])
def test_who_may_not_rule_takes_no_workbook_out(who: str, pdc: Any, room: Any) -> None:
    done = pdc("review", "export", "dept", who=who)
    assert (done.exit_code, "may not decide for dept" in done.stderr) == (4, True)
    assert not (room.folder / "out").exists()


def test_a_workbook_goes_out_and_comes_back(pdc: Any, room: Any, fill: Any) -> None:
    out = pdc("review", "export", "dept")
    path = room.folder / "out" / "dept" / "审核表.xlsx"
    assert (out.exit_code, out.stdout.strip()) == (0, str(path))
    assert "9 items, 9 of which wait for a person; 3 resources" in out.stderr
    fill(
        path,
        {("person", "sfzh"): {"采纳建议": "是"}, ("person", "xm"): {"分级": "L1"}, ("toilet", "mc"): {"分级": "L9"}},
    )
    dry = pdc("review", "import", path, "--dry-run", "--json")
    told = json.loads(dry.stdout)
    assert (dry.exit_code, told["dry_run"], told["department"]) == (3, True, "dept")
    assert {row["verdict"] for row in told["rows"]} == {"accepted", "waits", "refused"}
    done = pdc("review", "import", path, "--as", "局长")
    assert done.exit_code == 3
    assert "1 accepted, 1 waits for a second person, 1 refused" in done.stderr
    assert "next `pdc classify`" in done.stderr
    assert "没有这个分级" in done.stdout
    assert "sfzh" not in done.stdout
    assert {act.behalf for act in room.trail.acts("decision")} == {"局长"}


def test_only_refused_rows_exit_with_4_and_others_may_not_import(pdc: Any, room: Any, fill: Any) -> None:
    path = fill(room.export(), {("toilet", "mc"): {"分级": "L9"}})
    assert pdc("review", "import", path).exit_code == 4
    refused = pdc("review", "import", path, "--as", "lihua", who="sun")
    assert refused.exit_code == 4
    assert refused.stderr.startswith("error: 孙办 may not decide for dept; ask the data contact")


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("审核表.txt.xlsx", b"a", "审核表.txt.xlsx: not a workbook (save it as .xlsx or .csv)"),
        ("审核表.ods", ODS, "审核表.ods: an OpenDocument spreadsheet (save it as .xlsx)"),
        ("审核表.xlsx", b"PK\x03\x04", "the workbook is damaged"),
    ],
)
def test_a_file_that_is_no_workbook_is_bad_input(pdc: Any, room: Any, name: str, body: bytes, told: str) -> None:
    (room.folder / name).write_bytes(body)
    done = pdc("review", "import", room.folder / name)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


def test_the_queue_is_limited_and_counts_all(pdc: Any) -> None:
    shown = pdc("review", "queue", "--limit", "2")
    assert len(shown.stdout.splitlines()) == 3
    assert "9 waiting" in shown.stderr
    told = json.loads(pdc("review", "queue", "dept", "--json").stdout)
    assert (told["waiting"], told["items"][0]["doubt"]) == (9, "undetermined")
    assert pdc("review", "queue", "nosuch").exit_code == 2


def test_decide_asks_before_it_keeps_anything(pdc: Any, room: Any) -> None:
    command = ("decide", "--where", "element=person.mobile", "--set", "tier=L4", "--why", "核对")
    no = pdc(*command, typed="n\n")
    assert (no.exit_code, room.store.decisions()) == (0, [])
    assert "Keep 2 rulings?" in no.stderr
    assert "dept/sys/visit.sjh" in no.stdout
    assert pdc(*command, "--dry-run").exit_code == 0
    assert room.store.decisions() == []
    assert pdc(*command, typed="y\n").exit_code == 0
    assert len(room.store.decisions()) == 2
    assert json.loads(pdc(*command, "--yes", "--json").stdout)["counts"]["unchanged"] == 2


def test_decide_on_one_column(pdc: Any, room: Any) -> None:
    refused = pdc("decide", "person.sfzh", "--set", "share=none", "--why", "保密", "--yes")
    assert (refused.exit_code, "须给出法律、法规或规章依据" in refused.stdout) == (4, True)
    waits = pdc("decide", "person.sfzh", "--set", "tier=L2", "--why", "脱敏", "--yes")
    assert (waits.exit_code, "1 waits for a second person" in waits.stderr) == (0, True)
    agreed = pdc("decide", "person.sfzh", "--set", "tier=L2", "--why", "同意", "--yes", who="wangfang")
    assert agreed.exit_code == 0
    assert room.store.decisions()[0].who == "李华、王芳"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--set", "tier=L4", "--why", "x"), "give either ASSET[.COLUMN] or --where"),
        (
            ("share=none", "--where", "tier=L1", "--set", "tier=L4", "--why", "x"),
            "--set 'tier=L3 share=none', or repeat",
        ),
        (("person", "--where", "tier=L1", "--set", "tier=L4", "--why", "x"), "give either"),
        (("person", "--set", "tier=L4", "--why", "x", "--json"), "add --dry-run or --yes"),
        (("nosuch", "--set", "tier=L4", "--why", "x", "--yes"), "no asset or column matches 'nosuch'"),
    ],
)
def test_mistakes_of_decide(pdc: Any, arguments: tuple[str, ...], told: str) -> None:
    done = pdc("decide", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_template_is_written(pdc: Any, room: Any) -> None:
    done = pdc("template", "dept", "-o", room.folder / "表.xlsx")
    assert (done.exit_code, Path(done.stdout.strip()).exists()) == (0, True)
    assert pdc("template", "nosuch").exit_code == 2


@pytest.mark.parametrize("command", [("template", "dept"), ("review", "export", "dept")])
def test_where_nothing_can_be_written_is_told_with_what_to_do(pdc: Any, room: Any, command: tuple[str, ...]) -> None:
    (room.folder / "一个文件").write_text("", "utf-8")
    done = pdc(*command, "-o", room.folder / "一个文件" / "表.xlsx")
    assert (done.exit_code, "nothing was written" in done.stderr, "-o FILE" in done.stderr) == (1, True, True)


@pytest.mark.parametrize("command", [("template", "dept"), ("review", "export", "dept")])
def test_a_workbook_is_named_as_one(pdc: Any, room: Any, command: tuple[str, ...]) -> None:
    done = pdc(*command, "-o", room.folder / "表.csv")
    assert (done.exit_code, "表.csv is no name of a workbook" in done.stderr) == (2, True)
    assert not (room.folder / "表.csv").exists()


def test_a_column_counts_as_a_whole_or_not_at_all(pdc: Any, room: Any) -> None:
    command = ("decide", "person.sfzh", "--set", "share=none open=conditional", "--why", "保密", "--yes")
    done = pdc(*command)
    assert (done.exit_code, room.store.decisions()) == (4, [])
    assert "0 accepted" not in done.stderr
    assert "2 refused" in done.stderr
    assert "同时裁定的其他标签未被接受，一并不计" in done.stdout
    told = json.loads(pdc(*command, "--json").stdout)
    assert (told["counts"]["refused"], told["counts"]["accepted"]) == (2, 0)
    assert {one["verdict"] for one in told["rulings"]} == {"refused"}
    both = ("--where", "column=sfzh", "--where", "table=person", *command[2:])
    assert pdc("decide", *both).exit_code == 4


def test_restricting_sharing_otherwise_than_the_rules_needs_a_reason(pdc: Any, room: Any) -> None:
    command = ("decide", "person.sfzh", "--set", "share=none", "--basis", "pipl/34", "--yes")
    done = pdc(*command)
    assert (done.exit_code, "定为非共享须说明理由" in done.stdout) == (4, True)
    assert pdc(*command, "--why", "涉及个人隐私").exit_code == 0
    assert pdc("decide", "toilet.mc", "--set", "tier=L2", "--yes").exit_code == 0


@pytest.mark.parametrize("key", ["putuo-2020/21", "hiv/39"])
def test_why_a_citation_does_not_suffice(pdc: Any, room: Any, key: str) -> None:
    known = {one.key: one for one in room.pack.citations()}
    done = pdc("decide", "person.sfzh", "--set", "share=none", "--why", "保密", "--basis", key, "--yes")
    assert done.exit_code == 4
    assert f"所引{known[key].title}{known[key].article}：" in done.stdout


def test_a_column_whose_name_holds_an_equals_sign(pdc: Any, room: Any, make: Any) -> None:
    room.hold(make("weird", "怪表", "=cmd:命令"))
    assert pdc("decide", "weird.=cmd", "--set", "tier=L2", "--yes").exit_code == 0
    assert room.values("weird", "=cmd") == {"tier": "L2"}


def test_a_conflict_of_decide_is_since_the_preview(pdc: Any, room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from workflows.review import choose

    read = choose.wishes_of

    def late(*arguments: Any) -> Any:
        found = read(*arguments)
        room.judge(Wish("dept/sys/person", "tier", "L4", "sfzh", "王芳看过"), who="王芳")
        return found

    monkeypatch.setattr(choose, "wishes_of", late)
    done = pdc("decide", "--where", "table=person column=sfzh", "--set", "tier=L3", "--yes")
    assert (done.exit_code, "预览之后已有变化" in done.stdout, "导出" in done.stdout) == (4, True, False)


def test_an_emptied_cell_is_told_as_one(pdc: Any, room: Any, fill: Any) -> None:
    room.bring(fill(room.export(), {("person", "sjh", "信息项"): {"计量单位": "个"}}))
    path = fill(room.export("b.xlsx"), {("person", "sjh", "信息项"): {"计量单位": None}})
    assert "unit=(emptied)" in pdc("review", "import", path, "--dry-run").stdout


JSON = [
    ("review", "export", "dept", "--json"),
    ("review", "queue", "--json"),
    ("template", "dept", "--json"),
    ("decide", "person.sfzh", "--set", "tier=L4", "--json", "--yes"),
    ("decide", "--where", "table=person", "--set", "tier=L4", "--json", "--dry-run"),
]


@pytest.mark.parametrize("command", JSON, ids=lambda command: " ".join(command[:2]))
def test_every_command_tells_json(pdc: Any, room: Any, command: tuple[str, ...]) -> None:
    done = pdc(*command)
    told = json.loads(done.stdout)
    assert (done.exit_code, type(told)) == (0, dict)
    if "path" in told:
        assert Path(told["path"]).exists()


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_an_import_tells_json(pdc: Any, room: Any, fill: Any, options: tuple[str, ...]) -> None:
    path = fill(
        room.export(), {("person", "sfzh"): {"采纳建议": "否", "理由/备注": "不是"}, ("person", "xm"): {"分级": "9"}}
    )
    done = pdc("review", "import", path, "--json", *options)
    assert (done.exit_code, json.loads(done.stdout)["counts"]["refused"]) == (3, 1)


@pytest.mark.parametrize(
    "command",
    [("review", "export", "dept"), ("decide", "toilet.mc", "--set", "tier=L2", "--yes")],
    ids=lambda one: one[0],
)
def test_names_are_one_line_of_what_is_seen(pdc: Any, room: Any, command: tuple[str, ...]) -> None:
    done = pdc(*command, "--as", "局长\u202e")
    assert (done.exit_code, "--as is one line of text" in done.stderr) == (2, True)
    assert list(room.trail.acts()) == []
