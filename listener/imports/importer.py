"""Imports one file: rows in batches, each stored with the checkpoint that counts it.

Killed at any moment and started again, it goes on after the last stored batch, and the natural
keys of the mentions make sure that nothing is stored twice.
"""

import asyncio
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from listener.backlog import OWNER_PREFIX, BacklogScorer
from listener.clock import Clock
from listener.errors import ConfigError
from listener.failpoints import reach
from listener.imports.account import Account
from listener.imports.columns import ColumnMap
from listener.imports.rejects import RejectsFile
from listener.imports.rows import RowReader, read_row
from listener.imports.tables import BadRow, Layout, Row, read_rows
from listener.items import MentionItem
from listener.pipeline import CollectedFrom, Understanding, prepare, store_prepared
from listener.scoring.worker import ScoringWorker
from listener.store import imports, mentions
from listener.store.engine import unit_of_work
from listener.store.records import ImportSource, NewMention
from listener.store.rows import IMPORT

BATCH_ROWS = 500
SHOWN_ROWS = 5
SHOWN_REFUSALS = 10
_HASH_BYTES = 1 << 20

Batch = list[MentionItem | BadRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """One file and how to read it. ``brand`` binds every row to that brand key."""

    path: Path
    layout: Layout
    mapping: ColumnMap
    zone: ZoneInfo
    source_key: str
    source_name: str
    group: str
    brand: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What became of the file.

    ``scored`` mentions were scored by this process, ``waiting_before`` of the same source waited
    when it began; ``resumed_after`` rows were already stored by a run before.
    """

    account: Account
    scored: int
    waiting_before: int
    resumed_after: int


def file_identity(order: ImportOrder) -> str:
    """Return what tells this content, read this way, from any other."""
    digest = hashlib.sha256()
    with order.path.open("rb") as file:
        while chunk := file.read(_HASH_BYTES):
            digest.update(chunk)
    how = [asdict(order.layout), asdict(order.mapping), str(order.zone), order.brand]
    digest.update(json.dumps(how, ensure_ascii=False, default=str, sort_keys=True).encode())
    return digest.hexdigest()[:32]


def bound_to(understanding: Understanding, order: ImportOrder) -> Understanding:
    """Return the understanding in which every row of this import means the brand it is bound to.

    Raises ``ConfigError`` for a brand that is not configured.
    """
    if order.brand is None:
        return understanding
    keys = list(understanding.brand_ids)
    if order.brand not in keys:
        raise ConfigError(f"--brand {order.brand}：没有这个品牌；已有 {'、'.join(keys) or '无'}")
    return replace(understanding, bound={**understanding.bound, order.source_key: order.brand})


def read_batches(order: ImportOrder, collected_at: datetime) -> Iterator[Batch]:
    """Yield the rows of the file in batches, each as its mention or its refusal."""
    reader = RowReader(mapping=order.mapping, zone=order.zone, collected_at=collected_at)
    rows = (
        read_row(row, reader) if isinstance(row, Row) else row
        for row in read_rows(order.path, order.layout)
    )
    while batch := list(itertools.islice(rows, BATCH_ROWS)):
        yield batch


def rest_of(batches: Iterator[Batch], *, skip: int, rejects: RejectsFile) -> Iterator[Batch]:
    """Yield what follows the first ``skip`` rows; refusals of all rows go to ``rejects``."""
    for batch in batches:
        for item in batch:
            if isinstance(item, BadRow):
                rejects.add(item)
        rest, skip = batch[skip:], max(0, skip - len(batch))
        if rest:
            yield rest


class Importer:
    """Runs one import. ``on_progress`` is told the number of rows handled so far."""

    def __init__(
        self,
        *,
        engine: Engine,
        clock: Clock,
        scorer: ScoringWorker,
        understanding: Understanding,
        on_progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._scorer = scorer
        self._understanding = understanding
        self._on_progress = on_progress

    async def run(self, order: ImportOrder, rejects: RejectsFile) -> ImportResult:
        """Import the file, then wait until all its rows are scored."""
        understanding = bound_to(self._understanding, order)
        now = self._clock.now()
        file_id = await asyncio.to_thread(file_identity, order)
        source, account = await asyncio.to_thread(self._begin, order, file_id, now)
        done_before = account.rows
        backlog = BacklogScorer(self._engine, self._clock, self._scorer, source_id=source.id)
        waiting_before = await asyncio.to_thread(backlog.waiting)
        origin = CollectedFrom(
            source_id=source.id,
            source_key=source.key,
            spider=IMPORT,
            collected_at=now,
            is_backfill=True,
        )

        def store(batch: Batch) -> None:
            self._store(batch, origin, understanding, account, file_id)

        batches = rest_of(read_batches(order, now), skip=done_before, rejects=rejects)
        async with asyncio.TaskGroup() as tasks:
            scoring = tasks.create_task(backlog.score_free(), name="score import")
            while batch := await asyncio.to_thread(next, batches, None):
                await asyncio.to_thread(store, batch)
                self._on_progress(account.rows)
                await scoring  # one batch ahead at the most, so that nothing piles up
                scoring = tasks.create_task(backlog.score_free(), name="score import")
        await backlog.score_all()
        await asyncio.to_thread(self._end, source, file_id)
        return ImportResult(
            account=account,
            scored=backlog.scored,
            waiting_before=waiting_before,
            resumed_after=done_before,
        )

    def _begin(
        self, order: ImportOrder, file_id: str, now: datetime
    ) -> tuple[ImportSource, Account]:
        with unit_of_work(self._engine) as session:
            source = imports.ensure_import_source(
                session, key=order.source_key, name=order.source_name, group=order.group, now=now
            )
            # An import that was killed may still hold leases; only one runs at a time.
            mentions.release_source_leases(session, source.id, owner_prefix=OWNER_PREFIX)
        checkpoint = source.state.get(imports.FILES, {}).get(file_id)
        return source, Account.load(checkpoint) if checkpoint else Account()

    def _store(
        self,
        batch: Batch,
        origin: CollectedFrom,
        understanding: Understanding,
        account: Account,
        file_id: str,
    ) -> None:
        """Store a batch and the checkpoint that counts it, in one transaction."""
        brand_keys = {id_: key for key, id_ in understanding.brand_ids.items()}
        good = [item for item in batch if not isinstance(item, BadRow)]
        for _ in range(len(batch) - len(good)):
            account.reject()
        prepared = prepare(good, origin, understanding)
        with unit_of_work(self._engine) as session:
            new = store_prepared(session, prepared)
            account.add(prepared, new=new, brand_keys=brand_keys)
            imports.save_checkpoint(
                session,
                origin.source_id,
                file_id=file_id,
                checkpoint=account.dump(),
                newest_at=newest_event(prepared),
                now=self._clock.now(),
            )
        reach("import-batch-stored")

    def _end(self, source: ImportSource, file_id: str) -> None:
        with unit_of_work(self._engine) as session:
            imports.save_checkpoint(
                session,
                source.id,
                file_id=file_id,
                checkpoint=None,
                newest_at=None,
                now=self._clock.now(),
            )


def newest_event(prepared: list[NewMention]) -> datetime | None:
    """Return the newest event time of a batch."""
    return max((one.event_at for one in prepared if one.event_at is not None), default=None)


def look(
    order: ImportOrder,
    understanding: Understanding,
    known: Callable[[list[str]], set[str]],
    now: datetime,
    on_progress: Callable[[int], None] = lambda _: None,
) -> tuple[Account, list[NewMention], list[BadRow]]:
    """Read the whole file as an import would, and store nothing.

    Returns the account, the first rows as they would be stored, and the first refusals.
    ``known`` tells which of some ids are stored already.
    """
    understanding = bound_to(understanding, order)
    brand_keys: Mapping[int, str] = {id_: key for key, id_ in understanding.brand_ids.items()}
    origin = CollectedFrom(
        source_id=0,
        source_key=order.source_key,
        spider=IMPORT,
        collected_at=now,
        is_backfill=True,
    )
    account = Account()
    first: list[NewMention] = []
    refused: list[BadRow] = []
    for batch in read_batches(order, now):
        for item in batch:
            if isinstance(item, BadRow):
                account.reject()
                refused = [*refused, item][:SHOWN_REFUSALS]
        good = [item for item in batch if not isinstance(item, BadRow)]
        prepared = prepare(good, origin, understanding)
        ids = list(dict.fromkeys(one.external_id for one in prepared))
        account.add(prepared, new=len(ids) - len(known(ids)), brand_keys=brand_keys)
        first = [*first, *prepared][:SHOWN_ROWS]
        on_progress(account.rows)
    return account, first, refused
