"""The learned part of the complaint classifier: built from its texts, small, and of use."""

import numpy as np

from listener.complaints import ComplaintType
from listener.complaints.learned import MODEL, lean, save, shipped_model
from listener.complaints.training import build, read_labelled


def test_shipped_model_is_built_from_the_corpus(tmp_path):
    save(tmp_path / "built.npz", build(read_labelled()))
    with np.load(tmp_path / "built.npz") as built, np.load(MODEL) as shipped:
        assert np.array_equal(built["gaps"], shipped["gaps"])
        off = built["weights"].astype(int) - shipped["weights"].astype(int)
    assert np.abs(off).max() <= 1  # rounding differs between machines
    assert MODEL.stat().st_size < 1_000_000


def test_every_type_has_texts():
    types = [code for _, code, _ in read_labelled()]
    assert min(types.count(code) for code in ComplaintType) >= 30


def test_it_leans_towards_what_a_text_is_about():
    leaning = lean("鞋底才穿几次就裂开，鞋面也起皮")
    assert max(leaning, key=leaning.__getitem__) == ComplaintType.PRODUCT_QUALITY


def test_text_without_any_character_leans_nowhere():
    assert set(lean("").values()) == {0.0}
    assert shipped_model().kept.size
