"""What is known: the facts of a question by name, and how each is read."""
