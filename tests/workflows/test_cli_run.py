"""`pdc run` and what looks at its results, on small sites with real files."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from classifiers.evidence import Decision
from workflows.cli import cli
from workflows.store import Store

ASSET_KEYS = [
    *("department", "system", "database", "schema", "name", "kind", "comment"),
    *("row_estimate", "primary_key", "foreign_keys", "columns"),
]
COLUMN_KEYS = ["name", "ordinal", "type", "data_type", "nullable", "comment"]
MOBILES = [f"138001380{i:02d}" for i in range(12)]
NAMES = ["欧阳测试甲", "欧阳测试乙", "欧阳测试丙", "欧阳测试丁", "欧阳测试戊", "欧阳测试己"]


def with_check_digit(first: str) -> str:
    """An identity number from its first 17 digits (GB 11643-1999)."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(first, weights, strict=True)) % 11]


IDENTITIES = [
    with_check_digit(f"310107199001{day:02d}{serial:03d}") for day, serial in zip(range(1, 13), range(12), strict=True)
]


def make_database(path: Path, *statements: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def make_site(root: Path) -> Path:
    """Two departments: people with every planted value, toilets that are open; and one restricted system."""
    (root / "departments").mkdir(parents=True)
    (root / "site.yaml").write_text("name: 测试目录\n", encoding="utf-8")
    (root / "departments" / "minzheng.yaml").write_text(
        "department: {id: minzheng, name: 普陀区民政局, code: 11310107000000019B}\n"
        "systems:\n"
        "  - {id: rescue, name: 救助系统, connector: sqlite, path: data/rescue.sqlite, update_cycle: 每日}\n"
        "  - {id: secret, restricted: true, connector: sqlite, path: data/secret.sqlite}\n",
        encoding="utf-8",
    )
    (root / "departments" / "cgj.yaml").write_text(
        "department: {id: cgj, name: 普陀区城管局, code: '113101070000000276'}\n"
        "systems:\n"
        "  - {id: fac, connector: sqlite, path: data/fac.sqlite}\n",
        encoding="utf-8",
    )
    people = ", ".join(
        f"('{NAMES[i % len(NAMES)]}', '{IDENTITIES[i]}', '{MOBILES[i]}', 'hunter2-{i}')" for i in range(12)
    )
    make_database(
        root / "data" / "rescue.sqlite",
        "create table T_DBJT (XM text, SFZH text, LXDH text, password text)",
        f"insert into T_DBJT values {people}",
        "create table dict_status (code text, name text)",
    )
    make_database(
        root / "data" / "fac.sqlite",
        "create table public_toilet (toilet_name text, address text)",
        "insert into public_toilet values ('长寿路公厕', '长寿路1号')",
    )
    (root / "data" / "secret.sqlite").write_text("绝不可读", encoding="utf-8")
    return root


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return make_site(tmp_path / "site")


@pytest.fixture
def pdc(site: Path) -> Callable[..., Result]:
    def call(*args: object) -> Result:
        return CliRunner().invoke(cli, ["--site", str(site), *(str(arg) for arg in args)])

    return call


@pytest.fixture
def ran(pdc: Any) -> Result:
    result: Result = pdc("run")
    assert (result.exit_code, result.stderr) == (0, "")
    return result


def test_a_run_tells_what_it_did(ran: Result, site: Path) -> None:
    assert "minzheng/rescue" in ran.stdout
    assert "restricted systems, not opened: 1" in ran.stdout
    assert "assets: 3, columns: 8 (by tier: " in ran.stdout
    assert "3 assets labelled for the first time" in ran.stdout
    assert (site / "out" / "catalogue.html").exists()
    assert (site / "out" / "minzheng" / "资源目录.xlsx").exists()


def test_a_second_run_changes_no_label_and_says_so(ran: Result, pdc: Any, site: Path) -> None:
    with closing(sqlite3.connect(site / "var" / "catalogue.sqlite")) as connection:
        # The files are new, so that their rows are looked at again, and written again at another time.
        times = ("changed_at", "sampled_at")
        names = [row[1] for row in connection.execute("pragma table_info(assets)") if row[1] not in times]
        query = f"select {', '.join(names)} from assets order by id"
        before = connection.execute(query).fetchall()
        time.sleep(1.1)
        again = pdc("run")
        assert connection.execute(query).fetchall() == before
    assert again.exit_code == 0
    assert "no label changed since the last run" in again.stdout


def test_json_is_one_object_with_every_count(pdc: Any) -> None:
    found = json.loads(pdc("run", "--json").stdout)
    assert [(item["department"], item["system"]) for item in found["systems"]] == [
        ("cgj", "fac"),
        ("minzheng", "rescue"),
    ]
    keys = {"assets", "columns", "unchanged", "vanished", "failed", "seconds", "statements"}
    assert all(keys <= item.keys() for item in found["systems"])
    assert (found["restricted"], found["exit_code"]) == (1, 0)
    assert (found["totals"]["assets"], found["totals"]["columns"]) == (3, 8)
    assert found["labels"]["first"] == 3
    assert found["outputs"]


def test_one_department_alone(pdc: Any) -> None:
    found = json.loads(pdc("run", "cgj", "--json").stdout)
    assert [item["system"] for item in found["systems"]] == ["fac"]
    assert (found["totals"]["assets"], found["restricted"]) == (1, 0)


def test_steps_alone_do_what_run_does(pdc: Any, site: Path) -> None:
    for command in ("harvest", "classify", "compile"):
        assert pdc(command).exit_code == 0
    assert (site / "out" / "catalogue.html").exists()
    assert "no label changed" in pdc("run").stdout


@pytest.mark.parametrize(("broken", "code"), [(("rescue",), 3), (("rescue", "fac"), 1)])
def test_broken_systems_are_named_and_the_others_go_on(
    pdc: Any, site: Path, broken: tuple[str, ...], code: int
) -> None:
    for name in broken:
        (site / "data" / f"{name}.sqlite").write_bytes(b"no database at all" * 500)
    result = pdc("run")
    assert result.exit_code == code
    assert "failed: minzheng/rescue: " in result.stderr
    assert "Traceback" not in result.stderr
    assert (site / "out" / "catalogue.html").exists()
    assert "rescue" in pdc("status").stdout


def test_a_missing_secret_fails_before_anything_opens(pdc: Any, site: Path) -> None:
    path = site / "departments" / "cgj.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("path: data/fac.sqlite", "url: 'sqlite:///${PDC_NOT_SET}'")
    )
    result = pdc("run")
    assert result.exit_code == 2
    assert "PDC_NOT_SET" in result.stderr
    assert not (site / "var").exists()


def test_what_fails_later_keeps_what_was_harvested(ran: Result, pdc: Any, site: Path) -> None:
    (site / "data" / "rescue.sqlite").unlink()
    assert pdc("run").exit_code == 3
    assert len(pdc("assets", "--jsonl").stdout.splitlines()) == 3


def test_a_system_that_is_configured_no_longer_leaves_when_accepted(ran: Result, pdc: Any, site: Path) -> None:
    path = site / "departments" / "cgj.yaml"
    path.write_text(path.read_text(encoding="utf-8").split("systems:")[0] + "systems: []\n", encoding="utf-8")
    kept = pdc("run")
    assert "1 assets of cgj/fac, which is configured no longer, are still in the catalogue" in kept.stderr
    gone = pdc("run", "--accept-removals")
    assert "were marked vanished" in gone.stderr
    assert len(pdc("assets", "--jsonl").stdout.splitlines()) == 2
    assert pdc("run").stderr.count("configured no longer") == 0


def test_a_system_that_becomes_restricted_leaves_at_once(ran: Result, pdc: Any, site: Path) -> None:
    path = site / "departments" / "cgj.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("connector:", "restricted: true, connector:"), encoding="utf-8"
    )
    assert json.loads(pdc("run", "--json").stdout)["restricted"] == 2
    assert len(pdc("assets", "--jsonl").stdout.splitlines()) == 2
    assert "public_toilet" not in (site / "out" / "catalogue.html").read_text(encoding="utf-8")


def test_the_restricted_file_is_never_touched(site: Path) -> None:
    script = (
        "import sys\n"
        "from workflows.cli import cli\n"
        "touched = []\n"
        "def hook(event, args):\n"
        "    if any('secret.sqlite' in str(arg) for arg in args): touched.append(event)\n"
        "sys.addaudithook(hook)\n"
        f"cli(['--site', {str(site)!r}, 'run'], standalone_mode=False)\n"
        "print('TOUCHED', touched)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "TOUCHED []"


# --- privacy -----------------------------------------------------------------------------------------------------


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file under ``folder``, and every member of the workbooks."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        yield str(path), path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as book:
                yield from ((f"{path}!{name}", book.read(name)) for name in book.namelist())


def leaks(planted: list[str], blobs: Iterator[tuple[str, bytes]]) -> list[tuple[str, str]]:
    return [(name, value) for name, blob in blobs for value in planted if value.encode() in blob]


def test_no_raw_value_is_stored_written_or_printed(pdc: Any, site: Path) -> None:
    planted = [*IDENTITIES, *MOBILES, *NAMES, "hunter2"]
    make_database(
        site / "data" / "fac.sqlite",
        f"create table 'list_{IDENTITIES[0]}' ('{MOBILES[0]}' text, note text default '{IDENTITIES[1]}')",
    )
    printed = [pdc("run"), pdc("run", "--resample", "--json"), pdc("assets", "--jsonl", "--labels"), pdc("status")]
    printed += [pdc("explain", "T_DBJT.SFZH"), pdc("explain", "T_DBJT.password")]
    assert [result.exit_code for result in printed] == [0] * 6
    for folder in ("var", "out"):
        files = list(contents(site / folder))
        assert files
        assert leaks(planted, iter(files)) == []
    assert leaks(planted, ((str(i), result.output.encode()) for i, result in enumerate(printed))) == []
    # The check itself finds what is there: the evidence was really drawn from these values.
    assert leaks(planted, contents(site / "data"))
    assert "数据校验" in printed[4].stdout


# --- looking -----------------------------------------------------------------------------------------------------


def test_assets_as_json_lines_have_the_documented_keys(ran: Result, pdc: Any) -> None:
    records = [json.loads(line) for line in pdc("assets", "--jsonl").stdout.splitlines()]
    assert [list(record) for record in records] == [ASSET_KEYS] * 3
    assert list(records[0]["columns"][0]) == COLUMN_KEYS
    labelled = json.loads(pdc("assets", "T_DBJT", "--jsonl", "--labels").stdout)
    assert set(labelled["columns"][1]["labels"]) == {"element", "tier", "share", "open"}


@pytest.mark.parametrize(
    ("glob", "count"), [("*", 3), ("minzheng/*", 2), ("*toilet*", 1), ("t_dbjt", 1), ("main.T_DBJT", 1), ("nosuch", 0)]
)
def test_assets_takes_globs(ran: Result, pdc: Any, glob: str, count: int) -> None:
    assert len(pdc("assets", glob, "--jsonl").stdout.splitlines()) == count


def test_explain_gives_evidence_rule_article_and_history(ran: Result, pdc: Any) -> None:
    told = pdc("explain", "T_DBJT.SFZH").stdout
    for part in ("公民身份号码", "confidence", "rule", "basis", "《", "第", "evidence", "decisions", "history"):
        assert part in told, part
    found = json.loads(pdc("explain", "minzheng/rescue/main.T_DBJT", "--json").stdout)
    assert {label["dimension"] for label in found["labels"]} == {"tier", "share", "open"}
    assert [column["name"] for column in found["columns"]] == ["XM", "SFZH", "LXDH", "password"]
    assert all(citation["text"] for label in found["labels"] for citation in label["citations"])


@pytest.mark.parametrize(
    ("asset", "told"),
    [
        ("*", "could mean any of these"),
        ("nosuch", "no asset or column matches"),
        ("T_DBJT.nosuch", "no asset or column"),
    ],
)
def test_explain_asks_when_it_is_not_clear_what_is_meant(ran: Result, pdc: Any, asset: str, told: str) -> None:
    result = pdc("explain", asset)
    assert result.exit_code == 2
    assert told in result.stderr


def test_explain_before_classify_says_what_to_do(pdc: Any) -> None:
    pdc("harvest")
    result = pdc("explain", "T_DBJT")
    assert (result.exit_code, "run `pdc classify`" in result.stderr) == (2, True)


def test_lists_and_site_are_written_again(ran: Result, pdc: Any, site: Path) -> None:
    (site / "out" / "catalogue.html").unlink()
    assert pdc("site").stdout.strip() == str(site / "out" / "catalogue.html")
    written = pdc("lists").stdout.splitlines()
    assert str(site / "out" / "开放清单.xlsx") in written
    assert all(Path(path).exists() for path in written)


def test_a_refusal_to_share_without_a_law_is_never_said(ran: Result, pdc: Any, site: Path) -> None:
    ruling = Decision("cgj/fac/main.public_toilet", "share", "none", "王主任", "2025-06-01", reason="不想给")
    with Store(f"sqlite:///{site / 'var' / 'catalogue.sqlite'}") as store:
        store.add_decisions([ruling])
    assert pdc("run").exit_code == 0
    told = pdc("explain", "public_toilet").stdout
    assert "王主任: share = none 不想给" in told
    assert "share unconditional → undetermined (undetermined)" in told
    assert "王主任于2025-06-01定为非共享，未给出法律、法规或规章依据" in told
    asset = next(
        json.loads(line) for line in pdc("assets", "*public_toilet", "--jsonl", "--labels").stdout.splitlines()
    )
    assert asset["labels"]["share"]["value"] == "undetermined"


def test_status_shows_runs_and_systems(ran: Result, pdc: Any) -> None:
    found = json.loads(pdc("status", "--json").stdout)
    assert [(run["command"], run["exit_code"]) for run in found["runs"]] == [("run", 0)]
    assert sorted(system["system"] for system in found["systems"]) == ["fac", "rescue"]
    assert found["totals"]["assets"] == 3


def test_check_reaches_every_system(pdc: Any, site: Path) -> None:
    result = pdc("check", "--connect")
    assert result.exit_code == 0
    assert "ok      minzheng/rescue  reachable: 2 assets (main.T_DBJT, main.dict_status)" in result.stdout
    assert "systems: 3, of which 0 failed and 0 have warnings" in result.stdout
    (site / "data" / "fac.sqlite").unlink()
    result = pdc("check", "--json")
    assert result.exit_code == 1
    assert [item["subject"] for item in json.loads(result.stdout) if item["status"] == "failed"] == ["cgj/fac"]


def test_check_opens_workbooks_and_shows_a_few_of_their_faults(pdc: Any, site: Path) -> None:
    with (site / "departments" / "cgj.yaml").open("a", encoding="utf-8") as file:
        file.write("  - {id: words, connector: workbook, path: data/words.csv}\n")
    header = "表名,字段名,数据类型,长度\n"
    rows = [f"t,c{i},VARCHAR,20\n" for i in range(3)] + ["t,,VARCHAR,20\n" for _ in range(9)]
    (site / "data" / "words.csv").write_text(header + "".join(rows), encoding="utf-8")
    result = pdc("check", "--connect")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line for line in result.stdout.splitlines() if "cgj/words" in line]
    assert "reachable: 1 assets (t)" in lines[0]
    assert lines[1].startswith("warning")
    assert "words.csv" in lines[1]
    assert lines[-1].endswith("… and 4 more, which --json shows")
    assert "systems: 4, of which 0 failed and 1 have warnings" in result.stdout
    told = [item for item in json.loads(pdc("check", "--connect", "--json").stdout) if item["subject"] == "cgj/words"]
    assert (len(told), told[0]["found"]["names"]) == (10, ["t"])
    with (site / "departments" / "cgj.yaml").open("a", encoding="utf-8") as file:
        file.write("  - {id: broken, connector: workbook, path: data/broken.xlsx}\n")
    (site / "data" / "broken.xlsx").write_text("no workbook", encoding="utf-8")
    assert pdc("check").exit_code == 0
    assert pdc("check", "--connect").exit_code == 1


# --- demo --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("demo") / "site"
    return folder, CliRunner().invoke(cli, ["demo", str(folder)])


@pytest.fixture(scope="module")
def demo(demo_run: tuple[Path, Result]) -> Path:
    return demo_run[0]


def test_the_demo_does_the_whole_job_and_says_where_to_look(demo_run: tuple[Path, Result]) -> None:
    folder, result = demo_run
    assert (result.exit_code, result.stderr) == (0, "")
    assert str(folder / "out" / "catalogue.html") in result.stdout
    assert "explain " in result.stdout
    assert "数据校验" in result.stdout
    assert "《" in result.stdout
    again = CliRunner().invoke(cli, ["demo", str(folder)])
    assert "no label changed since the last run" in again.stdout


def test_every_label_of_the_demo_explains_itself(demo: Path) -> None:
    def pdc(*args: str) -> Any:
        result = CliRunner().invoke(cli, ["--site", str(demo), *args])
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout

    records = [json.loads(line) for line in pdc("assets", "--jsonl", "--labels").splitlines()]
    labels = [label for asset in records for owner in (asset, *asset["columns"]) for label in owner["labels"].values()]
    assert len(labels) > 3 * sum(len(asset["columns"]) for asset in records)
    assert [label for label in labels if not (label["reason"] and label["rule"] and label["pack"])] == []
    closed = [label for label in labels if label["value"] in ("conditional", "none", "L3", "L4")]
    assert [label for label in closed if not label["basis"]] == []
    assert len(closed) > 100
    for asset in records[:3]:
        key = f"{asset['department']}/{asset['system']}/{asset['schema']}.{asset['name']}"
        found = json.loads(pdc("explain", f"{key}.{asset['columns'][0]['name']}", "--json"))
        cited = [citation for label in found["labels"] for citation in label["citations"]]
        assert cited
        assert all(citation["text"] and citation["line"].startswith("《") for citation in cited)
