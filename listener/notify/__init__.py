"""Channels that deliver what the outbox holds, one file each."""
