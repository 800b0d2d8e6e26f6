"""What an act is, and who acts.

::

    Refusal                     (workflows.errors)
    ├── Conflict          4     somebody else acted on the same thing meanwhile: look again, then act
    ├── NotAllowed        4     this person may not do this: ask one who may
    └── Blocked           4     something is missing that the law or the site asks for: the message lists what
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from workflows.errors import Refusal
from workflows.people import Person, Role

Kind = Literal["decision", "entry", "request", "ticket", "list", "import", "trail"]
"""What an act is about: a label, a catalogue entry, a request to share or open, a rectification, an issued list, a
workbook, the trail itself."""


class Conflict(Refusal):
    """The subject has another version than the one that the actor saw."""


class NotAllowed(Refusal):
    """The actor's roles do not hold this act, or the same person has acted where the law asks for a second one."""


class Blocked(Refusal):
    """What is missing before this act; ``missing`` in the order in which a person would mend it."""

    def __init__(self, what: str, missing: Sequence[str] = ()) -> None:
        self.missing = tuple(missing)
        super().__init__("\n  ".join((f"{what}:", *self.missing)) if missing else what)


class Actor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whoever runs this command: an account of the operating system and the person whom ``site.yaml`` gives it.

    ``behalf`` is what ``--as`` said. It is written down and never counts: neither for a role nor as a second person.
    """

    account: str
    person: str = ""
    """Id in ``people:``; empty when the account is nobody's."""
    name: str = ""
    roles: tuple[Role, ...] = ()
    departments: tuple[str, ...] = ()
    """Where the roles hold; empty = the whole district."""
    behalf: str = ""

    @property
    def who(self) -> str:
        """Under which name acts are written down."""
        return self.person or f"account:{self.account}"

    @property
    def shown(self) -> str:
        """For people: name and whom they acted for."""
        own = self.name or self.who
        return f"{own}（代{self.behalf}）" if self.behalf else own

    def has(self, roles: Sequence[Role], department: str) -> bool:
        """Whether one of the roles is theirs for this department."""
        return bool(set(roles) & set(self.roles)) and (not self.departments or department in self.departments)


def actor_of(person: Person | None, account: str, behalf: str = "") -> Actor:
    if person is None:
        return Actor(account=account, behalf=behalf)
    return Actor(account, person.id, person.name, person.roles, person.departments, behalf)


class Act(msgspec.Struct, frozen=True, omit_defaults=True):
    """One link of the chain. It never changes and never goes."""

    number: int
    """Place in the chain, from 1 without gaps."""
    at: str
    """ISO 8601 with zone."""
    who: str
    """Id in ``people:``, ``account:NAME`` of nobody's account, or ``pdc``; ids with 、 between where two ruled."""
    kind: Kind
    subject: str
    """``Asset.key``, the id of a request or ticket, the name of a list."""
    version: int
    """How many acts the subject has had, this one included."""
    verb: str
    why: str = ""
    before: str = ""
    """JSON, or empty."""
    after: str = ""
    account: str = ""
    behalf: str = ""
    pack: str = ""
    """Pack and version whose labels the actor saw."""
    previous: str = ""
    """Hash of the act before this one; 64 zeros before the first."""
    hash: str = ""
    name: str = ""
    """What ``who`` was called then; empty in acts from before names were kept. Shown with `people.who_line`."""

    def named(self, key: str) -> str:
        """The document that ``after`` names under a key, such as ``version``; empty when it names none."""
        told = msgspec.json.decode(self.after) if self.after else None
        return str(told.get(key, "")) if isinstance(told, dict) else ""
