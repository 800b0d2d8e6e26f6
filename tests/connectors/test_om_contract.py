"""The client against the contract server, on both profiles: what its methods promise holds on a whole server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from connectors.om_client import OpenMetadata
from connectors.om_errors import (
    AlreadyExists,
    IncompleteListing,
    NotAuthenticated,
    NotFound,
    Refused,
    ServerBroken,
    ServerError,
    ServerRetryError,
    Stale,
)
from connectors.om_names import entity_name, join_fqn
from connectors.om_patch import set_field, set_list

SERVICE = {
    "name": "救助.系统",
    "serviceType": "CustomDatabase",
    "connection": {"config": {"type": "CustomDatabase", "sourcePythonClass": "x"}},
}
NAMES = ["person", "人口 表", "a.b", "x/y'z", 'q"::>']
COLUMNS = [{"name": "姓名", "dataType": "VARCHAR", "dataLength": 50}, {"name": "id.no", "dataType": "INT"}]


class Site:
    """A server with one schema, and a client of its administrator; ``pauses`` are not slept."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.made: list[OpenMetadata] = []
        self.client = self.connect(server.admin_token)
        self.database = self.client.put("database", {"name": "库", "service": self.service()["fullyQualifiedName"]})
        self.schema = self.client.put("databaseSchema", {"name": "s", "database": self.database["fullyQualifiedName"]})

    def connect(self, token: str | None, **options: Any) -> OpenMetadata:
        options = {"sleep": lambda seconds: None, **options}
        self.made.append(OpenMetadata(self.server.url, token, **options))
        return self.made[-1]

    def service(self) -> dict[str, Any]:
        return self.client.put("databaseService", SERVICE)

    def body(self, name: str, schema: str | None = None) -> dict[str, Any]:
        columns = [{**column, "name": entity_name(str(column["name"]))} for column in COLUMNS]
        parent = schema or self.schema["fullyQualifiedName"]
        return {"name": entity_name(name), "databaseSchema": parent, "columns": columns}

    def tag(self, name: str) -> dict[str, Any]:
        self.client.put("classification", {"name": "分级", "description": "d", "mutuallyExclusive": True})
        self.client.put("tag", {"name": name, "classification": "分级", "description": "d"})
        label = {"tagFQN": f"分级.{name}", "source": "Classification", "labelType": "Automated", "state": "Suggested"}
        return label


@pytest.fixture(params=["1.2", "2.0"])
def site(request: pytest.FixtureRequest, contract_server: Callable[..., Any]) -> Iterator[Site]:
    made = Site(contract_server(request.param))
    yield made
    for client in made.made:
        client.close()
    assert made.server.log() == ""


def test_version_account_and_nasty_names(site: Site) -> None:
    client = site.client
    assert client.check()["name"] == "admin"
    assert client.version.supported
    for name in NAMES:
        written = client.put("table", site.body(name))
        fqn = join_fqn("救助.系统", "库", "s", entity_name(name))
        assert written["fullyQualifiedName"] == fqn
        read = client.get("table", fqn, fields=("columns",))
        assert read is not None
        assert read["id"] == written["id"]
        assert client.get("table", written["id"]) is not None
    assert client.get("table", join_fqn("救助.系统", "库", "s", "没有")) is None


def test_put_many_gives_a_result_per_body_in_order(site: Site) -> None:
    bodies = [site.body(f"t{n}") for n in range(120)]
    bodies[3] = {**bodies[3], "columns": [{"name": "c", "dataType": "VARCHAR"}]}
    bodies[110] = {**bodies[110], "databaseSchema": "no.such.schema"}
    results = site.client.put_many("table", bodies)
    assert isinstance(results[3], Refused)
    assert isinstance(results[110], NotFound)
    for n in set(range(120)) - {3, 110}:
        assert results[n]["fullyQualifiedName"] == join_fqn("救助.系统", "库", "s", f"t{n}")  # type: ignore[index]
    assert len(list(site.client.list("table", databaseSchema=site.schema["fullyQualifiedName"]))) == 118
    written = [result for result in site.client.put_many("table", bodies[:3]) if isinstance(result, ServerError)]
    assert written == []


def test_lists_are_whole_where_the_server_skips(site: Site) -> None:
    database = site.database["fullyQualifiedName"]
    for schema in ("a", "b", "c"):
        parent = site.client.put("databaseSchema", {"name": schema, "database": database})["fullyQualifiedName"]
        results = site.client.put_many("table", [site.body(f"t{n:03}", parent) for n in range(50)])
        assert not [result for result in results if isinstance(result, ServerError)]
    tables = list(site.client.list("table"))
    assert len({table["id"] for table in tables}) == len(tables) == 150
    # Asked for at once, 1.2 skips equal names at the page border.
    params = {"limit": 100, "database": database}
    first = site.client.request("GET", "tables", params, doing="list")
    after = first["paging"]["after"]
    rest = site.client.request("GET", "tables", {**params, "after": after}, doing="list")
    assert (len(first["data"]) + len(rest["data"]) < 150) == (str(site.client.version) == "1.2.0")


def test_patches_and_guards(site: Site) -> None:
    client = site.client
    table = client.put("table", site.body("t"))
    l3, l4 = site.tag("L3"), site.tag("L4")
    ops = set_field("/description", None, "户籍") + set_list("/columns/0/tags", table["columns"][0].get("tags"), [l3])
    patched = client.patch("table", table["id"], ops, table["version"])
    with pytest.raises(Stale, match=r"plan again"):
        client.patch("table", table["id"], ops, table["version"])
    ops = set_list("/columns/0/tags", patched["columns"][0]["tags"], [l4])
    again = client.patch("table", table["id"], ops, patched["version"])
    assert [tag["tagFQN"] for tag in again["columns"][0]["tags"]] == ["分级.L4"]
    history = client.versions("table", table["id"])
    assert [one["version"] for one in history] == [again["version"], patched["version"], table["version"]]
    old = client.version_of("table", table["id"], patched["version"])
    assert old is not None
    assert old["columns"][0]["tags"][0]["tagFQN"] == "分级.L3"
    assert client.version_of("table", table["id"], 9.9) is None


def test_a_refusal_is_a_refusal(site: Site) -> None:
    client = site.client
    table = client.put("table", site.body("t"))
    both = [site.tag("L3"), site.tag("L4")]
    with pytest.raises(Refused, match="mutually exclusive"):
        client.patch("table", table["id"], set_list("/tags", table.get("tags"), both))
    with pytest.raises(NotFound):
        client.patch("table", table["id"], set_list("/tags", None, [{**both[0], "tagFQN": "分级.L9"}]))
    with pytest.raises(Refused):
        client.put("table", {**site.body("t"), "unknown": 1})
    with pytest.raises(AlreadyExists):
        client.create("table", site.body("t"))
    with pytest.raises(Refused):
        client.get("table", table["id"], fields=("nonsense",))


def test_delete_and_restore(site: Site) -> None:
    client = site.client
    table = client.put("table", site.body("t"))
    with pytest.raises(Refused, match="not empty"):
        client.delete("databaseSchema", site.schema["id"])
    assert client.delete("table", table["id"])
    assert client.get("table", table["id"]) is None
    assert client.get("table", table["id"], include="deleted") is not None
    assert [row["id"] for row in client.list("table", include="deleted")] == [table["id"]]
    restored = client.restore("table", table["id"])
    assert restored is not None
    assert client.get("table", table["id"]) is not None
    assert client.restore("table", table["id"]) is None
    assert client.delete("table", table["id"], hard=True)
    assert not client.delete("table", table["id"], hard=True)


def test_properties_and_events(site: Site) -> None:
    client = site.client
    table_type, string = client.type("table"), client.type("string")
    assert table_type is not None
    assert string is not None
    assert client.type("没有") is None
    body = {"name": "共享条件", "description": "d", "propertyType": {"id": string["id"], "type": "type"}}
    client.put_property(table_type["id"], body)
    defined = client.type("table")
    assert defined is not None
    assert [one["name"] for one in defined["customProperties"]] == ["共享条件"]
    table = client.put("table", site.body("t"))
    client.patch("table", table["id"], set_field("/extension", None, {"共享条件": "依申请"}))
    read = client.get("table", table["id"], fields=("extension",))
    assert read is not None
    assert read["extension"] == {"共享条件": "依申请"}
    events = client.events(table["updatedAt"], created=("table",), updated=("table",))
    assert [event["eventType"] for event in events] == ["entityCreated", "entityUpdated"]
    assert events[0]["entity"]["name"] == "t"


def test_lineage(site: Site) -> None:
    client = site.client
    source, target = (client.put("table", site.body(name)) for name in ("src", "视图.一"))
    ends = ("table", source["id"]), ("table", target["id"])
    names = [f"{source['fullyQualifiedName']}.姓名", f"{target['fullyQualifiedName']}.姓名"]
    client.put_lineage(*ends, {"columnsLineage": [{"fromColumns": names[:1], "toColumn": names[1]}]})
    for ref in (target["id"], target["fullyQualifiedName"]):
        found = client.lineage("table", ref)
        assert found is not None
        (edge,) = found["upstreamEdges"]
        assert (edge["fromEntity"], edge["toEntity"]) == (source["id"], target["id"])
        assert edge["lineageDetails"]["columnsLineage"][0]["toColumn"] == names[1]
    with pytest.raises(Refused):
        client.lineage("table", target["id"], up=4)
    assert client.lineage("table", join_fqn("救助.系统", "库", "s", "没有")) is None
    assert client.delete_lineage(*ends)
    assert not client.delete_lineage(*ends)


def test_tags_are_listed_by_classification(site: Site) -> None:
    site.tag("L3")
    site.tag("L4")
    site.client.put("classification", {"name": "共享", "description": "d"})
    site.client.put("tag", {"name": "L3", "classification": "共享", "description": "d"})
    every = {tag["fullyQualifiedName"] for tag in site.client.list("tag")}
    assert {"分级.L3", "分级.L4", "共享.L3"} <= every
    assert [tag["name"] for tag in site.client.list("tag", parent="共享")] == ["L3"]


def test_tokens(site: Site) -> None:
    expired, short = site.server.token("old", lifetime=-3600), site.server.token("short", lifetime=3600)
    with pytest.raises(NotAuthenticated, match=r"the token expired on 20\d\d-"):
        site.connect(expired).check()
    with pytest.raises(NotAuthenticated, match="wants a token"):
        site.connect(None).check()
    with pytest.raises(NotAuthenticated, match="refuses the token"):
        site.connect(site.server.token("new")[:-4] + "xxxx").put("table", site.body("t"))
    site.server.control("PUT", "clock", {"skew": 7200})
    with pytest.raises(NotAuthenticated, match="server's clock is"):
        site.connect(short).check()


def test_unknown_calls_are_routing_errors(site: Site) -> None:
    with pytest.raises(ServerBroken) as caught:
        site.client.request("GET", "search/reindex", doing="reindex")
    assert caught.value.routing
    assert site.client.requests_made["GET"] == 1


FAULTS = {"rate_429": 0.1, "retry_after": 0, "rate_503": 0.1, "rate_500": 0.1, "cut_before": 0.05, "cut_after": 0.05}


def test_faults_are_survived(site: Site) -> None:
    site.server.control("PUT", "faults", FAULTS)
    bodies = [site.body(f"t{n}") for n in range(60)]
    results = site.client.put_many("table", bodies)
    assert [result for result in results if isinstance(result, ServerError)] == []
    assert len(list(site.client.list("table"))) == 60
    for result in results[:20]:
        fqn = result["fullyQualifiedName"]  # type: ignore[index]
        table = site.client.get("table", fqn)
        assert table is not None
        # Stale: the answer was lost after the write; reading again shows it.
        with suppress(Stale):
            site.client.patch("table", table["id"], set_field("/description", None, "d"), table["version"])
        again = site.client.get("table", fqn)
        assert again is not None
        assert again["description"] == "d"


def test_a_server_that_stays_down_is_said(site: Site) -> None:
    site.server.control("PUT", "faults", {"rate_503": 1.0, "retry_after": 0})
    with pytest.raises(ServerRetryError, match="the server is busy"):
        list(site.client.list("table"))
    site.server.stop()
    with pytest.raises(ServerRetryError, match="refused the connection"):
        site.client.whoami()
    site.server.start()


def test_eight_threads_create_one_table(site: Site) -> None:
    site.server.control("PUT", "faults", {"race": 0.05})
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda _: site.client.put("table", site.body("t")), range(8)))
    assert len({one["id"] for one in written}) == 1


def test_a_shortened_list_is_never_taken_for_whole(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.client.put_many("table", [site.body(f"t{n}") for n in range(5)])
    whole = site.client.request

    def lossy(method: str, path: str, *args: Any, **kwargs: Any) -> Any:
        answer = whole(method, path, *args, **kwargs)
        if path == "tables":
            answer["data"].pop()
        return answer

    monkeypatch.setattr(site.client, "request", lossy)
    with pytest.raises(IncompleteListing, match=r"4 of 5"):
        list(site.client.list("table"))
