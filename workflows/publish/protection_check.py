"""Reading back from the server what protects the assets, and what does not as the pack demands; writes nothing.

What is told is for stewards and reviewers, in Chinese. What no request can show is in `LIMITS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from classifiers.evidence import TIERS
from connectors.om_errors import IncompleteListing, NotFound, ServerBroken
from workflows.people import RULING, Person
from workflows.publish.definitions import plan_definitions
from workflows.publish.history import NESTED
from workflows.publish.merge import stored_labels
from workflows.publish.model import Change, Entity, WantedAsset
from workflows.publish.planner import by_parent
from workflows.publish.protect import GUARDED, Protecting
from workflows.publish.protection import ROLES, role
from workflows.publish.stored import Shelf
from workflows.publish.taxonomy import ORGANIZATION
from workflows.publish.vocabulary import MASK, MASKED
from workflows.publish.wanted import wanted_assets
from workflows.server_settings import DEPARTMENTS

LIMITS = (
    "搜索结果和变更记录不受查看限制约束，其中可见资产和信息项的名称、说明、标签（不含样例数据）。",
    "平台管理员不受策略约束，可以查看全部内容。",
    "单独登记的查询语句、数据质量检查的失败样本不带资产的分级标签，无法按级别限制。",
)
"""What a server does whatever the policies say, or cannot be matched by a tag of the asset."""
CONSUMER = "DataConsumer"
KIND_TITLES = {"policy": "策略", "role": "角色", "team": "团队", "tag": "标签", "classification": "分类"}
FIELD_TITLES = {
    "rules": "规则",
    "enabled": "启用状态",
    "policies": "所附策略",
    "defaultRoles": "所持角色",
    "": "整体",
}


class Gap(msgspec.Struct, frozen=True):
    """One thing that is not protected as demanded."""

    what: str
    """policy, role, team, person, consumer, asset, mask, sample, tier."""
    where: str
    """Full name of the entity."""
    text: str


class Checked(msgspec.Struct, kw_only=True):
    """What ``pdc protect --check`` found."""

    server: str
    server_version: str
    assets: int = 0
    """Assets of L3 and L4 that were looked at."""
    unpublished: int = 0
    """Assets of L3 and L4 that the server does not have."""
    gaps: list[Gap] = []
    limits: tuple[str, ...] = LIMITS

    @property
    def exit_code(self) -> int:
        return 1 if self.gaps else 0

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found | {"exit_code": self.exit_code}


class _Tiered(NamedTuple):
    wanted: WantedAsset
    tier: str


class Checker:
    """One look at one server."""

    def __init__(self, job: Protecting) -> None:
        self.job, self.client, self.names = job, job.client, job.names
        self._teams: dict[str, Entity | None] = {}

    def check(self) -> Checked:
        """Everything that is demanded and not so."""
        found = Checked(server=self.job.ledger.server, server_version=str(self.client.version))
        found.gaps += [*self._definitions(), *self._everybody(), *self._holders(), *self._people()]
        self._assets(found)
        return found

    # --- roles and policies ----------------------------------------------------------------------------------------

    def _definitions(self) -> Iterator[Gap]:
        changes, facts = plan_definitions(self.client, self.job.definitions, self.job.ledger.definitions())
        for change in (*changes, *facts.conflicts):
            if change.kind in GUARDED:
                yield Gap(change.kind, change.fqn, _of_definition(change))
            elif change.operation in ("create", "rename"):
                yield Gap("tier", change.fqn, f"标签尚未建立或尚未改名，针对它的策略不起作用：{change.fqn}")
        for failure in facts.failures:
            yield Gap("policy", self.job.ledger.server, f"无法读取：{failure}")

    def _team(self, name: str) -> Entity | None:
        if name not in self._teams:
            fields = ["users", "defaultRoles", "parents", "children"]
            self._teams[name] = self.client.get("team", name, fields)
        return self._teams[name]

    def _everybody(self) -> Iterator[Gap]:
        """DataConsumer lets everybody edit labels, unless everybody is a reader of ours, too."""
        found = self._team(ORGANIZATION) or {}
        held = {one["name"] for one in found.get("defaultRoles") or []}
        if CONSUMER in held and not held.intersection(role("reader")):
            yield Gap("consumer", ORGANIZATION, f"所有人都持有{CONSUMER}角色而不受限制，可以修改任何资产的标签和说明")

    def _holders(self) -> Iterator[Gap]:
        """Roles whose teams have nobody in them; a department's steward counts by department."""
        for department in self.job.site.departments:
            if DEPARTMENTS in self.job.rights.settings.roles.steward and not self._has_members(department.id, set()):
                title = ROLES["steward"][1]
                yield Gap("role", department.id, f"{department.name}的团队及其下级团队没有成员，无人持有“{title}”角色")
        teams = self.job.rights.settings.roles.reviewer
        if not any(self._has_members(team, set()) for team in teams):
            told = f"无人持有“{ROLES['reviewer'][1]}”角色：团队{'、'.join(teams) or '（未指定）'}没有成员"
            yield Gap("role", role("reviewer")[0], told)

    def _has_members(self, team: str, seen: set[str]) -> bool:
        found = self._team(team)
        if found is None or team in seen:
            return False
        children = [one["name"] for one in found.get("children") or []]
        return bool(found.get("users")) or any(self._has_members(one, seen | {team}) for one in children)

    def _people(self) -> Iterator[Gap]:
        """Who may rule by ``site.yaml`` and cannot on the server."""
        for person in self.job.site.people:
            if person.openmetadata and RULING.intersection(person.roles):
                yield from self._person(person, person.openmetadata)

    def _person(self, person: Person, login: str) -> Iterator[Gap]:
        user = self.client.get("user", login.lower(), ["teams", "roles"])
        if user is None:
            yield Gap("person", login, f"{person.name}（{login}）在 OpenMetadata 中没有帐号")
            return
        held = {one["name"] for one in user.get("roles") or []}
        for team in user.get("teams") or []:
            held |= self._roles_of(team["name"], set())
        if not held.intersection(role("steward", "reviewer", "admin")) and not user.get("isAdmin"):
            told = f"{person.name}（{login}）按 site.yaml 可以裁定标签，但在 OpenMetadata 中不持有相应角色"
            yield Gap("person", login, told)

    def _roles_of(self, team: str, seen: set[str]) -> set[str]:
        found = self._team(team)
        if found is None or team in seen:
            return set()
        held = {str(one["name"]) for one in found.get("defaultRoles") or []}
        return held.union(*(self._roles_of(one["name"], seen | {team}) for one in found.get("parents") or []))

    # --- assets ----------------------------------------------------------------------------------------------------

    def _assets(self, found: Checked) -> None:
        shelf = Shelf(self.client)
        job = self.job
        every = wanted_assets(job.store, job.site, job.pack, self.names, self.client.features)
        for group in by_parent(every):
            shelf.forget()
            for asset in group.assets:
                tier = self._tier(mark.fqn for mark in asset.marks)
                if tier in MASKED:
                    self._asset(found, shelf, _Tiered(asset, tier))

    def _tier(self, fqns: Iterable[str]) -> str:
        """The tier among tags; empty without one."""
        meanings = (self.names.meaning(fqn) for fqn in fqns)
        return max((found[1] for found in meanings if found and found[0] == "tier"), default="")

    def _asset(self, found: Checked, shelf: Shelf, asset: _Tiered) -> None:
        wanted = asset.wanted
        try:
            stored = shelf.find(wanted.kind, wanted.parent, wanted.fqn)
        except (IncompleteListing, NotFound, ServerBroken) as exc:
            found.gaps.append(Gap("asset", wanted.fqn, f"无法读取：{exc}"))
            return
        if stored is None or stored.get("deleted"):
            found.unpublished += 1
            return
        found.assets += 1
        found.gaps += [*self._rolled_up(asset, stored), *self._masks(asset, stored), *self._sample(asset, stored)]

    def _rolled_up(self, asset: _Tiered, stored: Entity) -> Iterator[Gap]:
        """Policies see the asset's own tag: without it, or with a lower one, none of them holds."""
        there = self._tier(label["tagFQN"] for label in stored.get("tags") or [])
        if not there:
            yield Gap("asset", asset.wanted.fqn, f"应为{asset.tier}，但资产上没有分级标签，查看限制不起作用")
        elif TIERS.index(there) < TIERS.index(asset.tier):
            yield Gap("asset", asset.wanted.fqn, f"应为{asset.tier}，资产上的分级标签却是{there}，查看限制偏松")

    def _masks(self, asset: _Tiered, stored: Entity) -> Iterator[Gap]:
        wanted = [one.name for one in asset.wanted.columns if any(mark.fqn == MASK for mark in one.marks)]
        masked = masked_columns(stored)
        bare = [name for name in wanted if name not in masked]
        if bare:
            yield Gap("mask", asset.wanted.fqn, f"信息项没有{MASK}标签，样例数据不会遮蔽：{'、'.join(bare)}")

    def _sample(self, asset: _Tiered, stored: Entity) -> Iterator[Gap]:
        """The highest tier's samples should not be stored at all, whoever may see them."""
        if asset.tier != TIERS[-1] or asset.wanted.kind != "table":
            return
        sample = self.client.sample(stored["id"])
        if sample and sample.get("rows"):
            yield Gap("sample", asset.wanted.fqn, f"{asset.tier}资产存有样例数据{len(sample['rows'])}行，应予清除")


def masked_columns(stored: Entity) -> set[str]:
    """Columns, fields of endpoints, and columns inside columns that bear the mask, by our names of them."""
    labels = stored_labels(stored).items()
    return {path.replace(NESTED, ".") for path, marks in labels if any(mark.fqn == MASK for mark in marks)}


def _of_definition(change: Change) -> str:
    title = KIND_TITLES.get(change.kind, change.kind)
    if change.operation == "create":
        return f"{title}不存在：{change.fqn}"
    what = FIELD_TITLES.get(change.field, change.field)
    if change.operation == "conflict":
        return f"{title}{change.fqn}的{what}被人改动，与规则包的要求不符（{change.reason}）"
    return f"{title}{change.fqn}的{what}与规则包的要求不符"
