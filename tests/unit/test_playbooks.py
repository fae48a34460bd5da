"""Playbooks are whole, say what is wrong with a file, and read the same after storing."""

import shutil

import pytest

from crisis.kinds import CrisisType
from crisis.playbooks import PHASES, Playbook, PlaybookLibrary
from listener.errors import TemplateRejected
from tests.conftest import ROOT

FOLDER = ROOT / "templates" / "playbooks"


@pytest.fixture
def library(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "playbooks")
    return tmp_path / "playbooks"


def test_every_crisis_type_has_a_playbook_without_problems():
    assert list(PlaybookLibrary(FOLDER).problems()) == []


@pytest.mark.parametrize("code", list(CrisisType))
def test_a_playbook_has_work_for_every_phase_and_somebody_to_tell(code):
    found = PlaybookLibrary(FOLDER).find(code)
    assert {one.phase for one in found.checklist} == set(PHASES)
    assert len(found.items()) == len(found.checklist) >= 15
    assert len(found.stakeholders) >= 5
    assert len(found.must_say.zh_cn) >= 4
    assert len(found.must_not_say.zh_cn) >= 3


@pytest.mark.parametrize("code", list(CrisisType))
def test_a_stored_playbook_reads_as_it_was_and_keeps_its_hash(code):
    found = PlaybookLibrary(FOLDER).find(code)
    again = Playbook.model_validate(found.content)
    assert again == found
    assert again.content_hash == found.content_hash


def test_the_laws_of_a_data_leak_stand_in_its_playbook():
    rules = {one.code: one for one in PlaybookLibrary(FOLDER).find("C03").clocks}
    assert rules["cyber_1h"].minutes == 60
    assert rules["cyber_4h"].minutes == 240
    assert rules["gdpr_72h"].minutes == 72 * 60
    assert "第五十七条" in rules["pipl_notice"].law


def test_taiwanese_and_english_readers_get_their_own_words():
    found = PlaybookLibrary(FOLDER).find("C05")
    item = next(one for one in found.checklist if one.id == "affected_orders")
    assert len({item.said(lang) for lang in ("zh-CN", "zh-TW", "en")}) == 3
    assert item.said("fr") == item.zh_cn


def test_any_edit_changes_the_hash(library):
    before = PlaybookLibrary(library).find("C04").content_hash
    path = library / "_common.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("due_minutes = 15", "due_minutes = 20", 1),
        encoding="utf-8",
    )
    assert PlaybookLibrary(library).find("C04").content_hash != before


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("C04", 'phase = "alerted"', 'phase = "later"', "C04.toml: key 'checklist.0.phase'"),
        ("C04", 'role = "business"', 'role = "boss"', "C04.toml: key 'checklist.0.role'"),
        ("C04", "version = 1", 'version = "x"', "C04.toml: key 'version'"),
        ("C04", "version = 1", "version = 1\ncolour = 2", "C04.toml: key 'colour'"),
        ("C04", "due_minutes = 20", "due_minutes = 0", "C04.toml: key 'checklist.0.due_minutes'"),
        ("C04", '"cyber_1h"', '"cyber_9h"', "'cyber_9h' is not in _clocks.toml"),
        ("C04", 'id = "data_safe"', 'id = "name_team"', "the id 'name_team' occurs twice"),
        ("C04", '"影响范围和开始时间", ', "", "the three languages need as many lines"),
        ("C04", "[cadence]", "[cadence", "C04.toml is not valid TOML"),
        ("_clocks", "minutes = 60", "minutes = 1", "_clocks.toml: key 'clocks.cyber_1h.minutes'"),
    ],
)
def test_a_wrong_file_is_named_with_its_key(library, file, old, new, told):
    path = library / f"{file}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TemplateRejected) as refused:
        PlaybookLibrary(library).find("C04")
    assert told in str(refused.value)


def test_a_missing_file_is_named(library):
    (library / "C07.toml").unlink()
    (problem,) = PlaybookLibrary(library).problems()
    assert "C07.toml cannot be read" in problem
