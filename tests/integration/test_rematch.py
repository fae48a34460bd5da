from datetime import timedelta

import pytest
from typer.testing import CliRunner

from listener.cli import app
from listener.matching.brand import BrandWords
from listener.rematch import compare_brand
from listener.store.engine import read_session
from tests.build import BRAND, item, set_up, store

TEXTS = ("澜白漏水", "瀾-白好用", "观澜白鹭", "别的", "澜白招聘", "沐汐漏水")


@pytest.fixture
def brand_id(engine, clock):
    understanding = set_up(engine, clock.now())
    at = clock.now() - timedelta(hours=1)
    items = [item(number, text, at) for number, text in enumerate(TEXTS)]
    items.append(item(99, "澜白旧事", clock.now() - timedelta(days=50)))
    store(engine, understanding, items, clock.now())
    return understanding.brand_ids[BRAND]


def compare(engine, clock, brand_id, **values):
    defaults = {
        "brand_id": brand_id,
        "before": BrandWords(key="b", names=["澜白"]),
        "after": BrandWords(
            key="b", names=["澜白"], aliases=["沐汐"], traps=["观澜白"], exclude=["招聘"]
        ),
        "bound_sources": frozenset(),
        "since": clock.now() - timedelta(days=30),
        "max_examples": 10,
    }
    with read_session(engine) as session:
        return compare_brand(session, **(defaults | values))


def test_what_a_changed_brand_gains_and_loses_is_shown_with_its_reason(engine, clock, brand_id):
    result = compare(engine, clock, brand_id)
    assert (result.looked_at, result.before, result.after) == (6, 4, 3)
    assert [(one.change, one.excerpt, one.reason) for one in result.examples] == [
        ("lost", "观澜白鹭", "trap"),
        ("lost", "澜白招聘", "excluded"),
        ("gained", "沐汐漏水", "alias"),
    ]
    assert result.examples[2].hits == ("沐汐 → 沐汐",)
    assert result.examples[0].hits == ("澜白 → 澜白",)


def test_without_a_change_the_comparison_is_with_what_was_matched(engine, clock, brand_id):
    result = compare(engine, clock, brand_id, before=None, max_examples=1)
    assert (result.before, result.gained, result.lost) == (4, 1, 2)
    assert len(result.examples) == 2


def test_every_page_is_read_and_counted(engine, clock, brand_id):
    counted = []
    assert compare(engine, clock, brand_id, advance=counted.append, page_size=2).looked_at == 6
    assert counted == [2, 2, 2]


def test_texts_of_bound_sources_never_change(engine, clock, brand_id):
    result = compare(engine, clock, brand_id, bound_sources=frozenset(["forum"]))
    assert (result.before, result.after, result.gained, result.lost) == (6, 6, 0, 0)


def test_the_command_shows_the_comparison(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(
        '[[people]]\nkey = "lin"\nname = "林"\nroles = ["lead"]\n'
        '[[brands]]\nkey = "b"\nname = "澜白"\nnames = ["澜白"]\n',
        encoding="utf-8",
    )
    changed = tmp_path / "new.toml"
    changed.write_text('[[brand]]\nname = "澜白"\naliases = ["瀾白"]\n', encoding="utf-8")
    arguments = ["brands", "--config", str(config), "check", "b", "--brand-file", str(changed)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "0 mentions of the last 30 days" in result.output
    listed = CliRunner().invoke(app, ["brands", "--config", str(config)])
    assert "澜白" in listed.output
