"""Settings of the small metrics."""

from tests.integration.deploy.small.parts import settings_of

Settings = settings_of("metrics")
