"""What holds for every query and every text."""

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from listener.errors import QueryError
from listener.matching.conditions import compile_condition
from listener.matching.expression import And, Near, Not, Or, Phrase, Site, Within, Word
from listener.matching.matcher import Matcher, QueryRule, Record, compile_queries
from listener.matching.parser import parse_query
from listener.matching.reading import FieldReading, Reading
from listener.matching.terms import compile_term
from listener.matching.vocabulary import Vocabulary
from listener.text.fold import fold, fold_with_offsets

checked = settings(deadline=None, max_examples=150, print_blob=True)

# Few characters, so that terms occur: both scripts, widths, separators, emoji, addresses.
PIECES = (
    *("霁", "物", "霽", "澜", "瀾白", "哈哈", "a", "b", "A", "ｂ", "7", "⑦", "x7", "ab"),
    *(
        " ",
        "  ",
        "\n",
        ".",
        "-",
        "·",
        "，",
        "。",
        "_",
        "\u200b",
        "\u0301",
        "🍊",
        "❤️",
        "👨‍👩‍👧",
        "1️⃣",
    ),
    *("@", "#", "http://", "www.", "ﬁ", "…", "ß", "İ", "\ud800", "@ab.cc"),
)
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
records = st.builds(
    Record,
    text=texts,
    title=st.none() | texts,
    author=st.none() | texts,
    url=st.sampled_from([None, "https://a.example/霁", "http://b.a.example", "http://[", "x"]),
)
TERMS = (
    *(
        "霁物",
        "霽",
        "物霁",
        "澜白",
        "哈哈",
        "ab",
        "a",
        "b7",
        "x7",
        "7",
        "霁a",
        "a霁",
        "霁?物",
        "a?b",
    ),
    *("ab*", "@ab", "@霁物", "#霁物#", "#ab", "霁🍊", "🍊", "❤", "fi", "ss", "1", "a.b", "霁-物"),
)
leaves = (
    st.sampled_from(TERMS).map(Word)
    | st.sampled_from(["霁物", "a b", "霁 物", "a-b", "🍊霁"]).map(Phrase)
    | st.just(Site("a.example"))
)
placed = st.sampled_from(TERMS).map(Word)
nears = st.builds(
    Near, placed, placed | st.builds(lambda a, b: Or((a, b)), placed, placed), st.integers(0, 5)
)
fields = st.builds(
    Within, st.sampled_from(["title", "text", "author", "url"]), placed | placed.map(Not)
)


def _branches(inner):
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return several.map(And) | several.map(Or) | inner.map(Not)


trees = st.recursive(leaves | nears | fields, _branches, max_leaves=8)


def holds(tree, record):
    """Evaluate a tree by itself, with every term looked for in every text: no automaton."""
    vocabulary = Vocabulary()
    condition = compile_condition(tree, vocabulary)
    everything = frozenset(range(len(vocabulary.terms)))
    read = [
        FieldReading(name, value, fold_with_offsets(value), vocabulary.terms, everything)
        for name in ("title", "text", "author", "url")
        if (value := getattr(record, name))
    ]
    reading = Reading(read, record.url)
    return condition.holds(reading), frozenset(condition.explain(reading))


@checked
@given(st.lists(trees, min_size=1, max_size=6), st.lists(records, min_size=1, max_size=5))
def test_one_pass_over_many_queries_finds_what_each_query_finds_alone(queries, batch):
    vocabulary = Vocabulary()
    rules = [QueryRule(compile_condition(tree, vocabulary)) for tree in queries]
    together = list(Matcher(rules, vocabulary).match_many(batch))
    for record, found in zip(batch, together, strict=True):
        for number, tree in enumerate(queries):
            is_met, hits = holds(tree, record)
            assert (number in found) is is_met
            if is_met:
                assert frozenset(found[number].hits) == hits


@checked
@given(trees)
def test_what_is_printed_parses_to_the_same_tree(tree):
    try:
        parsed = parse_query(str(tree))
    except QueryError as error:
        assume(not error.problem.startswith("the query only says"))
        raise
    assert parsed == tree


@checked
@given(
    st.text(max_size=30)
    | st.lists(
        st.sampled_from(
            [
                *PIECES,
                *TERMS,
                *(
                    [
                        "(",
                        ")",
                        "（",
                        "）",
                        '"',
                        "“",
                        "”",
                        "AND",
                        "OR",
                        "NOT",
                        "NEAR",
                        "NEAR/3",
                        "NEAR/x",
                        "title:",
                        "text：",
                        "site:a.example",
                        "/",
                        "/a+/",
                        "*",
                        "?",
                        "、",
                        ";",
                        "foo:",
                    ]
                ),
            ]
        ),
        max_size=12,
    ).map(" ".join),
    records,
)
def test_any_string_is_a_query_or_is_refused_inside_the_string(query, record):
    for allow_regular in (False, True):
        column = 1
        try:
            compile_queries([query], allow_regular=allow_regular).match(record)
        except QueryError as error:
            column = error.column
        assert 1 <= column <= max(len(query), 1)


@checked
@given(trees, trees, records)
def test_negation_and_order_behave_as_in_logic(one, other, record):
    a, b = holds(one, record)[0], holds(other, record)[0]
    assert holds(Not(Not(one)), record)[0] is a
    assert holds(Not(And((one, other))), record)[0] is (not (a and b))
    assert holds(Not(Or((one, other))), record)[0] is (not a and not b)
    assert holds(Or((one, other)), record) == holds(Or((other, one)), record)
    assert holds(And((one, other)), record) == holds(And((other, one)), record)


@checked
@given(st.sampled_from(["霁物", "澜白", "ab", "x7", "霁a"]), texts)
@example("霁物", "👨‍👩‍👧霽\u200b物")
def test_hits_point_to_text_whose_fold_is_the_fold_of_the_term(term, text):
    found = compile_queries([f'"{term}"']).match(Record(text))
    for hit in found[0].hits if found else ():
        assert fold(text[hit.start : hit.end]) == fold(term)


@checked
@given(texts, texts)
def test_a_phrase_is_found_where_its_folded_text_stands(before, after):
    text = f"{before}。霁物白。{after}"
    is_hidden = any(sign in fold(text) for sign in ("@", "://", "www."))
    assume(not is_hidden)
    found = compile_queries(['"霁物白"']).match(Record(text))
    assert found
    assert all(fold(text[hit.start : hit.end]) == "霁物白" for hit in found[0].hits)


@checked
@given(st.text(min_size=1, max_size=12))
def test_a_term_finds_itself(term):
    try:
        compiled = compile_term(term)
    except QueryError:
        return
    assume(
        compiled.kind == "plain"
        and not set(fold(term)) & set("*?@\x00")
        and "://" not in fold(term)
        and "www." not in fold(term)
    )
    vocabulary = Vocabulary()
    tree = Word(term)
    matcher = Matcher([QueryRule(compile_condition(tree, vocabulary))], vocabulary)
    assert matcher.match(Record(f"。{term}。"))
