"""Contacts made before, by us and by others: caps, waiting periods and notices count them."""
