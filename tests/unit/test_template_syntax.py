"""Templates are edited by people: nothing but the safe subset is ever run."""

from pathlib import Path

import pytest

from crisis.facts import ShownFact
from crisis.library import MAX_RENDERED_CHARS, StatementLibrary
from listener.errors import TemplateRejected

META = """
[holding]
version = 1
channels = ["weibo"]
approvers = ["lead"]
apology_level = 3
legal = []
required = ["product", "scope"]
optional = []
may_be_unknown = ["scope"]
"""
FACTS = """
[product]
form = "text"
label = "p"
question = "p?"
example = "p"
[scope]
form = "text"
label = "s"
question = "s?"
example = "s"
checking = "范围"
"""
KNOWN = ShownFact(known=True, unknown=False, value="甲", as_of="今天", items=("甲", "乙"))


def library(folder: Path, source: str) -> StatementLibrary:
    case = folder / "zh-CN" / "C04"
    case.mkdir(parents=True)
    (case / "_meta.toml").write_text(META, encoding="utf-8")
    (case / "holding.md.j2").write_text(source, encoding="utf-8")
    (folder / "zh-CN" / "_facts.toml").write_text(FACTS, encoding="utf-8")
    return StatementLibrary(folder)


def render(folder: Path, source: str, fact: ShownFact = KNOWN) -> str:
    made = library(folder, source)
    template = made.find(lang="zh-CN", crisis_type="C04", kind="holding")
    assert template is not None
    return made.compose(template, {"product": fact, "scope": fact}).whole


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ product.value }}。", "甲。"),
        ("{% if product.known and not scope.unknown %}有{% else %}无{% endif %}", "有"),
        ("{% for one in product.items %}{{ loop.index }}{{ one }}{% endfor %}", "1甲2乙"),
        (
            "{% for one in product.items %}{% if loop.last %}和{% endif %}{{ one }}{% endfor %}",
            "甲和乙",
        ),
        ("{{ product.items | listed }}", "甲和乙"),
        ("{# 只给编辑看 #}{{ product.value }}", "甲"),
        ("{% if product.unknown %}{% elif scope.known %}{{ scope.as_of }}{% endif %}", "今天"),
        ("{% raw %}{{ 7 }}{% endraw %}", "{{ 7 }}"),
    ],
)
def test_the_safe_subset_is_enough(tmp_path, source, text):
    assert render(tmp_path, source) == text


ATTACKS = [
    "{{ product.__class__ }}",
    "{{ product.__class__.__mro__ }}",
    "{{ product['__class__'] }}",
    "{{ product | attr('__class__') }}",
    "{{ product.value.__class__ }}",
    "{{ product.value.format(product) }}",
    "{{ '{0.__class__}'.format(product) }}",
    "{{ product.value.upper() }}",
    "{{ product.value * 1000000000 }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 'a' ~ product.value }}",
    "{{ product.value + product.value }}",
    "{{ product.value % 1 }}",
    "{{ product.value[0] }}",
    "{{ product.value[::-1] }}",
    "{{ [1, 2, 3] }}",
    "{{ {'a': 1} }}",
    "{{ (1, 2) }}",
    "{{ 7 }}",
    "{{ '字' }}",
    "{{ true }}",
    "{{ none }}",
    "{{ 7 if product.known else 8 }}",
    "{{ product.known == true }}",
    "{{ 'a' in product.value }}",
    "{{ range(1000000000) }}",
    "{% for i in range(10) %}x{% endfor %}",
    "{% for i in 'abc' %}x{% endfor %}",
    "{% for i in product.value %}x{% endfor %}",
    "{% for i in product.items %}{% for j in scope.items %}x{% endfor %}{% endfor %}",
    "{% for i in product.items recursive %}{{ loop(i) }}{% endfor %}",
    "{% for i in product.items if i %}x{% endfor %}",
    "{% for i in product.items %}x{% else %}y{% endfor %}",
    "{% for i, j in product.items %}x{% endfor %}",
    "{% for product in scope.items %}x{% endfor %}",
    "{% for loop in scope.items %}x{% endfor %}",
    "{% for i in product.items %}{{ loop.cycle('a') }}{% endfor %}",
    "{% for i in product.items %}{{ loop.length }}{% endfor %}",
    "{% for i in product.items %}{{ i.__class__ }}{% endfor %}",
    "{{ loop.index }}",
    "{{ self }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner }}",
    "{{ namespace }}",
    "{{ lipsum() }}",
    "{{ dict(a=1) }}",
    "{{ config }}",
    "{{ request.application }}",
    "{{ get_flashed_messages }}",
    "{{ company.value }}",
    "{{ product }}",
    "{{ product.known }}",
    "{{ product.items }}",
    "{{ checking }}",
    "{{ product.secret }}",
    "{{ product.value | pprint }}",
    "{{ product.value | safe }}",
    "{{ product.value | tojson }}",
    "{{ product.value | center(100000000) }}",
    "{{ product.value | indent(100000000) }}",
    "{{ product.value | replace('a', 'b') }}",
    "{{ product.items | join('x') }}",
    "{{ product.items | map('upper') }}",
    "{{ product.value | listed }}",
    "{{ product.items | sentence }}",
    "{{ product.items | listed('x') }}",
    "{% filter upper %}x{% endfilter %}",
    "{% set x = product %}",
    "{% set x %}a{% endset %}",
    "{% macro m() %}x{% endmacro %}",
    "{% call m() %}x{% endcall %}",
    "{% include 'zh-CN/C04/_meta.toml' %}",
    "{% import 'a' as b %}",
    "{% from 'a' import b %}",
    "{% extends 'a' %}",
    "{% block a %}x{% endblock %}",
    "{% with a = product %}x{% endwith %}",
    "{% autoescape true %}x{% endautoescape %}",
    "{% do product %}",
    "{% if product is defined %}x{% endif %}",
    "{% if product.value is string %}x{% endif %}",
    "{% if 1 %}x{% endif %}",
    "{% if product %}x{% endif %}",
    "{{ product.value",
    "{% if product.known %}",
    "{{ (((((" * 500,
    "{% if product.known %}" * 40 + "x" + "{% endif %}" * 40,
    "{{ not " * 2000 + "x }}",
    "x" * 20_000,
]


@pytest.mark.parametrize("source", ATTACKS, ids=range(len(ATTACKS)))
def test_nothing_else_is_accepted(tmp_path, source):
    with pytest.raises(TemplateRejected):
        render(tmp_path, source)


def test_there_are_enough_attacks():
    assert len(ATTACKS) >= 50


def test_a_loop_cannot_print_more_than_a_statement_may_hold(tmp_path):
    many = ShownFact(
        known=True, unknown=False, value="", as_of="", items=tuple("甲" * 400 for _ in range(40))
    )
    with pytest.raises(TemplateRejected, match=str(MAX_RENDERED_CHARS)):
        render(tmp_path, "{% for one in product.items %}{{ one }}{% endfor %}", many)


def test_a_value_is_never_read_as_a_template(tmp_path):
    hostile = "{{ 7 * 7 }}{% raw %} # x -- <b>"
    fact = ShownFact(known=True, unknown=False, value=hostile, as_of="", items=())
    assert hostile in render(tmp_path, "关于{{ product.value }}。", fact)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"product", "scope"]', '"product", "batch"]', "batch"),
        ("version = 1", 'version = 1\nautor = "x"', "autor"),
        ("apology_level = 3", "apology_level = 7", "apology_level"),
        ('channels = ["weibo"]', "channels = []", "channels"),
        ('may_be_unknown = ["scope"]', 'may_be_unknown = ["product"]', "product"),
        ('approvers = ["lead"]', 'approvers = "lead"', "list"),
    ],
)
def test_a_wrong_meta_file_is_refused_by_name(tmp_path, old, new, named):
    made = library(tmp_path, "x")
    path = tmp_path / "zh-CN" / "C04" / "_meta.toml"
    path.write_text(META.replace(old, new), encoding="utf-8")
    with pytest.raises(TemplateRejected, match=named):
        made.find(lang="zh-CN", crisis_type="C04", kind="holding")
