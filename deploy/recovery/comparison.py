"""Whether the services agree: what readers took in with what producers said, sum by sum.

Where nothing is behind, every difference is a fault. Readers that are ahead of a producer know
what its database no longer does: it was restored alone.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from deploy.recovery import store
from services.segmentation.domain.encoding import decode_account
from shared.database import Database
from shared.events import COMPACTED, TOPICS, producer
from shared.log import forks

PAGE = 5000
_FIRST = ("", "", "", "")


class Difference(Struct, frozen=True):
    """One thing that is not as it should be."""

    service: str
    what: str
    place: str  # tenant/account, or the tenant
    found: str


class Comparison(Struct):
    """What was found."""

    behind: int  # readers' keys that have not all yet: figures may differ for that alone
    differences: list[Difference]


async def compare(databases: Mapping[str, Database]) -> Comparison:
    """Compare all four services. It reads everything once, and changes nothing."""
    found = Comparison(0, [])
    for service, reader in databases.items():
        for name in sorted({producer(topic) for topic in TOPICS} & databases.keys()):
            await _compare_heads(found, service, reader, name, databases[name])
        for consumer, tenant, topic, key in await store.list_forked(reader, forks.REASON):
            place = f"{tenant}/{key}"
            said = f"{consumer}: {topic} was forked; see dead letters"
            found.differences.append(Difference(service, "parked", place, said))
    for tenant in await store.list_tenants(databases["ledger"]):
        await _compare_sums(found, databases, tenant)
    return found


async def _compare_heads(
    found: Comparison, service: str, reader: Database, name: str, source: Database
) -> None:
    after: tuple[str, str, str, str] = _FIRST
    idle = await store.list_idle_readers(reader) if service == "metrics" else set()
    while page := await store.list_heads(reader, name, after, PAGE):
        lasts = await store.find_lasts(source, [(row[1], row[2], row[3]) for row in page])
        for consumer, tenant, topic, key, sequence in page:
            if consumer in idle:
                continue
            last = lasts.get((tenant, topic, key), 0)
            if sequence > last:
                said = f"{consumer} has {topic} up to {sequence}; the {name} gave {last}"
                place = f"{tenant}/{key}"
                found.differences.append(Difference(service, "ahead", place, said))
            elif sequence < last and topic not in COMPACTED:
                found.behind += 1
        after = page[-1][:4]


async def _compare_sums(found: Comparison, databases: Mapping[str, Database], tenant: str) -> None:
    books = await store.find_open(databases["ledger"], tenant)
    balances = {place: balance for place, (balance, _) in books.items() if balance}
    counts = {place: count for place, (_, count) in books.items() if count}
    scored = await _balances(databases["segmentation"], tenant)
    counted = {
        p: n for p, n in (await store.count_open(databases["outreach"], tenant)).items() if n
    }
    found.differences += _differing("segmentation", "balance", tenant, balances, scored)
    found.differences += _differing("outreach", "open invoices", tenant, counts, counted)
    totals: dict[str, int] = {}
    for (_, currency), balance in balances.items():
        totals[currency] = totals.get(currency, 0) + balance
    figures = {c: n for c, n in (await store.sum_open(databases["metrics"], tenant)).items() if n}
    for currency in sorted(totals.keys() | figures.keys()):
        ours, theirs = totals.get(currency, 0), figures.get(currency, 0)
        if ours != theirs:
            said = f"{currency}: {theirs} minor units; the ledger has {ours}"
            found.differences.append(Difference("metrics", "receivables", tenant, said))


async def _balances(segmentation: Database, tenant: str) -> dict[tuple[str, str], int]:
    """Per account and currency: what segmentation takes for owed."""
    balances: dict[tuple[str, str], int] = {}
    after: str | None = ""
    while after is not None:
        last = after
        after = None
        for account_id, content in await store.list_states(segmentation, tenant, last, PAGE):
            after = account_id
            for currency, owed in decode_account(content).owed.items():
                if owed.balance_minor:
                    balances[account_id, currency] = owed.balance_minor
    return balances


def _differing(
    service: str,
    what: str,
    tenant: str,
    ours: Mapping[tuple[str, str], int],
    theirs: Mapping[tuple[str, str], int],
) -> Iterator[Difference]:
    for place in sorted(ours.keys() | theirs.keys()):
        known, seen = ours.get(place, 0), theirs.get(place, 0)
        if known != seen:
            account_id, currency = place
            said = f"{currency}: {seen}; the ledger has {known}"
            yield Difference(service, what, f"{tenant}/{account_id}", said)
