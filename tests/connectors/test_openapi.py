"""Descriptions of services as a system: names, fields, references, what is broken, what is meant to break us."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import connectors.openapi.document as document_module
import connectors.openapi.fields as fields_module
from connectors.base import ConfigurationError, ConnectorError, SourceFatalError, SystemConfig
from connectors.model import Asset, from_json, to_json
from connectors.openapi import OpenApiConnector
from connectors.openapi.document import Problems, parse_document
from connectors.testing import NASTY_TEXTS, Conformance

Data = dict[str, Any]
PERSON: Data = {
    "type": "object",
    "required": ["idCard"],
    "properties": {
        "idCard": {"type": "string", "maxLength": 18, "title": "身份证号", "description": "与户口簿一致"},
        "birthday": {"type": "string", "format": "date"},
        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Person"}},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
RESULT: Data = {"type": "object", "required": ["code"], "properties": {"code": {"type": "integer"}, "data": {}}}


def answer(schema: Data, code: str = "200") -> Data:
    return {"responses": {code: {"description": "ok", "content": {"application/json": {"schema": schema}}}}}


def ref(name: str) -> Data:
    return {"$ref": f"#/components/schemas/{name}"}


def api(paths: Data, **schemas: Data) -> Data:
    info = {"title": "人口", "version": "1"}
    return {"openapi": "3.0.3", "info": info, "paths": paths, "components": {"schemas": schemas}}


PEOPLE = api(
    {
        "/persons/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {
                "tags": ["人口"],
                "summary": "查询人员",
                "description": "按编号",
                **answer({"allOf": [ref("Result"), {"properties": {"data": ref("Person")}}]}),
            },
            "delete": {"responses": {"204": {"description": "gone"}}},
        }
    },
    Person=PERSON,
    Result=RESULT,
)


def save(folder: Path, data: Any, name: str = "api.json") -> Path:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def source(path: Path | str, **more: Any) -> OpenApiConnector:
    return OpenApiConnector(SystemConfig(department="d", id="s", connector="openapi", path=str(path), **more))


def read(folder: Path, data: Any, name: str = "api.json") -> tuple[dict[str, Asset], list[str]]:
    with source(save(folder, data, name)) as opened:
        assets = {asset.name: asset for asset in opened.assets()}
        return assets, [str(failure) for failure in opened.failures]


def shape(asset: Asset) -> list[tuple[str, str]]:
    return [(column.name, column.type) for column in asset.columns]


class TestConformanceJson(Conformance):
    @pytest.fixture
    def config(self, tmp_path: Path) -> SystemConfig:
        return SystemConfig(department="d", id="s", connector="openapi", path=str(save(tmp_path, PEOPLE)))


class TestConformanceYaml(Conformance):
    @pytest.fixture
    def config(self, tmp_path: Path) -> SystemConfig:
        save(tmp_path, yaml.safe_dump(PEOPLE, allow_unicode=True), "sub/api.yaml")
        return SystemConfig(department="d", id="s", connector="openapi", path=str(tmp_path))


def test_an_operation_is_an_asset(tmp_path: Path) -> None:
    assets, failures = read(tmp_path, PEOPLE)
    assert failures == []
    found = assets["GET /persons/{id}"]
    assert (found.kind, found.schema, found.comment) == ("operation", "人口", "查询人员：按编号")
    assert found.place == "api.json#/paths/~1persons~1{id}/get"
    assert shape(found) == [
        ("id", "integer（路径参数）"),
        ("code", "integer（返回）"),
        ("data.idCard", "string(18)（返回）"),
        ("data.birthday", "string(date)（返回）"),
        ("data.children[]", "object（返回）"),
        ("data.tags[]", "string（返回）"),
    ]
    card = found.columns[2]
    assert (card.data_type, card.length, card.comment, card.nullable) == (
        "VARCHAR",
        18,
        "身份证号（与户口簿一致）",
        False,
    )
    assert [column.data_type for column in found.columns] == ["INT", "INT", "VARCHAR", "DATE", "STRUCT", "STRING"]
    assert (assets["DELETE /persons/{id}"].schema, len(assets["DELETE /persons/{id}"].columns)) == ("default", 1)


def test_swagger_2(tmp_path: Path) -> None:
    parameters = [
        {"name": "token", "in": "header", "type": "string", "description": "令牌"},
        {"name": "person", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Person"}},
    ]
    person = {"type": "object", "properties": {"xm": {"type": "string", "x-nullable": True, "description": "姓名"}}}
    operation = {"parameters": parameters, "responses": {200: {"schema": {"$ref": "#/definitions/Person"}}}}
    upload = {"parameters": [{"name": "file", "in": "formData", "type": "file"}], "responses": {"default": {}}}
    paths = {"/p": {"post": operation, "put": upload}}
    assets, failures = read(tmp_path, {"swagger": "2.0", "paths": paths, "definitions": {"Person": person}})
    assert failures == []
    assert shape(assets["POST /p"]) == [("token", "string（请求头）"), ("xm", "string（请求、返回）")]
    assert shape(assets["PUT /p"]) == [("file", "file（请求）")]


def test_fields_of_one_name_are_one_column_only_if_they_are_alike(tmp_path: Path) -> None:
    body = {
        "content": {"application/json": {"schema": {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}}}
    }
    answered = {"properties": {"a": {"type": "string", "title": "甲"}, "b": {"type": "integer"}}}
    query = [{"name": "b", "in": "query", "schema": {"type": "boolean"}}]
    assets, _ = read(tmp_path, api({"/x": {"post": {"parameters": query, "requestBody": body, **answer(answered)}}}))
    assert shape(assets["POST /x"]) == [
        ("b", "boolean（查询参数）"),
        ("a", "string（请求、返回）"),
        ("request.b", "string（请求）"),
        ("response.b", "integer（返回）"),
    ]
    assert assets["POST /x"].columns[1].comment == "甲"


def test_parameters_of_the_operation_win_over_those_of_the_path(tmp_path: Path) -> None:
    def parameter(where: str, kind: str) -> Data:
        return {"name": "id", "in": where, "schema": {"type": kind}}

    item = {
        "parameters": [parameter("query", "string"), parameter("header", "boolean")],
        "get": {"parameters": [parameter("query", "integer")]},
    }
    assets, failures = read(tmp_path, api({"/x": item}))
    assert failures == []
    assert shape(assets["GET /x"]) == [("id", "integer（查询参数）"), ("request.id", "boolean（请求头）")]


def test_only_what_is_always_there_is_required(tmp_path: Path) -> None:
    a, b, c = ({"required": [name], "properties": {name: {"type": "string"}}} for name in "abc")
    schema = {"allOf": [a, {"oneOf": [b, {"allOf": [c]}]}]}
    assets, _ = read(tmp_path, api({"/x": {"get": answer(schema)}}))
    assert [(column.name, column.nullable) for column in assets["GET /x"].columns] == [
        ("a", False),
        ("b", True),
        ("c", True),
    ]


@pytest.mark.parametrize(
    ("schema", "columns"),
    [
        ({"type": "array", "items": {"properties": {"xm": {"type": "string"}}}}, [("[].xm", "STRING")]),
        ({"type": "string", "format": "binary"}, [("response", "BLOB")]),
        ({"type": "object", "additionalProperties": {"type": "integer", "format": "int64"}}, [("*", "BIGINT")]),
        (
            {"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {"type": "number"}}}]},
            [("a", "UNKNOWN"), ("b", "NUMBER")],
        ),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, [("response", "STRING")]),
        ({"type": ["string", "integer"]}, [("response", "STRING")]),
        ({"properties": {"a.b": {"type": "boolean"}, "n": True}}, [("a.b", "BOOLEAN"), ("n", "UNKNOWN")]),
        ({"type": "object"}, [("response", "STRUCT")]),
        ({"items": [{"type": "string"}, {"properties": {"x": {"format": "uuid"}}}]}, [("[].x", "UUID")]),
    ],
)
def test_schemas(tmp_path: Path, schema: Data, columns: list[tuple[str, str]]) -> None:
    assets, failures = read(tmp_path, api({"/x": {"get": answer(schema)}}))
    assert failures == []
    assert [(column.name, column.data_type) for column in assets["GET /x"].columns] == columns


@pytest.mark.parametrize(
    ("name", "schema", "comment"),
    [
        ("id_card", {"title": "Id Card", "description": "证件"}, "证件"),
        ("xm", {"x-field-title": "姓名"}, "姓名"),
        ("xm", {"x-order": "顺序", "x-title": "name"}, None),
        ("xb", {"title": "性别", "description": "性别（1男2女）"}, "性别（1男2女）"),
        ("xm", {"$ref": "#/components/schemas/Name", "description": "监护人姓名"}, "监护人姓名"),
        ("xm", {"allOf": [{"$ref": "#/components/schemas/Name"}]}, "姓名"),
    ],
)
def test_comments(tmp_path: Path, name: str, schema: Data, comment: str | None) -> None:
    named = {"type": "string", "description": "姓名"}
    assets, _ = read(tmp_path, api({"/x": {"get": answer({"properties": {name: schema}})}}, Name=named))
    assert assets["GET /x"].columns[0].comment == comment


def test_files_beside_the_document(tmp_path: Path) -> None:
    save(tmp_path, {"openapi": "3.1.0"}, "outside.json")
    save(
        tmp_path,
        {"Person": {"properties": {"xm": {"$ref": "#/Name"}}}, "Name": {"type": "string"}},
        "api/common/p.json",
    )
    save(tmp_path, "lines: 1\n", "api/lonely.yaml")
    references = [
        "common/p.json#/Person",
        "../outside.json",
        "http://a.example/x.json",
        "/etc/hostname",
        "no.json",
        "#/no/0",
    ]
    paths = {f"/{number}": {"get": answer({"$ref": one})} for number, one in enumerate(references)}
    save(tmp_path, api(paths), "api/api.json")
    with source(tmp_path / "api") as opened:
        assets = list(opened.assets())
    assert [[column.name for column in asset.columns] for asset in assets[:2]] == [["xm"], ["response"]]
    told = "\n".join(map(str, opened.failures))
    for text in (
        "$ref leaves the folder of the document: ../outside.json",
        "$ref to another host is not followed: http://a.example/x.json",
        "$ref leaves the folder of the document: /etc/hostname",
        "$ref to a file that cannot be read: No such file",
        "$ref leads nowhere: #/no/0",
    ):
        assert text in told
    assert len(opened.failures) == 5
    assert opened.notices == ["lonely.yaml: neither 'openapi' nor 'swagger' in it: left out (move it elsewhere)"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    save(tmp_path, PEOPLE, "secret/x.json")
    save(tmp_path, PEOPLE, "api/api.json")
    (tmp_path / "api" / "link.json").symlink_to(tmp_path / "secret" / "x.json")
    with source(tmp_path / "api") as opened:
        listing = opened.list_assets()
    assert (listing.complete, listing.reason) == (False, "x.json could not be read")
    assert [str(failure) for failure in opened.failures] == [
        "x.json: the file is a link that leaves its folder (put it there)"
    ]


def test_one_operation_in_two_documents_is_told(tmp_path: Path) -> None:
    save(tmp_path, PEOPLE, "a.json")
    save(tmp_path, PEOPLE, "b.json")
    with source(tmp_path / "*.json") as opened:
        assert len(list(opened.assets())) == 2
    assert [failure.place for failure in opened.failures] == [
        f"b.json#/paths/~1persons~1{{id}}/{method}" for method in ("get", "delete")
    ]


BROKEN = """\
openapi: 3.0.0
paths:
  /a: 7
  /b:
    get: []
    post:
      parameters:
        - {in: query}
        - {name: x, in: nowhere}
      requestBody: text
      responses: {200: {$ref: '#/paths/~1b/post/responses/200'}}
  /c:
    get:
      responses:
        200: {content: {a/b: {schema: {allOf: 1, properties: [x], items: {properties: {'': {}, y: no}}}}}}
  /c:
    get: {responses: []}
"""


def test_what_is_broken_is_told_with_line_and_pointer(tmp_path: Path) -> None:
    assets, failures = read(tmp_path, BROKEN, "api.yaml")
    assert list(assets) == ["POST /b", "GET /c"]
    assert failures == [
        "api.yaml:16: the key '/c' is given twice (the last one counts; keep one)",
        "api.yaml:3#/paths/~1a: a path must be a mapping (correct the document)",
        "api.yaml:5#/paths/~1b/get: an operation must be a mapping (correct the document)",
        "api.yaml:8#/paths/~1b/post/parameters/0: a parameter without a name (correct the document)",
        "api.yaml:9#/paths/~1b/post/parameters/1: a parameter that does not say where it stands (in) "
        "(correct the document)",
        "api.yaml:7#/paths/~1b/post/requestBody: a request body must be a mapping (correct the document)",
        "api.yaml:11#/paths/~1b/post/responses/200: $ref leads in a circle (correct the document)",
        "api.yaml:17#/paths/~1c/get/responses: responses must be a mapping (correct the document)",
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", '{"openapi": "3.0.0",\n "paths": }', r"a\.json:2: not JSON"),
        ("a.yaml", "a: b\n  c: [", r"a\.yaml:2: not YAML"),
        ("a.yaml", "a: *b", r"a\.yaml:1: the alias \*b has no anchor"),
        ("a.yaml", "a: \x07", r"control character"),
        ("a.yaml", "- " * 300 + "x", r"nested too deeply"),
        ("a.json", "[" * 200_000, r"nested too deeply|not JSON"),
        ("a.json", "[1]", "no OpenAPI or Swagger document"),
        ("a.yaml", "", "no OpenAPI or Swagger document"),
    ],
)
def test_no_document(tmp_path: Path, name: str, text: str, message: str) -> None:
    with source(save(tmp_path, text, name)) as opened, pytest.raises(SourceFatalError, match=message) as error:
        list(opened.assets())
    assert "\n" not in str(error.value)


def test_yaml_is_read_as_json_has_it() -> None:
    text = (
        "base: &b {y: 1, no: yes}\nmore: {<<: *b, y: 2026-02-30}\n? [x]\n: 1\n200: 0x1F\nloop: &l {self: *l}\n"
        "ints: [007, 12, -3, 1e3, ~, !!python/object/apply:os.system [x], !t 5]\n"
    )
    problems = Problems()
    data = parse_document(text.encode(), "a.yaml", problems).data
    assert data["more"] == {"y": "2026-02-30", "no": "yes"}
    assert data["200"] == "0x1F"
    assert data["loop"]["self"] is data["loop"]
    assert data["ints"] == ["007", 12, -3, "1e3", None, ["x"], "5"]
    assert [str(one) for one in problems.all()] == ["a.yaml:3: a key that is no text (what it names is left out)"]


def bomb(levels: int = 12) -> str:
    lines = ["a0: &a0 {properties: {x: {type: string}}}"]
    for n in range(1, levels):
        parts = ", ".join(f"p{i}: *a{n - 1}" for i in range(9))
        lines.append(f"a{n}: &a{n} {{properties: {{{parts}}}}}")
    schema = f"{{$ref: '#/a{levels - 1}'}}"
    get = f"{{get: {{responses: {{200: {{content: {{j: {{schema: {schema}}}}}}}}}}}}}"
    return "\n".join([*lines, "openapi: 3.0.0", f"paths: {{/x: {get}, /y: {get}, /z: {get}}}"])


def test_a_bomb_of_aliases_fills_one_operation_only(tmp_path: Path) -> None:
    assets, failures = read(tmp_path, bomb(), "api.yaml")
    assert [len(asset.columns) for asset in assets.values()] == [2_000] * 3
    assert len(failures) == 3
    assert "more than 2,000 fields; the first 2,000 are kept" in failures[0]


def test_limits_of_a_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields_module.Budget, "__init__", lambda self: _budget(self, columns=2_500))
    with source(save(tmp_path, bomb(), "api.yaml")) as opened:
        listing = opened.list_assets()
    assert (listing.complete, listing.reason) == (False, "api.yaml was not read to its end")
    assert len(listing.names) == 1
    monkeypatch.setattr(document_module, "MAX_MERGED", 3)
    with pytest.raises(SourceFatalError, match="<< copies more than 3 keys"):
        read(tmp_path, "a: &a {b: 1, c: 2}\nd: {<<: *a}\ne: {<<: *a}", "api.yaml")
    monkeypatch.setattr(document_module, "MAX_YAML_BYTES", 10)
    with pytest.raises(SourceFatalError, match="larger than 0 MiB"):
        read(tmp_path, "openapi: 3.0.0", "api.yaml")


def _budget(budget: fields_module.Budget, columns: int) -> None:
    budget.steps, budget.columns = 1_000_000, columns
    budget.next_operation()


def test_depth_has_a_limit(tmp_path: Path) -> None:
    schema: Data = {"type": "string"}
    for _ in range(30):
        schema = {"properties": {"a": schema}}
    assets, failures = read(tmp_path, api({"/x": {"get": answer(schema)}}))
    assert [column.name for column in assets["GET /x"].columns] == [".".join("a" * 20)]
    assert "nested more than 20 deep" in failures[0]


def test_keys_given_twice_in_json_are_told(tmp_path: Path) -> None:
    _, failures = read(tmp_path, '{"openapi": "3.0.0", "paths": {"/a": {}, "/a": {}}}')
    assert failures == ["api.json: the key '/a' is given twice in one object (the last one counts)"]


def test_an_unknown_version_is_told(tmp_path: Path) -> None:
    save(tmp_path, {"swagger": "1.2", "paths": {}})
    with source(tmp_path) as opened:
        assert opened.list_assets().complete
    assert opened.failures == []
    assert opened.notices == [
        "api.json: version 1.2 is not known and is read as the nearest one (known are openapi 3.0, 3.1 and swagger 2.0)"
    ]


def test_a_source_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="needs path or url"):
        OpenApiConnector(SystemConfig(department="d", id="s", connector="openapi"))


# --- hostile documents ---------------------------------------------------------------------------------------------

KEYS = [
    *("openapi", "swagger", "paths", "/a", "/b/{id}", "get", "post", "parameters", "responses", "200", "default"),
    *("content", "application/json", "schema", "schemas", "components", "definitions", "requestBody", "items"),
    *("properties", "allOf", "oneOf", "anyOf", "type", "format", "required", "$ref", "title", "description", "name"),
    *("in", "tags", "summary", "additionalProperties", "nullable", "maxLength", "default", "x-title", ""),
]
REFS = ["#", "#/", "#/paths", "#/components/schemas/A", "#/components", "api.json#/paths", "\x00", "%00", "#/%zz", "."]
TEXTS = st.sampled_from([*NASTY_TEXTS, *REFS, *KEYS, "object", "array", "string", "null", "query", "body", "\ud800"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=40,
)


def mutated(data: Any, draw: Any) -> Any:
    """The document with some parts replaced by something else."""
    if draw(st.integers(0, 12)) == 0:
        return draw(VALUES)
    if isinstance(data, dict):
        return {key if draw(st.integers(0, 15)) else draw(TEXTS): mutated(value, draw) for key, value in data.items()}
    return [mutated(value, draw) for value in data] if isinstance(data, list) else data


@st.composite
def documents(draw: Any) -> bytes:
    kind = draw(st.sampled_from(["mutated", "values", "bytes", "cut"]))
    if kind == "bytes":
        return bytes(draw(st.binary(max_size=300)))
    data = mutated(PEOPLE, draw) if kind == "mutated" else {"openapi": "3.1.0", "paths": draw(VALUES)}
    raw = json.dumps(data, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    return raw[: draw(st.integers(0, len(raw)))] if kind == "cut" else raw


@settings(max_examples=200)
@given(raw=documents(), suffix=st.sampled_from([".json", ".yaml"]))
def test_hostile_documents(raw: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"api{suffix}"
        path.write_bytes(raw)
        with source(path) as opened:
            told: list[object] = []
            assets: list[Asset] = []
            try:
                assets = list(opened.assets())
            except ConnectorError as error:
                told = [error]
            assert all("\n" not in str(one) for one in [*told, *opened.failures])
    for asset in assets:
        assert from_json(to_json(asset)) == asset
        names = [column.name for column in asset.columns]
        assert len(set(names)) == len(names)
        assert all(names)
    assert len({asset.key for asset in assets}) == len(assets)
