"""Entries whose source, system or department is gone: nobody is locked out, and what was done is told."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text as sql

from workflows.entries import lifecycle
from workflows.store import Store

PARKS = "lvhua/gis/parks"


def test_what_is_withdrawn_after_its_source_lost_it_is_listed_and_stays_withdrawn(shell: Any) -> None:
    shell.publish("parks")
    shell.run(shell.trees)
    shell("entry", "withdraw", "parks", "--why", "系统下线", by="sun", code=0)
    rows = {one["asset"]: one["state"] for one in shell.json("entry", "list")}
    assert rows == {"lvhua/gis/trees": "draft", PARKS: "withdrawn"}
    assert shell.json("entry", "show", "parks")["state"] == "withdrawn"
    told = shell.json("entry", "submit", "*", code=3)
    assert [one["subject"] for one in told["done"]] == ["lvhua/gis/trees"]
    (refused,) = told["refused"]
    assert (refused["asset"], "来源中已不存在" in refused["why"]) == (PARKS, True)
    assert "departments/*.yaml" not in refused["why"]
    told = shell.json("entry", "return", "*", "--why", "请补正", by="wang", code=3)
    assert [one["verb"] for one in told["done"]] == ["return"]


def test_it_comes_back_with_its_source(shell: Any) -> None:
    shell.publish("parks")
    shell.run(shell.trees)
    shell("entry", "withdraw", "parks", "--why", "系统下线", by="sun", code=0)
    shell.run(shell.parks, shell.trees)
    shell.publish("parks")
    assert shell.json("entry", "list", "--state", "published")[0]["asset"] == PARKS


LEFT = "department: {id: x, name: 某局}\nsystems: [{id: a, connector: ddl, path: x.sql}]\n"


@pytest.mark.parametrize("left", ["table", "system", "department"])
def test_what_is_gone_stays_as_it_was_published(shell: Any, left: str) -> None:
    shell.publish("parks")
    before = shell.json("entry", "show", "parks")
    shell.write("x.sql", shell.trees)
    if left == "table":
        shell.run(shell.trees)
    elif left == "system":
        file = shell.folder / "departments" / "lvhua.yaml"
        file.write_text(file.read_text("utf-8").replace("id: gis", "id: other").replace("parks.sql", "x.sql"), "utf-8")
        shell("run", "--no-outputs", code=0)
    else:
        (shell.folder / "departments" / "lvhua.yaml").unlink()
        shell.write("departments/x.yaml", LEFT)
        people = shell.folder / "site.yaml"
        people.write_text(people.read_text("utf-8").replace("departments: [lvhua], ", ""), "utf-8")
        told = shell("run", "--no-outputs", code=0).stderr
        assert "notice: 1 entries in force of lvhua, which is configured no longer" in told
    found = shell.json("entry", "show", "parks")
    assert (found["state"], found["changes"]) == ("changed", ["来源中已不存在"])
    assert [one["value"] for one in found["elements"] if one["key"] in ("format", "system", "municipal")] == [
        one["value"] for one in before["elements"] if one["key"] in ("format", "system", "municipal")
    ]
    assert shell.json("entry", "list", "parks")[0]["to_do"] == 1
    assert shell("entry", "diff", "parks", code=0).stdout == "来源中已不存在\n"
    assert "pdc entry withdraw" in shell("entry", "submit", "parks", code=4).stderr
    shell("entry", "withdraw", "parks", "--why", "下线", by="sun", code=0)


def test_a_department_that_left_the_configuration_can_be_withdrawn(shell: Any) -> None:
    shell.publish("parks")
    (shell.folder / "departments" / "lvhua.yaml").unlink()
    shell.write(
        "departments/x.yaml", "department: {id: x, name: 某局}\nsystems: [{id: a, connector: ddl, path: x.sql}]\n"
    )
    shell.write("site.yaml", "name: 目录\npeople: [{id: wang, name: 王五, accounts: [wang], roles: [reviewer]}]\n")
    assert [one["asset"] for one in shell.json("entry", "list", by="wang")] == [PARKS]
    assert shell.json("entry", "show", "parks", by="wang")["title"] == "公园绿地"
    shell("entry", "withdraw", "parks", "--why", "机构撤销", by="wang", code=0)
    assert shell.json("entry", "show", "parks", by="wang")["state"] == "withdrawn"


def test_what_was_not_compiled_yet_hides_nothing(shell: Any) -> None:
    with Store(f"sqlite:///{shell.folder / 'var' / 'catalogue.sqlite'}").write() as connection:
        connection.execute(sql("UPDATE assets SET verdict = NULL WHERE key = 'lvhua/gis/trees'"))
    done = shell("entry", "list", code=3)
    assert (PARKS in done.stdout, "failed: lvhua/gis/trees has no entry yet" in done.stderr) == (True, True)
    told = shell.json("entry", "submit", "*", code=3)
    assert [one["subject"] for one in told["done"]] == [PARKS]
    assert "run `pdc classify`" in shell("entry", "show", "trees", code=2).stderr


def test_acts_are_told_whatever_ends_the_command(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = lifecycle.LifeCycle.submit

    def submit(self: Any, entry: Any, *more: Any) -> Any:
        if entry.asset != PARKS:
            raise OSError(28, "No space left on device")
        return real(self, entry, *more)

    monkeypatch.setattr(lifecycle.LifeCycle, "submit", submit)
    done = shell("entry", "submit", "*", "--json", code=1)
    assert ('"verb": "submit"' in done.stdout, "lvhua/gis/parks: submit (act 1)" in done.stderr) == (True, True)
    assert "No space left" in done.stderr
