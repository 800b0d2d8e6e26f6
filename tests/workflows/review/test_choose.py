"""One decision over many columns: who is meant, and the same rules as everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from workflows.acts.rights import DEFAULT
from workflows.errors import InputError
from workflows.review import choose
from workflows.review.desk import Wish
from workflows.review.sheets import Choices

PERSON = "dept/sys/person"


@pytest.fixture
def choices(room: Any) -> Choices:
    return Choices(room.pack)


def decider(room: Any, who: str = "李华", behalf: str = "") -> choose.Decider:
    return choose.Decider(room.trail, room.pack, room.actor(who, behalf), DEFAULT)


def wanted(choices: Choices, *sets: str, rejects: tuple[str, ...] = (), basis: tuple[str, ...] = ()) -> choose.Setting:
    return choose.setting(choices, sets, rejects, "核对", basis)


@pytest.mark.parametrize(
    ("where", "columns"),
    [
        ("element=person.mobile", {"person.sjh", "visit.sjh"}),
        ("element=手机号码 table=VISIT", {"visit.sjh"}),
        ("element=person.* table=per*", {"person.xm", "person.sjh", "person.sfzh"}),
        ("system=sys column=fld?", {"toilet.fld3"}),
        ("department=dept state=undetermined", {"toilet.fld3"}),
        ("state=待判定", {"toilet.fld3"}),
        ("department=d* tier=L4", set()),
        ("department=dept table=other", set()),
        ("tier=L3 column=x*", {"person.xm", "visit.xm"}),
    ],
)
def test_who_is_meant(room: Any, choices: Choices, where: str, columns: set[str]) -> None:
    found = choose.where(room.store, choices, [where])
    assert {f"{item.stored.asset.name}.{item.column.name}" for item in found} == columns


def test_one_decision_over_many_columns(room: Any, choices: Choices) -> None:
    found = choose.wishes_of(
        choose.where(room.store, choices, ["element=person.mobile"]), wanted(choices, "tier=L4 open=非开放")
    )
    assert [one.verdict for one in decider(room).preview(found)] == ["accepted"] * 4
    assert room.store.decisions() == []
    assert [one.verdict for one in decider(room).decide(found)] == ["accepted"] * 4
    assert room.values("visit", "sjh") == room.values("person", "sjh") == {"tier": "L4", "open": "none"}
    assert {act.why for act in room.trail.acts("decision")} == {"核对"}
    assert [one.verdict for one in decider(room).decide(found)] == ["unchanged"] * 4


def test_what_changed_since_the_preview_is_a_conflict(room: Any, choices: Choices) -> None:
    found = choose.wishes_for(room.store, "person.sfzh", wanted(choices, "tier=L4"))
    room.judge(Wish(PERSON, "tier", "L3", "sfzh", "先到"), who="王芳")
    (one,) = decider(room).decide(found)
    assert (one.verdict, one.theirs.endswith("定为：敏感级")) == ("conflict", True)
    assert room.values("person", "sfzh") == {"tier": "L3"}


def test_the_rules_hold_here_too(room: Any, choices: Choices) -> None:
    none = choose.wishes_for(room.store, "person.sfzh", wanted(choices, "share=none"))
    assert [one.verdict for one in decider(room).decide(none)] == ["refused"]
    law = next(one.key for one in room.pack.citations() if room.pack.sufficient("none", [one.key]))
    cited = choose.wishes_for(room.store, "person.sfzh", wanted(choices, "share=none", basis=(law,)))
    assert [one.verdict for one in decider(room).decide(cited)] == ["accepted"]
    lower = choose.wishes_for(room.store, "person.sfzh", wanted(choices, "tier=L1"))
    assert [one.verdict for one in decider(room).decide(lower)] == ["waits"]
    assert [one.verdict for one in decider(room, "王芳").decide(lower)] == ["accepted"]
    assert room.values("person", "sfzh") == {"share": "none", "tier": "L1"}


def test_an_asset_as_a_whole(room: Any, choices: Choices) -> None:
    found = choose.wishes_for(room.store, "person", wanted(choices, "tier=L4"))
    assert [one.verdict for one in decider(room).decide(found)] == ["accepted"]
    assert room.values("person") == {"tier": "L4"}
    with pytest.raises(InputError, match="only columns have data elements"):
        choose.wishes_for(room.store, "person", wanted(choices, "element=姓名"))


def test_a_refusal_takes_the_proposal_away(room: Any, choices: Choices) -> None:
    found = choose.wishes_for(room.store, "visit.zfrq", wanted(choices, rejects=("element",)))
    assert [one.verdict for one in decider(room).decide(found)] == ["accepted"]
    (decision,) = room.store.decisions("dept/sys/visit")
    assert (decision.value, decision.rejected is not None) == (None, True)


@pytest.mark.parametrize("who", ["赵云", "孙办"])
def test_who_may_not_decides_nothing(room: Any, choices: Choices, who: str) -> None:
    found = choose.wishes_for(room.store, "person.sfzh", wanted(choices, "tier=L4"))
    (one,) = decider(room, who, behalf="李华").decide(found)
    assert (one.verdict, one.told) == ("refused", "无权裁定dept的标签")
    assert list(room.trail.acts()) == []


@pytest.mark.parametrize(
    ("sets", "rejects", "basis", "told"),
    [
        (("tier=L9",), (), (), "no such value (L1 公开级, L2 内部级"),
        (("element=无此数据元",), (), (), "or its Chinese name"),
        (("tier",), (), (), "write KEY=VALUE with one of element, tier, share, open"),
        (("colour=red",), (), (), "--set colour=red"),
        (("tier='L3",), (), (), "No closing quotation"),
        (("tier=L3",), ("tier",), (), "--set gives it a value"),
        ((), (), (), "nothing to decide"),
        (("tier=L3 tier=L4",), (), (), "--set tier=L4: --set gives tier a value already"),
        (("tier=L3",), (), ("民法典/1",), "--basis 民法典/1: no such citation"),
        (("tier=L3",), (), ("《个人信息保护法》第二十八条、第九百条",), "《个人信息保护法》第九百条: no such citation"),
        (("tier=L3",), (), ("",), "--basis : no such citation"),
    ],
)
def test_mistakes_are_told(choices: Choices, sets: Any, rejects: Any, basis: Any, told: str) -> None:
    with pytest.raises(InputError) as error:
        choose.setting(choices, sets, rejects, "核对", basis)
    assert told in str(error.value)


@pytest.mark.parametrize(
    "basis",
    [
        ("pipl/28", "pipl/34"),
        ("《个人信息保护法》第二十八条、第三十四条",),
        ("《中华人民共和国个人信息保护法》第二十八条；《个人信息保护法》 第三十四条",),
    ],
)
def test_citations_are_taken_as_the_workbook_takes_them(choices: Choices, basis: tuple[str, ...]) -> None:
    assert choose.setting(choices, ["tier=L3"], (), "", basis).basis == ("pipl/28", "pipl/34")


def test_a_where_must_say_something(room: Any, choices: Choices) -> None:
    with pytest.raises(InputError, match="--where is empty"):
        choose.where(room.store, choices, [" "])
    with pytest.raises(InputError, match="one of department, system"):
        choose.where(room.store, choices, ["colour=red"])


def test_only_a_rejection_needs_a_reason_whatever_it_is_about(choices: Choices) -> None:
    assert choose.setting(choices, ["tier=L3"], (), "", ()).reason == ""
    with pytest.raises(InputError, match="--reject needs --why"):
        choose.setting(choices, (), ("tier",), "", ())


def test_a_reason_that_is_given_says_something(choices: Choices) -> None:
    with pytest.raises(InputError, match="--why holds no visible character"):
        choose.setting(choices, ["tier=L3"], (), " \u3000", ())


@pytest.mark.parametrize("why", ["甲\n乙", "\x1b[31m", "看\u202e过"])
def test_reasons_are_one_line_of_what_is_seen(choices: Choices, why: str) -> None:
    with pytest.raises(InputError, match="--why is one line of text without control characters"):
        choose.setting(choices, ["tier=L3"], (), why, ())


def test_a_dimension_may_be_rejected_twice(choices: Choices) -> None:
    assert wanted(choices, rejects=("tier", "tier")).values == {"tier": None}


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("department=other", r"no department of labelled items fits \(dept\)"),
        ("tier=L9", r"no tier of labelled items fits \(L1, L2, L3, L4, undetermined\)"),
        ("element=person.* state=done", r"--where state=done: .+\(confirmed, suggested, undetermined\)"),
        ("system=x*", r"no system of labelled items fits \(sys\)"),
    ],
)
def test_a_mistyped_value_is_not_nothing_to_do(room: Any, choices: Choices, where: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        choose.where(room.store, choices, [where])
