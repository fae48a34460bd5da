"""Templates that nobody has read for a year are named; those that were read are not."""

import shutil
from datetime import date

import pytest

from crisis.library import StatementLibrary
from listener.commands.doctor import stale_templates
from listener.errors import TemplateRejected
from tests.conftest import ROOT
from tests.statements import LIBRARY, TEMPLATES


def test_every_template_says_when_it_was_reviewed():
    assert [one.name for one in TEMPLATES if one.reviewed is None] == []


def test_after_a_year_the_folder_is_named_once():
    reviewed = TEMPLATES[0].reviewed
    assert list(stale_templates(LIBRARY, "zh-CN", reviewed)) == []
    later = reviewed.replace(year=reviewed.year + 1, month=12)
    found = list(stale_templates(LIBRARY, "zh-CN", later))
    assert len(found) == 1
    assert "zh-CN/C01" in str(found[0])
    assert "zh-TW" not in str(found[0])


def test_a_template_without_a_day_is_due_and_a_wrong_day_is_refused(tmp_path):
    shutil.copytree(ROOT / "templates" / "statements", tmp_path, dirs_exist_ok=True)
    meta = tmp_path / "zh-CN" / "C05" / "_meta.toml"
    text = meta.read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if one.startswith("reviewed"))
    library = StatementLibrary(tmp_path)
    where = {"lang": "zh-CN", "crisis_type": "C05", "kind": "holding"}
    meta.write_text(text.replace(line, ""), encoding="utf-8")
    template = library.find(**where)
    assert template is not None
    assert template.is_stale(date(2026, 11, 22))
    meta.write_text(text.replace(line, 'reviewed = "spring"'), encoding="utf-8")
    with pytest.raises(TemplateRejected, match="reviewed"):
        library.find(**where)
