"""``fengsheng run`` and ``fengsheng demo``: the service, and the main job from end to end."""

import asyncio
import os
import sys
from typing import Annotated

import typer

from listener import failpoints
from listener.app import Service, open_service, stop_on_signals, uses_telegram
from listener.commands.common import ConfigOption, JsonOption, errors_shown, program, read_config
from listener.config import hidden_values, load_secrets
from listener.home import home_of, service_lock
from listener.logs import set_up_logging
from listener.operation.deadline import Deadline
from listener.play import DemoResult, play_demo
from listener.text.clean import printable


def _say(text: str) -> None:
    sys.stdout.write(printable(text) + "\n")
    sys.stdout.flush()


def _say_aside(text: str) -> None:
    sys.stderr.write(text + "\n")


def run(config: ConfigOption = None) -> None:
    """Run the service: listen, notice, alert, draft, take approvals."""
    with errors_shown():
        file = read_config(config)
        secrets = load_secrets()
        home = home_of(file)
        deadline = Deadline(file.config.operation.stop_within_s)
        if point := os.environ.get(failpoints.VARIABLE):
            failpoints.arm(point)
        with service_lock(home):

            async def serve() -> None:
                stop = asyncio.Event()
                stop_on_signals(stop, on_first=deadline.arm)
                async with open_service(file, secrets, write=_say, program=program()) as service:
                    deadline.left = service.unfinished
                    set_up_logging(
                        file.config.log_level,
                        home / "fengsheng.log",
                        shown_as=file.config.log_format,
                        hidden=hidden_values(secrets),
                    )
                    _greet(service)
                    await service.run(stop)

            asyncio.run(serve())
            deadline.disarm()


def _greet(service: Service) -> None:
    words = service.desk.catalog.terminal
    if service.config.demo.enabled:
        url = next(iter(service.config.sources)).parameters.get("url", "")
        _say(words["demo_running"].format(site="/".join(url.split("/")[:3])))
    _say(words["running"].format(home=service.home, sources=len(service.config.sources)))
    if uses_telegram(service.config, load_secrets()):
        _say(words["alerts_in_telegram"].format(chat=service.config.telegram.chat_id))
    else:
        _say(words["alerts_here"])


def demo(
    config: ConfigOption = None,
    as_json: JsonOption = False,
    within_s: Annotated[
        float, typer.Option("--within", help="Give up after so many seconds.")
    ] = 180.0,
) -> None:
    """Play the bundled crisis from spike to approved statement, and end.

    Exit status 0 only if an alert was sent, a draft written and an approval recorded.
    """
    with errors_shown():
        result = asyncio.run(
            play_demo(
                read_config(config),
                write=_say_aside if as_json else _say,
                program=program(),
                within_s=within_s,
            )
        )
    _report(result, as_json=as_json)
    if not result.is_complete:
        raise typer.Exit(1)


def _report(result: DemoResult, *, as_json: bool) -> None:
    if as_json:
        _say(result.to_json())
    else:
        _say(result.summary)
