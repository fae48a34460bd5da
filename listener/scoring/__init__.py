"""Sentiment scorers behind one protocol."""
