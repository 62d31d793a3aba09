"""Whom and what templates are tried on before they are activated: long names, large amounts."""

from datetime import date

from services.outreach.channels.domain.message_values import (
    Answered,
    CreditorDetails,
    Line,
    LinePart,
    MessageContent,
    MessageValues,
    Total,
)

NAME = "Alexandrina Konstantinopolska-Montgomery"  # 40 letters
CREDITOR = CreditorDetails(
    "Sample Creditor Limited",
    "12 Sample Street, 10115 Berlin",
    "DE123456789",
    "+49 30 7654321",
    "https://www.sample-creditor.example",
)
PAY_URL = "https://pay.sample-creditor.example/portal/AQHzv5LHIyWQzYO7AAeoWARoEwVY4yeN"
PORTAL_URL = "https://pay.sample-creditor.example/portal/AQHzv5LHIyWQzYO7AAeoWARoEwVY4yeO"
CODE = "482913"
TEXT_ID = "sample-disclosure"
DISCLOSURE = "Sample of words that the law wants."
OPT_OUT_WORDS = "Sample of the way out."
CURRENCY = "EUR"
DUE_ON = date(2027, 3, 2)


def _line(number: str, principal: int, *charges: tuple[str, str, int]) -> Line:
    parts = (
        LinePart("principal", CURRENCY, principal),
        *(LinePart(kind, CURRENCY, minor, name) for kind, name, minor in charges),
    )
    amount = sum(part.amount_minor for part in parts)
    return Line("C-1", number, number, DUE_ON, CURRENCY, amount, parts)


_FEE, _INTEREST = ("fee", "late-fee", 104_321), ("interest", "interest", 102_468)
_ONE = _line("R-2027-00042", 1_234_567, _FEE, _INTEREST)
_TWO = _line("R-2027-00043", 2_345_678)
_LOOSE = LinePart("cost", CURRENCY, 101_357, "bounce-fee")
_OPEN = _ONE.amount_minor + _TWO.amount_minor + _LOOSE.amount_minor + 5_000_000
_PLAIN = _line("R-2027-00044", 3_456_789)

CONTENTS: dict[str, MessageContent] = {
    "overdue": MessageContent((_ONE,), (Total(CURRENCY, _ONE.amount_minor, 0, _ONE.amount_minor),)),
    "overdue-many": MessageContent(
        (_ONE, _TWO),
        (Total(CURRENCY, _OPEN, 222_222, _OPEN - 222_222, 5_000_000),),
        overdue_unlisted=3,
        charges=(_LOOSE,),
    ),
    "upcoming": MessageContent(
        upcoming=(_PLAIN,),
        upcoming_totals=(Total(CURRENCY, _PLAIN.amount_minor, 0, _PLAIN.amount_minor),),
    ),
    "promises": MessageContent(promises=(_PLAIN,)),
    "instalments": MessageContent(instalments=(_PLAIN,)),
    "settlements": MessageContent(settlements=(_PLAIN,)),
    "answers": MessageContent(
        answers=(Answered("invoice", "R-2027-00045", DUE_ON, CURRENCY, 4_567_891, "partly"),)
    ),
    "nothing": MessageContent(),
}
CHARGED = ("overdue", "overdue-many")  # where an amount has charges in it


def sample(content: str, creditor: CreditorDetails = CREDITOR) -> MessageValues:
    return MessageValues(NAME, creditor, CONTENTS[content], PAY_URL, PORTAL_URL, (), "DE", CODE)
