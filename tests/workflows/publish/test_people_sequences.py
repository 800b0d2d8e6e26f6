"""Sources change, people work and operators act, in orders that once lost something of a person's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from connectors.om_client import OpenMetadata

TABLE = "mz-rescue.default.default.t_000"
ID_CARD, L3, L4 = "数据元.公民身份号码", "数据分级.L3", "数据分级.L4"
Decided = set[tuple[str | None, str, str | None]]


class Address(NamedTuple):
    url: str
    tokens: dict[str, str]


class Scene:
    """One table, published; 张三 is a steward, 王五 may not rule."""

    def __init__(self, server: Any, site: Any, browser: Callable[..., Any]) -> None:
        self.server, self.site = server, site
        self.zhang, self.wang = browser(server, "zhang"), browser(server, "wang")
        self.publish()

    def publish(self) -> Any:
        done = self.site.publish()
        assert (done.failures, done.assets.failures) == ([], [])
        return done

    def settled(self) -> None:
        self.publish()
        assert self.site.publish().requests.keys() == {"GET"}

    def labels(self, column: str) -> dict[str, str]:
        """Tag or term → labelType."""
        columns = self.zhang.read(TABLE)["columns"]
        found = next(one for one in columns if one["name"] == column)
        return {label["tagFQN"]: label["labelType"] for label in found["tags"]}

    def pull(self) -> tuple[Decided, Decided]:
        """(column, dimension, value) of decisions and of questions."""
        pulled = self.site.pull()
        return tuple(
            {(one.column, one.dimension, one.value) for one in made} for made in (pulled.decisions, pulled.questions)
        )  # type: ignore[return-value]

    def sources(self, old: str, new: str) -> None:
        self.site.harvest(self.site.sql(1).replace(old, new))


@pytest.fixture(params=["1.2", "2.0"])
def scene(request: Any, warm_servers: Callable[[str], Any], published_site: Any, browser: Callable[..., Any]) -> Scene:
    server = warm_servers(request.param)
    return Scene(server, published_site(server, 1), browser)


@pytest.mark.parametrize("pulled", [True, False])
def test_a_column_whose_name_changes_case(scene: Scene, pulled: bool) -> None:
    """To servers it is the same column: what people put and took away there stands."""
    scene.zhang.label_column(TABLE, "sfzh", remove=[L3])
    scene.wang.label_column(TABLE, "sfzh", remove=["共享类型.授权共享"])
    scene.zhang.replace_on_column(TABLE, "lxdh", L3, L4)
    if pulled:
        scene.pull()
    scene.sources("`sfzh`", "`SFZH`")
    scene.settled()
    assert not {L3, "共享类型.授权共享"} & scene.labels("SFZH").keys()
    if not pulled:
        assert scene.pull() == ({("SFZH", "tier", None), ("lxdh", "tier", "L4")}, {("SFZH", "share", None)})
    assert scene.pull() == (set(), set())


@pytest.mark.parametrize("kind", ["varchar(200)", "varchar(100)"])
def test_a_column_whose_name_changes_case_and_that_holds_something_else(scene: Scene, kind: str) -> None:
    """What is ours is replaced, what people put on it stands: also when its type changes, which erases labels."""
    scene.zhang.label_column(TABLE, "qymc", add=["PII.Sensitive"])
    scene.sources("`qymc` varchar(200) COMMENT '企业名称'", f"`QYMC` {kind} COMMENT '法定代表人身份证号'")
    scene.settled()
    labels = scene.labels("QYMC")
    assert {ID_CARD, L3, "PII.Sensitive"} <= labels.keys()
    assert labels["PII.Sensitive"] == "Manual"


def test_a_described_column_whose_name_changes_case(scene: Scene) -> None:
    scene.zhang.describe(TABLE, "张三写的", "sfzh")
    scene.pull()
    scene.site.harvest(scene.site.sql(1))
    scene.settled()
    scene.sources("`sfzh` varchar(18) COMMENT '身份证号'", "`SFZH` varchar(18) COMMENT '身份证号码'")
    scene.settled()
    columns = scene.zhang.read(TABLE)["columns"]
    assert [one["description"] for one in columns if one["name"] == "SFZH"] == ["张三写的"]


def test_the_server_gets_another_address(scene: Scene) -> None:
    """Nothing is known of what was written there; what people took away stays away, and is pulled."""
    scene.zhang.label_column(TABLE, "sfzh", remove=[L3])
    scene.zhang.put_back(TABLE, "xm", L3)
    scene.site.connect(Address(scene.server.url.replace("127.0.0.1", "localhost"), scene.server.tokens))
    scene.settled()
    scene.zhang.label_column(TABLE, "xm", remove=[L3])
    scene.settled()
    assert L3 not in scene.labels("sfzh")
    assert L3 not in scene.labels("xm")
    assert scene.pull() == ({("sfzh", "tier", None), ("xm", "tier", None)}, set())


def test_what_was_confirmed_is_taken_away(scene: Scene) -> None:
    """Before the next pull, by whoever it is; by somebody who may not rule, also after it."""
    scene.zhang.put_back(TABLE, "sfzh", L3)
    scene.zhang.put_back(TABLE, "xm", L3)
    scene.zhang.review(TABLE, "审核状态.已确认")
    scene.pull()
    scene.site.harvest(scene.site.sql(1))
    scene.settled()
    scene.zhang.label_column(TABLE, "xm", remove=[L3])
    scene.wang.label_column(TABLE, "sfzh", remove=[L3])
    scene.wang.label_column(TABLE, "lxdh", remove=[L3])
    for _ in range(2):
        scene.settled()
        assert not [column for column in ("sfzh", "xm", "lxdh") if L3 in scene.labels(column)]
        scene.pull()


def test_a_column_that_is_retyped_after_a_person_worked_on_it(scene: Scene) -> None:
    """Their labels come back as theirs, and history still says whose they are."""
    scene.zhang.put_back(TABLE, "sfzh", L3)
    scene.zhang.replace_on_column(TABLE, "lxdh", L3, L4)
    scene.sources("varchar(18)", "char(18)")
    scene.settled()
    assert scene.labels("sfzh")[L3] == "Manual"
    assert scene.pull() == ({("sfzh", "tier", "L3"), ("lxdh", "tier", "L4")}, set())


@contextmanager
def tagged_term(scene: Scene) -> Iterator[None]:
    """The term of identity numbers brings L4 along meanwhile."""
    with OpenMetadata(scene.server.url, scene.server.admin_token) as admin:
        term = admin.get("glossaryTerm", ID_CARD)
        assert term is not None
        tags = [{"tagFQN": L4, "source": "Classification", "labelType": "Manual", "state": "Confirmed"}]
        admin.patch("glossaryTerm", term["id"], [{"op": "add", "path": "/tags", "value": tags}])
        try:
            yield
        finally:
            admin.patch("glossaryTerm", term["id"], [{"op": "remove", "path": "/tags/0"}])


def test_a_term_with_tags_comes_to_a_column_whose_name_changes_case(scene: Scene) -> None:
    with tagged_term(scene):
        scene.sources("`qymc` varchar(200) COMMENT '企业名称'", "`QYMC` varchar(200) COMMENT '法定代表人身份证号'")
        scene.settled()
    found = scene.labels("QYMC")
    assert L3 in found
    assert not {ID_CARD, L4} & found.keys()


@pytest.mark.parametrize("by_person", [True, False])
def test_a_term_that_has_got_tags_since(scene: Scene, by_person: bool) -> None:
    """A term of ours gives way to what stands there, ours gives way to a person's; no write is refused for it."""
    if by_person:
        scene.zhang.put_back(TABLE, "sfzh", ID_CARD)
    with tagged_term(scene):
        scene.sources("varchar(18)", "char(18)")
        scene.settled()
    found = scene.labels("sfzh")
    assert {name: found.get(name) for name in (ID_CARD, L4)} == (
        {ID_CARD: "Manual", L4: "Derived"} if by_person else {ID_CARD: None, L4: None}
    )
    assert (L3 in found) != by_person


def test_killed_after_a_deletion_of_ours(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source comes back before the next publication: so does the table, with what people did there."""
    from workflows.publish.removals import Remover

    scene.zhang.replace_on_column(TABLE, "lxdh", L3, L4)
    scene.site.accept_removals = True
    scene.site.connect(scene.server, removals={"share": 1.0})
    scene.site.harvest(scene.site.sql(1, dropped=[0], added=1))
    delete = Remover._delete

    def killed(self: Remover, item: Any) -> bool:
        delete(self, item)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Remover, "_delete", killed)
        with pytest.raises(KeyboardInterrupt):
            scene.site.publish()
    scene.site.harvest(scene.site.sql(1))
    scene.settled()
    assert scene.labels("lxdh")[L4] == "Manual"
