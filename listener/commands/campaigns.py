"""The command ``campaigns``: what is known to move the volume now and next."""

from datetime import timedelta
from typing import Annotated

import typer

from listener.campaigns import Occasion, build_calendar
from listener.clock import SystemClock
from listener.commands.common import (
    ConfigOption,
    JsonOption,
    errors_shown,
    print_json,
    print_table,
    read_config,
)


def campaigns(
    days: Annotated[int, typer.Option(min=1, max=400, help="Days ahead.")] = 60,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List campaigns, festivals and holidays that are on now or come next."""
    with errors_shown():
        settings = read_config(config).config
    now = SystemClock().now()
    calendar = build_calendar(settings)
    found = calendar.coming(now, now + timedelta(days=days))
    if as_json:
        print_json(
            {
                "is_rest_day": calendar.rest.is_rest_day(now.astimezone(settings.tz).date()),
                "campaigns": [
                    {
                        "name": one.name,
                        "start": one.start.isoformat(),
                        "end": one.end.isoformat(),
                        "is_on": one.start <= now,
                        "volume_factor": one.factor,
                        "brands": sorted(one.brands),
                    }
                    for one in found
                ],
            }
        )
        return

    def row(one: Occasion) -> list[str]:
        start, end = one.start.astimezone(settings.tz), one.end.astimezone(settings.tz)
        return [
            "now" if one.start <= now else "next",
            one.name,
            f"{start:%Y-%m-%d %H:%M}",
            f"{end:%Y-%m-%d %H:%M}",
            f"×{one.factor:g}",
            ", ".join(sorted(one.brands)) or "all",
        ]

    columns = ["", "name", "from", "until", "volume", "brands"]
    print_table(columns, [row(one) for one in found], empty=f"Nothing in the next {days} days.")
