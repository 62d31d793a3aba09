"""The small segmentation."""
