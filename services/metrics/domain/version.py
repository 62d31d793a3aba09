"""Which rules the figures were made by."""

# One more whenever the same events come to other cells or rows (`store/schema.py`): a release with
# another number than the figures in use makes all of them anew, beside those in use.
FIGURES_VERSION = 2
