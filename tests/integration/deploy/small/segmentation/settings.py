"""Settings of the small segmentation."""

from tests.integration.deploy.small.parts import settings_of

Settings = settings_of("segmentation")
