"""Settings of the small outreach."""

from tests.integration.deploy.small.parts import settings_of

Settings = settings_of("outreach")
