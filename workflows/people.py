"""Who is who: the people of ``site.yaml``, their accounts here and in OpenMetadata, and what they may rule on.

Only acts of people named here become decisions. An account of the operating system is the actor of a command; a login
of OpenMetadata is the author of an edit there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["steward", "reviewer", "head", "office", "open_steward", "admin"]
"""steward: a department's data contact; reviewer: the big-data centre; head: a department's head; office: the district
office; open_steward: the opening authority (Art. 5, 22, 24); admin: runs the site, rules on nothing."""
RULING: frozenset[Role] = frozenset({"steward", "reviewer"})
"""Whose acts on labels are decisions."""

PROGRAM = "pdc"
"""Under which id the program acts; nobody's."""
_BETWEEN_NAMES = re.compile("、|（|代录）")


class Person(BaseModel):
    """One person of ``people:``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: str = Field(pattern=r"^\w[\w.-]{0,63}$")
    name: str = Field(min_length=1, max_length=40, pattern=r"^[^\s\x00-\x1f\x7f-\x9f、][^\n\x00-\x1f\x7f-\x9f、]*$")
    """Unique in the site: rulings are signed with it, see `ids_in`."""
    accounts: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False)] = ()
    """Accounts of the operating system."""
    openmetadata: str | None = Field(default=None, min_length=1)
    """Login in OpenMetadata; compared without case."""
    departments: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Ids of the departments that the roles hold for; empty = the whole district."""
    roles: Annotated[tuple[Role, ...], Field(strict=False)] = ()

    def may_rule(self, department: str) -> bool:
        """Whether this person's acts on labels of a department are decisions."""
        return bool(RULING.intersection(self.roles)) and (not self.departments or department in self.departments)


def by_login(people: Iterable[Person], login: str | None) -> Person | None:
    """The person with a login in OpenMetadata."""
    wanted = (login or "").casefold()
    return next((one for one in people if one.openmetadata and one.openmetadata.casefold() == wanted), None)


def by_account(people: Iterable[Person], account: str) -> Person | None:
    """The person with an account of the operating system."""
    return next((one for one in people if account in one.accounts), None)


def ids_in(signature: str, people: Iterable[Person]) -> str:
    """The ids behind the name under which a ruling stands, in its order; names of nobody stay as they are.

    Two who ruled together sign 李四、王五, who rules for another 李四（王五代录）.

    >>> ids_in("李四（王五代录）", [Person(id="li", name="李四"), Person(id="wang", name="王五")])
    'li、wang'
    """
    by_name = {one.name: one.id for one in people}
    if signature in by_name:
        return by_name[signature]
    names = [one for one in _BETWEEN_NAMES.split(signature) if one]
    return "、".join(by_name.get(name, name) for name in names) if by_name.keys() & set(names) else signature


def who_line(who: str, name: str = "", people: Iterable[Person] = ()) -> str:
    """Whoever did an act, for people: the name that was written down with it, whatever ``site.yaml`` says since.

    Acts from before names were written down have the id alone; who it is, ``people`` says.
    """
    return name or next((one.name for one in people if one.id == who), who)


def account() -> str:
    """The account of the operating system, as the system itself knows it: variables such as LOGNAME can be set to
    anything."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except ImportError:  # Windows, where there is no other way
        import getpass

        return getpass.getuser()
    except KeyError:
        # An account without a name, as in containers.
        return f"uid:{os.getuid()}"


def current_person(people: Sequence[Person]) -> Person | None:
    """Whoever runs this command, when ``site.yaml`` names the account."""
    return by_account(people, account())
