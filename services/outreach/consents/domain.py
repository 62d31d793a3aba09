"""Consents and preferences: what people allow, refuse and ask for, and what is known of them: an
ever growing history, of which the last effective one of a kind counts.

They belong to an account, because accounts change their debtor; they hold for the person, so they
are read over all accounts of a debtor, and where two accounts differ the stricter one counts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from services.outreach.activity.domain.limits import ContactChannel

ConsentState = Literal["granted", "revoked"]
GivenTo = Literal["collector", "creditor"]
ConsentKind = Literal["extra_calls", "voice", "sms", "email"]
ConsentForm = Literal["oral", "written"]

# Kinds of preferences as they stand in a body, and the word under which the log announces them:
# what need not be distinguished there (health, service, insolvency) is one word.
ANNOUNCED_AS: Mapping[str, str] = {
    "refused_channels": "channels",
    "inconvenient": "times",
    "preferred_hours": "times",
    "inconvenient_places": "places",
    "language": "language",
    "timezone": "timezone",
    "attorney": "attorney",
    "cease_requested_at": "cease",
    "cease_form": "cease",
    "bankruptcy_filed_at": "circumstances",
    "bankruptcy_discharged_at": "circumstances",
    "breathing_space_from": "circumstances",
    "breathing_space_ended_on": "circumstances",
    "deceased": "circumstances",
    "military": "circumstances",
    "vulnerable": "circumstances",
}
KINDS = tuple(ANNOUNCED_AS)


@dataclass(frozen=True)
class ChannelConsent:
    """One channel allowed or taken back; `address` None: wherever the person is reached by it."""

    channel: ContactChannel
    kind: str  # a `ConsentKind`, or the channel's own name where the law knows none
    state: ConsentState
    at: datetime
    address: str | None = None
    given_to: GivenTo | None = None
    form: ConsentForm | None = None
    evidence: str | None = None
    employer_provided: bool | None = None  # of an e-mail address: whether it is the employer's


@dataclass(frozen=True)
class Preference:
    """One wish, or one known thing; `value` None (or empty, or false): it no longer holds."""

    kind: str  # one of `KINDS`
    value: Any  # JSON
    at: datetime
    evidence: str | None = None


@dataclass(frozen=True)
class AccountWishes:
    """Of one account, in the order in which they were recorded."""

    account_id: str
    consents: tuple[ChannelConsent, ...] = ()
    preferences: tuple[Preference, ...] = ()


def current_consents(consents: Iterable[ChannelConsent], at: datetime) -> list[ChannelConsent]:
    """The last word on each kind and address by an instant; the same instant: the later record."""
    last: dict[tuple[str, str, str | None], ChannelConsent] = {}
    for consent in consents:
        key = (consent.channel, consent.kind, consent.address)
        before = last.get(key)
        if consent.at <= at and (before is None or consent.at >= before.at):
            last[key] = consent
    return [last[key] for key in sorted(last, key=lambda k: (k[0], k[1], k[2] or ""))]


def granted(consents: Sequence[ChannelConsent]) -> list[ChannelConsent]:
    """Those of the current ones that still allow something: a revocation of a whole channel takes
    back every consent given before it, for whichever address."""
    revoked = [c for c in consents if c.state == "revoked"]
    return [
        c
        for c in consents
        if c.state == "granted"
        and not any(
            r.channel == c.channel
            and r.kind == c.kind
            and r.address in (None, c.address)
            and r.at >= c.at
            for r in revoked
        )
    ]


def employer_provided(found: Iterable[Iterable[ChannelConsent]], at: datetime) -> dict[str, bool]:
    """Which e-mail addresses are an employer's, by address in small letters: the last word of each
    account, and where two accounts differ, that it is."""
    provided: dict[str, bool] = {}
    for consents in found:
        last: dict[str, ChannelConsent] = {}
        for consent in consents:
            if consent.address is None or consent.employer_provided is None or consent.at > at:
                continue
            address = consent.address.strip().casefold()
            if address not in last or consent.at >= last[address].at:
                last[address] = consent
        for address, consent in last.items():
            provided[address] = provided.get(address, False) or bool(consent.employer_provided)
    return provided


def current_preferences(preferences: Iterable[Preference], at: datetime) -> dict[str, Preference]:
    """The last word on each kind by an instant."""
    last: dict[str, Preference] = {}
    for preference in preferences:
        before = last.get(preference.kind)
        if preference.at <= at and (before is None or preference.at >= before.at):
            last[preference.kind] = preference
    return last


def merged(found: Sequence[Mapping[str, Preference]]) -> dict[str, Any]:
    """The values over all accounts of a person, the stricter where they differ. Only what holds is
    in it, and `timezone_confirmed_at` with a confirmed zone."""
    values: dict[str, Any] = {}
    for kind in KINDS:
        given = [each[kind] for each in found if kind in each and each[kind].value not in _NOTHING]
        if not given:
            continue
        given.sort(key=lambda preference: preference.at)
        combine = _COMBINE.get(kind)
        values[kind] = combine([p.value for p in given]) if combine else given[-1].value
        if kind == "timezone":
            values["timezone_confirmed_at"] = given[-1].at
    return values


_NOTHING: tuple[Any, ...] = (None, False, [], ())


def _union(values: Sequence[Sequence[Any]]) -> list[Any]:
    joined: list[Any] = []
    for value in values:
        joined += [item for item in value if item not in joined]
    return joined


def _attorneys(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One attorney for all that any of them stands for; one without debts stands for everything."""
    since = min(value["since"] for value in values)
    if any(value.get("debts") is None for value in values):
        return {"since": since}
    return {"since": since, "debts": _union([value["debts"] for value in values])}


_COMBINE: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "refused_channels": _union,
    "inconvenient": _union,
    "inconvenient_places": _union,
    "attorney": _attorneys,
    "cease_requested_at": min,
    # A written request binds where an oral one does too, never the other way round.
    "cease_form": lambda forms: "written" if "written" in forms else forms[0],
    "bankruptcy_filed_at": max,
    "bankruptcy_discharged_at": max,
    "breathing_space_from": max,
    "breathing_space_ended_on": max,
}


def anonymous(kind: str, value: Any) -> Any:
    """What is kept of a value when its account is erased: the wish, without names and words."""
    if kind == "attorney" and isinstance(value, dict):
        return {name: value[name] for name in ("since", "debts") if name in value}
    return value
