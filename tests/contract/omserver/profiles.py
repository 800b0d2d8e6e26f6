"""The two servers this one plays, as sets of facts. Field names say what holds when they are true."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """What differs between the versions; `version` is what ``/system/version`` says."""

    name: str
    version: str
    #: One ``owner`` and one ``domain`` (1.2) or lists ``owners`` and ``domains`` (2.0).
    single_relations: bool
    #: Lists sort by name alone, with the last name as cursor: equal names at a page border are lost.
    paging_by_name: bool
    #: Changing only labelType or state of a stored label is saved, but makes no version and no event.
    silent_label_state: bool
    #: ``test /version`` sees the version at the request's arrival, and parallel patches share one version number.
    racy_guard: bool
    #: Patch operations other than remove run in the order of their paths, not in the order sent.
    patch_sorted: bool
    #: ``ETag`` is sent and ``If-Match`` is honoured (412).
    etags: bool
    #: A domain reference in a PATCH is stored without looking whether it exists, and breaks the table.
    poisonable_domain: bool
    #: A service stored without ``connection`` answers 500 to later writes although it stores them.
    fragile_service: bool
    #: A bot's PUT keeps owners and displayName that are there.
    bot_keeps_curated: bool
    #: Seconds for which the token of a bot that was looked up last goes on counting.
    token_memory: float
    label_types: frozenset[str]
    #: Keys of a label that clients may send.
    label_fields: frozenset[str]
    property_types: frozenset[str]
    #: Types whose custom properties may be defined.
    extensible: frozenset[str]


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LABEL_TYPES = frozenset({"Manual", "Propagated", "Automated", "Derived"})
LABEL_FIELDS = frozenset(
    {"tagFQN", "name", "displayName", "description", "style", "source", "labelType", "state", "href"}
)
PROPERTY_TYPES = words(
    "string integer number markdown date dateTime time timeInterval timestamp duration email sqlQuery"
)

V1_2 = Profile(
    name="1.2",
    version="1.2.0",
    single_relations=True,
    paging_by_name=True,
    silent_label_state=True,
    racy_guard=True,
    patch_sorted=False,
    etags=False,
    poisonable_domain=True,
    fragile_service=True,
    bot_keeps_curated=False,
    token_memory=121.0,
    label_types=LABEL_TYPES,
    label_fields=LABEL_FIELDS,
    property_types=PROPERTY_TYPES,
    extensible=frozenset({"table", "databaseSchema", "database", "glossaryTerm"}),
)

V2_0 = Profile(
    name="2.0",
    version="2.0.6",
    single_relations=False,
    paging_by_name=False,
    silent_label_state=False,
    racy_guard=False,
    patch_sorted=True,
    etags=True,
    poisonable_domain=False,
    fragile_service=False,
    bot_keeps_curated=True,
    token_memory=0.0,
    label_types=LABEL_TYPES | {"Generated"},
    label_fields=LABEL_FIELDS | {"reason", "appliedAt", "appliedBy", "metadata"},
    property_types=PROPERTY_TYPES | {"enum", "entityReference", "entityReferenceList", "table-cp", "hyperlink-cp"},
    extensible=words(
        "table databaseSchema database tableColumn glossary glossaryTerm domain dataProduct apiCollection apiEndpoint"
    ),
)

PROFILES = {profile.name: profile for profile in (V1_2, V2_0)}
