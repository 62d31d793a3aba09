"""What could be covered by a contact: one step of one subject, from when until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.outreach.activity.domain.contacts import Channel, Item, SubjectKind
from services.outreach.dunning.domain.debtor_facts import Account, SubjectKey
from services.outreach.dunning.domain.strategy import COURTESIES, Step, Strategy


@dataclass(frozen=True, slots=True)
class Option:
    """A step that can be made from an instant on, to the end of a day where there is one."""

    ready_at: datetime
    until_on: date | None
    account: Account
    strategy: Strategy
    step: Step
    words: Step  # whose tone and template it takes
    key: SubjectKey
    anchor_on: date
    invoice_ids: tuple[str, ...] = ()  # of a reaction
    tried: tuple[Channel, ...] = ()  # over which the step has failed

    @property
    def reaction(self) -> str:
        return self.key[4]

    @property
    def is_free(self) -> bool:
        """Whether it waits for no gap and no cap: a person's work, and what asks for nothing."""
        return self.step.is_person or self.is_courtesy

    @property
    def is_courtesy(self) -> bool:
        return self.key[4] in COURTESIES and not self.step.is_person

    @property
    def firmness(self) -> tuple[bool, int, int, str, str, str]:
        n = 0 if self.key[4] else self.step.ladder_day
        return (self.step.is_person, self.words.tone_rank, n, self.key[0], self.key[2], self.key[4])

    def item(self) -> Item:
        kind: SubjectKind = self.key[1]
        step, words = self.step, self.words
        return Item(
            account_id=self.key[0],
            subject_id=self.key[2],
            anchor_on=self.anchor_on,
            strategy=self.strategy.name,
            step=step.name,
            words=words.name,
            subject=kind,
            version=self.strategy.version,
            n=step.ladder_day,
            reaction=self.key[4],
            tone=words.tone,
            template=words.template,
            channels=step.channels if step.channels else ("hand-over",),
            invoices=self.invoice_ids,
        )


# One subject's options, by ready instant: what comes later covers what came before.
Climb = Sequence[Option]


def leading(options: Sequence[Option]) -> Option:
    """The firmest: its strategy speaks for the contact."""
    return max(options, key=lambda option: option.firmness)
