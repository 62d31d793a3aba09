"""Promises that were judged, and what people think of it all."""

from collections.abc import Iterator

from tests.oracles.metrics.rows import Asked, Row, Rows, Value, ratio

JUDGED = ("kept", "partly_kept", "broken")


def promise_rows(asked: Asked) -> Iterator[Row]:
    """On the day of the judgement that stands, under what it found."""
    for each in asked.book.promises:
        if each.state not in JUDGED or not asked.has(each.day):
            continue
        split = each.account.split(
            each.account.before(each.at), collector=each.collector, channel=each.channel
        )
        counted, name = min(each.received, each.asked), each.account.name
        is_kept = int(each.state == "kept")
        yield Row("kept", each.currency, each.day, split, counted, is_kept, name)
        yield Row("judged", each.currency, each.day, split, each.asked, 1, name)


def promise_kept_rate(rows: Rows) -> Value:
    return ratio(rows.of("kept"), rows.of("judged"))


def feedback_rows(asked: Asked) -> Iterator[Row]:
    for each in asked.book.feedback:
        if asked.has(each.day):
            split = each.account.split(
                each.account.at(each.at), channel=each.channel, collector=each.collector
            )
            row = Row("all", "", each.day, split, each.score, 1, each.account.name)
            yield row
            if each.score >= 4:
                yield Row("satisfied", "", each.day, split, each.score, 1, each.account.name)


def satisfaction(rows: Rows) -> Value:
    found = ratio(rows.count("satisfied"), rows.count("all"))
    return found._replace(more={"mean": ratio(rows.amount("all"), rows.count("all")).value})
