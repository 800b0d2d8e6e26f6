"""Making the official lists of a day, from acts alone, and putting them on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from workflows.acts.model import Actor
from workflows.acts.rights import require
from workflows.acts.trail import Trail
from workflows.entries.published import PublishedEntry, published_entries
from workflows.entries.words import Wording, Wordings, wording
from workflows.errors import Refusal, WorkflowError
from workflows.lists.books import Edition, ListBook, checked, official_books, write_book
from workflows.lists.changes import Issue
from workflows.lists.demand import KEY, NAME, demand_books, demands
from workflows.lists.issues import DISTRICT, issue, issued, previous
from workflows.lists.official import KINDS, Listed, OfficialList, is_refused
from workflows.outputs import site_scope
from workflows.outputs.files import all_or_none
from workflows.outputs.lists import may_refuse
from workflows.people import who_line
from workflows.sharing.states import states

if TYPE_CHECKING:
    from workflows.run import Job


class Made(msgspec.Struct, frozen=True):
    """What became of the lists of a day."""

    as_of: str
    written: tuple[str, ...]
    """Paths."""
    refused: tuple[str, ...]
    notes: tuple[str, ...]
    """What whoever made them should know; the lists say nothing of it."""


@dataclass
class Maker:
    """The lists of one day. ``issuer``: who puts them on record, and why; None = they are only written."""

    job: Job
    day: str
    issuer: Actor | None = None
    why: str = ""
    refused: list[str] = field(default_factory=list)

    def make(self) -> Made:
        """Each list by itself: one that is refused keeps no other from being written.

        Files and acts come all together or not at all. Raises `NotAllowed`, and `WorkflowError` when the files cannot
        be written.
        """
        if self.issuer is not None:
            require(self.issuer, "list.issue", DISTRICT, self.job.site.rights)
        entries = self._listed()
        made = {
            kind.key: self._books(kind.key, kind.name, partial(self._official, kind, entries))
            for kind in KINDS.values()
        }
        made[KEY] = self._books(KEY, NAME, partial(self._demand, entries))
        try:
            written = self._finished({key: books for key, books in made.items() if books})
        except OSError as error:
            raise self._unwritten(error) from error
        return Made(self.day, tuple(map(str, written)), tuple(self.refused), tuple(self._notes(entries)))

    def _books(self, key: str, name: str, make: Callable[[Issue | None], list[ListBook]]) -> list[ListBook]:
        """One list's books; none when it is refused."""
        # What a list of a day says follows from acts until then; who issues one late compares it with all on record.
        recorded = self.day if self.issuer is None else None
        try:
            return make(previous(self.trail, key, self.day, recorded))
        except Refusal as error:
            self.refused.append(f"{name}: {error}")
            return []

    def _finished(self, made: Mapping[str, Sequence[ListBook]]) -> list[Path]:
        """Write all books, then put the lists on record when somebody issues them. Raises `OSError`."""
        with all_or_none(self._folder) as (draft, put):
            paths = [path for books in made.values() for book in books for path in write_book(book, draft)]
            if self.issuer is None:
                return put(paths)
            pack, words = self.job.pack.ident, self.now
            with self.trail.acting(self.issuer, pack) as acting:
                for key, books in made.items():
                    issue(acting, issued(key, books, pack), self.why, words)
                # Files that cannot be put in place take the acts back.
                return put(paths)

    def _unwritten(self, error: OSError) -> WorkflowError:
        what = "nothing is on record and no list was written" if self.issuer else "no list was written"
        where = error.filename or self._folder
        return WorkflowError(
            f"{where}: {error.strerror or error}; {what}: let this account write there, then repeat it"
        )

    @property
    def _folder(self) -> Path:
        return self.job.site.out_dir / "official" / self.day

    def _official(self, kind: OfficialList, entries: Sequence[Listed], before: Issue | None) -> list[ListBook]:
        found = checked(kind, entries, self._is_today)
        return official_books(kind, self._scope, found, self.edition, before)

    def _demand(self, entries: Sequence[Listed], before: Issue | None) -> list[ListBook]:
        documents = [one.entry for one in entries]
        found = demands(states(self.trail, self.day).values(), documents, self.wordings, self.now)
        return demand_books(self._scope, found, self.edition, before)

    def _listed(self) -> list[Listed]:
        return [self._told(one) for one in published_entries(self.trail, self.day)]

    def _told(self, one: PublishedEntry) -> Listed:
        state = one.state
        digest = state.in_force.words if state.in_force else ""
        approval = state.in_force_refusal
        approver = who_line(approval.who, approval.name, self.job.site.people) if approval else ""
        told = self.wordings.read(digest) if digest else self.now
        return Listed(state, one.entry, told, bool(digest), approver)

    # --- what the day was called ---------------------------------------------------------------------------------

    @cached_property
    def trail(self) -> Trail:
        return Trail(self.job.store, self.job.clock)

    @cached_property
    def wordings(self) -> Wordings:
        return Wordings(self.trail)

    @cached_property
    def now(self) -> Wording:
        """The words of now; an issue puts them on record."""
        return wording(self.job.pack, self.job.site.name, self.job.info().departments)

    @cached_property
    def edition(self) -> Edition:
        issuing_today = self.issuer is not None and self._is_today
        names = self.now if issuing_today else self.wordings.standing(self.day)
        return Edition(self.day, self.job.at, names or self.now, names is not None)

    @property
    def _is_today(self) -> bool:
        return self.day == self.job.clock().date().isoformat()

    @property
    def _scope(self) -> str:
        return site_scope(msgspec.structs.replace(self.job.info(), name=self.edition.names.catalogue))

    def _notes(self, entries: Sequence[Listed]) -> Iterator[str]:
        """Only of today's lists: where the pack or site.yaml has moved on and the lists, rightly, have not."""
        if not self._is_today:
            return
        names = self.edition.names
        if (names.catalogue, names.departments) != (self.now.catalogue, self.now.departments):
            yield "the site and its departments are called as the last act told them; --issue records their new names"
        for one in entries:
            if is_refused(one) and not may_refuse(one.entry, self.job.pack):
                what = "in force as 非共享 by a citation that the pack no longer has"
                yield f"{one.entry.asset}: {what}; decide it anew and publish another version"
