"""The learned sentence judge: what it learned from, what it says, when it keeps silent."""

import tomllib

import numpy as np
import pytest

from crisis.lint import StatementToCheck, lint_statement
from crisis.lint.judge import (
    DATA,
    FAULTS,
    HEADS,
    MODEL,
    Window,
    classes,
    grams,
    load,
    save,
    shipped_judge,
)
from crisis.lint.judge_training import (
    STATEMENTS,
    digest,
    lowest_with,
    read_sentences,
    train,
)
from listener.errors import ConfigError


def findings(text, **given):
    return lint_statement(StatementToCheck(text=text, **given))


def judged(text, **given):
    return [one for one in findings(text, **given) if "相近" in one.message]


def test_the_shipped_model_was_made_from_the_shipped_sentences():
    assert load(MODEL).inputs == digest()
    assert MODEL.stat().st_size <= 1_000_000


def test_every_fault_is_taught_by_many_sentences_of_many_authors():
    own = [one for one in read_sentences() if not one.author.startswith(STATEMENTS)]
    assert len(own) >= 1_500
    assert len({one.author for one in own}) >= 12
    for rule in FAULTS:
        taught = [one for one in own if rule in one.labels]
        assert len(taught) >= 40, rule
        assert len({one.author for one in taught}) >= 10, rule


def test_no_sentence_is_taught_twice():
    texts = [one.text for one in read_sentences()]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize(
    "line", ["-\tzh-CN", "unknown-rule\tzh-CN\t一句话", "-\tfr\tune phrase", "一句话"]
)
def test_a_bad_line_is_named(tmp_path, line):
    (tmp_path / "a.tsv").write_text(f"-\ten\tGood morning.\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 2"):
        read_sentences(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no labelled sentences"):
        read_sentences(tmp_path)


def test_the_same_sentences_give_the_same_model(tmp_path):
    some = read_sentences()[::25]
    for name in ("one.npz", "other.npz"):
        model, _ = train(some)
        save(tmp_path / name, model)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_a_threshold_keeps_the_wanted_precision():
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    label = np.array([True, True, False, True, False])
    assert lowest_with(score, label, 0.9) == 0.8
    assert lowest_with(score, label, 0.75) == 0.6
    assert lowest_with(score, ~label, 0.9) > 1


def test_numbers_edges_and_words_become_features():
    assert "0月0日" in grams("11月3日")
    assert "^停售" in grams("停售。")
    assert "never again " in grams("Never again".lower())
    assert {"customer", "careless", "careless+customer"} <= set(classes("顾客没看说明"))


def test_word_classes_are_lists_of_words():
    table = tomllib.loads((DATA / "classes.toml").read_text(encoding="utf-8"))
    assert all(words and len(words) == len(set(words)) for words in table.values())


def test_scores_come_in_the_order_of_the_heads():
    scores = shipped_judge().scores(Window("", ()))
    assert scores.shape == (len(HEADS),)


def test_quoted_words_are_not_judged():
    assert judged("有顾客写道“你们的员工都是自己想怎么做就怎么做”。") == []


def test_messages_of_the_judge_say_on_what_they_rest():
    texts = [one.text for one in read_sentences() if one.author == "restaurants" and one.labels]
    found = [finding for text in texts for finding in judged(text)]
    assert len(found) >= 30
    assert all("与同类说法相近：“" in one.message and one.suggestion for one in found)
    assert all(one.rule in (*FAULTS, "deny-rebuild-mix") for one in found)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("本次问题系个别消费者使用不当所致。", "blame-consumer"),
        ("经查，系用户操作不当引起。", "blame-consumer"),
        ("属个别现象，请大家放心。", "belittling-phrase"),
    ],
)
def test_the_plainest_faults_are_never_talked_away(text, rule):
    found = lint_statement(StatementToCheck(text=text, lang="zh-CN"))
    assert rule in {one.rule for one in found}
