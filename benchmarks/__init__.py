"""Measurements; each is a module to run."""
