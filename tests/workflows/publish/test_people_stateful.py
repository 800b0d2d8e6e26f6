"""Sources change, people work, other bots meddle, publications are cut off: in whatever order, nothing of a person's is
lost, and what is published ends where it should.

Long runs by hand: ``PDC_STATEFUL_EXAMPLES`` (default 2 a profile), ``PDC_STATEFUL_STEPS`` (default 12).
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from connectors.http import HttpClient
from connectors.om_client import OpenMetadata
from workflows import catalogue
from workflows.acts.model import Actor
from workflows.acts.trail import Trail
from workflows.entries.versions import document
from workflows.errors import Refusal

EXAMPLES = int(os.environ.get("PDC_STATEFUL_EXAMPLES", "2"))
STEPS = int(os.environ.get("PDC_STATEFUL_STEPS", "12"))
PROFILES = ("1.2", "2.0")
SITE = """name: 测试目录
people:
  - {id: zhang, name: 张三, openmetadata: zhang, roles: [steward]}
  - {id: li, name: 李四, openmetadata: li, roles: [reviewer]}
"""
DEPARTMENT = """department: {id: mz, name: 普陀区民政局, code: "11310107000000019B"}
systems:
  - {id: rescue, name: 社会救助系统, connector: ddl, path: data.sql, update_cycle: 每日}
"""
SERVICE = "mz-rescue"
TABLES = ("t_a", "t_b")
PEOPLE = ("zhang", "li", "wang")
"""Two who may rule and one who may not."""
COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "id": (("bigint NOT NULL", "主键"),),
    "sfzh": (("varchar(18)", "身份证号"), ("char(18)", "身份证号"), ("varchar(20)", "证件号")),
    "lxdh": (("varchar(20)", "联系电话"), ("varchar(20)", "电话号码（本人）"), ("text", "联系电话")),
    "qymc": (("varchar(200)", "企业名称"), ("varchar(200)", "法定代表人身份证号"), ("varchar(200)", "地址")),
}
"""Name → types and comments that the sources go through."""
LABELS = (
    *(f"数据分级.L{tier}" for tier in (1, 2, 3, 4)),
    *("共享类型.无条件共享", "共享类型.非共享", "审核状态.已确认", "审核状态.有异议", "数据元.公民身份号码"),
    *("PII.Sensitive", "Tier.Tier1"),
)
ONE_EACH = ("数据分级", "共享类型", "开放类型", "数据重要性", "审核状态", "数据元", "Tier")
MACHINE = ("Generated", "Automated")
NEVER_EMPTY = ("审核状态",)
"""An empty one is no opinion, and is filled again."""


class Killed(BaseException):
    """As if the process had been killed."""


class Place(NamedTuple):
    table: str
    path: str
    """Column in lower case: the case of a name may change."""
    tag: str


def group_of(tag: str) -> str:
    return tag.split(".")[0]


class Address(NamedTuple):
    url: str
    tokens: dict[str, str]


class World:
    """A site, a server, and what people have done there."""

    def __init__(self, folder: Path, server: Any, site: Any, browsers: dict[str, Any]) -> None:
        self.folder, self.server, self.site, self.browsers = folder, server, site, browsers
        self.admin = OpenMetadata(server.url, server.admin_token, sleep=lambda seconds: None)
        self.sources: dict[str, dict[str, int]] = {table: dict.fromkeys(COLUMNS, 0) for table in TABLES}
        self.upper: set[str] = set()
        self.put: dict[Place, str] = {}
        """Labels that people put and nobody has taken away since → who."""
        self.taken: dict[Place, str] = {}
        """Labels that people took away and nobody has put since → who."""
        self.texts: dict[tuple[str, str], str] = {}
        self.log: list[str] = []

    def sql(self) -> str:
        return "\n".join(self._table(name, columns) for name, columns in self.sources.items() if columns)

    def _table(self, table: str, columns: dict[str, int]) -> str:
        lines = []
        for name, at in columns.items():
            kind, text = COLUMNS[name][at % len(COLUMNS[name])]
            written = name.upper() if f"{table}.{name}" in self.upper else name
            lines.append(f"  `{written}` {kind} COMMENT '{text}'")
        return f"CREATE TABLE `{table}` (\n" + ",\n".join(lines) + "\n) COMMENT='救助登记表';"

    def harvest(self) -> None:
        self.site.harvest(self.sql())

    def fqn(self, table: str) -> str:
        return f"{SERVICE}.default.default.{table}"

    def entity(self, table: str) -> dict[str, Any] | None:
        return self.admin.get("table", self.fqn(table), fields=["columns", "tags", "owner" if self.old else "owners"])

    @property
    def old(self) -> bool:
        return bool(self.server.profile == "1.2")

    def places(self, table: str) -> dict[str, list[dict[str, Any]]]:
        """Path → labels."""
        entity = self.entity(table)
        if entity is None:
            return {}
        found = {"": entity.get("tags") or []}
        return found | {column["name"]: column.get("tags") or [] for column in entity["columns"]}

    # --- what people do ---

    def edit(self, who: str, table: str, path: str, wanted: list[str], remove: list[str]) -> None:
        """One save of the tag editor: ``wanted`` put in place of others of their classification."""
        found = self.places(table)
        if not found:
            return
        name = next((one for one in found if one.casefold() == path), None)
        if name is None:
            return
        there = [label["tagFQN"] for label in found[name]]
        if not path:
            # Taken off a table and put back in one save: restamped, as the save restamps what nobody touched.
            remove = [tag for tag in remove if tag not in wanted]
        removed = [tag for tag in there if tag in remove]
        after = [tag for tag in there if tag not in removed]
        added = []
        for tag in wanted:
            if tag in after:
                continue
            same = [one for one in after if group_of(one) == group_of(tag) and group_of(tag) in ONE_EACH]
            removed += same
            after = [one for one in after if one not in same]
            added.append(tag)
            after.append(tag)
        if not added and not removed:
            return
        self.save(who, table, name, found[name], added, removed)
        for tag in removed:
            self.put.pop(Place(table, path, tag), None)
            if group_of(tag) not in NEVER_EMPTY:
                self.taken[Place(table, path, tag)] = who
        for tag in added:
            self.taken.pop(Place(table, path, tag), None)
            self.put[Place(table, path, tag)] = who

    def save(
        self, who: str, table: str, name: str, there: list[dict[str, Any]], added: list[str], removed: list[str]
    ) -> None:
        """Replacements in place, where a tag comes for one of its own classification; the table's others restamped."""
        browser = self.browsers[who]
        entity = browser.read(self.fqn(table))
        at = next((at for at, one in enumerate(entity["columns"]) if one["name"] == name), None)
        prefix = "/tags" if at is None else f"/columns/{at}/tags"
        manual = {"labelType": "Manual", "state": "Confirmed"}
        kept, rest, ops = {}, list(added), []
        for index, label in enumerate(there):
            tag = label["tagFQN"]
            new = next((one for one in rest if group_of(one) == group_of(tag)), None) if tag in removed else None
            if new is not None:
                rest.remove(new)
                ops.append({"op": "replace", "path": f"{prefix}/{index}", "value": self.label(new)})
            elif tag not in removed:
                kept[index] = label
        if not name:
            ops += [
                {"op": "replace", "path": f"{prefix}/{index}", "value": {**self.bare(label), **manual}}
                for index, label in kept.items()
                if label["labelType"] != "Derived"
            ]
        ops += [{"op": "add", "path": f"{prefix}/-", "value": self.label(tag)} for tag in rest]
        replaced = {op["path"] for op in ops}
        gone = [index for index, label in enumerate(there) if label["tagFQN"] in removed]
        ops += [
            {"op": "remove", "path": f"{prefix}/{index}"}
            for index in reversed(gone)
            if f"{prefix}/{index}" not in replaced
        ]
        browser.patch(entity["id"], ops)

    @staticmethod
    def label(tag: str) -> dict[str, Any]:
        source = "Glossary" if tag.startswith("数据元.") else "Classification"
        return {"tagFQN": tag, "source": source, "labelType": "Manual", "state": "Confirmed"}

    @staticmethod
    def bare(label: dict[str, Any]) -> dict[str, Any]:
        return {name: label[name] for name in ("tagFQN", "source")}

    def decided(self) -> dict[Place, str | None]:
        """The latest decision on each tier that somebody who may rule raised to L4 and that stands → its value."""
        with self.site.publishing() as job:
            made = {
                (one.asset, (one.column or "").casefold()): one.value
                for one in job.store.decisions()
                if one.dimension == "tier"
            }
        raised = [place for place, who in self.put.items() if place.tag == "数据分级.L4" and who != "wang"]
        there = {table: {name.casefold() for name in self.places(table)} for table in TABLES}
        return {
            place: made.get((f"mz/rescue/{place.table}", place.path))
            for place in raised
            if place.path in there[place.table]
        }

    # --- publishing ---

    def move(self) -> None:
        """The same server by its other address."""
        now = self.site.server.url
        other = now.replace("127.0.0.1", "localhost") if "127.0.0.1" in now else now.replace("localhost", "127.0.0.1")
        self.site.server = self.site.server._replace(url=other)
        self.site.connect(self.site.server, removals={"share": 1.0})

    def publish(self) -> Any:
        return self.site.publish()

    def bring_into_force(self, table: str, withdraw: bool) -> None:
        """The entry as it is compiled, or none; what must come before is the life cycle's business."""
        key = f"mz/rescue/{table}"
        with self.site.publishing() as job:
            department = job.site.departments[0]
            systems = {one.id: one for one in department.systems}
            entries = {one.asset: one for one in catalogue.entries(job.store, job.pack, department, systems)}
            if key not in entries:
                return
            with Trail(job.store).acting(Actor("li")) as acting:
                version = acting.keep(document(entries[key]))
                for verb in ("withdraw",) if withdraw else ("submit", "publish"):
                    acting.add("entry", key, verb, after={"version": version})
            if not withdraw:
                self._outlive(table, job)

    def _outlive(self, table: str, job: Any) -> None:
        """A version that knows of a removal may put the tag back."""
        latest = {
            ((one.column or "").casefold(), one.dimension): (one.value, one.rejected)
            for one in job.store.decisions(f"mz/rescue/{table}")
        }
        for place in [place for place, who in self.taken.items() if place.table == table and who != "wang"]:
            dimension, value = job.vocabulary.meaning(place.tag) or ("", "")
            if latest.get((place.path, dimension)) == (None, value):
                del self.taken[place]

    def wanted(self) -> list[Any]:
        with self.site.publishing() as job:
            return list(job._wanted("look"))

    def writes(self) -> int:
        routes = self.server.control("GET", "counters")["routes"]
        return sum(n for route, n in routes.items() if not route.startswith(("GET", "HEAD")))

    def forget(self, table: str, path: str | None = None) -> None:
        """What people did to a column (None = the whole table) went with it."""
        for kept in (self.put, self.taken):
            for place in [one for one in kept if one.table == table and path in (None, one.path)]:
                del kept[place]
        for key in [one for one in self.texts if one[0] == table and path in (None, one[1])]:
            del self.texts[key]

    # --- what must hold ---

    def check_people(self) -> None:
        for table in TABLES:
            found = self.places(table)
            by_path = {name.casefold(): {one["tagFQN"]: one for one in labels} for name, labels in found.items()}
            for place, who in self.put.items():
                if place.table == table and place.path in by_path:
                    assert place.tag in by_path[place.path], f"lost: {place} by {who}"
                    assert by_path[place.path][place.tag]["labelType"] == "Manual", f"restamped: {place} by {who}"
            for place, who in self.taken.items():
                if place.table == table and place.path in by_path:
                    assert place.tag not in by_path[place.path], f"came back: {place} taken by {who}"
            for path, labels in found.items():
                groups = [group_of(one["tagFQN"]) for one in labels]
                assert not [one for one in ONE_EACH if groups.count(one) > 1], (table, path, labels)
        for (table, path), text in self.texts.items():
            entity = self.entity(table)
            if entity is not None:
                spots = [entity] if not path else [one for one in entity["columns"] if one["name"].casefold() == path]
                assert all(one.get("description") == text for one in spots), f"text lost: {table}.{path}"

    def check_wanted(self) -> None:
        """What nobody has touched is exactly what is wanted."""
        for wanted in self.wanted():
            found = self.places(wanted.name)
            paths = {"": wanted.marks} | {column.name: column.marks for column in wanted.columns}
            assert list(found) == list(paths), (wanted.name, list(found), list(paths))
            for path, marks in paths.items():
                by_group: dict[str, set[tuple[str, str]]] = {}
                for mark in marks:
                    by_group.setdefault(group_of(mark.fqn), set()).add((mark.fqn, mark.state))
                for group in (*ONE_EACH[:-1], "数据类别"):
                    if self.touched(wanted.name, path.casefold(), group):
                        continue
                    there = {(one["tagFQN"], one["state"]) for one in found[path] if group_of(one["tagFQN"]) == group}
                    expected = by_group.get(group, set())
                    if not path:
                        # What the UI stamped anew is left so as long as it is the wanted tag.
                        there, expected = ({(fqn, "") for fqn, _ in one} for one in (there, expected))
                    assert there == expected, (wanted.name, path, group)

    def touched(self, table: str, path: str, group: str) -> bool:
        return any((one.table, one.path, group_of(one.tag)) == (table, path, group) for one in (*self.put, *self.taken))


class People(RuleBasedStateMachine):
    """One site and one server, from the first publication on."""

    make: Callable[[], World]

    @initialize()
    def begin(self) -> None:
        self.world = type(self).make()
        self.plans: list[Any] = []

    @rule(table=st.sampled_from(TABLES), column=st.sampled_from(tuple(COLUMNS)), what=st.integers(0, 5))
    def sources_change(self, table: str, column: str, what: int) -> None:
        """A column gets another type or comment, goes, comes, changes case or place; or a table goes or comes."""
        world = self.world
        columns = world.sources[table]
        world.log.append(f"sources {table}.{column} {what}")
        if what == 0 and column in columns and len(columns) > 1 and column != "id":
            del columns[column]
            self.gone = True
        elif what == 1:
            world.upper ^= {f"{table}.{column}"}
        elif what == 2 and len(columns) > 1:
            world.sources[table] = dict(reversed(columns.items()))
        elif what == 3 and table == TABLES[1]:
            world.sources[table] = {} if columns else dict.fromkeys(COLUMNS, 0)
        else:
            columns[column] = columns.get(column, -1) + 1
        if not world.sources[table] and what != 3:
            world.sources[table] = {column: 0}
        world.site.accept_removals = True
        world.harvest()

    @rule(
        who=st.sampled_from(PEOPLE),
        table=st.sampled_from(TABLES),
        path=st.sampled_from(("", *COLUMNS)),
        tags=st.lists(st.sampled_from(LABELS), max_size=2, unique_by=group_of),
        off=st.sampled_from(("", "", *ONE_EACH[:3], "数据元", "PII", "数据类别")),
    )
    def person_labels(self, who: str, table: str, path: str, tags: list[str], off: str) -> None:
        there = [
            label["tagFQN"]
            for name, labels in self.world.places(table).items()
            if name.casefold() == path
            for label in labels
        ]
        remove = [tag for tag in there if group_of(tag) == off]
        wanted = [tag for tag in tags if not (path and group_of(tag) == "审核状态")]
        self.world.log.append(f"{who} on {table}.{path}: +{wanted} -{remove}")
        self.world.edit(who, table, path, wanted, remove)

    @rule(who=st.sampled_from(PEOPLE), table=st.sampled_from(TABLES), path=st.sampled_from(tuple(COLUMNS)))
    def person_puts_back(self, who: str, table: str, path: str) -> None:
        """Taken off and put back in two saves: confirmed."""
        found = self.world.places(table)
        name = next((one for one in found if one.casefold() == path), None)
        tags = [label["tagFQN"] for label in found.get(name or "-", []) if label["labelType"] != "Derived"][:1]
        self.world.log.append(f"{who} puts back {table}.{path} {tags}")
        self.world.edit(who, table, path, [], tags)
        self.world.edit(who, table, path, tags, [])

    @rule(who=st.sampled_from(PEOPLE), table=st.sampled_from(TABLES), path=st.sampled_from(tuple(COLUMNS)))
    def person_accepts(self, who: str, table: str, path: str) -> None:
        """Type and state of one label changed alone: silent on 1.2."""
        found = self.world.places(table)
        name = next((one for one in found if one.casefold() == path), None)
        tags = [label["tagFQN"] for label in found.get(name or "-", []) if label["labelType"] in MACHINE][:1]
        if name is not None and tags:
            self.world.log.append(f"{who} accepts {table}.{path} {tags}")
            self.world.browsers[who].accept(self.world.fqn(table), name, tags[0])
            self.world.put[Place(table, path, tags[0])] = who

    @rule(table=st.sampled_from(TABLES))
    def table_is_deleted_and_restored(self, table: str) -> None:
        """By people; what is published meanwhile leaves it alone."""
        entity = self.world.entity(table)
        if entity is None:
            return
        self.world.log.append(f"deleted and restored {table}")
        self.world.admin.delete("table", entity["id"])
        self.world.publish()
        assert self.world.entity(table) is None
        self.world.admin.restore("table", entity["id"])

    @rule()
    def server_gets_another_address(self) -> None:
        """What was written by the other is taken over the first time, and is found by ids and history after that."""
        self.publish()
        self.world.log.append("another address")
        self.world.move()
        self.plans = []

    @rule(who=st.sampled_from(PEOPLE), table=st.sampled_from(TABLES), path=st.sampled_from(("", *COLUMNS)))
    def person_describes(self, who: str, table: str, path: str) -> None:
        found = self.world.places(table)
        name = next((one for one in found if one.casefold() == path), None)
        if name is None:
            return
        text = f"{who}写的说明{len(self.world.log)}"
        self.world.log.append(f"{who} describes {table}.{path}")
        self.world.browsers[who].describe(self.world.fqn(table), text, name or None)
        self.world.texts[table, path] = text

    @rule(table=st.sampled_from(TABLES), path=st.sampled_from(tuple(COLUMNS)), which=st.integers(0, 5))
    def bot_takes_ours(self, table: str, path: str, which: int) -> None:
        """Another bot takes a label away that nobody put."""
        found = self.world.places(table)
        name = next((one for one in found if one.casefold() == path), None)
        labels = found.get(name or "-", [])
        if not labels or name is None:
            return
        label = labels[which % len(labels)]
        if Place(table, path, label["tagFQN"]) in self.world.put or label["labelType"] not in MACHINE:
            return
        entity = self.world.entity(table)
        assert entity is not None
        at = [column["name"] for column in entity["columns"]].index(name)
        ops = [{"op": "remove", "path": f"/columns/{at}/tags/{which % len(labels)}"}]
        self.world.log.append(f"bot takes {table}.{path} {label['tagFQN']}")
        self.world.browsers["robot"].patch(entity["id"], ops)

    @rule()
    def pull(self) -> None:
        self.world.log.append("pull")
        assert self.world.site.pull().failures == []
        again = self.world.site.pull()
        assert (again.decisions, again.questions, again.descriptions) == ([], [], [])
        decided = self.world.decided()
        assert set(decided.values()) <= {"L4"}, decided
        self.world.harvest()

    @rule(at=st.integers(1, 40), after=st.booleans())
    def publish_cut_off(self, at: int, after: bool) -> None:
        """The process dies before or after a request of its own."""
        self.world.log.append(f"killed at {at} {after}")
        count = itertools.count(1)
        send = HttpClient.request

        def request(client: Any, method: str, *args: Any, **rest: Any) -> Any:
            number = next(count) if method != "GET" else 0
            if number == at and not after:
                raise Killed
            answer = send(client, method, *args, **rest)
            if number == at:
                raise Killed
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(HttpClient, "request", request)
            with suppress(Killed):
                self.world.publish()
        self.settle_columns()

    @rule(faults=st.sampled_from(("rate_500", "rate_503", "cut_before", "cut_after", "stale")), seed=st.integers(0, 99))
    def publish_with_faults(self, faults: str, seed: int) -> None:
        self.world.log.append(f"faults {faults} {seed}")
        self.world.server.control("PUT", "faults", {faults: 0.3, "seed": seed, "only": "PUT,PATCH"})
        try:
            self.world.publish()
        finally:
            self.world.server.control("PUT", "faults", {})
        self.settle_columns()

    @rule(table=st.sampled_from(TABLES), withdraw=st.sampled_from((False, False, True)))
    def entry_comes_into_force(self, table: str, withdraw: bool) -> None:
        """Or goes out of it."""
        self.world.log.append(f"in force {table} {not withdraw}")
        self.world.bring_into_force(table, withdraw)

    @rule()
    def plan(self) -> None:
        self.world.log.append("plan")
        self.plans = [self.world.site.plan()]

    @rule()
    def publish_plan(self) -> None:
        """A saved plan, however late: refused whole, or applied."""
        self.world.log.append("publish plan")
        for plan in self.plans:
            before = self.world.writes()
            try:
                self.world.site.publish(plan)
            except Refusal:
                assert self.world.writes() == before
        self.settle_columns()
        self.world.check_people()

    @rule()
    def publish(self) -> None:
        world = self.world
        world.log.append("publish")
        done = world.publish()
        assert (done.failures, done.assets.failures, done.assets.stale) == ([], [], [])
        self.settle_columns()
        world.check_people()
        world.check_wanted()
        before = world.writes()
        world.publish()
        assert world.writes() == before, world.server.control("GET", "requests")["requests"][-12:]

    def settle_columns(self) -> None:
        """What people did on columns that are gone from the server went with them."""
        world = self.world
        for table in TABLES:
            found = {name.casefold() for name in world.places(table)}
            paths = {place.path for place in (*world.put, *world.taken) if place.table == table}
            paths |= {path for name, path in world.texts if name == table}
            for path in paths - found if found else ():
                world.forget(table, path)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.publish()
            finally:
                self.world.admin.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A harvested site, made once."""
    root = tmp_path_factory.mktemp("people")
    (root / "departments").mkdir()
    (root / "site.yaml").write_text(SITE, encoding="utf-8")
    (root / "departments" / "mz.yaml").write_text(DEPARTMENT, encoding="utf-8")
    return root


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.timeout(36000)
def test_whatever_happens(
    profile: str, template: Path, warm_servers: Any, browser: Callable[..., Any], published_site: Any, tmp_path: Path
) -> None:
    count = itertools.count()
    kind = type(published_site(warm_servers(profile), 1))

    def make() -> World:
        server = warm_servers(profile)
        with OpenMetadata(server.url, server.admin_token) as client:
            client.put("classification", {"name": "Tier", "description": "foreign", "mutuallyExclusive": True})
            client.put("tag", {"name": "Tier1", "classification": "Tier", "description": "foreign"})
        root = tmp_path / f"world-{next(count)}"
        shutil.copytree(template, root)
        site = kind(root)
        site.accept_removals = True
        site.server = Address(server.url, server.tokens)
        site.connect(site.server, removals={"share": 1.0})
        browsers = {who: browser(server, who) for who in PEOPLE} | {"robot": browser(server, "robot", bot=True)}
        world = World(root, server, site, browsers)
        world.harvest()
        world.publish()
        return world

    machine = type("Here", (People,), {"make": staticmethod(make)})
    found = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink)
        if os.environ.get("PDC_STATEFUL_SHRINK")
        else (Phase.generate,),
        derandomize=not os.environ.get("PDC_STATEFUL_EXAMPLES"),
        database=None,
    )
    run_state_machine_as_test(machine, settings=found)
