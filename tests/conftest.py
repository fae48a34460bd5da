"""Fixtures shared by all kinds of tests."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from listener.clock import FakeClock
from listener.store.engine import open_engine, sqlite_url
from listener.store.migrate import upgrade
from tests.fakes.postgres import TEMPLATE, PostgresServer

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
DATABASES = ("sqlite", "postgresql")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the tests marked ``slow``, dealt out to the worker processes.

    Each worker is given one stretch of the list and takes from the others when it is done: a slow
    test at the end of one would keep the whole run waiting for it.
    """
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    slow = [one for one in items if one.get_closest_marker("slow")]
    rest = [one for one in items if not one.get_closest_marker("slow")]
    ordered: list[pytest.Item] = []
    for number in range(workers):
        ordered += slow[number::workers]
        ordered += rest[number * len(rest) // workers : (number + 1) * len(rest) // workers]
    items[:] = ordered


@pytest.fixture
def shared() -> Path:
    """Development data beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("the development data folder 'shared' is not beside this checkout")
    return SHARED


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2026, 11, 22, 3, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real server for this test process, with a migrated database to copy; started when asked."""
    server = PostgresServer()
    try:
        engine = open_engine(server.url(server.create_database(name=TEMPLATE)))
        upgrade(engine)
        engine.dispose()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy: migrating anew for every test is slow."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    engine = open_engine(sqlite_url(path))
    upgrade(engine)
    engine.dispose()
    # Closing the last connection folds the log into the file; a copy without it would be empty.
    assert not path.with_name(f"{path.name}-wal").exists()
    return path


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Makes databases: ``new_database("postgresql", migrated=False)`` returns the address."""
    made: list[str] = []
    numbers = itertools.count(1)

    def make(kind: str, *, migrated: bool = True) -> str:
        if kind == "postgresql":
            server = request.getfixturevalue("postgres_server")
            made.append(server.create_database(TEMPLATE if migrated else None))
            return str(server.url(made[-1]))
        path = tmp_path / f"test-{next(numbers)}.db"
        if migrated:
            shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        return sqlite_url(path)

    yield make
    for name in made:
        request.getfixturevalue("postgres_server").drop_database(name)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database: whatever uses it, ``engine`` too, runs once on each."""
    return str(request.param)


@pytest.fixture
def engine(database: str, new_database: Callable[..., str]) -> Iterator[Engine]:
    """A migrated, empty database of its own."""
    engine = open_engine(new_database(database))
    yield engine
    engine.dispose()
