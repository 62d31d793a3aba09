"""What `null` says in a question: that there is known to be none. Absent: that nobody knows."""

from typing import Any

import pytest

from services.outreach.compliance import RuleSet
from tests.unit.outreach.compliance.case_files import ask
from tests.unit.outreach.compliance.questions import Json, override, question

BY_MACHINE = {"contact.mode": "prerecorded"}


def machine_call(consent: Any) -> Json:
    asked = override(question("us-il"), BY_MACHINE)
    phone: Json = asked["debtor"]["phones"][0]
    if consent == "absent":
        phone.pop("consent")
    else:
        phone["consent"] = consent
    return asked


@pytest.mark.parametrize("channel", ["voice", "sms"])
def test_a_phones_consent_that_is_null_is_known_to_be_none(books: RuleSet, channel: str) -> None:
    none, null, absent = (machine_call(each) for each in ("none", None, "absent"))
    for each in (none, null, absent):
        each["contact"]["channel"] = channel
    assert ask(books, null) == ask(books, none)
    assert ask(books, null) != ask(books, absent)
