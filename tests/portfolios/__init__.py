"""Portfolios as events: what the services would announce of accounts, their money and contacts.

`World` keeps just enough of the rules to announce whole, consistent histories; the golden stories
and the generated portfolios are written with it.
"""

from tests.portfolios.world import World

__all__ = ["World"]
