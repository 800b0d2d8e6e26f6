"""Who acts on a site, and under which account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflows import people
from workflows.acts.model import Actor, actor_of

if TYPE_CHECKING:
    from workflows.settings import Site


def site_actor(site: Site, behalf: str = "") -> Actor:
    """Whoever runs this command; ``behalf`` is what ``--as`` said."""
    account = people.account()
    return actor_of(people.by_account(site.people, account), account, behalf)


def program() -> Actor:
    """The program itself, for acts that follow from a harvest, a pull or the calendar."""
    return Actor(account=people.account(), person=people.PROGRAM, name=people.PROGRAM)
