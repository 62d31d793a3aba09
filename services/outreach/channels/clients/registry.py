"""From a tenant's settings to its channels: opened when one is first used, kept, renewed when the
settings change, closed at the end.

Which adapter a kind of provider has stands in `factories.py`.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from services.outreach.channels.clients.channel import Channel, Listener
from services.outreach.channels.domain.breakers import Breaker, Bucket, is_providers_fault
from services.outreach.channels.domain.contract import (
    CannotSay,
    Found,
    Intent,
    Later,
    Sent,
    Withdrawn,
)
from services.outreach.channels.domain.links import Links
from services.outreach.channels.domain.messages import Sender
from services.outreach.channels.domain.tenant_settings import Provider, TenantSettings
from shared import clock
from shared.errors import Unavailable
from shared.process import telemetry

AT_ONCE = 8  # messages side by side, unless an adapter says otherwise
UNKNOWNS_MAX = 3  # of one provider in one run
MAIL_SERVER = "OUTREACH_SMTP_URL"  # of the installation, for tenants without a mail provider
BREAKER_OPEN = "breaker-open"

log = telemetry.logger(__name__)


@dataclass(frozen=True)
class ProviderSetup:
    """All that an adapter is made of."""

    tenant: str
    name: str  # of the provider, in the tenant's settings
    provider: Provider
    settings: TenantSettings
    sender: Sender  # of the installation, where the settings say nothing
    links: Links = field(repr=False)  # that lead from messages back to us
    secrets: Mapping[str, str] = field(repr=False)  # by the variable's name
    letters_dir: Path | None = None  # in which folders for letters may be; None: nowhere
    is_local: bool = False  # else nobody's settings reach into our own network

    @property
    def secret(self) -> str:
        """What the provider's variable holds. Raises `Unavailable` where it is unset by now."""
        return self.secret_of(self.provider.secret)

    def secret_of(self, name: str | None) -> str:
        value = self.secrets.get(name) if name is not None else None
        if not value:
            raise Unavailable(f"the variable {name} of the provider {self.name} is not set")
        return value


Factory = Callable[[ProviderSetup], Channel]


class OpenProvider:
    """One provider of a tenant, open: with its rate and its breaker."""

    def __init__(self, setup: ProviderSetup, channel: Channel) -> None:
        self.setup = setup
        self.name = setup.name
        self.channel = setup.provider.channel
        self.at_once = getattr(channel, "at_once", AT_ONCE)  # messages side by side
        self._adapter = channel
        self._breaker = Breaker()
        rate = setup.provider.rate_per_second
        self._bucket = None if rate is None else Bucket(rate)
        self._users = 0
        self._is_retired = False

    @property
    def is_available(self) -> bool:
        return self._breaker.seconds_left(clock.monotonic()) <= 0

    @property
    def seconds_left(self) -> float:
        """How long the breaker stays open."""
        return self._breaker.seconds_left(clock.monotonic())

    async def send(self, intent: Intent) -> Sent:
        """As the adapter does, unless the breaker is open; within the provider's rate."""
        if not self._breaker.admits(clock.monotonic()):
            seconds = max(1.0, self.seconds_left)
            return Later(BREAKER_OPEN, retry_after=seconds, blame="provider")
        self._users += 1
        try:
            await self._await_turn()
            sent = await self._adapter.send(intent)
        except BaseException:
            self._breaker.forget_probe()
            raise
        finally:
            await self._leave()
        if isinstance(sent, Withdrawn):
            self._breaker.forget_probe()
        else:
            self._note(sent)
        return sent

    async def find(self, intent: Intent) -> Found:
        """Asked of the provider; one that fails can't say."""
        self._users += 1
        try:
            return await self._adapter.find(intent)
        except (OSError, TimeoutError, Unavailable) as error:
            log.warning("provider not asked", provider=self.name, reason=type(error).__name__)
            return CannotSay()
        finally:
            await self._leave()

    def listen(self) -> None:
        """Be there for what the provider hands over by itself, if it does."""
        if isinstance(self._adapter, Listener):
            self._adapter.listen()

    def _note(self, sent: Sent) -> None:
        was_open = not self.is_available
        self._breaker.note(clock.monotonic(), is_fault=is_providers_fault(sent))
        is_open = not self.is_available
        telemetry.PROVIDER_HANDOVERS.labels(
            "outreach", self.channel, type(sent).__name__.lower()
        ).inc()
        if is_open and not was_open:
            telemetry.BREAKERS_OPENED.labels("outreach", self.channel).inc()
            log.warning(
                "provider left alone",
                tenant=self.setup.tenant,
                provider=self.name,
                seconds=round(self.seconds_left),
                code=getattr(sent, "code", ""),
            )

    async def _await_turn(self) -> None:
        if self._bucket is not None:
            seconds = self._bucket.wait_seconds(clock.monotonic())
            if seconds > 0:
                await asyncio.sleep(seconds)

    async def _leave(self) -> None:
        self._users -= 1
        if self._is_retired and self._users == 0:
            await self._close()

    async def retire(self) -> None:
        """Closed as soon as nobody uses it."""
        self._is_retired = True
        if self._users == 0:
            await self._close()

    async def _close(self) -> None:
        with suppress(OSError, TimeoutError):
            await self._adapter.close()


@dataclass(frozen=True)
class TenantChannels:
    """A tenant's settings and its open providers, in the order of the settings."""

    settings: TenantSettings
    providers: tuple[OpenProvider, ...]
    zone: str = "UTC"  # the tenant's: of the days that batches are named after

    @property
    def configured(self) -> frozenset[str]:
        """The channels that have a provider."""
        return frozenset(provider.channel for provider in self.providers)

    def provider(self, channel: str) -> OpenProvider | None:
        """Who takes a message now: the first that is not left alone; else the first."""
        found = [each for each in self.providers if each.channel == channel]
        return next((each for each in found if each.is_available), found[0] if found else None)

    def named(self, name: str) -> OpenProvider | None:
        return next((each for each in self.providers if each.name == name), None)


class ChannelRegistry:
    """The open channels of all tenants, in one process."""

    def __init__(
        self,
        factories: Mapping[str, Factory],
        environment: Mapping[str, str],
        sender: Sender,
        links: Links,
        *,
        letters_dir: Path | None = None,
        is_local: bool = False,
    ) -> None:
        self._is_local = is_local
        self.environment = environment  # what settings may name
        self._factories = factories
        self._sender = sender
        self._links = links
        self._letters_dir = letters_dir
        self._is_local = is_local
        self._open: dict[tuple[str, str], OpenProvider] = {}

    async def channels(self, tenant: str, settings: TenantSettings) -> TenantChannels:
        """The tenant's, by its settings as they are now. One whose variable is unset, or whose
        adapter can't be made of it, is not there: the others are."""
        wanted = self._setups(tenant, settings)
        for key in [key for key in self._open if key[0] == tenant]:
            if self._open[key].setup != wanted.get(key[1]):
                await self._open.pop(key).retire()
        found = []
        for name, setup in wanted.items():
            opened = self._open.get((tenant, name))
            if opened is None:
                opened = self._opened(setup)
            if opened is not None:
                self._open[tenant, name] = opened
                found.append(opened)
        return TenantChannels(settings, tuple(found))

    def _setups(self, tenant: str, settings: TenantSettings) -> dict[str, ProviderSetup]:
        providers = dict(settings.providers)
        has_mail = any(provider.channel == "email" for provider in providers.values())
        if not has_mail and self.environment.get(MAIL_SERVER):
            name = "mail" if "mail" not in providers else MAIL_SERVER.lower()
            providers[name] = Provider(channel="email", kind="smtp", secret=MAIL_SERVER)
        return {
            name: ProviderSetup(
                tenant,
                name,
                provider,
                settings,
                self._sender,
                self._links,
                self._secrets(provider),
                self._letters_dir,
                self._is_local,
            )
            for name, provider in providers.items()
        }

    def _secrets(self, provider: Provider) -> dict[str, str]:
        names = [provider.secret, provider.dkim.secret if provider.dkim is not None else None]
        return {n: self.environment[n] for n in names if n is not None and n in self.environment}

    def _opened(self, setup: ProviderSetup) -> OpenProvider | None:
        try:
            return OpenProvider(setup, self._factories[setup.provider.kind](setup))
        except (KeyError, ValueError, OSError, Unavailable) as error:
            log.error(
                "provider not opened",
                tenant=setup.tenant,
                provider=setup.name,
                reason=type(error).__name__,
            )
            return None

    async def close(self) -> None:
        """Let go of all of them."""
        while self._open:
            _, opened = self._open.popitem()
            await opened.retire()
