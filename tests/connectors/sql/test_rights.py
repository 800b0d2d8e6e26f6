"""What a user may not read is counted, and the statements that are told are the ones that help."""

from __future__ import annotations

from typing import Any

from sqlalchemy import make_url

from connectors.model import Rights
from connectors.sql.mariadb import DIALECT as MARIADB
from connectors.sql.postgresql import DIALECT as POSTGRESQL
from connectors.sql.rights import granted


def test_a_user_who_may_read_some_tables_is_told_of_the_others(postgres_url: str, fill: Any, opened: Any) -> None:
    fill(
        postgres_url,
        'CREATE SCHEMA "区 a"; CREATE TABLE "区 a".t (x int); CREATE TABLE "区 a".u (x int); CREATE SCHEMA b;'
        "CREATE TABLE b.v (x int); CREATE TABLE public.open (x int); CREATE TABLE public.shut (x int)",
    )
    role = f"reader_{make_url(postgres_url).database}"
    fill(postgres_url, f"CREATE ROLE {role} LOGIN PASSWORD 'pw'; GRANT SELECT ON public.open TO {role}")
    url = make_url(postgres_url).set(username=role, password="pw").render_as_string(hide_password=False)
    source = opened("postgresql", url)
    before = source.rights()
    assert [name.rpartition(".")[2] for name in source.list_assets().names] == ["open"]
    assert before.unseen == 4
    assert f'GRANT USAGE ON SCHEMA "区 a" TO "{role}"' in before.grants
    assert len(before.grants) == 2 * len({"public", "区 a", "b"})
    for statement in before.grants:
        fill(postgres_url, statement)
    assert len(source.list_assets().names) == 5
    assert source.rights().unseen == 0


def test_names_that_are_not_known_stay_placeholders() -> None:
    url = make_url("postgresql+psycopg2://127.0.0.1/d")
    assert granted(POSTGRESQL, url, [])[0] == 'GRANT USAGE ON SCHEMA <schema> TO "<user>"'
    url = make_url("mysql+pymysql://r@127.0.0.1")
    assert granted(MARIADB, url, []) == ("GRANT SELECT, SHOW VIEW ON <database>.* TO 'r'@'%'",)
    assert granted(MARIADB, url.set(database="a`b"), [])[0].startswith("GRANT SELECT, SHOW VIEW ON `a``b`.*")


def test_advice_is_one_line_to_copy() -> None:
    assert Rights(1, ("GRANT a", "GRANT b")).advice == "GRANT a; GRANT b;"
    assert Rights().advice is None
