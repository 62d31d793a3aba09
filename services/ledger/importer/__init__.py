"""Door 4: files. CSV rows become billing events by a mapping."""
