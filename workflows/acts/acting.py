"""A transaction that adds acts to the chain, and how an act is sealed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Select, func, insert, select, update

from workflows import store_schema as schema
from workflows.acts.model import Act, Actor, Conflict, Kind
from workflows.acts.time import written
from workflows.batches import chunks
from workflows.clock import Clock
from workflows.errors import InputError

START = schema.CHAIN_START

LONGEST_NAME = 128
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_encode = msgspec.json.Encoder(order="deterministic").encode
_FIELDS = Act.__struct_fields__


class Draft(NamedTuple):
    """An act that is to be added; see `Acting.add`."""

    subject: str
    verb: str
    why: str = ""
    before: Any = None
    after: Any = None
    who: str | None = None
    name: str = ""


class Acting:
    """A transaction that holds the chain's end. ``at``: the time of its acts, never before that of the last one.

    Raises `Blocked` when the clock is far behind the last act, see `workflows.acts.time`.
    """

    def __init__(self, connection: Connection, actor: Actor, clock: Clock, pack: str, *, setting: bool = False) -> None:
        """``setting``: the one act to come is that of `workflows.acts.time.set_clock`."""
        self.connection, self.actor, self.pack = connection, actor, pack
        self.added: list[Act] = []
        self.last: Act | None = None
        # A write first: it takes the lock that makes everything read afterwards current, on SQLite as on PostgreSQL.
        schema.lock(connection)
        row = connection.execute(select(schema.acts_head)).one()
        self._number, self._hash = int(row.number), str(row.hash)
        last = select(schema.acts.c.at).where(schema.acts.c.number == self._number)
        self.before = str(connection.execute(last).scalar() or "")
        """Time of the last act; empty when there is none."""
        # The clock is read after the lock: who has waited for others acts after them.
        self.at = written(clock(), "" if setting else self.before, self._number)
        self._versions: dict[tuple[Kind, str], int] = {}
        """Of the subjects that have been asked about; nobody else acts meanwhile."""

    def acts(self, kind: Kind, subject: str) -> list[Act]:
        return [act_of(row) for row in self.connection.execute(acts_query(kind, subject))]

    def version(self, kind: Kind, subject: str) -> int:
        """How many acts the subject has had; 0 for none."""
        place = (kind, subject)
        if place not in self._versions:
            self._learn(kind, [subject])
        return self._versions[place]

    def _learn(self, kind: Kind, subjects: Iterable[str]) -> None:
        table = schema.acts
        for batch in chunks(one for one in dict.fromkeys(subjects) if (kind, one) not in self._versions):
            query = select(table.c.subject, func.max(table.c.version)).group_by(table.c.subject)
            rows = self.connection.execute(query.where(table.c.kind == kind, table.c.subject.in_(batch)))
            self._versions.update(
                {(kind, one): 0 for one in batch} | {(kind, str(row[0])): int(row[1]) for row in rows}
            )

    def add(
        self,
        kind: Kind,
        subject: str,
        verb: str,
        *,
        why: str = "",
        before: Any = None,
        after: Any = None,
        expected: int | None = None,
        who: str | None = None,
        name: str = "",
    ) -> Act:
        """Append one act. ``expected``: the version that the actor saw; another one raises `Conflict`.

        ``who``, ``name``: the person, where an act is only brought in, such as one read back from OpenMetadata.
        """
        version = self.version(kind, subject)
        if expected is not None and expected != version:
            what = f"{subject}: somebody else acted on it meanwhile (version {version}, not {expected})"
            raise Conflict(f"{what}; look at it again, then repeat the act")
        act = self._made(kind, Draft(subject, verb, why, before, after, who, name))
        self._write([act])
        self.added.append(act)
        return act

    def add_all(self, kind: Kind, drafts: Iterable[Draft]) -> None:
        """Append many acts, in their order: what `add` does for each, in a fiftieth of the time.

        They are not in ``added``: an import may bring hundreds of thousands.
        """
        for batch in chunks(drafts):
            self._learn(kind, (draft.subject for draft in batch))
            self._write([self._made(kind, draft) for draft in batch])

    def _made(self, kind: Kind, draft: Draft) -> Act:
        """The chain's next link; it is not written yet."""
        actor, place = self.actor, (kind, draft.subject)
        version = self.version(*place) + 1
        _check(draft, actor)
        act = Act(
            number=self._number + 1,
            at=self.at,
            who=actor.who if draft.who is None else draft.who,
            kind=kind,
            subject=draft.subject,
            version=version,
            verb=draft.verb,
            why=draft.why,
            before="" if draft.before is None else _encode(draft.before).decode(),
            after="" if draft.after is None else _encode(draft.after).decode(),
            account=actor.account,
            behalf=actor.behalf,
            pack=self.pack,
            previous=self._hash,
            name=actor.name if draft.who is None else draft.name,
        )
        act = msgspec.structs.replace(act, hash=seal(act))
        self._number, self._hash, self._versions[place] = act.number, act.hash, version
        return act

    def _write(self, made: Sequence[Act]) -> None:
        if made:
            self.connection.execute(insert(schema.acts), [msgspec.structs.asdict(act) for act in made])
            values = {"number": self._number, "hash": self._hash}
            self.connection.execute(update(schema.acts_head).values(**values))
            self.last = made[-1]

    def keep(self, document: Any) -> str:
        """Keep a document for ever under its SHA-256, so that an act can name it; equal ones are kept once."""
        body = _encode(document)
        key = hashlib.sha256(body).hexdigest()
        table = schema.documents
        if self.connection.execute(select(table.c.digest).where(table.c.digest == key)).first() is None:
            self.connection.execute(insert(table).values(digest=key, body=body.decode()))
        return key


def _check(draft: Draft, actor: Actor) -> None:
    """No database holds these; a name must fit its column. Raises `InputError`."""
    told = {"the reason": draft.why, "--as": actor.behalf, "the name": draft.name}
    for what, text in told.items():
        if _NOT_TEXT.search(text):
            raise InputError(f"{what} holds a NUL character or half a character (type it again, as UTF-8)")
    if len(actor.behalf) > LONGEST_NAME:
        raise InputError(f"--as: a name has at most {LONGEST_NAME} characters")


def document(connection: Connection, key: str) -> bytes | None:
    query = select(schema.documents.c.body).where(schema.documents.c.digest == key)
    body = connection.execute(query).scalar()
    return None if body is None else str(body).encode()


def seal(act: Act) -> str:
    """SHA-256 over every field but the hash itself, in their order; over the name where there is one, so that acts from
    before names were kept stay as they were sealed.

    >>> act = Act(1, "2026-01-01", "li", "entry", "a/b/c", 1, "submit", previous=START)
    >>> seal(act) == seal(msgspec.structs.replace(act, why="because"))
    False
    """
    fields = [getattr(act, name) for name in _FIELDS if name != "hash" and (name != "name" or act.name)]
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()


def acts_query(kind: Kind | None, subject: str | None) -> Select[Any]:
    """Rows of acts in their order; None = of every kind, of every subject."""
    query = select(schema.acts).order_by(schema.acts.c.number)
    if kind is not None:
        query = query.where(schema.acts.c.kind == kind)
    return query if subject is None else query.where(schema.acts.c.subject == subject)


def act_of(row: Any) -> Act:
    """An act from its row."""
    return msgspec.convert({name: getattr(row, name) for name in _FIELDS}, Act)
