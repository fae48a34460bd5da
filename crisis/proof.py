"""Proofs of a template: what it writes of its example, and what stands against using it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from crisis.channels import shape
from crisis.drafting import compose
from crisis.facts import FactState, clean_value, instant_words
from crisis.factsheet import SheetFact
from crisis.gate import left_to_video
from crisis.kinds import Kind
from crisis.library import StatementLibrary
from crisis.lint import Finding, StatementToCheck, lint_statement
from crisis.lint import SheetFact as LintFact
from crisis.template_meta import Template
from listener.errors import Conflict

_SOURCE = "example"


def example_sheet(
    library: StatementLibrary, template: Template, *, as_of: datetime
) -> dict[str, SheetFact]:
    """Return a sheet with every fact of the template known, as its example has it."""
    examples = library.examples(template)
    if template.kind == Kind.CLOSING and "resolved_at" in examples:
        examples["date"] = examples["resolved_at"][:10]
    return {
        name: SheetFact(
            name=name,
            state=FactState.KNOWN,
            value=clean_value(value),
            source=_SOURCE,
            as_of=as_of,
        )
        for name, value in examples.items()
    }


def open_sheet(template: Template, full: Mapping[str, SheetFact]) -> dict[str, SheetFact]:
    """Return only what is required, with all unknown that may stay so."""
    return {
        name: replace(full[name], state=FactState.UNKNOWN, value="")
        if name in template.may_be_unknown
        else full[name]
        for name in template.facts
        if name in template.required or name in template.may_be_unknown
    }


def findings(
    library: StatementLibrary,
    template: Template,
    sheet: Mapping[str, SheetFact],
    tz: ZoneInfo,
) -> Iterator[tuple[str, Finding]]:
    """Yield what the lint says of the text, with the channel, in each channel it is for.

    A channel that the example is too long for is passed over: there it is refused, not sent.
    Raises ``TemplateRejected`` when the template cannot be rendered.
    """
    layout = compose(library, template, sheet, tz)
    known = _as_linted(library, template, sheet, tz)
    for channel in template.channels:
        try:
            text = shape(layout, channel, kind=template.kind, lang=template.lang)
        except Conflict:
            continue
        statement = StatementToCheck(
            text=text,
            lang=template.lang,
            channel=channel,
            kind=template.kind,
            crisis=template.crisis_type,
            facts=known,
        )
        for one in lint_statement(statement):
            if not left_to_video(one, channel):
                yield channel, one


def _as_linted(
    library: StatementLibrary, template: Template, sheet: Mapping[str, SheetFact], tz: ZoneInfo
) -> dict[str, LintFact]:
    definitions = library.definitions(template.lang)
    known = {}
    for name, one in sheet.items():
        shown = instant_words(one.value, definitions[name].form, tz=tz, lang=template.lang)
        known[name] = LintFact(state=one.state, value=shown or one.value, source=one.source)
    return known
