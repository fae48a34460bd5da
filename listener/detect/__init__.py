"""Noticing: baselines and the crisis channel. No I/O, no clock; nothing is sent from here."""
