"""Work in the background: rescoring.py goes through populations, learning.py trains and tests."""
