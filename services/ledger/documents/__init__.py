"""What people are handed: statements and copies of invoices, as JSON, CSV and PDF.

Pure: figures come in as data (`papers`), bytes go out; the same data gives the same bytes. What
takes long is computed in processes of their own, so nothing here knows a database or the web.

words.py texts, amounts and days in a language · lines.py the text of a statement's line,
payoff.py of what settles everything ·
papers.py what stands on a document, assembly.py reads it from an account · tables.py JSON and CSV ·
sheet.py, letters.py, joining.py drawing on A4 · statement_pdf.py, invoice_pdf.py, charges.py the
documents
"""
