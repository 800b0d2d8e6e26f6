"""Pull against the contract server, on both profiles: labels are put there as publishing does, then people work."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import msgspec
import pytest

from classifiers.evidence import Decision
from classifiers.policy import load_pack
from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAuthenticated, ServerBroken
from workflows.acts.trail import Trail
from workflows.acts.verify import verify
from workflows.classify import classify
from workflows.people import Person
from workflows.publish import pull as pulling
from workflows.publish.history import NESTED, History, history_of
from workflows.publish.ledger import Ledger
from workflows.publish.merge import encoder
from workflows.publish.model import Base, Mark
from workflows.publish.pull import Puller, PullResult
from workflows.publish.vocabulary import Vocabulary, vocabulary
from workflows.server_settings import ServerSettings
from workflows.store import Store

AT = "2026-01-05T08:00:00+08:00"
FQN = "dept-sys.default.default.person"
KEY = "dept/sys/person"
COLUMNS = ("xm:姓名", "sfzh:身份证号", "sjh:手机号", "zt:状态", "a.b:备注")
PEOPLE = (
    Person(id="lihua", name="李华", openmetadata="lihua", departments=("dept",), roles=("steward",)),
    Person(id="wangfang", name="王芳", openmetadata="Wang", roles=("reviewer",)),
    Person(id="zhao", name="赵云", openmetadata="zhao", departments=("other",), roles=("steward",)),
)
Entity = dict[str, Any]


class Scene:
    """A site with one table, classified and labelled on a server."""

    def __init__(self, server: Any, store: Store, harvester: Any, source: Any, asset: Any, recognizers: bool) -> None:
        self.server, self.store, self.harvester, self.source, self.asset = server, store, harvester, source, asset
        self.admin = OpenMetadata(server.url, server.admin_token, sleep=lambda seconds: None)
        self.bot = OpenMetadata(server.url, server.token("pdc-bot", bot=True), sleep=lambda seconds: None)
        settings = ServerSettings(url=server.url, token="x", recognizers=recognizers)
        self.pack = load_pack("putuo-2020")
        self.names: Vocabulary = vocabulary(self.pack, settings, self.bot.features)
        self.ledger = Ledger(store, server.url)
        self.old = self.bot.features.generated is False
        harvester({"sys": source([asset("person", *COLUMNS)])})
        self.classify()
        self._taxonomy()
        self._parents()
        self.publish()

    def close(self) -> None:
        self.admin.close()
        self.bot.close()

    def classify(self) -> None:
        run = self.store.start_run("classify", AT)
        classify(self.store, self.pack, {}, run=run, at=AT, as_of=date(2026, 1, 5))

    def _taxonomy(self) -> None:
        for dimension, group in self.names.groups.items():
            kind = "glossary" if dimension == "element" else "classification"
            exclusive = dimension not in ("element", "category")
            self.admin.put(kind, {"name": group, "description": "d", "mutuallyExclusive": exclusive})
        for (dimension, key), named in self.names.named.items():
            if dimension != "element":
                body = {"name": named.name, "description": "d", "classification": self.names.groups[dimension]}
                self.admin.put("tag", body)
            elif key.startswith(("person.", "code.", "text.")):
                body = {"name": named.name, "description": "d", "glossary": self.names.glossary}
                self.admin.put("glossaryTerm", body)

    def _parents(self) -> None:
        config = {"config": {"type": "CustomDatabase"}}
        service = {"name": "dept-sys", "serviceType": "CustomDatabase", "connection": config}
        self.admin.put("databaseService", service)
        self.admin.put("database", {"name": "default", "service": "dept-sys"})
        self.admin.put("databaseSchema", {"name": "default", "database": "dept-sys.default"})

    @property
    def marks(self) -> dict[tuple[str, str], Mark]:
        """(path, dimension) → the label that the verdict says."""
        stored = self.store.load([self.store.judgeable()[0].id])[0]
        assert stored.verdict is not None
        every = {"": stored.verdict.labels} | {name: v.labels for name, v in stored.column_verdicts.items()}
        marks = {(p, one.dimension): self.names.mark(one.dimension, one) for p, found in every.items() for one in found}
        review = self.names.plain_mark("review", "pending")
        return {place: mark for place, mark in marks.items() if mark} | {("", "review"): review}

    def publish(self) -> None:
        """Write the table, its labels and descriptions; remember them."""
        columns = [
            {"name": name, "dataType": "VARCHAR", "dataLength": 50, "description": comment}
            for name, _, comment in (one.partition(":") for one in COLUMNS)
        ]
        body = {
            "name": "person",
            "databaseSchema": "dept-sys.default.default",
            "columns": columns,
            "description": "居民",
        }
        table = self.bot.put("table", body)
        order = [one["name"] for one in table["columns"]]
        encode = encoder(self.bot.features.reason)
        lists: dict[str, list[Entity]] = {}
        for (path, _), mark in self.marks.items():
            lists.setdefault(f"/columns/{order.index(path)}/tags" if path else "/tags", []).append(encode(mark))
        ops = [{"op": "add", "path": path, "value": labels} for path, labels in lists.items()]
        table = self.bot.patch("table", table["id"], ops)
        marks = [(path, mark) for (path, _), mark in self.marks.items()]
        texts = {"": "居民", **{one["name"]: one["description"] for one in columns}}
        base = Base(FQN, table["id"], table["version"], marks=marks, texts=texts)
        self.ledger.save_bases({KEY: base}, AT)

    @property
    def puller(self) -> Puller:
        return Puller(self.store, self.ledger, self.bot, self.names, PEOPLE, AT)

    def pull(self, **options: Any) -> PullResult:
        return self.puller.run(**options)

    @property
    def base(self) -> Base:
        return self.ledger.bases([KEY])[KEY]

    def tag(self, dimension: str, key: str) -> str:
        return self.names.tag(dimension, key)

    def stored(self, path: str) -> dict[str, Entity]:
        table = self.bot.get("table", FQN, fields=["columns", "tags"])
        assert table is not None
        place = next(one for one in [table, *table["columns"]] if not path or one["name"] == path)
        return {label["tagFQN"]: label for label in place.get("tags") or []}

    def requests(self, method: str = "GET") -> int:
        return self.bot.requests_made[method]


def told(decisions: list[Decision]) -> list[tuple[str | None, str, str | None, str, str | None]]:
    return [(one.column, one.dimension, one.value, one.who, one.rejected) for one in decisions]


@pytest.fixture(params=["1.2", "2.0"])
def make(
    request: pytest.FixtureRequest, shared_contract_server: Any, store: Store, harvester: Any, source: Any, asset: Any
) -> Iterator[Callable[..., Scene]]:
    scenes: list[Scene] = []

    def build(recognizers: bool = False) -> Scene:
        server = shared_contract_server(request.param)
        scenes.append(Scene(server, store, harvester, source, asset, recognizers))
        return scenes[-1]

    yield build
    for one in scenes:
        one.close()


@pytest.fixture
def scene(make: Callable[..., Scene]) -> Scene:
    return make()


def test_where_nothing_differs_the_list_is_all_that_is_read(scene: Scene) -> None:
    before = scene.requests()
    result = scene.pull()
    assert (result.looked_at, result.changed, result.exit_code) == (1, 0, 0)
    assert result.decisions == result.questions == []
    assert scene.requests() - before == 1


def test_a_confirmation_a_replacement_a_removal_and_a_term_become_decisions(scene: Scene, browser: Any) -> None:
    li = browser(scene.server, "lihua")
    tier = scene.marks["sfzh", "tier"].fqn
    li.put_back(FQN, "sfzh", tier)
    li.replace_on_column(FQN, "zt", scene.tag("share", "unconditional"), scene.tag("share", "conditional"))
    li.label_column(FQN, "sjh", remove=[scene.marks["sjh", "element"].fqn])
    li.replace_on_column(FQN, "xm", scene.marks["xm", "element"].fqn, scene.tag("element", "person.mobile"))
    result = scene.pull()
    assert told(result.decisions) == [
        ("sfzh", "tier", "L3", "李华", None),
        ("zt", "share", "conditional", "李华", "unconditional"),
        ("sjh", "element", None, "李华", "person.mobile"),
        ("xm", "element", "person.mobile", "李华", "person.name"),
    ]
    assert result.questions == []
    kept = scene.store.decisions(KEY)
    assert [one.reason for one in kept] == [
        "在OpenMetadata中确认",
        *["在OpenMetadata中设定", "在OpenMetadata中移除"],
        kept[3].reason,
    ]
    assert all(one.rule for one in kept)
    assert kept[0].at.endswith("+08:00")
    again = scene.pull()
    assert (again.changed, again.decisions) == (0, [])
    assert len(scene.store.decisions(KEY)) == 4


def test_a_state_changed_alone_is_known_where_the_server_tells(scene: Scene, browser: Any) -> None:
    """1.2 keeps no trace of it: whose act it was has to be asked."""
    tier = scene.marks["sfzh", "tier"].fqn
    browser(scene.server, "lihua").accept(FQN, "sfzh", tier)
    result = scene.pull()
    if scene.old:
        assert [(q.kind, q.column, q.value, q.who) for q in result.questions] == [("author", "sfzh", "L3", "")]
        assert "变更历史未记录何人" in result.questions[0].message
    else:
        assert told(result.decisions) == [("sfzh", "tier", "L3", "李华", None)]
    assert scene.pull().changed == 0
    assert [mark.by_person for path, mark in scene.base.seen if path == "sfzh"] == [True]


def test_appliedby_counts_where_history_says_nothing(
    scene: Scene, browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser(scene.server, "lihua").accept(FQN, "sfzh", scene.marks["sfzh", "tier"].fqn)
    monkeypatch.setattr(pulling, "history_of", lambda versions, bots, renamed: History([], bots, versions))
    result = scene.pull()
    expected = [] if scene.old else [("sfzh", "tier", "L3", "李华", None)]
    assert told(result.decisions) == expected


def test_confirming_a_table_confirms_what_was_suggested_then(scene: Scene, browser: Any) -> None:
    """The UI restamps every label of the table; people's own labels and later ones are not confirmed with it."""
    li, wang = browser(scene.server, "lihua"), browser(scene.server, "wang")
    wang.replace_on_column(FQN, "zt", scene.tag("tier", "L1"), scene.tag("tier", "L2"))
    li.review(FQN, scene.tag("review", "confirmed"))
    suggested = {place: mark for place, mark in scene.marks.items() if place not in (("zt", "tier"), ("", "review"))}
    result = scene.pull()
    by_li = [one for one in result.decisions if one.who == "李华"]
    assert {(one.column or "", one.dimension) for one in by_li} == {*suggested, ("", "review")}
    for one in by_li:
        if one.dimension != "review":
            assert scene.tag(one.dimension, str(one.value)) == suggested[one.column or "", one.dimension].fqn
    assert told([one for one in result.decisions if one.who == "王芳"]) == [("zt", "tier", "L2", "王芳", "L1")]
    assert scene.pull().changed == 0
    scene.classify()
    stored = scene.store.load([scene.store.judgeable()[0].id])[0]
    assert stored.verdict is not None
    assert {label.state for label in stored.verdict.labels} == {"confirmed"}


def test_what_a_person_saw_is_confirmed_though_publishing_changed_it_since(scene: Scene, browser: Any) -> None:
    browser(scene.server, "lihua").review(FQN, scene.tag("review", "confirmed"))
    table = scene.bot.get("table", FQN, fields=["columns", "tags"])
    assert table is not None
    at = next(at for at, one in enumerate(table["columns"]) if one["name"] == "zt")
    names = [label["tagFQN"] for label in table["columns"][at]["tags"]]
    path = f"/columns/{at}/tags/{names.index(scene.tag('tier', 'L1'))}"
    value = {"tagFQN": scene.tag("tier", "L2"), "labelType": "Automated", "state": "Suggested"}
    scene.bot.patch("table", table["id"], [{"op": "replace", "path": path, "value": value}])
    assert ("zt", "tier", "L1", "李华", None) in told(scene.pull().decisions)


def test_an_objection_is_a_question_until_somebody_confirms(scene: Scene, browser: Any) -> None:
    li = browser(scene.server, "lihua")
    li.review(FQN, scene.tag("review", "objected"))
    result = scene.pull()
    assert told(result.decisions) == [(None, "review", "objected", "李华", "pending")]
    assert [(one.kind, one.who) for one in result.questions] == [("objection", "李华")]
    browser(scene.server, "wang").review(FQN, scene.tag("review", "confirmed"))
    scene.pull()
    assert scene.ledger.questions() == []
    assert {one.state for one in scene.ledger.questions(None)} == {"accepted"}
    li.label_table(FQN, remove=[scene.tag("review", "confirmed")])
    assert told(scene.pull().decisions) == [(None, "review", "pending", "李华", "confirmed")]
    assert scene.base.gone == []


def test_a_table_that_the_ui_restamped_yields_no_decision(scene: Scene, browser: Any) -> None:
    """Adding a foreign tag to the table makes every label of ours there Manual and Confirmed: nobody decided."""
    scene.admin.put("classification", {"name": "其他", "description": "d"})
    scene.admin.put("tag", {"name": "标记", "description": "d", "classification": "其他"})
    browser(scene.server, "lihua").label_table(FQN, add=["其他.标记"])
    assert {one["labelType"] for one in scene.stored("").values()} == {"Manual"}
    result = scene.pull()
    assert (result.decisions, result.questions) == ([], [])
    assert scene.base.seen == []
    assert scene.base.marks[0][1].label_type == "Manual"
    before = scene.requests()
    scene.pull()
    assert scene.requests() - before == 1


def test_a_label_of_the_table_put_back_by_a_person_is_a_decision(scene: Scene, browser: Any) -> None:
    li = browser(scene.server, "lihua")
    tier = scene.marks["", "tier"].fqn
    li.label_table(FQN, remove=[tier])
    li.label_table(FQN, add=[tier])
    assert told(scene.pull().decisions) == [(None, "tier", "L3", "李华", None)]


def test_acts_of_others_are_questions_and_are_left_alone(scene: Scene, browser: Any) -> None:
    """Of an account that nobody is mapped to, and of a steward of another department."""
    zhao, guest = browser(scene.server, "zhao"), browser(scene.server, "guest")
    zhao.replace_on_column(FQN, "zt", scene.tag("tier", "L1"), scene.tag("tier", "L2"))
    guest.label_column(FQN, "sjh", remove=[scene.marks["sjh", "element"].fqn])
    result = scene.pull()
    assert result.decisions == []
    assert [(q.kind, q.column, q.value, q.rejected, q.who) for q in result.questions] == [
        ("author", "zt", "L2", "L1", "zhao"),
        ("author", "sjh", None, "person.mobile", "guest"),
    ]
    assert result.questions[0].message.startswith("zhao将字段zt的分级由L1 公开级改为L2 内部级：")
    assert [(path, mark.fqn) for path, mark in scene.base.seen] == [("zt", scene.tag("tier", "L2"))]
    assert [path for path, _ in scene.base.gone] == ["sjh"]
    assert scene.pull().changed == 0
    assert len(scene.ledger.questions()) == 2


def test_a_steward_who_overrules_an_unknown_edit_settles_its_question(scene: Scene, browser: Any) -> None:
    browser(scene.server, "guest").replace_on_column(FQN, "zt", scene.tag("tier", "L1"), scene.tag("tier", "L2"))
    scene.pull()
    browser(scene.server, "lihua").replace_on_column(FQN, "zt", scene.tag("tier", "L2"), scene.tag("tier", "L3"))
    result = scene.pull()
    assert told(result.decisions) == [("zt", "tier", "L3", "李华", "L2")]
    assert [(one.state, one.settled_by) for one in scene.ledger.questions(None)] == [("refused", "李华")]


def test_a_steward_who_puts_the_same_tag_makes_an_unknown_edit_theirs(scene: Scene, browser: Any) -> None:
    guest, li = browser(scene.server, "guest"), browser(scene.server, "lihua")
    guest.replace_on_column(FQN, "zt", scene.tag("tier", "L1"), scene.tag("tier", "L2"))
    guest.replace_on_column(FQN, "sjh", scene.tag("tier", "L3"), scene.tag("tier", "L2"))
    scene.pull()
    guest.put_back(FQN, "zt", scene.tag("tier", "L2"))
    assert scene.pull().changed == 0
    li.put_back(FQN, "zt", scene.tag("tier", "L2"))
    li.put_back(FQN, "sjh", scene.tag("tier", "L2"))
    result = scene.pull()
    assert told(result.decisions) == [("zt", "tier", "L2", "李华", "L1")]
    assert [(one.kind, one.column, one.who) for one in result.questions] == [("lowering", "sjh", "李华")]
    assert [(one.kind, one.column) for one in scene.ledger.questions()] == [("lowering", "sjh")]
    assert scene.pull().changed == 0


@pytest.mark.parametrize(
    ("dimension", "old", "new", "later"),
    [("tier", "L1", "L2", "L4"), ("open", "unconditional", "conditional", "unconditional")],
)
def test_an_act_found_again_does_not_overrule_what_was_decided_since(
    scene: Scene, browser: Any, dimension: Any, old: str, new: str, later: str
) -> None:
    """As when a publication has written back an older base over the one of a pull."""
    before = scene.base
    browser(scene.server, "lihua").replace_on_column(FQN, "zt", scene.tag(dimension, old), scene.tag(dimension, new))
    scene.pull()
    scene.store.add_decisions([Decision(KEY, dimension, later, "王芳", "2099-01-01T00:00:00+08:00", "zt")])
    scene.ledger.save_bases({KEY: before}, AT)
    result = scene.pull()
    assert (result.decisions, result.questions) == ([], [])
    assert scene.store.decisions(KEY)[-1].value == later


def test_what_bots_do_and_what_gets_lost_is_nobodys_decision(scene: Scene, browser: Any) -> None:
    other = browser(scene.server, "another-bot", bot=True)
    other.replace_on_column(FQN, "zt", scene.tag("tier", "L1"), scene.tag("tier", "L2"))
    table = scene.bot.get("table", FQN)
    assert table is not None
    columns = [{**one, "dataType": "INT"} if one["name"] == "sjh" else one for one in table["columns"]]
    sent = [{name: one[name] for name in ("name", "dataType", "dataLength") if name in one} for one in columns]
    browser(scene.server, "lihua", admin=True).client.put(
        "table", {"name": "person", "databaseSchema": "dept-sys.default.default", "columns": sent}
    )
    assert scene.stored("sjh") == {}
    before = scene.base
    result = scene.pull()
    assert (result.decisions, result.questions) == ([], [])
    assert (scene.base.marks, scene.base.seen, scene.base.gone) == (before.marks, before.seen, before.gone)


@pytest.mark.parametrize("login", ["lihua", "admin"])
def test_labels_lost_by_index_are_told_of_whom_history_names(scene: Scene, browser: Any, login: str) -> None:
    """A page open while a bot changed the column: its indices mean other labels by now."""
    person = browser(scene.server, login)
    page = person.read(FQN)
    at = next(at for at, one in enumerate(page["columns"]) if one["name"] == "zt")
    last = len(page["columns"][at]["tags"])
    with pytest.raises(ServerBroken):
        person.patch(page["id"], [{"op": "add", "path": f"/columns/{at}/tags/{last + 1}", "value": {"tagFQN": "x.y"}}])
    assert scene.pull().changed == 0
    scene.admin.put("classification", {"name": "其他", "description": "d"})
    scene.admin.put("tag", {"name": "标记", "description": "d", "classification": "其他"})
    ops = [{"op": "add", "path": f"/columns/{at}/tags/{last - 1}", "value": {"tagFQN": "其他.标记"}}]
    lost = page["columns"][at]["tags"][last - 1]["tagFQN"]
    scene.bot.patch("table", page["id"], ops)
    person.patch(page["id"], [{"op": "remove", "path": f"/columns/{at}/tags/{last}"}])
    assert lost not in scene.stored("zt")
    result = scene.pull()
    assert [(one.column, one.value, one.who) for one in result.decisions] == (
        [("zt", None, "李华")] if login == "lihua" else []
    )
    assert [(one.kind, one.column, one.who) for one in result.questions] == (
        [] if login == "lihua" else [("author", "zt", "admin")]
    )
    assert [(path, mark.fqn) for path, mark in scene.base.gone] == [("zt", lost)]


def test_a_lower_tier_waits_for_a_second_person(scene: Scene, browser: Any) -> None:
    li = browser(scene.server, "lihua")
    l3, l2 = scene.tag("tier", "L3"), scene.tag("tier", "L2")
    li.replace_on_column(FQN, "sjh", l3, l2)
    result = scene.pull()
    assert result.decisions == []
    assert [(q.kind, q.column, q.value, q.rejected, q.who) for q in result.questions] == [
        ("lowering", "sjh", "L2", "L3", "李华")
    ]
    assert scene.ledger.questions()[0].who_id == "lihua"
    assert scene.pull().changed == 0
    # The same person again is not a second one, nor is an account that may not rule.
    li.put_back(FQN, "sjh", l2)
    browser(scene.server, "zhao").put_back(FQN, "sjh", l2)
    assert scene.pull().decisions == []
    browser(scene.server, "wang").put_back(FQN, "sjh", l2)
    agreed = scene.pull().decisions
    assert told(agreed) == [("sjh", "tier", "L2", "李华、王芳", "L3")]
    assert "李华于" in agreed[0].reason
    assert "王芳于" in agreed[0].reason
    assert scene.ledger.questions() == []
    assert scene.pull().changed == 0


def test_a_table_confirmed_by_another_person_agrees_to_a_lower_tier(scene: Scene, browser: Any) -> None:
    l3, l2 = scene.tag("tier", "L3"), scene.tag("tier", "L2")
    browser(scene.server, "lihua").replace_on_column(FQN, "sjh", l3, l2)
    scene.pull()
    browser(scene.server, "wang").review(FQN, scene.tag("review", "confirmed"))
    decisions = scene.pull().decisions
    assert ("sjh", "tier", "L2", "李华、王芳", "L3") in told(decisions)
    assert sum(one.column == "sjh" and one.dimension == "tier" for one in decisions) == 1


def test_both_persons_may_have_acted_before_the_pull(scene: Scene, browser: Any) -> None:
    li, wang = browser(scene.server, "lihua"), browser(scene.server, "wang")
    l3, l2 = scene.tag("tier", "L3"), scene.tag("tier", "L2")
    li.replace_on_column(FQN, "sjh", l3, l2)
    wang.put_back(FQN, "sjh", l2)
    li.replace_on_column(FQN, "xm", l3, l2)
    li.review(FQN, scene.tag("review", "confirmed"))
    result = scene.pull()
    (agreed,) = [one for one in result.decisions if one.column == "sjh" and one.value == "L2"]
    acts = history_of(scene.bot.versions("table", scene.base.id), ()).acts
    assert (agreed.who, agreed.at) == ("王芳、李华", max(act.at for act in acts if act.paths == ("sjh",)))
    assert [(one.kind, one.column) for one in result.questions] == [("lowering", "xm")]


def test_a_raised_tier_ends_the_question_of_the_lower_one(scene: Scene, browser: Any) -> None:
    l4, l3, l2 = (scene.tag("tier", key) for key in ("L4", "L3", "L2"))
    browser(scene.server, "lihua").replace_on_column(FQN, "sjh", l3, l2)
    scene.pull()
    browser(scene.server, "wang").replace_on_column(FQN, "sjh", l2, l4)
    assert told(scene.pull().decisions) == [("sjh", "tier", "L4", "王芳", "L2")]
    assert scene.ledger.questions() == []


def test_a_table_deleted_for_good_and_made_anew_starts_anew(scene: Scene, browser: Any) -> None:
    table = scene.bot.get("table", FQN)
    assert table is not None
    scene.admin.delete("table", table["id"], hard=True)
    columns = [{"name": "zt", "dataType": "INT"}, {"name": "sjh", "dataType": "INT"}]
    li = browser(scene.server, "lihua", admin=True)
    li.client.put("table", {"name": "person", "databaseSchema": "dept-sys.default.default", "columns": columns})
    assert scene.pull().decisions == []
    li.label_column(FQN, "zt", add=[scene.tag("tier", "L2")])
    assert told(scene.pull().decisions) == [("zt", "tier", "L2", "李华", "L1")]
    assert scene.base.marks == []
    assert scene.base.id != table["id"]


def test_descriptions_of_ours_that_people_changed_come_back(scene: Scene, browser: Any) -> None:
    scene.store.people = PEOPLE
    browser(scene.server, "lihua").describe(FQN, "常住居民", None)
    browser(scene.server, "wang").describe(FQN, "本人手机号码", "sjh")
    browser(scene.server, "guest").describe(FQN, "乱写", "xm")
    browser(scene.server, "lihua").describe(FQN, "点号", "a.b")
    result = scene.pull()
    found = {(one.column, one.text, one.who) for one in result.descriptions}
    assert found == {(None, "常住居民", "李华"), ("sjh", "本人手机号码", "王芳"), ("a.b", "点号", "李华")}
    assert [(one.column, one.who) for one in result.kept] == [("xm", "guest")]
    assert scene.base.texts["sjh"] == "本人手机号码"
    assert "xm" not in scene.base.texts
    assert scene.pull().changed == 0
    assert len(scene.ledger.descriptions([KEY])) == 3
    acts = list(Trail(scene.store).acts("entry", KEY))
    assert {(act.verb, act.who, act.name, msgspec.json.decode(act.after)["text"]) for act in acts} == {
        ("describe", "lihua", "李华", "常住居民"),
        ("describe", "wangfang", "王芳", "本人手机号码"),
        ("describe", "lihua", "李华", "点号"),
    }
    assert verify(Trail(scene.store)).faults == ()


def test_emptied_descriptions_and_those_of_ours_are_no_persons_texts(scene: Scene, browser: Any) -> None:
    """Ours may differ from the base when a publication was cut off; empty ones are written again."""
    table = scene.bot.get("table", FQN)
    assert table is not None
    scene.bot.patch("table", table["id"], [{"op": "add", "path": "/description", "value": "新的"}])
    browser(scene.server, "lihua").patch(table["id"], [{"op": "remove", "path": "/columns/0/description"}])
    before = scene.base.texts
    result = scene.pull()
    assert (result.descriptions, result.kept) == ([], [])
    assert scene.base.texts == before


@pytest.mark.parametrize("fails", ["ask", "describe", "settle_question", "save_bases"])
def test_a_pull_cut_off_at_any_point_is_finished_by_the_next(
    scene: Scene, browser: Any, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    li, l2 = browser(scene.server, "lihua"), scene.tag("tier", "L2")
    li.replace_on_column(FQN, "sjh", scene.tag("tier", "L3"), l2)
    scene.pull()
    browser(scene.server, "wang").put_back(FQN, "sjh", l2)
    li.replace_on_column(FQN, "zt", scene.tag("tier", "L1"), l2)
    li.replace_on_column(FQN, "xm", scene.tag("tier", "L3"), l2)
    li.describe(FQN, "常住居民")

    def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, fails, broken)
        with pytest.raises(RuntimeError):
            scene.pull()
    scene.pull()
    assert sorted(told(scene.store.decisions(KEY)), key=str) == [
        ("sjh", "tier", "L2", "李华、王芳", "L3"),
        ("zt", "tier", "L2", "李华", "L1"),
    ]
    assert [(one.column, one.state) for one in scene.ledger.questions(None)] == [("sjh", "accepted"), ("xm", "open")]
    assert [one.text for one in scene.ledger.descriptions([KEY]).values()] == ["常住居民"]
    trail = Trail(scene.store)
    done = sorted((act.verb, act.name) for act in trail.acts() if act.verb != "decide")
    assert done == [("accept", "王芳"), ("ask", "李华"), ("ask", "李华"), ("describe", "李华")]
    assert verify(trail).faults == ()
    assert scene.pull().changed == 0


def test_a_dry_run_tells_and_keeps_nothing(scene: Scene, browser: Any) -> None:
    browser(scene.server, "lihua").replace_on_column(FQN, "zt", scene.tag("tier", "L1"), scene.tag("tier", "L2"))
    before = scene.base
    result = scene.pull(dry_run=True)
    assert told(result.decisions) == [("zt", "tier", "L2", "李华", "L1")]
    assert json.loads(json.dumps(result.as_json()))["decisions"][0]["value"] == "L2"
    assert scene.store.decisions() == []
    assert scene.base == before


def test_a_tag_that_no_pack_knows_is_asked_about_and_left(scene: Scene, browser: Any) -> None:
    scene.admin.put("tag", {"name": "绝密", "description": "d", "classification": "数据分级"})
    browser(scene.server, "lihua").replace_on_column(FQN, "zt", scene.tag("tier", "L1"), "数据分级.绝密")
    result = scene.pull()
    assert result.decisions == []
    assert [(one.kind, one.value, one.who) for one in result.questions] == [("conflict", "数据分级.绝密", "lihua")]
    assert [mark.fqn for _, mark in scene.base.seen] == ["数据分级.绝密"]


def test_categories_are_kept_as_people_set_them_and_decide_nothing(scene: Scene, browser: Any) -> None:
    """They follow from the data element."""
    category = scene.names.category("PI")
    browser(scene.server, "lihua").label_column(FQN, "zt", add=[category])
    result = scene.pull()
    assert (result.decisions, result.questions) == ([], [])
    assert [mark.fqn for _, mark in scene.base.seen] == [category]


@pytest.mark.parametrize("make", ["2.0"], indirect=True)
def test_fields_of_an_endpoint_come_back_like_columns(scene: Scene, browser: Any) -> None:
    scene.harvester({"sys": scene.source([scene.asset("person", *COLUMNS), scene.asset("查询", "sjh:手机号")])})
    scene.classify()
    service = {"name": "dept-sys", "serviceType": "Rest", "connection": {"config": {"type": "Rest"}}}
    scene.admin.put("apiService", service)
    scene.admin.put("apiCollection", {"name": "default", "service": "dept-sys", "endpointURL": "http://127.0.0.1/"})
    l3 = Mark(scene.tag("tier", "L3"))
    fields = [{"name": "sjh", "dataType": "STRING", "tags": [encoder(False)(l3)]}]
    body = {"name": "查询", "apiCollection": "dept-sys.default", "endpointURL": "http://127.0.0.1/q"}
    schema = {"schemaType": "JSON", "schemaFields": fields}
    made = scene.bot.put("apiEndpoint", {**body, "responseSchema": schema})
    base = Base("dept-sys.default.查询", made["id"], made["version"], marks=[("sjh", l3)])
    scene.ledger.save_bases({"dept/sys/查询": base}, AT)
    assert scene.pull().looked_at == 2
    li = browser(scene.server, "lihua", admin=True)
    value = {"tagFQN": scene.tag("tier", "L4"), "source": "Classification", "labelType": "Manual", "state": "Confirmed"}
    path = "/responseSchema/schemaFields/0/tags/0"
    li.client.patch("apiEndpoint", made["id"], [{"op": "replace", "path": path, "value": value}])
    result = scene.pull()
    assert [(one.asset, *told([one])[0]) for one in result.decisions] == [
        ("dept/sys/查询", "sjh", "tier", "L4", "李华", "L3")
    ]


def test_a_column_inside_a_column_comes_back_as_the_store_calls_it(scene: Scene, browser: Any) -> None:
    """``connector: openmetadata`` calls it ``column.field``."""
    table = scene.bot.get("table", FQN)
    assert table is not None
    scene.admin.delete("table", table["id"], hard=True)
    l1, l2, l3 = (scene.tag("tier", key) for key in ("L1", "L2", "L3"))
    field = {"name": "b", "dataType": "INT", "tags": [encoder(False)(Mark(l2, "Automated", "Suggested"))]}
    columns = [{"name": "a", "dataType": "STRUCT", "dataTypeDisplay": "struct<b:int>", "children": [field]}]
    body = {"name": "person", "databaseSchema": "dept-sys.default.default", "columns": columns}
    made = scene.bot.put("table", body)
    marks = [(f"a{NESTED}b", Mark(l2, "Automated", "Suggested"))]
    scene.ledger.save_bases({KEY: Base(FQN, made["id"], made["version"], marks=marks)}, AT)
    li, path = browser(scene.server, "lihua"), "/columns/0/children/0/tags"
    for person, tag in ((li, l3), (li, l1)):
        value = encoder(False)(Mark(tag, "Manual", "Confirmed"))
        person.patch(made["id"], [{"op": "replace", "path": f"{path}/0", "value": value}])
        result = scene.pull()
    assert told(scene.store.decisions(KEY)) == [("a.b", "tier", "L3", "李华", "L2")]
    assert [(one.kind, one.column, one.value) for one in result.questions] == [("lowering", "a.b", "L1")]
    wang = browser(scene.server, "wang")
    wang.patch(made["id"], [{"op": "remove", "path": f"{path}/0"}])
    value = encoder(False)(Mark(l1, "Manual", "Confirmed"))
    wang.patch(made["id"], [{"op": "add", "path": f"{path}/-", "value": value}])
    assert told(scene.pull().decisions) == [("a.b", "tier", "L1", "李华、王芳", "L3")]


def test_other_departments_are_not_looked_at(scene: Scene) -> None:
    assert scene.pull(departments=["other"]).looked_at == 0


def test_a_schema_that_cannot_be_read_is_a_failure_and_a_refused_token_stops_all(scene: Scene) -> None:
    scene.server.control("PUT", "faults", {"rate_503": 1.0})
    result = scene.pull()
    assert result.exit_code == 1
    assert result.failures[0].startswith("dept-sys.default.default: ")
    scene.server.control("PUT", "faults", {})
    stranger = OpenMetadata(scene.server.url, "bad.token.x", sleep=lambda seconds: None)
    with pytest.raises(NotAuthenticated):
        Puller(scene.store, scene.ledger, stranger, scene.names, PEOPLE, AT).run()
    stranger.close()


@pytest.mark.parametrize("make", ["2.0"], indirect=True)
def test_a_rejection_becomes_an_exception_of_the_tags_recognizers(make: Callable[..., Scene], browser: Any) -> None:
    scene = make(recognizers=True)
    pattern = {"type": "pattern", "patterns": [{"name": "p", "regex": "1[0-9]{10}", "score": 0.6}]}
    names = ("person.mobile-mobile", "person.id_card-id_card")
    recognizers = [{"name": name, "recognizerConfig": pattern} for name in names]
    tag = scene.admin.get("tag", scene.tag("tier", "L3"))
    assert tag is not None
    scene.admin.patch("tag", tag["id"], [{"op": "add", "path": "/recognizers", "value": recognizers}])
    browser(scene.server, "lihua").replace_on_column(FQN, "sjh", scene.tag("tier", "L3"), scene.tag("tier", "L4"))
    assert scene.pull().notices == []
    tag = scene.admin.get("tag", scene.tag("tier", "L3"))
    assert tag is not None
    mobile, card = tag["recognizers"]
    assert [one["entityLink"] for one in mobile["exceptionList"]] == [f"<#E::table::{FQN}::columns::sjh>"]
    assert mobile["exceptionList"][0]["reason"].startswith("李华于")
    assert not card.get("exceptionList")
