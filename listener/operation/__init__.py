"""Watching and keeping the running service: health, metrics, service manager, tidying, the end."""
