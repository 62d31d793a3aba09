"""Plans on paper: paper.py what stands on it, page.py as a page that prints, pdf.py as PDF."""
