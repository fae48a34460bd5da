"""The tests, split by kind."""
