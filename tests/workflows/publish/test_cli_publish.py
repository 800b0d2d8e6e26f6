"""``pdc plan`` and ``pdc publish`` on the demo, on both profiles: what they print, and their exit codes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connectors.om_client import OpenMetadata
from workflows.cli import cli
from workflows.publish.lock import only_one

PROFILES = ("1.2", "2.0")
TABLE = "minzheng-rescue.default.main.T_DBJT_CY"
VIEW = ("scjg-register.default.default.t_qydjxx", "scjg-register.default.default.v_qyjbxx_open")
SERVICES = (
    *("minzheng-rescue", "scjg-register", "wjw-his", "wjw-health", "cgj-facilities"),
    *("street-drop", "xzfw-onestop"),
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's site, harvested, judged and numbered."""
    from workflows.cli_common import State
    from workflows.cli_run import run_job
    from workflows.demo import write_demo

    root = write_demo(tmp_path_factory.mktemp("demo") / "site")
    assert run_job(State(root), outputs=False).exit_code == 0
    return root


@pytest.fixture
def site(demo: Path, tmp_path: Path) -> Path:
    shutil.copytree(demo, tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture
def pdc(site: Path) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(cli, ["--site", str(site), *map(str, words)])


@pytest.fixture(params=PROFILES)
def server(request: pytest.FixtureRequest, warm_servers: Callable[[str], Any], site: Path) -> Any:
    """The site's server, without the services of the demo."""
    found = warm_servers(request.param)
    with OpenMetadata(found.url, found.admin_token) as client:
        # A server of 1.2 knows no services of operations.
        kinds = ["databaseService"] if request.param == "1.2" else ["databaseService", "apiService"]
        for kind, name in product(kinds, SERVICES):
            service = client.get(kind, name, include="all")
            if service is not None:
                client.delete(kind, service["id"], hard=True, recursive=True)
    (site / "openmetadata.yaml").write_text(f"url: {found.url}\ntoken: {found.tokens['bot']}\n", encoding="utf-8")
    return found


def test_plan_publish_and_nothing_more(
    server: Any, pdc: Callable[..., Result], writes_of: Any, state_of: Any, site: Path
) -> None:
    before = writes_of(server)
    planned = pdc("plan", "--output", site / "plan.json")
    assert planned.exit_code == 0, planned.output
    lines = planned.stdout.splitlines()
    assert lines[0].split() == ["what", "kind", "where", "change", "why"]
    assert any(line.startswith("create  ") and TABLE in line and "labels" in line for line in lines)
    assert "new assets: 34, changed: 0" in lines[-1]
    assert pdc("publish", "--dry-run").stdout.splitlines()[-1] == lines[-1]
    assert writes_of(server) == before, "plans write nothing"

    done = pdc("publish", "--plan", site / "plan.json")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0].split()[:3] == ["definitions", "created", "updated"]
    state, before = state_of(server), writes_of(server)
    assert f"edge table {VIEW[0]} → table {VIEW[1]}" in state

    again = pdc("publish", "--json")
    assert again.exit_code == 0
    report = json.loads(again.stdout)
    assert (report["assets"]["unchanged"], report["requests"].keys()) == (34, {"GET"})
    assert writes_of(server) == before
    assert state_of(server) == state
    assert pdc("plan").stdout.splitlines()[-1] == "nothing to write (0 conflicts left to people)"
    assert "nothing had to be written" in pdc("publish").stdout


def test_changes_and_conflicts_are_told_in_the_stewards_language(
    server: Any, pdc: Callable[..., Result], browser: Any
) -> None:
    assert pdc("publish", "minzheng").exit_code == 0
    zhang = browser(server, "wang", admin=True)
    column = next(
        column["name"]
        for column in zhang.read(TABLE)["columns"]
        if any(label["tagFQN"] == "数据分级.L3" for label in column["tags"])
    )
    zhang.replace_on_column(TABLE, column, "数据分级.L3", "数据分级.L2")
    told = pdc("plan", "minzheng")
    assert told.exit_code == 0
    line = next(line for line in told.stdout.splitlines() if line.startswith("conflict"))
    change = ["数据分级:", "数据分级.L2", "→", "数据分级.L3"]
    assert line.split() == ["conflict", "tables", f"{TABLE}.{column}", *change, "人工标注，保留"]
    published = pdc("publish", "minzheng")
    assert published.exit_code == 0
    assert f"conflict: {TABLE}.{column}: {' '.join(change)}: 人工标注，保留" in published.stderr
    document = json.loads(pdc("plan", "minzheng", "--json").stdout)
    assert [change["path"] for change in document["conflicts"]] == [column]
    assert document["departments"] == ["minzheng"]


def test_a_stale_plan_is_refused(server: Any, pdc: Callable[..., Result], site: Path, writes_of: Any) -> None:
    assert pdc("publish", "cgj").exit_code == 0
    saved = site / "plan.json"
    assert pdc("plan", "minzheng", "--output", saved).exit_code == 0
    document = json.loads(saved.read_text("utf-8"))
    document["assets"][0]["wanted"] = "0" * 32
    saved.write_text(json.dumps(document), "utf-8")
    before = writes_of(server)
    refused = pdc("publish", "--plan", saved)
    assert refused.exit_code == 4
    assert "error: the plan is stale, nothing was written: minzheng-rescue." in refused.stderr
    assert refused.stderr.rstrip().endswith("(plan again)")
    assert writes_of(server) == before


def test_calls_that_make_no_sense(pdc: Callable[..., Result], site: Path) -> None:
    nowhere = pdc("publish")
    assert (nowhere.exit_code, "no OpenMetadata server is configured" in nowhere.stderr) == (2, True)
    wrong = site / "plan.json"
    wrong.write_text('{"hello": 1}')
    broken = pdc("publish", "--plan", wrong)
    assert (broken.exit_code, "no plan of `pdc plan --output` (plan again)" in broken.stderr) == (2, True)
    assert pdc("publish", "--dry-run", "--plan", wrong).exit_code == 2
    assert pdc("publish", "minzheng", "--plan", wrong).exit_code == 2
    (site / "openmetadata.yaml").write_text("url: http://127.0.0.1:1/api\ntoken: x\n", encoding="utf-8")
    unknown = pdc("plan", "nobody")
    assert (unknown.exit_code, "unknown department 'nobody'" in unknown.stderr) == (2, True)


def test_a_token_that_is_refused(server: Any, pdc: Callable[..., Result], site: Path) -> None:
    (site / "openmetadata.yaml").write_text(f"url: {server.url}\ntoken: a.b.c\n", encoding="utf-8")
    refused = pdc("publish")
    assert refused.exit_code == 2
    assert refused.stderr.count("\n") == 1
    assert refused.stderr.startswith("error: 127.0.0.1:")


def test_one_publication_at_a_time(server: Any, pdc: Callable[..., Result], site: Path) -> None:
    with only_one(site / "var"):
        refused = pdc("publish", "cgj")
        assert (refused.exit_code, "another process is publishing this site" in refused.stderr) == (4, True)
        assert pdc("plan", "cgj").exit_code == 0
    assert pdc("publish", "cgj").exit_code == 0
