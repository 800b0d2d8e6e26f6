"""The engine inside OpenMetadata's sampling run: the SDK's own workflow, sampler, models and sink on a real SQLite
database, against a stand-in server on loopback. The SDK takes seconds to import: one run in a process of its own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from classifiers.identifiers.common import mod_11_2

NUMBERS = [(stem := f"31010719{40 + n:02}01{n % 28 + 1:02}{n:03}") + mod_11_2(stem) for n in range(30)]
PHONES = [f"138{n:08}" for n in range(20_000_000, 20_000_030)]
MANUAL = {"source": "Classification", "labelType": "Manual", "state": "Confirmed"}
MACHINE = {"source": "Classification", "labelType": "Generated", "state": "Suggested"}


def varchar(name: str, description: str | None = None, tags: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    column = {"name": name, "dataType": "VARCHAR", "dataLength": 64, "tags": list(tags)}
    return column | ({"description": description} if description else {})


def fill(path: Path) -> None:
    """The database has no column for the password: reading it would fail."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table rescue (xm text, c2 text, lxdh text, qvk9 text)")
        database.execute("create table ruled (sfzh text, xm text, lxdh text)")
        database.execute("create table jimi (sfzh text)")
        for number, phone in zip(NUMBERS, PHONES, strict=True):
            database.execute("insert into rescue values ('王芳', ?, ?, 'x')", (number, phone))
            database.execute("insert into ruled values (?, '王芳', ?)", (number, phone))
            database.execute("insert into jimi values (?)", (number,))
    database.close()


def describe(server: Any) -> None:
    rescue = [varchar("xm"), varchar("c2"), varchar("lxdh", "联系电话"), varchar("login_password", "登录密码")]
    server.add_table("rescue", [*rescue, varchar("qvk9")], description="救助对象信息")
    ruled = [
        varchar("sfzh", tags=({"tagFQN": "数据分级.L4", **MANUAL},)),
        varchar("xm", tags=({"tagFQN": "数据分级.L1", **MACHINE},)),
        varchar("lxdh", tags=({"tagFQN": "PII.Sensitive", **MANUAL},)),
    ]
    server.add_table("ruled", ruled, description="人员信息")
    server.add_table("jimi", [varchar("sfzh")], description="涉密人员")
    server.missing = {"数据元.手机号码", "数据元.联系电话"}


def config(service: str, address: str, database: Path, **more: Any) -> dict[str, Any]:
    connection = {"config": {"type": "SQLite", "databaseMode": str(database)}}
    asked = {"type": "AutoClassification", "storeSampleData": True, "enableAutoClassification": True, **more}
    token = {"jwtToken": "e30.e30.x"}
    server = {"hostPort": address, "authProvider": "openmetadata", "securityConfig": token}
    return {
        "source": {"type": "sqlite", "serviceName": service, "serviceConnection": connection,
                   "sourceConfig": {"config": asked}},
        "processor": {"type": "orm-profiler", "config": {}},
        "sink": {"type": "metadata-rest", "config": {}},
        "workflowConfig": {"loggerLevel": "DEBUG", "openMetadataServerConfig": server},
    }  # fmt: skip


def om_classify(path: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workflows.cli", "om-classify", str(path), "--pack", "putuo-2020", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


class Done(NamedTuple):
    server: Any
    process: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def done(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("om")
    fill(folder / "rescue.db")
    describe(server)
    with server.serving() as address:
        (folder / "om.yaml").write_text(
            yaml.safe_dump(config(server.service, address, folder / "rescue.db")), encoding="utf-8"
        )
        return Done(server, om_classify(folder / "om.yaml", "--json"))


def names(tags: list[dict[str, Any]]) -> set[str]:
    return {tag["tagFQN"] for tag in tags}


def test_the_run_tells_what_it_did(done: Done) -> None:
    assert done.process.returncode == 0, done.process.stderr[-3000:]
    told = json.loads(done.process.stdout[done.process.stdout.index('{\n  "tables"') :])
    sent = sum(len(done.server.patches()[name]) for name in ("rescue", "ruled"))
    assert (told["tables"], told["labels"], told["failed"]) == (3, sent, [])


def test_values_and_names_become_suggested_labels(done: Done) -> None:
    tags = done.server.tags("rescue")
    assert {"数据分级.L3", "数据元.公民身份号码"} <= names(tags["c2"])
    assert {"共享类型", "开放类型"} <= {name.split(".")[0] for name in names(tags["c2"])}
    assert "数据元.姓名" in names(tags["xm"])
    every = [tag for column in tags.values() for tag in column]
    assert {(tag["labelType"], tag["state"]) for tag in every} == {("Generated", "Suggested")}
    assert {tag["source"] for tag in every if tag["tagFQN"].startswith("数据元.")} == {"Glossary"}


def test_reasons_give_evidence_citation_and_pack(done: Done) -> None:
    tier = next(tag for tag in done.server.tags("rescue")["c2"] if tag["tagFQN"].startswith("数据分级."))
    assert tier["reason"].startswith("抽样30个不同值中30个符合；")
    assert "；依据：" in tier["reason"]
    assert tier["reason"].endswith("putuo-2020@1")


def test_what_is_not_understood_gets_no_label(done: Done) -> None:
    assert "qvk9" not in done.server.tags("rescue")


def test_passwords_are_labelled_without_being_read(done: Done) -> None:
    assert "数据分级.L4" in names(done.server.tags("rescue")["login_password"])


def test_no_value_leaves_the_process(done: Done) -> None:
    assert not [path for _, path, _ in done.server.received if "sampleData" in path]
    told = done.process.stdout + done.process.stderr
    sent = b"".join(body for _, _, body in done.server.received).decode()
    for value in (*NUMBERS, *PHONES):
        assert value not in told
        assert value not in sent


def test_a_persons_label_is_never_doubled_and_decides(done: Done) -> None:
    tags = done.server.tags("ruled")
    assert not {name for name in names(tags["sfzh"]) if name.startswith("数据分级.")}
    assert {"共享类型", "开放类型", "数据元"} <= {name.split(".")[0] for name in names(tags["sfzh"])}
    assert "数据分级.L3" in names(tags["lxdh"])


def test_an_older_suggestion_is_told_not_doubled(done: Done) -> None:
    assert not {name for name in names(done.server.tags("ruled")["xm"]) if name.startswith("数据分级.")}
    assert (
        f"{done.server.schema}.ruled.xm: has the suggestion 数据分级.L1 and would get 数据分级.L3"
        in done.process.stderr
    )


def test_a_tag_that_the_server_has_not_is_left_out_and_told(done: Done) -> None:
    told = [line for line in done.process.stderr.splitlines() if "not on the server" in line]
    assert len(told) == 1
    assert not any(names(tags) & done.server.missing for tags in done.server.tags("rescue").values())


def test_a_table_with_a_secrecy_mark_is_neither_sampled_nor_labelled(done: Done) -> None:
    assert "jimi" not in done.server.patches()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1", "no `source:`"),
        ("[", "not YAML"),
    ],
)
def test_a_file_that_is_no_workflow_is_refused_before_the_sdk_loads(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "om.yaml").write_text(text, encoding="utf-8")
    found = om_classify(tmp_path / "om.yaml")
    assert found.returncode == 2
    assert told in found.stderr
    assert len(found.stderr.splitlines()) == 1
