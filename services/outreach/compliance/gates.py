"""Gates opened: a copy of each rule for every gate, or chain of gates, that extends it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.outreach.compliance.rule import Rule

CHAIN_MAX = 4  # gates that open gates


def opened(rules: Sequence[Rule]) -> list[Rule]:
    """The rules as the gates among them extend them."""
    gates = [rule for rule in rules if rule.kind.extends is not None]
    return [extended for gate in gates for extended in _through(gate, rules, (gate,))]


def _through(gate: Rule, rules: Sequence[Rule], via: tuple[Rule, ...]) -> Iterator[Rule]:
    extends = gate.kind.extends
    assert extends is not None
    for rule in rules:
        if rule in via or not extends(gate.params, rule.id):
            continue
        if rule.kind.extends is not None:
            if len(via) < CHAIN_MAX:
                yield from _through(rule, rules, (*via, rule))
            continue
        outer = via[0]
        channels = _common([rule.channels, *(each.channels for each in via)])
        if channels is not None and not channels:
            continue
        starts = [each.since for each in (rule, *via) if each.since is not None]
        ends = [each.until for each in (rule, *via) if each.until is not None]
        conditions = [each for one in via for each in (one.when, one.unless) if each is not None]
        yield replace(
            rule,
            jurisdictions=outer.jurisdictions,
            binds_first=outer.binds_first,
            binds_third=outer.binds_third,
            consumer=outer.consumer,
            commercial=outer.commercial,
            channels=channels,
            since=max(starts, default=None),
            until=min(ends, default=None),
            per_debt=rule.per_debt or any(each.per_debt for each in conditions),
            timed=rule.timed or any(each.timed for each in conditions),
            dated=rule.dated or any(each.dated for each in conditions),
            conditional=rule.conditional or any(each.timed or each.dated for each in conditions),
            via=via,
            base=rule,
        )


def _common(channels: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    common: frozenset[str] | None = None
    for each in channels:
        if each is not None:
            common = each if common is None else common & each
    return common
