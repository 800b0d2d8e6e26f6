"""The SDK's own client and models against profile 2.0: it reads our answers, and what it would not send is refused.

The SDK is imported by the server (``--validate``) and in a subprocess, never here: that takes seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from omclient import Api, add, column, label

# Importing the SDK twice, on a busy machine.
pytestmark = pytest.mark.timeout(300)

READ = """
import json, sys, warnings
warnings.simplefilter("ignore")
from metadata.generated.schema.entity.services.connections.metadata.openMetadataConnection import OpenMetadataConnection
from metadata.generated.schema.security.client.openMetadataJWTClientConfig import OpenMetadataJWTClientConfig
from metadata.ingestion.ometa.ometa_api import OpenMetadata
from metadata.generated.schema.entity.classification.classification import Classification
from metadata.generated.schema.entity.classification.tag import Tag
from metadata.generated.schema.entity.data.apiEndpoint import APIEndpoint
from metadata.generated.schema.entity.data.database import Database
from metadata.generated.schema.entity.data.databaseSchema import DatabaseSchema
from metadata.generated.schema.entity.data.glossaryTerm import GlossaryTerm
from metadata.generated.schema.entity.data.table import Table
from metadata.generated.schema.entity.domains.domain import Domain
from metadata.generated.schema.entity.services.databaseService import DatabaseService
from metadata.generated.schema.entity.teams.team import Team
from metadata.generated.schema.entity.teams.user import User
from metadata.generated.schema.type.tagLabel import LabelType, State, TagFQN, TagLabel, TagSource
from metadata.ingestion.models.table_metadata import ColumnTag
from metadata.generated.schema.api.data.createTable import CreateTableRequest
from metadata.generated.schema.entity.data.table import Column, DataType

config = OpenMetadataConnection(
    hostPort=sys.argv[1], authProvider="openmetadata",
    securityConfig=OpenMetadataJWTClientConfig(jwtToken=sys.argv[2]),
)
client = OpenMetadata(config)
counts = {}
assets = (DatabaseService, Database, DatabaseSchema, Table, APIEndpoint)
kinds = (*assets, Classification, Tag, GlossaryTerm, Domain, Team, User)
for kind in kinds:
    counts[kind.__name__] = len(list(client.list_all_entities(kind, fields=["*"], limit=2)))
table = client.get_by_name(Table, "svc.d.s.t", fields=["columns", "tags", "domains", "extension"])
new = TagLabel(
    tagFQN=TagFQN("F类.x2"), source=TagSource.Classification, labelType=LabelType.Generated, state=State.Suggested
)
client.patch_column_tags(table, [ColumnTag(column_fqn="svc.d.s.t.b", tag_label=new)])
client.patch_description(Table, table, "说明", force=True)
columns = [Column(name="k", dataType=DataType.INT)]
request = [CreateTableRequest(name=f"b{i}", databaseSchema="svc.d.s", columns=columns) for i in range(3)]
bulk = client.bulk_create_or_update(request)
versions = client.get_list_entity_versions(table.id, Table)
again = client.get_by_name(Table, "svc.d.s.t", fields=["columns", "tags", "domains", "extension"])
lineage = client.get_lineage_by_name(Table, "svc.d.s.t")
print(json.dumps({
    "counts": counts,
    "before": json.loads(table.model_dump_json(exclude_none=True)),
    "after": json.loads(again.model_dump_json(exclude_none=True)),
    "bulk": len(bulk.successRequest),
    "versions": len(versions.versions),
    "downstream": len(lineage["downstreamEdges"]),
}, default=str))
"""

COMPARE = """
import json, warnings
warnings.simplefilter("ignore")
from metadata.generated.schema.entity.data.table import Column, DataType
from metadata.generated.schema.type.tagLabel import TagLabel
from omserver import columns, kinds, profiles
from omserver.validate import MODELS, model

def names(path):
    return {field.alias or name for name, field in model(path).model_fields.items()}

found = {
    "data types": {one.value for one in DataType} ^ columns.DATA_TYPES,
    "column": set(Column.model_fields) ^ columns.SHOWN,
    "label": set(TagLabel.model_fields) ^ profiles.V2_0.label_fields,
}
for kind in kinds.kinds_of(profiles.V2_0).values():
    create, entity = MODELS[kind.name]
    found[f"{kind.name} create"] = kind.create_fields - names(create)
    found[f"{kind.name} entity"] = (kind.fields | kind.plain | kind.patch_only) - names(entity)
print(json.dumps({name: sorted(odd) for name, odd in found.items() if odd}))
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, start_contract: Any) -> Iterator[Api]:
    server = start_contract(tmp_path_factory.mktemp("omserver"), "2.0", validate=True)
    found = Api(server, "2.0")
    try:
        fill(found)
        yield found
        assert server.log() == ""
    finally:
        found.http.close()
        server.stop()


def fill(api: Api) -> None:
    """Something of every kind."""
    api.place()
    api.tags("F类", "x1", "x2")
    api.ok("PUT", "glossaries", {"name": "数据元", "description": "d"})
    api.ok("PUT", "glossaryTerms", {"name": "姓名", "glossary": "数据元", "description": "d"})
    term = {"name": "人", "glossary": "数据元", "description": "d", "relatedTerms": ["数据元.姓名"]}
    api.ok("PUT", "glossaryTerms", term)
    api.ok("PUT", "domains", {"name": "民政", "description": "d", "domainType": "Aggregate"})
    api.ok("PUT", "teams", {"name": "民政局", "teamType": "Department"})
    types = {one["name"]: one["id"] for one in api.ok("GET", "metadata/types")["data"]}
    wanted = {"name": "编号", "description": "d", "propertyType": {"id": types["string"], "type": "type"}}
    api.ok("PUT", f"metadata/types/{types['table']}", wanted)
    owner = {"id": api.ok("GET", "users/name/admin")["id"], "type": "user"}
    first = column("a", tags=[label("F类.x1", "Generated", "Suggested", reason="列名")])
    more: dict[str, Any] = {"owners": [owner], "domains": ["民政"], "extension": {"编号": "1"}}
    table = api.table(columns=[first, column("b")], sourceHash="1", **more)
    connection = {"config": {"type": "Rest", "openAPISchemaConnection": {"openAPISchemaURL": "http://example.com/"}}}
    api.ok("PUT", "services/apiServices", {"name": "接口", "serviceType": "Rest", "connection": connection})
    api.ok("PUT", "apiCollections", {"name": "c", "service": "接口", "endpointURL": "http://example.com/c"})
    fields = {"schemaType": "JSON", "schemaFields": [{"name": "xm", "dataType": "STRING"}]}
    endpoint = {"name": "e", "apiCollection": "接口.c", "endpointURL": "http://example.com/e", "responseSchema": fields}
    found = api.ok("PUT", "apiEndpoints", {**endpoint, "requestMethod": "GET"})
    path = "/responseSchema/schemaFields/0/tags/0"
    api.ok("PATCH", f"apiEndpoints/{found['id']}", [add(path, label("F类.x1"))])
    api.ok("PATCH", f"tables/{table['id']}", [add("/entityStatus", "Approved")])
    ends = {name: {"id": table["id"], "type": "table"} for name in ("fromEntity", "toEntity")}
    api.ok("PUT", "lineage", {"edge": {**ends, "lineageDetails": {"source": "ViewLineage"}}})


def test_the_sdk_reads_what_is_here(api: Api, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", READ, api.server.url, api.server.admin_token]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["counts"] == {
        **{"DatabaseService": 1, "Database": 1, "DatabaseSchema": 1, "Table": 1, "Classification": 1, "Tag": 2},
        **{"GlossaryTerm": 2, "Domain": 1, "Team": 2, "User": 2, "APIEndpoint": 1},
    }
    one = found["before"]["columns"][0]["tags"][0]
    assert (one["labelType"], one["state"], one["reason"], one["appliedBy"]) == (
        "Generated",
        "Suggested",
        "列名",
        "admin",
    )
    assert (found["before"]["entityStatus"], found["before"]["extension"]) == ("Approved", {"编号": "1"})
    assert [one["tagFQN"] for one in found["after"]["columns"][1]["tags"]] == ["F类.x2"]
    assert (found["after"]["description"], found["versions"]) == ("说明", 4)
    assert (found["bulk"], found["downstream"]) == (3, 1)


def test_our_fields_are_the_sdks() -> None:
    command = [sys.executable, "-W", "ignore", "-c", COMPARE]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == {}


@pytest.mark.parametrize(
    ("path", "body", "model"),
    [
        ("tables", {"name": "n", "databaseSchema": "svc.d.s", "columns": [column("a", 注=1)]}, "CreateTableRequest"),
        ("tags", {"name": "nn", "classification": "F类"}, "CreateTagRequest"),
        ("domains", {"name": "n", "description": "d", "domainType": "Nonsense"}, "CreateDomainRequest"),
    ],
)
def test_bodies_the_sdk_would_not_send(api: Api, path: str, body: Any, model: str) -> None:
    status, found = api.call("PUT", path, body)
    assert (status, found["message"].split()[0]) == (400, model)
