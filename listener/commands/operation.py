"""``fengsheng health``: asks the running service how it fares."""

import http.client
import ipaddress
import json
from typing import Any

import typer

from listener.commands.common import (
    ConfigOption,
    JsonOption,
    errors_shown,
    fail,
    out,
    print_json,
    read_config,
)
from listener.config import split_listen
from listener.errors import ConfigError

ASK_WITHIN_S = 20.0


def health(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Ask the service on this machine how it fares; exit 1 unless all is well."""
    with errors_shown():
        file = read_config(config)
        listen = file.config.operation.listen
        if not listen:
            where = file.where("operation", "listen")
            raise ConfigError(f"{where}: operation.listen is off; set it to '127.0.0.1:8711'")
        page = _ask(*split_listen(listen))
    if as_json:
        print_json(page)
    else:
        for problem in page["problems"] or ["ok"]:
            out.print(problem, markup=False)
    if page["status"] != "ok":
        raise typer.Exit(1)


def _ask(host: str, port: int) -> dict[str, Any]:
    if ipaddress.ip_address(host).is_unspecified:  # listening everywhere includes here
        host = "::1" if ":" in host else "127.0.0.1"
    connection = http.client.HTTPConnection(host, port, timeout=ASK_WITHIN_S)
    try:
        connection.request("GET", "/healthz")
        page = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        fail(f"no answer from {host}:{port} ({type(error).__name__}); is the service running?")
    finally:
        connection.close()
    if not isinstance(page, dict) or "status" not in page or "problems" not in page:
        fail(f"something else than Fengsheng answers at {host}:{port}; see operation.listen")
    return page
