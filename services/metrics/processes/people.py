"""Figures of people: of all, beside each other by name, or of one."""

from collections.abc import Iterable, Sequence
from typing import Any

from services.metrics.domain.announced import CERTIFICATES, certificates_of
from services.metrics.domain.people import (
    Work,
    figures_of,
    in_queue,
    peers_of,
    together,
    works_of,
)
from services.metrics.domain.plans.resources import Certificate
from services.metrics.processes.books import BookReading, Read
from services.metrics.store import people as store
from services.metrics.store.announcements import list_announcements
from services.metrics.store.preferences import PeopleShown, find_people_shown
from shared.database import Database
from shared.errors import Forbidden

TALKS_SHOWN = 100


async def allow(db: Database, tenant: str, *, shown_to: frozenset[PeopleShown], what: str) -> None:
    """Raises `Forbidden` where the tenant's setting does not let them be looked at."""
    async with db.reading() as session:
        setting = await find_people_shown(session, tenant)
    if setting not in shown_to:
        raise Forbidden(f"This tenant's setting for people is {setting!r}: it shows no {what}.")


def read_people(queue: str | None) -> Read:
    """Of everybody, the team first, then by name; there is no rank."""

    async def read(reading: BookReading) -> dict[str, Any]:
        works = await _works(reading)
        certificates = await _certificates(reading)
        found = in_queue(works, queue)
        team = {**figures_of(together(found), (), queue), "team": True, "certificates": []}
        people = [_person(work, works.values(), queue, certificates) for work in found]
        return {**_window(reading, queue), "items": [team, *people]}

    return read


def read_person(collector: str, queue: str | None) -> Read:
    """Of one, with what was talked about."""

    async def read(reading: BookReading) -> dict[str, Any]:
        works = await _works(reading)
        certificates = await _certificates(reading)
        work = works.get(collector) or Work(collector)
        talks = await store.list_talks(reading.session, reading.scope[0], collector, TALKS_SHOWN)
        return {
            **_window(reading, queue),
            **_person(work, works.values(), queue, certificates),
            "conversations": talks,
        }

    return read


def _window(reading: BookReading, queue: str | None) -> dict[str, Any]:
    window = reading.question.window
    return {"from": window.from_on, "to": window.to_on, "queue": queue}


async def _works(reading: BookReading) -> dict[str, Work]:
    found = await store.list_worked(reading.session, reading.scope, reading.question)
    return works_of(found)


async def _certificates(reading: BookReading) -> list[Certificate]:
    tenant, before = reading.scope
    return certificates_of(await list_announcements(reading.session, tenant, CERTIFICATES, before))


def _person(
    work: Work, works: Iterable[Work], queue: str | None, certificates: Sequence[Certificate]
) -> dict[str, Any]:
    mine = sorted(
        (each for each in certificates if each.collector == work.collector),
        key=lambda each: each.name,
    )
    return {
        **figures_of(work, peers_of(work, works), queue),
        "team": False,
        "certificates": [
            {
                "name": each.name,
                "valid_until": each.valid_until,
                "suspended": each.suspended,
            }
            for each in mine
        ],
    }
