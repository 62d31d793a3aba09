"""SQL of rule books."""
