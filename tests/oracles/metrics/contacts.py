"""Contacts: planned, withheld, sent; who answered, who was the right party, who wants no more."""

from collections.abc import Callable, Iterator

from tests.oracles.metrics.people import Contact, Happened
from tests.oracles.metrics.rows import Asked, Row, Rows, Value, ratio, total

ANSWERED_WITHIN = 30


def _row(side: str, contact: Contact, when: Happened, **more: str) -> Row:
    split = contact.split(contact.account.at(when.at), **more)
    return Row(side, "", when.day, split, 1, 1, contact.account.name)


def attempts(asked: Asked, side: str = "attempts") -> Iterator[Row]:
    for contact in asked.book.contacts:
        attempt = contact.attempt
        if attempt is not None and asked.has(attempt.day):
            result = "sent" if "sent" in contact.results else "uncertain"
            yield _row(side, contact, attempt, result=result)


def reach_rows(asked: Asked) -> Iterator[Row]:
    """Who answered within the days that are given for it, on the attempt's day."""
    for contact in asked.book.contacts:
        attempt = contact.attempt
        if attempt is None or not asked.has(attempt.day):
            continue
        yield _row("attempts", contact, attempt)
        if any(each.day <= attempt.day + ANSWERED_WITHIN for each in contact.answers):
            yield _row("answered", contact, attempt)
        if any(each.day <= attempt.day + ANSWERED_WITHIN for each in contact.right_parties):
            yield _row("reached", contact, attempt)


def contact_rate(rows: Rows) -> Value:
    found = ratio(rows.count("answered"), rows.count("attempts"))
    return found._replace(more={"grows_until": rows.asked.end + ANSWERED_WITHIN})


def right_party_rate(rows: Rows) -> Value:
    of = "answered" if rows.asked.per == "contact" else "attempts"
    return ratio(rows.count("reached"), rows.count(of))


def right_parties(asked: Asked) -> Iterator[Row]:
    for each in asked.book.right_parties:
        if asked.has(each.day):
            split = each.account.split(
                each.account.at(each.at),
                channel=each.channel,
                collector=each.collector,
                strategy=each.strategy,
            )
            yield Row("all", "", each.day, split, 1, 1, each.account.name)
            if each.outcome == "promise":
                yield Row("promised", "", each.day, split, 1, 1, each.account.name)


def promise_rate(rows: Rows) -> Value:
    return ratio(rows.count("promised"), rows.count("all"))


def opt_out_rows(asked: Asked) -> Iterator[Row]:
    yield from attempts(asked)
    for each in asked.book.revocations:
        if asked.has(each.day):
            split = each.account.split(each.account.at(each.at), channel=each.channel)
            yield Row("revoked", "", each.day, split, 1, 1, each.account.name)


def opt_out_rate(rows: Rows) -> Value:
    return ratio(rows.count("revoked"), rows.count("attempts"))


def sum_of_attempts(rows: Rows) -> Value:
    return total(rows.count("attempts"))


def with_result(result: str) -> Callable[[Asked], Iterator[Row]]:
    """On the day on which it was first announced."""

    def rows(asked: Asked) -> Iterator[Row]:
        for contact in asked.book.contacts:
            when = contact.results.get(result)
            if when is not None and asked.has(when.day):
                yield _row("sum", contact, when)

    return rows


def suppressed_rows(asked: Asked) -> Iterator[Row]:
    """Once for each of its rules."""
    for contact in asked.book.contacts:
        for rule, when in contact.suppressed.items():
            if asked.has(when.day):
                yield _row("sum", contact, when, rule=rule)


def suppressed_rate_rows(asked: Asked) -> Iterator[Row]:
    """A contact counts once, by rule once for each of its rules. What was planned has no rule."""
    for contact in asked.book.contacts:
        planned = contact.results.get("planned")
        if planned is not None and asked.has(planned.day):
            yield _row("planned", contact, planned)
        if "rule" not in asked.splits and contact.suppressed:
            first = next(iter(contact.suppressed.values()))
            if asked.has(first.day):
                yield _row("suppressed", contact, first)
    if "rule" in asked.splits:
        for each in suppressed_rows(asked):
            yield Row("suppressed", "", each.on, each.split, 1, 1, each.account)


def suppressed_rate(rows: Rows) -> Value:
    return ratio(rows.count("suppressed"), rows.count("planned"))
