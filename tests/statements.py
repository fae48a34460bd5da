"""What tests of the statement library share: every template, with an example for each fact."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from crisis import proof
from crisis.facts import FactState, clean_value
from crisis.factsheet import SheetFact
from crisis.library import StatementLibrary
from crisis.proof import example_sheet
from crisis.template_meta import Template
from tests.conftest import ROOT

LIBRARY = StatementLibrary(ROOT / "templates" / "statements")
TEMPLATES = list(LIBRARY.templates())
SNAPSHOTS = ROOT / "tests" / "data" / "statements"
ZONES = {"zh-CN": "Asia/Shanghai", "zh-TW": "Asia/Taipei", "en": "Asia/Shanghai"}


def zone(template: Template) -> ZoneInfo:
    return ZoneInfo(ZONES[template.lang])


def label(template: Template) -> str:
    return f"{template.lang}-{template.crisis_type}-{template.kind}"


def fact(name: str, value: str, tz: ZoneInfo, state: FactState = FactState.KNOWN) -> SheetFact:
    return SheetFact(
        name=name,
        state=state,
        value=clean_value(value) if state == FactState.KNOWN else "",
        source="质量部",
        as_of=datetime(2026, 11, 22, 11, 30, tzinfo=tz),
    )


def full_sheet(template: Template) -> dict[str, SheetFact]:
    """Every fact known."""
    as_of = datetime(2026, 11, 22, 11, 30, tzinfo=zone(template))
    return example_sheet(LIBRARY, template, as_of=as_of)


def open_sheet(template: Template) -> dict[str, SheetFact]:
    """Only what is required, and all that may be unknown is unknown."""
    return proof.open_sheet(template, full_sheet(template))


def snapshot_path(template: Template, suffix: str) -> Path:
    folder = SNAPSHOTS / template.lang / template.crisis_type
    return folder / f"{template.kind}{suffix}.txt"
