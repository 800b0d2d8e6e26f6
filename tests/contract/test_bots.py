"""Bots, their tokens, and the least they need (reference: A least-privilege bot)."""

from __future__ import annotations

from typing import Any

import pytest
from omclient import Api, add, column, rule

BOTS = rule("A least-privilege bot")


@pytest.fixture
def ready(api: Api) -> Api:
    api.place()
    return api


def made(api: Api, expiry: str = "30") -> Any:
    kinds = ["databaseService", "database", "databaseSchema", "table", "classification", "tag", "glossary"]
    kinds += ["glossaryTerm", "domain"]
    rules = [
        {"name": "view", "effect": "allow", "resources": ["All"], "operations": ["ViewAll"]},
        {"name": "write", "effect": "allow", "resources": kinds, "operations": ["Create", "EditAll"]},
        {"name": "define", "effect": "allow", "resources": ["type"], "operations": ["Create"]},
    ]
    api.ok("PUT", "policies", {"name": "publishing", "rules": rules})
    role = api.ok("PUT", "roles", {"name": "publishing", "policies": ["publishing"]})
    mechanism = {"authType": "JWT", "config": {"JWTTokenExpiry": expiry}}
    body = {"name": "pub", "email": "pub@example.cn", "isBot": True, "roles": [role["id"]]}
    user = api.ok("PUT", "users", {**body, "authenticationMechanism": mechanism})
    api.ok("PUT", "bots", {"name": "pub", "botUser": "pub"})
    return user


def take_token(api: Api, user: Any) -> None:
    api.server.tokens["pub"] = api.ok("GET", f"users/token/{user['id']}")["JWTToken"]


def works(api: Api, token: str) -> int:
    return api.call("GET", "tables", Authorization=f"Bearer {token}")[0]


@BOTS
@pytest.mark.parametrize(
    ("expiry", "status"),
    [(one, 201) for one in ("OneHour", "1", "7", "30", "60", "90", "Unlimited")] + [("2", 400), ("", 400)],
)
def test_expiries(ready: Api, expiry: str, status: int) -> None:
    mechanism = {"authType": "JWT", "config": {"JWTTokenExpiry": expiry}}
    body = {"name": "b", "email": "b@example.cn", "isBot": True}
    answer, user = ready.call("POST", "users", {**body, "authenticationMechanism": mechanism})
    assert answer == status
    if status == 201:
        found = ready.ok("GET", f"users/token/{user['id']}")
        assert found["JWTTokenExpiry"] == expiry
        assert (found["JWTTokenExpiresAt"] is None) == (expiry == "Unlimited")


@BOTS
def test_a_bot_needs_a_mechanism(ready: Api) -> None:
    assert ready.call("PUT", "users", {"name": "b", "email": "b@example.cn", "isBot": True})[0] == 400


@BOTS
def test_a_bot_has_a_user_of_its_own(ready: Api) -> None:
    made(ready)
    ready.ok("PUT", "users", {"name": "wang", "email": "wang@example.cn"})
    assert ready.call("PUT", "bots", {"name": "b", "botUser": "wang"})[0] == 400
    assert ready.call("PUT", "bots", {"name": "b", "botUser": "pub"})[0] == 400
    assert ready.call("PUT", "bots", {"name": "b", "botUser": "nobody"})[0] == 404
    assert ready.call("PUT", "bots", {"name": "pub", "botUser": "pub"})[0] == 200


@BOTS
def test_only_administrators_read_tokens(ready: Api) -> None:
    user = made(ready)
    take_token(ready, user)
    ready.server.token("wang")
    for name in ("wang", "pub", "bot"):
        assert ready.call("GET", f"users/token/{user['id']}", user=name)[0] == 403
        assert ready.call("PUT", f"users/generateToken/{user['id']}", {"JWTTokenExpiry": "1"}, user=name)[0] == 403
        assert ready.call("PUT", "users/revokeToken", {"id": user["id"]}, user=name)[0] == 403
    assert "JWTToken" not in str(ready.ok("GET", f"users/{user['id']}?fields=authenticationMechanism")["id"])


@BOTS
def test_a_token_expires(ready: Api) -> None:
    user = made(ready, "OneHour")
    take_token(ready, user)
    assert works(ready, ready.server.tokens["pub"]) == 200
    ready.server.control("PUT", "clock", {"skew": 3700})
    assert works(ready, ready.server.tokens["pub"]) == 401


def generate(api: Api, user: Any) -> str:
    found: str = api.ok("PUT", f"users/generateToken/{user['id']}", {"JWTTokenExpiry": "30"})["JWTToken"]
    return found


@rule("A least-privilege bot", "1.2")
def test_a_new_token_is_refused_for_two_minutes(ready: Api) -> None:
    user = made(ready)
    take_token(ready, user)
    old = ready.server.tokens["pub"]
    assert works(ready, old) == 200
    new = generate(ready, user)
    assert (works(ready, old), works(ready, new)) == (200, 401)
    ready.server.control("PUT", "clock", {"skew": 115})
    assert (works(ready, old), works(ready, new)) == (200, 401)
    ready.server.control("PUT", "clock", {"skew": 125})
    assert (works(ready, old), works(ready, new)) == (401, 200)


@rule("A least-privilege bot", "2.0")
def test_a_new_token_works_at_once(ready: Api) -> None:
    user = made(ready)
    take_token(ready, user)
    old = ready.server.tokens["pub"]
    assert works(ready, old) == 200
    new = generate(ready, user)
    assert (works(ready, old), works(ready, new)) == (401, 200)


@BOTS
def test_revoked_first_the_new_one_works_at_once(ready: Api) -> None:
    user = made(ready)
    take_token(ready, user)
    old = ready.server.tokens["pub"]
    assert works(ready, old) == 200
    ready.ok("PUT", "users/revokeToken", {"id": user["id"]})
    assert works(ready, old) == 401
    new = generate(ready, user)
    assert (works(ready, old), works(ready, new)) == (401, 200)


@BOTS
def test_a_repeated_put_keeps_the_token(ready: Api) -> None:
    user = made(ready)
    take_token(ready, user)
    made(ready)
    assert works(ready, ready.server.tokens["pub"]) == 200


@BOTS
def test_what_the_publishing_bot_may(ready: Api) -> None:
    take_token(ready, made(ready))
    body = {"name": "t", "databaseSchema": "svc.d.s", "columns": [column("a")]}
    table = ready.ok("PUT", "tables", body, "pub")
    ready.ok("PUT", "tables", body, "pub")
    assert ready.patch(table, add("/displayName", "表"), user="pub")[0] == 200
    types = {one["name"]: one["id"] for one in ready.ok("GET", "metadata/types", user="pub")["data"]}
    prop = {"name": "属性", "description": "d", "propertyType": {"id": types["string"], "type": "type"}}
    for name in ("属性", "另一"):
        ready.ok("PUT", f"metadata/types/{types['table']}", {**prop, "name": name}, "pub")
    assert ready.call("DELETE", f"tables/{table['id']}", user="pub")[0] == 403
    rules = [{"name": "all", "effect": "allow", "resources": ["All"], "operations": ["All"]}]
    assert ready.call("PUT", "policies", {"name": "publishing", "rules": rules}, "pub")[0] == 403
    assert ready.call("PUT", "users", {"name": "x", "email": "x@example.cn"}, "pub")[0] == 403
    other = ready.table("u")
    edge = {"fromEntity": {"id": table["id"], "type": "table"}, "toEntity": {"id": other["id"], "type": "table"}}
    assert ready.call("PUT", "lineage", {"edge": edge}, "pub")[0] == 200
