"""The facts that a rule may condition on: their names, their types, which field settles them.

A fact is `asked` when its absence in the question means "not known". The others are things one
either knows or doesn't have (an identity theft report): where absent, there is none known.
`timed` facts change while time passes without anything happening, `dated` ones when an instant
comes that the question names (an attorney from tomorrow on).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

Type = Literal["flag", "word", "number", "instant", "day"]


@dataclass(frozen=True)
class Fact:
    name: str
    type: Type
    field: str  # the member of the question that settles it
    asked: bool = True
    timed: bool = False
    dated: bool = False
    words: frozenset[str] | None = None  # of a word: all it can be; None: any text

    @property
    def per_debt(self) -> bool:
        return self.name.startswith("debt.")


_PURPOSES = "collect consent_request remedy_notice notice"
_CHANNELS = "voice voicemail sms email letter social_dm portal in_person webhook"

# name, type, the field that settles it if it has another name, words
_ASKED = f"""
party                       word     -  first third
contact.channel             word     -  {_CHANNELS}
contact.purpose             word     -  {_PURPOSES}
contact.mode                word     -  live prerecorded ai_voice ringless
contact.initiated_by        word     -  collector debtor
contact.person              word     -  debtor spouse attorney third_party
contact.location            word     debtor.phones[].use  home work
debtor.kind                 word     -  consumer business
debtor.language             word     -
debtor.deceased             flag     -
debtor.vulnerable           flag     -
debtor.military             flag     -
debtor.bankruptcy_filed_at  instant  -
debtor.breathing_space_from day      -
debtor.cease_requested_at   instant  -
debtor.natural_person       flag     debtor.entity
channel.refused             flag     debtor.refused_channels
number.type                 word     debtor.phones[].type  mobile landline voip toll_free
number.use                  word     debtor.phones[].use  home work
number.reassigned           word     debtor.phones[].reassigned  yes no no_data
number.last_debtor_text_at  instant  history
email.employer_provided     flag     debtor.emails[].employer_provided
email.used_with_collector   flag     history
creditor.kind               word     -  bank lender utility hospital other
content.opt_out_line        flag     contact.content.opt_out_line
content.threatens_suit      flag     contact.content.threatens_suit
content.limited_content     flag     contact.content.limited_content
content.name_signals_collection flag contact.content.name_signals_collection
debt.attorney_since         instant  debtor.attorney.since
debt.purpose                word     -  consumer business
debt.product                word     -
debt.days_past_due          number   -
debt.amount_minor           number   -
debt.currency               word     -
debt.disputed               flag     -
debt.default_on             day      -
debt.accelerated            flag     -
debt.validation_notice_sent_on day   -
debt.entered_on             day      -
debt.contract_type          word     -
debt.periodic_statements    flag     -
debt.dispute_form           word     debts[].dispute  written oral
debt.dispute_at             instant  debts[].dispute
debt.dispute_verified       flag     debts[].dispute
debt.dispute_in_period      flag     debts[].dispute
debt.first_communication    flag     history
"""

_KNOWN = """
contact.recorded            flag     -
debtor.entity               word     -  natural_person sole_trader entity
debtor.guarantor_natural_person flag -
debtor.bankruptcy_discharged_at instant -
debtor.bankruptcy_relief_at instant  -
debtor.co_debtor_chapter    number   -
debtor.breathing_space_kind word     -  standard mental_health
debtor.breathing_space_ended_on day  -
debtor.debt_adviser_since   day      -
debtor.employer_prohibits   flag     -
debtor.work_refused_at      instant  -
debtor.life_event           flag     -
debtor.attorney_asked_at    instant  debtor.attorney.asked_at
debtor.attorney_consents    flag     debtor.attorney.consents
address.refused             flag     debtor.phones[].refused
number.reassigned_checked_at instant debtor.phones[].reassigned_checked_at
email.volunteered           flag     debtor.emails[].volunteered
email.prior_collector_route flag     debtor.emails[].prior_collector_route
email.creditor_notice_on    day      debtor.emails[].creditor_notice_on
content.identifies_caller   flag     contact.content.identifies_caller
content.reveals_debt        flag     contact.content.reveals_debt
content.overshadows         flag     contact.content.overshadows
content.fees                flag     contact.content.fees
content.fees_legal_basis    flag     contact.content.fees_legal_basis
content.marketing           flag     contact.content.marketing
content.postcard            flag     contact.content.postcard
content.envelope_reveals    flag     contact.content.envelope_reveals
content.public              flag     contact.content.public
content.asks_payment        flag     contact.content.asks_payment
content.optout_needs_login  flag     contact.content.optout_needs_login
content.privacy_notice      flag     contact.content.privacy_notice
content.automated_decision  flag     contact.content.automated_decision
content.settlement          flag     contact.content.settlement
content.legal_threat        flag     contact.content.legal_threat
debt.secured_by             word     -  real_estate motor_vehicle other
debt.legal_action           flag     -
debt.paid                   flag     -
debt.sold                   flag     -
debt.identity_theft         flag     -
debt.discharged             flag     -
debt.debt_buyer             flag     -
debt.post_petition          flag     -
debt.original_creditor_asked_at instant -
debt.original_creditor_told_at instant -
debt.last_payment_on        day      -
debt.last_contact_on        day      -
"""

_DATED = """
channel.opted_out_elsewhere flag     debtor.opt_outs
number.consent              word     debtor.phones[].consent  express written none
debt.attorney               flag     debtor.attorney
debt.opted_out              flag     debtor.opt_outs
"""

# What the clock alone changes. Consents on file come in shapes: any, given to the collector, in
# writing, and by what they cover.
_TIMED = """
consent.extra_calls         flag     debtor.consents
consent.voice               flag     debtor.consents
consent.sms                 flag     debtor.consents
consent.email               flag     debtor.consents
consent.voice.collector     flag     debtor.consents
consent.sms.collector       flag     debtor.consents
consent.email.collector     flag     debtor.consents
consent.voice.collector_at  instant  debtor.consents
consent.sms.collector_at    instant  debtor.consents
consent.email.collector_at  instant  debtor.consents
consent.voice.written       flag     debtor.consents
consent.sms.written         flag     debtor.consents
consent.email.written       flag     debtor.consents
consent.time                flag     debtor.consents
consent.place               flag     debtor.consents
consent.attorney            flag     debtor.consents
consent.work                flag     debtor.consents
contact.is_reply            flag     history
debt.time_barred            word     debts[].default_on  barred open unknown
debt.limitation             word     debts[].default_on  passed running unknown
debt.validation_period      word     debts[].validation_notice_sent_on  none running over
"""


def _read(table: str, *, asked: bool, timed: bool = False, dated: bool = False) -> dict[str, Fact]:
    facts = {}
    for line in table.strip().splitlines():
        name, kind, field, *words = line.split()
        assert kind in get_args(Type)
        if field == "-":
            field = name.replace("debt.", "debts[].", 1) if name.startswith("debt.") else name
        facts[name] = Fact(
            name, cast(Type, kind), field, asked, timed, dated, frozenset(words) or None
        )
    return facts


FACTS: Mapping[str, Fact] = {
    **_read(_ASKED, asked=True),
    **_read(_KNOWN, asked=False),
    **_read(_DATED, asked=True, dated=True),
    **_read(_TIMED, asked=True, timed=True),
}
