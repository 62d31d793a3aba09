"""Named ways to break the code, and the proof that the tests see each of them."""
