"""An import, as a worker does it: read apart, then sent in batches, each with how far it is.

The file is read in a process of its own, which leaves the events in order in a file. Each batch
goes into the ledger together with the import's position: one that is killed goes on behind the
last batch known, and counts nothing twice. Whoever was killed leaves a lease, which runs out.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from services.ledger.commands.imports import RENEW_SECONDS, lease_end
from services.ledger.commands.intake import ReceivedEvent, refuse_event, take_events
from services.ledger.commands.new_facts import Outcome
from services.ledger.context import Context
from services.ledger.import_files.folders import work_folder
from services.ledger.import_files.reading import BATCH_EVENTS, mapping_of, parsed, refusals_of
from services.ledger.import_files.report import FileTally, Report, report_of
from services.ledger.import_files.store import FileEvents, KnownAccount
from services.ledger.import_files.work import (
    SECONDS_MAX,
    events_in,
    file_in,
    read_job,
    rows_told,
)
from services.ledger.processes.import_trial import local_today
from services.ledger.store import imports as store
from services.ledger.store.imports import FileImport, Sent
from shared import clock
from shared.clock import monotonic
from shared.csv_events.mapping import MappingFile
from shared.csv_events.rows import Made, Refusal
from shared.errors import AppError, Invalid, Unavailable
from shared.process.compute import ComputeFailed
from shared.process.crash import crash_point
from shared.process.failures import is_for_now, note_failure
from shared.process.tasks import end, pause
from shared.process.telemetry import logger

TRIES = 8  # of a batch that fails for now, one after the other
FAILED_MAX = 20  # events that fail for good, one after the other: it is not they
KNOWN_ACCOUNTS = 1_000
REFUSALS = 1_000
REST_SHARE = 0.1  # of the time that a batch took: others want the database too
REST_SECONDS_MAX = 0.2
REASON_MAX = 2_000

log = logger(__name__)


class LostImport(Exception):
    """It was cancelled, or another worker took it over."""


async def run_import(
    context: Context, found: FileImport, worker: str, *, stop: asyncio.Event
) -> None:
    """Do one import that the worker has claimed, until it is over, or `stop`."""
    key = (found.tenant_id, found.import_id)
    with work_folder() as folder:
        work = asyncio.create_task(_Import(context, found, worker, folder, stop).run())
        stopped = asyncio.create_task(stop.wait())
        try:
            while not work.done():
                await asyncio.wait(
                    {work, stopped}, timeout=RENEW_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if work.done():
                    work.result()
                elif stop.is_set():
                    await end([work])
                    async with context.db.transaction() as session:
                        await store.give_back(session, key, worker)
                    return
                elif not await _renew(context, key, worker, folder):
                    return
        except LostImport:
            return
        finally:
            await end([work, stopped])


async def _renew(context: Context, key: tuple[str, str], worker: str, folder: Path) -> bool:
    rows = rows_told(folder)
    try:
        async with context.db.transaction() as session:
            return await store.renew_lease(
                session, key, worker, lease_until=lease_end(clock.now()), rows=rows
            )
    except Unavailable:
        return True  # whether it is still ours, the next batch will see


class _Import:
    """One import in one worker."""

    def __init__(
        self,
        context: Context,
        found: FileImport,
        worker: str,
        folder: Path,
        stop: asyncio.Event,
    ) -> None:
        self._context, self._db = context, context.db
        self._found, self._worker, self._folder, self._stop = found, worker, folder, stop
        self._key = (found.tenant_id, found.import_id)
        self._origin = f"import/{found.import_id}"

    async def run(self) -> None:
        try:
            await self._run()
        except LostImport:
            raise
        except AppError as error:
            # A reader that is gone may have been ended for its memory: not again by itself.
            if is_for_now(error) and not isinstance(error, ComputeFailed):
                raise
            await self._fail(error)
        except Exception as error:
            if is_for_now(error):
                raise
            note_failure("ledger", "import", error, tenant=self._found.tenant_id)
            await self._finish("failed", "an error on our side; the service's log says more")

    async def _run(self) -> None:
        await self._fetch_file()
        tally = await self._read()
        events = await asyncio.to_thread(FileEvents, events_in(self._folder), is_new=False)
        try:
            await self._begin_sending(tally, events)
            crash_point("ledger.import.after_reading")
            await self._send(mapping_of(self._found.mapping), events)
        finally:
            await asyncio.to_thread(events.close)

    async def _fail(self, error: AppError) -> None:
        faults = "".join(f"\n{fault.pointer}: {fault.detail}" for fault in error.errors)
        await self._finish("failed", f"{error.detail}{faults}"[:REASON_MAX])

    async def _finish(self, state: store.ImportState, reason: str | None = None) -> None:
        async with self._db.transaction() as session:
            await store.finish_import(
                session, self._key, self._worker, state=state, reason=reason, now=clock.now()
            )
        log.info("import over", tenant=self._key[0], import_id=self._key[1], state=state)

    # ------------------------------------------------- reading

    async def _fetch_file(self) -> None:
        path, number = file_in(self._folder), 0
        while (part := await store.find_part(self._db, *self._key, number)) is not None:
            await asyncio.to_thread(_append, path, part)
            number += 1
        if not number:
            raise Invalid("the file is not kept any more: import it again")

    async def _read(self) -> FileTally:
        """In a process of its own. Raises `Invalid` where nothing can be made of the file."""
        tenant_id, mapping = self._found.tenant_id, self._found.mapping
        today = await local_today(self._context, tenant_id)
        return await self._context.files.run(
            tenant_id,
            read_job,
            self._folder,
            self._found.name,
            mapping,
            tenant_id,
            today,
            seconds=SECONDS_MAX,
        )

    async def _begin_sending(self, tally: FileTally, events: FileEvents) -> None:
        if not len(events) and not events.refused:
            raise Invalid("there is no row of which an event is made")
        await self._know_accounts(events)
        report: Report = await asyncio.to_thread(report_of, tally, events)
        await self._keep_refusals(events)
        async with self._db.transaction() as session:
            has_begun = await store.begin_sending(
                session,
                self._key,
                self._worker,
                rows=tally.rows,
                events=len(events),
                refused_rows=events.refused,
                report=msgspec.json.encode(report),
            )
        if not has_begun:
            raise LostImport

    async def _know_accounts(self, events: FileEvents) -> None:
        after = ""
        while names := await asyncio.to_thread(events.accounts, after=after, limit=KNOWN_ACCOUNTS):
            async with self._db.reading() as session:
                rows = await store.find_known_accounts(session, self._found.tenant_id, names)
            events.know(
                KnownAccount(account, registered, invoices)
                for account, _, registered, invoices in rows
            )
            after = names[-1]

    async def _keep_refusals(self, events: FileEvents) -> None:
        async with self._db.transaction() as session:
            await store.forget_read_refusals(session, self._key)
        for start in range(0, events.refused, REFUSALS):
            refusals = await asyncio.to_thread(_page, events, start)
            async with self._db.transaction() as session:
                await store.insert_import_refusals(session, self._key, refusals, is_read=True)

    # ------------------------------------------------- sending

    async def _send(self, mapping: MappingFile, events: FileEvents) -> None:
        async with self._db.reading() as session:
            now = await store.find_import(session, *self._key)
        position, size = now.sent if now else 0, BATCH_EVENTS
        failures = in_a_row = 0
        while True:
            batch = await asyncio.to_thread(events.batch, mapping, after=position, size=size)
            if not batch:
                await self._finish("done")
                return
            started = monotonic()
            try:
                await self._take(mapping, events, batch)
            except LostImport:
                raise
            except Exception as error:
                if is_for_now(error):
                    failures += 1
                    if failures >= TRIES:
                        raise
                    await pause(self._stop, 0.1 * 2**failures)
                    continue
                if len(batch) > 1:
                    size = len(batch) // 2
                    continue
                in_a_row += 1
                if in_a_row > FAILED_MAX:
                    raise
                await self._refuse(mapping, events, batch[0], error)
            else:
                in_a_row = 0
            position, failures = position + len(batch), 0
            size = min(BATCH_EVENTS, size * 2)
            crash_point("ledger.import.between_batches")
            took = monotonic() - started
            await pause(self._stop, min(REST_SECONDS_MAX, took * REST_SHARE))

    async def _take(self, mapping: MappingFile, events: FileEvents, batch: Sequence[Made]) -> None:
        """Record a batch, and that it is recorded, in one transaction."""
        started = monotonic()
        received = [
            ReceivedEvent(self._found.tenant_id, item, self._origin) for item in parsed(batch)
        ]
        async with self._db.transaction() as session:
            outcomes = await take_events(session, received, self._context)
            refusals = self._refusals(mapping, events, batch, outcomes)
            await store.insert_import_refusals(session, self._key, refusals, is_read=False)
            sent = _sent(outcomes, monotonic() - started)
            if not await store.note_sent(session, self._key, self._worker, sent):
                raise LostImport

    async def _refuse(
        self, mapping: MappingFile, events: FileEvents, made: Made, error: Exception
    ) -> None:
        """An event that can't be taken, whatever is tried, is refused alone."""
        note_failure("ledger", "import", error, tenant=self._found.tenant_id)
        (item,) = parsed([made])
        received = ReceivedEvent(self._found.tenant_id, item, self._origin)
        async with self._db.transaction() as session:
            outcome = await refuse_event(session, received, error, now=clock.now())
            refusals = self._refusals(mapping, events, [made], [outcome])
            await store.insert_import_refusals(session, self._key, refusals, is_read=False)
            if not await store.note_sent(session, self._key, self._worker, _sent([outcome], 0.0)):
                raise LostImport

    def _refusals(
        self,
        mapping: MappingFile,
        events: FileEvents,
        batch: Sequence[Made],
        outcomes: Sequence[Outcome],
    ) -> list[Refusal]:
        return [
            Refusal(r.line, r.column, r.reason, r.last, events.cells_of(r.line))
            for made, outcome in zip(batch, outcomes, strict=True)
            if outcome.status == "rejected"
            for r in refusals_of(mapping, made, outcome.errors)
        ]


def _sent(outcomes: Sequence[Outcome], seconds: float) -> Sent:
    duplicates = sum(outcome.status == "duplicate" for outcome in outcomes)
    refused = sum(outcome.status == "rejected" for outcome in outcomes)
    accepted = len(outcomes) - duplicates - refused
    return Sent(len(outcomes), accepted, duplicates, refused, seconds)


def _append(path: Path, part: bytes) -> None:
    with path.open("ab") as file:
        file.write(part)


def _page(events: FileEvents, start: int) -> list[Refusal]:
    return list(events.refusals(after=start, limit=REFUSALS))
