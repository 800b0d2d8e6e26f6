"""What is in flight when a publication dies is known afterwards, and mended: a table of ends, and real ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.om_client import OpenMetadata
from connectors.om_errors import ServerRetryError
from workflows.publish.journal import in_flight, kept, learned
from workflows.publish.ledger import InFlight, Ledger
from workflows.publish.merge import Merged, Scheme, encoder
from workflows.publish.model import Base, Mark, Slot, WantedAsset, WantedColumn
from workflows.publish.planner import Draft, Edit

SCHEME = Scheme(frozenset({"数据分级"}))
L1, L2, L3 = (Mark(f"数据分级.L{n}") for n in (1, 2, 3))
BY_HAND = Mark("数据分级.L2", "Manual", "Confirmed")
FOREIGN = Mark("PII.Sensitive", "Manual", "Confirmed")
TABLE = "mz-rescue.default.default.t_000"
PROFILES = ("1.2", "2.0")


def table(*marks: Mark, ident: str = "7") -> dict[str, Any]:
    return {
        "id": ident,
        "version": 0.3,
        "tags": [],
        "columns": [{"name": "c", "tags": list(map(encoder(True), marks))}],
    }


def item(before: list[Mark], after: list[Mark]) -> InFlight:
    def at(marks: list[Mark]) -> list[tuple[str, Mark]]:
        return [("c", mark) for mark in marks]

    return InFlight("k", "mz.t", "table", "7", 0.2, at(before), at(after))


def test_what_goes_into_the_journal() -> None:
    asset = WantedAsset("k", "table", "mz.t", "mz", "d", "s", "t", (WantedColumn("c", 1, "INT"),))
    edits = (Edit(Slot("c", "数据分级"), L2, L3), Edit(Slot("", "数据分级"), None, L3))
    found = in_flight(Draft(asset, table(L2, FOREIGN), Base("mz.t"), labels=Merged(edits, (), ())))
    assert (found.id, found.version) == ("7", 0.3)
    assert found.before == [("c", L2), ("c", FOREIGN)]
    assert found.after == [("", L3), ("c", L3), ("c", FOREIGN)]
    assert kept(found) == [("c", FOREIGN)]


@pytest.mark.parametrize(
    ("base", "before", "after", "standing", "known"),
    [
        ([], [], [L2], [L2], [L2]),  # added, and written
        ([], [], [L2], [], []),  # to be added, not written
        ([L2], [L2], [L3], [L3], [L3]),  # replaced
        ([L2], [L2], [L3], [L2], [L2]),  # not yet replaced
        ([L2], [L2], [], [], []),  # withdrawn
        ([L2], [L2], [], [L2], [L2]),  # not yet withdrawn
        ([L2], [], [], [], [L2]),  # a person had removed it before: the next pull must see that
        ([L2], [L2], [L2], [], [L2]),  # lost, and a person's act cannot be ruled out
        ([L2], [BY_HAND], [BY_HAND], [BY_HAND], [L2]),  # a person had confirmed it before
        ([L1], [L1], [L2], [BY_HAND], []),  # to be replaced, a person was faster
        ([], [FOREIGN], [FOREIGN], [FOREIGN], []),  # foreign labels are never ours
    ],
)
def test_what_is_learned(
    base: list[Mark], before: list[Mark], after: list[Mark], standing: list[Mark], known: list[Mark]
) -> None:
    last = Base("mz.t", id="7", version=0.2, structure="x", marks=[("c", mark) for mark in base])
    found = learned(item(before, after), last, table(*standing), SCHEME)
    assert [mark for _, mark in found.marks] == known
    assert (found.structure, found.version) == ("", 0.2)


def test_of_an_asset_made_anew_nothing_is_known() -> None:
    last = Base("mz.t", id="7", marks=[("c", L2)])
    assert learned(item([], []), last, table(ident="8"), SCHEME).marks == []


# --- on a server -------------------------------------------------------------------------------------------------


@pytest.fixture(params=PROFILES)
def server(request: pytest.FixtureRequest, warm_servers: Callable[[str], Any]) -> Any:
    return warm_servers(request.param)


def column(server: Any, name: str) -> dict[str, str]:
    with OpenMetadata(server.url, server.admin_token) as client:
        found = client.get("table", TABLE, fields=["columns", "tags"])
    assert found is not None
    place = next(one for one in found["columns"] if one["name"] == name)
    return {label["tagFQN"]: label["labelType"] for label in place["tags"]}


class Killed(BaseException):
    """The process is gone: nothing may catch it."""


def test_killed_between_structure_and_labels(server: Any, published_site: Any, browser: Any) -> None:
    """The column is retyped, its labels are gone with its old type, and the process dies: all of them come back."""
    site = published_site(server)
    site.publish()
    browser(server, "wang", admin=True).label_column(TABLE, "sfzh", add=["PII.Sensitive"])
    before = column(server, "sfzh")
    site.harvest(site.sql(3, retyped=2))

    def die(*_: Any) -> Any:
        raise Killed

    with site.publishing() as job:
        job.client.patch = die
        with pytest.raises(Killed):
            job.publish()
        assert "PII.Sensitive" not in column(server, "sfzh")
        assert len(job.ledger.in_flight(job.ledger.unfinished()[0].id)) == 2
    result = site.publish()
    assert (result.exit_code, result.mended) == (0, 2)
    assert column(server, "sfzh") == before
    with site.publishing() as job:
        assert job.ledger.unfinished() == []
    assert site.publish().written == 0


@pytest.mark.parametrize("tables", [3, 12])
def test_what_cannot_be_mended_now_is_mended_later(server: Any, published_site: Any, browser: Any, tables: int) -> None:
    """The server goes away: assets are failures, and after ten of them the publication is given up."""
    site = published_site(server, tables)
    site.publish()
    browser(server, "wang", admin=True).label_column(TABLE, "sfzh", add=["PII.Sensitive"])
    before = column(server, "sfzh")
    site.harvest(site.sql(tables, retyped=2, comment="救助登记"))

    def cut(*_: Any) -> Any:
        server.control("PUT", "faults", {"cut_before": 1.0})
        return patch(*_)

    with site.publishing() as job:
        patch, job.client.patch = job.client.patch, cut
        if tables == 12:
            with pytest.raises(ServerRetryError):
                job.publish()
        else:
            assert job.publish().exit_code in (1, 3)
    server.control("PUT", "faults", {})
    with site.publishing() as job:
        assert isinstance(job.ledger, Ledger)
        assert len(job.ledger.unfinished()) == 1
    assert site.publish().exit_code == 0
    assert column(server, "sfzh") == before
