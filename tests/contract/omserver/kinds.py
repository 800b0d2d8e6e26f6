"""The kinds of entities: where they live, what a request to create one may say, how they hang together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from . import names
from .profiles import Profile, words

SHOWN = words("displayName description entityStatus status")


@dataclass(frozen=True)
class Relation:
    """A field that refers to other entities; stored as a list of ``{"id", "type"}`` whatever its name.

    `form` is what a create request carries: ``ref`` objects, ``name`` (FQN) or ``id``; answers always carry objects.
    """

    name: str
    kinds: tuple[str, ...]
    form: str
    single: bool = False


@dataclass(frozen=True)
class Kind:
    """`name` is the entity type; `path` its collection under ``/api/v1``.

    `parents` are the fields of a create request that may name the parent, the closest first; `ancestors` the fields
    that answers show, in the order from the closest. `plain` fields are stored as sent; `gated` fields are shown only
    when asked for by ``fields``; `computed` ones can be asked for and hold nothing of their own. `patch_only` fields
    are plain ones that only a PATCH sets; `unstored` ones are taken from create requests and forgotten. `defaults` are
    what a create request means that leaves a field out. What is not `soft` is always deleted for good.
    """

    name: str
    path: tuple[str, ...]
    parents: tuple[tuple[str, str], ...] = ()
    ancestors: tuple[tuple[str, str], ...] = ()
    plain: frozenset[str] = frozenset()
    patch_only: frozenset[str] = frozenset()
    unstored: frozenset[str] = frozenset()
    relations: tuple[Relation, ...] = ()
    required: tuple[str, ...] = ()
    gated: frozenset[str] = frozenset()
    computed: frozenset[str] = frozenset()
    taggable: bool = True
    extensible: bool = False
    soft: bool = True
    defaults: Mapping[str, object] = field(default_factory=dict)
    check_name: Callable[[object], str] = field(default=names.check_entity_name)

    @cached_property
    def create_fields(self) -> frozenset[str]:
        """What a create request may say."""
        own = {"name", "displayName", "description", *(name for name, _ in self.parents), *self.plain, *self.unstored}
        return frozenset(own | self.kept)

    @cached_property
    def fields(self) -> frozenset[str]:
        """What the query parameter ``fields`` may name."""
        return frozenset(self.kept | self.gated | self.computed)

    @cached_property
    def stored(self) -> frozenset[str]:
        """The fields that documents hold: what versions, events and patches see."""
        return frozenset(self.kept | self.gated | {"columns"})

    @cached_property
    def kept(self) -> set[str]:
        own = {relation.name for relation in self.relations}
        return own | ({"tags"} if self.taggable else set()) | ({"extension"} if self.extensible else set())

    @cached_property
    def shown(self) -> frozenset[str]:
        """The fields of a document that answers show as they are."""
        return self.plain - {"columns"} | self.patch_only | SHOWN


def common(profile: Profile) -> tuple[Relation, ...]:
    """Owner and domain, in the profile's manner."""
    if profile.single_relations:
        return (
            Relation("owner", ("user", "team"), "ref", single=True),
            Relation("domain", ("domain",), "name", single=True),
        )
    return (
        Relation("owners", ("user", "team"), "ref"),
        Relation("domains", ("domain",), "name"),
        Relation("dataProducts", ("dataProduct",), "name"),
    )


def assets(profile: Profile) -> list[Kind]:
    own = common(profile)
    v2 = not profile.single_relations
    later = words("lifeCycle sourceHash sourceUrl") if v2 else words("sourceUrl")
    status = words("followers votes") | (words("entityStatus") if v2 else frozenset())
    schema = (("databaseSchema", "databaseSchema"), ("database", "database"), ("service", "databaseService"))
    kinds = [
        Kind(
            "databaseService",
            ("services", "databaseServices"),
            plain=words("serviceType connection") | (words("style") if v2 else frozenset()),
            relations=own,
            required=("serviceType",),
            computed=words("pipelines followers"),
        ),
        Kind(
            "database",
            ("databases",),
            (("service", "databaseService"),),
            schema[2:],
            plain=words("default retentionPeriod") | later,
            relations=own,
            computed=words("databaseSchemas usageSummary location") | status,
            extensible=True,
        ),
        Kind(
            "databaseSchema",
            ("databaseSchemas",),
            (("database", "database"),),
            schema[1:],
            plain=words("retentionPeriod") | later,
            relations=own,
            computed=words("tables usageSummary") | status,
            extensible=True,
        ),
        Kind(
            "table",
            ("tables",),
            (("databaseSchema", "databaseSchema"),),
            schema,
            plain=later
            | words(
                "tableType columns tableConstraints tablePartition tableProfilerConfig retentionPeriod fileFormat"
                " schemaDefinition"
            )
            | (words("dataModel locationPath aliases") if v2 else frozenset({"viewDefinition"})),
            relations=own,
            required=("columns",),
            gated=words("tableConstraints tableProfilerConfig"),
            computed=words(
                "columns usageSummary joins sampleData profile location customMetrics testSuite"
                " schemaDefinition dataModel tablePartition lifeCycle"
            )
            | (frozenset() if v2 else {"viewDefinition"})
            | status,
            extensible=True,
            defaults={"tableType": "Regular"},
        ),
    ]
    return [*kinds, *(api_assets(own, later, status) if v2 else [])]


def api_assets(own: tuple[Relation, ...], later: frozenset[str], status: frozenset[str]) -> list[Kind]:
    """API services, collections and endpoints, which 1.2 does not have."""
    chain = (("apiCollection", "apiCollection"), ("service", "apiService"))
    return [
        Kind(
            "apiService",
            ("services", "apiServices"),
            plain=words("serviceType connection"),
            relations=own,
            required=("serviceType",),
            computed=words("pipelines followers"),
        ),
        Kind(
            "apiCollection",
            ("apiCollections",),
            (("service", "apiService"),),
            chain[1:],
            plain=(later - {"sourceUrl"}) | {"endpointURL"},
            relations=own,
            unstored=words("apiEndpoints"),
            computed=status - {"followers"} | {"apiEndpoints"},
            extensible=True,
        ),
        Kind(
            "apiEndpoint",
            ("apiEndpoints",),
            (("apiCollection", "apiCollection"),),
            chain,
            plain=later - {"sourceUrl"} | words("endpointURL requestMethod requestSchema responseSchema"),
            unstored=words("sourceUrl"),
            relations=own,
            computed=status | words("requestSchema responseSchema"),
            extensible=True,
        ),
    ]


def governance(profile: Profile) -> list[Kind]:
    v2 = not profile.single_relations
    own = common(profile) if v2 else ()
    domain = tuple(one for one in common(profile) if one.name != "dataProducts")
    owner = tuple(one for one in domain if one.name.startswith("owner"))
    reviewers = (Relation("reviewers", ("user", "team"), "ref" if v2 else "name"),)
    experts = (Relation("experts", ("user",), "name"),)
    v2_fields = words("entityStatus") if v2 else frozenset()
    description = ("description",)
    marks = words("provider mutuallyExclusive") | (words("autoClassificationConfig") if v2 else frozenset())
    disabled = words("disabled")
    in_create, in_patch = (frozenset(), disabled) if v2 else (disabled, frozenset())
    provided: dict[str, object] = {"provider": "user", "mutuallyExclusive": False}
    tag_marks = words("provider mutuallyExclusive style") | (
        words("recognizers autoClassificationEnabled autoClassificationPriority") if v2 else frozenset()
    )
    reviewed = (*domain, *reviewers) if v2 else ()
    return [
        Kind(
            "classification",
            ("classifications",),
            plain=marks | in_create,
            patch_only=in_patch,
            relations=reviewed,
            required=description,
            computed=words("termCount usageCount") | v2_fields,
            taggable=False,
            check_name=names.check_tag_name,
            defaults=provided if v2 else {**provided, "disabled": False},
        ),
        Kind(
            "tag",
            ("tags",),
            (("parent", "tag"), ("classification", "classification")),
            (("classification", "classification"),),
            plain=tag_marks | in_create,
            patch_only=in_patch,
            unstored=words("associatedTags"),
            relations=reviewed,
            required=description,
            computed=words("children usageCount") | v2_fields,
            taggable=False,
            check_name=names.check_tag_name,
            defaults=provided if v2 else {**provided, "disabled": False},
        ),
        Kind(
            "glossary",
            ("glossaries",),
            plain=words("provider mutuallyExclusive") | in_create,
            patch_only=in_patch,
            relations=(*domain, *reviewers),
            required=description,
            computed=words("termCount usageCount votes") | v2_fields,
            extensible=v2,
            check_name=names.check_term_name,
            defaults=provided,
        ),
        Kind(
            "glossaryTerm",
            ("glossaryTerms",),
            (("parent", "glossaryTerm"), ("glossary", "glossary")),
            (("glossary", "glossary"),),
            plain=words("synonyms references style mutuallyExclusive provider")
            | (words("iri conceptMappings") if v2 else frozenset()),
            patch_only=in_patch,
            relations=(*(domain if v2 else owner), *reviewers, Relation("relatedTerms", ("glossaryTerm",), "name")),
            required=(*description, "glossary"),
            computed=words("children usageCount votes childrenCount") | v2_fields,
            extensible=True,
            check_name=names.check_term_name,
            defaults=provided,
        ),
        Kind(
            "domain",
            ("domains",),
            (("parent", "domain"),),
            plain=words("domainType") | (words("style") if v2 else frozenset()),
            unstored=words("fullyQualifiedName"),
            relations=(*owner, *experts),
            required=("description", "domainType"),
            computed=words("children parent assets"),
            taggable=v2,
            extensible=v2,
            soft=False,
            check_name=names.check_term_name,
        ),
        Kind(
            "dataProduct",
            ("dataProducts",),
            plain=words("dataProductType visibility portfolioPriority style") if v2 else frozenset(),
            unstored=words("fullyQualifiedName"),
            relations=(
                *[one for one in (own or common(profile)) if one.name != "dataProducts"],
                *experts,
                *(reviewers if v2 else ()),
            ),
            required=description,
            computed=words("assets"),
            taggable=v2,
            extensible=v2,
            soft=False,
            check_name=names.check_term_name,
        ),
    ]


def people(profile: Profile) -> list[Kind]:
    own = {relation.name: relation for relation in common(profile)}
    owner = own.get("owner") or own["owners"]
    domain = own.get("domain") or own["domains"]
    return [
        Kind(
            "team",
            ("teams",),
            plain=words("teamType email profile isJoinable externalId"),
            relations=(
                Relation("parents", ("team",), "id"),
                Relation("users", ("user",), "id"),
                Relation("defaultRoles", ("role",), "id"),
                Relation("policies", ("policy",), "id"),
                owner,
                domain,
            ),
            required=() if profile.single_relations else ("teamType",),
            computed=words("owns children childrenCount userCount inheritedRoles"),
            taggable=False,
            check_name=names.check_term_name,
            defaults={"teamType": "Group", "isJoinable": True},
        ),
        Kind(
            "user",
            ("users",),
            plain=words("email isBot isAdmin profile timezone authenticationMechanism externalId"),
            unstored=words("botName"),
            relations=(Relation("teams", ("team",), "id"), Relation("roles", ("role",), "id"), domain),
            required=("email",),
            gated=words("profile authenticationMechanism"),
            computed=words("owns follows inheritedRoles personas"),
            taggable=False,
            defaults={"isBot": False, "isAdmin": False},
        ),
        Kind(
            "role",
            ("roles",),
            relations=(Relation("policies", ("policy",), "name"),),
            taggable=False,
            computed=words("teams users"),
        ),
        Kind(
            "policy",
            ("policies",),
            plain=words("rules enabled") | (words("policyType") if profile.single_relations else frozenset()),
            relations=(owner,),
            required=("rules",),
            computed=words("teams roles location"),
            taggable=False,
        ),
        Kind(
            "bot",
            ("bots",),
            relations=(Relation("botUser", ("user",), "name", single=True),),
            plain=words("provider"),
            required=("botUser",),
            taggable=False,
        ),
    ]


def kinds_of(profile: Profile) -> dict[str, Kind]:
    """All kinds of a profile by entity type."""
    return {kind.name: kind for kind in (*assets(profile), *governance(profile), *people(profile))}
