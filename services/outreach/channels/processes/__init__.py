"""What is done with channels over several steps: templates made ready, tried and looked at."""
