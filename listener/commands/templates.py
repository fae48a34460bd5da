"""``fengsheng templates``: list, preview, check and copy the templates of statements."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from crisis.channels import Channel, shape
from crisis.drafting import compose
from crisis.kinds import CRISIS_LABELS, CrisisType, Kind
from crisis.library import LANGUAGES, StatementLibrary
from crisis.lint import Level
from crisis.proof import example_sheet, findings, open_sheet
from crisis.template_meta import Template
from listener.clock import SystemClock
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
from listener.config_file import ConfigFile
from listener.errors import Conflict, TemplateRejected
from listener.libraries import STATEMENTS, own_templates, statement_library
from listener.resources import bundled

app = typer.Typer(
    help="Templates of statements: bundled ones and your own.", invoke_without_command=True
)
_NAME = re.compile(r"([^/]+)/(C\d\d)/([a-z]+)(?:\.md\.j2)?")
NameArgument = Annotated[str, typer.Argument(help="Its name, such as zh-CN/C01/holding.")]


@app.callback()
def list_(
    context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """List the templates with version, day of review, channels, and whose they are."""
    context.obj = config
    if context.invoked_subcommand is not None:
        return
    with errors_shown():
        library = statement_library(read_config(config))
        found = list(library.templates())
        if as_json:
            print_json([_described(library, one) for one in found])
            return
        rows = [
            [
                library.edition(one).replace(".md.j2", ""),
                CRISIS_LABELS[one.lang][CrisisType(one.crisis_type)],
                "own" if one.is_own else "bundled",
                str(one.reviewed or "never"),
                ", ".join(one.channels),
            ]
            for one in found
        ]
        columns = ["template", "crisis", "from", "reviewed", "channels"]
        print_table(columns, rows, empty="No templates.")


@app.command()
def show(
    context: typer.Context,
    name: NameArgument,
    channel: Annotated[
        Channel | None, typer.Option(help="In this channel's form; else the text as a whole.")
    ] = None,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="With all facts unknown that may be.")
    ] = False,
    source: Annotated[bool, typer.Option("--source", help="The template itself.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Preview a template, filled in with its invented example."""
    with errors_shown():
        file = read_config(context.obj)
        library = statement_library(file)
        template = _find(library, name)
        sheet = example_sheet(library, template, as_of=SystemClock().now())
        if unknown:
            sheet = open_sheet(template, sheet)
        text = library.source(template)
        if not source:
            layout = compose(library, template, sheet, file.config.tz)
            text = layout.whole
            if channel is not None:
                text = shape(layout, channel, kind=template.kind, lang=template.lang)
        if as_json:
            print_json({**_described(library, template), "text": text})
        else:
            out.print(text, markup=False)


@app.command()
def check(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="Names; all of your own templates if none.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="The bundled ones too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check templates: metadata, the safe subset, and what the lint says of the example.

    Exit 1 when one cannot be used, or its example has an error for the lint.
    """
    with errors_shown():
        file = read_config(context.obj)
        library = statement_library(file)
        problems, checked = list(_strangers(file)), 0
        for template in _chosen(library, names or [], every=every):
            checked += 1
            problems += _problems(library, template, file)
        if as_json:
            print_json({"checked": checked, "problems": problems})
        for one in [] if as_json else problems:
            err.print(one, style="red", markup=False)
        if not as_json:
            out.print(f"{checked} templates checked, {len(problems)} problems", markup=False)
        if problems:
            raise typer.Exit(1)


@app.command()
def copy(context: typer.Context, name: NameArgument) -> None:
    """Copy a bundled template into your own folder, text and table, to be changed there."""
    with errors_shown():
        file = read_config(context.obj)
        own = own_templates(file)
        if own is None:
            raise Conflict(
                "no folder for your own templates: make one and name it in config.toml, "
                'templates_dir = "templates"'
            )
        library = statement_library(file)
        template = _find(library, name)
        if template.is_own:
            raise Conflict(f"'{name}' is your own already: {own / STATEMENTS / template.name}")
        for path in _copied(library, template, own / STATEMENTS):
            out.print(str(path), markup=False)
        out.print(f"change it, then: fengsheng templates check {name}", markup=False)


def _copied(library: StatementLibrary, template: Template, own: Path) -> Iterator[Path]:
    text = own / template.name
    meta = text.parent / "_meta.toml"
    table = meta_table(
        (bundled("templates") / STATEMENTS / template.name).parent / "_meta.toml", template.kind
    )
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text(library.source(template), encoding="utf-8")
    yield text
    known = meta.read_text(encoding="utf-8") if meta.exists() else ""
    if not known:
        known = f"reviewed = {SystemClock().now():%Y-%m-%d}\n"
    if f"[{template.kind}]" not in known:
        meta.write_text(f"{known.rstrip()}\n\n{table}", encoding="utf-8")
        yield meta


def meta_table(meta: Path, kind: str) -> str:
    """Return the lines of one kind's table, with the tables below it and its comments."""
    kept, is_in = [], False
    for line in meta.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith("["):
            is_in = line.startswith((f"[{kind}]", f"[{kind}."))
        if is_in:
            kept.append(line)
    return "".join(kept).rstrip() + "\n"


def _find(library: StatementLibrary, name: str) -> Template:
    parts = _NAME.fullmatch(name)
    if parts is None:
        raise Conflict(f"'{name}' is no template's name; write it as zh-CN/C01/holding")
    lang, crisis_type, kind = parts.groups()
    found = library.find(lang=lang, crisis_type=crisis_type, kind=kind)
    if found is None:
        there = ", ".join(
            one
            for one in Kind
            if library.find(lang=lang, crisis_type=crisis_type, kind=one) is not None
        )
        raise Conflict(
            f"there is no template '{name}'; of {lang}/{crisis_type} there are: {there}"
        )
    return found


def _chosen(library: StatementLibrary, names: list[str], *, every: bool) -> Iterator[Template]:
    if names:
        yield from (_find(library, name) for name in names)
        return
    yield from (one for one in library.templates() if every or one.is_own)


def _strangers(file: ConfigFile) -> Iterator[str]:
    """Yield files of the team's folder that nothing will ever read, such as a misspelt name."""
    own = own_templates(file)
    if own is None:
        return
    base = own / STATEMENTS
    known = {f"{kind}.md.j2" for kind in Kind} | {"_meta.toml", "_example.toml"}
    types = {f"{lang}/{crisis}" for lang in LANGUAGES for crisis in CrisisType}
    for path in sorted(one for one in base.rglob("*") if one.is_file()):
        where = path.relative_to(base)
        is_facts = where.name == "_facts.toml" and where.parent.as_posix() in LANGUAGES
        if is_facts or (where.parent.as_posix() in types and where.name in known):
            continue
        yield (
            f"{where.as_posix()}: never read; statements stand in LANGUAGE/TYPE/KIND.md.j2, "
            "such as zh-CN/C01/holding.md.j2"
        )


def _problems(library: StatementLibrary, template: Template, file: ConfigFile) -> Iterator[str]:
    full = example_sheet(library, template, as_of=SystemClock().now())
    for sheet, which in ((full, "all known"), (open_sheet(template, full), "open ones unknown")):
        try:
            for channel, one in findings(library, template, sheet, file.config.tz):
                if one.level is Level.ERROR:
                    marked = f" '{one.text}'" if one.text else ""
                    yield (
                        f"{template.name}: {which}, {channel}: {one.rule}{marked}: "
                        f"{one.message} → {one.suggestion}"
                    )
        except TemplateRejected as error:
            yield str(error)
            return


def _described(library: StatementLibrary, template: Template) -> dict[str, object]:
    return {
        "name": template.name.removesuffix(".md.j2"),
        "edition": library.edition(template),
        "is_own": template.is_own,
        "reviewed": str(template.reviewed) if template.reviewed else None,
        "channels": list(template.channels),
        "approvers": list(template.approvers),
        "required": list(template.required),
        "optional": list(template.optional),
    }
