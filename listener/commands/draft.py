"""``fengsheng draft``: a statement from the library and a sheet of facts, without a database."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, get_args
from zoneinfo import ZoneInfo

import orjson
import typer

from crisis.channels import DEFAULT_KIND, Channel, check_channel, needed_facts, shape
from crisis.drafting import compose
from crisis.facts import read_instant
from crisis.factsheet import SheetFact, read_sheet, refusals, skeleton
from crisis.kinds import CRISIS_LABELS, CrisisType, Kind
from crisis.library import StatementLibrary
from crisis.template_meta import Template, missing_names
from listener.clock import SystemClock
from listener.commands.common import (
    ConfigOption,
    JsonOption,
    err,
    errors_shown,
    print_json,
    print_table,
    read_config,
)
from listener.config import Language
from listener.errors import Conflict
from listener.libraries import statement_library

MISSING_EXIT = 2
LINK = "statement_url"


def draft(
    crisis: Annotated[
        CrisisType | None, typer.Option(help="Crisis type, C01 to C12.", case_sensitive=False)
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="What it is for; else what the channel takes, or holding.")
    ] = None,
    channel: Annotated[
        Channel | None, typer.Option(help="Where it goes out; else the first its template names.")
    ] = None,
    lang: Annotated[
        str | None, typer.Option(help="zh-CN, zh-TW or en; else the configured language.")
    ] = None,
    facts: Annotated[
        Path | None, typer.Option(help="Sheet of facts (TOML), - for standard input.")
    ] = None,
    needs: Annotated[
        bool, typer.Option("--needs", help="Print a sheet of facts to fill in, and end.")
    ] = False,
    list_: Annotated[
        bool, typer.Option("--list", help="List the templates there are, and end.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a statement from facts; with one missing, print which and exit with 2."""
    with errors_shown():
        file = read_config(config)
        settings, library = file.config, statement_library(file)
        language = lang or ("en" if channel is Channel.OVERSEAS else settings.language)
        if list_:
            _list(library, crisis, kind, lang, as_json=as_json)
            return
        template = _template(library, crisis, kind, channel, language)
        place = channel or Channel(template.channel)
        check_channel(place, kind=template.kind, lang=language)
        also = needed_facts(place, template.kind) if channel else ()
        if needs:
            sys.stdout.write(skeleton(library, template, also))
            return
        if facts is None:
            raise Conflict("no facts: give --facts FILE, or --needs for a sheet to fill in")
        sheet = read_sheet(_read(facts), settings.tz)
        missing = _checked(library, template, sheet, also)
        if missing:
            sys.stdout.buffer.write(orjson.dumps({"missing": missing}) + b"\n")
            raise typer.Exit(MISSING_EXIT)
        layout = compose(library, template, sheet, settings.tz)
        link = sheet[LINK].value if LINK in sheet else ""
        text = shape(layout, place, kind=template.kind, lang=language, link=link)
        _warn(template, sheet, settings.tz)
        if as_json:
            print_json({**_described(template), "channel": place, "text": text})
        else:
            sys.stdout.buffer.write(text.encode() + b"\n")


def _template(
    library: StatementLibrary,
    crisis: CrisisType | None,
    kind: Kind | None,
    channel: Channel | None,
    lang: str,
) -> Template:
    if crisis is None:
        raise Conflict("name the crisis type: --crisis C01 … C12; --list shows what there is")
    languages = get_args(Language)
    if lang not in languages:
        raise Conflict(f"--lang must be one of {', '.join(languages)} (got '{lang}')")
    wanted = kind or (DEFAULT_KIND.get(channel) if channel else None) or Kind.HOLDING
    if channel is not None:
        check_channel(channel, kind=wanted, lang=lang)
    template = library.find(lang=lang, crisis_type=crisis, kind=wanted)
    if template is None:
        kinds = [
            one
            for one in Kind
            if library.find(lang=lang, crisis_type=crisis, kind=one) is not None
        ]
        there = ", ".join(kinds) or "none"
        raise Conflict(f"there is no {wanted} for {crisis} in {lang}; there are: {there}")
    if channel is not None and channel not in template.channels:
        fits = ", ".join(template.channels)
        raise Conflict(f"channel '{channel}' does not fit {wanted} of {crisis}; it is for: {fits}")
    return template


def _read(path: Path) -> str:
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Conflict(f"cannot read '{path}' as UTF-8 text ({type(error).__name__})") from None


def _checked(
    library: StatementLibrary,
    template: Template,
    sheet: Mapping[str, SheetFact],
    also: tuple[str, ...],
) -> list[str]:
    """Return what is missing; raise when a fact may not be used, warn of names nobody uses."""
    definitions = library.definitions(template.lang)
    names = dict.fromkeys((*template.facts, *also))
    forms = {name: definitions[name].form for name in names}
    if refused := list(refusals(sheet, names, forms)):
        raise Conflict("\n".join(refused))
    for name in sheet:
        if name not in definitions:
            err.print(f"note: there is no fact '{name}'; --needs lists the names", markup=False)
    return missing_names(template, {name: fact.state for name, fact in sheet.items()}, also)


def _warn(template: Template, sheet: Mapping[str, SheetFact], tz: ZoneInfo) -> None:
    """Say on standard error when the text promises news for a time that is past."""
    promised = sheet.get("next_update_at")
    if promised is None or "next_update_at" not in template.facts:
        return
    due = read_instant(promised.value, tz)
    if due is not None and due <= SystemClock().now():
        err.print(f"note: next_update_at {promised.value} is past; state a new time", markup=False)


def _described(template: Template) -> dict[str, object]:
    return {
        "crisis": template.crisis_type,
        "kind": template.kind,
        "lang": template.lang,
        "template": f"{template.name}@{template.version}",
        "approvers": list(template.approvers),
        "apology_level": template.apology_level,
        "legal": list(template.legal),
    }


def _list(
    library: StatementLibrary,
    crisis: CrisisType | None,
    kind: Kind | None,
    lang: str | None,
    *,
    as_json: bool,
) -> None:
    found = [
        one
        for one in library.templates()
        if (crisis is None or one.crisis_type == crisis)
        and (kind is None or one.kind == kind)
        and (lang is None or one.lang == lang)
    ]
    if as_json:
        print_json(
            [
                {
                    **_described(one),
                    "channels": list(one.channels),
                    "required": list(one.required),
                    "optional": list(one.optional),
                    "may_be_unknown": list(one.may_be_unknown),
                }
                for one in found
            ]
        )
        return
    rows = [
        [
            one.lang,
            f"{one.crisis_type} {CRISIS_LABELS[one.lang][CrisisType(one.crisis_type)]}",
            one.kind,
            ", ".join(one.channels),
            ", ".join(one.approvers),
            ", ".join(one.required),
        ]
        for one in found
    ]
    columns = ["lang", "crisis", "kind", "channels", "approvers", "required facts"]
    print_table(columns, rows, empty="No templates.")
