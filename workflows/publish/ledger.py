"""What the site's store remembers of publishing: what was written last, writes under way, and people's open questions.

Every method is one transaction. Nothing here talks to a server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache, cached_property, partial
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, delete, func, insert, literal, select, update

from workflows import store_schema as schema
from workflows.acts.acting import Acting, Draft
from workflows.acts.described import Description, describe, descriptions
from workflows.acts.site import program
from workflows.acts.trail import Trail
from workflows.batches import chunks
from workflows.people import ids_in
from workflows.publish.model import Base, Mark
from workflows.store import Store, digest

QuestionKind = Literal["lowering", "author", "objection", "conflict"]


class DefinitionBase(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was written last of one `Definition`."""

    key: str
    kind: str
    fqn: str
    id: str = ""
    body: dict[str, Any] = {}


class InFlight(msgspec.Struct, frozen=True, omit_defaults=True):
    """One asset whose write has begun: enough to mend it when the process dies or the server refuses and erases."""

    key: str
    fqn: str
    kind: str
    id: str = ""
    version: float = 0.0
    before: list[tuple[str, Mark]] = []
    """(path, label) of every label that stood there, people's and foreign ones included."""
    after: list[tuple[str, Mark]] = []
    """(path, label) of every label that should stand there afterwards."""
    removing: bool = False
    """The write is a soft deletion of ours."""


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """An act of a person that does not count yet."""

    kind: QuestionKind
    asset: str
    dimension: str
    value: str | None
    who: str
    """Display name where known, else the login; empty when history names nobody."""
    at: str
    message: str
    """Chinese: what was done and what is needed."""
    column: str | None = None
    rejected: str | None = None
    state: Literal["open", "accepted", "refused"] = "open"
    settled_by: str = ""
    settled_at: str = ""
    id: int = 0
    who_id: str = ""
    """Id in ``people:``; empty for nobody's act, and in questions that OpenMetadata brought before ids were kept."""

    def is_by(self, ident: str, name: str) -> bool:
        """Whether this person asked, whatever they are called since."""
        return self.who_id == ident if self.who_id else self.who == name


class Publication(msgspec.Struct, frozen=True):
    id: int
    server: str
    plan: str
    started: str
    finished: str | None
    summary: dict[str, Any]


_encode = msgspec.json.Encoder().encode
_base = msgspec.json.Decoder(Base)
_definition = msgspec.json.Decoder(DefinitionBase)
_in_flight = msgspec.json.Decoder(InFlight)


def asset_row(key: str) -> str:
    """Asset keys may be longer than an index takes: their digest is the row's key."""
    return f"asset/{digest(key)}"


class Ledger:
    """The publishing side of one site's store, for one server (its URL without user and password)."""

    def __init__(self, store: Store, server: str) -> None:
        self.store, self.server = store, server[:255]

    # --- what was written last -----------------------------------------------------------------------------------

    def bases(self, keys: Iterable[str]) -> dict[str, Base]:
        """Asset key → what stands on the server, for those that were published."""
        wanted = {asset_row(key): key for key in keys}
        found: dict[str, Base] = {}
        table = schema.published
        with self.store.read() as connection:
            for batch in chunks(wanted):
                match = (table.c.server == self.server) & table.c.key.in_(batch)
                for row in connection.execute(select(table.c.key, table.c.body).where(match)):
                    found[wanted[row.key]] = _base.decode(row.body)
        return found

    def save_bases(self, bases: Mapping[str, Base], at: str) -> None:
        """Asset key → what now stands on the server."""
        rows = [
            {"server": self.server, "key": asset_row(key), "kind": "asset", "fqn": base.fqn, "body": _text(base)}
            for key, base in bases.items()
        ]
        with self.store.write() as connection:
            self._replace(connection, rows, at)

    def definitions(self) -> dict[str, DefinitionBase]:
        """Key → every definition that was written last."""
        table = schema.published
        match = (table.c.server == self.server) & (table.c.kind != "asset")
        with self.store.read() as connection:
            rows = connection.execute(select(table.c.body).where(match)).all()
        return {base.key: base for base in (_definition.decode(row.body) for row in rows)}

    def save_definitions(self, bases: Sequence[DefinitionBase], at: str) -> None:
        rows = [
            {"server": self.server, "key": base.key, "kind": base.kind, "fqn": base.fqn, "body": _text(base)}
            for base in bases
        ]
        with self.store.write() as connection:
            self._replace(connection, rows, at)

    def forget(self, keys: Iterable[str]) -> None:
        """Take rows out: definition keys as they are, asset keys through `asset_row`."""
        table = schema.published
        with self.store.write() as connection:
            for batch in chunks(keys):
                connection.execute(delete(table).where((table.c.server == self.server) & table.c.key.in_(batch)))

    def rename_marks(self, renamed: Mapping[str, str], at: str) -> int:
        """Tags and terms that are called otherwise now (old FQN → new), or whose classification is: every base that
        names one follows, as the labels on the server do. Returns how many bases changed.
        """
        prefixes = {old: new for old, new in renamed.items() if old != new}
        changed = 0
        table = schema.published
        for keys in list(chunks(self.published_fqns())) if prefixes else []:
            match = (table.c.server == self.server) & table.c.key.in_(keys)
            with self.store.write() as connection:
                for row in connection.execute(select(table.c.key, table.c.body).where(match)).all():
                    base = _base.decode(row.body)
                    after = renamed_base(base, prefixes)
                    if after != base:
                        own = (table.c.server == self.server) & (table.c.key == row.key)
                        connection.execute(update(table).where(own).values(body=_text(after), at=at))
                        changed += 1
        return changed

    def published_fqns(self) -> dict[str, str]:
        """Row key → FQN of every published asset, deleted ones included."""
        table = schema.published
        match = (table.c.server == self.server) & (table.c.kind == "asset")
        with self.store.read() as connection:
            return {row.key: row.fqn for row in connection.execute(select(table.c.key, table.c.fqn).where(match))}

    def every_base(self) -> Iterator[tuple[str, Base]]:
        """(row key, base) of every published asset, batch by batch."""
        table = schema.published
        for batch in chunks(self.published_fqns()):
            match = (table.c.server == self.server) & table.c.key.in_(batch)
            with self.store.read() as connection:
                rows = connection.execute(select(table.c.key, table.c.body).where(match)).all()
            yield from ((row.key, _base.decode(row.body)) for row in rows)

    def _replace(self, connection: Connection, rows: Sequence[dict[str, Any]], at: str) -> None:
        table = schema.published
        for batch in chunks(rows):
            keys = [row["key"] for row in batch]
            connection.execute(delete(table).where((table.c.server == self.server) & table.c.key.in_(keys)))
            connection.execute(insert(table), [row | {"at": at} for row in batch])

    # --- other addresses -----------------------------------------------------------------------------------------

    def is_empty(self) -> bool:
        """Whether nothing was ever written at this address."""
        query = select(schema.published.c.key).where(schema.published.c.server == self.server).limit(1)
        with self.store.read() as connection:
            return connection.execute(query).first() is None

    def others(self) -> list[Ledger]:
        """Of all other addresses at which something was written, the latest first."""
        table = schema.published
        query = select(table.c.server).where(table.c.server != self.server).group_by(table.c.server)
        with self.store.read() as connection:
            names = [row.server for row in connection.execute(query.order_by(func.max(table.c.at).desc()))]
        return [Ledger(self.store, name) for name in names]

    def elsewhere(self, key: str) -> list[Base]:
        """What was written of one asset at all other addresses, be it on this server or another; the latest last."""
        found = (other.bases([key]).get(key) for other in reversed(self._others))
        return [base for base in found if base is not None]

    def restored_elsewhere(self, key: str, ident: str, at: str) -> None:
        """This very asset stands again, whatever address we had deleted it by: without its source it may go again."""
        for other in self._others:
            base = other.bases([key]).get(key)
            if base is not None and base.deleted and base.id == ident:
                other.save_bases({key: msgspec.structs.replace(base, deleted=False)}, at)

    @cached_property
    def _others(self) -> list[Ledger]:
        return self.others()

    def take_over(self, former: Ledger) -> None:
        """Know what is known at another address of this server, writes under way included. That one keeps it, too."""
        table = schema.published
        # The writes come first: until there are rows, all of it is done again.
        for one in former.unfinished():
            self.enter(self.begin(one.plan, one.started), former.in_flight(one.id))
        columns = [literal(self.server) if column is table.c.server else column for column in table.c]
        none_yet = ~select(table.c.key).where(table.c.server == self.server).correlate(None).exists()
        rows = select(*columns).where(table.c.server == former.server, none_yet)
        with self.store.write() as connection:
            connection.execute(insert(table).from_select([column.name for column in table.c], rows))

    # --- publications and their journal --------------------------------------------------------------------------

    def begin(self, plan: str, at: str) -> int:
        """A publication begins; its number."""
        with self.store.write() as connection:
            values = {"server": self.server, "plan": plan, "started": at, "summary": "{}"}
            done = connection.execute(insert(schema.publications).values(**values))
            assert done.inserted_primary_key is not None
            return int(done.inserted_primary_key[0])

    def finish(self, publication: int, at: str, summary: Mapping[str, Any]) -> None:
        """The publication ends, all of its writes settled."""
        table = schema.publications
        with self.store.write() as connection:
            connection.execute(delete(schema.journal).where(schema.journal.c.publication == publication))
            values = {"finished": at, "summary": _text(summary)}
            connection.execute(update(table).where(table.c.id == publication).values(**values))

    def unfinished(self) -> list[Publication]:
        """Publications to this server that were cut off, oldest first."""
        table = schema.publications
        match = (table.c.server == self.server) & table.c.finished.is_(None)
        return self._publications(select(table).where(match).order_by(table.c.id))

    def publications(self, limit: int = 10) -> list[Publication]:
        """The latest publications to this server, newest first."""
        table = schema.publications
        query = select(table).where(table.c.server == self.server).order_by(table.c.id.desc()).limit(limit)
        return self._publications(query)

    def _publications(self, query: Any) -> list[Publication]:
        with self.store.read() as connection:
            rows = connection.execute(query).all()
        return [
            Publication(row.id, row.server, row.plan, row.started, row.finished, msgspec.json.decode(row.summary))
            for row in rows
        ]

    def enter(self, publication: int, writes: Sequence[InFlight]) -> None:
        """These writes are about to begin. Must be on disk before the first request goes out."""
        rows = [{"publication": publication, "key": item.key, "body": _text(item)} for item in writes]
        if rows:
            with self.store.write() as connection:
                connection.execute(insert(schema.journal), rows)

    def settle(self, publication: int, bases: Mapping[str, Base], at: str) -> None:
        """These assets' writes are over: what stands on the server is kept and their journal rows go, in one."""
        table = schema.journal
        rows = [
            {"server": self.server, "key": asset_row(key), "kind": "asset", "fqn": base.fqn, "body": _text(base)}
            for key, base in bases.items()
        ]
        with self.store.write() as connection:
            self._replace(connection, rows, at)
            for batch in chunks(bases):
                connection.execute(delete(table).where((table.c.publication == publication) & table.c.key.in_(batch)))

    def in_flight(self, publication: int) -> list[InFlight]:
        """Writes of a publication that were begun and not settled, oldest first."""
        table = schema.journal
        query = select(table.c.body).where(table.c.publication == publication).order_by(table.c.id)
        with self.store.read() as connection:
            return [_in_flight.decode(row.body) for row in connection.execute(query)]

    # --- people's open questions, and their texts ----------------------------------------------------------------

    def ask(self, questions: Sequence[Question], acting: Acting | None = None) -> list[Question]:
        """Add questions that were not asked yet (same place, value, author and time), each an act of its author;
        returns the new ones."""
        table = schema.questions
        new: list[Question] = []
        with self._acting(acting) as under_way:
            for question in questions:
                values = msgspec.structs.asdict(question)
                del values["id"]
                same = [table.c[name] == values[name] for name in ("kind", "asset", "dimension", "who", "at")]
                same += [
                    table.c[name].is_(None) if values[name] is None else table.c[name] == values[name]
                    for name in ("column", "value")
                ]
                if under_way.connection.execute(select(table.c.id).where(*same)).first() is None:
                    under_way.connection.execute(insert(table).values(**values))
                    new.append(question)
            under_way.add_all("decision", [self._asked(question) for question in new])
        return new

    def _asked(self, question: Question) -> Draft:
        who = question.who_id or ids_in(question.who, self.store.people) or None
        after = _about(question)
        return Draft(question.asset, "ask", question.message, after=after, who=who, name=question.who)

    def questions(self, state: str | None = "open") -> list[Question]:
        """Questions in order; None = settled ones too."""
        table = schema.questions
        query = select(table).order_by(table.c.id)
        if state is not None:
            query = query.where(table.c.state == state)
        with self.store.read() as connection:
            return [Question(**row._asdict()) for row in connection.execute(query)]

    def settle_question(
        self,
        ident: int,
        state: Literal["accepted", "refused"],
        who: str,
        at: str,
        acting: Acting | None = None,
        why: str = "",
    ) -> bool:
        """Close an open question, by an act of ``who`` (their name); False when somebody else did before."""
        table = schema.questions
        match = (table.c.id == ident) & (table.c.state == "open")
        with self._acting(acting) as under_way:
            row = under_way.connection.execute(select(table).where(match)).first()
            if row is None:
                return False
            values = {"state": state, "settled_by": who, "settled_at": at}
            under_way.connection.execute(update(table).where(match).values(**values))
            verb: Literal["accept", "refuse"] = "accept" if state == "accepted" else "refuse"
            after = {**_about(Question(**row._asdict())), "asked": row.at, "at": at}
            by = ids_in(who, self.store.people)
            under_way.add("decision", row.asset, verb, why=why, after=after, who=by, name=who)
            return True

    def _acting(self, acting: Acting | None) -> AbstractContextManager[Acting]:
        """The transaction that is under way, or one of the program's own."""
        return Trail(self.store).acting(program()) if acting is None else nullcontext(acting)

    def describe(self, found: Sequence[Description], acting: Acting | None = None) -> None:
        """Keep descriptions that people wrote, each an act of its author."""
        if found:
            with self._acting(acting) as under_way:
                describe(under_way, found, cache(partial(ids_in, people=self.store.people)))

    def descriptions(self, assets: Iterable[str] | None = None) -> dict[tuple[str, str | None], Description]:
        """(asset key, column or None) → the latest description that a person wrote; None = of all assets."""
        return descriptions(Trail(self.store), assets)


def _about(question: Question) -> dict[str, Any]:
    """What a question is about, for acts."""
    names = ("kind", "column", "dimension", "value", "rejected")
    return {name: value for name in names if (value := getattr(question, name)) is not None or name == "value"}


def _text(value: Any) -> str:
    return _encode(value).decode()


def renamed_base(base: Base, renamed: Mapping[str, str]) -> Base:
    """The base as its labels are called after the renames (old FQN → new)."""
    if not renamed:
        return base
    lists = {name: _renamed(getattr(base, name), renamed) for name in ("marks", "seen", "gone")}
    return msgspec.structs.replace(base, **lists)


def _renamed(marks: list[tuple[str, Mark]], prefixes: Mapping[str, str]) -> list[tuple[str, Mark]]:
    return [(path, msgspec.structs.replace(mark, fqn=renamed_fqn(mark.fqn, prefixes))) for path, mark in marks]


def renamed_fqn(fqn: str, renamed: Mapping[str, str]) -> str:
    """The FQN after the renames (old FQN → new) of itself or of what it stands in; the longest that fits counts.

    >>> renamed_fqn("数据分级.L3", {"数据分级": "DataTier"})
    'DataTier.L3'
    """
    fitting = [old for old in renamed if fqn == old or fqn.startswith(f"{old}.")]
    if not fitting:
        return fqn
    longest = max(fitting, key=len)
    return renamed[longest] + fqn[len(longest) :]
