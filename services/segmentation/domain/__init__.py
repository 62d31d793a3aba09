"""The rules of segmentation: values in, values out. Start with `assess.py`."""
