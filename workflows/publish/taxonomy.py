"""Everything on the server that is no asset and must be there before one: as it should be, in the order of writing.

Classifications, tags, the glossary of data elements, custom properties, domains, teams, services and what lies between
them and tables (design section 6). Bodies are those of the REST API's create requests; references are names
(FQNs), which the writer resolves just before it writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from classifiers.evidence import TIERS
from classifiers.platform_names import GROUPS
from connectors.om_names import child_fqn, join_fqn, property_name
from connectors.om_version import Features
from workflows.catalogue import citation_line
from workflows.publish.model import Definition, Entity
from workflows.publish.places import Place, is_existing, owners_of, services
from workflows.publish.vocabulary import Named, Vocabulary
from workflows.recognizer_export import export
from workflows.store import digest

if TYPE_CHECKING:
    from classifiers.policy import Pack
    from workflows.settings import Department, Site, SystemSettings

SOURCE_CLASS = "connectors.openmetadata.DepartmentSource"
NATIVE_TYPES = {"postgresql": "Postgres", "mysql": "Mysql", "mariadb": "MariaDB", "sqlite": "SQLite"}
"""Connector → the server's own service type (``native_service_types``)."""
LONGEST_KEY = 255
ORGANIZATION = "Organization"
"""The root team of every server."""

CLASSIFICATION_TEXTS = {
    "tier": "公共数据的敏感级别，L1最低，L4最高；表的级别取其信息项中最高的一级。",
    "share": "公共数据在政务部门之间的共享类型；表的类型取其信息项中最严的一种。",
    "open": "公共数据向社会的开放类型；表的类型取其信息项中最严的一种。",
    "importance": "重要数据、核心数据的认定，只由人认定，机器不给出。",
    "review": "一张表的标签是否已由数据提供单位审核。改为“已确认”即确认该表现有的全部建议，改为“有异议”即请求复核。",
    "category": "信息项所属的数据类别，由数据元得出；一张表可有多个。",
    "element": "公共数据的数据元，一个信息项对应一个数据元；分级、共享和开放的建议由它得出。",
}
TAG_TEXTS: dict[str, dict[str, str]] = {
    "tier": {
        "L1": "公开后不损害个人、组织合法权益和公共利益的数据。",
        "L2": "限机关内部使用的数据，公开可能造成轻微影响。",
        "L3": "含个人信息或敏感信息的数据，泄露会损害个人、组织权益，使用须经授权。",
        "L4": "含敏感个人信息、凭据等的数据，泄露会造成严重损害，须严格限制访问。",
    },
    "share": {
        "unconditional": "可以提供给各政务部门共享使用。",
        "conditional": "按照条件提供给有关政务部门共享使用，须说明理由并有依据。",
        "none": "依法不能提供给其他政务部门共享使用，须说明理由并有依据。",
    },
    "open": {
        "unconditional": "可以提供给社会公众使用。",
        "conditional": "在安全、时效等条件得到满足时向社会开放。",
        "none": "依法不得向社会开放。",
    },
    "importance": {
        "general": "不属于重要数据、核心数据。",
        "suspected": "可能属于重要数据，待有权部门认定。",
        "important": "经认定的重要数据。",
        "core": "经认定的核心数据。",
    },
    "review": {
        "pending": "标签由机器建议，待数据提供单位审核。",
        "confirmed": "数据提供单位已确认该表的标签。",
        "objected": "数据提供单位对该表的标签有异议，待复核。",
    },
}
GREEN, BLUE, ORANGE, RED, DARK_RED, GREY = "#2e7d32", "#1565c0", "#ef6c00", "#c62828", "#7f0000", "#757575"
ACCESS_COLOURS = {"unconditional": GREEN, "conditional": ORANGE, "none": RED}
COLOURS: dict[str, dict[str, str]] = {
    "tier": {"L1": GREEN, "L2": BLUE, "L3": ORANGE, "L4": RED},
    "share": ACCESS_COLOURS,
    "open": ACCESS_COLOURS,
    "importance": {"general": GREY, "suspected": ORANGE, "important": RED, "core": DARK_RED},
    "review": {"pending": GREY, "confirmed": GREEN, "objected": RED},
}
ASSET_PROPERTIES = (
    ("resourceCode", "信息资源代码", "string", "编目时给出的代码，长期不变。"),
    ("updateCycle", "更新周期", "string", "数据提供单位填报的更新周期。"),
    ("shareCondition", "共享条件", "string", "无条件，或共享的条件、理由和依据。"),
    ("shareBasis", "共享依据", "string", "共享类型所依据的条款。"),
    ("shareMethod", "共享方式", "string", "通过共享平台提供的方式。"),
    ("openCondition", "开放条件", "string", "无条件，或开放的条件、理由和依据。"),
    ("resourceFormat", "信息资源格式", "string", "编目指南的格式大类和具体类型。"),
    ("provider", "信息资源提供方", "string", "数据提供单位的名称。"),
    ("providerCode", "信息资源提供方代码", "string", "数据提供单位的统一社会信用代码。"),
    ("dataSource", "数据来源", "string", "业务系统和其中的表名。"),
    ("publishDate", "发布日期", "string", "目录首次发布的日期。"),
    ("withheldColumns", "不编目字段数", "integer", "口令、密钥等不作为信息项编目的字段个数。"),
)
"""Custom properties of tables and endpoints: name, Chinese name, type, what it says. All but one are strings: 1.2 has
no enumeration, and a server that is upgraded must not need another type."""
ITEM_PROPERTIES = (
    ("itemType", "数据类型", "string", "编目指南的数据类型。"),
    ("shareBasis", "共享依据", "string", "该信息项共享类型所依据的条款。"),
    ("openBasis", "开放依据", "string", "该信息项开放类型所依据的条款。"),
)
"""Custom properties of columns, where the server has them."""


def definitions(
    site: Site,
    pack: Pack,
    vocabulary: Vocabulary,
    features: Features,
    places: Iterable[Place] = (),
    departments: Sequence[str] = (),
) -> list[Definition]:
    """In order of dependency. ``places``: of every wanted asset (`wanted.wanted_places`), for what they stand in.

    ``departments``: ids, none = all; vocabulary and properties are the same for every department. Raises
    ``ConfigurationError`` when two systems or teams would have one name.
    """
    chosen = site.select(departments)
    containers = sorted({place._replace(name="") for place in places})
    endpoints = any(place.kind == "endpoint" for place in containers)
    return [
        *_tags(pack, vocabulary, features),
        *_terms(pack, vocabulary),
        *_properties(features, endpoints),
        *(_domain(one) for one in chosen),
        *(_team(one) for one in chosen),
        *(_owners(one) for one in chosen),
        *_containers(site, chosen, vocabulary, features, containers),
    ]


# --- classifications and the glossary ------------------------------------------------------------------------------


def _tags(pack: Pack, names: Vocabulary, features: Features) -> Iterator[Definition]:
    native = _native(pack) if names.settings.recognizers and features.recognizers else {}
    for dimension, name in names.groups.items():
        if dimension != "element":
            yield _classification(names, dimension, name, native)
    for named in names.named.values():
        if named.dimension != "element":
            yield _tag(pack, names, named, native)


def _native(pack: Pack) -> dict[str, Entity]:
    """Key of a tier, or ``""`` for the classification → fields of automatic classification."""
    document = export(pack)
    wanted = ("autoClassificationEnabled", "autoClassificationPriority", "recognizers")
    found: dict[str, Entity] = {tag["name"]: {name: tag[name] for name in wanted} for tag in document["tags"]}
    found[""] = {"autoClassificationConfig": document["classification"]["autoClassificationConfig"]}
    return found


def _classification(names: Vocabulary, dimension: str, name: str, native: dict[str, Entity]) -> Definition:
    body: Entity = {
        "name": name,
        "displayName": GROUPS["han"][dimension],
        "description": CLASSIFICATION_TEXTS[dimension],
        "mutuallyExclusive": name in names.exclusive,
    }
    if dimension == "tier":
        body |= native.get("", {})
    return Definition(f"classification/{dimension}", "classification", join_fqn(name), body)


def _tag(pack: Pack, names: Vocabulary, named: Named, native: dict[str, Entity]) -> Definition:
    dimension, key = named.dimension, named.key
    body: Entity = {
        "name": named.name,
        "classification": join_fqn(names.groups[dimension]),
        "displayName": named.title,
        "description": tag_text(pack, dimension, key, named.title),
    }
    colour = COLOURS.get(dimension, {}).get(key)
    if colour:
        body["style"] = {"color": colour}
    if dimension == "tier":
        body |= native.get(key, {})
    return Definition(f"tag/{dimension}/{key}", "tag", named.fqn, body)


def tag_text(pack: Pack, dimension: str, key: str, title: str) -> str:
    """What the tag means and on which article it rests."""
    if dimension == "category":
        held = [element.zh for element in pack.elements.values() if element.category == key and not element.variants]
        return f"{title}（{key}），包括{'、'.join(held[:8])}{'等' if len(held) > 8 else ''}。"
    meaning = TAG_TEXTS.get(dimension, {}).get(key, f"{title}。")
    basis = "、".join(citation_line(pack, cited) for cited in _basis(pack, dimension, key))
    return meaning + (f"依据：{basis}。" if basis else "")


def _basis(pack: Pack, dimension: str, key: str) -> Sequence[str]:
    """The citation that the dimension's rules rest on most often where they give this value."""
    if dimension == "tier":
        return pack.body.tier_basis
    rules = {"share": pack.body.share_rules, "open": pack.body.open_rules}.get(dimension, ())
    cited = Counter(basis for rule in rules if rule.value == key for basis in rule.basis)
    return [basis for basis, _ in cited.most_common(1)]


def _terms(pack: Pack, names: Vocabulary) -> Iterator[Definition]:
    """The glossary and its terms. It gets no reviewers: with them every new term would be a draft."""
    glossary = names.glossary
    yield Definition(
        "glossary",
        "glossary",
        join_fqn(glossary),
        {
            "name": glossary,
            "displayName": "数据元",
            "description": CLASSIFICATION_TEXTS["element"],
            "mutuallyExclusive": False,
        },
    )
    for named in names.named.values():
        if named.dimension == "element":
            body = {
                "name": named.name,
                "glossary": join_fqn(glossary),
                "displayName": named.title,
                "description": term_text(pack, names, named.key),
            }
            yield Definition(f"term/{named.key}", "glossaryTerm", named.fqn, body)


def term_text(pack: Pack, names: Vocabulary, element: str) -> str:
    """Category and tier of a data element."""
    category = pack.elements[element].category
    known = names.named.get(("category", category))
    tier = names.named["tier", pack.base_tier(element)].title
    least = "" if pack.base_tier(element) == TIERS[-1] else "，视表的主题和组合可能更高"
    about = f"数据元“{pack.display('element', element)}”（{element}）"
    return f"{about}。类别：{known.title if known else category}；基本分级：{tier}{least}。"


# --- custom properties ---------------------------------------------------------------------------------------------


def _properties(features: Features, endpoints: bool) -> Iterator[Definition]:
    yield from (_property("table", *row, features) for row in ASSET_PROPERTIES)
    if features.column_properties:
        yield from (_property("tableColumn", *row, features) for row in ITEM_PROPERTIES)
    if endpoints:
        yield from (_property("apiEndpoint", *row, features) for row in ASSET_PROPERTIES)


def _property(entity: str, name: str, title: str, kind: str, text: str, features: Features) -> Definition:
    body: Entity = {"name": property_name(name), "description": f"{title}：{text}", "propertyType": kind}
    # Not among the fields of 1.2, and seen in the models of 2.0 first.
    if features.enum_properties:
        body["displayName"] = title
    return Definition(f"property/{entity}/{name}", "type", join_fqn(entity, name), body)


# --- departments ---------------------------------------------------------------------------------------------------


def _domain(department: Department) -> Definition:
    body = {
        "name": department.id,
        "displayName": department.name,
        "description": f"{department.name}的公共数据资源。",
        "domainType": "Source-aligned",
    }
    return Definition(f"domain/{department.id}", "domain", join_fqn(department.id), body)


def _team(department: Department) -> Definition:
    """A department's team; teams of this type may not own, its Group may."""
    body = {
        "name": department.id,
        "displayName": department.name,
        "description": f"数据提供单位：{department.name}。",
        "teamType": "Department",
        "parents": [ORGANIZATION],
        "isJoinable": False,
    }
    return Definition(f"team/{department.id}", "team", join_fqn(department.id), body)


def _owners(department: Department) -> Definition:
    """The Group that owns the department's assets. An owner may do all, so nobody joins it by himself."""
    name = owners_of(department.id)
    section = f"（{department.section}）" if department.section else ""
    body = {
        "name": name,
        "displayName": f"{department.name}数据管理组",
        "description": f"{department.name}数据资源的责任人{section}。",
        "teamType": "Group",
        "parents": [join_fqn(department.id)],
        "isJoinable": False,
    }
    return Definition(f"owners/{department.id}", "team", join_fqn(name), body)


# --- what assets stand in ------------------------------------------------------------------------------------------


def _containers(
    site: Site, chosen: Sequence[Department], names: Vocabulary, features: Features, places: Sequence[Place]
) -> Iterator[Definition]:
    names_of = services(site)
    for department in chosen:
        for system in department.systems:
            service = names_of.get((department.id, system.id))
            if service is None or is_existing(system):
                continue
            own = [place for place in places if place.service == service]
            key = f"{department.id}/{system.id}"
            if any(place.kind == "table" for place in own):
                yield _service(department, system, service, names, features)
                yield from _databases(key, [place for place in own if place.kind == "table"])
            if any(place.kind == "endpoint" for place in own):
                yield _api_service(department, system, service, features)
                yield from (_collection(key, place) for place in own if place.kind == "endpoint")


def _service(
    department: Department, system: SystemSettings, service: str, names: Vocabulary, features: Features
) -> Definition:
    native = NATIVE_TYPES.get(system.connector or "") if names.settings.native_service_types else None
    body = _described(department, system, service, features)
    body |= {"serviceType": native or "CustomDatabase", "connection": {"config": _connection(native)}}
    return Definition(
        f"service/{department.id}/{system.id}", "databaseService", join_fqn(service), body, _texts(features)
    )


def _connection(native: str | None) -> Entity:
    """Always sent: without one 1.2 answers later writes with 500. Of native types only what the server insists on."""
    if native is None:
        return {"type": "CustomDatabase", "sourcePythonClass": SOURCE_CLASS}
    unset = "unset"
    needed: dict[str, tuple[str, ...]] = {"Postgres": ("username", "hostPort", "database"), "SQLite": ()}
    return {"type": native, **dict.fromkeys(needed.get(native, ("username", "hostPort")), unset)}


def _api_service(department: Department, system: SystemSettings, service: str, features: Features) -> Definition:
    body = {**_described(department, system, service, features), "serviceType": "Rest"}
    return Definition(
        f"apiService/{department.id}/{system.id}", "apiService", join_fqn(service), body, _texts(features)
    )


def _described(department: Department, system: SystemSettings, service: str, features: Features) -> Entity:
    domain = join_fqn(department.id)
    return {
        "name": service,
        "displayName": system.title,
        "description": f"{department.name}：{system.title}。",
        **({"domains": [domain]} if features.domains else {"domain": domain}),
    }


def _texts(features: Features) -> tuple[str, ...]:
    return ("description", "displayName", "style", "domains" if features.domains else "domain")


def _databases(key: str, places: Sequence[Place]) -> Iterator[Definition]:
    for service, database in dict.fromkeys((place.service, place.database) for place in places):
        body: dict[str, Any] = {"name": database, "service": join_fqn(service)}
        yield Definition(_key("database", key, database), "database", join_fqn(service, database), body)
    for place in places:
        parent = join_fqn(place.service, place.database)
        body = {"name": place.schema, "database": parent}
        ident = _key("schema", key, place.database, place.schema)
        yield Definition(ident, "databaseSchema", child_fqn(parent, place.schema), body)


def _collection(key: str, place: Place) -> Definition:
    body = {
        "name": place.schema,
        "service": join_fqn(place.service),
        "endpointURL": f"urn:public-data-catalog:{quote(f'{key}/{place.schema}', safe='/')}",
    }
    return Definition(_key("collection", key, place.schema), "apiCollection", place.parent, body)


def _key(kind: str, system: str, *names: str) -> str:
    """The store takes keys of 255 characters; names may have 256 each."""
    key = "/".join((kind, system, *names))
    return key if len(key) <= LONGEST_KEY else f"{kind}/{system}/{digest(*names)}"
