"""``pdc audit``."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from workflows.acts.model import Actor
from workflows.acts.shown import what
from workflows.acts.trail import Trail
from workflows.cli import cli
from workflows.store import Store


def pdc(site: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--site", str(site), *arguments])


def site_with_acts(folder: Path) -> Path:
    (folder / "site.yaml").write_text("name: 目录\n", "utf-8")
    with Store(f"sqlite:///{folder}/var/catalogue.sqlite", folder / "var" / "audit-head.jsonl") as store:
        for verb, who in (("submit", "li"), ("approve", "wang")):
            with Trail(store).acting(Actor(account=who, person=who, behalf="科长")) as acting:
                acting.add("entry", "minzheng/rescue/t", verb, why="年度编制")
    return folder


def test_acts_are_shown_and_filtered(tmp_path: Path) -> None:
    site = site_with_acts(tmp_path)
    whole = pdc(site, "audit", "show")
    assert [line.split()[3:6] for line in whole.stdout.splitlines()[1:]] == [
        ["(for", "科长)", "entry"],
        ["(for", "科长)", "entry"],
    ]
    lines = pdc(site, "audit", "show", "minzheng/rescue/t", "--who", "wang", "--jsonl").stdout.splitlines()
    assert [json.loads(line)["verb"] for line in lines] == ["approve"]
    assert pdc(site, "audit", "show", "--kind", "request", "--jsonl").stdout == ""
    assert pdc(site, "audit", "show", "--since", "2999-01-01", "--jsonl").stdout == ""


@pytest.mark.parametrize(
    ("who", "numbers"), [("wang", [2, 3, 4]), ("王五", [2, 3, 4]), ("李四", [1, 4]), ("x", [3, 4]), ("赵六", [])]
)
def test_a_person_is_found_by_id_and_by_name(who: str, numbers: list[int], tmp_path: Path) -> None:
    site = site_with_acts(tmp_path)
    people = "".join(
        f"  - {{id: {ident}, name: {name}, accounts: [{ident}], roles: [reviewer]}}\n"
        for ident, name in (("li", "李四"), ("wang", "王五"))
    )
    (site / "site.yaml").write_text(f"name: 目录\npeople:\n{people}", "utf-8")
    with Store(f"sqlite:///{site}/var/catalogue.sqlite") as store, Trail(store).acting(Actor(account="x")) as acting:
        acting.add("decision", "minzheng/rescue/t", "decide", who="王五")
        acting.add("decision", "minzheng/rescue/t", "decide", who="li、wang", name="李四、王五")
    lines = pdc(site, "audit", "show", "--who", who, "--jsonl").stdout.splitlines()
    assert [json.loads(line)["number"] for line in lines] == numbers


def test_names_are_shown_as_they_were_and_else_as_they_are(tmp_path: Path) -> None:
    site = site_with_acts(tmp_path)
    (site / "site.yaml").write_text("people: [{id: li, name: 李四}, {id: sun, name: 孙改名}]\n", "utf-8")
    sun = Actor("sun", "sun", "孙八")
    with Store(f"sqlite:///{site}/var/catalogue.sqlite") as store, Trail(store).acting(sun) as acting:
        acting.add("entry", "minzheng/rescue/t", "publish", why="长" * 200)
    lines = pdc(site, "audit", "show").stdout.splitlines()[1:]
    assert [line.split()[2] for line in lines] == ["李四", "wang", "孙八"]
    assert lines[2].endswith("长" * 119 + "…")


def test_days_that_would_not_compare_are_refused(tmp_path: Path) -> None:
    site = site_with_acts(tmp_path)
    for option in ("--since", "--until"):
        found = pdc(site, "audit", "show", option, "2026-3-1")
        assert (found.exit_code, f"{option} is a day such as" in found.stderr) == (2, True)


def test_verify_tells_whole_and_broken_apart(tmp_path: Path) -> None:
    site = site_with_acts(tmp_path)
    whole = pdc(site, "audit", "verify")
    assert (whole.exit_code, whole.stdout.startswith("whole, up to ")) == (0, True)
    with Store(f"sqlite:///{site}/var/catalogue.sqlite") as store, store.write() as connection:
        connection.execute(text("UPDATE acts SET why = 'x' WHERE number = 1"))
    broken = pdc(site, "audit", "verify")
    assert (broken.exit_code, broken.stdout) == (4, "broken\n")
    assert "act 1: entry submit was changed after it was written" in broken.stderr
    assert json.loads(pdc(site, "audit", "verify", "--json").stdout)["faults"][0]["number"] == 1


def test_acts_beyond_the_recorded_head_are_told(tmp_path: Path) -> None:
    site = site_with_acts(tmp_path)
    (site / "var" / "audit-head.jsonl").unlink()
    found = pdc(site, "audit", "verify")
    assert (found.exit_code, found.stdout[:13]) == (3, "whole, up to ")
    assert "warning: the last 2 acts are not recorded in " in found.stderr


def test_a_subject_that_does_not_exist_is_told(tmp_path: Path) -> None:
    site = site_with_acts(tmp_path)
    wrong = pdc(site, "audit", "show", "minzheng/rescue/u")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "nobody ever acted on 'minzheng/rescue/u', and no asset has this key: " in wrong.stderr


def test_json_is_one_document(tmp_path: Path) -> None:
    site = site_with_acts(tmp_path)
    found = json.loads(pdc(site, "audit", "show", "minzheng/rescue/t", "--json").stdout)
    assert [(one["number"], one["verb"]) for one in found] == [(1, "submit"), (2, "approve")]
    assert json.loads(pdc(site, "audit", "show", "--kind", "list", "--json").stdout) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"value": "L2"}, {"column": "sfzh", "dimension": "tier", "value": "L3"}, "sfzh tier L2 → L3"),
        (None, {"column": None, "dimension": "share", "value": None}, "share none of it"),
        ({"stage": "draft"}, {"version": "ab" * 32}, "was draft; abababababab"),
        ({"stage": "published"}, None, "was published"),
        (None, {"column": "sfzh", "text": "长" * 50, "at": "2026-01-01"}, f"sfzh={'长' * 39}…"),
        ([], [{"element": "title", "item": "sfzh", "value": "证号"}], "sfzh.title=证号"),
        (None, None, ""),
    ],
)
def test_each_line_says_what_changed(before: object, after: object, told: str, tmp_path: Path) -> None:
    site = site_with_acts(tmp_path)
    with Store(f"sqlite:///{site}/var/catalogue.sqlite") as store:
        with Trail(store).acting(Actor(account="x")) as acting:
            act = acting.add("entry", "minzheng/rescue/t", "act", before=before, after=after)
        assert what(act) == told
    assert told in pdc(site, "audit", "show").stdout


def test_what_is_no_json_any_more_is_shown_all_the_same(tmp_path: Path) -> None:
    site = site_with_acts(tmp_path)
    with Store(f"sqlite:///{site}/var/catalogue.sqlite") as store, store.write() as connection:
        connection.execute(text("UPDATE acts SET after = '{' WHERE number = 2"))
    assert pdc(site, "audit", "show").stdout.count("年度编制") == 2


def test_an_asset_that_nobody_acted_on_has_no_acts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = site_with_acts(tmp_path)
    monkeypatch.setattr(Store, "judgeable", lambda *_: [SimpleNamespace(key="d/s/new")])
    found = pdc(site, "audit", "show", "d/s/new", "--json")
    assert (found.exit_code, json.loads(found.stdout)) == (0, [])
