"""Publishing that is killed at any moment, or whose answers fail, ends as if nothing had happened.

Small here; larger by the environment: ``PDC_CHAOS_KILLS`` (kills per profile, default 8), ``PDC_CHAOS_TABLES`` (tables,
default 5), ``PDC_CHAOS_SEED``, and ``PDC_BULK_TABLES`` (tables of the large publication, default 60).
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

# Processes of their own that need not import everything anew.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["workflows.publish.job", "workflows.settings", "classifiers.policy"])
KILLS = int(os.environ.get("PDC_CHAOS_KILLS", "8"))
TABLES = int(os.environ.get("PDC_CHAOS_TABLES", "5"))
SEED = int(os.environ.get("PDC_CHAOS_SEED", "1"))
LARGE = int(os.environ.get("PDC_BULK_TABLES", "60"))
PROFILES = ("1.2", "2.0")
FOREIGN = "PII.Sensitive"
FAULTS = {
    "rate_429": 0.04,
    "retry_after": 0.0,
    "rate_503": 0.04,
    "rate_500": 0.02,
    "cut_before": 0.05,
    "cut_after": 0.05,
    "stale": 0.02,
    "jitter": 0.004,
}
"""One answer in five is faulty."""


def fqn(number: int) -> str:
    return f"mz-rescue.default.default.t_{number:03d}"


def work(zhang: Any) -> None:
    """What a person does between two publications, on columns that the second one retypes, rewrites or leaves."""
    for number in range(0, TABLES, 2):
        zhang.label_column(fqn(number), "sfzh", add=[FOREIGN])
        zhang.replace_on_column(fqn(number), "lxdh", "数据分级.L3", "数据分级.L4")
        zhang.label_column(fqn(number), "xm", remove=["数据分级.L3"])
    zhang.replace_on_column(fqn(0), "sfzh", "数据分级.L3", "数据分级.L4")
    zhang.label_table(fqn(1), add=[FOREIGN])
    zhang.describe(fqn(1), "张三写的说明")


def second(site: Any, retyped: int = 2, comment: str = "救助") -> str:
    """The sources as they are at the second publication."""
    text: str = site.sql(
        TABLES, retyped=retyped, dropped=[TABLES - 1], added=2, comment=comment, company="法定代表人身份证号"
    )
    return text


def run_through(
    site: Any, server: Any, browser: Any, publish: Callable[[Any], None], more: Callable[[], bool] = lambda: False
) -> None:
    """Publish, let a person work, harvest anew, publish: each publication by ``publish``.

    As long as ``more`` says so, there and back again: other types and comments, then those of the second publication.
    """
    publish(site)
    work(browser(server, "wang", admin=True))
    site.harvest(second(site))
    publish(site)
    while more():
        for text in (second(site, retyped=3, comment="救助登记"), second(site)):
            site.harvest(text)
            publish(site)


def undisturbed(site: Any) -> None:
    assert site.publish().exit_code == 0


EXPECTED: dict[str, dict[str, Any]] = {}


def expected(profile: str, warm_servers: Any, published_site: Any, browser: Any, state_of: Any) -> dict[str, Any]:
    """What the server holds when nothing goes wrong; worked out once per profile."""
    if profile in EXPECTED:
        return EXPECTED[profile]
    server = warm_servers(profile)
    run_through(published_site(server, TABLES), server, browser, undisturbed)
    state: dict[str, Any] = state_of(server)
    assert any(FOREIGN in str(document) for document in state.values())
    return EXPECTED.setdefault(profile, state)


def differences(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where two states differ, leaf by leaf."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name in wanted.keys() | found.keys():
            yield from differences(wanted.get(name), found.get(name), f"{path}/{name}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for at, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(one, other, f"{path}/{at}")
    elif wanted != found:
        yield f"{path}: {wanted} → {found}"


class Killer:
    """Publishes by `pdc publish` in processes that are killed (SIGKILL) at random moments, until one comes through."""

    def __init__(self, server: Any, kills: int, seed: int) -> None:
        self.server, self.left, self.random = server, kills, random.Random(seed)

    def requests(self) -> int:
        total: int = self.server.control("GET", "counters")["total"]
        return total

    def publish(self, site: Any) -> None:
        while self.left > 0 and self.killed_once(site):
            self.left -= 1
        result = site.publish()
        assert (result.exit_code, result.failures, result.assets.failures) == (0, [], [])

    def killed_once(self, site: Any) -> bool:
        """Whether the process was still at it when the moment came."""
        at = self.requests() + self.random.randint(20, 45 + 3 * TABLES)
        command = f"from workflows.cli import cli\ncli({['--site', str(site.root), 'publish']!r})"
        process = PROCESSES.Process(target=exec, args=(command,))
        process.start()
        while process.is_alive() and self.requests() < at:
            time.sleep(0.002)
        # Some of them within the handling of one request.
        time.sleep(self.random.random() * 0.01)
        process.kill()
        process.join()
        return process.exitcode == -signal.SIGKILL


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.timeout(3600)
def test_killed_at_random_moments(
    profile: str, warm_servers: Any, published_site: Any, browser: Any, state_of: Any
) -> None:
    wanted = expected(profile, warm_servers, published_site, browser, state_of)
    server = warm_servers(profile)
    killer = Killer(server, KILLS, SEED)
    site = published_site(server, TABLES)
    run_through(site, server, browser, killer.publish, more=lambda: killer.left > 0)
    assert killer.left == 0
    found = state_of(server)
    assert "\n".join(differences(wanted, found)) == ""
    assert site.publish().written == 0


@pytest.mark.parametrize("profile", PROFILES)
def test_one_answer_in_five_is_faulty(
    profile: str, warm_servers: Any, published_site: Any, browser: Any, state_of: Any
) -> None:
    wanted = expected(profile, warm_servers, published_site, browser, state_of)
    server = warm_servers(profile)

    def publish(site: Any) -> None:
        server.control("PUT", "faults", {**FAULTS, "seed": SEED})
        codes = []
        while not codes or (codes[-1] != 0 and len(codes) < 4):
            codes.append(site.publish().exit_code)
        server.control("PUT", "faults", {})
        assert codes[-1] == 0, codes

    site = published_site(server, TABLES)
    run_through(site, server, browser, publish)
    found = state_of(server)
    assert "\n".join(differences(wanted, found)) == ""
    assert site.publish().written == 0


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.timeout(3600)
def test_many_assets(profile: str, warm_servers: Any, published_site: Any) -> None:
    """One PATCH per asset, one bulk request per batch where the server has it, and nothing at all the second time."""
    server = warm_servers(profile)
    undisturbed(published_site(server, 1))
    server = warm_servers(profile)
    site = published_site(server, LARGE)
    first = site.publish()
    assert (first.exit_code, first.assets.created, first.requests["PATCH"]) == (0, LARGE, LARGE)
    assert first.requests["PUT"] <= (LARGE + 3 if profile == "1.2" else LARGE / 50 + 4)
    second_time = site.publish()
    assert second_time.requests.keys() == {"GET"}
    assert second_time.requests["GET"] <= 60 + LARGE / 100
