"""The policy `charges` and its packs read from text, with every fault at once."""

from collections.abc import Collection
from fractions import Fraction
from typing import Any, cast, get_args

from msgspec import Struct

from services.ledger.domain.agreements import Role
from services.ledger.domain.policies import reader
from services.ledger.domain.policies.amounts import AmountByCurrency
from services.ledger.domain.policies.charges import (
    NAME,
    STEP_MAX,
    AnyRule,
    Band,
    BounceFeeRule,
    Cap,
    ChargesPolicy,
    Confidence,
    DayCount,
    Disclosure,
    FeeAmount,
    InterestRule,
    Limit,
    Limited,
    Pack,
    Post,
    Rate,
    ReversalKind,
    StepRule,
    Waive,
)
from services.ledger.domain.policies.debts import read_when
from services.ledger.domain.policies.reader import Members, ReadFaults

KINDS = ("late_fee", "compensation", "interest", "bounce_fee")
_NO_AMOUNT = FeeAmount()
_NO_RATE = Rate()


class _Known(Struct, frozen=True):
    """Names that a document may use. None: it was checked when it came."""

    rates: Collection[str] | None


def read_charges(
    text: str, *, packs: Collection[str] | None = None, rates: Collection[str] | None = None
) -> ChargesPolicy:
    """`packs` and `rates` are the names that are there. Raises `Invalid` with all faults."""
    faults = ReadFaults()
    text_read, document = reader.read_object(text, faults)
    known = _Known(rates)
    document.take("name", reader.one_of(NAME), needed=True)
    version = document.take("version", reader.version, needed=True)
    used = document.take("packs", reader.list_of(reader.known(packs, "pack"))) or ()
    accepted = document.take("accept_unverified", reader.list_of(reader.name)) or ()
    for index, name in enumerate(accepted):
        if name not in used:
            faults.add(f"/accept_unverified/{index}", "is not among packs")
    accrue_from = document.take("accrue_from", reader.day)
    rules = _read_rules(document, known)
    limits = _read_limits(document, known)
    waive = _read_waive(document)
    document.end()
    faults.check(text_read)
    return ChargesPolicy(
        version=version or "",
        packs=used,
        accept_unverified=accepted,
        accrue_from=accrue_from,
        rules=rules,
        limits=limits,
        waive=waive,
    )


def read_pack(text: str, *, rates: Collection[str] | None = None) -> Pack:
    """A pack, of the same rules. Raises `Invalid`."""
    faults = ReadFaults()
    text_read, document = reader.read_object(text, faults)
    known = _Known(rates)
    name = document.take("name", reader.name, needed=True)
    title = document.take("title", reader.text, needed=True)
    source = document.take("source", reader.text, needed=True)
    verified_on = document.take("verified_on", reader.day)
    confidence = document.take("confidence", reader.one_of(*get_args(Confidence)), needed=True)
    if confidence == "verified" and verified_on is None:
        document.fault("verified_on", "is missing")
    rules = _read_rules(document, known)
    limits = _read_limits(document, known)
    document.end()
    faults.check(text_read)
    return Pack(
        name=name or "",
        title=title or "",
        source=source or "",
        verified_on=verified_on,
        confidence=cast(Confidence, confidence),
        rules=rules,
        limits=limits,
    )


# ── Rules ───────────────────────────────────────────────────────────────────────────────────────


def _read_rules(document: Members, known: _Known) -> tuple[AnyRule, ...]:
    found: list[AnyRule] = []
    ids: set[str] = set()
    for given in reader.items(document, "rules"):
        rule = _read_rule(given, known)
        if rule is None:
            continue
        if rule.id in ids:
            given.fault("id", "stands there twice")
        ids.add(rule.id)
        found.append(rule)
    return tuple(found)


def _read_rule(given: Members, known: _Known) -> AnyRule | None:
    kind = given.take("kind", reader.one_of(*KINDS), needed=True)
    if kind is None:
        given.take("id", reader.name, needed=True)
        return None
    disclosure = _read_disclosure(given)
    because = given.take("because", reader.text)
    if kind != "bounce_fee" and disclosure is None and because is None:
        given.fault("disclosure", "is missing: name its texts, or say `because` why none is needed")
    common: dict[str, Any] = {
        "id": given.take("id", reader.name, needed=True) or "",
        "when": read_when(given),
        "disclosure": disclosure,
        "because": because,
    }
    rule: AnyRule
    if kind == "interest":
        rule = _read_interest(given, common, known)
    elif kind == "bounce_fee":
        rule = _read_bounce_fee(given, common)
    else:
        rule = _read_step(given, kind, common)
    given.end()
    return rule


def _read_disclosure(given: Members) -> Disclosure | None:
    if not given.has("disclosure"):
        return None
    inner = Members(given.raw("disclosure"), given.at("disclosure"), given.faults)
    texts = inner.take("texts", reader.list_of(reader.name), needed=True)
    days = inner.take("days_before", reader.whole(1, 365))
    inner.end()
    return Disclosure(texts or (), 1 if days is None else days)


def _read_step(given: Members, kind: str, common: dict[str, Any]) -> StepRule:
    amount = _read_amount(given)
    minimum = given.take("minimum_balance", reader.amounts())
    if kind == "compensation":
        return StepRule(kind="compensation", amount=amount, minimum_balance=minimum, **common)
    step = given.take("step", reader.whole(1, STEP_MAX), needed=True)
    cap = None
    if given.has("cap"):
        inner = Members(given.raw("cap"), given.at("cap"), given.faults)
        cap = Cap(
            inner.take("per_invoice", reader.amounts()),
            inner.take("percent_of_invoice", reader.decimal(0, 100)),
        )
        if not inner.names():
            given.fault("cap", "must name per_invoice or percent_of_invoice")
        inner.end()
    return StepRule(
        kind="late_fee",
        step=step or 1,
        amount=amount,
        minimum_balance=minimum,
        cap=cap,
        **common,
    )


def _read_bounce_fee(given: Members, common: dict[str, Any]) -> BounceFeeRule:
    reversals = given.take(
        "reversals", reader.list_of(reader.one_of(*get_args(ReversalKind))), needed=True
    )
    amount = _read_amount(given)
    if amount.bands or (amount.percent is not None and amount.of == "balance"):
        given.fault("amount", "must be fixed, or a percent of: amount: what was taken back")
    return BounceFeeRule(
        reversals=cast(tuple[ReversalKind, ...], reversals or ()), amount=amount, **common
    )


def _read_interest(given: Members, common: dict[str, Any], known: _Known) -> InterestRule:
    rate = _read_rate(given, known) if given.has("rate") else None
    if rate is None:
        given.fault("rate", "is missing")
    day_count = given.take("day_count", reader.one_of(*get_args(DayCount)))
    post = given.take("post", reader.one_of(*get_args(Post)))
    return InterestRule(
        rate=rate or _NO_RATE,
        day_count=cast(DayCount, day_count or "act/365"),
        after_days=given.take("after_days", reader.whole(0, STEP_MAX)) or 0,
        post=cast(Post, post or "stage"),
        minimum=given.take("minimum", reader.amounts()),
        **common,
    )


def _read_rate(given: Members, known: _Known, name: str = "rate") -> Rate:
    """`{percent}`, or `{reference, margin, fixed_at_start}`."""
    inner = Members(given.raw(name), given.at(name), given.faults)
    percent = inner.take("percent", reader.decimal(0, 1000))
    if inner.stands("percent"):
        if inner.has("reference"):
            inner.fault("reference", "does not go together with percent")
        for other in ("margin", "fixed_at_start"):
            if inner.stands(other):
                inner.fault(other, "belongs to a reference")
        inner.end()
        return Rate(percent=percent)
    reference = inner.take("reference", reader.known(known.rates, "rate"))
    if not inner.has("reference"):
        given.fault(name, "must name a percent or a reference")
    margin = inner.take("margin", reader.decimal(-100, 1000))
    fixed = inner.take("fixed_at_start", reader.boolean)
    inner.end()
    return Rate(reference=reference, margin=margin or Fraction(0), fixed_at_start=bool(fixed))


# ── Amounts ─────────────────────────────────────────────────────────────────────────────────────


def _read_amount(given: Members) -> FeeAmount:
    if not given.has("amount"):
        given.fault("amount", "is missing")
        return _NO_AMOUNT
    inner = Members(given.raw("amount"), given.at("amount"), given.faults)
    ways = [way for way in ("fixed", "percent", "bands") if inner.has(way)]
    if len(ways) != 1 and inner.is_object:
        given.fault("amount", "must have exactly one of fixed, percent and bands")
    found = FeeAmount(
        fixed=inner.take("fixed", reader.amounts(is_above_zero=True)),
        percent=inner.take("percent", reader.percent_above_zero),
        of="amount"
        if inner.take("of", reader.one_of("balance", "amount")) == "amount"
        else "balance",
        least=inner.take("min", reader.amounts()),
        most=inner.take("max", reader.amounts()),
        bands=_read_bands(inner),
    )
    if "percent" not in ways:
        for other in ("of", "min", "max"):
            if inner.stands(other):
                inner.fault(other, "belongs to a percent")
    _check_rises(found.least, found.most, inner.at("max"), "must not be below min", given.faults)
    inner.end()
    return found


def _read_bands(inner: Members) -> tuple[Band, ...]:
    bands: list[Band] = []
    given = list(reader.items(inner, "bands"))
    for index, one in enumerate(given):
        is_last = index == len(given) - 1
        below = one.take("below", reader.amounts(is_above_zero=True))
        if is_last and one.has("below"):
            one.fault("below", "the last band has none: it is for all that is left")
        elif not is_last and not one.has("below"):
            one.fault("below", "is missing")
        fixed = one.take("fixed", reader.amounts(), needed=True)
        if bands:
            at, words = one.at("below"), "must rise from band to band"
            _check_rises(bands[-1].below, below, at, words, one.faults, strictly=True)
        one.end()
        bands.append(Band(below, fixed or AmountByCurrency()))
    if inner.has("bands") and not given and isinstance(inner.raw("bands"), list):
        inner.fault("bands", "must end with a band without below")
    return tuple(bands)


def _check_rises(
    least: AmountByCurrency | None,
    most: AmountByCurrency | None,
    pointer: str,
    words: str,
    faults: ReadFaults,
    *,
    strictly: bool = False,
) -> None:
    """That the second is not below the first, in any currency of which both speak."""
    if least is None or most is None:
        return
    pairs = [(c, least.minor(c), most.minor(c)) for c in {**least.named, **most.named}]
    if least.others is not None and most.others is not None:
        pairs.append(("default", int(least.others * 10**4), int(most.others * 10**4)))
    for code, low, high in sorted(pairs, key=lambda pair: pair[0]):
        if low is not None and high is not None and (high < low or (strictly and high == low)):
            faults.add(f"{pointer}/{code}", words)


# ── Limits, waiving ─────────────────────────────────────────────────────────────────────────────


def _read_limits(document: Members, known: _Known) -> tuple[Limit, ...]:
    found = []
    for given in reader.items(document, "limits"):
        max_rate = None
        if given.has("max_rate"):
            if isinstance(given.raw("max_rate"), dict):
                max_rate = _read_rate(given, known, "max_rate")
            else:
                max_rate = Rate(percent=given.take("max_rate", reader.decimal(0, 1000)))
        limit = Limit(
            when=read_when(given),
            none=given.take("none", _none) or frozenset(),
            max_fee=given.take("max_fee", reader.amounts()),
            max_rate=max_rate,
        )
        if given.is_object and not any(given.has(n) for n in ("none", "max_fee", "max_rate")):
            given.faults.add(given.pointer, "must name none, max_fee or max_rate")
        given.end()
        found.append(limit)
    return tuple(found)


def _none(value: Any, pointer: str, faults: ReadFaults) -> frozenset[Limited] | None:
    """`true`: no fee and no cost; or a list of those that there must not be."""
    if isinstance(value, bool):
        return frozenset(get_args(Limited)) if value else frozenset()
    found = reader.list_of(reader.one_of(*get_args(Limited)))(value, pointer, faults)
    return None if found is None else cast(frozenset[Limited], frozenset(found))


def _read_waive(document: Members) -> Waive:
    if not document.has("waive"):
        return Waive()
    inner = Members(document.raw("waive"), document.at("waive"), document.faults)
    within = inner.take("within", reader.amounts())
    role = inner.take("role", reader.one_of(*get_args(Role)))
    inner.end()
    return Waive(within or AmountByCurrency(), cast(Role, role or "supervisor"))
