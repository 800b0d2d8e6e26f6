"""Tags, glossaries, domains, teams, users."""

from __future__ import annotations

from typing import Any

import pytest
from omclient import Api, add, column, label, remove, replace, rule

TAGS = rule("Label state, styles, renames")
GLOSSARY = rule("Glossaries")
DOMAINS = rule("Domains, owners, teams, users")


@pytest.fixture
def ready(api: Api) -> Api:
    api.place()
    api.tags("E级", "L1", "L2", exclusive=True)
    api.tags("F类", "x1", "x2", "x3")
    return api


def tag(api: Api, name: str) -> Any:
    return api.ok("GET", f"tags/name/{name}?fields=usageCount&include=all")


# --- tags ---


@TAGS
def test_an_admins_put_of_a_tag_clears_what_it_leaves_out(ready: Api) -> None:
    body = {"name": "x1", "classification": "F类", "description": "d"}
    ready.ok("PUT", "tags", {**body, "displayName": "甲", "style": {"color": "#ff0000"}})
    ready.ok("PATCH", f"tags/{tag(ready, 'F类.x1')['id']}", [add("/disabled", True)])
    ready.ok("PUT", "tags", body)
    found = tag(ready, "F类.x1")
    # The request of 2.0 has no such field, so a PUT cannot say it.
    disabled = ready.profile == "2.0"
    assert (found.get("style"), found.get("displayName"), found["disabled"]) == (None, None, disabled)
    assert ready.call("PUT", "tags", {**body, "disabled": True})[0] == (400 if disabled else 200)


@TAGS
def test_a_disabled_tag_takes_new_labels(ready: Api) -> None:
    ready.ok("PATCH", f"tags/{tag(ready, 'F类.x1')['id']}", [add("/disabled", True)])
    ready.patched(ready.table(), add("/tags/0", label("F类.x1")))
    assert len(ready.ok("GET", "tags?disabled=true&parent=F类")["data"]) == 3


@TAGS
@pytest.mark.parametrize("kind", ["tags", "classifications"])
def test_labels_follow_a_rename_without_a_version(ready: Api, kind: str) -> None:
    table = ready.table(columns=[column("a", tags=[label("F类.x1")])], tags=[label("F类.x1")])
    name = "F类.x1" if kind == "tags" else "F类"
    found = ready.ok("GET", f"{kind}/name/{name}")
    ready.ok("PATCH", f"{kind}/{found['id']}", [replace("/name", "新名")])
    fqn = "F类.新名" if kind == "tags" else "新名.x1"
    assert (ready.labels(table)[0][0], ready.labels(table, 0)[0][0]) == (fqn, fqn)
    assert ready.read(table)["version"] == 0.1
    ready.tags("F类", "x1")
    assert len(ready.stored("tag")) == 6


@TAGS
@pytest.mark.parametrize("hard", ["false", "true"])
def test_a_deleted_tag_erases_its_labels_for_good(ready: Api, hard: str) -> None:
    table = ready.table(columns=[column("a", tags=[label("F类.x1"), label("F类.x2")])], tags=[label("F类.x1")])
    found = tag(ready, "F类.x1")
    ready.ok("DELETE", f"tags/{found['id']}?hardDelete={hard}")
    if hard == "false":
        ready.ok("PUT", "tags/restore", {"id": found["id"]})
    assert (ready.labels(table), ready.read(table)["version"]) == ([], 0.1)
    assert [one[0] for one in ready.labels(table, 0)] == ["F类.x2"]


@TAGS
def test_a_classification_with_tags_is_deleted_recursively_only(ready: Api) -> None:
    table = ready.table(tags=[label("F类.x1")])
    found = ready.ok("GET", "classifications/name/F类")
    status, body = ready.call("DELETE", f"classifications/{found['id']}")
    assert (status, body["message"]) == (400, "classification is not empty")
    ready.ok("DELETE", f"classifications/{found['id']}?recursive=true")
    assert ready.labels(table) == []


@TAGS
def test_counts_of_tables_and_columns_together(ready: Api) -> None:
    ready.table(columns=[column("a", tags=[label("F类.x1")])], tags=[label("F类.x1"), label("F类.x2")])
    counts = {one["name"]: one["usageCount"] for one in ready.ok("GET", "tags?parent=F类&fields=usageCount")["data"]}
    assert counts == {"x1": 2, "x2": 1, "x3": 0}
    found = ready.ok("GET", "classifications/name/F类?fields=termCount,usageCount")
    assert (found["termCount"], found["usageCount"]) == (3, 3)


# --- glossaries ---


def glossary(api: Api, name: str = "业务术语", **more: Any) -> Any:
    return api.ok("PUT", "glossaries", {"name": name, "description": "d", **more})


def term(api: Api, name: str, **more: Any) -> Any:
    return api.ok("PUT", "glossaryTerms", {"name": name, "glossary": "业务术语", "description": "d", **more})


def term_label(fqn: str) -> dict[str, str]:
    return label(fqn, source="Glossary")


@GLOSSARY
@pytest.mark.parametrize(
    ("kind", "change", "status"),
    [
        ("glossaries", {"description": None}, 400),
        ("glossaryTerms", {"description": None}, 400),
        ("glossaryTerms", {"glossary": "无"}, 404),
        ("glossaryTerms", {"parent": "业务术语.无"}, 404),
        ("glossaries", {"name": "a/b"}, 400),
    ],
)
def test_bad_glossaries(ready: Api, kind: str, change: dict[str, Any], status: int) -> None:
    glossary(ready)
    body = {"name": "新", "description": "d", **({"glossary": "业务术语"} if kind == "glossaryTerms" else {}), **change}
    assert ready.call("PUT", kind, {k: v for k, v in body.items() if v is not None})[0] == status


@GLOSSARY
def test_reviewers_form(ready: Api) -> None:
    ready.server.token("李四")
    user = ready.ok("GET", "users/name/李四")
    name, ref = ["李四"], [{"id": user["id"], "type": "user"}]
    good, bad = (name, ref) if ready.profile == "1.2" else (ref, name)
    assert ready.call("PUT", "glossaries", {"name": "甲", "description": "d", "reviewers": bad})[0] == 400
    found = glossary(ready, reviewers=good)
    assert [one["name"] for one in found["reviewers"]] == ["李四"]


@GLOSSARY
@pytest.mark.parametrize(("reviewed", "status"), [(True, "Draft"), (False, "Approved")])
def test_new_terms_are_drafts_where_there_are_reviewers(ready: Api, reviewed: bool, status: str) -> None:
    ready.server.token("李四")
    user = ready.ok("GET", "users/name/李四")
    reviewers = ["李四"] if ready.profile == "1.2" else [{"id": user["id"], "type": "user"}]
    glossary(ready, **({"reviewers": reviewers} if reviewed else {}))
    found = term(ready, "客户")
    assert found["status" if ready.profile == "1.2" else "entityStatus"] == status
    ready.patched(ready.table(), add("/columns/0/tags/0", term_label("业务术语.客户")))


@rule("Glossaries", "1.2")
def test_in_review_is_unknown(ready: Api) -> None:
    glossary(ready)
    found = term(ready, "客户")
    assert ready.call("PATCH", f"glossaryTerms/{found['id']}", [replace("/status", "InReview")])[0] == 400


@GLOSSARY
def test_a_dotted_term_is_quoted(ready: Api) -> None:
    glossary(ready)
    assert term(ready, "v1.2 客户")["fullyQualifiedName"] == '业务术语."v1.2 客户"'


@GLOSSARY
def test_derived_labels(ready: Api) -> None:
    glossary(ready)
    found = term(ready, "客户", tags=[label("F类.x1")])
    table = ready.table()
    ready.patched(table, add("/columns/0/tags/0", term_label("业务术语.客户")))
    assert ready.labels(table, 0)[1][:2] == ("F类.x1", "Derived")
    ready.ok("PATCH", f"glossaryTerms/{found['id']}", [add("/tags/1", label("F类.x2"))])
    assert len(ready.labels(table, 0)) == 2
    ready.patched(table, remove("/columns/0/tags/0"))
    assert ready.labels(table, 0) == [("F类.x1", "Derived", "Confirmed")]


@GLOSSARY
def test_a_list_without_the_derived_brings_them_back(ready: Api) -> None:
    glossary(ready)
    term(ready, "客户", tags=[label("F类.x1")])
    table = ready.table()
    ready.patched(table, add("/columns/0/tags/0", term_label("业务术语.客户")))
    ready.patched(table, replace("/columns/0/tags", [term_label("业务术语.客户")]))
    assert [one[0] for one in ready.labels(table, 0)] == ["业务术语.客户", "F类.x1"]


@GLOSSARY
def test_derived_labels_count_for_exclusivity(ready: Api) -> None:
    glossary(ready)
    term(ready, "客户", tags=[label("E级.L1")])
    table = ready.table(tags=[label("E级.L2")])
    status, body = ready.patch(table, add("/tags/1", term_label("业务术语.客户")))
    assert (status, "mutually exclusive" in body["message"]) == (400, True)


@GLOSSARY
def test_an_exclusive_glossary(ready: Api) -> None:
    glossary(ready, mutuallyExclusive=True)
    term(ready, "甲")
    term(ready, "乙")
    assert ready.patch(ready.table(), add("/tags", [term_label("业务术语.甲"), term_label("业务术语.乙")]))[0] == 400


@GLOSSARY
def test_labels_follow_and_go_with_their_term(ready: Api) -> None:
    glossary(ready)
    found = term(ready, "客户", tags=[label("F类.x1")])
    table = ready.table(tags=[term_label("业务术语.客户")])
    ready.ok("PATCH", f"glossaryTerms/{found['id']}", [replace("/name", "客户二")])
    assert ready.labels(table)[0][0] == "业务术语.客户二"
    ready.ok("DELETE", f"glossaryTerms/{found['id']}?hardDelete=true")
    assert ready.labels(table) == [("F类.x1", "Derived", "Confirmed")]


@GLOSSARY
def test_a_glossary_with_terms_is_not_empty(ready: Api) -> None:
    found = glossary(ready)
    term(ready, "客户")
    status, body = ready.call("DELETE", f"glossaries/{found['id']}")
    assert (status, body["message"]) == (400, "glossary is not empty")


# --- domains and owners ---


def domain(api: Api, name: str, **more: Any) -> Any:
    return api.ok("PUT", "domains", {"name": name, "description": "d", "domainType": "Aggregate", **more})


def domains_of(api: Api, kind: str, entity_id: str) -> list[str]:
    name = "domain" if api.profile == "1.2" else "domains"
    found = api.ok("GET", f"{kind}/{entity_id}?fields={name}").get(name) or []
    return [one["name"] for one in (found if isinstance(found, list) else [found])]


def in_put(api: Api, name: str) -> dict[str, Any]:
    return {"domain": name} if api.profile == "1.2" else {"domains": [name]}


def as_patch(api: Api, found: Any) -> dict[str, Any]:
    ref = {"id": found["id"], "type": "domain"}
    return add("/domain", ref) if api.profile == "1.2" else add("/domains", [ref])


@DOMAINS
@pytest.mark.parametrize("missing", ["description", "domainType", "name"])
def test_required_fields_of_a_domain(ready: Api, missing: str) -> None:
    body = {"name": "零售", "description": "d", "domainType": "Aggregate"}
    del body[missing]
    assert ready.call("PUT", "domains", body)[0] == 400


@DOMAINS
def test_sub_domains_and_their_delete(ready: Api) -> None:
    top = domain(ready, "零售")
    assert domain(ready, "信用卡", parent="零售")["fullyQualifiedName"] == "零售.信用卡"
    table = ready.table(**in_put(ready, "零售"))
    assert domains_of(ready, "tables", table["id"]) == ["零售"]
    ready.ok("DELETE", f"domains/{top['id']}?recursive=true")
    assert domains_of(ready, "tables", table["id"]) == []
    assert ready.call("GET", f"domains/{top['id']}?include=all")[0] == 404


@DOMAINS
def test_a_domain_is_inherited_and_an_own_one_wins(ready: Api) -> None:
    one, other = domain(ready, "甲"), domain(ready, "乙")
    service = ready.ok("GET", "services/databaseServices/name/svc")
    ready.ok("PATCH", f"services/databaseServices/{service['id']}", [as_patch(ready, one)])
    table = ready.table()
    assert domains_of(ready, "tables", table["id"]) == ["甲"]
    ready.patched(table, add("/description", "一"))
    ready.patched(table, as_patch(ready, other))
    assert domains_of(ready, "tables", table["id"]) == ["乙"]
    ready.patched(table, remove("/domain" if ready.profile == "1.2" else "/domains/0"))
    assert domains_of(ready, "tables", table["id"]) == ["甲"]
    ready.patched(table, remove("/domain" if ready.profile == "1.2" else "/domains/0"))
    assert domains_of(ready, "tables", table["id"]) == ["甲"]


@DOMAINS
def test_an_unrelated_patch_does_not_freeze_the_inherited_domain(ready: Api) -> None:
    one = domain(ready, "甲")
    service = ready.ok("GET", "services/databaseServices/name/svc")
    ready.ok("PATCH", f"services/databaseServices/{service['id']}", [as_patch(ready, one)])
    table = ready.table()
    ready.patched(table, add("/description", "一"))
    ready.ok("PATCH", f"services/databaseServices/{service['id']}", [as_patch(ready, domain(ready, "乙"))])
    assert domains_of(ready, "tables", table["id"]) == ["乙"]


@DOMAINS
@pytest.mark.parametrize(
    ("place", "inherits"), [("services/databaseServices/name/svc", 0), ("databaseSchemas/name/svc.d.s", 1)]
)
def test_owners_are_inherited_from_the_schema_only(ready: Api, place: str, inherits: int) -> None:
    name = "owner" if ready.profile == "1.2" else "owners"
    user = ready.ok("GET", "users/name/admin")
    ref = {"id": user["id"], "type": "user"}
    found = ready.ok("GET", place)
    path = f"{place.split('/name/')[0]}/{found['id']}"
    ready.ok("PATCH", path, [add(f"/{name}", ref if name == "owner" else [ref])])
    table = ready.read(ready.table(), name)
    assert bool(table.get(name)) == bool(inherits)


@DOMAINS
@pytest.mark.parametrize("user", ["admin", "bot"])
def test_a_put_keeps_or_overwrites_the_domain(ready: Api, user: str) -> None:
    domain(ready, "甲")
    domain(ready, "乙")
    table = ready.table(**in_put(ready, "甲"))
    ready.table(user=user)
    assert domains_of(ready, "tables", table["id"]) == ["甲"]
    ready.table(user=user, **in_put(ready, "乙"))
    assert domains_of(ready, "tables", table["id"]) == ["乙"]
    body = {"name": "t", "databaseSchema": "svc.d.s", "columns": [], **in_put(ready, "无")}
    assert ready.call("PUT", "tables", body)[0] == 404


@rule("Domains, owners, teams, users", "1.2")
def test_an_unknown_domain_poisons_the_table(ready: Api) -> None:
    domain(ready, "甲")
    table = ready.table()
    bad = {"id": "00000000-0000-0000-0000-000000000000", "type": "domain"}
    assert ready.patch(table, add("/domain", {"id": bad["id"]}))[0] == 500
    assert ready.patch(table, add("/domain", bad))[0] == 200
    service = ready.ok("GET", "services/databaseServices/name/svc")
    body = {"name": "t", "databaseSchema": "svc.d.s", "columns": []}
    assert [
        ready.patch(table, add("/description", "一"))[0],
        ready.call("PUT", "tables", body)[0],
        ready.call("GET", "tables?fields=domain")[0],
        ready.call("DELETE", f"tables/{table['id']}?hardDelete=true")[0],
        ready.call("DELETE", f"services/databaseServices/{service['id']}?recursive=true&hardDelete=true")[0],
        ready.call("GET", "tables")[0],
    ] == [404, 409, 404, 404, 404, 200]


@rule("Domains, owners, teams, users", "2.0")
def test_an_unknown_domain_is_refused(ready: Api) -> None:
    bad = {"id": "00000000-0000-0000-0000-000000000000", "type": "domain"}
    assert ready.patch(ready.table(), add("/domains", [bad]))[0] == 404


@rule("Domains, owners, teams, users", "1.2")
def test_a_service_without_connection(ready: Api) -> None:
    body = {"name": "other", "serviceType": "CustomDatabase"}
    found = ready.ok("PUT", "services/databaseServices", body)
    assert ready.call("PUT", "services/databaseServices", {**body, "description": "新"})[0] == 500
    assert ready.ok("GET", f"services/databaseServices/{found['id']}")["description"] == "新"
    patch = [replace("/description", "更新")]
    assert ready.call("PATCH", f"services/databaseServices/{found['id']}", patch)[0] == 500
    assert ready.ok("GET", f"services/databaseServices/{found['id']}")["description"] == "更新"
    assert ready.call("PUT", "services/databaseServices", {"name": "svc", "serviceType": "CustomDatabase"})[0] == 400


@rule("Domains, owners, teams, users", "1.2")
def test_a_data_product_without_domain(ready: Api) -> None:
    assert ready.call("PUT", "dataProducts", {"name": "甲", "description": "d"})[0] == 500


@DOMAINS
def test_only_groups_own(ready: Api) -> None:
    teams = {kind: ready.ok("PUT", "teams", {"name": kind, "teamType": kind}) for kind in ("Department", "Group")}
    name = "owner" if ready.profile == "1.2" else "owners"
    refs = {kind: {"id": found["id"], "type": "team"} for kind, found in teams.items()}
    table = ready.table()
    values = {kind: ref if name == "owner" else [ref] for kind, ref in refs.items()}
    status, body = ready.patch(table, add(f"/{name}", values["Department"]))
    assert (status, body["message"]) == (400, "Team of type Department can't own entities")
    ready.patched(table, add(f"/{name}", values["Group"]))
    bad = {"id": "00000000-0000-0000-0000-000000000000", "type": "user"}
    assert ready.patch(table, add(f"/{name}", bad if name == "owner" else [bad]))[0] == 404


GROUP = {"name": "一组", "teamType": "Group"}


@DOMAINS
def test_teams(ready: Api) -> None:
    top = ready.ok("PUT", "teams", {"name": "数据局", "teamType": "Department"})
    found = ready.ok("PUT", "teams", {**GROUP, "parents": [top["id"]]})
    assert (found["teamType"], [one["name"] for one in found["parents"]]) == ("Group", ["数据局"])
    assert [one["name"] for one in ready.ok("PUT", "teams", GROUP)["parents"]] == ["Organization"]
    assert ready.call("PUT", "teams", {"name": "一组", "teamType": "Department"})[0] == 400
    assert ready.call("PUT", "teams", {"name": "二组"})[0] == (201 if ready.profile == "1.2" else 400)


@DOMAINS
def test_users(ready: Api) -> None:
    team = ready.ok("PUT", "teams", GROUP)
    body = {"name": "ZhangSan", "email": "z@example.com", "teams": [team["id"]]}
    found = ready.ok("POST", "users", body)
    assert (found["fullyQualifiedName"], [one["name"] for one in found["teams"]]) == ("zhangsan", ["一组"])
    assert [one["name"] for one in ready.ok("GET", f"teams/{team['id']}?fields=users")["users"]] == ["ZhangSan"]
    assert ready.call("POST", "users", body)[0] == 409
    found = ready.ok("PUT", "users", {"name": "ZhangSan", "email": "z@example.com"})
    assert [one["name"] for one in found["teams"]] == ["Organization"]
    assert ready.call("PUT", "users", {"name": "x", "email": "nonsense"})[0] == 400
