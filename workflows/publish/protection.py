"""Roles and policies by which tiers are more than words on the server: as they should be, from pack and site.

What shapes them (reference, "Policies" and "Roles, policies"): everybody inherits DataConsumer, which lets everybody
edit tags and descriptions, so rights are taken by rules that deny, and a rule that denies wins. ``matchAnyTag`` sees
the labels of the asset itself alone, so tiers are matched by their roll-up. Only assets that bear one of our tags are
touched: whatever else the server holds stays as it was. Conditions use functions that 1.2 has, and are written anew
when a tag is called otherwise, since no server follows that.

Policies name roles in their conditions and roles need policies: the order here is that of dependency.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from classifiers.evidence import TIERS
from classifiers.platform_names import REVIEWS
from connectors.om_names import join_fqn
from connectors.om_version import Features
from workflows.publish.model import Definition, Entity
from workflows.publish.places import owners_of
from workflows.publish.taxonomy import ORGANIZATION
from workflows.publish.vocabulary import Vocabulary
from workflows.server_settings import DEPARTMENTS, ProtectionSettings

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from connectors.om_client import OpenMetadata

ROLES = {
    "admin": ("pdc-admin", "目录管理员", "管理本目录的全部资产和标签，不管理用户、角色和策略。"),
    "publisher": ("pdc-publisher", "目录发布程序", "发布程序的机器人所用：建立和更新本目录的资产、标签和分类。"),
    "remover": ("pdc-remover", "目录下线程序", "发布程序的机器人所用：下线已不存在的资产。"),
    "reviewer": ("pdc-reviewer", "数据审核员", "审核本目录全部资产的标签。"),
    "steward": ("pdc-steward", "数据管理员", "确认和修改本单位资产的标签。"),
    "reader": ("pdc-reader", "目录读者", "查看本目录，不修改标签和说明。"),
}
"""Our key → name, display name and description; in the order in which their policies may name each other."""
VIEWS = {"sample_data": "ViewSampleData", "profile": "ViewDataProfile", "queries": "ViewQueries"}
VIEW_TITLES = {"sample_data": "样例数据", "profile": "数据概况", "queries": "查询语句"}
"""View of a pack's ``protection`` → the server's operation, and what readers call it."""
BOT_SUFFIX = "BotRole"
"""How the roles of the server's own bots end: stock connectors go on writing."""
TEXTS = ("description", "displayName")
KINDS = (
    *("databaseService", "database", "databaseSchema", "table"),
    *("classification", "tag", "glossary", "glossaryTerm", "domain"),
)
API_KINDS = ("apiService", "apiCollection", "apiEndpoint")
ASSETS = ("apiEndpoint", "table")
VIEWED = (*KINDS, *API_KINDS, "query", "team", "user")

Rule = dict[str, Any]


class Operations(NamedTuple):
    """What this server calls the rights that differ between versions."""

    labels: tuple[str, ...]
    owner: str
    write: tuple[str, ...]

    @classmethod
    def among(cls, known: Collection[str], features: Features) -> Operations:
        """From the operations that the server lists; what it does not know it would refuse (400)."""
        labels = [name for name in ("EditTags", "EditGlossaryTerms") if name == "EditTags" or name in known]
        bulk = [name for name in ("BulkCreate", "BulkUpdate") if name in known]
        listed = [name for name in ("EditOwners", "EditOwner") if name in known]
        owner = listed[0] if listed else "EditOwners" if features.owners else "EditOwner"
        return cls(tuple(labels), owner, ("Create", "EditAll", *bulk))


class Rights(NamedTuple):
    """All that rules are made from."""

    pack: Pack
    names: Vocabulary
    operations: Operations
    bots: tuple[str, ...]
    """Roles of the server's own bots."""

    @property
    def settings(self) -> ProtectionSettings:
        return self.names.settings.protection

    @property
    def api(self) -> bool:
        return self.names.features.api_services

    @property
    def assets(self) -> tuple[str, ...]:
        return ASSETS if self.api else ("table",)

    @property
    def kinds(self) -> tuple[str, ...]:
        return (*KINDS, *(API_KINDS if self.api else ()))

    @property
    def ours(self) -> str:
        """Holds for assets that bear a tier or a review state of ours."""
        tags = [self.names.tag("tier", tier) for tier in TIERS]
        return any_tag(*tags, *(self.names.review(key) for key in REVIEWS))


def read_rights(client: OpenMetadata, pack: Pack, names: Vocabulary) -> Rights:
    """Asks the server what its operations are called and which roles its bots have; two requests."""
    operations = Operations.among(client.permissions("table").keys(), client.features)
    own = {name for name, _, _ in ROLES.values()}
    found = sorted(role["name"] for role in client.list("role") if role["name"].endswith(BOT_SUFFIX))
    return Rights(pack, names, operations, tuple(name for name in found if name not in own))


# --- conditions and rules ------------------------------------------------------------------------------------------


def quoted(*names: str) -> str:
    """Texts of the Spring Expression Language.

    >>> quoted("数据分级.L4", "it's")
    "'数据分级.L4', 'it''s'"
    """
    return ", ".join("'" + name.replace("'", "''") + "'" for name in names)


def any_tag(*fqns: str) -> str:
    return f"matchAnyTag({quoted(*fqns)})"


def but(*roles: str) -> str:
    """Holds for who has none of the roles; nothing at all without a role."""
    return f" && !hasAnyRole({quoted(*roles)})" if roles else ""


def role(*keys: str) -> tuple[str, ...]:
    return tuple(ROLES[key][0] for key in keys)


def rule(
    name: str, effect: str, operations: Iterable[str], resources: Iterable[str], condition: str = "", text: str = ""
) -> Rule:
    """As servers store it: operations and resources sorted."""
    found: Rule = {
        "name": name,
        "description": text,
        "effect": effect,
        "operations": sorted(operations),
        "resources": sorted(resources, key=str.lower),
    }
    return {**found, "condition": condition} if condition else found


def see() -> Rule:
    return rule("view", "allow", ["ViewAll"], VIEWED, text="查看目录中的资产、标签、术语和单位。")


def edits(rights: Rights) -> list[str]:
    """What may be edited of an asset beside its labels."""
    return ["EditDescription", "EditDisplayName"] if rights.settings.descriptions else []


def kept_from(rights: Rights, condition: str) -> Rule:
    """What neither stewards nor reviewers do, though they own the asset: an owner may do all."""
    denied = ["Delete", rights.operations.owner]
    denied += [] if rights.settings.descriptions else ["EditDescription", "EditDisplayName"]
    return rule("keep", "deny", denied, rights.assets, condition, "不得改变资产的归属，不得删除资产。")


# --- the policies of roles -----------------------------------------------------------------------------------------


def admin_rules(rights: Rights) -> list[Rule]:
    return [see(), rule("all", "allow", ["All"], rights.kinds, text="管理本目录的资产、标签和分类。")]


def publisher_rules(rights: Rights) -> list[Rule]:
    """The least that publishing needs (reference, "A least-privilege bot"): no Delete, no users, roles, policies."""
    return [
        rule("define", "allow", ["Create"], ["type"], text="定义自定义属性。"),
        # EditAll, which a PUT of an existing entity needs, would cover them.
        rule("content", "deny", ["EditDataProfile", "EditSampleData"], ["table"], text="不得写入样例数据和数据概况。"),
        rule("lineage", "allow", ["EditLineage"], [*rights.assets, "lineage"], text="写入血缘。"),
        rule("view", "allow", ["ViewAll"], ["All"], text="查看。"),
        rule("write", "allow", rights.operations.write, rights.kinds, text="建立和更新。"),
    ]


def remover_rules(rights: Rights) -> list[Rule]:
    return [rule("delete", "allow", ["Delete"], rights.assets, text="下线已不存在的资产。")]


def reviewer_rules(rights: Rights) -> list[Rule]:
    allowed = [*rights.operations.labels, *edits(rights)]
    return [
        see(),
        rule("labels", "allow", allowed, rights.assets, rights.ours, "确认和修改标签。"),
        kept_from(rights, rights.ours + but(*role("admin"))),
    ]


def steward_rules(rights: Rights) -> list[Rule]:
    """``matchTeam()``: the asset's owner and the person are both in the team that holds the role, or below it."""
    own, others = "(matchTeam() || isOwner())", " && !matchTeam() && !isOwner()"
    allowed, above = [*rights.operations.labels, *edits(rights)], role("reviewer", "admin")
    denied = {*rights.operations.labels, "EditDescription"}
    return [
        see(),
        rule("labels", "allow", allowed, rights.assets, own, "确认和修改本单位资产的标签。"),
        rule("others", "deny", denied, rights.assets, rights.ours + others + but(*above), "不得修改其他单位的资产。"),
        kept_from(rights, rights.ours + but(*role("reviewer", "admin"))),
        *(
            rule(
                f"{tier} {view}",
                "deny",
                [VIEWS[view]],
                ["table"],
                any_tag(rights.names.tag("tier", tier)) + others + but(*role(*roles)),
                f"不得查看其他单位{tier}资产的{VIEW_TITLES[view]}。",
            )
            for tier, view, roles in closed_views(rights.pack)
            if "steward" in roles
            for roles in [[one for one in roles if one != "steward"]]
        ),
    ]


def reader_rules(rights: Rights) -> list[Rule]:
    """Takes away what DataConsumer lets everybody do; who has been made owner by somebody keeps it."""
    spared = but(*role("steward", "reviewer", "admin", "publisher"), *rights.bots)
    denied = {*rights.operations.labels, "EditDescription"}
    condition = f"{rights.ours} && !isOwner(){spared}"
    return [see(), rule("edits", "deny", denied, rights.assets, condition, "不得修改本目录资产的标签和说明。")]


RULES = {
    "admin": admin_rules,
    "publisher": publisher_rules,
    "remover": remover_rules,
    "reviewer": reviewer_rules,
    "steward": steward_rules,
    "reader": reader_rules,
}


# --- the policies of everybody ---------------------------------------------------------------------------------------


def closed_views(pack: Pack) -> Iterator[tuple[str, str, Sequence[str]]]:
    """(tier, view, roles that may see it) of the views that are not open to everybody."""
    for tier, found in sorted(pack.body.protection.items()):
        yield from ((tier, view, roles) for view, roles in found.closed().items())


def tier_rules(rights: Rights, tier: str) -> list[Rule]:
    return [
        rule(
            view,
            "deny",
            [VIEWS[view]],
            ["table"],
            any_tag(rights.names.tag("tier", tier)) + but(*role(*roles)),
            f"{tier}资产的{VIEW_TITLES[view]}只对规定的角色开放。",
        )
        for one, view, roles in closed_views(rights.pack)
        if one == tier
    ]


def ownerless_rules(rights: Rights) -> list[Rule]:
    """OrganizationPolicy lets anybody take what has no owner."""
    condition = f"noOwner() && {rights.ours}{but(*role('admin', 'publisher'), *rights.bots)}"
    return [rule("take", "deny", [rights.operations.owner], rights.assets, condition, "不得自行认领无主资产。")]


def everybody(rights: Rights) -> Iterator[tuple[str, str, str, list[Rule]]]:
    """(key, name, display name, rules) of the policies that hold for all, whatever their roles."""
    for tier in TIERS:
        rules = tier_rules(rights, tier)
        if rules:
            yield f"tier/{tier}", f"pdc-tier-{tier}", f"{tier}资产的查看限制", rules
    yield "ownerless", "pdc-ownerless", "无主资产不得认领", ownerless_rules(rights)


# --- definitions -----------------------------------------------------------------------------------------------------


def policy_definition(key: str, name: str, title: str, text: str, rules: list[Rule]) -> Definition:
    body: Entity = {
        "name": name,
        "displayName": title,
        "description": text,
        "enabled": True,
        "rules": sorted(rules, key=lambda one: str(one["name"])),
    }
    return Definition(f"policy/{key}", "policy", join_fqn(name), body, TEXTS)


def role_definitions(rights: Rights, keys: Iterable[str] = ROLES) -> Iterator[Definition]:
    """Each role after its policy."""
    for key in keys:
        name, title, text = ROLES[key]
        yield policy_definition(key, name, f"{title}的权限", text, RULES[key](rights))
        body: Entity = {"name": name, "displayName": title, "description": text, "policies": [join_fqn(name)]}
        yield Definition(f"role/{key}", "role", join_fqn(name), body, TEXTS)


def protections(rights: Rights) -> list[Definition]:
    """Roles and policies, in order of dependency; the tags that they name must be there before."""
    text = "由公共数据目录按资产分级设置，依据规则包的 protection。"
    common = (policy_definition(key, name, title, text, rules) for key, name, title, rules in everybody(rights))
    return [*role_definitions(rights), *common]


def holders(rights: Rights, departments: Sequence[str]) -> dict[str, Entity]:
    """Team → what it holds of ours: ``defaultRoles``, and for everybody's team ``policies``."""
    found: dict[str, Entity] = {ORGANIZATION: {"defaultRoles": []}}
    given: Mapping[str, Sequence[str]] = rights.settings.roles.model_dump()
    for key, teams in given.items():
        for team in (name for one in teams for name in (departments if one == DEPARTMENTS else [one])):
            roles = found.setdefault(team, {"defaultRoles": []})["defaultRoles"]
            roles += [join_fqn(name) for name in role(key) if join_fqn(name) not in roles]
    found[ORGANIZATION]["policies"] = [join_fqn(name) for _, name, _, _ in everybody(rights)]
    return found


def protected(definitions: Sequence[Definition], rights: Rights, departments: Sequence[str]) -> list[Definition]:
    """The definitions with roles and policies after the tags, and teams that hold them.

    ``departments``: ids of all of the site, since ``*`` means all, whatever is published.
    """
    held = holders(rights, departments)
    found = [_holding(item, held) for item in definitions]
    teams = [at for at, item in enumerate(found) if item.kind == "team"]
    first, last = (teams[0], teams[-1] + 1) if teams else (len(found), len(found))
    ours = {*departments, *map(owners_of, departments)}
    rest = [_team(name, body, rights) for name, body in held.items() if name not in ours]
    return [*found[:first], *protections(rights), *found[first:last], *rest, *found[last:]]


def _holding(item: Definition, held: Mapping[str, Entity]) -> Definition:
    if item.kind != "team" or item.body["name"] not in held:
        return item
    return Definition(item.key, item.kind, item.fqn, {**item.body, **held[item.body["name"]]}, item.texts)


def _team(name: str, body: Entity, rights: Rights) -> Definition:
    """A team that is not a department's; made as a Group where there is none."""
    if name == ORGANIZATION:
        return Definition(f"holder/{name}", "team", join_fqn(name), {"name": name, **body}, ())
    titles = [title for one, title, _ in ROLES.values() if join_fqn(one) in body["defaultRoles"]]
    made: Entity = {"name": name, "displayName": "、".join(titles), "teamType": "Group", "parents": [ORGANIZATION]}
    # One that is there already may be of any type.
    return Definition(
        f"holder/{name}", "team", join_fqn(name), {**made, "isJoinable": False, **body}, (*TEXTS, "teamType")
    )
