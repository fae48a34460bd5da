"""Telegram as a surface: presses and replies become use-cases."""
