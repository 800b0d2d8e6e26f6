"""Tag labels: how they are read from requests, merged, derived, refused and shown (reference: tags; label state).

A stored label holds ``tagFQN, source, labelType, state`` and, on 2.0, ``reason, metadata, appliedBy, appliedAt``;
name, colour and description are those of the tag when it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from .errors import ApiError, BadRequest, not_found
from .profiles import Profile
from .store import Doc, Entity, Store

Label = dict[str, Any]
Key = tuple[str, str]
STATES = frozenset({"Suggested", "Confirmed"})
SOURCES = {"Classification": "tag", "Glossary": "glossaryTerm"}
STORED = ("tagFQN", "source", "labelType", "state", "reason", "metadata", "appliedBy", "appliedAt")


class Refused(Exception):
    """Labels that may not be stored. `unknown` tells a tag that does not exist (404) from exclusivity (400)."""

    def __init__(self, error: ApiError, unknown: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.unknown = unknown


class MissingFqn(BadRequest):
    """A label without its tag; in a patch this is a 500."""


def key(label: Label) -> Key:
    return label["tagFQN"], label["source"]


def unrecognized(name: str, class_name: str) -> BadRequest:
    return BadRequest(f'Unrecognized field "{name}" (class {class_name}), not marked as ignorable')


def check_enum(value: object, allowed: Iterable[str], name: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise BadRequest(f"Cannot construct instance of {name}, problem: {value}")
    return value


def parse(raw: object, profile: Profile) -> list[Label]:
    """The labels of a request in stored form; the same tag twice keeps the first."""
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise BadRequest("Cannot deserialize value of type ArrayList<TagLabel>")
    labels: dict[Key, Label] = {}
    for one in raw:
        label = parse_one(one, profile)
        labels.setdefault(key(label), label)
    return list(labels.values())


def parse_one(raw: object, profile: Profile) -> Label:
    if not isinstance(raw, dict):
        raise BadRequest("Cannot construct instance of TagLabel")
    for name in raw.keys() - profile.label_fields:
        raise unrecognized(name, "TagLabel")
    if not isinstance(raw.get("tagFQN"), str):
        raise MissingFqn("[tagFQN must not be null]")
    label = {
        "tagFQN": raw["tagFQN"],
        "source": check_enum(raw.get("source", "Classification"), SOURCES, "TagSource"),
        "labelType": check_enum(raw.get("labelType", "Manual"), profile.label_types, "LabelType"),
        "state": check_enum(raw.get("state", "Confirmed"), STATES, "State"),
    }
    label.update({name: raw[name] for name in STORED[4:] if raw.get(name) is not None})
    return label


def find(store: Store, label: Label) -> Entity:
    kind = SOURCES[label["source"]]
    found = store.named(kind, label["tagFQN"])
    if found is None or found.deleted:
        raise Refused(not_found(kind, label["tagFQN"]), unknown=True)
    return found


def derived(store: Store, labels: list[Label]) -> list[Label]:
    """The labels with what their glossary terms bring along."""
    present = {key(label) for label in labels}
    result = list(labels)
    for label in labels:
        if label["source"] != "Glossary":
            continue
        for one in find(store, label).doc.get("tags", ()):
            if key(one) not in present:
                present.add(key(one))
                result.append({**one, "labelType": "Derived", "state": "Confirmed"})
    return result


def check_exclusive(store: Store, labels: list[Label]) -> None:
    taken: dict[str, str] = {}
    for label in labels:
        parent = store.parent_of(find(store, label))
        if parent is None or not parent.doc.get("mutuallyExclusive"):
            continue
        other = taken.setdefault(parent.id, label["tagFQN"])
        if other != label["tagFQN"]:
            message = f"Tag labels {other} and {label['tagFQN']} are mutually exclusive and can't be assigned together"
            raise Refused(BadRequest(message), unknown=False)


def settle(store: Store, labels: list[Label]) -> list[Label]:
    """The labels as they will be stored; `Refused` when they may not be."""
    for label in labels:
        find(store, label)
    result = derived(store, labels)
    check_exclusive(store, result)
    return result


def merge(stored: list[Label], sent: list[Label]) -> list[Label]:
    """What a PUT makes of labels: nothing goes, and what is sent wins, over Manual as well."""
    news = {key(label): label for label in sent}
    kept = [news.pop(key(label), label) for label in stored]
    return [*kept, *news.values()]


def stamped(old: list[Label], new: list[Label], by: str, at: str) -> list[Label]:
    """Labels with who applied them and when; what stood before keeps its stamp."""
    before = {key(label): label for label in old}
    return [stamp(before.get(key(label)), label, by, at) for label in new]


def stamp(before: Label | None, label: Label, by: str, at: str) -> Label:
    if before is not None and judgement(before) == judgement(label) and "appliedBy" in before:
        return {**label, "appliedBy": before["appliedBy"], "appliedAt": before["appliedAt"]}
    return {**label, "appliedBy": by, "appliedAt": at}


def judgement(label: Label) -> tuple[str, str]:
    return label["labelType"], label["state"]


def changes(old: list[Label], new: list[Label], profile: Profile) -> tuple[list[Label], list[Label]]:
    """Labels added and deleted, as history names them: on 1.2 a change of state alone is neither."""
    before, after = {key(label): label for label in old}, {key(label): label for label in new}

    def differs(one: Label, other: Label | None) -> bool:
        return other is None or (not profile.silent_label_state and judgement(one) != judgement(other))

    added = [label for name, label in after.items() if differs(label, before.get(name))]
    deleted = [label for name, label in before.items() if differs(label, after.get(name))]
    return added, deleted


def show(store: Store, labels: list[Label], brief: bool) -> list[Label]:
    """Labels for an answer; the answers of writes (`brief`) lack name, displayName and style."""
    return [show_one(store, label, brief) for label in labels]


def show_one(store: Store, label: Label, brief: bool) -> Label:
    tag = store.named(SOURCES[label["source"]], label["tagFQN"])
    if tag is None:
        return dict(label)
    shown = {**label, "description": tag.doc.get("description", "")}
    if not brief:
        shown["name"] = tag.name
        for name in ("displayName", "style"):
            if tag.doc.get(name):
                shown[name] = tag.doc[name]
    return shown


def as_history(store: Store, labels: list[Label], old: bool) -> str:
    """Labels in a change description: JSON in a string; old values also tell name and description."""
    return json.dumps([show_one(store, label, brief=not old) if old else label for label in labels], ensure_ascii=False)


def without(labels: list[Label], gone: frozenset[Key]) -> list[Label]:
    return [label for label in labels if key(label) not in gone]


def map_labels(doc: Doc, change: Any) -> Doc:
    """A document with `change` (labels → labels) applied to the labels of the entity and of its columns or fields."""
    result = dict(doc)
    if doc.get("tags"):
        result["tags"] = change(doc["tags"])
    for name in ("columns", "children"):
        if doc.get(name):
            result[name] = [map_labels(column, change) for column in doc[name]]
    for name in ("requestSchema", "responseSchema"):
        if doc.get(name):
            fields = doc[name].get("schemaFields") or []
            result[name] = {**doc[name], "schemaFields": [map_labels(one, change) for one in fields]}
    return result


def all_labels(doc: Doc) -> list[Label]:
    """Every label of an entity, its columns and fields."""
    found: list[Label] = list(doc.get("tags") or ())
    for name in ("columns", "children"):
        for column in doc.get(name) or ():
            found.extend(all_labels(column))
    for name in ("requestSchema", "responseSchema"):
        for one in (doc.get(name) or {}).get("schemaFields") or ():
            found.extend(all_labels(one))
    return found
