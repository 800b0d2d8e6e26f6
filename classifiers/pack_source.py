"""The texts of a pack: read, laid over one another, converted, and asked where a mistake stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import msgspec

from classifiers.pack_file import PackError, PackFile, Text
from classifiers.prepared import prepared

_LISTS_BY_ID = ("tier_rules", "share_rules", "open_rules", "examples")
_OWN = ("id", "version", "title", "valid_from", "valid_to", "unverified")


def pack_names() -> list[str]:
    """The packs that come with the program."""
    return sorted(
        entry.name
        for entry in (files("classifiers") / "packs").iterdir()
        if entry.is_dir() and (entry / "pack.yaml").is_file()
    )


def read_pack(name: str, overlays: Sequence[Text]) -> tuple[PackFile, tuple[Text, ...]]:
    """A built-in pack, what it extends, and overlays as one checked body; all texts, in order of application.

    Raises ``PackError`` naming file and line.
    """
    merged, texts = _built_in(name)
    for file, text in overlays:
        from classifiers.pack_text import refuse_twice

        _overlay(merged, _read(file, text), file, name)
        refuse_twice(file, text)
    every = (*texts, *overlays)
    return _convert(merged, every), every


def _built_in(name: str) -> tuple[dict[str, Any], list[Text]]:
    if name not in pack_names():
        raise PackError(name, 0, f"no such pack; known: {', '.join(pack_names())}")
    folder = files("classifiers") / "packs" / name
    texts = [
        (f"{name}/{f.name}", f.read_text("utf-8"))
        for f in sorted(folder.iterdir(), key=lambda f: f.name)
        if f.name.endswith(".yaml")
    ]
    own: dict[str, Any] = {}
    for file, text in texts:
        own.update(_read(file, text))
    parent = own.pop("extends", None)
    if parent is None:
        return own, texts
    merged, inherited = _built_in(parent)
    for key in _OWN:
        merged.pop(key, None)
    _drop(merged, own.pop("drop", {}), texts[0][0])
    _cite_instead(merged, own.pop("cite_instead", {}))
    _lay_over(merged, own)
    return merged, [*inherited, *texts]


def _drop(merged: dict[str, Any], drop: Mapping[str, Sequence[str]], file: str) -> None:
    """``drop: {instruments: [putuo-2020], examples: […]}``: what of the parent does not hold here."""
    for key, ids in drop.items():
        section = merged.get(key)
        known = section if isinstance(section, dict) else [item["id"] for item in section or ()]
        missing = [item for item in ids if item not in known]
        if missing:
            raise PackError(file, 0, f"drop: {key} has no {', '.join(missing)}")
        merged[key] = (
            {name: value for name, value in section.items() if name not in ids}
            if isinstance(section, dict)
            else [item for item in section or () if item["id"] not in ids]
        )
    _forget_examples(merged, drop.get("examples", ()))


def _forget_examples(merged: dict[str, Any], dropped: Sequence[str]) -> None:
    """Inherited rules name only the examples that are still there."""
    for section in ("tier_rules", "share_rules", "open_rules"):
        merged[section] = [
            {
                key: [i for i in value if i not in dropped] if key.endswith("examples") else value
                for key, value in r.items()
            }
            for r in merged.get(section, ())
        ]


def _cite_instead(node: Any, instead: Mapping[str, Sequence[str]]) -> None:
    """Replace citations in every ``basis`` of a parent: ``{shanghai-data/41: [data-security/38]}``, [] = leave out."""
    if isinstance(node, list):
        for item in node:
            _cite_instead(item, instead)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if isinstance(value, list) and (key == "basis" or key.endswith("_basis")):
            node[key] = _replaced(value, instead)
        elif key == "category_basis":
            node[key] = {name: _replaced(cited, instead) for name, cited in value.items()}
        else:
            _cite_instead(value, instead)


def _replaced(cited: Sequence[str], instead: Mapping[str, Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(new for key in cited for new in instead.get(key, (key,))))


def _read(file: str, text: str) -> dict[str, Any]:
    known = prepared(text.encode())
    if known is not None:
        data = msgspec.json.decode(known)
    else:
        from classifiers.pack_text import parse

        data = parse(file, text)
    if not isinstance(data, dict):
        raise PackError(file, 1, "a pack file is a mapping of keys such as tiers, topics, share_rules")
    return data


def _overlay(base: dict[str, Any], extra: dict[str, Any], file: str, name: str) -> None:
    """``extends`` must name the pack; mappings merge, rules with a known id replace, new rules go first, the rest
    replaces.
    """
    if extra.pop("extends", None) != name:
        raise PackError(file, 1, f"an overlay of this site says `extends: {name}`")
    label = extra.pop("id", file.rsplit("/", 1)[-1].removesuffix(".yaml"))
    base["version"] = f"{base['version']}+{label}.{extra.pop('version', '1')}"
    _lay_over(base, extra)


def _lay_over(base: dict[str, Any], extra: Mapping[str, Any]) -> None:
    for key, value in extra.items():
        if key in _LISTS_BY_ID and isinstance(value, list):
            base[key] = _merge_rules(base.get(key, []), value)
        elif isinstance(value, dict) and isinstance(base.get(key), dict):
            base[key] = _merge(base[key], value)
        else:
            base[key] = value


def _merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if nested else value
    return merged


def _merge_rules(old: list[Any], new: list[Any]) -> list[Any]:
    ids = {rule["id"] for rule in old}
    replaced = {rule.get("id"): rule for rule in new if isinstance(rule, dict) and rule.get("id") in ids}
    first = [rule for rule in new if not isinstance(rule, dict) or rule.get("id") not in ids]
    return first + [replaced.get(rule["id"], rule) for rule in old]


def _convert(merged: dict[str, Any], texts: Sequence[Text]) -> PackFile:
    try:
        return msgspec.convert(merged, PackFile)
    except msgspec.ValidationError as error:
        message = _name_the_key(merged, str(error))
        file, line = _locate(message, texts)
        raise PackError(file, line, message) from None


def _name_the_key(merged: dict[str, Any], message: str) -> str:
    """msgspec says ``$.topics[...]`` for a value in a mapping; put in the key whose value alone is refused too."""
    found = re.search(r"\$\.(\w+)\[\.\.\.\]", message)
    section = merged.get(found.group(1)) if found else None
    if found is None or not isinstance(section, dict):
        return message
    for key, value in section.items():
        try:
            msgspec.convert({**merged, found.group(1): {key: value}}, PackFile)
        except msgspec.ValidationError:
            return message.replace("[...]", f".{key}", 1)
    return message


def _locate(message: str, texts: Sequence[Text]) -> tuple[str, int]:
    """File and line of msgspec's ``$.share_rules[3].when``."""
    path = re.search(r"`\$(.*?)`", message)
    field = re.search(r"unknown field `(.+?)`", message)
    steps: list[str] = re.findall(r"[^.\[\]]+", path.group(1)) if path else []
    if field:
        steps.append(field.group(1))
    from classifiers.pack_text import place

    return place(steps, texts)
