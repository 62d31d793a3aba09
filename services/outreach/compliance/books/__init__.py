"""Rule books: contact law as data, read from YAML, checked and compiled."""
