"""Fengsheng listens to what people say about a brand and notices when it turns bad."""
