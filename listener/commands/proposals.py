"""``fengsheng proposals``: what corrections suggest changing, and accepting it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlmodel import Session

from crisis.permissions import Action
from listener.app import notice_settings
from listener.backtest import Rule, sweep_rules
from listener.commands.common import (
    AsOption,
    ConfigOption,
    JsonOption,
    Office,
    err,
    errors_shown,
    open_office,
    out,
    print_json,
)
from listener.commands.proposals_text import WORDS
from listener.config import Brand
from listener.config_file import load_config
from listener.errors import Conflict
from listener.home import home_of, trained_model
from listener.proposals import RuleProposal, WordProposal, rule_proposal, word_proposals
from listener.relearning import SentimentProposal, lessons, relearned, sentiment_proposal
from listener.resources import bundled
from listener.scoring.fast import MODEL
from listener.scoring.model import load_model, save_model
from listener.setup.editing import change_setting
from listener.setup.toml import toml_value, write_atomically
from listener.store.audit import record_audit
from listener.store.brands import brand_ids
from listener.watchlist import words_of

app = typer.Typer(
    help="What corrections suggest changing; nothing changes until accepted.",
    invoke_without_command=True,
)

WORD, RULE, SCORER = "words", "rule", "scorer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A proposal as it was shown, so that exactly this one is accepted later."""

    number: int
    kind: str
    brand: str | None
    setting: str
    before: Any
    after: Any
    effect: dict[str, Any]


@app.callback()
def list_(
    context: typer.Context,
    brand: Annotated[str | None, typer.Option(help="Only for this brand.")] = None,
    days: Annotated[int, typer.Option(min=7, max=400, help="Try out on so many days.")] = 90,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what corrections suggest changing, each tried out on what is stored."""
    context.obj = config
    if context.invoked_subcommand is not None:
        return
    with errors_shown():
        office = open_office(config)
        words = WORDS[office.file.config.language]
        found = _derived(office, brand, days, words)
        shown = [Shown(number=number, **one) for number, one in enumerate(found, start=1)]
        _remember(office, shown)
        if as_json:
            print_json([asdict(one) for one in shown])
            return
        for one in shown:
            for line in _lines(one, words):
                out.print(line, markup=False)
        out.print(words["accept" if shown else "none"], markup=False)


def _derived(
    office: Office, wanted: str | None, days: int, words: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    config = office.file.config
    brands = [one for one in config.brands if wanted in (None, one.key)]
    if not brands:
        known = ", ".join(one.key for one in config.brands) or "none"
        raise Conflict(f"there is no brand '{wanted}'; known brands: {known}")
    ids = office.read(brand_ids)
    since = office.clock.now() - timedelta(days=days)
    for brand in brands:
        yield from _of_words(office, brand, ids[brand.key], since_days=days)
    chosen = [ids[one.key] for one in brands]
    learned = office.read(lambda session: lessons(session, chosen))
    if learned.missing:
        counts = {"count": len(learned.rows.texts), "missing": learned.missing}
        err.print(words["too_few_sentiments"].format(**counts), markup=False)
    else:
        better = office.read(
            lambda session: sentiment_proposal(
                session, load_model(MODEL), learned.rows, since=since
            )
        )
        if better is not None:
            yield _scorer_values(office, better, wanted)
    calmer = office.read(lambda session: _calmer(session, office, list(ids.values()), days))
    if calmer is not None:
        yield _rule_values(office, calmer)


def _of_words(
    office: Office, brand: Brand, brand_id: int, *, since_days: int
) -> Iterator[dict[str, Any]]:
    config = office.file.config
    words = words_of(brand, allow_regular=config.matching.regular_expressions)
    bound = frozenset(one.key for one in config.sources if one.brand == brand.key)
    found = office.read(
        lambda session: word_proposals(
            session,
            words,
            brand_id=brand_id,
            bound_sources=bound,
            since=office.clock.now() - timedelta(days=since_days),
        )
    )
    for one in found:
        yield _word_values(one, brand)


def _word_values(one: WordProposal, brand: Brand) -> dict[str, Any]:
    return {
        "kind": WORD,
        "brand": one.brand,
        "setting": one.name,
        "before": list(getattr(brand, one.name)),
        "after": list(one.after),
        "effect": {
            "added": list(one.added),
            "labels": one.labels,
            "right_before": one.right_before,
            "right_after": one.right_after,
            "looked_at": one.stored.looked_at,
            "gained": one.stored.gained,
            "lost": one.stored.lost,
            "examples": [
                {"mention": each.mention_id, "change": each.change, "text": each.excerpt}
                for each in one.stored.examples
            ],
        },
    }


def _scorer_values(office: Office, one: SentimentProposal, brand: str | None) -> dict[str, Any]:
    return {
        "kind": SCORER,
        "brand": brand,
        "setting": "scoring.scorer",
        "before": office.file.config.scoring.scorer,
        "after": "trained",
        "effect": asdict(one),
    }


def _calmer(session: Session, office: Office, ids: list[int], days: int) -> RuleProposal | None:
    settings = notice_settings(office.file.config)
    current = Rule("current", settings.crisis)
    rules = sweep_rules([], settings.crisis)
    now = office.clock.now()
    return rule_proposal(session, ids, current, rules, settings, days=days, now=now)


def _rule_values(office: Office, one: RuleProposal) -> dict[str, Any]:
    return {
        "kind": RULE,
        "brand": None,
        "setting": "detection.on_score",
        "before": office.file.config.detection.on_score,
        "after": one.on_score,
        "effect": {"before": asdict(one.before), "after": asdict(one.after)},
    }


def _lines(one: Shown, words: Mapping[str, str]) -> Iterator[str]:
    effect = one.effect
    name = f"{one.brand}.{one.setting}" if one.kind == WORD else one.setting
    yield words["head"].format(number=one.number, name=name, after=toml_value(one.after))
    yield words["was"].format(before=toml_value(one.before))
    if one.kind == WORD:
        yield words["labels"].format(**effect)
        yield words["stored"].format(**effect)
        for each in effect["examples"]:
            yield words[each["change"]].format(**each)
    elif one.kind == RULE:
        yield words["alerts"].format(
            wrong_before=effect["before"]["wrong"],
            wrong_after=effect["after"]["wrong"],
            right_before=effect["before"]["right"],
            right_after=effect["after"]["right"],
        )
    else:
        report = effect["report"]
        kind = "trained" if effect["is_trained"] else "calibrated"
        yield words[kind].format(before=report["before"], after=report["after"])
        for side in ("worse", "better"):
            if effect[side]:
                yield words[side].format(words="、".join(effect[side]))
        yield words["relabelled"].format(**effect)


def _store(office: Office) -> Path:
    return home_of(office.file) / "proposals.json"


def _remember(office: Office, shown: list[Shown]) -> None:
    """Keep what was shown; ``accept`` takes exactly this, whatever was corrected since.

    No text of a mention is kept outside the database.
    """
    kept = [asdict(one) for one in shown]
    for one in kept:
        one["effect"].pop("examples", None)
    text = json.dumps(kept, ensure_ascii=False, default=str)
    write_atomically(_store(office), text)


@app.command()
def accept(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="Number of the proposal, as last listed.")],
    as_: AsOption,
) -> None:
    """Write a proposal into the configuration file, where its comments stay; admins only."""
    with errors_shown():
        office = open_office(context.obj)
        office.actor(as_).role_for(Action.CONFIGURE)
        one = _recalled(office, number)
        key = _key(office, one)
        path = office.file.path
        if path.resolve() == bundled("config.toml").resolve():
            raise Conflict("this is the configuration inside the package; copy it here first")
        if one.kind == SCORER:
            _retrain(office, one)
        kept = path
        if one.before != one.after:
            kept = change_setting(path, key, one.after)
        _audit(office, one, as_)
        words = WORDS[office.file.config.language]
        out.print(words["accepted"].format(path=path, kept=kept), markup=False)


def _recalled(office: Office, number: int) -> Shown:
    try:
        listed = json.loads(_store(office).read_text(encoding="utf-8"))
    except FileNotFoundError:
        listed = []
    for one in listed:
        if one["number"] == number:
            return Shown(**one)
    raise Conflict(f"there is no proposal {number}; list them with 'fengsheng proposals'")


def _key(office: Office, one: Shown) -> tuple[str | int, ...]:
    """Return where the setting stands. Raises ``Conflict`` when it is not as it was shown."""
    config = load_config(office.file.path).config
    key: tuple[str | int, ...] = tuple(one.setting.split("."))
    if one.kind == WORD:
        places = [at for at, brand in enumerate(config.brands) if brand.key == one.brand]
        if not places:
            raise Conflict(f"there is no brand '{one.brand}' any more")
        key = ("brands", places[0], one.setting)
    current: Any = config.model_dump(mode="json")
    for part in key:
        current = current[part]
    if current != one.before:
        raise Conflict(
            f"{one.setting} is {toml_value(current)} now, not {toml_value(one.before)}; "
            "list the proposals again"
        )
    return key


def _retrain(office: Office, one: Shown) -> None:
    ids = office.read(brand_ids)
    chosen = [ids[key] for key in ids if one.brand in (None, key)]
    rows = office.read(lambda session: lessons(session, chosen)).rows
    if rows.sha256 != one.effect["digest"]:
        raise Conflict("there are newer labels; list the proposals again")
    model, _ = relearned(load_model(MODEL), rows)
    save_model(trained_model(home_of(office.file)), model)


def _audit(office: Office, one: Shown, actor: str) -> None:
    def write(session: Session) -> None:
        record_audit(
            session,
            at=office.clock.now(),
            actor=actor,
            action=Action.CONFIGURE,
            object_type="proposal",
            object_id=one.number,
            via="terminal",
            data={
                "setting": one.setting,
                "brand": one.brand,
                "before": one.before,
                "after": one.after,
            },
        )

    office.write(write)
