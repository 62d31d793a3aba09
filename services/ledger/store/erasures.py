"""Erasure: facts are rewritten without what is personal, and what shows it elsewhere goes."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from services.ledger.domain.erasures import Certificate
from services.ledger.domain.personal import count_personal, texts_of
from services.ledger.domain.registry import KINDS
from services.ledger.store.journal import AccountKey
from shared.database import Session
from shared.database.retention import SLICE_ROWS_MAX, Rule
from shared.events import LEDGER, key_of
from shared.texts import shown

_ENCODER = msgspec.json.Encoder()
_CERTIFICATE = msgspec.json.Decoder(Certificate)
_GONE = "erased with the account's personal data"
_ERRORS = _ENCODER.encode([{"pointer": "", "detail": _GONE}])


async def find_certificate(session: Session, key: AccountKey) -> Certificate | None:
    body = await session.fetchval(
        "select certificate from erasures where tenant_id = $1 and account_id = $2", *key
    )
    return _CERTIFICATE.decode(body) if body is not None else None


async def insert_certificate(
    session: Session, tenant_id: str, certificate: Certificate, now: datetime
) -> None:
    await session.execute(
        "insert into erasures (tenant_id, account_id, erased_at, certificate)"
        " values ($1, $2, $3, $4)",
        tenant_id,
        certificate.account_id,
        now,
        _ENCODER.encode(certificate),
    )


class Rewritten(Struct, frozen=True):
    """What went from the facts of an account, and the texts by which it is found elsewhere."""

    counts: Counter[str]
    texts: set[str]


async def rewrite_facts(session: Session, key: AccountKey) -> Rewritten:
    """Take what is personal out of an account's facts. Their row of the account is locked."""
    rows = await session.fetch(
        "select kind, fact_id, data from facts where tenant_id = $1 and account_id = $2", *key
    )
    counts: Counter[str] = Counter()
    texts: set[str] = set()
    changed: list[tuple[str, str, bytes]] = []
    for row in rows:
        data = msgspec.json.decode(row["data"], type=KINDS[row["kind"]].data)
        texts |= texts_of(data)
        kept = count_personal(data, counts)
        if kept is not data:
            changed.append((row["kind"], row["fact_id"], _ENCODER.encode(kept)))
        await session.give_way()
    if changed:
        await session.execute(
            "update facts f set data = n.data"
            " from unnest($3::text[], $4::text[], $5::bytea[]) as n(kind, fact_id, data)"
            " where tenant_id = $1 and account_id = $2 and f.kind = n.kind"
            " and f.fact_id = n.fact_id",
            *key,
            *(list(column) for column in zip(*changed, strict=True)),
        )
    return Rewritten(counts, texts)


async def blank_account(session: Session, key: AccountKey) -> None:
    """Its row, and why it could not be computed, which may quote a fact."""
    await session.execute(
        "update accounts set name = null, email = null, phones = null"
        " where tenant_id = $1 and account_id = $2",
        *key,
    )
    await session.execute("delete from failures where tenant_id = $1 and account_id = $2", *key)


async def blank_published(session: Session, key: AccountKey) -> None:
    """The tags in the account's published records, which may still be read again."""
    await session.execute(
        "update outbox set payload = (payload::jsonb - 'tags')::text where aggregatetype = $1"
        " and aggregateid = $2 and type in ('account-registered', 'account-updated')"
        " and payload is not null",
        LEDGER,
        key_of(*key),
    )


async def blank_rejections(session: Session, key: AccountKey) -> int:
    """Their errors quote what was refused; that something was refused is kept."""
    status = await session.execute(
        "update rejections set errors = $3"
        " where tenant_id = $1 and account_id = $2 and errors <> $3",
        *key,
        _ERRORS,
    )
    return int(status.rpartition(" ")[2])


async def _blank_late_rejections(session: Session) -> int:
    """What was being refused while its account was erased, or later."""
    status = await session.execute(
        "update rejections set errors = $1 where ctid = any(array(select r.ctid from erasures e"
        " join rejections r using (tenant_id, account_id) where r.errors <> $1 limit $2))",
        _ERRORS,
        SLICE_ROWS_MAX,
    )
    return int(status.rpartition(" ")[2])


LATE_REJECTIONS = Rule("rejections of erased accounts", _blank_late_rejections)


async def delete_answers(session: Session, key: AccountKey, texts: Collection[str]) -> int:
    """First answers to requests with an `Idempotency-Key` that name the account or the person.

    What such a request did is known by its facts: the same again does nothing more.
    """
    rows = await session.fetch(
        "select route, key, body from idempotency_keys where tenant = $1", key[0]
    )
    path = f"/v1/accounts/{key[1]}/"
    names = _Names(key[1], texts)
    gone = [
        (row["route"], row["key"])
        for row in rows
        if path in row["route"] or names.stand_in(_text(row["body"]))
    ]
    if gone:
        await session.execute(
            "delete from idempotency_keys i using unnest($2::text[], $3::text[]) as n(route, key)"
            " where i.tenant = $1 and i.route = n.route and i.key = n.key",
            key[0],
            *(list(column) for column in zip(*gone, strict=True)),
        )
    return len(gone)


async def blank_import_rows(session: Session, key: AccountKey, texts: Collection[str]) -> int:
    """Refused rows of files that name the account or the person, and what is said of them."""
    names = _Names(key[1], texts)
    rows = await session.fetch(
        "select import_id, line, refusal_id, reason, cells from import_refusals"
        " where tenant_id = $1 and exists (select from unnest($2::text[]) t"
        "  where position(lower(t) in lower(cells || reason)) > 0)",
        key[0],
        [key[1], *texts],
    )
    lines: dict[str, set[int]] = {}
    gone: list[tuple[str, int, int]] = []
    for row in rows:
        if names.stand_in(row["cells"]) or names.stand_in(row["reason"]):
            gone.append((row["import_id"], row["line"], row["refusal_id"]))
            lines.setdefault(row["import_id"], set()).add(row["line"])
    if gone:
        await session.execute(
            "update import_refusals r set cells = '', reason = $2"
            " from unnest($3::text[], $4::bigint[], $5::bigint[]) as n(i, l, r)"
            " where tenant_id = $1 and import_id = n.i and line = n.l and refusal_id = n.r",
            key[0],
            _GONE,
            *(list(column) for column in zip(*gone, strict=True)),
        )
    await _blank_reports(session, key[0], lines, (names, texts))
    return len(gone)


async def _blank_reports(
    session: Session,
    tenant_id: str,
    lines: Mapping[str, set[int]],
    person: tuple["_Names", Collection[str]],
) -> None:
    names, texts = person
    rows = await session.fetch(
        "select import_id, report from imports where tenant_id = $1 and report is not null"
        " and (import_id = any($2::text[]) or exists (select from unnest($3::text[]) t"
        "  where position(lower(t) in lower(convert_from(report, 'UTF8'))) > 0))",
        tenant_id,
        list(lines),
        list(texts),
    )
    for row in rows:
        report: dict[str, Any] = msgspec.json.decode(row["report"])
        refused = lines.get(row["import_id"], set())
        if _blank_report(report, refused, names):
            await session.execute(
                "update imports set report = $3 where tenant_id = $1 and import_id = $2",
                tenant_id,
                row["import_id"],
                _ENCODER.encode(report),
            )


def _blank_report(report: dict[str, Any], refused: set[int], names: "_Names") -> bool:
    is_changed = False
    for entry, member in _said(report):
        is_line = member == "reason" and entry.get("line") in refused
        if entry[member] != _GONE and (is_line or names.person_stands_in(entry[member])):
            entry[member], is_changed = _GONE, True
    return is_changed


def _said(report: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for entry in report.get("refusals", ()):
        yield entry, "reason"
    for entry in report.get("warnings", ()):
        yield entry, "detail"


class _Names:
    """Finds an account's id, or the person's name, mail address or phone, as words of a text."""

    def __init__(self, account_id: str, texts: Iterable[str]) -> None:
        self._account = account_id.casefold()
        people = {text for text in texts if text}
        self._person = {each.casefold() for text in people for each in (text, shown(text))}

    def stand_in(self, text: str) -> bool:
        return _stands_in(self._account, text.casefold()) or self.person_stands_in(text)

    def person_stands_in(self, text: str) -> bool:
        folded = text.casefold()
        return any(_stands_in(words, folded) for words in self._person)


def _stands_in(words: str, text: str) -> bool:
    """Whether words stand in a text with nothing of a word before or behind them."""
    start = text.find(words)
    while start >= 0:
        around = text[max(0, start - 1) : start] + text[start + len(words) :][:1]
        if not any(character.isalnum() or character in "_-" for character in around):
            return True
        start = text.find(words, start + 1)
    return False


def _text(body: bytes | None) -> str:
    return (body or b"").decode("utf-8", "replace")


# ── Retention ───────────────────────────────────────────────────────────────────────────────────


async def find_retained_on(session: Session, tenant_id: str) -> date | None:
    """The last first of a month on which silent accounts were erased."""
    found: date | None = await session.fetchval(
        "select retained_on from business_times where tenant_id = $1", tenant_id
    )
    return found


async def note_retained(session: Session, tenant_id: str, day: date) -> None:
    await session.execute(
        "update business_times set retained_on = greatest(retained_on, $2) where tenant_id = $1",
        tenant_id,
        day,
    )


async def list_silent(
    session: Session, tenant_id: str, before: datetime, after: str, limit: int
) -> tuple[list[str], str | None]:
    """Of the next range of accounts, by id, those that may be erased: nothing is open, and the last
    fact is older. And the last account of the range (None: there are no more)."""
    rows = await session.fetch(
        "with range as (select account_id from accounts where tenant_id = $1 and account_id > $3"
        "  and is_registered order by account_id limit $4)"
        " select account_id, not exists (select from erasures e"
        "  where e.tenant_id = $1 and e.account_id = a.account_id)"
        " and not exists (select from invoices i where i.tenant_id = $1"
        "  and i.account_id = a.account_id and i.status = 'open')"
        " and not exists (select from facts f where f.tenant_id = $1"
        "  and f.account_id = a.account_id and coalesce(f.time, f.recorded_at) >= $2)"
        " from range a order by account_id",
        tenant_id,
        before,
        after,
        limit,
    )
    return [row[0] for row in rows if row[1]], rows[-1][0] if rows else None
