"""The learned heads of the complaint classifier: built from their texts, small, and of use."""

import numpy as np
import pytest

from listener.complaints import ComplaintType, Severity, classify
from listener.complaints.examples import digest, read_complaints, read_everyday
from listener.complaints.learned import (
    COMPLAINT,
    HEADS,
    MODEL,
    TYPE_HEADS,
    TYPES,
    Heads,
    load,
    save,
    shipped_heads,
)
from listener.complaints.training import build, prepare
from listener.errors import ConfigError


@pytest.fixture(scope="module")
def small():
    """A model of every twentieth text."""
    return build(prepare([*read_complaints()[::20], *read_everyday()[::60]]))


def test_shipped_model_is_of_the_texts_in_the_corpus():
    assert load(MODEL).inputs == digest(), "run python -m listener.complaints.training"


def test_shipped_model_is_small():
    assert MODEL.stat().st_size < 1_500_000


def test_same_texts_give_the_same_model(small, tmp_path):
    again = build(prepare([*read_complaints()[::20], *read_everyday()[::60]]))
    save(tmp_path / "a.npz", small)
    save(tmp_path / "b.npz", again)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_model_read_back_judges_like_the_one_written(small, tmp_path):
    save(tmp_path / "model.npz", small)
    read = Heads(load(tmp_path / "model.npz"))
    texts = ["鞋底才穿几次就裂开，鞋面也起皮", "The app crashes on every login.", ""]
    every = slice(0, HEADS)
    before, after = Heads(small).hash(texts).sums(every), read.hash(texts).sums(every)
    assert np.abs(before - after).max() < 0.05  # weights have 127 steps


def test_every_type_has_texts():
    types = [row.type for row in read_complaints()]
    assert min(types.count(code) for code in ComplaintType) >= 90


def test_bad_line_is_named(tmp_path):
    (tmp_path / "own.tsv").write_text("退款没到\trefunds\tgeneral\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"own\.tsv', line 1"):
        read_complaints(tmp_path)


def test_folder_without_texts_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no labelled texts"):
        read_complaints(tmp_path)


def test_words_lean_towards_what_a_text_is_about():
    leaning = shipped_heads().hash(["鞋底才穿几次就裂开，鞋面也起皮"]).sums(TYPE_HEADS)[0]
    assert TYPES[int(np.argmax(leaning))] == ComplaintType.PRODUCT_QUALITY


def test_text_without_any_character_weighs_nothing():
    hashed = shipped_heads().hash(["", ""])
    assert not hashed.sums(TYPE_HEADS).any()
    assert hashed.sums(COMPLAINT, [1]).shape == (1, 1)
    assert hashed.sums(TYPE_HEADS, []).shape == (0, len(TYPES))


def test_words_that_no_cue_knows_are_shown_as_learned():
    text = "The parcel that says delivered was left with a neighbour who moved out in spring."
    judged = classify(text)
    assert judged.is_complaint
    for reason in judged.reasons:
        assert text[reason.start : reason.end] == reason.text
        assert not reason.text.startswith(" ")


def test_no_reason_speaks_for_more_than_the_verdict():
    judged = classify("快递显示签收，可门口什么都没有，给站点打了三个电话都没人接")
    assert judged.severity is not Severity.URGENT
    assert not [reason for reason in judged.reasons if reason.rule.startswith("U")]
