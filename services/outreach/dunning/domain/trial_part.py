"""A part of a dry run, as it travels to a process that computes: some debtors with all that is
known of them, through all the days."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from services.outreach.activity.domain.contacts import ATTEMPTS, Item, MessageChannel
from services.outreach.channels.domain.costs import letter_micros, sms_micros, voice_micros
from services.outreach.channels.domain.tenant_settings import Costs
from services.outreach.debtors.domain.debtor_profile import DebtorProfile
from services.outreach.debtors.domain.invoices import Invoice
from services.outreach.dunning.domain.debtor_facts import DebtorFacts
from services.outreach.dunning.domain.governor import ContactGovernor, Means, Unusable
from services.outreach.dunning.domain.recorded_debtors import RecordedDebtor
from services.outreach.dunning.domain.strategy import Strategy
from services.outreach.dunning.domain.strategy_trial import StrategyTrial, TrialCounts, TrialTerms
from services.outreach.dunning.domain.trial_debtors import TrialDebtor
from services.outreach.history.domain import PastContact
from services.outreach.rulebooks.domain.versions import RuleBookVersions
from shared.events import Received

CALL_SECONDS = 60  # a call takes so long, as long as nobody has made it
TextKey = tuple[str, str, tuple[str, ...]]  # template, channel, languages


@dataclass(frozen=True)
class KnownTexts:
    """Which templates have a text for a channel, in languages that debtors of the part are written
    to: a function that can travel."""

    texts: frozenset[TextKey]

    def __call__(self, template: str, channel: str, languages: tuple[str, ...]) -> bool:
        return (template, channel, languages) in self.texts


@dataclass(frozen=True)
class KnownDebtor:
    """One debtor, as known when the dry run begins."""

    facts: DebtorFacts
    profile: DebtorProfile
    unusable: Unusable
    accounts: frozenset[str]  # those that would have the strategy
    priority: int
    recorded: tuple[Received, ...] | None = None  # of its accounts, as known; None: ahead


@dataclass(frozen=True)
class TrialPart:
    terms: TrialTerms
    strategy: Strategy
    means: Means
    costs: Costs
    debtors: Sequence[KnownDebtor]
    taken: Mapping[tuple[date, str], int] = field(default_factory=dict)  # slots, by parts before


class TrialGovernor(ContactGovernor):
    """The contact rules, with what the dry run has sent among what went before."""

    def __init__(
        self, known: KnownDebtor, rulebooks: RuleBookVersions, means: Means, costs: Costs
    ) -> None:
        super().__init__(
            known.profile, known.facts.invoices, rulebooks, means, unusable=known.unusable
        )
        self._costs = costs

    def noted(self, at: datetime, channel: MessageChannel, items: tuple[Item, ...]) -> None:
        if channel not in ATTEMPTS:
            return
        ids = tuple(sorted({item.account_id for item in items}))
        made = PastContact(ids, at, channel, "delivered", is_own=True)
        self.profile = replace(self.profile, history=(made, *self.profile.history))

    def owing(self, invoices: Sequence[Invoice]) -> None:
        self._invoices = {(i.account_id, i.invoice_id): i for i in invoices}

    def cost_micros(self, channel: MessageChannel, items: tuple[Item, ...]) -> int:
        """Of the shortest message of its kind: one segment, one sheet, one minute."""
        match channel:
            case "email":
                return self._costs.email
            case "sms":
                number = self.address("sms", {item.account_id for item in items})
                return 0 if number is None else sms_micros(self._costs, number, 1)
            case "voice":
                return voice_micros(self._costs, CALL_SECONDS)
            case "letter":
                return letter_micros(self._costs, 1)
            case _:
                return 0


def try_part(versions: RuleBookVersions, part: TrialPart) -> TrialCounts:
    """What a part comes to."""
    debtors = [_debtor(known, versions, part) for known in part.debtors]
    counts = StrategyTrial(part.terms, debtors, Counter(part.taken)).run()
    counts.debtors = len(part.debtors)
    counts.accounts = sum(len(known.accounts) for known in part.debtors)
    return counts


def _debtor(known: KnownDebtor, versions: RuleBookVersions, part: TrialPart) -> TrialDebtor:
    facts = _with(known, part.strategy)
    governor = TrialGovernor(known, versions, part.means, part.costs)
    if known.recorded is None:
        return TrialDebtor(facts, governor, known.priority)
    return RecordedDebtor(facts, governor, known.priority, events=known.recorded)


def _with(known: KnownDebtor, strategy: Strategy) -> DebtorFacts:
    """The debtor, its accounts on the strategy that is tried."""
    accounts = tuple(
        replace(account, strategy=strategy) if account.account_id in known.accounts else account
        for account in known.facts.accounts
    )
    return replace(known.facts, accounts=accounts)


def texts_known(
    means: Means, strategies: Iterable[Strategy], languages: Iterable[tuple[str, ...]]
) -> KnownTexts:
    wanted = {
        (step.template, channel)
        for strategy in strategies
        for step in strategy.steps
        if step.template is not None
        for channel in step.channels
    }
    # The first words take any channel of the ladder.
    wanted |= {
        (strategy.first_words.template, channel)
        for strategy in strategies
        if strategy.first_words is not None and strategy.first_words.template is not None
        for step in strategy.ladder
        for channel in step.channels
    }
    return KnownTexts(
        frozenset(
            (template, channel, chain)
            for chain in set(languages)
            for template, channel in wanted
            if means.has_text(template, channel, chain)
        )
    )
