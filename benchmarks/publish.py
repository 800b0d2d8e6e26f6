"""What publishing costs a server in requests and seconds, beside one PUT per table, in one run.

python benchmarks/publish.py [--assets 1000] [--columns 20] [--profile 1.2 --profile 2.0] [--no-sdk]

The server is `tests/contract`: Python, on loopback, in memory, one request at a time, no search index. So requests are
what a real server would see, and seconds compare ways of asking *this* one; a real server's seconds are others.

- ours: `pdc publish` of a department whose labels, texts, owner, domain and properties are all new, then once more.
- single: the same tables with the same labels, one PUT each, one after the other, as the stock sink did before bulk;
  what PUT cannot safely do (labels beside people's, properties, status) is not in it. Again: the same once more.
- sdk: the stock sink's own call, ``create_or_update`` of the real SDK client, where the extra is installed (2.0 only).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from connectors.om_client import OpenMetadata
from connectors.om_version import Features
from workflows.cli_common import State
from workflows.cli_run import run_job
from workflows.publish.job import Publishing
from workflows.publish.merge import encoder
from workflows.publish.model import Mark, WantedAsset
from workflows.publish.wanted import wanted_assets
from workflows.publish.writing import put_body
from workflows.run import open_pack
from workflows.site import load_site
from workflows.store import Store

FIXTURES = Path(__file__).resolve().parent.parent / "tests" / "conftest.py"
DEPARTMENT = """department: {id: mz, name: 普陀区民政局, code: "11310107000000019B"}
systems:
  - {id: rescue, name: 社会救助系统, connector: ddl, path: data.sql}
"""
KNOWN = ("姓名", "身份证号", "联系电话", "家庭住址", "企业名称", "登记日期", "发放金额", "状态")
SDK = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
from metadata.generated.schema.api.data.createTable import CreateTableRequest
from metadata.generated.schema.entity.services.connections.metadata.openMetadataConnection import OpenMetadataConnection
from metadata.generated.schema.security.client.openMetadataJWTClientConfig import OpenMetadataJWTClientConfig
from metadata.ingestion.ometa.ometa_api import OpenMetadata
given = json.load(sys.stdin)
security = OpenMetadataJWTClientConfig(jwtToken=given["token"])
client = OpenMetadata(OpenMetadataConnection(
    hostPort=given["url"], authProvider="openmetadata", securityConfig=security))
requests = [CreateTableRequest(**body) for body in given["bodies"]]
seconds = []
for _ in range(2):
    started, own = time.perf_counter(), time.process_time()
    for request in requests:
        client.create_or_update(request)
    seconds.append((time.perf_counter() - started, time.process_time() - own))
print(json.dumps(seconds))
"""


class Cost(NamedTuple):
    """What one way takes, first and second run; ``own``: seconds of processor time on the client's side."""

    way: str
    requests: tuple[int, int]
    seconds: tuple[float, float]
    own: tuple[float, float]
    writes: tuple[int, int]


@contextmanager
def contract_server(profile: str, folder: Path) -> Iterator[Any]:
    """A server of its own, started the way the tests start theirs."""
    spec = importlib.util.spec_from_file_location("fixtures", FIXTURES)
    assert spec is not None
    assert spec.loader is not None
    helpers: Any = importlib.util.module_from_spec(spec)
    sys.modules["fixtures"] = helpers
    spec.loader.exec_module(helpers)
    place = folder / f"server-{profile}"
    place.mkdir()
    server = helpers.start_contract_server(place, profile)
    try:
        yield server
    finally:
        server.stop()


def ddl(tables: int, columns: int) -> str:
    """Tables with names that are understood and some that are not."""
    found = []
    for number in range(tables):
        names = [f"  `c{at}` varchar(50) COMMENT '{KNOWN[at % len(KNOWN)]}'" for at in range(1, columns)]
        body = ",\n".join(["  `id` bigint NOT NULL COMMENT '主键'", *names, "  PRIMARY KEY (`id`)"])
        found.append(f"CREATE TABLE `t_{number:05d}` (\n{body}) COMMENT='登记表{number}';")
    return "\n".join(found)


def made_site(root: Path, tables: int, columns: int) -> Path:
    (root / "departments").mkdir(parents=True)
    (root / "site.yaml").write_text("name: 测试目录\n", encoding="utf-8")
    (root / "departments" / "mz.yaml").write_text(DEPARTMENT, encoding="utf-8")
    (root / "data.sql").write_text(ddl(tables, columns), encoding="utf-8")
    assert run_job(State(root), (), False, False, outputs=False).exit_code == 0
    return root


@contextmanager
def publishing(root: Path, server: Any) -> Iterator[Publishing]:
    lines = {"url": server.url, "token": server.tokens["bot"], "protection": {"enabled": False}}
    (root / "openmetadata.yaml").write_text(json.dumps(lines), encoding="utf-8")
    site = load_site(root)
    with Store(site.store_url) as store, OpenMetadata(server.url, server.tokens["bot"]) as client:
        yield Publishing(site, store, open_pack(site.pack, site.overlays), site.server, client)


def measured(server: Any, work: Callable[[], None]) -> tuple[int, float, float, int]:
    """Requests, seconds, own processor seconds, and how many of the requests write."""
    server.control("POST", "reset", {})
    started, own = time.perf_counter(), time.process_time()
    work()
    seconds, own = time.perf_counter() - started, time.process_time() - own
    routes = server.control("GET", "counters")["routes"]
    writes = sum(count for route, count in routes.items() if not route.startswith(("GET", "HEAD")))
    return sum(routes.values()), seconds, own, writes


def twice(way: str, server: Any, work: Callable[[], None]) -> Cost:
    requests, seconds, own, writes = zip(measured(server, work), measured(server, work), strict=True)
    return Cost(way, requests, seconds, own, writes)


def ours(way: str, server: Any, root: Path) -> Cost:
    def publish() -> None:
        with publishing(root, server) as job:
            assert job.publish().exit_code == 0

    return twice(way, server, publish)


def bodies(server: Any, root: Path, schema: str) -> list[dict[str, Any]]:
    """What a sink without PATCH would send: structure, texts and labels in one body per table."""
    with publishing(root, server) as job:
        features = job.features
        wanted = list(wanted_assets(job.store, job.site, job.pack, job.vocabulary, features))
    return [{**body_of(one, features), "databaseSchema": schema} for one in wanted]


def body_of(wanted: WantedAsset, features: Features) -> dict[str, Any]:
    encode = encoder(features.reason)

    def labels(marks: tuple[Mark, ...]) -> dict[str, Any]:
        return {"tags": [encode(mark) for mark in marks]}

    body = put_body(wanted, None, features)
    columns = [{**column, **labels(one.marks)} for column, one in zip(body["columns"], wanted.columns, strict=True)]
    return {**body, **labels(wanted.marks), "columns": columns}


def made_schema(server: Any, name: str) -> str:
    with OpenMetadata(server.url, server.admin_token) as admin:
        connection = {"config": {"type": "CustomDatabase", "sourcePythonClass": "x"}}
        admin.put("databaseService", {"name": name, "serviceType": "CustomDatabase", "connection": connection})
        admin.put("database", {"name": "d", "service": name})
        schema = admin.put("databaseSchema", {"name": "s", "database": f"{name}.d"})
    return str(schema["fullyQualifiedName"])


def single(server: Any, root: Path) -> Cost:
    sent = bodies(server, root, made_schema(server, "single"))
    with OpenMetadata(server.url, server.tokens["bot"]) as client:

        def put() -> None:
            for body in sent:
                client.put("table", body)

        return twice("one PUT per table", server, put)


def sdk(server: Any, root: Path) -> Cost | None:
    if importlib.util.find_spec("metadata") is None:
        return None
    given = {"url": server.url, "token": server.tokens["bot"]}
    given["bodies"] = bodies(server, root, made_schema(server, "sdk"))
    server.control("POST", "reset", {})
    command = [sys.executable, "-W", "ignore", "-c", SDK]
    done = subprocess.run(command, cwd=root, input=json.dumps(given), capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  the SDK's client failed: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    routes = server.control("GET", "counters")["routes"]
    # Both runs are in one process: its requests are halved, the look at the server's version left out.
    puts = sum(count for route, count in routes.items() if route.startswith("PUT")) // 2
    others = sum(count for route, count in routes.items() if "tables" in route) // 2
    (first, first_own), (second, second_own) = json.loads(done.stdout.splitlines()[-1])
    return Cost("SDK create_or_update", (others, others), (first, second), (first_own, second_own), (puts, puts))


def row(cost: Cost, run: int, scale: float) -> str:
    counts = (f"{found[run] * scale:>9.0f}" for found in (cost.requests, cost.writes))
    times = (f"{found[run] * scale:>9.1f}" for found in (cost.seconds, cost.own))
    return "".join((*counts, *times))


def shown(costs: list[Cost], base: Cost, assets: int) -> None:
    """Per 1,000 assets, and how many times ours it takes."""
    scale = 1000 / assets
    columns = ("requests", "writes", "seconds", "own CPU") * 2
    print(f"  {'per 1,000 assets':22}{'first run':>36}{'second run':>36}")
    print(f"  {'':22}" + "".join(f"{title:>9}" for title in columns))
    for cost in costs:
        print(f"  {cost.way:22}" + "".join(row(cost, run, scale) for run in (0, 1)))
    for cost in costs:
        if cost is not base:
            ratios = [cost.requests[run] / base.requests[run] for run in (0, 1)]
            times = [cost.seconds[run] / base.seconds[run] for run in (0, 1)]
            ratio = f"requests {ratios[0]:.2f}, {ratios[1]:.1f}; seconds {times[0]:.2f}, {times[1]:.1f}"
            print(f"  {cost.way} ÷ pdc publish: {ratio}")


def measure(profile: str, folder: Path, site: Path, empty: Path, given: argparse.Namespace) -> None:
    with contract_server(profile, folder) as server:
        print(f"contract server {profile}: {given.assets} tables × {given.columns} columns")
        roots = [Path(shutil.copytree(one, folder / f"{one.name}-{profile}")) for one in (site, empty)]
        start = ours("", server, roots[1])
        told = f"{start.requests[0]} requests, {start.seconds[0]:.1f} s"
        print(f"  once per server: vocabulary, properties, department and one table: {told}")
        base = ours("pdc publish", server, roots[0])
        costs = [base, single(server, roots[0])]
        found = sdk(server, roots[0]) if profile == "2.0" and not given.no_sdk else None
        shown([*costs, *([found] if found else [])], base, given.assets)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, default=1000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--profile", action="append", choices=("1.2", "2.0"))
    parser.add_argument("--no-sdk", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pdc-publish-") as name:
        folder = Path(name)
        site = made_site(folder / "site", given.assets, given.columns)
        empty = made_site(folder / "empty", 1, given.columns)
        for profile in given.profile or ("1.2", "2.0"):
            measure(profile, folder, site, empty, given)


if __name__ == "__main__":
    main()
