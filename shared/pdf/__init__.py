"""Texts on PDF pages: fonts that are embedded, widths, lines, letters of every script."""
