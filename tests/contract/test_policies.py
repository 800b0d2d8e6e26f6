"""Roles, policies and what they allow (reference: Policies; Roles, policies)."""

from __future__ import annotations

from typing import Any

import pytest
from omclient import Api, add, column, label, replace, rule

RIGHTS = rule("Roles, policies")


@pytest.fixture
def ready(api: Api) -> Api:
    api.place()
    api.tags("级别", "L1", "L4", exclusive=True)
    api.tags("其他", "乙类")
    api.server.token("wang")
    return api


def one_rule(operations: str, effect: str = "allow", condition: str = "", resources: str = "All") -> dict[str, Any]:
    found = {"name": f"{effect} {operations}", "effect": effect, "operations": operations.split()}
    return {**found, "resources": resources.split(), **({"condition": condition} if condition else {})}


def policy(api: Api, name: str, *rules: Any) -> Any:
    return api.ok("PUT", "policies", {"name": name, "rules": list(rules)})


def role(api: Api, name: str, *rules: Any) -> Any:
    policy(api, f"{name} policy", *rules)
    return api.ok("PUT", "roles", {"name": name, "policies": [f"{name} policy"]})


def user(api: Api, name: str, *roles: Any, teams: tuple[Any, ...] = ()) -> Any:
    body = {"name": name, "email": f"{name}@example.cn", "roles": [one["id"] for one in roles]}
    found = api.ok("PUT", "users", {**body, "teams": [one["id"] for one in teams]})
    api.server.token(name)
    return found


def organization(api: Api) -> Any:
    return api.ok("GET", "teams/name/Organization?fields=defaultRoles,policies")


def without_consumer(api: Api) -> None:
    api.ok("PATCH", f"teams/{organization(api)['id']}", [{"op": "remove", "path": "/defaultRoles/0"}])


def tag_column(api: Api, table: Any, name: str = "wang", fqn: str = "其他.乙类") -> tuple[int, Any]:
    return api.patch(table, add("/columns/0/tags/0", label(fqn)), user=name)


# --- what may be saved ---


@RIGHTS
@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("matchAnyTag('级别.L4', '级别.L1')", 200),
        ("matchAllTags(\"级别.L4\") && !hasAnyRole('DataSteward')", 200),
        ("noOwner() or isOwner() and not matchTeam()", 200),
        ("!(inAnyTeam('Organization'))", 200),
        ("matchAnyTag('级别.L9')", 400),
        ("hasAnyRole('nobody')", 400),
        ("inAnyTeam('nowhere')", 400),
        ("matchAnyTag('级别.L4'", 400),
        ("isOwner() &&", 400),
        ("isOwner", 400),
        ("matchAnyTag()", 400),
        ("isAfternoon()", 400),
        ("級別 = 1", 400),
    ],
)
def test_conditions_are_checked_when_saved(ready: Api, condition: str, status: int) -> None:
    body = {"name": "p", "rules": [one_rule("ViewAll", "deny", condition)]}
    assert ready.call("POST", "policies", body)[0] == (201 if status == 200 else status)
    found = policy(ready, "q", one_rule("ViewAll"))
    answer = ready.call("PATCH", f"policies/{found['id']}", [add("/rules/0/condition", condition)])
    assert answer[0] == status


@RIGHTS
@pytest.mark.parametrize(
    "change", [{"operations": ["Dance"]}, {"effect": "maybe"}, {"rules": []}, {"resources": []}, {"库": 1}]
)
def test_bad_rules(ready: Api, change: dict[str, Any]) -> None:
    rules = change.get("rules", [{**one_rule("ViewAll"), **change}])
    assert ready.call("PUT", "policies", {"name": "p", "rules": rules})[0] == 400


@RIGHTS
def test_a_role_needs_a_policy(ready: Api) -> None:
    assert ready.call("PUT", "roles", {"name": "r", "policies": []})[0] == 400
    assert ready.call("PUT", "roles", {"name": "r", "policies": ["none"]})[0] == 404


@RIGHTS
def test_rules_are_stored_sorted_and_without_what_others_cover(ready: Api) -> None:
    found = policy(ready, "p", one_rule("ViewTests ViewAll EditTags Create", resources="table bot"), one_rule("All"))
    assert [one["operations"] for one in found["rules"]] == [["All"], ["Create", "EditTags", "ViewAll"]]
    assert found["rules"][1]["resources"] == ["bot", "table"]


@RIGHTS
def test_names_of_the_owner_operation(ready: Api) -> None:
    own, other = ("EditOwner", "EditOwners") if ready.profile == "1.2" else ("EditOwners", "EditOwner")
    policy(ready, "p", one_rule(own))
    assert ready.call("PUT", "policies", {"name": "q", "rules": [one_rule(other)]})[0] == 400


# --- what everybody may ---


@RIGHTS
def test_everybody_may_tag_and_describe(ready: Api) -> None:
    table = ready.table()
    assert tag_column(ready, table)[0] == 200
    assert ready.patch(table, add("/description", "文"), user="wang")[0] == 200
    status, body = ready.patch(table, add("/displayName", "文"), user="wang")
    assert (status, body["message"]) == (
        403,
        "Principal: CatalogPrincipal{name='wang'} operations [EditDisplayName] not allowed",
    )


@RIGHTS
def test_a_mixed_patch_is_refused_whole(ready: Api) -> None:
    table = ready.table()
    assert ready.patch(table, add("/description", "文"), add("/displayName", "文"), user="wang")[0] == 403
    assert (ready.read(table)["version"], "description" in ready.read(table)) == (0.1, False)


@RIGHTS
def test_anybody_takes_what_has_no_owner_and_then_may_do_all(ready: Api) -> None:
    table = ready.table()
    own = user(ready, "wang")
    ref = {"id": own["id"], "type": "user"}
    take = add("/owner", ref) if ready.profile == "1.2" else add("/owners", [ref])
    assert ready.patch(table, take, user="wang")[0] == 200
    assert ready.call("DELETE", f"tables/{table['id']}", user="wang")[0] == 200
    other = ready.table("u")
    ready.patched(other, take)
    user(ready, "li")
    assert ready.patch(other, take, user="li")[0] == 403


@RIGHTS
def test_a_missing_parent_comes_before_missing_rights(ready: Api) -> None:
    for schema, status in (("svc.d.none", 404), ("svc.d.s", 403)):
        body = {"name": "t", "databaseSchema": schema, "columns": [column("a")]}
        assert ready.call("PUT", "tables", body, user="wang")[0] == status


@RIGHTS
def test_a_put_of_what_is_there_needs_all_edits(ready: Api) -> None:
    ready.table()
    user(ready, "maker", role(ready, "maker", one_rule("Create")))
    body = {"name": "t", "databaseSchema": "svc.d.s", "columns": [column("a"), column("b")]}
    status, answer = ready.call("PUT", "tables", body, user="maker")
    assert (status, "[EditAll]" in answer["message"]) == (403, True)
    assert ready.call("PUT", "tables", {**body, "name": "new"}, user="maker")[0] == 201


@RIGHTS
def test_tags_without_a_view(ready: Api) -> None:
    without_consumer(ready)
    user(ready, "tagger", role(ready, "tagger", one_rule("EditTags", resources="table")))
    table = ready.table()
    status, body = tag_column(ready, table, "tagger")
    assert (status, body["columns"][0]["tags"][0]["tagFQN"]) == (200, "其他.乙类")
    assert ready.call("GET", f"tables/{table['id']}", user="tagger")[0] == 403
    assert ready.call("GET", "tags", user="tagger")[0] == 403


@rule("Roles, policies", "2.0")
def test_terms_and_tiers_are_operations_of_their_own(ready: Api) -> None:
    without_consumer(ready)
    ready.ok("PUT", "glossaries", {"name": "术语", "description": "d"})
    ready.ok("PUT", "glossaryTerms", {"name": "客户", "glossary": "术语", "description": "d"})
    ready.tags("Tier", "Tier1")
    user(ready, "tagger", role(ready, "tagger", one_rule("EditTags", resources="table")))
    table = ready.table()
    term = {**label("术语.客户"), "source": "Glossary"}
    for value, operation in ((term, "EditGlossaryTerms"), (label("Tier.Tier1"), "EditTier")):
        status, body = ready.patch(table, add("/tags/0", value), user="tagger")
        assert (status, f"[{operation}]" in body["message"]) == (403, True)
    ready.patched(table, add("/tags/0", term))
    assert ready.patch(table, replace("/tags", [term, label("其他.乙类")]), user="tagger")[0] == 200
    assert ready.patch(table, {"op": "remove", "path": "/tags/0"}, user="tagger")[0] == 403


# --- denying ---


@RIGHTS
def test_deny_wins_and_names_role_policy_and_rule(ready: Api) -> None:
    table = ready.table()
    user(ready, "shut", role(ready, "shut", one_rule("ViewBasic", "deny"), one_rule("All")))
    status, body = ready.call("GET", f"tables/{table['id']}", user="shut")
    expected = "operation ViewBasic denied by role shut, policy shut policy, rule deny ViewBasic"
    assert (status, body["message"]) == (403, f"Principal: CatalogPrincipal{{name='shut'}} {expected}")
    assert ready.call("GET", f"tables/{table['id']}/versions", user="shut")[0] == 403


@RIGHTS
def test_a_denied_edit_of_tags_is_no_denied_edit_of_all(ready: Api) -> None:
    ready.table()
    user(ready, "mixed", role(ready, "mixed", one_rule("EditTags", "deny"), one_rule("All")))
    body = {"name": "t", "databaseSchema": "svc.d.s", "columns": [column("a")]}
    assert ready.call("PUT", "tables", body, user="mixed")[0] == 200


@RIGHTS
def test_match_any_tag_sees_the_tables_own_tags_only(ready: Api) -> None:
    closed = one_rule("ViewSampleData", "deny", "matchAnyTag('级别.L4')", "table")
    user(ready, "reader", role(ready, "reader", closed))
    on_table, on_column = ready.table("t", tags=[label("级别.L4")]), ready.table("u")
    ready.patched(on_column, add("/columns/0/tags/0", label("级别.L4")))
    for table, status in ((on_table, 403), (on_column, 200)):
        assert ready.call("GET", f"tables/{table['id']}/sampleData", user="reader")[0] == status
        assert ready.call("GET", f"tables/{table['id']}", user="reader")[0] == 200


@RIGHTS
def test_a_renamed_tag_is_not_followed(ready: Api) -> None:
    closed = one_rule("ViewSampleData", "deny", "matchAnyTag('级别.L4')", "table")
    user(ready, "reader", role(ready, "reader", closed))
    table = ready.table(tags=[label("级别.L4")])
    tag = ready.ok("GET", "tags/name/级别.L4")
    ready.ok("PATCH", f"tags/{tag['id']}", [replace("/name", "四级")])
    assert ready.call("GET", f"tables/{table['id']}/sampleData", user="reader")[0] == 200
    assert ready.call("PUT", "policies", {"name": "reader policy", "rules": [closed]})[0] == 400


@RIGHTS
@pytest.mark.parametrize("switched", ["enabled", "deleted"])
def test_a_policy_out_of_force(ready: Api, switched: str) -> None:
    table = ready.table()
    user(ready, "shut", role(ready, "shut", one_rule("ViewAll", "deny")))
    found = ready.ok("GET", "policies/name/shut policy")
    if switched == "deleted":
        ready.ok("DELETE", f"policies/{found['id']}")
    else:
        ready.ok("PATCH", f"policies/{found['id']}", [replace("/enabled", False)])
    assert ready.call("GET", f"tables/{table['id']}", user="shut")[0] == 200


# --- teams ---


def team(api: Api, name: str, kind: str = "Group", **more: Any) -> Any:
    return api.ok("PUT", "teams", {"name": name, "teamType": kind, **more})


@RIGHTS
def test_roles_and_policies_come_down_the_teams(ready: Api) -> None:
    delete = role(ready, "deleter", one_rule("Delete", resources="table"))
    shut = policy(ready, "shut", one_rule("EditDescription", "deny"))
    above = team(ready, "above", "Department", defaultRoles=[delete["id"]], policies=[shut["id"]])
    below = team(ready, "below", parents=[above["id"]])
    user(ready, "li", teams=(below,))
    table = ready.table()
    status, body = ready.patch(table, add("/description", "文"), user="li")
    assert (status, "denied by policy shut" in body["message"]) == (403, True)
    assert tag_column(ready, table, "li")[0] == 200
    assert ready.call("DELETE", f"tables/{table['id']}", user="li")[0] == 200


def owned(api: Api, name: str, group: Any) -> Any:
    ref = {"id": group["id"], "type": "team"}
    more = {"owner": ref} if api.profile == "1.2" else {"owners": [ref]}
    return api.table(name, **more)


@RIGHTS
def test_match_team_compares_owner_and_user_below_the_team_that_holds_the_policy(ready: Api) -> None:
    without_consumer(ready)
    steward = role(ready, "steward", one_rule("EditTags", condition="matchTeam()", resources="table"))
    groups = []
    for name in ("civil", "health"):
        department = team(ready, name, "Department", defaultRoles=[steward["id"]])
        groups.append(team(ready, f"{name}-owners", parents=[department["id"]]))
        user(ready, f"of-{name}", teams=(department,))
    table = owned(ready, "t", groups[0])
    assert [tag_column(ready, table, f"of-{name}")[0] for name in ("civil", "health")] == [200, 403]
    user(ready, "direct", steward, teams=(groups[1],))
    assert tag_column(ready, table, "direct")[0] == 403


@RIGHTS
def test_has_any_role_counts_those_of_teams(ready: Api) -> None:
    helper = role(ready, "helper", one_rule("ViewAll"))
    closed = policy(ready, "closed", one_rule("EditTags", "deny", "!hasAnyRole('helper')"))
    ready.ok(
        "PATCH", f"teams/{organization(ready)['id']}", [add("/policies/-", {"id": closed["id"], "type": "policy"})]
    )
    user(ready, "li", teams=(team(ready, "helpers", defaultRoles=[helper["id"]]),))
    table = ready.table()
    assert [tag_column(ready, table, name)[0] for name in ("wang", "li", "admin")] == [403, 200, 200]


# --- permissions ---


@RIGHTS
def test_permissions_of_the_caller(ready: Api) -> None:
    closed = one_rule("ViewSampleData", "deny", "matchAnyTag('级别.L4')", "table")
    user(ready, "reader", role(ready, "reader", closed))
    table = ready.table(tags=[label("级别.L4")])

    def access(path: str, name: str) -> dict[str, str]:
        found = ready.ok("GET", f"permissions/{path}", user=name)
        assert found["resource"] == "table"
        return {one["operation"]: one["access"] for one in found["permissions"]}

    for path in (f"table/{table['id']}", "table/name/svc.d.s.t"):
        of_one = access(path, "reader")
        asked = ("EditTags", "EditAll", "ViewSampleData", "ViewBasic")
        assert [of_one[name] for name in asked] == ["allow", "notAllow", "deny", "allow"]
    of_kind = access("table", "reader")
    assert [of_kind[name] for name in ("ViewSampleData", "EditAll")] == ["conditionalDeny", "conditionalAllow"]
    assert set(access("table", "admin").values()) == {"allow"}
    assert ready.call("GET", "permissions/table/name/svc.d.s.none", user="reader")[0] == 404
