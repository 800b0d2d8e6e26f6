"""Pack and settings → the names of classifications, tags and terms on the server, and back.

Names are what `classifiers.platform_names` says, so that labels written by the plug-in and by publishing are the same.
Servers refuse some characters in them (reference, "Names"): what has no accepted twin is refused here, before anything
is written, with the pack's key that must be changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from typing import TYPE_CHECKING, NamedTuple

from classifiers.evidence import TIERS, Label
from classifiers.platform_names import GROUPS, REVIEWS, display, reason, tag_name
from connectors.base import BadInputError
from connectors.om_names import child_fqn, join_fqn, split_fqn, term_name
from connectors.om_names import tag_name as checked_tag_name
from connectors.om_version import Features
from workflows.errors import PackProblem
from workflows.outputs.words import CATEGORIES
from workflows.publish.model import LabelState, Mark, Slot
from workflows.server_settings import ServerSettings

if TYPE_CHECKING:
    from classifiers.policy import Pack

EXCLUSIVE = ("tier", "share", "open", "importance", "review")
"""Dimensions of which one place has one tag; of categories it may have many."""
LONGEST_REASON = 500
MASK = "PII.Sensitive"
"""The platform's own tag of columns whose samples it masks for all but administrators."""
MASKED = ("L3", "L4")
"""Tiers of the columns that bear it, where the site says so (``protection: mask:``)."""


def shortened(told: str) -> str:
    """At most ``LONGEST_REASON`` characters; what is cut stands before the articles and the pack's version."""
    if len(told) <= LONGEST_REASON:
        return told
    ends = (told[told.rindex(sign) :] for sign in ("；依据：", "；") if sign in told)
    end = next((one for one in ends if len(one) < LONGEST_REASON // 2), "")
    return f"{told[: LONGEST_REASON - len(end) - 1]}…{end}"


class Named(NamedTuple):
    """One tag or term of ours."""

    dimension: str
    key: str
    name: str
    fqn: str
    title: str
    """What readers should see where it is not the name itself."""


class Vocabulary:
    """Names on one server. Make it with `vocabulary`."""

    def __init__(self, pack: Pack, settings: ServerSettings, features: Features) -> None:
        self.pack, self.settings, self.features = pack, settings, features
        self.groups = GROUPS[settings.names]
        """Dimension (``category`` included) → its classification; the glossary for ``element``."""
        self.named = {(item.dimension, item.key): item for item in self._every()}
        self.exclusive = frozenset(self.groups[dimension] for dimension in EXCLUSIVE)
        """Names of the classifications of which one place has one tag."""
        self._meanings = {item.fqn: place for place, item in self.named.items()}
        self._ours = frozenset(self.groups.values())

    @property
    def glossary(self) -> str:
        return self.groups["element"]

    def mark(self, dimension: str, label: Label, element: Label | None = None) -> Mark | None:
        """The label as the server stores it; None when it has no tag there (``undetermined``, no name in the pack).
        A value that nobody is sure of, such as the tier's floor under what was not understood, is a suggestion.

        ``element``: the label of the data element of the same column, whose evidence the reason begins with.
        """
        named = self.named.get((dimension, label.value))
        if named is None:
            return None
        confirmed = label.origin == "steward" or label.state == "confirmed"
        told = reason(label, element, self.pack)
        return self._mark(named, "Confirmed" if confirmed else "Suggested", told)

    def mask(self, tier: Label | None) -> Mark | None:
        """``PII.Sensitive`` for a column of this tier, where the site wants samples masked."""
        if tier is None or not self.settings.protection.mask or tier.value not in MASKED:
            return None
        return self._mark(Named("", "", "", MASK, ""), "Suggested", f"{tier.value}；{self.pack.ident}")

    def plain_mark(self, dimension: str, key: str, state: LabelState = "Suggested", why: str = "") -> Mark:
        """A mark that stands for no verdict: 审核状态, 数据类别. ``KeyError`` for an unknown key."""
        return self._mark(self.named[dimension, key], state, why)

    def shown(self, dimension: str, value: str) -> str:
        """What readers see for a key; the key itself where it has no tag."""
        named = self.named.get((dimension, value))
        return named.title or named.name if named else value

    def _mark(self, named: Named, state: LabelState, told: str) -> Mark:
        """With its reason, which plans show whatever the server can keep (`merge.encoder` leaves it out)."""
        return Mark(
            fqn=named.fqn,
            label_type="Generated" if self.features.generated else "Automated",
            state=state,
            source="Glossary" if named.dimension == "element" else "Classification",
            reason=shortened(told),
        )

    def as_published(self, known: Mapping[str, str]) -> Vocabulary:
        """The same as the server calls it now, where the pack has changed since and the next publication renames.

        ``known``: key of a definition → FQN that was written last.
        """
        found = copy(self)
        groups = {name: "glossary" if name == "element" else f"classification/{name}" for name in self.groups}
        found.groups = {name: _first_part(known.get(key)) or self.groups[name] for name, key in groups.items()}
        found.named = {place: item._replace(fqn=known.get(_key(item), item.fqn)) for place, item in self.named.items()}
        found.exclusive = frozenset(found.groups[dimension] for dimension in EXCLUSIVE)
        found._meanings = {item.fqn: place for place, item in found.named.items()}
        found._ours = frozenset(found.groups.values())
        return found

    def tag(self, dimension: str, key: str) -> str:
        """Full name of a tag or term; ``KeyError`` for an unknown key."""
        return self.named[dimension, key].fqn

    def term(self, element: str) -> str:
        return self.tag("element", element)

    def category(self, key: str) -> str:
        return self.tag("category", key)

    def review(self, key: str) -> str:
        """``pending``, ``confirmed`` or ``objected`` → the tag of 审核状态."""
        return self.tag("review", key)

    def meaning(self, fqn: str) -> tuple[str, str] | None:
        """Dimension (``review``, ``category``, ``importance`` included) and key of a tag or term of ours."""
        return self._meanings.get(fqn)

    def ours(self, fqn: str) -> bool:
        """Whether the name is in one of our classifications or the glossary, known or made by people."""
        try:
            return split_fqn(fqn)[0] in self._ours
        except BadInputError:
            return False

    def slot(self, path: str, mark: Mark) -> Slot:
        """Where the mark stands. A column holds one data element, so the glossary has one slot per path too, though
        the server lets people put several terms there.
        """
        many = mark.classification == self.groups["category"]
        return Slot(path, mark.classification, mark.fqn if many else "")

    def _every(self) -> Iterator[Named]:
        body = self.pack.body
        keys: dict[str, tuple[str, ...]] = {
            "tier": TIERS,
            **{name: tuple(body.display.get(name, {})) for name in ("share", "open", "importance")},
            "review": tuple(REVIEWS),
            "category": tuple(sorted({element.category for element in self.pack.elements.values()})),
            # A generic element becomes the one that fits the table and never stands on a column.
            "element": tuple(key for key, element in self.pack.elements.items() if not element.variants),
        }
        taken: dict[str, str] = {}
        for dimension, every in keys.items():
            for key in every:
                if key != "undetermined":
                    yield self._named(dimension, key, taken)

    def _named(self, dimension: str, key: str, taken: dict[str, str]) -> Named:
        style = self.settings.names
        if dimension == "category":
            title = CATEGORIES.get(key, key)
            name = key if style == "ascii" else title
        else:
            title, name = display(self.pack, dimension, key), tag_name(self.pack, dimension, key, style)
        place = f"elements/{key}" if dimension == "element" else f"display/{dimension}/{key}"
        self._check(dimension, name, place)
        fqn = child_fqn(join_fqn(self.groups[dimension]), name)
        if fqn in taken:
            raise PackProblem(
                f"{self.pack.ident}: {taken[fqn]} and {place} are both called {name} (rename one of them)"
            )
        taken[fqn] = place
        return Named(dimension, key, name, fqn, title)

    def _check(self, dimension: str, name: str, place: str) -> None:
        try:
            (term_name if dimension == "element" else checked_tag_name)(name)
        except BadInputError as exc:
            told = f"{self.pack.ident}: {place}: OpenMetadata refuses the name: {exc.failure.what}"
            raise PackProblem(f"{told} (change it in the pack; {exc.failure.hint})") from exc


def _key(item: Named) -> str:
    """The key of its definition (`workflows.publish.taxonomy`)."""
    return f"term/{item.key}" if item.dimension == "element" else f"tag/{item.dimension}/{item.key}"


def _first_part(fqn: str | None) -> str:
    return split_fqn(fqn)[0] if fqn else ""


def vocabulary(pack: Pack, settings: ServerSettings, features: Features) -> Vocabulary:
    """Raises ``PackProblem`` when the pack calls something as no server takes it, or two things alike."""
    return Vocabulary(pack, settings, features)
