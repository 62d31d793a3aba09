"""The golden stories of the figures: what happened, and what must be answered of it.

EUR, zone UTC, money and facts at 12:00, contacts at 09:00. Every question is written as the
service takes it, so that the same table is put to the oracle, to the domain in memory, and to a
running service.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tests.portfolios.log import moment
from tests.portfolios.telling import (
    CURRENCY,
    Asked,
    Judged,
    Matrix,
    Story,
    a_world,
    at_nine,
    contacts,
    on,
    window,
)


def a_debts_life() -> Story:
    world = a_world("A")
    world.owes("A", "I1", 10000, "01-05", "01-20")
    world.owes("A", "I2", 5000, "01-10", "01-25")
    world.pay("A", "P1", moment("01-18"), {"I1": 2000})
    world.pay("A", "P2", moment("02-03"), {"I1": 3000})
    world.pay("A", "P3", moment("02-10"), {"I2": 5000})
    world.reverse("P3", "R1", moment("03-05"))
    world.reverse("P1", "R2", moment("03-06"))
    world.start_day(on("06-30"))
    january = ("01-01", "01-31")
    return Story(
        "a debt's life",
        tuple(world.events),
        (
            Asked("liquidation_rate", window(*january, at="02-28"), 8000, 13000, 8 / 13),
            Asked("liquidation_rate", window(*january, at="03-31"), 3000, 13000, 3 / 13),
            Asked(
                "liquidation_rate",
                window(*january, at="03-31", as_of="03-04"),
                8000,
                13000,
                8 / 13,
            ),
            Asked("recovery_rate", window("02-01", "02-28"), 8000, 13000, 8 / 13),
            Asked("average_days_to_pay", window("01-01", "02-28"), 268000, 10000, 26.8),
            Asked("average_days_to_pay", window("01-01", "03-31"), 87000, 3000, 29),
        ),
    )


def countback() -> Story:
    world = a_world("A")
    world.owes("A", "J", 100000, "01-15", "02-14")
    world.owes("A", "F", 5000, "02-10", "03-12")
    world.credit("A", "K1", on("02-20"), {"F": 5000}, at=moment("02-20"))
    world.credit("A", "K2", on("02-20"), {"J": 1000}, at=moment("02-20"))
    world.owes("A", "M", 40000, "03-10", "04-09")
    world.pay("A", "P1", moment("03-12"), {"J": 49000})
    world.start_day(on("06-30"))
    return Story(
        "countback",
        tuple(world.events),
        (
            Asked("dso_countback", window("03-01", "03-20"), 90000, None, 63.5),
            Asked("dso_countback", window("03-01", "03-11"), 139000, None, 69.69),
            Asked("dso_countback", window("02-01", "02-28"), 99000, None, 58.69),
        ),
    )


def promises() -> Story:
    world = a_world("A")
    for promise, amount, collector in (
        ("P1", 10000, "ann"),
        ("P2", 20000, "ann"),
        ("P3", 5000, "bob"),
    ):
        world.promise("A", promise, amount, moment("01-10"), collector=collector)
    world.judge("A", "P1", "kept", moment("01-20"), amount=10000, received=10000)
    world.judge(
        "A", "P2", "partly_kept", moment("01-26"), amount=20000, received=15000, asked=20000
    )
    world.judge("A", "P3", "broken", moment("01-26"), amount=5000, asked=5000)
    world.record_at(moment("02-02"))
    world.judge(
        "A", "P3", "kept", moment("01-24"), amount=5000, received=5000, asked=5000,
        rejudged_from="broken",
    )  # fmt: skip
    january = ("01-01", "01-31")
    kept = "promise_kept_rate"
    return Story(
        "promises",
        tuple(world.events),
        (
            Asked(kept, window(*january), 2, 3, 2 / 3),
            Asked(kept, window(*january, by="amount"), 30000, 35000, 30 / 35),
            Asked(kept, window(*january, as_of="01-31"), 1, 3, 1 / 3),
            Asked(kept, window(*january, by="amount", as_of="01-31"), 25000, 35000, 25 / 35),
            Asked(kept, window("01-25", "01-31"), 0, 1, 0),
            Asked(kept, window(*january, collector="bob"), 1, 1, 1),
        ),
    )


def attempts_in_march() -> Story:
    world = a_world("A")
    said: list[tuple[datetime, Callable[[datetime], None]]] = []

    def contact(what: str, name: str, channel: str, day: str, **more: Any) -> None:
        said.append(
            (
                at_nine(day),
                lambda at: world.contact(what, name, "A", at, channel=channel, **more),
            )
        )

    contact("sent", "E1", "email", "03-05")
    contact("uncertain", "E2", "email", "03-11")
    contact("sent", "E2", "email", "03-12", resolved_from="uncertain")
    contact("sent", "E3", "email", "03-15")
    contact("sent", "E4", "email", "03-15")
    contact("sent", "S1", "sms", "03-06")
    contact("uncertain", "S2", "sms", "03-12")
    contact("failed", "S2", "sms", "03-12", reason_code="not-accepted")
    contact("sent", "V1", "voice", "03-09")
    contact("sent", "V2", "voice", "03-10")
    contact("opened", "E1", "email", "03-05")
    noon: list[tuple[str, Callable[[datetime], None]]] = [
        ("03-05", lambda at: world.reply("in1", "A", at, "E1", "auto-reply")),
        ("03-07", lambda at: world.reply("in2", "A", at, "S1")),
        ("03-09", lambda at: world.party("T1", "A", at, contact="V1", channel="voice")),
        (
            "03-10",
            lambda at: world.party(
                "T2", "A", at, contact="V2", channel="voice", outcome="wrong", is_right=False
            ),
        ),
        ("03-20", lambda at: world.party("T3", "A", at, channel="portal", outcome="refusal")),
        ("03-21", lambda at: world.revoke("A", "sms", at)),
        ("04-14", lambda at: world.visit("A", at, "E3")),
        ("04-15", lambda at: world.visit("A", at, "E4")),
    ]
    said += [(moment(day), say) for day, say in noon]
    for instant, say in sorted(said, key=lambda each: each[0]):
        say(instant)
    march = ("03-01", "03-31")
    right_party = "right_party_contact_rate"
    return Story(
        "attempts in March",
        tuple(world.events),
        (
            Asked("contact_rate", contacts(*march), 4, 7, 4 / 7),
            Asked("contact_rate", contacts(*march, channel="email"), 1, 4, 1 / 4),
            Asked(right_party, contacts(*march), 1, 7, 1 / 7),
            Asked(right_party, contacts(*march, per="contact"), 1, 4, 1 / 4),
            Asked("promise_rate", contacts(*march), 1, 2, 1 / 2),
            Asked("opt_out_rate", contacts(*march), 1, 7, 1 / 7),
            Asked("opt_out_rate", contacts(*march, channel="sms"), 1, 1, 1),
        ),
    )


def rolls_of_february() -> Story:
    world = a_world("A")
    for name, amount, due in (
        ("a", 10000, "01-20"),
        ("b", 20000, "2025-12-20"),
        ("c", 5000, "2025-12-20"),
        ("d", 8000, "2025-10-31"),
        ("e", 3000, "2025-09-15"),
        ("g", 4000, "01-10"),
    ):
        world.owes("A", name, amount, "2025-09-01", due)
    world.pay("A", "Pc", moment("01-15"), {"c": 2000})
    world.owes("A", "f", 7000, "02-01", "03-03")
    world.pay("A", "Pb", moment("02-05"), {"b": 12000})
    world.credit("A", "Kb", on("02-06"), {"b": 3000}, at=moment("02-06"))
    world.reverse("Pc", "Rc", moment("02-09"))
    world.write_off("A", "W1", moment("02-10"), {"d": 8000})
    world.pay("A", "Pg", moment("02-11"), {"g": 4000})
    world.reverse("Pg", "Rg", moment("02-16"))
    world.credit("A", "Kg", on("02-17"), {"g": 1000}, at=moment("02-17"))
    world.start_day(on("06-30"))
    february = ("02-01", "02-28")
    month = {"month": "2026-02", **CURRENCY}
    return Story(
        "rolls of February",
        tuple(world.events),
        (
            Matrix(
                "roll-rate",
                {**month, "by": "amount"},
                {
                    "1-30": {"31-60": 13000, "credited": 1000},
                    "31-60": {"61-90": 8000, "credited": 3000, "paid": 12000},
                    "91-120": {"written_off": 8000},
                    "121+": {"121+": 3000},
                },
            ),
            Matrix(
                "roll-rate",
                {**month, "by": "count"},
                {
                    "1-30": {"31-60": 2},
                    "31-60": {"61-90": 2},
                    "91-120": {"written_off": 1},
                    "121+": {"121+": 1},
                },
            ),
            Asked("roll_rate", window(*february), 21000, 45000, 21 / 45),
            Asked(
                "roll_rate",
                window(*february, group_by="bucket"),
                13000,
                14000,
                13 / 14,
                group={"bucket": "1-30"},
            ),
        ),
    )


def cures() -> Story:
    world = a_world(*"ABCDE")
    for account in "ABCDE":
        world.owes(account, f"{account}1", 1000, "01-01", "01-10")
    world.contact("sent", "M2", "E", at_nine("01-09"))
    world.contact("sent", "M1", "A", at_nine("01-12"), covers=("C",))
    world.pay("C", "PC", moment("01-15"), {"C1": 1000})
    world.pay("A", "PA", moment("01-20"), {"A1": 1000})
    world.pay("B", "PB", moment("01-20"), {"B1": 1000})
    world.pay("E", "PE", moment("01-31"), {"E1": 1000})
    world.owes("A", "A2", 1000, "02-01", "02-17")
    world.owes("B", "B2", 1000, "02-01", "02-18")
    world.write_off("D", "W1", moment("02-01"), {"D1": 1000})
    world.pay("A", "PA2", moment("02-25"), {"A2": 1000})
    world.pay("B", "PB2", moment("04-02"), {"B2": 1000})
    world.start_day(on("04-30"))

    def cured(start: str, end: str, at: str, found: int, of: int, **more: int) -> Asked:
        return Asked("cure_rate", contacts(start, end, at=at), found, of, found / of, more)

    january = ("01-01", "01-31")
    return Story(
        "cures",
        tuple(world.events),
        (
            cured(*january, "04-30", 3, 5, self_cured=2, pending=0),
            cured(*january, "02-15", 1, 5, pending=3),
            cured(*january, "03-01", 3, 5),
            cured("02-01", "02-28", "04-30", 1, 3),
        ),
    )


def survival() -> Story:
    world = a_world("A")
    for name, amount in (("a", 4000), ("b", 3000), ("c", 2000), ("d", 1000)):
        world.owes("A", name, amount, "01-01", "01-10")
    world.owes("A", "e", 2000, "01-01", "01-14")
    world.pay("A", "Pb1", moment("01-12"), {"b": 1000})
    world.pay("A", "Pe", moment("01-15"), {"e": 2000})
    world.pay("A", "Pa", moment("01-16"), {"a": 4000})
    world.credit("A", "Kc", on("01-21"), {"c": 2000}, at=moment("01-21"))
    world.pay("A", "Pb2", moment("01-31"), {"b": 2000})
    world.reverse("Pe", "Re", moment("02-05"))
    world.pay("A", "Pe2", moment("02-20"), {"e": 2000})
    world.start_day(on("04-30"))

    def recovered(
        at: str, median: int | None, mean: float, tau: int, of: tuple[int, int], **more: str
    ) -> Asked:
        query = window("01-01", "01-31", at=at, **more)
        extra = {"mean": mean, "restricted_to": tau, "p90": None}
        return Asked("time_to_recover", query, of[0], of[1], median, extra)

    return Story(
        "survival",
        tuple(world.events),
        (
            recovered("02-10", 20, 55 / 3, 30, (7000, 12000)),
            recovered("01-31", 5, 35 / 3, 20, (9000, 12000)),
            recovered("03-01", 20, 21.778, 49, (9000, 12000)),
            recovered("02-10", None, 22.333, 30, (2, 5), by="count"),
        ),
    )


def cost_and_touch() -> Story:
    world = a_world("A", "B")
    world.owes("A", "a", 10000, "01-01", "01-10")
    world.owes("B", "b", 8000, "01-01", "01-10")
    world.contact("sent", "L1", "B", at_nine("01-11"), channel="letter", cost=950000)
    world.contact("sent", "E1", "A", at_nine("01-12"), channel="email", cost=1200)
    world.pay("A", "P1", moment("01-15"), {"a": 4000})
    call: dict[str, Any] = {"channel": "voice", "collector": "ann"}
    world.contact("sent", "V1", "A", at_nine("01-20"), cost=85000, **call)
    world.contact("delivered", "V1", "A", at_nine("01-20"), cost=91500, **call)
    world.task("T1", "A", moment("01-20"), collector="ann", cost=4500000)
    world.contact("sent", "S1", "A", at_nine("02-01"), channel="sms", cost=70000, currency="USD")
    world.pay("B", "P2", moment("02-11"), {"b": 8000})
    world.cost("X1", 1500, on("02-15"))
    world.pay("A", "P3", moment("02-19"), {"a": 6000})
    world.start_day(on("04-30"))
    both = ("01-01", "02-28")

    def cost(start: str, end: str, spent: float, cash: int, **more: str) -> Asked:
        query = window(start, end, **more)
        return Asked("cost_to_collect", query, spent, cash, spent / cash if cash else None)

    return Story(
        "cost and touch",
        tuple(world.events),
        (
            Asked(
                "cost_to_collect",
                window(*both),
                2054.27,
                18000,
                2054.27 / 18000,
                {"costs_elsewhere": {"USD": 7}},
            ),
            cost("01-01", "01-31", 554.27, 4000),
            cost(*both, 0.12, 4000, channel="email"),
            cost(*both, 0, 6000, channel="sms"),
            cost(*both, 95, 0, channel="letter"),
            cost(*both, 459.15, 0, collector="ann"),
        ),
    )


def who_is_exposed() -> Story:
    world = a_world(*"ABCD")
    world.owes("A", "a", 10000, "01-01", "01-20")
    world.owes("B", "b", 8000, "01-01", "02-14")
    world.owes("B", "b2", 500, "01-01", "02-20")
    world.owes("C", "c", 1000, "01-01", "03-10")
    world.owes("D", "d", 6000, "01-01", "02-09")
    world.pay("A", "PA1", moment("01-25"), {"a": 4000})
    arms = {"std": 0.5, "call": 0.5}
    world.experiment("calls", 1, arms, "std", moment("02-01", 0))

    def draw(account: str, arm: str, day: str) -> None:
        world.segment(account, "late", moment(day), {"calls": arm})

    draw("A", "std", "02-01")
    draw("B", "call", "02-01")
    draw("C", "call", "02-01")
    draw("D", "std", "02-10")
    world.pay("A", "PA2", moment("02-10"), {"a": 3000})
    world.pay("B", "PB1", moment("02-10"), {"b": 1000})
    draw("D", "call", "02-12")
    world.reverse("PA2", "RA2", moment("02-20"), 1000)
    world.pay("D", "PD", moment("02-28"), {"d": 6000})
    world.pay("A", "PA3", moment("03-03"), {"a": 4000})
    world.pay("C", "PC", moment("03-05"), {"c": 1000})
    world.revoke("D", "sms", moment("03-11"))
    world.pay("B", "PB2", moment("03-16"), {"b": 7000})
    world.revoke("B", "sms", moment("03-17"))
    world.start_day(on("04-30"))

    def judged(metric: str, at: str, std: tuple[int, int], call: tuple[int, int]) -> Judged:
        return Judged("calls", metric, str(on(at)), {"std": std, "call": call})

    return Story(
        "who is exposed",
        tuple(world.events),
        (
            judged("recovered_share", "03-31", (8000, 12000), (7000, 7000)),
            judged("recovered_share", "03-15", (8000, 12000), (0, 0)),
            judged("settled", "03-31", (1, 2), (1, 1)),
            judged("opted_out", "03-31", (1, 2), (0, 1)),
        ),
    )


STORIES: Mapping[str, Callable[[], Story]] = {
    "MET-1": a_debts_life,
    "MET-2": countback,
    "MET-3": promises,
    "MET-4": attempts_in_march,
    "MET-5": rolls_of_february,
    "MET-6": cures,
    "MET-7": survival,
    "MET-8": cost_and_touch,
    "MET-10": who_is_exposed,
}
