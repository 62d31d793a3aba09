"""Messages: addresses and amounts in them, templates and disclosures, the bytes of an e-mail."""
