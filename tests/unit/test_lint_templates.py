"""Every template, in every channel it suits: what it writes has no errors for the lint."""

from dataclasses import replace

import pytest

from crisis.kinds import Kind
from crisis.lint import Level
from crisis.proof import findings
from tests.statements import LIBRARY, TEMPLATES, full_sheet, label, open_sheet, zone


def errors(template, sheet):
    return [
        f"{channel}: {one.rule} {one.text}"
        for channel, one in findings(LIBRARY, template, sheet, zone(template))
        if one.level is Level.ERROR
    ]


@pytest.mark.parametrize("sheet", [full_sheet, open_sheet], ids=["full", "open"])
@pytest.mark.parametrize("template", TEMPLATES, ids=label)
def test_a_draft_of_a_complete_sheet_is_clean(template, sheet):
    assert errors(template, sheet(template)) == []


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
