"""The calendars that a tenant may name are those that the governor has."""

from services.outreach.compliance.calendars import names
from shared.calendars import CALENDARS


def test_the_names_are_the_governors() -> None:
    assert frozenset(names()) == CALENDARS
