"""Tiers of entries in force: what was only proposed gives way; what is in force waits for people and is not printed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy import delete

from classifiers.evidence import Decision
from workflows import store_schema as schema
from workflows.acts.decisions import decide
from workflows.entries.tiers import digests_in_force, tiers_of_versions

FREE = """
share_rules:
  - {id: free-share, when: {element: [place.name]}, value: unconditional, reason: 名称可查, basis: [putuo-2020/22]}
open_rules:
  - {id: free-open, when: {element: [place.name]}, value: unconditional, reason: 名称可查, basis: [putuo-2020/25]}
"""


def overlay(shell: Any, tier: str = "", *more: str) -> dict[str, Any]:
    """What a run says under the district's own tier of 场所名称; none = under the pack as it is."""
    file = shell.folder / "packs" / "local.yaml"
    file.unlink(missing_ok=True)
    if tier:
        told = (f"extends: putuo-2020\nid: local\nversion: '1'\ntiers: {{place.name: {tier}}}", *more)
        shell.write("packs/local.yaml", "\n".join(told))
    return run(shell)


def run(shell: Any) -> dict[str, Any]:
    done: dict[str, Any] = shell.json("run", "--no-outputs", "--accept-removals")
    return done


def tier(shell: Any, place: str) -> tuple[str, str]:
    """Tier and rule of a column, or of the asset itself."""
    labels = shell.json("explain", f"lvhua/gis/{place}")["labels"]
    label = next(one for one in labels if one["dimension"] == "tier")
    return label["value"], label["rule"]


def rule_on(shell: Any, place: str, value: str, *people: str) -> None:
    for person in people:
        shell("decide", place, "--set", f"tier={value}", "--why", "核实", "--yes", by=person, code=0)
    run(shell)


def test_a_tier_that_was_only_proposed_goes_back_to_the_version_in_force(shell: Any) -> None:
    shell.run(shell.parks, shell.parks.replace("parks", "gardens"))
    shell.publish("parks")
    assert overlay(shell, "L3")["labels"]["tiers_back"] == 0
    assert (tier(shell, "parks.mc")[0], shell.json("entry", "show", "parks")["state"]) == ("L3", "changed")
    assert overlay(shell)["labels"]["tiers_back"] == 2
    assert [tier(shell, place) for place in ("parks.mc", "parks")] == [("L1", "tiers/place.name"), ("L1", "roll-up")]
    shown = shell.json("entry", "show", "parks")
    assert (shown["state"], shown["changes"]) == ("published", [])
    told = shell.json("explain", "lvhua/gis/parks.mc")["history"]
    assert any("回到已发布版本的L1，L3只是建议" in change["why"] for change in told)
    # No version knows it: the proposal stands until a person says otherwise.
    assert tier(shell, "gardens.mc") == ("L3", "in-force")


def test_the_run_says_that_tiers_went_back(shell: Any) -> None:
    shell.publish("parks")
    overlay(shell, "L3")
    (shell.folder / "packs" / "local.yaml").unlink()
    assert "2 tiers are as in the version in force again" in shell("run", "--no-outputs", code=0).stdout


def test_a_column_that_the_version_does_not_know_keeps_what_was_proposed(shell: Any) -> None:
    shell.publish("parks")
    shell.run(shell.parks.replace(") COMMENT=", ", bm varchar(50) COMMENT '公园名称') COMMENT="))
    overlay(shell, "L3")
    overlay(shell)
    assert [tier(shell, place)[0] for place in ("parks.mc", "parks.bm", "parks")] == ["L1", "L3", "L3"]
    # Once it is gone, nothing of the table is above its version.
    shell.run(shell.parks)
    assert tier(shell, "parks") == ("L1", "roll-up")


def test_a_column_that_comes_back_is_what_the_version_says(shell: Any) -> None:
    """The last run did not know it, and no label has ever changed."""
    overlay(shell, "L3", FREE)
    gardens = shell.parks.replace("parks", "gardens")
    shell.run(gardens)
    shell.publish("gardens")
    shell.run(gardens.replace("mc varchar(50) COMMENT '公园名称'", "mj varchar(50) COMMENT '占地面积'"))
    shell.write("parks.sql", gardens)
    overlay(shell)
    assert tier(shell, "gardens.mc") == ("L3", "in-force")


@pytest.fixture
def kept(shell: Any) -> Any:
    """The parks in force with L3, which the rules no longer give: something else of the entry has changed."""
    overlay(shell, "L3", FREE)
    shell.publish("parks")
    overlay(shell)
    assert [tier(shell, place) for place in ("parks.mc", "parks")] == [("L3", "in-force"), ("L3", "roll-up")]
    shell("entry", "fill", "parks", "abstract=全区公园", code=0)
    return shell


def test_a_tier_that_is_only_kept_is_not_submitted(kept: Any) -> None:
    refused = kept("entry", "submit", "parks", code=4).stderr
    decide = "pdc decide lvhua/gis/parks.mc --why TEXT --set tier="
    assert f"mc: 数据分级 L3 敏感级 is only kept (待确认): somebody keeps it ({decide}L3)" in refused
    assert f"or two persons lower it ({decide}…, by each of them)" in refused
    assert "the resource itself" not in refused


def test_a_tier_that_somebody_keeps_is_theirs(kept: Any) -> None:
    rule_on(kept, "lvhua/gis/parks.mc", "L3 share=unconditional open=unconditional", "li")
    kept.publish("parks")
    assert "待确认" not in kept("entry", "show", "parks").stdout
    assert [tier(kept, place) for place in ("parks.mc", "parks")] == [("L3", "decision"), ("L3", "roll-up")]


def test_a_table_follows_two_persons_who_lower_its_column(kept: Any) -> None:
    rule_on(kept, "lvhua/gis/parks.mc", "L1", "li")
    assert [tier(kept, place)[0] for place in ("parks.mc", "parks")] == ["L3", "L3"]
    rule_on(kept, "lvhua/gis/parks.mc", "L1", "wang")
    assert [tier(kept, place) for place in ("parks.mc", "parks")] == [("L1", "decision"), ("L1", "roll-up")]
    kept.publish("parks")
    # Judged by other rules it stays where they put it.
    overlay(kept, "L2")
    assert [tier(kept, place)[0] for place in ("parks.mc", "parks")] == ["L1", "L1"]


def test_a_table_that_lost_the_column_of_its_tier_waits_and_is_not_submitted(kept: Any) -> None:
    kept.run(kept.parks.replace("mc varchar(50) COMMENT '公园名称'", "mj varchar(50) COMMENT '占地面积'"))
    assert tier(kept, "parks") == ("L3", "in-force")
    refused = kept("entry", "submit", "parks", code=4).stderr
    assert "the resource itself: 数据分级 L3 敏感级 is only kept" in refused
    assert "pdc decide lvhua/gis/parks --why TEXT --set tier=L3" in refused
    rule_on(kept, "lvhua/gis/parks", "L1", "li", "wang")
    kept("entry", "submit", "parks", code=0)


@pytest.mark.parametrize(
    ("rulings", "in_force"),
    [
        ((), "L1"),
        (("L3",), "L1"),
        ((None,), "L1"),
        (("L3", None), "L3"),
        (("L3", "L2", None), "L2"),
        (("L3", None, "L2"), "L1"),
    ],
)
def test_a_ruling_that_is_taken_away_leaves_what_was_ruled_before(
    office: Any, rulings: tuple[str | None, ...], in_force: str
) -> None:
    key = office.publish("parks").asset
    with office.trail.acting(office.actor("li")) as acting:
        ruled = [Decision(key, "tier", value, "li", office.now().isoformat(), "mc") for value in rulings]
        decide(acting, office.store, ruled)
    found = tiers_of_versions(office.store, [office.parks], digests_in_force(office.store))
    assert found == {key: {"": "L1", "id": "L1", "mc": in_force, "mj": "L1"}}


def test_a_column_whose_name_has_changed_case_is_the_one_that_the_version_knows(office: Any) -> None:
    key = office.publish("parks").asset
    columns = tuple(msgspec.structs.replace(one, name=one.name.upper()) for one in office.parks.columns)
    now = msgspec.structs.replace(office.parks, columns=columns)
    found = tiers_of_versions(office.store, [now], digests_in_force(office.store))
    assert found == {key: {"": "L1", "ID": "L1", "MC": "L1", "MJ": "L1"}}


def test_a_version_that_the_store_has_lost_says_no_tier(office: Any) -> None:
    """What the last run said stays the floor, then."""
    office.publish("parks")
    with office.store.write() as connection:
        connection.execute(delete(schema.documents))
    assert tiers_of_versions(office.store, [office.parks], digests_in_force(office.store)) == {}


def test_what_was_withdrawn_has_no_version(office: Any) -> None:
    entry = office.publish("parks")
    office.cycle("sun").withdraw(entry, "下线")
    assert digests_in_force(office.store) == {}
    assert tiers_of_versions(office.store, [office.parks], {}) == {}
