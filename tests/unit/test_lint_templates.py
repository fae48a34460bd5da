"""Every template, in every channel it suits: what it writes has no errors for the lint."""

from dataclasses import replace

import pytest

from crisis.channels import shape
from crisis.drafting import compose
from crisis.facts import instant_words
from crisis.gate import left_to_video
from crisis.kinds import Kind
from crisis.lint import Level, SheetFact, StatementToCheck, lint_statement
from listener.errors import Conflict
from tests.statements import LIBRARY, TEMPLATES, full_sheet, label, open_sheet, zone


def errors(template, sheet):
    layout = compose(LIBRARY, template, sheet, zone(template))
    facts = {}
    for name, one in sheet.items():
        form = LIBRARY.definitions(template.lang)[name].form
        shown = instant_words(one.value, form, tz=zone(template), lang=template.lang)
        facts[name] = SheetFact(state=one.state, value=shown or one.value, source=one.source)
    for channel in template.channels:
        try:
            text = shape(layout, channel, kind=template.kind, lang=template.lang)
        except Conflict:
            continue  # too long for this channel: refused there, nothing to lint
        statement = StatementToCheck(
            text=text,
            lang=template.lang,
            channel=channel,
            kind=template.kind,
            crisis=template.crisis_type,
            facts=facts,
        )
        for one in lint_statement(statement):
            if one.level is Level.ERROR and not left_to_video(one, channel):
                yield f"{channel}: {one.rule} {one.text}"


@pytest.mark.parametrize("sheet", [full_sheet, open_sheet], ids=["full", "open"])
@pytest.mark.parametrize("template", TEMPLATES, ids=label)
def test_a_draft_of_a_complete_sheet_is_clean(template, sheet):
    assert list(errors(template, sheet(template))) == []


# Whole sentences that no list of causes foresees; the template itself has to say what they are.
PLAIN_CAUSES = {
    "zh-CN": "标签机换纸后日期仍停在上一天",
    "zh-TW": "標籤機換紙後日期仍停在前一天",
    "en": "the label printer kept the date of the day before",
}
CLOSINGS = [one for one in TEMPLATES if one.kind == Kind.CLOSING]


@pytest.mark.parametrize("template", CLOSINGS, ids=label)
def test_a_closing_statement_names_its_cause_as_such_in_any_words(template):
    sheet = full_sheet(template)
    sheet["cause"] = replace(sheet["cause"], value=PLAIN_CAUSES[template.lang])
    assert [one for one in errors(template, sheet) if "missing-root-cause" in one] == []
