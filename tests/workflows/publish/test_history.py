"""Versions in the shapes that servers were seen to keep (reference/openmetadata-server.md, "History")."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workflows.publish.history import NESTED, Author, History, china_time, history_of

Entity = dict[str, Any]
BOTS = ("pdc-bot", "ingestion-bot")
MINUTE = 60_000
START = 1_764_122_400_000
L1, L2, L3 = "数据分级.L1", "数据分级.L2", "数据分级.L3"


def label(fqn: str, kind: str = "Manual", state: str = "Confirmed", source: str = "Classification") -> Entity:
    return {"tagFQN": fqn, "source": source, "labelType": kind, "state": state}


def machine(fqn: str) -> Entity:
    return label(fqn, "Automated", "Suggested")


def column(name: str, *tags: Entity, children: list[Entity] | None = None) -> Entity:
    inner = {} if children is None else {"children": children}
    return {"name": name, "dataType": "VARCHAR", "tags": list(tags), **inner}


def listed(*labels: Entity) -> str:
    return json.dumps(labels, ensure_ascii=False)


class Recorded:
    """A list of versions as a server returns it, built up oldest first; each step is a minute after the last."""

    def __init__(self, who: str = "pdc-bot", *columns: Entity, tags: tuple[Entity, ...] = ()) -> None:
        self.versions: list[Entity] = []
        self._state: Entity = {"columns": list(columns), "tags": list(tags)}
        self._put(who, None)

    def _put(self, who: str, change: Entity | None, step: float = 0.1) -> None:
        number = round(self.versions[0]["version"] + step, 1) if self.versions else 0.1
        stamp = {"version": number, "updatedBy": who, "updatedAt": START + MINUTE * len(self.versions)}
        entity = {**json.loads(json.dumps(self._state)), **stamp}
        self.versions.insert(0, entity if change is None else {**entity, "changeDescription": change})

    def step(
        self,
        who: str,
        added: dict[str, str] | None = None,
        deleted: dict[str, str] | None = None,
        updated: dict[str, tuple[str, str]] | None = None,
        *,
        columns: list[Entity] | None = None,
        tags: list[Entity] | None = None,
        major: bool = False,
    ) -> Recorded:
        if columns is not None:
            self._state["columns"] = columns
        if tags is not None:
            self._state["tags"] = tags
        change = {
            "fieldsAdded": [{"name": name, "newValue": value} for name, value in (added or {}).items()],
            "fieldsUpdated": [{"name": n, "oldValue": a, "newValue": b} for n, (a, b) in (updated or {}).items()],
            "fieldsDeleted": [{"name": name, "oldValue": value} for name, value in (deleted or {}).items()],
            "previousVersion": self.versions[0]["version"],
        }
        self._put(who, change, 1.0 if major else 0.1)
        return self

    @property
    def history(self) -> History:
        return history_of(self.versions, BOTS)


def login(author: Author | None) -> str | None:
    return author.login if author else None


def test_a_replaced_label_names_its_author_and_time_in_china() -> None:
    told = Recorded("pdc-bot", column("手机号", machine(L3)))
    told.step("li.hua", {"columns.手机号.tags": listed(label(L2))}, {"columns.手机号.tags": listed(machine(L3))})
    found = told.history
    assert found.put_by("手机号", L2) == Author("li.hua", True, "2025-11-26T10:01:00.000+08:00", 0.2)
    assert login(found.removed_by("手机号", L3)) == "li.hua"
    assert found.removed_by("手机号", L2) is None
    assert found.put_by("手机号", L3) is None
    assert found.put_by("别的", L2) is None


def test_what_a_bot_did_is_no_persons_act_whatever_the_case_of_its_login() -> None:
    told = Recorded("li.hua", column("a", label(L1)))
    told.step("PDC-Bot", deleted={"columns.a.tags": listed(label(L1))}, columns=[column("a")])
    author = told.history.removed_by("a", L1)
    assert author is not None
    assert not author.person


def test_the_first_version_is_its_makers_act() -> None:
    made = Recorded("li.hua", column("a", label(L1)), tags=(label("审核状态.已确认"),)).history
    assert login(made.put_by("a", L1)) == "li.hua"
    assert login(made.put_by("", "审核状态.已确认")) == "li.hua"


def test_taken_off_and_put_back_in_two_saves_is_the_persons_label() -> None:
    told = Recorded("pdc-bot", column("a", machine(L3)))
    told.step("li.hua", deleted={"columns.a.tags": listed(machine(L3))}, columns=[column("a")])
    assert login(told.history.removed_by("a", L3)) == "li.hua"
    told.step("li.hua", {"columns.a.tags": listed(label(L3))}, columns=[column("a", label(L3))])
    assert login(told.history.put_by("a", L3)) == "li.hua"
    assert told.history.removed_by("a", L3) is None


def test_a_state_changed_alone_leaves_no_trace_on_1_2() -> None:
    told = Recorded("pdc-bot", column("a", machine(L3)))
    told.step("li.hua", updated={"description": ("", "x")}, columns=[column("a", label(L3))])
    author = told.history.put_by("a", L3)
    assert author is not None
    assert not author.person


def test_on_2_0_a_state_change_is_a_restamp_and_not_a_new_label() -> None:
    told = Recorded("pdc-bot", column("a", machine(L3)))
    both = {"columns.a.tags": listed(label(L3))}, {"columns.a.tags": listed(machine(L3))}
    told.step("li.hua", *both, columns=[column("a", label(L3))])
    assert login(told.history.stamped_by("a", L3)) == "li.hua"
    assert login(told.history.put_by("a", L3)) == "pdc-bot"
    assert told.history.removed_by("a", L3) is None


def test_the_ui_restamping_a_table_names_only_the_label_that_it_was_asked_for() -> None:
    """Every other label of the table is Manual and Confirmed afterwards; history says nothing of them."""
    told = Recorded("pdc-bot", tags=(machine(L3), machine("共享类型.非共享")))
    after = [label(L3), label("共享类型.非共享"), label("审核状态.已确认")]
    told.step("li.hua", {"tags": listed(label("审核状态.已确认"))}, tags=after)
    found = told.history
    assert login(found.put_by("", "审核状态.已确认")) == "li.hua"
    for untouched in (L3, "共享类型.非共享"):
        assert login(found.put_by("", untouched)) == "pdc-bot"
        assert found.removed_by("", untouched) is None


def test_labels_of_retyped_and_dropped_columns_were_removed_by_nobody() -> None:
    old = column("a", machine(L3), label("数据元.身份证号", source="Glossary"))
    told = Recorded("pdc-bot", old, column("b", machine(L1)))
    told.step(
        "li.hua",
        {"columns": listed(column("a"))},
        {"columns": listed(old, column("b", machine(L1)))},
        columns=[column("a")],
        major=True,
    )
    assert told.history.removed_by("a", L3) is None
    assert told.history.removed_by("a", "数据元.身份证号") is None
    assert [act.what for act in told.history.acts if act.version == 1.1] == ["lost"] * 3


def test_what_is_lost_with_its_column_hides_an_earlier_removal() -> None:
    told = Recorded("li.hua", column("a", label(L3)))
    told.step("li.hua", deleted={"columns.a.tags": listed(label(L3))}, columns=[column("a")])
    told.step("pdc-bot", {"columns.a.tags": listed(machine(L3))}, columns=[column("a", machine(L3))])
    told.step("wang", {"columns": listed(column("a"))}, {"columns": listed(column("a", machine(L3)))}, major=True)
    assert told.history.removed_by("a", L3) is None


def test_labels_that_vanished_without_a_version_were_removed_by_nobody() -> None:
    """A refused write or a deleted tag erases labels silently; the next version shows them gone."""
    told = Recorded("pdc-bot", column("a", machine(L3)))
    told.step("li.hua", updated={"description": ("", "x")}, columns=[column("a")])
    assert told.history.removed_by("a", L3) is None


def test_a_dotted_column_and_a_nested_one_are_told_apart_by_the_whole_versions() -> None:
    """``columns.a.b.tags`` may be either; only one of them has another label afterwards."""
    dotted, nested = column("a.b", machine(L3)), column("a", children=[column("b", machine(L3))])
    told = Recorded("pdc-bot", dotted, nested)
    told.step("li.hua", deleted={"columns.a.b.tags": listed(machine(L3))}, columns=[column("a.b"), nested])
    assert login(told.history.removed_by("a.b", L3)) == "li.hua"
    assert told.history.removed_by(f"a{NESTED}b", L3) is None


def test_where_both_may_be_meant_the_author_is_unknown() -> None:
    told = Recorded("pdc-bot", column("a.b", machine(L3)), column("a", children=[column("b", machine(L3))]))
    gone = [column("a.b"), column("a", children=[column("b")])]
    told.step("li.hua", deleted={"columns.a.b.tags": listed(machine(L3))}, columns=gone)
    assert told.history.removed_by("a.b", L3) is None
    assert told.history.removed_by(f"a{NESTED}b", L3) is None


@pytest.mark.parametrize("name", ["a.b", "tags", "columns.x", "描 述", "description"])
def test_unquoted_names_are_found_in_the_column_list(name: str) -> None:
    told = Recorded("pdc-bot", column(name), column("other"))
    told.step("li.hua", {f"columns.{name}.tags": listed(label(L1))}, columns=[column(name, label(L1)), column("other")])
    told.step("wang", updated={f"columns.{name}.description": ("旧", "新")})
    assert login(told.history.put_by(name, L1)) == "li.hua"
    assert login(told.history.text_by(name)) == "wang"


def test_descriptions_and_display_names_tell_their_last_author() -> None:
    told = Recorded("pdc-bot", column("a"))
    told.step("li.hua", {"description": "甲"}, updated={"columns.a.displayName": ("a", "甲")})
    told.step("pdc-bot", updated={"description": ("甲", "乙")})
    author = told.history.text_by("")
    assert author is not None
    assert not author.person
    assert login(told.history.text_by("a", "named")) == "li.hua"
    assert told.history.text_by("a") is None
    assert [act.text for act in told.history.acts if act.what == "described"] == ["乙", "甲"]


def test_fields_of_an_endpoint_are_compared_where_history_names_the_whole_schema() -> None:
    def schema(*fields: Entity) -> Entity:
        return {"schemaFields": list(fields)}

    before = {"version": 0.1, "updatedBy": "pdc-bot", "updatedAt": START}
    before |= {
        "responseSchema": schema(column("id", machine(L3)), column("old", machine(L1)), column("x", machine(L2)))
    }
    change = {"fieldsUpdated": [{"name": "responseSchema", "oldValue": "{}", "newValue": "{}"}]}
    after = {"version": 0.2, "updatedBy": "li.hua", "updatedAt": START + MINUTE, "changeDescription": change}
    after |= {"responseSchema": schema(column("id", label(L2)), column("x", label(L2)))}
    found = history_of([after, before], BOTS)
    assert login(found.put_by("id", L2)) == login(found.removed_by("id", L3)) == "li.hua"
    assert found.removed_by("old", L1) is None
    assert login(found.stamped_by("x", L2)) == "li.hua"


def test_what_is_no_json_and_what_nobody_knows_is_passed_over() -> None:
    told = Recorded("li.hua", column("a"))
    told.step("li.hua", {"columns.a.tags": "[not json", "columns.gone.tags": listed(label(L1)), "extension.x": '"1"'})
    assert told.history.put_by("a", L1) is None
    assert [act.paths for act in told.history.acts] == [()]


def test_a_version_of_an_instant_can_be_looked_at_whole() -> None:
    told = Recorded("pdc-bot", column("a", machine(L3))).step("li.hua", columns=[column("a")])
    found = told.history.whole(0.1)
    assert found is not None
    assert found["columns"][0]["tags"] == [machine(L3)]
    assert told.history.whole(7.0) is None


def test_everyone_who_put_a_label_after_a_time() -> None:
    told = Recorded("pdc-bot", column("a"))
    for who in ("li.hua", "wang"):
        told.step(who, {"columns.a.tags": listed(label(L1))}, columns=[column("a", label(L1))])
        told.step(who, deleted={"columns.a.tags": listed(label(L1))}, columns=[column("a")])
    since = china_time(START + MINUTE)
    assert [author.login for author in told.history.put_since("a", L1, since)] == ["wang"]
    assert [author.login for author in told.history.put_since("a", L1, "")] == ["wang", "li.hua"]


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (START, "2025-11-26T10:00:00.000+08:00"),
        ("2025-11-26T02:00:00.5Z", "2025-11-26T10:00:00.500+08:00"),
        ("2025-11-26T02:00:00", "2025-11-26T10:00:00.000+08:00"),
        ("yesterday", ""),
        (1e20, ""),
    ],
)
def test_times_are_told_in_china(moment: float | str, told: str) -> None:
    assert china_time(moment) == told
