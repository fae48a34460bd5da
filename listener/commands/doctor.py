"""``fengsheng doctor``: checks everything without starting anything, and says what to do."""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

import typer

from crisis.chain import Standing, chain_of, may_approve, rule_for
from crisis.intake import HOLDING
from crisis.kinds import CrisisType
from crisis.library import StatementLibrary
from crisis.messages import Catalog
from listener.app import build_understanding, check_sources, uses_telegram
from listener.campaigns import build_calendar
from listener.clock import SystemClock
from listener.commands.common import ConfigOption, JsonOption, out, print_json, read_config
from listener.complaints import Severity
from listener.config import DEMO_SITE, Person, Role, Secrets, load_secrets
from listener.config_file import ConfigFile
from listener.errors import ListenerError, StoreError, Temporary
from listener.home import connect_database, home_of, scorer_of, transformer_of
from listener.libraries import statement_library
from listener.notify.telegram import asking, open_bot
from listener.outlook import maturity, maturity_line, suggest, suggestion_lines
from listener.reports.chart import font_path
from listener.rescore import version_of
from listener.resources import bundled
from listener.rules import compiled_rules
from listener.scoring.choose import open_scorer
from listener.store.brands import brand_ids
from listener.store.engine import POOL_OVERFLOW, POOL_SIZE, read_session
from listener.store.health import OLDEST_POSTGRESQL, DatabaseHealth, examine_database
from listener.store.migrate import check_current, schema_revision, upgrade
from listener.store.records import SourceHealth
from listener.store.sources import is_stopped, source_health

LEAST_FREE_BYTES = 500_000_000


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what to do about it."""

    level: Level
    what: str
    remedy: str = ""


def doctor(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check configuration, database, secrets, sources, chat and fonts; exit 1 on any error."""
    checks = list(examine(config))
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        marks = {Level.OK: "✓", Level.WARNING: "!", Level.ERROR: "✗"}
        for check in checks:
            out.print(f"{marks[check.level]} {check.what}", markup=False)
            if check.remedy:
                out.print(f"    → {check.remedy}", markup=False)
    if any(check.level is Level.ERROR for check in checks):
        raise typer.Exit(1)


def examine(path: Path | None) -> Iterator[Check]:
    """Yield every check; a configuration that cannot be read ends the list."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Check(Level.OK, f"Python {version}")
    try:
        file = read_config(path)
        secrets = load_secrets()
    except ListenerError as error:
        for line in str(error).splitlines():
            yield Check(Level.ERROR, line)
        return
    yield Check(Level.OK, f"configuration {file.path}")
    for check in (_people, _sources, _brands, _templates, _scorer, _font):
        yield from _guarded(lambda check=check: check(file))  # type: ignore[misc]  # early binding
    yield from _guarded(lambda: _data(file, secrets))
    yield from _guarded(lambda: _baselines(file, secrets))
    yield from _guarded(lambda: _telegram(file, secrets))


def _guarded(check: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from check()
    except ListenerError as error:
        for line in str(error).splitlines():
            yield Check(Level.ERROR, line)


def _people(file: ConfigFile) -> Iterator[Check]:
    people = file.config.people
    leads = [person for person in people if Role.LEAD in person.roles]
    if not leads:
        yield Check(
            Level.ERROR,
            "nobody may approve a statement",
            'give somebody in [[people]] the role "lead"',
        )
    elif len(people) < 2:
        yield Check(
            Level.WARNING,
            "only one person: an edited statement needs somebody else to approve it",
            "add a second person to [[people]]",
        )
    else:
        approvers = sum(may_approve(person) for person in people)
        yield Check(Level.OK, f"{len(people)} people, {approvers} may approve")
    yield from _chains(people)


def _chains(people: Sequence[Person]) -> Iterator[Check]:
    """Say how the chain of an urgent statement goes for this team, and which roles it lacks."""
    chain = chain_of(rule_for(Severity.URGENT, ()), people, author="system", signatures=())
    for step in chain.steps:
        if step.role is Role.LEAD or step.standing is Standing.HOLDER:
            continue
        names = " or ".join(step.candidates)
        what = f"nobody has the role '{step.role}'"
        if step.is_left_out:
            any_holder = any(step.role in person.roles for person in people)
            what = f"nobody is left to sign as '{step.role}'" if any_holder else what
            yield Check(
                Level.WARNING,
                f"{what}, and nobody else is there to countersign: urgent statements "
                "are approved without, and every draft says so",
                f'give somebody the role "{step.role}", or deputy_for = ["{step.role}"]',
            )
        elif step.standing is Standing.COUNTERSIGN:
            yield Check(
                Level.WARNING,
                f"{what}: {names} countersigns urgent statements",
                f'give somebody the role "{step.role}", or deputy_for = ["{step.role}"]',
            )
        else:
            yield Check(Level.OK, f"{what}: {names} signs as deputy")


def _sources(file: ConfigFile) -> Iterator[Check]:
    check_sources(file)
    compiled_rules(file)
    enabled = [source for source in file.config.sources if source.enabled]
    if not enabled:
        yield Check(
            Level.ERROR, "nothing to listen to", "add a [[sources]] table with enabled = true"
        )
        return
    yield Check(Level.OK, f"{len(enabled)} sources")
    for source in enabled:
        addresses = source.parameters.values()
        if not file.config.demo.enabled and any(DEMO_SITE in value for value in addresses):
            yield Check(
                Level.ERROR, f"source '{source.key}' points at the bundled site", "remove it"
            )


def _brands(file: ConfigFile) -> Iterator[Check]:
    if not file.config.brands:
        yield Check(Level.ERROR, "no brand to watch", "add a [[brands]] table")
        return
    ids = {brand.key: index for index, brand in enumerate(file.config.brands)}
    build_understanding(file, ids, home_of(file))
    yield Check(Level.OK, f"{len(ids)} brands, queries compile")
    library = statement_library(file)
    for index, brand in enumerate(file.config.brands):
        stated = {name for name, fact in brand.facts.items() if "C04" in (fact.only or ["C04"])}
        missing = _unstated(library, file, stated)
        if missing:
            yield Check(
                Level.WARNING,
                f"brand '{brand.key}' has no default for: {', '.join(missing)}",
                f"the chat will ask for them; or add them at {file.where('brands', index)}",
            )


def _unstated(library: StatementLibrary, file: ConfigFile, stated: set[str]) -> list[str]:
    """Return facts of the outage statement that neither the brand nor the system can state."""
    template = library.find(
        lang=file.config.language, crisis_type=CrisisType.TECH_OUTAGE, kind=HOLDING
    )
    if template is None:
        return []
    derived = {"product", "reported_problem", "first_seen_at", "next_update_at"}
    return [name for name in template.required if name not in stated | derived]


def _templates(file: ConfigFile) -> Iterator[Check]:
    library = statement_library(file)
    words = library.definitions(file.config.language)
    Catalog(bundled("templates") / "messages", file.config.language, file.config.tz, facts=words)
    found = [
        crisis
        for crisis in CrisisType
        if library.find(lang=file.config.language, crisis_type=crisis, kind=HOLDING)
    ]
    if found:
        yield Check(Level.OK, f"holding statements in {file.config.language}: {', '.join(found)}")
    else:
        yield Check(
            Level.WARNING,
            f"no statement templates in {file.config.language}",
            "statements will have to be written by hand",
        )
    today = SystemClock().now().astimezone(file.config.tz).date()
    yield from stale_templates(library, file.config.language, today)


def stale_templates(library: StatementLibrary, lang: str, today: date) -> Iterator[Check]:
    """Yield one line if templates of a language were not reviewed for too long."""
    folders = sorted(
        {
            f"{one.lang}/{one.crisis_type}"
            for one in library.templates()
            if one.lang == lang and one.is_stale(today)
        }
    )
    if folders:
        yield Check(
            Level.WARNING,
            f"statement templates not reviewed for a year: {', '.join(folders)}",
            "read them against the law and your contacts, then set reviewed in their _meta.toml",
        )


def _scorer(file: ConfigFile) -> Iterator[Check]:
    folder, below = transformer_of(file)
    if folder is not None:
        scorer = open_scorer(scorer_of(file), folder, below)
        yield Check(Level.OK, f"sentiment by {version_of(scorer)}")


def _font(_file: ConfigFile) -> Iterator[Check]:
    yield Check(Level.OK, f"chart font {font_path().name}")


def _data(file: ConfigFile, secrets: Secrets) -> Iterator[Check]:
    home = home_of(file)
    yield from _guarded(lambda: _database(file, secrets))
    free = shutil.disk_usage(home).free
    if free < LEAST_FREE_BYTES:
        yield Check(Level.WARNING, f"{free / 1e6:.0f} MB free at {home}", "free some disk space")
    keys = home / "keys"
    if keys.exists() and os.stat(keys).st_mode & 0o077:  # noqa: PTH116 - the mode only
        yield Check(Level.WARNING, f"'{keys}' can be read by others", f"chmod 700 '{keys}'")


def _baselines(file: ConfigFile, secrets: Secrets) -> Iterator[Check]:
    """Say how far each baseline is, and what each sensitivity would have raised."""
    config = file.config
    if config.demo.enabled:
        return
    now = SystemClock().now()
    history = timedelta(days=config.detection.history_days)
    engine = connect_database(file, secrets)
    try:
        check_current(engine)
        with read_session(engine) as session:
            ids = brand_ids(session)
            for brand in config.brands:
                if brand.key not in ids:
                    continue
                age = maturity(session, ids[brand.key], now=now, history=history)
                if age.is_young:
                    yield Check(Level.WARNING, maturity_line(brand.name, age, config.tz))
                found = suggest(
                    session,
                    ids[brand.key],
                    tz=config.tz,
                    now=now,
                    history=history,
                    rest=build_calendar(config).rest,
                )
                said = suggestion_lines(brand.name, found, config.detection.sensitivity)
                yield Check(Level.OK, said[0], said[1])
    except (StoreError, Temporary):
        return  # the check of the database says what is wrong
    finally:
        engine.dispose()


def _deaf_spots(health: Sequence[SourceHealth]) -> Iterator[Check]:
    """Name the sources that gave nothing at the last try; calm there means nothing."""
    for source in health:
        if not source.failures_in_row:
            continue
        since = source.last_success_at
        heard = f"last heard {since:%Y-%m-%d %H:%M} UTC" if since else "never heard"
        what = f"source '{source.key}' is {source.last_failure_kind}; {heard}"
        if is_stopped(source):
            yield Check(
                Level.ERROR,
                f"{what}; it said it is gone for good and is not asked any more",
                "correct its address or remove it; "
                f"'fengsheng crawl {source.key}' tries it once more",
            )
        else:
            yield Check(Level.WARNING, what, source.last_failure_detail or "")


def _database(file: ConfigFile, secrets: Secrets) -> Iterator[Check]:
    engine = connect_database(file, secrets)
    try:
        if engine.dialect.name == "sqlite":
            upgrade(engine)
        health = examine_database(engine)
        problems = list(_problems(health))
        yield from problems
        check_current(engine)
        if not problems:
            found = f"database {health.kind} {health.version}, schema {schema_revision(engine)}"
            yield Check(Level.OK, found)
            with read_session(engine) as session:
                yield from _deaf_spots(source_health(session))
    except Temporary as error:
        yield Check(
            Level.ERROR,
            f"the database cannot be reached: {error}",
            "is the server running, and do address, user and password in "
            "FENGSHENG_DATABASE_URL (or …_FILE) fit it?",
        )
    finally:
        engine.dispose()


def _problems(health: DatabaseHealth) -> Iterator[Check]:
    if health.kind != "postgresql":
        return
    if health.major < OLDEST_POSTGRESQL:
        yield Check(
            Level.ERROR,
            f"PostgreSQL {health.version} is too old",
            f"use PostgreSQL {OLDEST_POSTGRESQL} or newer",
        )
    if health.encoding != "UTF8":
        yield Check(
            Level.ERROR,
            f"the database's encoding is {health.encoding}, which cannot hold every text",
            "CREATE DATABASE fengsheng ENCODING 'UTF8' TEMPLATE template0",
        )
    if not health.may_write:
        yield Check(
            Level.ERROR,
            "the database only allows reading",
            "connect to the primary server, not to a standby",
        )
    if not health.may_create:
        yield Check(
            Level.ERROR,
            "the database user may not create tables",
            "GRANT CREATE, USAGE ON SCHEMA public TO the_user, as the database's owner",
        )
    if health.connections < POOL_SIZE + POOL_OVERFLOW + 1:
        yield Check(
            Level.WARNING,
            f"the server allows {health.connections} connections; one service may need "
            f"{POOL_SIZE + POOL_OVERFLOW + 1}",
            "raise max_connections",
        )


def _telegram(file: ConfigFile, secrets: Secrets) -> Iterator[Check]:
    config = file.config.telegram
    if not uses_telegram(file.config, secrets):
        both = "FENGSHENG_TELEGRAM_TOKEN and telegram.chat_id"
        missing = "telegram.chat_id" if secrets.telegram_token else "FENGSHENG_TELEGRAM_TOKEN"
        half = secrets.telegram_token is not None or config.chat_id != 0
        if half:
            yield Check(
                Level.ERROR, f"Telegram is only half set up: {missing} is missing", f"set {both}"
            )
        else:
            yield Check(Level.WARNING, "no chat: alerts go to the terminal", f"set {both}")
        return
    name, title = asyncio.run(_ask_telegram(file, secrets))
    yield Check(Level.OK, f"bot {name} reaches the chat “{title}”")
    if not any(person.telegram_id for person in file.config.people):
        yield Check(
            Level.ERROR,
            "nobody has a telegram_id, so nobody can press a button",
            "add telegram_id to [[people]]",
        )


async def _ask_telegram(file: ConfigFile, secrets: Secrets) -> tuple[str, str]:
    proxy = secrets.telegram_proxy
    token = secrets.telegram_token
    line = open_bot(
        token.get_secret_value() if token else "",
        base_url=file.config.telegram.base_url,
        proxy=proxy.get_secret_value() if proxy else None,
        poll_timeout_s=0,
    )
    try:
        me = await asking(line.bot.get_me())
        chat = await asking(line.bot.get_chat(file.config.telegram.chat_id))
    finally:
        await line.close()
    return me.name, chat.effective_name or str(chat.id)
