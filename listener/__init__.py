"""Fengsheng listens to what people say about a brand and notices when it turns bad."""

__version__ = "0.1.0"
