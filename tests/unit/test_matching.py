import pytest

from listener.matching.query import compile_query, match_brands


def matches(text, *, must=(), any_of=("澜白",), none_of=(), products=(), title=None):
    query = compile_query("b", must=must, any_of=any_of, none_of=none_of, products=products)
    return match_brands([query], title=title, text=text)


def test_a_chinese_term_matches_inside_a_longer_word():
    assert matches("新澜白洗地机")


def test_traditional_script_and_full_width_match_and_offsets_point_into_the_original():
    text = "這台瀾白壞了"
    (found,) = matches(text)
    assert text[found.hits[0].start : found.hits[0].end] == "瀾白"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("换了vivo以后", True), ("VIVO很好", True), ("vivox", False), ("my_vivo", False)],
)
def test_a_latin_term_is_a_whole_word(text, expected):
    assert bool(matches(text, any_of=["vivo"])) is expected


@pytest.mark.parametrize(
    "text", ["看 https://lanbai.example/x", "发给 a@lanbai.example", "问 @lanbai"]
)
def test_addresses_mails_and_handles_are_no_mentions(text):
    assert not matches(text, any_of=["lanbai"])


def test_every_must_at_least_one_any_and_no_not():
    assert matches("澜白洗地机坏了", must=["洗地机"])
    assert not matches("澜白坏了", must=["洗地机"])
    assert not matches("波澜白色的墙", none_of=["波澜白"])


def test_the_title_is_searched_too_and_products_are_recognised_in_order():
    products = [("澜白洗地机 X3 Pro", ["X3 Pro"]), ("澜白洗地机 X3", ["X3", "洗地机"])]
    (found,) = matches("坏了", title="澜白洗地机 X3 Pro", products=products)
    assert found.product == "澜白洗地机 X3 Pro"
    assert found.hits[0].field == "title"


def test_a_term_that_can_match_nothing_is_refused():
    with pytest.raises(ValueError, match="has no letter"):
        compile_query("b", must=[], any_of=["！！"], none_of=[])


def test_every_text_of_a_bound_source_means_its_brand():
    query = compile_query("b", must=[], any_of=["澜白"], none_of=[])
    assert match_brands([query], title=None, text="升级后一直重启", bound_to="b")
    assert not match_brands([query], title=None, text="升级后一直重启", bound_to="other")
