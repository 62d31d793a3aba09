"""A contact as it is kept, what the contact rules decided of it, and what the timeline tells."""
