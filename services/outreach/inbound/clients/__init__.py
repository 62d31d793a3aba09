"""Servers from which mail is fetched: imap.py."""
