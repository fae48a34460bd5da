"""The page of an evidence pack names every kind of entry a timeline can hold."""

import tomllib

import pytest

from crisis.aftermath import MEASURED
from crisis.approval import Verdict
from crisis.course import RECOVERED, REMINDED
from crisis.gate import LINT_OVERRIDE
from crisis.permissions import Action
from crisis.room import REJECTED
from tests.conftest import ROOT

# What people do outside the timeline of one incident, or what stands in it under another name.
NOT_ENTRIES = {
    Action.SEE,
    Action.DRAFT,
    Action.STATE_FACT,
    Action.EDIT,
    Action.DECIDE,
    Action.OVERRIDE,
    Action.PUBLISH,
    Action.ERASE,
    Action.CONFIGURE,
}
WRITTEN_BY_THE_SYSTEM = {"opened", "joined", "severity_raised", "fact", "revision", "published"}
KINDS = {
    *(set(Action) - NOT_ENTRIES),
    *Verdict,
    *WRITTEN_BY_THE_SYSTEM,
    *(MEASURED, RECOVERED, REMINDED, LINT_OVERRIDE, REJECTED, "approval_void"),
}


@pytest.mark.parametrize("lang", ["zh-CN", "zh-TW", "en"])
def test_every_entry_of_a_timeline_has_words(lang):
    pack = tomllib.loads((ROOT / "templates/reports/pack.toml").read_text(encoding="utf-8"))
    named = {name for name in pack[lang] if name.startswith("event_")}
    assert named == {f"event_{kind}" for kind in KINDS}
