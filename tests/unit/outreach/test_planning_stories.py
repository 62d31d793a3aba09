"""Golden stories of planning: the page's section 9, G1 to G7."""

from dataclasses import replace
from datetime import date

from services.outreach.debtors.domain.occasions import Occasion
from services.outreach.debtors.domain.stops import Stop
from services.outreach.dunning.domain.strategy import Strategy, on_ladder
from tests.unit.outreach.planning_world import (
    PlanningWorld,
    local,
    message,
    resumed,
)

FIRST, LAST = "2027-02-20", "2027-06-01"


def a_world(euros: int = 120, **fields: object) -> PlanningWorld:
    world = PlanningWorld(**fields)  # type: ignore[arg-type]
    world.invoice("I1", "2027-03-02", euros)
    return world


def test_out_g1_the_whole_ladder() -> None:
    """OUT-G1."""
    ladder = [
        "02-23 09:00 upcoming email",
        "03-03 09:00 reminder email",
        "03-08 17:00 text sms",
        "03-15 09:00 second email",
        "03-22 09:00 firm email",
        "04-02 08:00 call person",
        "04-09 16:00 final letter",
        "04-23 08:00 agency hand-over",
    ]
    assert a_world(300, pays_within=0.4).run(FIRST, LAST) == ladder
    unknown = [line for line in ladder if "call" not in line]
    assert a_world(300).run(FIRST, LAST) == unknown


def test_out_g2_two_invoices_share_their_contacts() -> None:
    """OUT-G2."""
    world = a_world()
    world.invoice("I2", "2027-03-05", 40)
    assert world.run(FIRST, LAST) == [
        "02-23 09:00 upcoming email I1",
        "02-26 09:00 upcoming email I2",
        "03-03 09:00 reminder email I1",
        "03-08 17:00 text sms I1+I2",
        "03-11 17:00 text sms I2",
        "03-15 09:00 second email I1",
        "03-25 09:00 firm email I1+I2",
        "04-09 16:00 final letter I1",
        "04-12 16:00 final letter I2",
    ]


def test_out_g3_a_part_payment_gives_some_quiet() -> None:
    """OUT-G3."""

    def pays(world: PlanningWorld) -> None:
        world.invoices["I1"] = replace(world.invoices["I1"], balance_minor=10_000)
        world.paid_on = date(2027, 3, 14)

    world = a_world(happens={"2027-03-14": pays})
    assert world.run(FIRST, "2027-03-31")[3:] == [
        "03-17 09:00 second email",
        "03-22 09:00 firm email",
    ]


def test_out_g4_a_broken_promise_is_answered_and_the_ladder_goes_on_firm() -> None:
    """OUT-G4."""
    stop = Stop("C1", "promise R1", "promise", "EUR", None, date(2027, 3, 9))

    def promises(world: PlanningWorld) -> None:
        world.stops["R1"] = stop
        world.occasions = [
            Occasion("C1", "promise-due", "promise", "R1", date(2027, 3, 19), "EUR", None)
        ]

    def breaks(world: PlanningWorld) -> None:
        world.stops["R1"] = replace(stop, ended_on=date(2027, 3, 23), outcome="broken")
        world.occasions = [
            Occasion("C1", "promise-broken", "promise", "R1", date(2027, 3, 23), "EUR", None)
        ]

    world = a_world(happens={"2027-03-09": promises, "2027-03-23": breaks})
    assert world.run(FIRST, LAST)[3:] == [
        "03-18 09:00 promise-day sms",
        "03-24 09:00 broken sms",
        "03-26 08:00 broken-call person",
        "03-29 09:00 firm email",
        "04-15 16:00 final letter",
    ]


def test_out_g5_a_dispute_keeps_the_distances() -> None:
    """OUT-G5."""

    def disputes(world: PlanningWorld) -> None:
        world.invoices["I1"] = replace(
            world.invoices["I1"], disputes={"D1": None}, disputed_minor=12_000
        )

    def loses(world: PlanningWorld) -> None:
        world.invoices["I1"] = resumed(world.invoices["I1"], "2027-04-09")

    world = a_world(happens={"2027-03-10": disputes, "2027-04-09": loses})
    assert world.run(FIRST, LAST)[3:] == [
        "04-12 09:00 second email",
        "04-20 09:00 firm email",
        "05-10 16:00 final letter",
    ]


def test_out_g6_another_strategy_repeats_nothing() -> None:
    """OUT-G6."""

    def changes(world: PlanningWorld) -> None:
        world.strategy = Strategy(
            name="other",
            version="1",
            ladder=on_ladder(
                [
                    message("a", 1, "email"),
                    message("b", 10, "email"),
                    message("c", 17, "email", tone="neutral"),
                    message("d", 40, "email", tone="neutral"),
                ]
            ),
        )

    world = a_world(happens={"2027-03-17": changes})
    assert world.run(FIRST, LAST)[4:] == ["03-19 09:00 c email", "04-12 09:00 d email"]


def test_out_g7_what_bounces_goes_out_over_the_next_channel() -> None:
    """OUT-G7."""
    world = a_world(bounces={"email": "2027-03-03 10:00"})
    world.run(FIRST, "2027-03-02")
    world.run("2027-03-03", "2027-03-03")
    world.bounced("email", "reminder")
    world._due(local("2027-03-03 10:00"))
    assert world.run("2027-03-04", "2027-04-01")[1:] == [
        "03-03 09:00 reminder email",
        "03-03 10:00 reminder sms",
        "03-08 17:00 text sms",
        "03-15 09:00 second sms",
        "03-22 16:00 firm letter",
    ]
