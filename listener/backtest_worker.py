"""The child process that replays history for the API, so that the service's own loop never waits.

It reads the configuration anew, opens the database for reading only and answers one request a
line; see ``listener.workers``.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from listener.app import notice_settings
from listener.backtest_report import BacktestRequest, backtest_report
from listener.config_file import load_config
from listener.errors import ListenerError, StoreError, Temporary
from listener.store.engine import open_engine, read_session
from listener.store.migrate import check_current
from listener.workers import serve


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Return ``{"found": …}`` as ``fengsheng backtest --json``, or ``{"refused": why}``.

    ``asked`` holds ``config`` (a path), ``database_url``, ``now`` and ``request``. Raises
    ``StoreError`` or ``Temporary`` for a database that cannot be read.
    """
    engine = open_engine(asked["database_url"])
    try:
        check_current(engine)
        file = load_config(Path(asked["config"]))
        request = BacktestRequest.model_validate(asked["request"])
        with read_session(engine) as session:
            found = backtest_report(
                session,
                file,
                notice_settings(file.config),
                request,
                now=datetime.fromisoformat(asked["now"]),
            )
    except (StoreError, Temporary):
        raise  # no fault of the request
    except ListenerError as error:
        return {"refused": str(error)}
    finally:
        engine.dispose()
    return {"found": found}


if __name__ == "__main__":
    serve(answer)
