"""Letters as a channel: those that are handed over together become one batch, a ZIP of PDFs.

A letter is accepted when its batch is renamed into place. A name is never given to two files, and a
file that was put is found again by its manifest: so nothing is ever printed twice.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from services.outreach.channels.clients.letter_targets import (
    FolderTarget,
    LetterTarget,
    PutTarget,
)
from services.outreach.channels.clients.registry import ProviderSetup
from services.outreach.channels.domain.contract import (
    TOO_LATE,
    Accepted,
    CannotSay,
    Found,
    Intent,
    Later,
    NotThere,
    Refused,
    Sent,
    Unknown,
    Withdrawn,
)
from services.outreach.channels.domain.letter_batches import (
    PrintedLetter,
    batch_id,
    batch_prefix,
    batch_zip,
    number_of,
    read_manifest,
)
from services.outreach.channels.domain.letter_pages import (
    LetterFormat,
    LetterPdf,
    LetterSender,
    LetterTooLong,
    letter_pdf,
)
from services.outreach.channels.domain.parts import LetterParts, Parts
from services.outreach.channels.domain.postal_addresses import (
    PostalAddress,
    envelope_lines,
    read_postal_address,
)
from shared import clock
from shared.clock import local_day
from shared.countries import country_code
from shared.errors import Unavailable
from shared.process.crash import crash_point
from shared.process.tasks import end

LETTERS_MAX = 100  # of one batch
GATHERING_SECONDS = 0.05  # how long a batch waits for the next letter of the same wave
FIND_DAYS = 4  # for so many days back a batch is looked for
NUMBERS_MAX = 10_000

INCOMPLETE, TOO_LONG = "address-incomplete", "letter-too-long"
AWAY, UNSURE = "target-away", "target-unsure"


@dataclass
class _Waiting:
    """One letter on its way into a batch."""

    intent: Intent
    address: PostalAddress
    sent: asyncio.Future[Sent]


class LetterChannel:
    """One place where batches go, and who writes."""

    at_once = LETTERS_MAX

    def __init__(
        self, target: LetterTarget, sender: LetterSender, format_: LetterFormat, country: str | None
    ) -> None:
        self._target = target
        self._sender = sender
        self._format = format_
        self._country = country  # of the sender, where it is known
        self._waiting: list[_Waiting] = []
        self._closing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, intent: Intent) -> Sent:
        """Into the batch that is being gathered; the answer is the batch's."""
        address = read_postal_address(intent.to)
        if address is None or not intent.to_name.strip():
            return Refused(INCOMPLETE, is_address_dead=True)
        letter = _Waiting(intent, address, asyncio.get_running_loop().create_future())
        self._waiting.append(letter)
        if self._closing is None:
            self._closing = asyncio.create_task(self._gather())
            self._tasks.add(self._closing)
            self._closing.add_done_callback(self._tasks.discard)
        return await letter.sent

    async def _gather(self) -> None:
        count = 0
        while count < len(self._waiting) < LETTERS_MAX:
            count = len(self._waiting)
            await asyncio.sleep(GATHERING_SECONDS)
        gathered, self._waiting = self._waiting[:LETTERS_MAX], self._waiting[LETTERS_MAX:]
        self._closing = None
        if self._waiting:
            self._closing = asyncio.create_task(self._gather())
            self._tasks.add(self._closing)
            self._closing.add_done_callback(self._tasks.discard)
        by_day: dict[tuple[str, date], list[_Waiting]] = {}
        for letter in gathered:
            key = (letter.intent.tenant, _batch_day(letter.intent))
            by_day.setdefault(key, []).append(letter)
        for batch in by_day.values():
            await self._close_batch(batch)

    async def _close_batch(self, batch: Sequence[_Waiting]) -> None:
        """Every letter of it gets its answer, whatever happens."""
        try:
            await self._send_batch(batch)
        except Unavailable:
            _answer(batch, Later(AWAY))
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            for letter in batch:
                if not letter.sent.done():
                    letter.sent.set_exception(error)
        except BaseException:
            for letter in batch:
                letter.sent.cancel()
            raise

    async def _send_batch(self, batch: Sequence[_Waiting]) -> None:
        printed: dict[str, PrintedLetter] = {}
        for letter in batch:
            if (one := await self._printed(letter)) is not None:
                printed[letter.intent.contact_id] = one
        if not printed:
            return
        tenant, day = batch[0].intent.tenant, _batch_day(batch[0].intent)
        for number in range(1, NUMBERS_MAX):
            content = batch_zip(tenant, day, number, list(printed.values()))
            name = batch_id(tenant, day, number)
            placed = await self._target.place(f"{name}.zip", content)
            if placed == "taken":
                continue
            crash_point("outreach.letters.after_file")
            for letter in batch:
                one = printed.get(letter.intent.contact_id)
                if one is not None and not letter.sent.done():
                    letter.sent.set_result(
                        Accepted(f"{name}/{one.contact_id}", one.pages)
                        if placed == "placed"
                        else Unknown(UNSURE)
                    )
            return
        _answer(batch, Later(AWAY))

    async def _printed(self, letter: _Waiting) -> PrintedLetter | None:
        """None: it stays out of the batch, and has its answer."""
        intent = letter.intent
        if clock.now() >= intent.deadline:
            _answer([letter], Later(TOO_LATE, blame="unclear"))
            return None
        try:
            parts = await _written(letter)
            if parts is None:
                _answer([letter], Withdrawn())
                return None
            assert isinstance(parts, LetterParts), "a letter has the parts of one"
            pdf = await asyncio.to_thread(self._pdf, intent, letter.address, parts.text)
        except LetterTooLong:
            _answer([letter], Refused(TOO_LONG))
            return None
        except Exception as error:  # noqa: BLE001 - its own sender is told; the others go on
            if not letter.sent.done():
                letter.sent.set_exception(error)
            return None
        if letter.sent.done():
            return None
        return PrintedLetter(intent.contact_id, pdf.content, pdf.pages, letter.address.country)

    def _pdf(self, intent: Intent, address: PostalAddress, text: str) -> LetterPdf:
        zone = intent.details.get("zone", "UTC")
        return letter_pdf(
            text,
            to=envelope_lines(
                intent.to_name, address, from_country=self._country, language=intent.language
            ),
            sender=self._sender,
            on=local_day(intent.at, zone),
            language=intent.language,
            format_=self._format,
        )

    async def find(self, intent: Intent) -> Found:
        """Whether some batch of the last days has the letter in it."""
        last = _batch_day(intent)
        try:
            for back in range(-1, FIND_DAYS + 1):  # the day after, too: zones differ
                day = last - timedelta(days=back)
                prefix = batch_prefix(intent.tenant, day)
                async for name, content in self._target.files(prefix):
                    if number_of(intent.tenant, day, name) is None:
                        continue
                    manifest = read_manifest(content)
                    for letter in manifest.letters if manifest is not None else ():
                        if letter.contact_id == intent.contact_id:
                            own_id = f"{name.removesuffix('.zip')}/{letter.contact_id}"
                            return Accepted(own_id, letter.pages)
        except Unavailable:
            return CannotSay()
        return NotThere()

    async def close(self) -> None:
        """Batches that are under way are finished."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._target.close()


async def _written(letter: _Waiting) -> Parts | None:
    """Its words. Whoever is stopped while they are written sends nothing, and holds up nobody."""
    writing = asyncio.ensure_future(letter.intent.parts())
    waited_for: set[asyncio.Future[Any]] = {writing, letter.sent}
    try:
        await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
        return writing.result() if writing.done() else None
    finally:
        await end([writing])


def _batch_day(intent: Intent) -> date:
    """By the tenant's calendar."""
    zone = intent.details.get("tenant_zone") or intent.details.get("zone") or "UTC"
    return local_day(intent.at, zone)


def _answer(batch: Sequence[_Waiting], sent: Sent) -> None:
    for letter in batch:
        if not letter.sent.done():
            letter.sent.set_result(sent)


def open_folder(setup: ProviderSetup) -> LetterChannel:
    """Of a provider of the kind `folder`. Raises `Unavailable`."""
    folder = letters_folder(setup.letters_dir, setup.provider.target or "")
    if folder is None:
        raise Unavailable(f"the target of the provider {setup.name} is not in the letters' folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"the target of the provider {setup.name} cannot be made") from error
    return _channel(setup, FolderTarget(folder))


def open_put(setup: ProviderSetup) -> LetterChannel:
    """Of a provider of the kind `http-put`. Raises `Unavailable`."""
    url = setup.provider.target or ""
    if not setup.is_local and not url.startswith("https://"):
        raise Unavailable(f"the target of the provider {setup.name} must start with https://")
    token = setup.secret if setup.provider.secret is not None else None
    return _channel(setup, PutTarget(url, token, is_local=setup.is_local))


def letters_folder(root: Path | None, target: str) -> Path | None:
    """The folder that a tenant names, inside the one for letters; None: it is not in there."""
    if root is None or "\0" in target:
        return None
    inside = root.resolve()
    folder = (inside / target).resolve()
    return folder if folder == inside or inside in folder.parents else None


def _channel(setup: ProviderSetup, target: LetterTarget) -> LetterChannel:
    creditor = setup.settings.creditor
    text = creditor.postal_address or setup.sender.postal_address or ""
    lines = [line.strip() for part in text.splitlines() for line in part.split(",")]
    lines = [line for line in lines if line]
    country = country_code(lines[-1]) if lines else None
    sender = LetterSender(
        creditor.name or setup.sender.name, tuple(lines), creditor.phone, creditor.url
    )
    if country is None and setup.provider.format == "US":
        country = "US"
    return LetterChannel(target, sender, setup.provider.format, country)
