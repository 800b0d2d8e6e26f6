"""What must be on the server before an asset: complete, in order of dependency, and taken by the SDK's own models."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from classifiers.policy import load_pack
from connectors.base import ConfigurationError
from connectors.om_kinds import kind_of
from connectors.om_names import split_fqn
from connectors.om_version import Features, ServerVersion
from workflows.publish import wanted
from workflows.publish.model import Definition
from workflows.publish.places import Place
from workflows.publish.taxonomy import ASSET_PROPERTIES, ITEM_PROPERTIES, definitions
from workflows.publish.vocabulary import vocabulary
from workflows.server_settings import ServerSettings
from workflows.settings import Department, Site, SiteSettings, SystemSettings

NEW, OLD = (Features.of(ServerVersion.parse(version)) for version in ("2.0.6", "1.2.0"))
PLACES = (
    Place("minzheng-rescue", "default", "public", "a"),
    Place("minzheng-rescue", "default", "public", "b"),
    Place("minzheng-rescue", "库.一", "x" * 256, "c"),
    Place("minzheng-api", "", "default", "GET __reserved__arrow__", "endpoint"),
    Place("existing", "default", "public", "d"),
)


def department(ident: str, *systems: SystemSettings, name: str = "普陀区民政局") -> Department:
    return Department(ident, name, "", "信息科", "", systems, f"departments/{ident}.yaml")


def site(*departments: Department) -> Site:
    return Site(Path("/nowhere"), SiteSettings(), departments)


RESCUE = SystemSettings(id="rescue", name="社会救助系统", connector="postgresql")
API = SystemSettings(id="api", name="服务接口", connector="openapi")
SECRET = SystemSettings(id="hushed", restricted=True)
EXISTING = SystemSettings(id="om", connector="openmetadata", options={"service": "existing"})
MINZHENG = department("minzheng", RESCUE, API, SECRET, EXISTING)


def made(features: Features = NEW, pack: str = "putuo-2020", **settings: Any) -> list[Definition]:
    loaded = load_pack(pack)
    names = vocabulary(loaded, ServerSettings(url="http://h/api", token="t", **settings), features)
    return definitions(site(MINZHENG), loaded, names, features, PLACES)


def by_key(found: list[Definition]) -> dict[str, Definition]:
    return {item.key: item for item in found}


@pytest.mark.parametrize("features", [NEW, OLD])
def test_everything_stands_after_what_it_stands_in(features: Features) -> None:
    found = made(features)
    keys = [item.key for item in found]
    assert len(set(keys)) == len(keys)
    seen: set[tuple[str, str]] = set()
    for item in found:
        spec = kind_of(item.kind)
        if spec.fqn_parent:
            assert (spec.parent or spec.fqn_parent, item.body[spec.fqn_parent]) in seen, item.key
        for parent in item.body.get("parents", []):
            assert parent == "Organization" or ("team", parent) in seen
        for domain in [*item.body.get("domains", []), *([item.body["domain"]] if "domain" in item.body else [])]:
            assert ("domain", domain) in seen
        seen.add((spec.name, item.fqn))
        assert split_fqn(item.fqn)[-1] == item.body["name"]


def test_keys_fit_the_store() -> None:
    keys = [item.key for item in made()]
    assert max(len(key) for key in keys) <= 255
    assert sum(key.startswith("schema/minzheng/rescue/") for key in keys) == 2


def test_one_value_classifications_are_exclusive_and_categories_are_not() -> None:
    found = {
        key: item.body["mutuallyExclusive"] for key, item in by_key(made()).items() if item.kind == "classification"
    }
    assert found == {
        f"classification/{name}": name != "category"
        for name in ("tier", "share", "open", "importance", "review", "category")
    }


def test_tags_say_what_they_mean_and_on_which_article() -> None:
    tags = by_key(made())
    assert tags["tag/tier/L3"].body["displayName"] == "L3 敏感级"
    assert tags["tag/tier/L3"].body["style"] == {"color": "#ef6c00"}
    assert "依据：《上海市普陀区公共数据管理办法》第三十一条" in tags["tag/tier/L3"].body["description"]
    assert "第二十二条" in tags["tag/share/conditional"].body["description"]
    assert "第二十五条" in tags["tag/open/none"].body["description"]
    assert "公民身份号码" in tags["tag/category/PI"].body["description"]
    assert "tag/share/undetermined" not in tags
    assert {key for key in tags if key.startswith("tag/review/")} == {
        "tag/review/pending",
        "tag/review/confirmed",
        "tag/review/objected",
    }
    assert "普陀区" not in json.dumps(
        [item.body for item in made(pack="national-2025") if item.kind == "tag"], ensure_ascii=False
    )


def test_terms_are_the_packs_elements_without_the_generic_ones() -> None:
    pack = load_pack("putuo-2020")
    terms = {key.removeprefix("term/"): item for key, item in by_key(made()).items() if key.startswith("term/")}
    assert set(terms) == {key for key, element in pack.elements.items() if not element.variants}
    body = terms["person.id_card"].body
    assert body["name"] == "公民身份号码"
    assert body["description"] == (
        "数据元“公民身份号码”（person.id_card）。类别：个人证件信息；基本分级：L3 敏感级，视表的主题和组合可能更高。"
    )
    assert "reviewers" not in by_key(made())["glossary"].body


def test_properties_are_where_the_server_has_them() -> None:
    def named(features: Features) -> set[str]:
        return {item.fqn for item in made(features) if item.kind == "type"}

    tables = {f"table.{row[0]}" for row in ASSET_PROPERTIES}
    assert named(OLD) == tables | {f"apiEndpoint.{row[0]}" for row in ASSET_PROPERTIES}
    assert named(NEW) == named(OLD) | {f"tableColumn.{row[0]}" for row in ITEM_PROPERTIES}
    assert {item.body["propertyType"] for item in made() if item.kind == "type"} == {"string", "integer"}
    assert all("displayName" not in item.body for item in made(OLD) if item.kind == "type")


def test_a_department_is_a_domain_a_team_and_a_group_that_owns() -> None:
    found = by_key(made())
    assert found["domain/minzheng"].body["displayName"] == "普陀区民政局"
    team, owners = found["team/minzheng"].body, found["owners/minzheng"].body
    assert (team["teamType"], team["parents"], team["isJoinable"]) == ("Department", ["Organization"], False)
    assert (owners["teamType"], owners["parents"], owners["isJoinable"]) == ("Group", ["minzheng"], False)


def test_services_always_have_a_connection_and_only_own_systems_one() -> None:
    found = [item for item in made() if item.kind == "databaseService"]
    assert [item.fqn for item in found] == ["minzheng-rescue"]
    assert found[0].body["connection"] == {
        "config": {"type": "CustomDatabase", "sourcePythonClass": "connectors.openmetadata.DepartmentSource"}
    }
    assert (found[0].body["domains"], found[0].body["displayName"]) == (["minzheng"], "社会救助系统")
    old = next(item for item in made(OLD) if item.kind == "databaseService")
    assert (old.body["domain"], "domains" in old.body) == ("minzheng", False)
    native = next(item for item in made(native_service_types=True) if item.kind == "databaseService")
    assert (native.body["serviceType"], native.body["connection"]["config"]["type"]) == ("Postgres", "Postgres")


def test_containers_are_those_of_the_wanted_assets() -> None:
    found = {item.fqn for item in made() if item.kind in ("database", "databaseSchema", "apiService", "apiCollection")}
    assert found == {
        "minzheng-rescue.default",
        "minzheng-rescue.default.public",
        'minzheng-rescue."库.一"',
        f'minzheng-rescue."库.一".{"x" * 256}',
        "minzheng-api",
        "minzheng-api.default",
    }


def test_native_recognizers_are_written_when_asked_for_and_known() -> None:
    def with_recognizers(features: Features, asked: bool) -> set[str]:
        return {item.key for item in made(features, recognizers=asked) if "recognizers" in item.body}

    assert with_recognizers(NEW, True) == {"tag/tier/L2", "tag/tier/L3", "tag/tier/L4"}
    assert with_recognizers(NEW, False) == with_recognizers(OLD, True) == set()
    assert "autoClassificationConfig" in by_key(made(recognizers=True))["classification/tier"].body


@pytest.mark.parametrize(
    ("departments", "told"),
    [
        (
            (
                department("a-b", SystemSettings(id="c", connector="sqlite")),
                department("a", SystemSettings(id="b-c", connector="sqlite")),
            ),
            "two systems would be the service a-b-c",
        ),
        (
            (
                department(
                    "a",
                    SystemSettings(id="b", connector="sqlite"),
                    EXISTING.model_copy(update={"options": {"service": "a-b"}}),
                ),
            ),
            "two systems would be the service a-b",
        ),
        ((department("a", EXISTING.model_copy(update={"options": {}})),), "does not say which service"),
        ((department("a"), department("a-owners")), "the team that owns the assets of a would be called"),
    ],
)
def test_names_that_collide_are_refused(departments: tuple[Department, ...], told: str) -> None:
    pack = load_pack("putuo-2020")
    names = vocabulary(pack, ServerSettings(url="http://h/api", token="t"), NEW)
    with pytest.raises(ConfigurationError, match=told):
        definitions(site(*departments), pack, names, NEW)


def test_a_restricted_system_is_not_even_named() -> None:
    assert "hushed" not in json.dumps([(item.key, item.body) for item in made()])


CHECK = """
import json, sys
from metadata.generated.schema.api.classification.createClassification import CreateClassificationRequest
from metadata.generated.schema.api.classification.createTag import CreateTagRequest
from metadata.generated.schema.api.data.createAPICollection import CreateAPICollectionRequest
from metadata.generated.schema.api.data.createDatabase import CreateDatabaseRequest
from metadata.generated.schema.api.data.createDatabaseSchema import CreateDatabaseSchemaRequest
from metadata.generated.schema.api.data.createGlossary import CreateGlossaryRequest
from metadata.generated.schema.api.data.createGlossaryTerm import CreateGlossaryTermRequest
from metadata.generated.schema.api.domains.createDomain import CreateDomainRequest
from metadata.generated.schema.api.services.createApiService import CreateApiServiceRequest
from metadata.generated.schema.api.services.createDatabaseService import CreateDatabaseServiceRequest
from metadata.generated.schema.api.teams.createTeam import CreateTeamRequest
from metadata.generated.schema.entity.data.apiEndpoint import ApiRequestMethod
from metadata.generated.schema.entity.data.table import Constraint, DataType, TableType
from metadata.generated.schema.type.customProperty import CustomProperty
from metadata.generated.schema.type.schema import DataTypeTopic
from metadata.generated.schema.type.status import EntityStatus

MODELS = {
    "classification": CreateClassificationRequest, "tag": CreateTagRequest, "glossary": CreateGlossaryRequest,
    "glossaryTerm": CreateGlossaryTermRequest, "domain": CreateDomainRequest, "team": CreateTeamRequest,
    "databaseService": CreateDatabaseServiceRequest, "database": CreateDatabaseRequest,
    "databaseSchema": CreateDatabaseSchemaRequest, "apiService": CreateApiServiceRequest,
    "apiCollection": CreateAPICollectionRequest, "type": CustomProperty,
}
ENUMS = (ApiRequestMethod, Constraint, DataType, DataTypeTopic, EntityStatus, TableType)
wrong = []
for kind, body in json.load(sys.stdin):
    try:
        MODELS[kind].model_validate(body)
    except Exception as exc:
        wrong.append(f"{kind} {body['name']}: {exc}")
print(json.dumps({"wrong": wrong, "enums": {one.__name__: [item.value for item in one] for one in ENUMS}}))
"""
ID = "00000000-0000-4000-8000-000000000001"


def sent(item: Definition) -> tuple[str, dict[str, Any]]:
    """The body as the writer sends it, references resolved."""
    body = dict(item.body)
    if "parents" in body:
        body["parents"] = [ID for _ in body["parents"]]
    if "propertyType" in body:
        body["propertyType"] = {"id": ID, "type": "type"}
    return kind_of(item.kind).name, body


@pytest.fixture(scope="session")
def sdk() -> dict[str, Any]:
    """What the SDK's models say of our bodies, and their enumerations."""
    every = [*made(recognizers=True), *made(names="ascii", native_service_types=True), *made(pack="national-2025")]
    bodies = json.dumps([sent(item) for item in every])
    done = subprocess.run([sys.executable, "-c", CHECK], input=bodies, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_the_sdks_models_take_every_body(sdk: dict[str, Any]) -> None:
    assert sdk["wrong"] == []


def test_enumerations_are_the_servers(sdk: dict[str, Any]) -> None:
    from connectors.types import _SPELLINGS

    enums = {name: set(values) for name, values in sdk["enums"].items()}
    for kind, name in (("table", "DataType"), ("endpoint", "DataTypeTopic")):
        assert {wanted.column_type(one, kind, NEW) for one in (*_SPELLINGS, "UNKNOWN")} <= enums[name]
    assert {"NULL", "NOT_NULL"} <= enums["Constraint"]
    assert set(wanted.STATUS.values()) <= enums["EntityStatus"]
    assert {"Regular", "View"} <= enums["TableType"]
    assert {wanted.method_of(name) for name in ("get /a", "DELETE /b", "readAll")} <= enums["ApiRequestMethod"]
