"""The providers of one run: over whom each message goes, how many at once, and who gets no more."""

from collections import Counter
from collections.abc import Sequence

from services.outreach.activity.domain.contacts import DebtorContact
from services.outreach.channels.clients.registry import (
    UNKNOWNS_MAX,
    OpenProvider,
    TenantChannels,
)
from services.outreach.dunning.commands.plans import DEBTORS_MAX
from services.outreach.dunning.domain import suppressions
from services.outreach.dunning.domain.outcomes import Outcome
from services.outreach.dunning.domain.outgoing import OutgoingMessage

BROKEN_MAX = 3  # in a row: so many lines that break at a recipient are the server's fault


class ProviderUse:
    """What a run has seen of its providers so far."""

    def __init__(self, channels: TenantChannels) -> None:
        self._channels = channels
        self._stopped: set[str] = set()  # get nothing more in this run
        self._broken: Counter[str] = Counter()  # lines that broke, one after the other
        self._unknown: Counter[str] = Counter()  # hand-overs whose end is not known

    def of(self, contact: DebtorContact) -> OpenProvider | None:
        """Over whom it goes; None: it is a person's."""
        return self._channels.provider(contact.channel)

    def takes(self, provider: OpenProvider) -> bool:
        return provider.name not in self._stopped and provider.is_available

    def rule_against(self, provider: OpenProvider) -> str | None:
        """Under which nothing is handed over to it any more."""
        return suppressions.CHANNEL_UNAVAILABLE if provider.name in self._stopped else None

    def wave(
        self, messages: Sequence[OutgoingMessage]
    ) -> tuple[list[OutgoingMessage], list[OutgoingMessage]]:
        """Those to be handed over next, and those after them: as many intents at once as each
        provider takes side by side, so that none waits for another's while its lease runs. Just
        before the data a lease that has grown old is renewed with the check."""
        room: dict[str, int] = {}
        wave: list[OutgoingMessage] = []
        later: list[OutgoingMessage] = []
        for message in messages:
            provider = self.of(message.contact)
            name = "" if provider is None else provider.name
            left = room.setdefault(name, DEBTORS_MAX if provider is None else provider.at_once)
            room[name] = left - 1
            (wave if left > 0 else later).append(message)
        return wave, later

    def watch(self, provider: OpenProvider, blame: str | None, outcome: Outcome | None) -> None:
        """One that loses messages, or whose lines break one after the other, gets no more."""
        name = provider.name
        self._broken[name] = self._broken[name] + 1 if blame == "unclear" else 0
        self._unknown[name] += outcome is not None and outcome.kind == "uncertain"
        is_away = blame == "provider" or self._broken[name] >= BROKEN_MAX
        if is_away or self._unknown[name] >= UNKNOWNS_MAX:
            self._stopped.add(name)
