"""How messages look and leave: words, e-mail, the mail server."""
