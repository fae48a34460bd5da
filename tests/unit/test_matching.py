import pytest

from listener.errors import QueryError
from listener.matching.brand import BrandError, BrandWords, Reason
from listener.matching.matcher import BrandMatcher, Record, compile_queries


def hits(query, text, **fields):
    found = compile_queries([query], allow_regular=True).match(Record(text, **fields))
    return found[0].hits if found else None


def matches(query, text, **fields):
    return hits(query, text, **fields) is not None


def cut(query, text, **fields):
    """The matched pieces of the text as given."""
    return [text[hit.start : hit.end] for hit in hits(query, text, **fields) or ()]


@pytest.mark.parametrize(
    ("query", "text", "pieces"),
    [
        ("澜白", "這台瀾白壞了", ["瀾白"]),
        ("澜白", "澜\u200b白和澜 白", ["澜\u200b白", "澜 白"]),
        ("着急", "著急退款", ["著急"]),
        ("vivaro8", "Ｖivaro ⑧ 退货", ["Ｖivaro ⑧"]),
        ("霁物", "👨‍👩‍👧霁👨‍👩‍👧🏽物", ["霁👨‍👩‍👧🏽物"]),
        ("霁物", "霁🇨🇳🇨🇳物", ["霁🇨🇳🇨🇳物"]),
        ("霁物", "霁1️⃣物", ["霁1️⃣物"]),
        ("小🍠", "打开小🍠看看", ["小🍠"]),
        ("🍠", "今天🍠又崩", ["🍠"]),
        ("v?vo", "v.i.v.o", ["v.i.v.o"]),
        ("霁?物", "霁-1物和霁·又_物", ["霁·又_物"]),
        ("refund*", "refunds! REFUND", ["refunds", "REFUND"]),
        ("wi-fi* OR vivaro", "Wi-Fi7, Vivaro™", ["Wi-Fi7", "Vivaro"]),
        ("哈哈", "哈哈哈", ["哈哈", "哈哈"]),
        ("@霁物官方", "转@霁物官方：好", ["@霁物官方"]),
        ("#霁物 OR #禾澈#", "#霁物#好#禾澈，", ["#霁物#", "#禾澈"]),
        ('"service desk"', "Service\n desk", ["Service\n desk"]),
        ("/[赔退]{1,2}款/", "全額退款", ["退款"]),
    ],
)
def test_hits_point_into_the_text_as_given(query, text, pieces):
    assert cut(query, text) == pieces


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("霁物", "霁~*物", True),
        ("霁物", "霁~*~物", False),
        ("霁物", "霁，物", False),
        ("霁物", "霁\n物", False),
        ("霁物", "霁【物", False),
        ("霁物", "霁x物", False),
        ("霁物7", "霁物 7", False),
        ("霁物", "\U000f0000霁\ufdd0物", False),
        ("vivaro", "v.i.v.a.r.o.s", True),
        ("vivaro", "xvivaro", False),
        ("vivaro", "éVivaro", False),
        ("vivaro", "viv-aro", False),
        ("404", "4-0-4", False),
        ("澜白X3", "澜白x3pro", False),
        ("vivaro", "www.vivaro.example", False),
        ("vivaro", "见http://a.example/vivaro，vivaro坏了", True),
        ("vivaro", "见ＨＴＴＰ：／／a.example/vivaro", False),
        ("vivaro", "hi@vivaro.example", False),
        ("霁物", "写信到霁物help@x.example", True),
        ("霁物", "看@霁物迷 的帖", False),
        ("@霁物", "a@霁物", False),
        ("#霁物#", "#霁物 新品#", False),
        ("#霁物#", "#霁物 太贵 #穷", True),
        ("#霁物#", "#霁物，难喝#避雷", True),
        ("#霁物#", "www.x.example/#霁物", False),
        ("霁物 NEAR/0 漏水", "霁物，🍵 漏水", True),
        ("霁物 NEAR/1 霁物", "霁物", False),
        ("霁物 NEAR/1 霁物", "霁物的霁物", True),
        ("A1 NEAR/1 B1 NEAR/1 C1", "A1 x B1 x C1", True),
        ("A1 NEAR/1 B1 NEAR/1 C1", "A1 x B1 x y C1", False),
        ("text:霁物 NEAR/3 漏水", "霁物漏水", True),
        ("title:霁物 NEAR/3 漏水", "霁物漏水", False),
        ("霁物 OR NOT 漏水", "别的", True),
        ("NOT (漏水 NOT 霁物) 别的", "别的", True),
        ("（霁物 ｏｒ 漏水）", "霁物ｏｒ漏水", True),
        ("霁物 ＡＮＤ 漏水", "漏水的霁物", True),
        ("「霁物漏水」", "霁物漏水", True),
        ("ﬁne", "a fine", True),
    ],
)
def test_where_a_query_matches(query, text, expected):
    assert matches(query, text) is expected


def test_fields_are_searched_alone_and_each_by_its_name():
    fields = {
        "title": "霁物召回",
        "author": "老陈测评",
        "url": "https://M.Shop.example:8443/霁物?q=坏",
    }
    assert not matches("霁物 NEAR 漏水", "漏水", **fields)
    assert matches("title:(召回 OR 下架) AND 漏水", "漏水", **fields)
    assert matches("author：老陈", "漏水", **fields)
    assert not matches("老陈", "漏水", **fields)
    assert matches("site:shop.example", "漏水", **fields)
    assert not matches("site:op.example", "漏水", **fields)
    assert matches("url:坏 漏水", "漏水", **fields)
    assert {hit.field for hit in hits("霁物 OR 漏水", "漏水", **fields)} == {"title", "text"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://shop.example@evil.example/", False),
        ("//shop.example/x", True),
        ("shop.example/x", True),
        ("https://shop.example./", True),
        ("http://[bad", False),
        (None, False),
    ],
)
def test_hostile_addresses_are_on_the_site_that_is_really_visited(url, expected):
    assert matches("site:shop.example", "x", url=url) is expected


@pytest.mark.parametrize(
    ("query", "column", "remedy"),
    [
        ("", 1, "at least one term"),
        ("霁物，漏水", 3, "write OR"),
        ("霁物 漏水;", 6, "write OR"),
        ("NOT 霁物", 1, "add a term"),
        ("霁物 AND", 4, "after it"),
        ("OR 霁物", 1, "before it"),
        ("(霁物", 1, "add )"),
        ("霁物)", 3, "remove it"),
        ("霁物 ()", 4, "add a term"),
        ("霁物 “漏水", 4, 'add "'),
        ('霁物 ""', 4, "nothing between"),
        ("titel:霁物", 1, "title:"),
        ("霁物 title:", 4, "after it"),
        ("title:(text:霁物)", 1, "move it out"),
        ("霁物 NEAR/51 漏水", 4, "0 to 50"),
        ("霁物 NEAR/x 漏水", 4, "0 to 50"),
        ("(霁物 漏水) NEAR/3 退款", 1, "OR"),
        ("霁物 NEAR/3 site:a.example", 11, "site:"),
        ("霁物*", 3, "inside longer words"),
        ("a*", 2, "at least 2"),
        ("re*fund", 3, "at the end"),
        ("霁物 漏水？", 6, "not at its beginning or end"),
        ("！！", 1, "remove it"),
        ("@霁!", 1, "no handle"),
        ("#霁#物#", 1, "no topic"),
        ("site:http://a.example", 1, "without http://"),
        ("霁" * 201, 1, "shorten"),
        ("(" * 50 + "霁", 42, "simplify"),
        ("NOT " * 50 + "霁", 165, "simplify"),
    ],
)
def test_a_bad_query_is_refused_with_its_column_and_a_remedy(query, column, remedy):
    with pytest.raises(QueryError) as refused:
        compile_queries([query])
    assert (refused.value.column, remedy in refused.value.problem) == (column, True)


def test_regular_expressions_are_off_unless_switched_on():
    with pytest.raises(QueryError, match="switched off"):
        compile_queries(["霁物 /a+/"])


@pytest.mark.parametrize(
    "attack",
    [
        *(
            "(a+)+$",
            "(a|a)*b",
            "(a|aa)+c",
            "(.*)*x",
            "a*a*a*a*b",
            "(a?){50}a{50}",
            "((a|b){9}){9}",
        ),
        *(
            "((a{50}){50}){50}",
            r"(a)\1",
            "(?=a)b",
            "(?<n>a)",
            "(?P=n)",
            "a**",
            "a{1000}",
            "a{5,2}",
        ),
        *("(", "a)", "[a", "a|", "\\", "[z-a]", "x{2", "*a", ".*", "[ﬁ]", "a" * 201),
        "(" * 30 + "a" + ")" * 30,
    ],
)
def test_regular_expressions_that_could_take_long_are_refused(attack):
    with pytest.raises(QueryError) as refused:
        compile_queries([f"霁物 /{attack}/"], allow_regular=True)
    assert 4 <= refused.value.column <= len(attack) + 5


def test_allowed_regular_expressions_read_hostile_text_to_its_end():
    for pattern in ("a.*b", "[a-z]+!", "(?:a|b){1,5}c", r"\d{1,4}元", "a?a?a?a?aaaa!"):
        assert not matches(f"/{pattern}/", "a" * 20_000)


def brand(text, *, title=None, bound_to=None, **words):
    matcher = BrandMatcher([BrandWords(key="b", **({"names": ["青禾"]} | words))])
    found = matcher.match(Record(text, title=title), bound_to=bound_to)
    return found[0] if found else None


CONTEXT = {"context": ["奶粉", "罐"], "traps": ["青禾苗", "稻田"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("青禾的奶粉结块", True),
        ("田里长满青禾苗，奶粉", False),
        ("青禾苗旁放着青禾的奶粉", True),
        ("稻田里的青禾，一罐", True),
        ("稻田里的青禾。奶粉涨价", False),
        ("青禾又来了；奶粉结块", True),
        ("青禾又来了", False),
        ("青\u200b禾奶粉", True),
        ("青禾罐", True),
        ("@青禾粉 奶粉", False),
    ],
)
def test_a_bare_name_is_the_brand_only_in_context(text, expected):
    assert (brand(text, **CONTEXT) is not None) is expected


def test_a_context_entry_may_touch_the_name_but_not_overlap_it():
    assert brand("青禾罐头", context=["禾罐"]) is None
    assert brand("青禾罐头", context=["罐头"]) is not None


def test_context_in_the_other_field_stands_elsewhere():
    assert brand("青禾又来了", title="奶粉结块", **CONTEXT) is not None


def test_exclusion_beats_an_alias_and_an_alias_beats_traps():
    words = {"aliases": ["青禾乳业", "@青禾"], "exclude": ["青禾招聘"], "traps": ["稻田"]}
    assert brand("稻田里的青禾乳业", **words).reason is Reason.ALIAS
    assert brand("问 @青禾", **words) is not None
    assert brand("青禾乳业：青禾招聘店长", **words) is None
    assert brand("青禾乳业", title="青禾招聘", **words) is None


def test_hits_show_the_name_its_context_and_what_was_noted():
    found = brand("青禾奶粉在杭州召回", **CONTEXT, noted=["召回", "杭州"])
    assert [hit.term for hit in found.hits] == ["青禾", "奶粉", "召回", "杭州"]
    assert found.reason is Reason.NAME


def test_people_products_and_a_query_mean_the_brand_too():
    assert brand("陆青禾川辞职", names=[], people=["陆青禾川"]).reason is Reason.PERSON
    assert brand("沐汐3段", names=[], products=["沐汐3段"]).reason is Reason.PRODUCT
    assert brand("一罐结块", names=[], query="结块 罐").reason is Reason.QUERY
    plain = {"names": [], "must": ["奶粉"], "any_of": ["青禾", "qinghe"], "none_of": ["青禾苗"]}
    assert brand("Qinghe奶粉", **plain) is not None
    assert brand("青禾苗 奶粉", **plain) is None
    assert brand("青禾", **plain) is None


def test_the_first_product_line_whose_term_occurs_is_the_label():
    labels = [("沐汐 3 段", ["沐汐"]), ("奶粉", ["奶粉"])]
    assert brand("青禾奶粉沐汐", labels=labels).product == "沐汐 3 段"
    assert brand("青禾奶粉", labels=labels).product == "奶粉"


def test_every_text_of_a_bound_source_means_its_brand():
    found = brand("奶粉结块", bound_to="b", labels=[("奶粉", ["奶粉"])])
    assert (found.reason, found.product) == (Reason.BOUND, "奶粉")
    assert brand("奶粉结块", bound_to="other") is None


def test_a_bad_entry_is_refused_with_brand_list_and_entry():
    with pytest.raises(BrandError, match="brand 'b', traps '青禾\\*', column 3"):
        brand("x", traps=["青禾*"])
    with pytest.raises(BrandError, match="query '结块,罐', column 3"):
        brand("x", query="结块,罐")


def test_many_brands_are_told_apart_in_one_pass():
    brands = [BrandWords(key=f"b{n}", names=[f"品牌{n}号"]) for n in range(300)]
    matcher = BrandMatcher(brands)
    records = [Record(f"买了品牌{n}号\u200b的东西 {n} ") for n in range(300)]
    found = list(matcher.match_many(records))
    assert [[one.brand_key for one in each] for each in found] == [[f"b{n}"] for n in range(300)]


def test_a_hostile_text_full_of_names_and_context_is_decided_in_linear_work():
    words = {"context": ["奶粉"], "traps": ["青禾苗"]}
    found = brand("青禾奶粉" * 5_000, **words)
    assert len(found.hits) <= 10_001
    assert brand("青禾苗青禾 " * 5_000, **words) is None
    query = compile_queries(["青禾 NEAR/50 (奶粉 OR 青禾) NEAR/50 奶粉"])
    assert query.match(Record("青禾奶粉" * 2_000))
