"""The machine's own terminal as a channel, for teams without a chat and for the first run."""

from collections.abc import Callable

from listener.notify.channel import Delivery, Receipt
from listener.notify.markup import to_plain

CHANNEL = "terminal"
RULE = "─" * 72


class TerminalChannel:
    """Prints messages, with the command that stands for each button."""

    def __init__(self, write: Callable[[str], None], *, hint: Callable[[str, int], str]) -> None:
        self._write = write
        self._hint = hint

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Print one message; an edit is printed anew, marked as such."""
        message = delivery.message
        lines = [RULE, to_plain(message.body["html"])]
        if delivery.chart is not None:
            lines.append(f"📈 {delivery.chart}")
        hint = self._hint(message.subject_type, message.subject_id)
        if hint and (message.body["buttons"] or message.body["asks_reply"]):
            lines.append(hint)
        lines.append(RULE)
        is_edit = message.target_remote is not None
        if not (is_edit and message.purpose == "alert"):
            self._write("\n".join(lines))
        chart = str(delivery.chart) if delivery.chart else None
        return Receipt(remote_id=f"terminal-{message.id}", remote={"chart": chart})
