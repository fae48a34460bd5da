"""``fengsheng playbooks``: list, show and check the playbooks of the crisis types."""

from typing import Annotated

import typer

from crisis.kinds import CRISIS_LABELS, CrisisType
from crisis.playbooks import PHASES, Playbook, SaidList
from listener.commands.common import (
    ConfigOption,
    JsonOption,
    err,
    errors_shown,
    out,
    print_json,
    print_table,
    read_config,
)
from listener.libraries import playbook_library


def playbooks(
    crisis: Annotated[
        CrisisType | None, typer.Argument(help="Crisis type to show, e.g. C01; all if none.")
    ] = None,
    config: ConfigOption = None,
    lang: Annotated[
        str, typer.Option(help="zh-CN, zh-TW or en; the configured one if not given.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """List the playbooks, or show one; a file that is wrong is named with its key."""
    with errors_shown():
        file = read_config(config)
        language = lang or file.config.language
        library = playbook_library(file)
        if crisis is not None:
            found = library.find(crisis)
            if as_json:
                print_json({**found.content, "content_hash": found.content_hash})
            else:
                _show(found, language)
            return
        problems = list(library.problems())
        for problem in problems:
            err.print(problem, style="red", markup=False)
        if problems:
            raise typer.Exit(1)
        every = [library.find(code) for code in CrisisType]
        if as_json:
            print_json([{**one.content, "content_hash": one.content_hash} for one in every])
            return
        _list(every, language)


def _list(every: list[Playbook], lang: str) -> None:
    rows = [
        [
            one.crisis_type,
            CRISIS_LABELS.get(lang, CRISIS_LABELS["zh-CN"])[one.crisis_type],
            f"{one.version}.{one.common_version}",
            one.content_hash[:12],
            str(len(one.checklist)),
            str(len(one.stakeholders)),
            ", ".join(rule.code for rule in one.clocks),
        ]
        for one in every
    ]
    columns = ["type", "name", "version", "hash", "items", "stakeholders", "clocks"]
    print_table(columns, rows, empty="No playbooks.")


def _show(one: Playbook, lang: str) -> None:
    label = CRISIS_LABELS.get(lang, CRISIS_LABELS["zh-CN"])[one.crisis_type]
    out.print(
        f"{one.crisis_type} {label}  version {one.version}.{one.common_version}  "
        f"{one.content_hash[:12]}  {one.responsibility}",
        markup=False,
    )
    out.print(one.cadence.said(lang), markup=False)
    _print_checklist(one, lang)
    out.print("stakeholders:", markup=False)
    for each in one.stakeholders:
        how = f"{_after(each.due_minutes)}, {each.role}, {each.channel}"
        out.print(f"  - {each.id}  {each.said(lang)}  ({how})", markup=False)
    for title, lines in (
        ("must say", one.must_say),
        ("must not say", one.must_not_say),
        ("remedies", one.remedies),
    ):
        _print_list(title, lines, lang)
    for rule in one.clocks:
        out.print(f"clock {rule.code}  {rule.label.said(lang)}", markup=False)
        out.print(f"    {rule.law}", markup=False)
        out.print(f"    {rule.trigger.said(lang)} → {rule.to.said(lang)}", markup=False)
        if rule.note:
            out.print(f"    {rule.note.said(lang)}", markup=False)


def _print_checklist(one: Playbook, lang: str) -> None:
    for phase in PHASES:
        out.print(f"{phase}:", markup=False)
        for item in one.items(phase):
            how = f"{_after(item.due_minutes)}, {item.role}"
            out.print(f"  - {item.id}  {item.said(lang)}  ({how})", markup=False)


def _print_list(title: str, lines: SaidList, lang: str) -> None:
    out.print(f"{title}:", markup=False)
    for line in lines.said(lang):
        out.print(f"  - {line}", markup=False)


def _after(minutes: int) -> str:
    if minutes % 1440 == 0:
        return f"{minutes // 1440} d"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
