"""Writes drafts to the server: structure by PUT, everything else by one guarded PATCH per asset, all of it journalled.

Schema by schema, in batches: what is about to be written goes to the journal, then structure (in bulk where the server
has it), then the schema is read again and each asset that differs is patched, a few at a time and never one by two.
Every answer is compared with what was expected; after a refusal the asset is read again and lost labels are put back.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import msgspec

from connectors.om_client import OpenMetadata
from connectors.om_errors import NotAuthenticated, ServerError, ServerRetryError, Stale
from connectors.om_patch import Operation
from workflows.batches import chunks
from workflows.publish.journal import ATTEMPTS, Journal, Marks, Repairer, kept, learned
from workflows.publish.ledger import InFlight
from workflows.publish.merge import Edit, all_marks, edited, encoder, label_ops, stored_labels
from workflows.publish.model import AssetKind, Base, Change, Entity, PlannedAsset, WantedAsset
from workflows.publish.planner import Draft, Group, Planner, allowed, changes_of, conflicts_of
from workflows.publish.stored import FIRST_VERSION, SERVER_KINDS
from workflows.publish.writing import Reference, ownership_ops, property_ops, put_body, text_ops

BATCH = 50
SILENCE = 10
"""Assets in a row for which the server could not be reached, retries and all, before the publication is given up."""


class Published(msgspec.Struct):
    """What a publication did to assets."""

    created: int = 0
    updated: int = 0
    """Assets that were there and were written to."""
    unchanged: int = 0
    restored: int = 0
    deleted: int = 0
    labels: int = 0
    """Labels added, replaced or withdrawn."""
    conflicts: list[Change] = []
    failures: list[str] = []
    stale: list[str] = []
    """FQNs of assets that changed between plan and write; left for the next run."""

    @property
    def written(self) -> int:
        return self.created + self.updated + self.restored + self.deleted


class Waiting(NamedTuple):
    """An asset whose structure is written and whose labels are not, as small as it gets."""

    wanted: bytes
    created: bool
    restored: bool
    labels: Marks
    """What must still stand of the labels that stood before."""


class Links(NamedTuple):
    """What is written when all assets are there: lineage and foreign keys."""

    wanted: bytes
    keys: bool


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(WantedAsset).decode


def packed(wanted: WantedAsset) -> bytes:
    return zlib.compress(_pack(wanted), 1)


def unpacked(data: bytes) -> WantedAsset:
    return _unpack(zlib.decompress(data))


class Publisher:
    """Writes one publication."""

    def __init__(
        self, client: OpenMetadata, planner: Planner, repairer: Repairer, journal: Journal, workers: int
    ) -> None:
        self.client, self.planner, self.repairer, self.journal, self.workers = (
            client,
            planner,
            repairer,
            journal,
            workers,
        )
        self.features = client.features
        self.encode = encoder(client.features.reason)
        self.result = Published()
        self.links: list[Links] = []
        self._references: dict[tuple[str, str], Reference | None] = {}
        self._silent = 0

    def write(self, group: Group, plan: Mapping[str, PlannedAsset] | None = None) -> None:
        """Bring the assets of one schema to what is wanted; with ``plan``, only what it holds. Raises
        ``NotAuthenticated``, and ``ServerRetryError`` when the server has gone away; what one asset meets is a failure.
        """
        waiting: list[Waiting] = []
        for drafts in self.planner.of_group(group):
            self._references.clear()
            waiting += self._batch([found for found in drafts if self._wanted(found, plan)])
        if waiting:
            self.planner.shelf.forget()
        for batch in chunks(waiting, BATCH):
            self._references.clear()
            self._finish(group.kind, batch)

    def _wanted(self, found: Draft, plan: Mapping[str, PlannedAsset] | None) -> bool:
        """Whether the draft may be written as it is."""
        if plan is None:
            return True
        item = plan.get(found.wanted.key)
        if item is None:
            return False
        fresh = tuple(changes_of(found))
        if fresh and (item.wanted != found.wanted.digest or not allowed(fresh, item.changes)):
            self.result.stale.append(found.wanted.fqn)
            return False
        return True

    # --- first: what is under way is noted, structure is written -------------------------------------------------

    def _batch(self, drafts: Sequence[Draft]) -> list[Waiting]:
        todo = [found for found in drafts if found.writes]
        self._note(drafts)
        items = self.journal.enter(todo)
        todo = self._restored(todo, items)
        structural = [found for found in todo if found.structure is not None]
        waiting = self._put(structural, items)
        self._patch([found for found in todo if found.structure is None], items)
        return waiting

    def _note(self, drafts: Sequence[Draft]) -> None:
        """Conflicts, and what is as it should be but was not known to be."""
        adopted: dict[str, Base] = {}
        for found in drafts:
            self.result.conflicts.extend(conflicts_of(found))
            if not found.writes:
                self.result.unchanged += 1
                if not found.blocked and found.stored is not None:
                    after = msgspec.structs.replace(found.after, id=found.stored["id"])
                    adopted |= {found.wanted.key: after} if after != found.base else {}
        if adopted:
            self.journal.ledger.save_bases(adopted, self.journal.at)

    def _restored(self, drafts: Sequence[Draft], items: Mapping[str, InFlight]) -> list[Draft]:
        """The drafts, those of deleted assets made anew from what stands there once they are restored."""
        found: list[Draft] = []
        for one in drafts:
            if not one.restore or one.stored is None:
                found.append(one)
                continue
            try:
                kind = one.wanted.kind
                self.client.restore(SERVER_KINDS[kind], one.stored["id"])
                self.journal.ledger.restored_elsewhere(one.wanted.key, one.stored["id"], self.journal.at)
                found.append(self.planner.one(one.wanted, self.planner.shelf.read(kind, one.stored["id"]), one.base))
                self.result.restored += 1
            except NotAuthenticated:
                raise
            except ServerError as exc:
                self._failed(one, items[one.wanted.key], exc)
        return found

    def _put(self, drafts: Sequence[Draft], items: Mapping[str, InFlight]) -> list[Waiting]:
        if not drafts:
            return []
        bodies = [put_body(one.wanted, one.stored, self.features, drifted=one.drifted) for one in drafts]
        results = self.client.put_many(SERVER_KINDS[drafts[0].wanted.kind], bodies)
        waiting: list[Waiting] = []
        for one, result in zip(drafts, results, strict=True):
            item = items[one.wanted.key]
            self._heard(result if isinstance(result, ServerRetryError) else None)
            if isinstance(result, ServerError):
                self._failed(one, item, result)
            else:
                waiting.append(Waiting(packed(one.wanted), one.stored is None, one.restore, kept(item)))
        return waiting

    # --- then: labels, texts, properties, owner, domain, status --------------------------------------------------

    def _finish(self, kind: AssetKind, batch: Sequence[Waiting]) -> None:
        """Patch assets whose structure was written."""
        wanted = [unpacked(one.wanted) for one in batch]
        bases = self.journal.ledger.bases([one.key for one in wanted])
        jobs: list[_Job] = []
        for asset, one in zip(wanted, batch, strict=True):
            stored = self._written(kind, asset)
            found = self.planner.guarded(asset, stored, bases.get(asset.key)) if stored is not None else None
            if found is not None:
                jobs.append(_Job(found, one.labels, one.created, structural=True))
        self._run(jobs)

    def _written(self, kind: AssetKind, asset: WantedAsset) -> Entity | None:
        """What stands there now that the structure is written; None (and a failure) leaves it to the next run."""
        unreachable: ServerRetryError | None = None
        try:
            stored = self.planner.shelf.find(kind, asset.parent, asset.fqn)
            why = "" if stored else "not there although it was written (publish again)"
        except NotAuthenticated:
            raise
        except ServerError as exc:
            stored, why = self._read(kind, asset.fqn), str(exc)
            unreachable = exc if stored is None and isinstance(exc, ServerRetryError) else None
        if stored is None:
            self.result.failures.append(f"{asset.fqn}: {why}")
            self._heard(unreachable)
        return stored

    def _read(self, kind: AssetKind, ref: str) -> Entity | None:
        try:
            return self.planner.shelf.read(kind, ref)
        except NotAuthenticated:
            raise
        except ServerError:
            return None

    def _patch(self, drafts: Sequence[Draft], items: Mapping[str, InFlight]) -> None:
        """Patch assets whose structure stays."""
        self._run([_Job(found, kept(items[found.wanted.key])) for found in drafts])

    def _run(self, jobs: Sequence[_Job]) -> None:
        """All jobs, a few at a time; what came of them is settled together."""
        if not jobs:
            return
        for job in jobs:
            self._resolve(job.found)
        with ThreadPoolExecutor(max(1, min(self.workers, len(jobs)))) as pool:
            outcomes = list(pool.map(self._one, jobs))
        settled: dict[str, Base] = {}
        for job, outcome in zip(jobs, outcomes, strict=True):
            if outcome.base is not None:
                settled[job.found.wanted.key] = outcome.base
            if outcome.failure:
                self.result.failures.append(f"{job.found.wanted.fqn}: {outcome.failure}")
            elif outcome.stale:
                self.result.stale.append(job.found.wanted.fqn)
            else:
                self._count(job, outcome)
        self.journal.settle(settled)
        for outcome in outcomes:
            self._heard(outcome.unreachable)

    def _heard(self, unreachable: ServerRetryError | None) -> None:
        """Give up when the server has not been there for a while: what is under way is mended next time."""
        self._silent = self._silent + 1 if unreachable else 0
        if unreachable and self._silent >= SILENCE:
            raise unreachable

    def _count(self, job: _Job, outcome: _Outcome) -> None:
        found = job.found
        self.result.labels += outcome.labels
        self.result.created += job.created
        self.result.updated += outcome.written and not job.created
        self.result.unchanged += not outcome.written and not job.created
        keys = bool(job.structural and found.wanted.foreign_keys and self.features.owners)
        if found.new_edges or found.old_edges or keys:
            self.links.append(Links(packed(found.wanted), keys))

    def _one(self, job: _Job) -> _Outcome:
        """One asset, in a thread of its own: patch, compare, put back; again when somebody else was faster."""
        found, first = job.found, tuple(changes_of(job.found))
        for _ in range(ATTEMPTS):
            try:
                return self._attempt(job, found)
            except Stale:
                fresh = self._again(found)
            except NotAuthenticated:
                raise
            except ServerRetryError as exc:
                # Nobody knows whether it was written: it stays in the journal.
                return _Outcome(None, failure=str(exc), unreachable=exc)
            except ServerError as exc:
                return self._repaired(job, found, exc)
            if fresh is None or not (job.structural or allowed(tuple(changes_of(fresh)), first)):
                return self._repaired(job, found, None)
            found = fresh
        return self._repaired(job, found, None)

    def _attempt(self, job: _Job, found: Draft) -> _Outcome:
        entity = found.stored
        assert entity is not None
        kind = found.wanted.kind
        edits = self.repairer.giving_way(kind, entity, job.labels, found.labels.edits)
        edits += self.repairer.lost(kind, entity, job.labels, edits)
        ops = self._operations(found, entity, edits)
        answer = entity
        if ops:
            answer = self.client.patch(SERVER_KINDS[kind], entity["id"], ops, entity["version"])
            self._verify(job, found, answer, edits)
        base = msgspec.structs.replace(
            found.after, id=entity["id"], version=_version(job, found, entity, answer), deleted=False
        )
        if job.structural and found.wanted.foreign_keys and self.features.owners:
            # Not whole before its foreign keys are written.
            base.structure = ""
        return _Outcome(base, labels=len(edits), written=bool(ops) or job.structural)

    def _operations(self, found: Draft, entity: Entity, edits: Sequence[Edit]) -> list[Operation]:
        references = {
            name: reference
            for name, value in found.ownership.write.items()
            if value and (reference := self._references.get((name, value))) is not None
        }
        return [
            *label_ops(entity, edits, self.encode),
            *text_ops(entity, found.texts),
            *property_ops(entity, found.properties),
            *ownership_ops(found.ownership, references, self.features),
        ]

    def _verify(self, job: _Job, found: Draft, answer: Entity, edits: Sequence[Edit]) -> None:
        """Compare the answer with what was expected; whatever is missing is put back at once."""
        assert found.stored is not None
        expected = edited(stored_labels(found.stored), edits)
        there = stored_labels(answer)
        missing = [
            (path, mark)
            for path, marks in expected.items()
            for mark in marks
            if not any(mark.same(one) for one in there.get(path, ()))
        ]
        if missing:
            entity = self.repairer.put_back(found.wanted.kind, found.stored["id"], missing)
            now = stored_labels(entity) if entity else {}
            still = [mark.fqn for path, mark in missing if not any(mark.fqn == one.fqn for one in now.get(path, ()))]
            if still:
                what = f"the server took the write but does not show {', '.join(sorted(set(still))[:3])}"
                raise ServerError(what, hint="see its log; publish again")

    def _again(self, found: Draft) -> Draft | None:
        """The asset compared anew after somebody else, or an answer that was lost, moved it on."""
        assert found.stored is not None
        stored = self._read(found.wanted.kind, found.stored["id"])
        if stored is None or stored.get("deleted"):
            return None
        base = self.journal.ledger.bases([found.wanted.key]).get(found.wanted.key)
        return self.planner.guarded(found.wanted, stored, base)

    # --- failures ------------------------------------------------------------------------------------------------

    def _repaired(self, job: _Job, found: Draft, error: ServerError | None) -> _Outcome:
        """After a refusal (``error``), or when somebody else keeps writing: labels put back, the base as it now is."""
        wanted = found.wanted
        # Nothing of a refused write counts: what it was to withdraw must stand again, too.
        labels = list(job.labels)
        labels += [one for one in all_marks(stored_labels(found.stored or {})) if one not in labels]
        item = InFlight(wanted.key, wanted.fqn, wanted.kind, before=labels, after=labels)
        failure, stale = (str(error), False) if error else ("", True)
        try:
            entity = self.repairer.put_back(wanted.kind, wanted.fqn, labels)
        except NotAuthenticated:
            raise
        except ServerError as exc:
            return _Outcome(None, failure=failure or str(exc))
        if entity is None:
            return _Outcome(Base(wanted.fqn), failure=failure, stale=stale)
        base = self.journal.ledger.bases([wanted.key]).get(wanted.key)
        return _Outcome(learned(item, base, entity, self.repairer.scheme), failure=failure, stale=stale)

    def _failed(self, found: Draft, item: InFlight, error: ServerError) -> None:
        """A structural write, or a restore, was refused."""
        if isinstance(error, NotAuthenticated):
            raise error
        self.result.failures.append(f"{found.wanted.fqn}: {error}")
        if isinstance(error, ServerRetryError):
            return
        outcome = self._repaired(_Job(found, kept(item)), found, error)
        if outcome.base is not None:
            self.journal.settle({found.wanted.key: outcome.base})

    # --- references ----------------------------------------------------------------------------------------------

    def _resolve(self, found: Draft) -> None:
        """Owner and domain by name, just before writing: the id of a domain that is gone poisons a table of 1.2."""
        kinds = {"owner": "team", "domain": "domain"}
        for name, value in found.ownership.write.items():
            if name in kinds and value and (name, value) not in self._references:
                self._references[name, value] = self._reference(kinds[name], value)

    def _reference(self, kind: str, name: str) -> Reference | None:
        try:
            found = self.client.get(kind, name)
        except NotAuthenticated:
            raise
        except ServerError:
            found = None
        if found is None:
            # Teams are made by administrators only: a bot of ours publishes as often as it likes without them.
            hint = "run `pdc protect` with an administrator's token" if kind == "team" else "publish again"
            failure = f"{kind} {name}: not there, so no asset refers to it yet ({hint})"
            # Asked anew for every batch, told once.
            self.result.failures += [failure] if failure not in self.result.failures else []
            return None
        return {"id": found["id"], "type": kind}


class _Job(NamedTuple):
    found: Draft
    labels: Marks
    """What must stand of the labels that stood before."""
    created: bool = False
    structural: bool = False


class _Outcome(NamedTuple):
    base: Base | None
    """None = not known: it stays in the journal."""
    failure: str = ""
    stale: bool = False
    labels: int = 0
    written: bool = True
    """Whether anything was sent; nothing is when what an owner or domain refers to is not there."""
    unreachable: ServerRetryError | None = None


def _version(job: _Job, found: Draft, before: Entity, after: Entity) -> float:
    """The version up to which nobody but us wrote: later ones are read by the next pull."""
    version: float = after["version"]
    if job.created:
        return version if before["version"] == FIRST_VERSION else 0.0
    return version if before["version"] == found.base.version else found.base.version
