"""A tag, term, classification or glossary of ours that people rename is the same one still, on both profiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.om_client import OpenMetadata

TABLE = "mz-rescue.default.default.t_000"
RENAMED = [
    ("tag", "数据分级.L3", "L3敏感"),
    ("classification", "数据分级", "分级"),
    ("glossaryTerm", "数据元.公民身份号码", "身份证号码"),
    ("glossary", "数据元", "本市数据元"),
]


def labels(client: OpenMetadata) -> dict[str, set[str]]:
    """Path → tags and terms."""
    table = client.get("table", TABLE, fields=["columns", "tags"])
    assert table is not None
    return {place["name"]: {one["tagFQN"] for one in place["tags"]} for place in [table, *table["columns"]]}


@pytest.mark.parametrize(("kind", "fqn", "name"), RENAMED)
@pytest.mark.parametrize("profile", ["1.2", "2.0"])
def test_renamed_by_a_person(
    profile: str,
    kind: str,
    fqn: str,
    name: str,
    warm_servers: Callable[[str], Any],
    published_site: Any,
    browser: Any,
    writes_of: Callable[[Any], int],
) -> None:
    """It is called as the pack says again, nothing is lost, doubled or held against the person who edited a label."""
    server = warm_servers(profile)
    site = published_site(server, 1)
    site.publish()
    zhang = browser(server, "zhang")
    zhang.replace_on_column(TABLE, "lxdh", "数据分级.L3", "数据分级.L4")
    with OpenMetadata(server.url, server.admin_token) as admin:
        before = labels(admin)
        entity = admin.get(kind, fqn)
        assert entity is not None
        admin.patch(kind, entity["id"], [{"op": "replace", "path": "/name", "value": name}])
        every = {one["id"] for one in admin.list(kind)}
        for dry_run in (True, False):
            pulled = site.pull(dry_run=dry_run)
            assert [(one.column, one.value, one.rejected) for one in pulled.decisions] == [("lxdh", "L4", "L3")]
            assert pulled.questions == []
        planned = site.plan()
        assert [(one.operation, one.new) for one in planned.definitions] == [("rename", fqn)]
        assert planned.assets == ()
        site.publish()
        assert labels(admin) == before
        assert {one["id"] for one in admin.list(kind)} == every
    writes = writes_of(server)
    assert (site.publish().written, writes_of(server)) == (0, writes)
    assert (site.pull().decisions, site.pull().questions) == ([], [])


def test_a_name_that_is_given_again(warm_servers: Callable[[str], Any], published_site: Any) -> None:
    """There and back: the present name is nobody's former one."""
    from workflows.publish.history import name_today
    from workflows.publish.stored import remember_renames, renames_of

    with published_site(warm_servers("1.2"), 1).publishing() as job:
        remember_renames(job.ledger, {"数据分级.L3": "数据分级.敏感"}, "2026-01-01T00:00:00+08:00")
        remember_renames(job.ledger, {"数据分级.敏感": "数据分级.L3"}, "2026-01-02T00:00:00+08:00")
        renamed = renames_of(job.ledger)
        assert [name_today(name, renamed) for name in ("数据分级.敏感", "数据分级.L3")] == ["数据分级.L3"] * 2
