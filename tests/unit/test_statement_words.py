"""How facts and text messages are put in each language."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from crisis.channels import shape
from crisis.facts import first_facts
from crisis.layout import read_layout
from crisis.wording import enumerated
from listener.config import Brand
from listener.errors import Conflict


@pytest.mark.parametrize(
    ("lang", "problem", "source"),
    [
        ("zh-CN", "无法开机", "用户反馈：12 位用户的 15 条相关帖文，截至11月22日12时05分"),
        ("zh-TW", "無法開機", "使用者反映：12 位使用者的 15 則相關貼文，截至11月22日12時05分"),
        (
            "en",
            "devices that will not start",
            "reported by users: 15 posts by 12 people, as of 12:05 on 22 November",
        ),
    ],
)
def test_what_the_posts_show_says_so_in_the_language_of_the_team(lang, problem, source):
    seen = {
        "authors": 12,
        "negatives": 15,
        "products": [],
        "symptoms": [("无法开机", 15)],
        "trigger": "",
        "first": None,
    }
    found = first_facts(
        Brand(key="b", name="青岚", names=("青岚",)),
        seen,
        crisis_type="C04",
        now=datetime.fromisoformat("2026-11-22T04:05:00+00:00"),
        tz=ZoneInfo("Asia/Shanghai"),
        lang=lang,
    )
    facts = {one.name: one for one in found}
    assert (facts["reported_problem"].value, facts["reported_problem"].source) == (problem, source)
    assert source.endswith(facts["product"].source)


def test_a_list_of_values_reads_as_its_language_does():
    items = ["we stopped sales", "the regulator knows"]
    assert enumerated(items, "zh-CN", is_clause=True) == "we stopped sales；the regulator knows"
    assert enumerated(items, "en", is_clause=True) == "we stopped sales. The regulator knows"
    assert enumerated(["batch A", "batch B"], "en", is_clause=False) == "batch A; batch B"


@pytest.mark.parametrize(("lang", "limit"), [("en", 306), ("zh-CN", 70), ("zh-TW", 70)])
def test_a_text_message_over_the_limit_is_refused(lang, limit):
    fits = read_layout("a" * limit)
    assert shape(fits, "sms", kind="sms", lang=lang) == fits.body
    with pytest.raises(Conflict, match=f"takes {limit} characters"):
        shape(read_layout("a" * (limit + 1)), "sms", kind="sms", lang=lang)
