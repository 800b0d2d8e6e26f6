"""Two hundred hostile inputs for every connector whose source is a file or an answer somebody else wrote."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import struct
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import pytest
from openpyxl import Workbook

from connectors.base import Connector, SourceFatalError, SystemConfig
from connectors.files import FilesConnector
from connectors.hostile import VALUE, HostileInputs
from connectors.model import Asset, Listing

Data = dict[str, Any]
NAMES = ("姓名", "身份证号", "户籍地址")
ROW = ("某甲", VALUE, "曹杨路")


def book(*rows: tuple[Any, ...]) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def packed(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


CSV = "\n".join(",".join(row) for row in (NAMES, *[ROW] * 5)).encode()
JSON = json.dumps({"code": 0, "data": [dict(zip(NAMES, ROW, strict=True))] * 3}, ensure_ascii=False).encode()
SHEET = book(NAMES, *[ROW] * 5)
DICTIONARY = (
    ("表名：T_RY 人员表",),
    ("序号", "字段名", "中文名", "类型", "主键", "示例值"),
    (1, "XM", "姓名", "varchar(50)", "", "某甲"),
    (2, "SFZH", "身份证号", "char(18)", "是", VALUE),
    ("表名：T_QH 区划",),
    ("序号", "字段名", "中文名", "类型", "主键", "示例值"),
    (1, "DM", "代码", "char(6)", "是", "310107"),
)

MYSQL = f"""-- MySQL dump
CREATE TABLE `t_ry` (`id` bigint NOT NULL COMMENT '主键', `xm` varchar(50) DEFAULT NULL, PRIMARY KEY (`id`))
COMMENT='人员';
INSERT INTO `t_ry` VALUES (1,'{VALUE}'),(2,'it\\'s');
/*!50001 CREATE VIEW `v` AS select `q`.`xm` AS `a`,concat(`q`.`id`,'x') AS `b` from `t_ry` `q` */;
"""
POSTGRES = f"""CREATE TABLE public.person (id integer NOT NULL, name text DEFAULT 'x'::text, tags text[]);
COMMENT ON COLUMN public.person.name IS E'姓\\'名';
COPY public.person (id, name) FROM stdin;
1\t{VALUE}
\\.
ALTER TABLE ONLY public.person ADD CONSTRAINT p PRIMARY KEY (id);
"""
MSSQL = f"""USE [d]
GO
CREATE TABLE [dbo].[T]([ID] [int] NOT NULL, [XM] [nvarchar](50) NULL) ON [PRIMARY]
GO
INSERT [dbo].[T] VALUES (1, N'{VALUE}')
EXEC sp_addextendedproperty N'MS_Description', N'姓名', N'SCHEMA', N'dbo', N'TABLE', N'T', N'COLUMN', N'XM'
GO
"""
ORACLE = f"""prompt it's
create table HR.T (ID NUMBER(10,2) default q'[a;b]' not null, XM VARCHAR2(20 CHAR))
tablespace USERS storage (initial 64K);
comment on column HR.T.XM is '姓名';
Insert into HR.T values (1, q'!{VALUE}!');
/
"""

API: Data = {
    "openapi": "3.0.1",
    "paths": {
        "/persons/{id}": {
            "parameters": [{"name": "id", "in": "path", "schema": {"type": "string", "example": VALUE}}],
            "post": {
                "tags": ["人员"],
                "summary": "查询",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/P"}}}},
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/P"}}}}},
            },
        }
    },
    "components": {
        "schemas": {
            "P": {
                "allOf": [{"type": "object", "properties": {"xm": {"type": "string", "maxLength": 50}}}],
                "properties": {"kids": {"type": "array", "items": {"$ref": "#/components/schemas/P"}}},
                "example": {"xm": VALUE},
            }
        }
    },
}
API_YAML = f"""openapi: 3.0.1
paths:
  /a: &a
    get:
      parameters: [{{name: id, in: query, schema: {{type: string, example: {VALUE}}}}}]
      responses:
        '200': {{content: {{application/json: {{schema: {{type: object, properties: {{x: {{type: integer}}}}}}}}}}}}
  /b: *a
  /c: {{<<: *a, summary: 三}}
"""


def database() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t_ry (id INTEGER PRIMARY KEY, xm VARCHAR(50) /* 姓名 */, qh REFERENCES t_qh (dm))")
    connection.execute("CREATE TABLE t_qh (dm CHAR(6) NOT NULL, mc TEXT)")
    connection.execute("CREATE VIEW v AS SELECT xm AS a FROM t_ry")
    connection.executemany("INSERT INTO t_ry (xm) VALUES (?)", [(VALUE,)] * 3)
    connection.commit()
    return b"".join(_pages(connection))


def _pages(connection: sqlite3.Connection) -> Iterator[bytes]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.sqlite"
        copy = sqlite3.connect(path)
        connection.backup(copy)
        copy.close()
        yield path.read_bytes()


def dbf() -> bytes:
    fields = [(b"XM", 20), (b"SFZH", 18)]
    header = struct.pack("<B3BIHH20x", 3, 126, 1, 1, 2, 32 + 32 * len(fields) + 1, 1 + sum(size for _, size in fields))
    for name, size in fields:
        header += struct.pack("<11sc4xBB14x", name, b"C", size, 0)
    return header + b"\r" + (b" " + "某甲".encode("gb18030").ljust(20) + VALUE.encode()) * 2 + b"\x1a"


class TestDdl(HostileInputs):
    connector = "ddl"

    def documents(self) -> dict[str, bytes]:
        texts = {"mysql": MYSQL, "pg": POSTGRES, "mssql": MSSQL, "oracle": ORACLE}
        return {f"{name}.sql": text.encode() for name, text in texts.items()}


class TestWorkbook(HostileInputs):
    connector = "workbook"

    def documents(self) -> dict[str, bytes]:
        text = "\n".join(",".join(map(str, row)) for row in DICTIONARY)
        return {"a.xlsx": book(*DICTIONARY), "b.csv": text.replace("T_", "B_").encode()}


class TestFiles(HostileInputs):
    connector = "files"

    def documents(self) -> dict[str, bytes]:
        lines = b"\n".join([json.dumps({"a": {"b": [VALUE]}}).encode()] * 3)
        inner = {"x_20260101.csv": CSV, "x_20260102.csv": CSV, "y.json": JSON}
        return {
            **{"a.csv": CSV, "b.json": JSON, "c.jsonl": lines, "d.xlsx": SHEET, "e.zip": packed(inner)},
            **{"f.dbf": dbf(), "g.sqlite": database()},
        }


class TestOpenApi(HostileInputs):
    connector = "openapi"

    def documents(self) -> dict[str, bytes]:
        return {"a.json": json.dumps(API, ensure_ascii=False).encode(), "b.yaml": API_YAML.encode()}


class TestSqlite(HostileInputs):
    connector = "sqlite"

    def documents(self) -> dict[str, bytes]:
        return {"a.sqlite": database()}


# --- over HTTP ----------------------------------------------------------------------------------------------------


class OverHttp(HostileInputs):
    """Documents are answers by path; what is asked besides is not there."""

    connector = "rest"
    WHOLE = True
    options: ClassVar[Data] = {}
    web: Any
    told: Callable[..., Any]

    @pytest.fixture(autouse=True)
    def _served(self, web: Any, told: Any) -> None:
        self.web, self.told = web, told

    def config(self, folder: Path, documents: Mapping[str, bytes]) -> SystemConfig:
        def answer(asked: Any) -> Any:
            content = documents.get(unquote(asked.path))
            return self.told(status=404) if content is None else self.told(content)

        self.web.answer = answer
        self.web.asked.clear()
        url = self.web.url + (next(iter(documents)) if len(documents) == 1 else "")
        return SystemConfig(department="d", id="s", connector=self.connector, url=url, options=self.options)

    def open(self, config: SystemConfig) -> Connector:
        opened: Any = super().open(config)
        client = getattr(opened._client, "_http", opened._client)
        client.sleep = lambda seconds: None
        return opened  # type: ignore[no-any-return]


def body(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()


class TestCkan(OverHttp):
    options: ClassVar[Data] = {"flavour": "ckan"}
    EXAMPLES = 80

    def documents(self) -> dict[str, bytes]:
        resources = [{"id": "r1", "datastore_active": True}]
        package = {"name": "births", "title": "出生", "organization": {"name": "wsj"}, "resources": resources}
        found = {"count": 2, "results": [package, {"name": "parks", "notes": VALUE, "frequency": "weekly"}]}
        fields = [{"id": "_id", "type": "int"}, {"id": "xm", "type": "text", "info": {"label": "姓名"}}]
        return {
            "/api/3/action/package_search": body({"success": True, "result": found}),
            "/api/3/action/datastore_search": body({"success": True, "result": {"fields": fields, "records": []}}),
            "/api/3/action/package_show": body({"success": True, "result": package}),
        }


class TestDcat(OverHttp):
    options: ClassVar[Data] = {"flavour": "dcat"}
    EXAMPLES = 60

    def documents(self) -> dict[str, bytes]:
        column = {"csvw:name": "xm", "csvw:datatype": "string", "csvw:titles": "姓名"}
        dataset = {
            **{"@type": "dcat:Dataset", "@id": "http://x/1", "dct:title": {"@value": "人口", "@language": "zh"}},
            **{
                "dct:description": VALUE,
                "dcat:distribution": {"csvw:tableSchema": {"csvw:column": [column, {"csvw:name": "age"}]}},
            },
        }
        spaces = {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"}
        graph = {"@context": {**spaces, "csvw": "http://www.w3.org/ns/csvw#"}, "@graph": [dataset]}
        return {"/catalog.jsonld": body(graph)}


class TestDeclarative(OverHttp):
    EXAMPLES = 60
    options: ClassVar[Data] = {
        "flavour": "declarative",
        "list": {
            **{"path": "list", "items": "data.rows", "success": {"code": [0]}},
            "pages": {"style": "page", "parameter": "p", "size_parameter": "n", "size": 2, "total": "data.total"},
        },
        "detail": {"path": "show/{id}", "items": "data"},
        "asset": {"name": "code", "id": "rid", "schema": "dept", "comment": "title", "columns": "fields"},
        "column": {"name": "en", "comment": "cn", "type": "type", "length": "len", "nullable": "null"},
    }

    def documents(self) -> dict[str, bytes]:
        records = [{"code": "R1", "title": "目录", "dept": "民政", "rid": 1, "sample": VALUE}]
        fields = [{"en": "xm", "cn": "姓名", "type": "字符型", "len": 18, "null": "否"}, {"en": "", "cn": "年龄"}]
        return {
            "/list": body({"code": 0, "data": {"total": 1, "rows": records}}),
            "/show/1": body({"data": {"fields": fields, "sample": VALUE}}),
        }


class TestOpenMetadata(OverHttp):
    connector = "openmetadata"
    options: ClassVar[Data] = {"service": "prod", "token": "t0ken", "stored_samples": True}

    def documents(self) -> dict[str, bytes]:
        def listed(*rows: Data) -> bytes:
            return body({"data": list(rows), "paging": {"total": len(rows)}})

        def named(fqn: str, **more: Any) -> Data:
            return {"id": f"id-{fqn}", "name": fqn.rsplit(".", 1)[-1], "fullyQualifiedName": fqn, **more}

        columns = [
            {"name": "id", "dataType": "BIGINT", "constraint": "PRIMARY_KEY"},
            {"name": "地址", "dataType": "STRUCT", "children": [{"name": "省", "dataType": "CHAR", "dataLength": 6}]},
        ]
        key = {"constraintType": "FOREIGN_KEY", "columns": ["id"], "referredColumns": ["prod.库.mz.乙.id"]}
        table = named("prod.库.mz.人员", columns=columns, tableConstraints=[key], description="救助")
        rows = {"columns": ["id", "地址"], "rows": [[VALUE, "x"], [None, "y"]]}
        return {
            "/api/v1/system/version": body({"version": "1.2.0"}),
            "/api/v1/users/loggedInUser": body({"id": "u", "name": "bot", "isAdmin": False}),
            "/api/v1/services/databaseServices/name/prod": body(named("prod")),
            "/api/v1/databases": listed(named("prod.库")),
            "/api/v1/databaseSchemas": listed(named("prod.库.mz")),
            "/api/v1/tables": listed(table),
            f"/api/v1/tables/{table['id']}/sampleData": body({"sampleData": rows}),
            "/api/v1/tables/prod.库.mz.人员/tableProfile/latest": body({"profile": {"rowCount": 7}}),
        }


class TestOpenApiOverHttp(OverHttp):
    connector = "openapi"
    EXAMPLES = 40

    def documents(self) -> dict[str, bytes]:
        return {"/v3/api-docs": body(API)}


@pytest.mark.parametrize(
    "suite",
    [suite for name, suite in sorted(globals().items()) if name.startswith("Test")],
    ids=lambda one: one.__name__,
)
def test_the_documents_themselves_are_sound(suite: type[HostileInputs], tmp_path: Path, web: Any, told: Any) -> None:
    """Else nothing would be damaged but what is broken already."""
    made: Any = suite()
    made.web, made.told = web, told
    with made.open(made.config(tmp_path, made.documents())) as source:
        source.probe()
        assert source.list_assets().complete, source.list_assets().reason
        assets = list(source.assets())
        assert source.failures == []
        assert sum(len(asset.columns) for asset in assets) >= 2
        for asset in assets:
            source.sample(asset, 2)


class Careless(FilesConnector):
    """Does what the suite forbids."""

    fault = ""

    def list_assets(self) -> Listing:
        if self.fault == "raises":
            raise ValueError("no")
        if self.fault == "writes":
            Path(str(self.config.path)).with_name("left.tmp").write_bytes(b"")
        if self.fault == "litters":
            Path("left.tmp").write_bytes(b"")
        if self.fault == "quotes":
            self.notices = [f"the value {VALUE} is odd"]
        if self.fault == "hangs":
            time.sleep(0.3)
        return Listing(())

    def assets(self) -> Iterator[Asset]:
        return iter(())


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("raises", "no"),
        ("writes", "something was written"),
        ("litters", "something was written"),
        ("quotes", "a message quotes a value"),
        ("hangs", "too long"),
        ("", None),
    ],
)
def test_the_suite_tells_a_careless_connector(tmp_path: Path, fault: str, told: str | None) -> None:
    class Suite(HostileInputs):
        connector = "files"
        SECONDS = 0.25

        def documents(self) -> dict[str, bytes]:
            return {"a.csv": CSV}

        def open(self, config: SystemConfig) -> Connector:
            opened = Careless(config)
            opened.fault = fault
            return opened

    outcome = contextlib.nullcontext() if told is None else pytest.raises((AssertionError, ValueError), match=told)
    with outcome:
        Suite()._check(tmp_path, {"a.csv": CSV})


@pytest.mark.parametrize("content", [b"", b"null", b"[" * 5_000, b'{"data": [{}]}', b'{"data": 7, "paging": []}'])
def test_a_server_that_answers_something_else_is_told(tmp_path: Path, web: Any, told: Any, content: bytes) -> None:
    made = TestOpenMetadata()
    made.web, made.told = web, told
    config = made.config(tmp_path, {**made.documents(), "/api/v1/databaseSchemas": content})
    with made.open(config) as source, pytest.raises(SourceFatalError, match=r"not understood|answers"):
        source.list_assets()
