"""Settling questions: who may, what comes of it, and the command line around it. No server is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from classifiers.evidence import Decision
from classifiers.policy import load_pack
from connectors.om_version import Features, ServerVersion
from workflows import people
from workflows.acts.model import Conflict
from workflows.acts.trail import Trail
from workflows.acts.verify import verify
from workflows.classify import classify
from workflows.cli import cli
from workflows.errors import InputError, Refusal
from workflows.people import Person
from workflows.publish.ledger import Ledger, Question
from workflows.publish.lock import only_one
from workflows.publish.model import Base, Mark
from workflows.publish.questions import Actor, accept, refuse
from workflows.publish.vocabulary import Vocabulary, vocabulary
from workflows.server_settings import ServerSettings
from workflows.store import Store

AT = "2026-01-05T08:00:00+08:00"
LATER = "2026-01-07T09:00:00+08:00"
KEY = "dept/sys/person"
SERVER = "http://127.0.0.1:8585/api"
LI = Person(id="lihua", name="李华", departments=("dept",), roles=("steward",))
WANG = Person(id="wangfang", name="王芳", roles=("reviewer",))
OTHER = Person(id="zhao", name="赵云", departments=("other",), roles=("steward",))
ADMIN = Person(id="admin", name="管理员", roles=("admin",))
SITE = """
name: 测试
store: sqlite:///var/store.db
people:
  - {id: lihua, name: 李华, accounts: [lihua], departments: [dept], roles: [steward]}
  - {id: wangfang, name: 王芳, accounts: [wangfang], roles: [reviewer]}
  - {id: admin, name: 管理员, accounts: [root], roles: [admin]}
"""


def question(**more: Any) -> Question:
    values = {"kind": "author", "dimension": "tier", "value": "L4", "who": "guest", "at": AT, "column": "sjh"}
    return Question(**{"asset": KEY, "message": "guest改", "rejected": "L3", **values, **more})


@pytest.fixture
def names() -> Vocabulary:
    features = Features.of(ServerVersion((2, 0, 6), "2.0.6"))
    return vocabulary(load_pack("putuo-2020"), ServerSettings(url=SERVER, token="x"), features)


@pytest.fixture
def ledger(store: Store, harvester: Any, source: Any, asset: Any) -> Ledger:
    """One classified table: sjh and xm are L3."""
    harvester({"sys": source([asset("person", "xm:姓名", "sjh:手机号")])})
    run = store.start_run("classify", AT)
    classify(store, load_pack("putuo-2020"), {}, run=run, at=AT, as_of=date(2026, 1, 5))
    return Ledger(store, SERVER)


@pytest.fixture
def ask(ledger: Ledger) -> Callable[..., int]:
    def put(**more: Any) -> int:
        ledger.ask([question(**more)])
        return ledger.questions()[-1].id

    return put


def test_an_accepted_act_is_the_decision_of_who_accepts_it(ledger: Ledger, names: Vocabulary, ask: Any) -> None:
    ident = ask()
    found = accept(ledger.store, ledger, names, [ident, ident], Actor(LI), LATER, "核对无误")
    (kept,) = ledger.store.decisions(KEY)
    assert (kept.column, kept.value, kept.who, kept.at, kept.rejected) == ("sjh", "L4", "李华", LATER, "L3")
    assert kept.reason == "采纳guest在OpenMetadata中的修改：核对无误"
    assert kept.rule
    assert [one.state for one in found.settled] == ["accepted"]
    (settled,) = ledger.questions(None)
    assert (settled.state, settled.settled_by, settled.settled_at) == ("accepted", "李华", LATER)


def test_an_accepted_lower_tier_still_waits_for_a_second_person(ledger: Ledger, names: Vocabulary, ask: Any) -> None:
    accept(ledger.store, ledger, names, [ask(value="L2")], Actor(LI), LATER)
    assert ledger.store.decisions() == []
    (waits,) = ledger.questions()
    assert (waits.kind, waits.value, waits.who, waits.who_id) == ("lowering", "L2", "李华", "lihua")
    with pytest.raises(Refusal, match="李华 asked for the lower tier"):
        accept(ledger.store, ledger, names, [waits.id], Actor(LI), LATER)
    with pytest.raises(Refusal, match="for somebody else"):
        accept(ledger.store, ledger, names, [waits.id], Actor(LI, WANG), LATER)
    assert ledger.store.decisions() == []
    accept(ledger.store, ledger, names, [waits.id], Actor(WANG), LATER)
    (kept,) = ledger.store.decisions(KEY)
    assert (kept.value, kept.who) == ("L2", "李华、王芳")
    assert kept.reason == "李华于2026-01-07提出，王芳于2026-01-07同意"
    assert ledger.questions() == []


def test_another_name_is_no_second_person(ledger: Ledger, names: Vocabulary, ask: Any) -> None:
    ident = ask(kind="lowering", value="L2", who="李华", who_id="lihua")
    renamed = LI.model_copy(update={"name": "李晓华"})
    with pytest.raises(Refusal, match="李晓华 asked for the lower tier"):
        accept(ledger.store, ledger, names, [ident], Actor(renamed), LATER)
    namesake = WANG.model_copy(update={"name": "李华"})
    accept(ledger.store, ledger, names, [ident], Actor(namesake), LATER)
    assert ledger.store.decisions(KEY)[0].value == "L2"


def test_a_question_from_before_ids_were_kept_goes_by_its_name(ledger: Ledger, names: Vocabulary, ask: Any) -> None:
    ident = ask(kind="lowering", value="L2", who="李华")
    with pytest.raises(Refusal, match="李华 asked"):
        accept(ledger.store, ledger, names, [ident], Actor(LI), LATER)
    accept(ledger.store, ledger, names, [ident], Actor(WANG), LATER)
    assert ledger.questions() == []


def test_a_lower_tier_cannot_be_accepted_for_somebody_else(ledger: Ledger, names: Vocabulary, ask: Any) -> None:
    """Else that person could agree to what was recorded in their name, and one person would have done both."""
    with pytest.raises(Refusal, match="for somebody else"):
        accept(ledger.store, ledger, names, [ask(value="L2")], Actor(ADMIN, LI), LATER)
    assert len(ledger.questions()) == 1


def test_on_behalf_of_says_both_names(ledger: Ledger, names: Vocabulary, ask: Any) -> None:
    accept(ledger.store, ledger, names, [ask()], Actor(ADMIN, LI), LATER)
    assert ledger.store.decisions()[0].who == "李华（管理员代录）"


@pytest.mark.parametrize("person", [OTHER, ADMIN])
def test_only_who_may_rule_on_the_department_settles(
    ledger: Ledger, names: Vocabulary, ask: Any, person: Person
) -> None:
    idents = [ask()]
    with pytest.raises(Refusal, match="may not rule on dept"):
        accept(ledger.store, ledger, names, idents, Actor(person), LATER)
    with pytest.raises(Refusal, match="may not rule on dept"):
        refuse(ledger, names, idents, Actor(person), LATER)
    assert len(ledger.questions()) == 1


def test_all_or_none_is_settled(ledger: Ledger, names: Vocabulary, ask: Any) -> None:
    idents = [ask(), ask(kind="lowering", value="L2", who="李华"), 77]
    with pytest.raises(InputError, match="no open question 77"):
        accept(ledger.store, ledger, names, idents, Actor(LI), LATER)
    with pytest.raises(Refusal):
        accept(ledger.store, ledger, names, idents[:2], Actor(LI), LATER)
    assert len(ledger.questions()) == 2
    assert ledger.store.decisions() == []


def test_an_objection_is_only_closed(ledger: Ledger, names: Vocabulary, ask: Any) -> None:
    ident = ask(kind="objection", dimension="review", value="objected", column=None)
    assert accept(ledger.store, ledger, names, [ident], Actor(WANG), LATER).decisions == []
    assert ledger.questions() == []


def test_who_takes_over_a_confirmed_table_confirms_its_suggestions(ledger: Ledger, names: Vocabulary, ask: Any) -> None:
    ledger.store.add_decisions([Decision(KEY, "tier", "L4", "王芳", AT, "xm")])
    run = ledger.store.start_run("classify", AT)
    classify(ledger.store, load_pack("putuo-2020"), {}, run=run, at=AT, as_of=date(2026, 1, 5))
    ident = ask(dimension="review", value="confirmed", column=None, rejected="pending")
    found = accept(ledger.store, ledger, names, [ident], Actor(LI), LATER).decisions
    places = {(one.column, one.dimension) for one in found}
    dimensions = ("tier", "share", "open")
    columns = {(name, dimension) for name in ("xm", "sjh") for dimension in ("element", *dimensions)}
    columns.remove(("xm", "tier"))
    assert places == columns | {(None, dimension) for dimension in ("review", *dimensions)}
    assert {one.who for one in found} == {"李华"}
    assert next(one.value for one in found if (one.column, one.dimension) == ("sjh", "tier")) == "L3"


def test_the_asset_of_a_lower_tier_must_still_be_there(ledger: Ledger, names: Vocabulary, ask: Any) -> None:
    ident = ask(asset="dept/sys/gone", value="L2")
    with pytest.raises(InputError, match="no longer in the catalogue"):
        accept(ledger.store, ledger, names, [ident], Actor(LI), LATER)


def test_a_refused_label_is_ours_to_replace_and_a_refused_removal_undone(
    ledger: Ledger, names: Vocabulary, ask: Any
) -> None:
    lower = ("sjh", Mark(names.tag("tier", "L2"), "Manual", "Confirmed"))
    others = ("xm", Mark(names.tag("tier", "L2"), "Manual", "Confirmed"))
    term = ("xm", Mark(names.tag("element", "person.name"), source="Glossary"))
    table = ("", Mark(names.tag("share", "none")))
    ledger.save_bases({KEY: Base("x", seen=[lower, others], gone=[term, table])}, AT)
    removal = {"dimension": "element", "value": None, "rejected": "person.name", "column": "xm"}
    refuse(ledger, names, [ask(value="L2"), ask(**removal)], Actor(LI), LATER)
    base = ledger.bases([KEY])[KEY]
    assert (base.marks, base.seen, base.gone) == ([lower], [others], [table])
    assert ledger.store.decisions() == []
    assert {(one.state, one.settled_by) for one in ledger.questions(None)} == {("refused", "李华")}


def test_asking_and_settling_are_acts(ledger: Ledger, names: Vocabulary, ask: Any) -> None:
    """Also where no ruling comes of it."""
    ledger.store.people = (LI, WANG)
    objection = {"kind": "objection", "dimension": "review", "value": "objected", "column": None}
    refused, closed, lower = ask(value="L2"), ask(**objection), ask(value="L1", at=LATER)
    refuse(ledger, names, [refused], Actor(LI, WANG), LATER, "未经核实")
    accept(ledger.store, ledger, names, [closed, lower], Actor(WANG), LATER, "已说明")
    trail = Trail(ledger.store)
    assert [(act.verb, act.who, act.name, act.behalf, act.why) for act in trail.acts("decision", KEY)][3:] == [
        ("refuse", "wangfang、lihua", "王芳（李华代录）", "王芳", "未经核实"),
        ("ask", "wangfang", "王芳", "", "王芳将字段sjh的分级由L3 敏感级改为L1 公开级：目前为L3，降级须第二人同意"),
        ("accept", "wangfang", "王芳", "", "已说明"),
        ("accept", "wangfang", "王芳", "", "已说明"),
    ]
    told = msgspec.json.decode(next(trail.acts("decision", KEY, verb="refuse")).after)
    assert told["value"] == "L2"
    assert told["asked"] == AT
    assert verify(trail).faults == ()


def test_what_somebody_settled_meanwhile_is_told(
    ledger: Ledger, names: Vocabulary, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ident, other = ask(), ask(value="L2", column="xm")
    seen = ledger.questions()
    monkeypatch.setattr(Ledger, "questions", lambda *_: seen)
    accept(ledger.store, ledger, names, [ident], Actor(LI), LATER)
    with pytest.raises(Conflict, match=f"question {ident}: somebody else settled it meanwhile"):
        accept(ledger.store, ledger, names, [other, ident], Actor(WANG), LATER)
    assert len(ledger.store.decisions(KEY)) == 1


# --- the command line --------------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path, ledger: Ledger) -> Path:
    (tmp_path / "site.yaml").write_text(SITE, encoding="utf-8")
    (tmp_path / "openmetadata.yaml").write_text("url: ${OM_URL}\ntoken: ${NOT_SET}\n", encoding="utf-8")
    (tmp_path / "departments").mkdir()
    (tmp_path / "departments" / "dept.yaml").write_text(
        "department: {id: dept, name: 某局}\nsystems:\n  - {id: sys, connector: sqlite, path: x.sqlite}\n",
        encoding="utf-8",
    )
    return tmp_path


@pytest.fixture
def pdc(site: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("OM_URL", SERVER)

    def call(account: str, *args: object) -> Result:
        monkeypatch.setattr(people, "account", lambda: account)
        return CliRunner().invoke(cli, ["--site", str(site), "pending", *map(str, args)])

    return call


def test_pending_is_listed(pdc: Any, ask: Any) -> None:
    empty = pdc("nobody")
    assert (empty.exit_code, empty.stdout, empty.stderr) == (0, "", "0 pending\n")
    ident = ask(column=None)
    listed = pdc("nobody", "list")
    assert listed.exit_code == 0
    assert listed.stdout.splitlines()[1].split() == [str(ident), "author", KEY, "tier", "L4", "guest", AT, "guest改"]
    assert json.loads(pdc("nobody", "--json").stdout)[0]["id"] == ident


def test_accept_and_refuse_need_a_known_account(pdc: Any, ask: Any, ledger: Ledger) -> None:
    ident = ask()
    stranger = pdc("nobody", "accept", ident)
    assert stranger.exit_code == 2
    assert "names nobody with your account" in stranger.stderr
    assert pdc("lihua", "accept", ident, "--as", "钱某").exit_code == 2
    told = pdc("lihua", "accept", ident, "--reason", "核对无误")
    assert told.exit_code == 0
    assert "1 decisions" in told.stderr
    assert ledger.store.decisions()[0].who == "李华"


def test_a_second_account_is_needed_for_a_lower_tier(pdc: Any, ask: Any, ledger: Ledger) -> None:
    ident = ask(kind="lowering", value="L2", who="李华")
    assert pdc("lihua", "accept", ident).exit_code == 4
    assert pdc("lihua", "accept", ident, "--as", "wangfang").exit_code == 4
    assert pdc("root", "accept", ident).exit_code == 4
    told = pdc("wangfang", "accept", ident, "--json")
    assert told.exit_code == 0
    assert json.loads(told.stdout)["decisions"][0]["who"] == "李华、王芳"


def test_refuse_from_the_command_line(pdc: Any, ask: Any, ledger: Ledger, site: Path) -> None:
    ident = ask()
    with only_one(site / "var"):
        assert pdc("lihua", "refuse", ident).exit_code == 4
    assert pdc("lihua", "refuse", ident).exit_code == 0
    assert ledger.questions() == []


def test_questions_are_settled_without_a_server(pdc: Any, ask: Any, ledger: Ledger, site: Path) -> None:
    """They arise from ``pdc decide`` and ``pdc review import`` too."""
    (site / "openmetadata.yaml").unlink()
    accepted, refused = ask(kind="lowering", value="L2", who="李华"), ask(column="xm")
    told = pdc("wangfang", "accept", accepted)
    assert (told.exit_code, "1 decisions" in told.stderr) == (0, True), told.stderr
    assert pdc("wangfang", "refuse", refused).exit_code == 0
    assert [one.state for one in ledger.questions(None)] == ["accepted", "refused"]
    assert ledger.store.decisions()[0].who == "李华、王芳"
