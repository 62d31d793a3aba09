"""What the desk decides: the order of work, what dispositions lead to, who decides what."""
