"""The SDK's own client and models read back everything that `pdc publish` wrote, of every kind.

On 2.0 as it stands. The SDK of 2.0 refuses a 1.2 server by its version, and its models do not know three things that
1.2 says (``owner``, ``domain``, a term's ``status``) nor its operation EditOwner: there its client is told not to
compare versions, owners and domains are read by our own client, terms without their status, and policies not at all.

The SDK is imported in one subprocess for both servers, never here: that takes seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.model import Asset, Column
from connectors.om_client import OpenMetadata
from connectors.om_names import decode_name, split_fqn
from workflows.publish.job import Publishing
from workflows.publish.model import Definition, Mark, WantedAsset, WantedColumn
from workflows.publish.protect import Protecting
from workflows.publish.protection import protected, read_rights
from workflows.publish.taxonomy import ORGANIZATION, definitions
from workflows.publish.wanted import wanted_assets, wanted_places
from workflows.run import open_pack
from workflows.site import load_site
from workflows.store import Store
from workflows.store_records import Harvested

Entity = dict[str, Any]
PROFILES = ("1.2", "2.0")
AT = "2026-11-26T10:00:00+08:00"

READ = """
import json, sys, warnings
warnings.simplefilter("ignore")
from metadata.generated.schema.entity.services.connections.metadata.openMetadataConnection import OpenMetadataConnection
from metadata.generated.schema.security.client.openMetadataJWTClientConfig import OpenMetadataJWTClientConfig
from metadata.ingestion.ometa.ometa_api import OpenMetadata
from metadata.ingestion.ometa.mixins.server_mixin import VersionMismatchException
from metadata.generated.schema.entity.classification.classification import Classification
from metadata.generated.schema.entity.classification.tag import Tag
from metadata.generated.schema.entity.data.apiCollection import APICollection
from metadata.generated.schema.entity.data.apiEndpoint import APIEndpoint
from metadata.generated.schema.entity.data.database import Database
from metadata.generated.schema.entity.data.databaseSchema import DatabaseSchema
from metadata.generated.schema.entity.data.glossary import Glossary
from metadata.generated.schema.entity.data.glossaryTerm import GlossaryTerm
from metadata.generated.schema.entity.data.table import Table
from metadata.generated.schema.entity.domains.domain import Domain
from metadata.generated.schema.entity.policies.policy import Policy
from metadata.generated.schema.entity.services.apiService import ApiService
from metadata.generated.schema.entity.services.databaseService import DatabaseService
from metadata.generated.schema.entity.teams.role import Role
from metadata.generated.schema.entity.teams.team import Team
from metadata.generated.schema.type.customProperty import CustomProperty

KINDS = {
    "databaseService": DatabaseService, "database": Database, "databaseSchema": DatabaseSchema, "table": Table,
    "classification": Classification, "tag": Tag, "glossary": Glossary, "domain": Domain, "team": Team, "role": Role,
}
YOUNG = {
    "apiService": ApiService, "apiCollection": APICollection, "apiEndpoint": APIEndpoint,
    "glossaryTerm": GlossaryTerm, "policy": Policy,
}
OLD_FIELDS = {"table": ["columns", "tags", "extension", "tableConstraints"]}
OLD_FIELDS |= dict.fromkeys(("databaseService", "database", "databaseSchema"), [])

def connected(url, token, compare):
    security = OpenMetadataJWTClientConfig(jwtToken=token)
    return OpenMetadata(OpenMetadataConnection(
        hostPort=url, authProvider="openmetadata", securityConfig=security, enableVersionValidation=compare,
    ))

def dumped(entity):
    return json.loads(entity.model_dump_json(exclude_none=True))

def read(client, young):
    found = {}
    for name, kind in {**KINDS, **(YOUNG if young else {})}.items():
        fields = ["*"] if young else OLD_FIELDS.get(name, ["*"])
        entities = map(dumped, client.list_all_entities(kind, fields=fields or None))
        found[name] = {one["fullyQualifiedName" if "fullyQualifiedName" in one else "name"]: one for one in entities}
    if not young:
        rows = client.client.get("/glossaryTerms?limit=1000")["data"]
        terms = [dumped(GlossaryTerm(**{k: v for k, v in row.items() if k != "status"})) for row in rows]
        found["glossaryTerm"] = {one["fullyQualifiedName"]: one for one in terms}
    found["lineage"] = {fqn: client.get_lineage_by_name(Table, fqn) for fqn in found["table"]}
    kinds = {"table": Table, **({"apiEndpoint": APIEndpoint} if young else {})}
    found["property"] = {
        name: {row["name"]: dumped(CustomProperty(**row)) for row in client.get_entity_custom_properties(kind) or []}
        for name, kind in kinds.items()
    }
    return found

result = {}
for profile, (url, token) in json.loads(sys.stdin.read()).items():
    young, refused = profile == "2.0", False
    try:
        client = connected(url, token, compare=True)
    except VersionMismatchException:
        refused, client = True, connected(url, token, compare=False)
    result[profile] = {**read(client, young), "refused": refused}
print(json.dumps(result, default=str))
"""

DEPARTMENT = """department: {id: mz, name: 普陀区民政局, code: "11310107000000019B", section: 信息科}
systems:
  - {id: rescue, name: 社会救助系统, connector: ddl, path: data.sql, update_cycle: 每日}
  - {id: api, name: 查询接口, connector: ddl, path: none.sql}
"""
TABLES = """
CREATE TABLE `T_DBJT` (`JTBH` varchar(20) NOT NULL COMMENT '家庭编号', `HZXM` varchar(50) COMMENT '户主姓名',
  `SFZH` varchar(18) COMMENT '身份证号', `DLMM` varchar(64) COMMENT '登录密码', PRIMARY KEY (`JTBH`))
  COMMENT='低保家庭';
CREATE TABLE `T_FF` (`ID` bigint NOT NULL COMMENT '主键', `JTBH` varchar(20) COMMENT '家庭编号',
  `JE` decimal(12,2) COMMENT '发放金额', PRIMARY KEY (`ID`, `JTBH`),
  FOREIGN KEY (`JTBH`) REFERENCES `T_DBJT` (`JTBH`)) COMMENT='救助金发放';
CREATE TABLE `公厕.一` (`名称` varchar(50) COMMENT '公厕名称', `a>b` int COMMENT '蹲位数') COMMENT='公共厕所';
CREATE VIEW `V_FF` AS SELECT f.`ID`, j.`HZXM` FROM `T_FF` f JOIN `T_DBJT` j ON f.`JTBH` = j.`JTBH`;
"""
OPERATION = Asset(
    "mz",
    "api",
    "POST /v1/persons",
    kind="operation",
    schema="人口",
    comment="人口查询",
    columns=(
        Column("xm", 1, "string", "STRING", comment="姓名"),
        Column("sfzh", 2, "string", "STRING", comment="身份证号"),
    ),
)


class Published:
    """One server after publishing: what was wanted there, and what the SDK says of it."""

    def __init__(self, root: Path, server: Any, profile: str) -> None:
        self.server, self.profile = server, profile
        # First as a bot, then as an administrator, who may write roles and policies, and bind everybody by them.
        with self.publishing(root, "bot") as job:
            self.published(job)
        with self.publishing(root, "admin") as job:
            self.published(job)
            protected_by = Protecting(job.site, job.store, job.pack, job.site.server, job.client).protect()
            assert (protected_by.failures, protected_by.conflicts) == ([], [])
            store, site, client = job.store, job.site, job.client
            names, features = job.vocabulary, job.features
            self.assets: list[WantedAsset] = list(wanted_assets(store, site, job.pack, names, features))
            places = wanted_places(store, site, features)
            rights = read_rights(client, job.pack, names)
            departments = [one.id for one in site.departments]
            found = definitions(site, job.pack, names, features, places)
            self.definitions: list[Definition] = protected(found, rights, departments)
            kinds = ("table", "databaseService")
            listed = (one for kind in kinds for one in client.list(kind, fields=ownership(profile)))
            self.owned = {one["fullyQualifiedName"]: one for one in listed}
        self.read: dict[str, Any] = {}

    @property
    def young(self) -> bool:
        return self.profile == "2.0"

    @contextmanager
    def publishing(self, root: Path, account: str) -> Iterator[Publishing]:
        token = self.server.tokens[account]
        (root / "openmetadata.yaml").write_text(json.dumps({"url": self.server.url, "token": token}), encoding="utf-8")
        site = load_site(root)
        with Store(site.store_url) as store, OpenMetadata(self.server.url, token) as client:
            yield Publishing(site, store, open_pack(site.pack, site.overlays), site.server, client)

    def published(self, job: Publishing) -> None:
        result = job.publish()
        assert [*result.failures, *result.assets.failures, *result.refused] == []
        assert result.exit_code == 0


def ownership(profile: str) -> list[str]:
    return ["owners", "domains"] if profile == "2.0" else ["owner", "domain"]


def made_site(root: Path) -> Path:
    from workflows.cli_common import State
    from workflows.cli_run import run_job

    (root / "departments").mkdir()
    for name, text in {
        "site.yaml": "name: 测试目录\n",
        "departments/mz.yaml": DEPARTMENT,
        "data.sql": TABLES,
        "none.sql": "-- 接口没有表\n",
    }.items():
        (root / name).write_text(text, encoding="utf-8")
    assert run_job(State(root), (), False, False, outputs=False).exit_code == 0
    with Store(load_site(root).store_url) as store:
        # No connector of ours brings operations of its own yet.
        store.write_assets(1, AT, [Harvested(OPERATION)])
    for verb in ("classify", "compile"):
        command(root, verb)
    return root


def command(root: Path, *words: str) -> None:
    from click.testing import CliRunner

    from workflows.cli import cli

    done = CliRunner().invoke(cli, ["--site", str(root), *words])
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def validating(tmp_path_factory: pytest.TempPathFactory, start_contract: Callable[..., Any]) -> Iterator[Any]:
    """A 2.0 server that refuses every body which the SDK's generated models do not take."""
    server = start_contract(tmp_path_factory.mktemp("omserver"), "2.0", validate=True)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def everything(
    tmp_path_factory: pytest.TempPathFactory, shared_contract_server: Callable[[str], Any], validating: Any
) -> dict[str, Published]:
    root = made_site(tmp_path_factory.mktemp("site"))
    servers = {"1.2": shared_contract_server("1.2"), "2.0": validating}
    found = {profile: Published(root, servers[profile], profile) for profile in PROFILES}
    assert validating.log() == ""
    asked = {profile: (one.server.url, one.server.admin_token) for profile, one in found.items()}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READ],
        input=json.dumps(asked),
        cwd=root,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for profile, read in json.loads(done.stdout.splitlines()[-1]).items():
        found[profile].read = read
    return found


@pytest.fixture(params=PROFILES)
def published(request: pytest.FixtureRequest, everything: dict[str, Published]) -> Published:
    return everything[request.param]


def labels(place: Entity) -> set[tuple[str, ...]]:
    """Name, source, type, state and reason of every label."""
    keys = ("tagFQN", "source", "labelType", "state")
    return {(*(label[key] for key in keys), label.get("reason", "")) for label in place.get("tags") or []}


def wished(marks: tuple[Mark, ...], young: bool) -> set[tuple[str, ...]]:
    """Older servers keep no reason."""
    return {(one.fqn, one.source, one.label_type, one.state, one.reason if young else "") for one in marks}


def stored(published: Published, wanted: WantedAsset) -> Entity:
    found: Entity = published.read["table" if wanted.kind == "table" else "apiEndpoint"][wanted.fqn]
    return found


def test_the_sdk_compares_versions(published: Published) -> None:
    assert published.read["refused"] == (not published.young)


def test_every_asset_with_its_texts_labels_and_properties(published: Published) -> None:
    kinds = [wanted.kind for wanted in published.assets]
    assert sorted(kinds) == (["endpoint"] if published.young else []) + ["table"] * (5 - published.young)
    for wanted in published.assets:
        entity = stored(published, wanted)
        assert labels(entity) == wished(wanted.marks, published.young), wanted.fqn
        assert entity["extension"] == wanted.properties
        assert (entity.get("displayName", ""), entity["description"]) == (wanted.title, wanted.description)
        if published.young:
            assert entity["entityStatus"] == wanted.status == "Draft"


def test_every_column(published: Published) -> None:
    names = set()
    for wanted in published.assets:
        entity = stored(published, wanted)
        endpoint = wanted.kind == "endpoint"
        columns = entity["responseSchema"]["schemaFields"] if endpoint else entity["columns"]
        # The models read names back as the source writes them.
        assert [one["name"] for one in columns] == [decode_name(one.name) for one in wanted.columns]
        for column, wish in zip(columns, wanted.columns, strict=True):
            check_column(column, wish, published.young)
            names.add(wish.name)
    assert {"SFZH", "a__reserved__arrow__b", "xm"} <= names
    assert "DLMM" not in names


def check_column(column: Entity, wish: WantedColumn, young: bool) -> None:
    assert labels(column) == wished(wish.marks, young), wish.name
    assert wish.marks
    assert (column["dataType"], column.get("dataLength", 1)) == (wish.data_type, wish.length or 1)
    assert (column.get("displayName", ""), column.get("description", "")) == (wish.title, wish.description)
    assert (column.get("extension") or {}) == wish.properties


def test_owner_and_domain(published: Published) -> None:
    for wanted in published.assets:
        entity = stored(published, wanted) if published.young else published.owned[wanted.fqn]
        owners = entity["owners"] if published.young else [entity["owner"]]
        domains = entity["domains"] if published.young else [entity["domain"]]
        assert [one["name"] for one in owners] == [wanted.owner] == ["mz-owners"]
        assert [one["fullyQualifiedName"] for one in domains] == [wanted.domain] == ["mz"]


def test_keys_of_tables(published: Published) -> None:
    """Of one column: its own constraint; of several: the table's."""
    families, paid = (published.read["table"][f"mz-rescue.default.default.{name}"] for name in ("T_DBJT", "T_FF"))
    assert families["columns"][0]["constraint"] == "PRIMARY_KEY"
    keys = {one["constraintType"]: one for one in paid["tableConstraints"]}
    assert keys["PRIMARY_KEY"]["columns"] == ["ID", "JTBH"]
    if published.young:
        assert keys["FOREIGN_KEY"]["referredColumns"] == ["mz-rescue.default.default.T_DBJT.JTBH"]


def test_lineage_of_views(published: Published) -> None:
    wanted = next(one for one in published.assets if one.name == "V_FF")
    assert {edge.source.rsplit(".", 1)[1] for edge in wanted.lineage} == {"T_FF", "T_DBJT"}
    found = published.read["lineage"][wanted.fqn]
    names = {node["id"]: node["fullyQualifiedName"] for node in found["nodes"]}
    edges = {names[edge["fromEntity"]]: edge["lineageDetails"] for edge in found["upstreamEdges"]}
    assert edges.keys() == {edge.source for edge in wanted.lineage}
    for edge in wanted.lineage:
        told = edges[edge.source]["columnsLineage"]
        pairs = {(source, one["toColumn"]) for one in told for source in one["fromColumns"]}
        assert pairs == {(f"{edge.source}.{up}", f"{wanted.fqn}.{own}") for up, own in edge.columns}


def test_every_definition(published: Published) -> None:
    kinds = {one.kind for one in published.definitions}
    expected = {"classification", "tag", "glossary", "glossaryTerm", "domain", "team", "type"}
    expected |= {"databaseService", "database", "databaseSchema", "role", "policy"}
    assert kinds == expected | ({"apiService", "apiCollection"} if published.young else set())
    for one in published.definitions:
        if one.kind != "type" and (published.young or one.kind != "policy"):
            owned = {} if published.young else published.owned.get(one.fqn, {})
            check_definition({**owned, **published.read[one.kind][one.fqn]}, one)


def check_definition(entity: Entity, one: Definition) -> None:
    """What its body says stands there; references are told by name."""
    for name, value in one.body.items():
        there = entity.get(name)
        if name == "parents":
            assert [ref["name"] for ref in there or []] == value or value == [ORGANIZATION], one.key
        elif name in ("policies", "defaultRoles"):
            assert {ref["name"] for ref in there or []} >= set(value), one.key
        elif name == "rules":
            assert [known(rule) for rule in there] == [known(rule) for rule in value], one.key
        elif name in ("domain", "domains"):
            refs = [there] if isinstance(there, dict) else there or []
            assert [ref["fullyQualifiedName"] for ref in refs] == ([value] if isinstance(value, str) else value)
        elif name in ("classification", "glossary", "service", "database", "connection"):
            assert name == "connection" or there["fullyQualifiedName"] == value, one.key
        else:
            assert there == value, (one.key, name)


def known(rule: Entity) -> Entity:
    """A rule without what a server adds, and whatever order its operations have."""
    lists = {name: sorted(rule[name]) for name in ("operations", "resources")}
    return {**{name: rule.get(name) for name in ("name", "effect", "condition")}, **lists}


def test_custom_properties(published: Published) -> None:
    found = published.read["property"]
    checked = 0
    for one in published.definitions:
        kind = split_fqn(one.fqn)[0]
        if one.kind == "type" and kind in found:
            there = found[kind][one.body["name"]]
            assert there["propertyType"]["name"] == one.body["propertyType"]
            assert there["description"] == one.body["description"]
            checked += 1
    assert checked == (24 if published.young else 12)
