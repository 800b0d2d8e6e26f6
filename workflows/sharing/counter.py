"""Where requests are handled: one site's requests as they stand today, and the verbs of whoever acts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from workflows.acts.model import Act
from workflows.acts.site import site_actor
from workflows.acts.trail import Trail
from workflows.entries.desk import Desk
from workflows.entries.published import published_entry
from workflows.entries.words import Recalled, recalled
from workflows.entry import Entry
from workflows.errors import InputError
from workflows.sharing.awaits import Awaits, Step
from workflows.sharing.ending import departed
from workflows.sharing.limits import Deadlines, Due
from workflows.sharing.requests import Requests
from workflows.sharing.standing import WAITING, Standing, counting, remark, standings
from workflows.sharing.states import FROM, RequestState, fold, states


@dataclass(frozen=True)
class Seen:
    """A request as it is looked at today."""

    state: RequestState
    now: Standing | None
    due: Due | None
    """What somebody must do, and by when, as far as approvals still count."""
    steps: tuple[Step, ...]
    note: str

    def late(self, day: str) -> bool:
        return self.due is not None and self.due.day < day


@dataclass(frozen=True)
class Counter:
    """What every command here works with."""

    desk: Desk
    trail: Trail
    deadlines: Deadlines

    @property
    def today(self) -> str:
        return self.trail.clock().date().isoformat()

    def requests(self, behalf: str) -> Requests:
        site = self.desk.site
        names = {department.id: department.name for department in site.departments}
        actor = site_actor(site, behalf)
        district, catalogue = site.district, site.name
        return Requests(self.trail, self.desk.pack, actor, self.deadlines, site.rights, district, names, catalogue)

    def asset(self, name: str) -> str:
        """The key that a name on the command line stands for."""
        return the_asset(self.desk, name)

    def names(self, found: RequestState) -> dict[str, str]:
        """What departments are called; those that are gone as on the day on which it was asked."""
        return {**self.words(found).departments, **{one.id: one.name for one in self.desk.site.departments}}

    def words(self, found: RequestState) -> Recalled:
        """The words of now, and for what they do not know those of when it was asked and of the version in force."""
        entry = published_entry(self.trail, found.document.asset) if found.document.asset else None
        force = entry.state.in_force if entry else None
        return recalled(self.desk.pack, self.trail.document, found.words, force.words if force else "")

    def title(self, asset: str) -> str:
        """What a resource is called today, for lists of a day on which nothing of it is in force."""
        with suppress(InputError):
            return next(self.desk.entries([asset])).title
        return ""

    def states(self) -> dict[str, RequestState]:
        return states(self.trail)

    def state(self, ident: str) -> RequestState:
        found = fold(self.trail.acts("request", ident), ident)
        if not found.version:
            raise InputError(f"no request {ident!r} (pdc request list shows them)")
        return found

    def department(self, name: str | None, found: Iterable[str]) -> None:
        """Raises `InputError` for a department that is neither the site's nor in what was ``found``."""
        known = [one.id for one in self.desk.site.departments]
        if name is not None and name not in {*known, *found}:
            raise InputError(f"no department {name!r}; known: {', '.join(known)}")

    def same(self, found: RequestState) -> list[RequestState]:
        """Other requests of who asks that are under way or usable and share an item with this one."""
        return [one for one in self.states().values() if one.id != found.id and self._overlaps(one, found)]

    def _overlaps(self, one: RequestState, other: RequestState) -> bool:
        mine, yours = one.document, other.document
        who = (mine.kind, mine.requester, mine.applicant, mine.asset) == (
            *(yours.kind, yours.requester, yours.applicant),
            yours.asset or None,
        )
        items = not mine.items or not yours.items or bool(set(mine.items) & set(yours.items))
        return who and items and (one.usable(self.today) or one.stage in WAITING)

    def seen(self, found: Iterable[RequestState]) -> list[Seen]:
        """Requests with what the versions in force make of them today."""
        held = list(found)
        now = standings(self.trail, self.desk.pack, held)
        departments = [one.id for one in self.desk.site.departments]
        awaits = Awaits(self.desk.site.people, self.desk.site.rights, departments)
        acts: dict[str, list[Act]] = {one.id: [] for one in held}
        for act in self.trail.acts("request", held[0].id if len(held) == 1 else None):
            acts.get(act.subject, []).append(act)
        return [
            Seen(
                one,
                now.get(one.id),
                self.deadlines.due(counting(one, now.get(one.id))),
                awaits.steps(one, now.get(one.id), acts[one.id]),
                _left(one, departments) or remark(one, now.get(one.id), self.desk.pack, self.today),
            )
            for one in held
        ]

    def entry(self, found: RequestState) -> Entry | None:
        """The version in force of what is asked for."""
        held = published_entry(self.trail, found.document.asset) if found.document.asset else None
        return held.entry if held else None


def _left(state: RequestState, departments: Sequence[str]) -> str:
    """That who asked is gone, while something of the request still stands."""
    return departed(state, departments) if state.stage in FROM["withdraw"] else ""


def the_asset(desk: Desk, name: str) -> str:
    """The one key that a name stands for. Raises `InputError` for none and for several."""
    found = desk.keys([name])
    if len(found) > 1:
        raise InputError(f"{name!r} names {len(found)} entries: {', '.join(found[:5])} …")
    return found[0]
