"""Elements beside the guide's: secrecy, synchronisation, reviews, and what follows from labels."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from classifiers.policy import load_pack
from connectors.model import Column
from workflows.acts.model import Blocked
from workflows.acts.rights import DEFAULT
from workflows.entries.changes import record_changes
from workflows.entries.derived import derived, derived_item, precision
from workflows.entries.elements import check_value, elements, filled
from workflows.entries.published import published_entry
from workflows.entries.states import states
from workflows.entries.values import Fill, fill
from workflows.entries.versions import digest, document, read
from workflows.entry import EntryItem
from workflows.errors import InputError
from workflows.settings import DepartmentSettings, SystemSettings


def say(office: Any, *fills: Fill) -> None:
    with office.trail.acting(office.actor("li")) as acting:
        fill(acting, office.parks.key, fills, rights=DEFAULT, items=["id", "mc", "mj"])


def on_the_way(office: Any) -> Any:
    found = office.entries()["parks"]
    office.cycle("li").submit(found)
    office.cycle("wang").approve(found)
    office.cycle("zhao").sign(found, "secrecy", "无涉密内容")
    office.cycle("chen").sign(found, "security")
    return found


@pytest.mark.parametrize("item", [None, "mc"])
def test_what_may_be_secret_is_not_published(office: Any, item: str | None) -> None:
    say(office, Fill("secrecy", "待审查", item))
    found = on_the_way(office)
    with pytest.raises(Blocked) as refused:
        office.cycle("chen").publish(found)
    (told,) = refused.value.missing
    title = "mc 的是否涉密" if item else "涉密性"
    more = "--item mc " if item else ""
    assert told.startswith(f"{title} is 待审查: 保密审查 decides (Art. 3, 31)")
    assert f"pdc entry fill lvhua/gis/parks {more}secrecy=非涉密" in told
    office.cycle("wang").send_back(found, "请先作保密审查")
    say(office, Fill("secrecy", "非涉密", item))
    assert office.publish().state == "published"


def test_nobody_says_non_secret_by_rule(office: Any) -> None:
    found = filled(office.entries()["parks"])["secrecy"]
    assert (found.value, found.by) == ("", "nobody")


def test_a_system_that_is_said_to_be_unrestricted_is_non_secret_by_configuration() -> None:
    said = {"restricted": False}
    assert SystemSettings(id="a", **said).is_declared_open
    assert not SystemSettings(id="a").is_declared_open
    assert not SystemSettings(id="a", restricted=["secret_*"]).is_declared_open


def test_declared_unrestricted(office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemSettings, "is_declared_open", True)
    found = filled(office.entries()["parks"])["secrecy"]
    assert (found.value, found.by) == ("非涉密", "config")
    office.entry_config["secrecy"] = "待审查"
    assert filled(office.entries()["parks"])["secrecy"].value == "待审查"


def test_the_configuration_takes_every_element_that_is_not_fixed() -> None:
    by_form = {
        "": "说明",
        "time": "2026-03-02",
        "codes": "300001/000001、300001/000002",
        "class": "部门信息资源类/绿化",
    }
    values = {
        key: one.values[0] if one.values else by_form[one.form]
        for key, one in elements("asset").items()
        if not one.fixed
    }
    assert DepartmentSettings(id="a", name="a", entry=values).entry == values
    assert {"aggregation_method", "last_sync", "project_review", "secrecy", "domain", "share_contact"} <= set(values)


@pytest.mark.parametrize("value", ["昨天", "2026-13-01", "08:30"])
def test_a_time_is_a_time(value: str) -> None:
    assert check_value("asset", "last_sync", " 2026-03-02 08:30 ") == "2026-03-02 08:30"
    with pytest.raises(InputError, match=r"last_sync \(最后同步时间\) is a day or time such as"):
        check_value("asset", "last_sync", value)


def test_a_new_synchronisation_is_no_new_version(office: Any) -> None:
    say(office, Fill("last_sync", "2026-03-01"))
    before = office.publish()
    say(office, Fill("last_sync", "2026-03-02"))
    now = office.entries()["parks"]
    assert filled(now)["last_sync"].value == "2026-03-02"
    assert digest(document(now)) == digest(document(before))
    assert record_changes(office.trail, [now], ["lvhua"], office.actor("ops")).acts == []


OLD = b"""{"abstract":"\xe5\x85\xac\xe5\x9b\xad","asset":"lvhua/gis/parks","category":"c","code":"300001/000001",
"format":"f","publishable":true,"items":[{"data_type":"I","name":"id","number":1,"title":"t"}],"open_condition":"","provider":"p","provider_code":"",
"share_condition":"","share_method":"","title":"t","update_cycle":"x","labels":[]}"""


def test_documents_of_old_stay_what_they_are() -> None:
    """Elements that are new in the program are worked out from them and change nothing in them."""
    old = read(OLD)
    assert document(old) == old
    assert b'"precision"' not in msgspec.json.encode(document(old))


def test_reviews_and_rules_are_shown_of_the_version_under_review_and_in_force(office: Any) -> None:
    found = on_the_way(office)
    shown = derived(found, states(office.trail)[found.asset], office.pack)
    assert shown == {
        "secrecy_review": "已审查（zhao，2026-01-05）：无涉密内容",
        "security_review": "已审查（chen，2026-01-05）",
        "basis_set": office.pack.ident,
    }
    office.cycle("chen").publish(found)
    assert derived(found, states(office.trail)[found.asset], office.pack) == shown
    say(office, Fill("abstract", "新摘要"))
    found = office.entries()["parks"]
    office.cycle("li").submit(found)
    assert list(derived(found, states(office.trail)[found.asset], office.pack)) == ["basis_set"]


def test_what_follows_from_labels_follows_from_a_version_in_force_too(office: Any) -> None:
    before = office.publish()
    kept = published_entry(office.trail, office.parks.key)
    assert kept is not None
    now = [derived_item(before, item, office.pack) for item in before.items]
    assert [derived_item(kept.entry, item, office.pack) for item in kept.entry.items] == now
    assert [item.extra for item in kept.entry.items] == [{}] * 3
    assert (now[2]["share_condition"], now[2]["precision"], now[1]["precision"]) == ("无条件", "10,2", "")
    applicant = office.entries()["applicants"]
    conditions = derived_item(applicant, applicant.items[1], load_pack("putuo-2020"))
    assert conditions["share_condition"] == applicant.share_condition
    assert conditions["open_condition"].startswith("不予开放（《")


def test_an_undetermined_item_has_no_condition(office: Any) -> None:
    odd = Column("qz7x", 4, "varchar(9)", "VARCHAR")
    office.hold(msgspec.structs.replace(office.parks, columns=(*office.parks.columns, odd)))
    found = office.entries()["parks"]
    shown = derived_item(found, found.items[3], office.pack)
    assert (shown["share_condition"], shown["share_method"], shown["open_condition"]) == ("", "", "")


@pytest.mark.parametrize(
    ("data_type", "native", "expected"),
    [
        ("数值型N", "NUMBER(18, 4)", "18,4"),
        ("整型I", "NUMBER(10)", "10"),
        ("字符型C", "varchar(50)", ""),
        ("整型I", "bigint", ""),
    ],
)
def test_precision(data_type: str, native: str, expected: str) -> None:
    assert precision(EntryItem(1, "a", "a", data_type, native)) == expected
