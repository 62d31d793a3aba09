"""SQL of the desk."""
