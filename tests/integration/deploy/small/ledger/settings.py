"""Settings of the small ledger."""

from tests.integration.deploy.small.parts import settings_of

Settings = settings_of("ledger")
