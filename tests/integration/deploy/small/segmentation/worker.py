"""The small segmentation's worker."""

from tests.integration.deploy.small.parts import run, work

__all__ = ["run"]

if __name__ == "__main__":
    work("segmentation")
