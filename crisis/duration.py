"""Lengths of time in the reader's words."""

from datetime import timedelta

from crisis.desk import Desk


def duration_text(desk: Desk, lasted: timedelta) -> str:
    """Return a length of time as 2 小时 5 分钟; at least a minute."""
    hours, minutes = divmod(max(1, round(lasted / timedelta(minutes=1))), 60)
    words = desk.catalog.words
    parts = [f"{hours} {words['hours']}"] if hours else []
    return " ".join([*parts, f"{minutes} {words['minutes']}"] if minutes else parts)
