"""What is wrong with the words of a template: errors keep it from being activated."""
