"""People at work in OpenMetadata's UI, as it was observed; sites to publish, and what a server then holds.

Source: reference/openmetadata-server.md, "Label state, styles, renames".
"""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.om_client import OpenMetadata

Entity = dict[str, Any]


class Browser:
    """One logged-in person. Patches go by list index and without a guard, as the UI's do."""

    def __init__(self, server: Any, login: str, **claims: Any) -> None:
        self.client = OpenMetadata(server.url, server.token(login, **claims), sleep=lambda seconds: None)

    def read(self, fqn: str) -> Entity:
        found = self.client.get("table", fqn, fields=["columns", "tags"])
        assert found is not None
        return found

    def label_column(self, fqn: str, column: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Save the tag editor of a column: the other labels keep type and state."""
        entity = self.read(fqn)
        at = next(at for at, one in enumerate(entity["columns"]) if one["name"] == column)
        tags = entity["columns"][at].get("tags") or []
        self.patch(entity["id"], changes(f"/columns/{at}/tags", tags, [manual(tag) for tag in add], remove))

    def replace_on_column(self, fqn: str, column: str, old: str, new: str) -> None:
        entity = self.read(fqn)
        at = next(at for at, one in enumerate(entity["columns"]) if one["name"] == column)
        tags = [label["tagFQN"] for label in entity["columns"][at]["tags"]]
        self.patch(entity["id"], [replace(f"/columns/{at}/tags/{tags.index(old)}", manual(new))])

    def put_back(self, fqn: str, column: str, tag: str) -> None:
        """Confirm a suggestion as 1.2 lets one: taken off and put back, in two saves."""
        self.label_column(fqn, column, remove=[tag])
        self.label_column(fqn, column, add=[tag])

    def accept(self, fqn: str, column: str, tag: str) -> None:
        """Change type and state alone: silent on 1.2."""
        self.replace_on_column(fqn, column, tag, tag)

    def label_table(self, fqn: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Save the tag editor of a table: every other label there becomes Manual and Confirmed."""
        entity = self.read(fqn)
        tags = entity.get("tags") or []
        kept = [label for label in tags if label["tagFQN"] not in remove]
        ops = [replace(f"/tags/{tags.index(one)}", manual(one["tagFQN"], one["source"])) for one in kept]
        self.patch(entity["id"], [*ops, *changes("/tags", tags, [manual(tag) for tag in add], remove)])

    def review(self, fqn: str, new: str) -> None:
        """Set 审核状态, which is exclusive: the tag that stands there is replaced, all others are restamped."""
        entity = self.read(fqn)
        ops = [
            replace(f"/tags/{at}", manual(new if label["tagFQN"].startswith("审核状态.") else label["tagFQN"]))
            for at, label in enumerate(entity["tags"])
        ]
        if not any(label["tagFQN"].startswith("审核状态.") for label in entity["tags"]):
            ops.append({"op": "add", "path": "/tags/-", "value": manual(new)})
        self.patch(entity["id"], ops)

    def describe(self, fqn: str, text: str, column: str | None = None) -> None:
        entity = self.read(fqn)
        names = [one["name"] for one in entity["columns"]]
        path = "/description" if column is None else f"/columns/{names.index(column)}/description"
        self.patch(entity["id"], [{"op": "add", "path": path, "value": text}])

    def patch(self, ident: str, ops: Sequence[Entity]) -> None:
        headers = {"Content-Type": "application/json-patch+json"}
        self.client.request("PATCH", f"tables/{ident}", None, list(ops), doing="save", headers=headers)


def manual(tag: str, source: str | None = None) -> Entity:
    found = source or ("Glossary" if tag.startswith("数据元.") else "Classification")
    return {"tagFQN": tag, "source": found, "labelType": "Manual", "state": "Confirmed"}


def replace(path: str, value: Entity) -> Entity:
    return {"op": "replace", "path": path, "value": value}


def changes(path: str, tags: Sequence[Entity], add: Sequence[Entity], remove: Sequence[str]) -> list[Entity]:
    at = {label["tagFQN"]: index for index, label in enumerate(tags)}
    gone = [{"op": "remove", "path": f"{path}/{at[tag]}"} for tag in sorted(remove, key=lambda tag: -at[tag])]
    return [*({"op": "add", "path": f"{path}/-", "value": value} for value in add), *gone]


@pytest.fixture
def browser() -> Iterator[Callable[..., Browser]]:
    """``browser(server, "lihua")`` is that person's UI."""
    opened: list[Browser] = []

    def open_one(server: Any, login: str, **claims: Any) -> Browser:
        opened.append(Browser(server, login, **claims))
        return opened[-1]

    yield open_one
    for one in opened:
        one.client.close()


# --- sites to publish ------------------------------------------------------------------------------------------------

COLUMNS = (
    ("id", "bigint NOT NULL", "主键"),
    ("xm", "varchar(50) NOT NULL", "姓名"),
    ("sfzh", "varchar(18)", "身份证号"),
    ("lxdh", "varchar(20)", "联系电话"),
    ("jtzz", "varchar(200)", "家庭住址"),
    ("qymc", "varchar(200)", "企业名称"),
    ("cjsj", "datetime", "创建时间"),
)


def ddl(
    tables: int,
    *,
    retyped: int = 0,
    dropped: Sequence[int] = (),
    added: int = 0,
    comment: str = "登记表",
    company: str = "企业名称",
) -> str:
    """Tables ``t_000`` …. ``retyped``: every n-th has another type of 身份证号 and one more column; ``added``: more
    tables; ``company``: what the column ``qymc`` is said to hold.
    """
    found = []
    for number in range(tables + added):
        if number in dropped:
            continue
        columns = list(COLUMNS)
        if retyped and number % retyped == 0:
            columns = [(name, "char(18)" if name == "sfzh" else kind, text) for name, kind, text in columns]
            columns.append(("yzbm", "varchar(6)", "邮政编码"))
        columns = [(name, kind, company if name == "qymc" else text) for name, kind, text in columns]
        lines = ",\n".join(f"  `{name}` {kind} COMMENT '{text}'" for name, kind, text in columns)
        keys = ",\n  PRIMARY KEY (`id`)"
        found.append(f"CREATE TABLE `t_{number:03d}` (\n{lines}{keys}\n) COMMENT='{comment}{number}';")
    return "\n".join(found)


SERVICE = "mz-rescue"
SITE = "name: 测试目录\npeople:\n  - {id: zhang, name: 张三, openmetadata: zhang, roles: [steward]}\n"
DEPARTMENT = """department: {id: mz, name: 普陀区民政局, code: "11310107000000019B"}
systems:
  - {id: rescue, name: 社会救助系统, connector: ddl, path: data.sql, update_cycle: 每日}
"""


class PublishedSite:
    """A site folder and its store; ``publish`` and ``plan`` as the commands do, in this process."""

    sql = staticmethod(ddl)

    def __init__(self, root: Path) -> None:
        self.root = root
        self.accept_removals = False

    def harvest(self, sql: str) -> None:
        """The whole job but the outputs, on these tables."""
        from workflows.cli_common import State
        from workflows.cli_run import run_job

        (self.root / "data.sql").write_text(sql, encoding="utf-8")
        assert run_job(State(self.root), (), False, self.accept_removals, outputs=False).exit_code == 0

    def connect(self, server: Any, token: str | None = None, **settings: Any) -> None:
        # People of these tests have accounts and no roles: what protects is tested by itself.
        plain = {"protection": {"enabled": False}}
        lines = {"url": server.url, "token": token or server.tokens["bot"], **plain, **settings}
        text = "".join(f"{name}: {json.dumps(value)}\n" for name, value in lines.items())
        (self.root / "openmetadata.yaml").write_text(text, encoding="utf-8")

    @contextmanager
    def publishing(self) -> Iterator[Any]:
        """An opened `Publishing` whose client does not wait between attempts."""
        from workflows.publish.job import Publishing
        from workflows.run import open_pack
        from workflows.site import load_site
        from workflows.store import Store

        site = load_site(self.root)
        settings = site.server
        with (
            Store(site.store_url) as store,
            OpenMetadata(settings.url, settings.token, sleep=lambda seconds: None, workers=settings.workers) as client,
        ):
            yield Publishing(site, store, open_pack(site.pack, site.overlays), settings, client)

    def publish(self, plan: Any = None) -> Any:
        with self.publishing() as job:
            return job.publish(plan)

    def plan(self) -> Any:
        with self.publishing() as job:
            return job.plan()

    def pull(self, *, dry_run: bool = False) -> Any:
        from workflows.clock import now
        from workflows.publish.pull import Puller

        with self.publishing() as job:
            puller = Puller(job.store, job.ledger, job.client, job.vocabulary, job.site.people, now().isoformat())
            return puller.run(dry_run=dry_run)


@pytest.fixture(scope="session")
def site_template(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """``site_template(n)``: a harvested and judged site of n tables, made once."""
    made: dict[int, Path] = {}

    def get(tables: int) -> Path:
        if tables not in made:
            root = tmp_path_factory.mktemp("site")
            (root / "departments").mkdir()
            (root / "site.yaml").write_text(SITE, encoding="utf-8")
            (root / "departments" / "mz.yaml").write_text(DEPARTMENT, encoding="utf-8")
            PublishedSite(root).harvest(ddl(tables))
            made[tables] = root
        return made[tables]

    return get


@pytest.fixture(scope="session")
def warm_servers(shared_contract_server: Callable[[str], Any]) -> Callable[[str], Any]:
    """``warm_servers(profile)``: the shared server without the site's service, but with tags, terms and properties that
    an earlier test brought: writing those anew for each test would take seconds."""
    servers: dict[str, Any] = {}

    def get(profile: str) -> Any:
        if profile not in servers:
            servers[profile] = shared_contract_server(profile)
            servers[profile].profile = profile
        server = servers[profile]
        server.control("PUT", "faults", {})
        with OpenMetadata(server.url, server.admin_token) as client:
            # Another file's test of protection on the same server: its policies would bind the people of this one.
            if client.get("policy", "pdc-reader") is not None:
                server.reset()
            service = client.get("databaseService", SERVICE, include="all")
            if service is not None:
                client.delete("databaseService", service["id"], hard=True, recursive=True)
            client.put("classification", {"name": "PII", "description": "foreign"})
            client.put("tag", {"name": "Sensitive", "classification": "PII", "description": "foreign"})
        return server

    return get


@pytest.fixture
def published_site(site_template: Callable[[int], Path], tmp_path: Path) -> Callable[..., PublishedSite]:
    """``published_site(server, tables)``: a copy of the template that knows the server."""
    count = itertools.count()

    def make(server: Any, tables: int = 3, **settings: Any) -> PublishedSite:
        root = tmp_path / f"site-{next(count)}"
        shutil.copytree(site_template(tables), root)
        site = PublishedSite(root)
        site.connect(server, **settings)
        return site

    return make


DROPPED = ("id", "version", "updated_at", "updated_by", "change", "snapshot", "history", "created", "marks", "aside")
STAMPS = ("appliedAt", "appliedBy")


def server_state(server: Any, folder: Path) -> dict[str, Any]:
    """Everything that the server stores, without ids, versions and times: ``kind fqn`` → document, and the edges."""
    path = folder / "state.json"
    server.control("POST", "dump", {"path": str(path)})
    store = json.loads(json.loads(path.read_text(encoding="utf-8"))["store"])
    names = {row["id"]: f"{row['kind']} {row['fqn']}" for row in store["entities"]}

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(one) for name, one in value.items() if name not in STAMPS}
        if isinstance(value, list):
            found = [plain(one) for one in value]
            labels = bool(found) and all(isinstance(one, dict) and "tagFQN" in one for one in found)
            return sorted(found, key=lambda one: one["tagFQN"]) if labels else found
        return names.get(value, value) if isinstance(value, str) else value

    found = {names[row["id"]]: plain({k: v for k, v in row.items() if k not in DROPPED}) for row in store["entities"]}
    edges = {f"edge {names[one]} → {names[other]}": plain(details) for one, other, details in store["edges"]}
    return found | edges


@pytest.fixture
def state_of(tmp_path: Path) -> Callable[[Any], dict[str, Any]]:
    return lambda server: server_state(server, tmp_path)


@pytest.fixture
def writes_of() -> Callable[[Any], int]:
    """Requests so far that may change the server."""

    def count(server: Any) -> int:
        routes = server.control("GET", "counters")["routes"]
        return sum(n for route, n in routes.items() if not route.startswith(("GET", "HEAD")))

    return count
