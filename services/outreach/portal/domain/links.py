"""A link as it is known: whose it is, whether it still opens anything, what was tried with it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from services.outreach.portal.domain.codes import CODES_A_DAY, SentCode
from services.outreach.portal.domain.lockouts import locked_until
from shared.clock import is_zone, local_day

EndedBecause = Literal["staff", "not-me", "erased"]
RENEWALS_A_DAY = 3
_REMEMBERED = timedelta(days=2)


@dataclass(frozen=True)
class KnownLink:
    tenant: str
    link_id: bytes
    contact_id: str
    debtor_key: str
    channel: str
    mark: bytes | None
    expires_at: datetime  # business time
    ended_because: str | None = None
    wrong_at: tuple[datetime, ...] = ()  # this and those below: machine time
    code: SentCode | None = None
    codes_at: tuple[datetime, ...] = ()
    renewed_at: tuple[datetime, ...] = ()
    visited_on: date | None = None
    deeds: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As ids are made of it."""
        return self.link_id.hex()

    def is_open(self, now: datetime) -> bool:
        """`now`: business time."""
        return self.ended_because is None and now < self.expires_at

    def locked_until(self, zone: str, now: datetime) -> datetime | None:
        return locked_until(self.wrong_at, zone_name(zone), now)

    def may_send_code(self, zone: str, now: datetime) -> bool:
        return of_today(self.codes_at, zone, now) < CODES_A_DAY


@dataclass(frozen=True)
class LinkAccount:
    """One account that a link opens."""

    account_id: str
    zone: str
    country: str | None
    is_business: bool


def of_today(instants: tuple[datetime, ...], zone: str, now: datetime) -> int:
    """How many of them lie on the begun day."""
    today = local_day(now, zone_name(zone))
    return sum(local_day(at, zone_name(zone)) == today for at in instants)


def recent(instants: tuple[datetime, ...], now: datetime) -> tuple[datetime, ...]:
    """Those that may still be of today, whatever the zone."""
    return tuple(at for at in instants if at > now - _REMEMBERED)


def zone_name(zone: str) -> str:
    return zone if is_zone(zone) else "UTC"


def main_account(accounts: tuple[LinkAccount, ...], covered: tuple[str, ...]) -> LinkAccount:
    """Under which what a visitor does is announced: the first that the message spoke of."""
    return next((each for each in accounts if each.account_id in covered), accounts[0])
