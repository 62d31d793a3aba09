"""The small outreach's API."""

from tests.integration.deploy.small.parts import create_app, serve

__all__ = ["create_app"]

if __name__ == "__main__":
    serve("outreach")
