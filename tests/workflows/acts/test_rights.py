"""Who may act, and that nobody is two persons."""

from __future__ import annotations

import pytest

from workflows.acts.model import Act, Actor, NotAllowed
from workflows.acts.rights import DEFAULT, require, require_other

LI = Actor(account="li", person="li", name="李四", roles=("reviewer",), departments=("minzheng",), behalf="wang")


def test_a_role_holds_where_it_is_given() -> None:
    require(LI, "entry.approve", "minzheng")
    for act, department in (("entry.approve", "weijian"), ("entry.submit", "minzheng")):
        with pytest.raises(NotAllowed, match=r"李四 may not .*; ask the "):
            require(LI, act, department)
    require(LI, "entry.submit", "minzheng", {**DEFAULT, "entry.submit": ("reviewer",)})


def test_an_account_of_nobody_may_do_nothing() -> None:
    for act in DEFAULT:
        with pytest.raises(NotAllowed, match=r"the account root, which no person in site.yaml has, may not"):
            require(Actor(account="root", behalf="李四"), act, "minzheng")


def test_the_administrator_rules_on_nothing() -> None:
    admin = Actor(account="root", person="ops", roles=("admin",))
    for act in DEFAULT:
        with pytest.raises(NotAllowed):
            require(admin, act, "minzheng")


@pytest.mark.parametrize("same", [{"who": "li", "account": "x"}, {"who": "wang", "account": "li"}])
def test_the_second_person_is_another_account_and_another_person(same: dict[str, str]) -> None:
    def act(who: str, account: str) -> Act:
        return Act(1, "2026-11-01T09:00:00+08:00", who, "entry", "d/s/t", 1, "submit", account=account, behalf="zhao")

    require_other(LI, [act("wang", "wang")], "approval")
    with pytest.raises(NotAllowed, match=r"李四 did submit on 2026-11-01; approval needs a second person"):
        require_other(LI, [act(**same)], "approval")
