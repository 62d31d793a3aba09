"""The rules of what comes in: words.py and word_lists.py (the class of a reply), tokens.py,
dates.py and amounts.py (what it says), mail.py and quoting.py (reading e-mail), items.py (the
record), effects.py (what follows)."""
