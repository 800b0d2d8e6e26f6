"""The transition table and the fold: every verb in every stage."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import msgspec
import pytest

from workflows.acts.model import Act
from workflows.sharing.states import FROM, STAGE_NAMES, Document, Grant, Mark, Refusal, RequestState, Stage, fold, unfit

STAGES: tuple[Stage, ...] = get_args(Stage)
DOCUMENT = {"kind": "share", "requester": "minzheng", "asset": "lvhua/gis/parks", "owner": "lvhua"}
PERIOD = {"since": "2026-09-21", "until": "2026-09-25", "interface": "", "text": ""}
NEW = ("new", {"document": DOCUMENT, "stage": "reviewing"})
ASK = ("new", {"document": DOCUMENT, "stage": "asked"})
GRANT = ("grant", PERIOD)
REFUSE = ("refuse", {"basis": ["pipl/34"]})
RENEW = ("renew", {"until": "2026-12-31"})
HELD = ("confirm", {"held": True, "owner": "lvhua", "due": "2026-09-30"})
NOT_CATALOGUED = ("confirm", {"held": True, "owner": "lvhua", "refused": True})
BOTH: tuple[tuple[str, Any], ...] = (("approve-office", {}), ("approve-owner", {}))


def acts(*told: tuple[str, Any]) -> list[Act]:
    return [
        Act(n, f"2026-09-{20 + n:02d}T09:00:00+08:00", "x", "request", "S2026-0001", n, verb, "w")
        if not after
        else Act(
            *(n, f"2026-09-{20 + n:02d}T09:00:00+08:00", "x", "request", "S2026-0001", n, verb, "w", ""),
            msgspec.json.encode(after).decode(),
        )
        for n, (verb, after) in enumerate(told, 1)
    ]


@pytest.mark.parametrize(("stage", "verb"), list(itertools.product(STAGES, FROM)))
def test_the_table(stage: Stage, verb: str) -> None:
    refusal = Refusal(Mark("zhao", "2026-09-21"))
    full = RequestState("S2026-0001", stage, grant=Grant("2026-09-21"), refusal=refusal)
    assert (unfit(full, verb) == "") == (stage in FROM[verb])
    if stage not in FROM[verb]:
        assert unfit(full, verb).startswith(f"S2026-0001 is {stage}: {verb} is for requests that are ")


def test_stages_that_end_and_names() -> None:
    leading = {stage for stages in FROM.values() for stage in stages}
    assert set(STAGES) - leading == {"withdrawn"}
    assert set(STAGE_NAMES) == set(STAGES)


@pytest.mark.parametrize(
    ("told", "stage"),
    [
        ((ASK,), "asked"),
        ((ASK, ("confirm", {"held": False})), "absent"),
        ((ASK, ("confirm", {"held": True, "owner": "lvhua"})), "cataloguing"),
        ((ASK, HELD, ("confirm", {"held": True, "owner": "scjg"})), "cataloguing"),
        ((ASK, HELD, ("confirm", {"held": False})), "absent"),
        ((ASK, HELD, NOT_CATALOGUED), "uncatalogued"),
        ((ASK, HELD, NOT_CATALOGUED, ("object", {})), "objected"),
        ((ASK, HELD, NOT_CATALOGUED, ("object", {}), ("answer", {"upheld": True})), "uncatalogued"),
        ((ASK, HELD, NOT_CATALOGUED, ("object", {}), ("answer", {"upheld": False})), "asked"),
        ((ASK, ("confirm", {"held": False}), ("object", {}), ("answer", {"upheld": False})), "asked"),
        ((ASK, ("catalogue", {"document": DOCUMENT, "entry": "d"})), "reviewing"),
        ((NEW,), "reviewing"),
        ((NEW, *BOTH), "reviewing"),
        ((NEW, *BOTH, GRANT), "granted"),
        ((NEW, REFUSE), "refused"),
        ((NEW, GRANT, ("use", {"rows": 3})), "granted"),
        ((NEW, GRANT, ("expire", {})), "expired"),
        ((NEW, GRANT, ("revoke", {})), "revoked"),
        ((NEW, GRANT, RENEW), "reviewing"),
        ((NEW, GRANT, RENEW, REFUSE), "granted"),
        ((NEW, GRANT, RENEW, ("expire", {})), "reviewing"),
        ((NEW, GRANT, RENEW, ("expire", {}), REFUSE), "expired"),
        ((NEW, GRANT, RENEW, REFUSE, ("object", {}), ("expire", {})), "objected"),
        ((NEW, GRANT, RENEW, REFUSE, ("object", {}), ("expire", {}), ("answer", {"upheld": True})), "expired"),
        ((NEW, GRANT, RENEW, REFUSE, ("object", {}), ("answer", {"upheld": True})), "granted"),
        ((NEW, REFUSE, ("object", {})), "objected"),
        ((NEW, REFUSE, ("object", {}), ("answer", {"upheld": True})), "refused"),
        ((NEW, REFUSE, ("object", {}), ("answer", {"upheld": False})), "reviewing"),
        ((NEW, GRANT, ("withdraw", {})), "withdrawn"),
    ],
)
def test_where_acts_lead(told: tuple[tuple[str, Any], ...], stage: Stage) -> None:
    found = fold(acts(*told))
    assert (found.stage, found.version) == (stage, len(told))


def test_only_days_of_the_grant_are_usable() -> None:
    state = fold(acts(NEW, GRANT))
    days = ("2026-09-20", "2026-09-21", "2026-09-25", "2026-09-26")
    assert [state.usable(day) for day in days] == [False, True, True, False]
    assert [state.past(day) for day in days] == [False, False, False, True]
    assert fold(acts(NEW, ("grant", {"since": "2026-09-21"}))).usable("2099-01-01")
    for ended in ("expire", "revoke", "withdraw"):
        assert not fold(acts(NEW, GRANT, (ended, {}))).usable("2026-09-21")


def test_a_renewal_is_reviewed_anew_while_the_grant_holds() -> None:
    state = fold(acts(NEW, *BOTH, GRANT, RENEW))
    assert (state.approvals, state.missing_sides(), state.usable("2026-09-25")) == ({}, ("office", "owner"), True)
    refused = fold(acts(NEW, *BOTH, GRANT, RENEW, REFUSE))
    assert (refused.usable("2026-09-25"), refused.renewal) == (True, None)
    again = fold(acts(NEW, *BOTH, GRANT, RENEW, REFUSE, ("object", {}), ("answer", {"upheld": False})))
    assert again.renewal is not None
    assert again.renewal.until == "2026-12-31"


def test_what_cannot_be_objected_to_or_ended() -> None:
    assert "there is no refusal to object to" in unfit(fold(acts(NEW, GRANT)), "object")
    for verb in ("revoke", "expire", "use"):
        assert "has no grant" in unfit(fold(acts(NEW)), verb)


def test_stages_know_since_when() -> None:
    state = fold(acts(NEW, *BOTH))
    assert state.stage_since.startswith("2026-09-21")
    assert fold(acts(NEW, *BOTH, GRANT)).stage_since.startswith("2026-09-24")
    opening = RequestState("O2026-0001", "reviewing", document=Document("open", "lvhua"))
    assert opening.missing_sides() == ("owner",)


def test_a_demand_waits_for_its_owner_since_the_owner_was_named() -> None:
    state = fold(acts(ASK, HELD, ("confirm", {"held": True, "owner": "scjg", "due": ""})))
    assert (state.stage_since[:10], state.owner, state.promised) == ("2026-09-23", "scjg", "")
    again = fold(acts(ASK, HELD, NOT_CATALOGUED, ("object", {}), ("answer", {"upheld": False})))
    assert (again.again[:10], again.closed, again.promised) == ("2026-09-25", "", "")
