"""Fixtures shared by all kinds of tests."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from listener.clock import FakeClock
from listener.store.engine import open_engine, sqlite_url
from listener.store.migrate import upgrade

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture
def shared() -> Path:
    """Development data beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("the development data folder 'shared' is not beside this checkout")
    return SHARED


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 22, 3, 0, tzinfo=UTC))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(sqlite_url(tmp_path / "test.db"))
    upgrade(engine)
    yield engine
    engine.dispose()
