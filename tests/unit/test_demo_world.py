"""The demonstration's world: repeatable, plausible in numbers, silent before its crisis."""

import random
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest

from listener.demo.brand import names_brand
from listener.demo.crisis import posts_a_minute
from listener.demo.grammar import Tone, Topic, Writer, load_library
from listener.demo.people import Typing, add_ending, mistype, punctuate
from listener.demo.rhythm import CHINA, Rhythm, people_activity
from listener.demo.world import (
    CRISIS_FIRMWARE,
    CRISIS_LEAD,
    HISTORY,
    LIVE,
    TRAP_WORDS,
    Channel,
    Post,
    World,
    build_world,
)

ANCHOR = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
REAL_BRANDS = re.compile(
    "小米|米家|华为|海尔|美的集团|格力|戴森|石头科技|科沃斯|追觅|添可|必胜|飞利浦|苏泊尔|九阳|云鲸|"
    "淘宝|天猫|京东|拼多多|抖音|快手|微博|微信|小红书|知乎|支付宝|花呗|黑猫|"
    "dyson|roborock|dreame|ecovacs|xiaomi|huawei|siri|小爱",
    re.IGNORECASE,
)
HARM = re.compile("受伤|烫伤|烧伤|起火|着火|自燃|爆炸|冒烟|触电|漏电|中毒|住院|救护车")


@pytest.fixture(scope="module", params=[7, 41])
def world(request: pytest.FixtureRequest) -> World:
    return build_world(ANCHOR, seed=request.param)


@pytest.fixture(scope="module")
def history(world: World) -> list[Post]:
    end = ANCHOR - timedelta(minutes=20)
    return [post for post in world.posts if post.posted_at <= end]


@pytest.fixture(scope="module")
def crisis(world: World) -> list[Post]:
    return [post for post in world.posts if post.is_crisis]


def share(posts: Iterable[Post], *tones: Tone) -> float:
    counted = Counter(post.tone for post in posts)
    return sum(counted[tone] for tone in tones) / counted.total()


def in_steps(posts: Iterable[Post], step: timedelta) -> Counter[int]:
    return Counter(int((post.posted_at - ANCHOR) / step // 1) for post in posts)


def test_same_seed_and_anchor_give_the_same_posts(world: World) -> None:
    assert build_world(ANCHOR, seed=world.seed) == world


def test_another_seed_gives_other_posts(world: World) -> None:
    other = {post.text for post in build_world(ANCHOR, seed=8).posts}
    assert len(other & {post.text for post in world.posts}) < len(other) / 3


def test_a_week_later_everything_is_the_same_but_a_week_later(world: World) -> None:
    later = build_world(ANCHOR + timedelta(days=7), seed=world.seed)
    moved = [(post.posted_at - timedelta(days=7), post.text) for post in later.posts]
    assert moved == [(post.posted_at, post.text) for post in world.posts]


def test_another_anchor_moves_every_time_and_keeps_the_crisis_in_step(world: World) -> None:
    other = build_world(ANCHOR + timedelta(hours=5, minutes=7), seed=world.seed)
    offsets = [
        [post.posted_at - each.anchor for post in each.posts if post.is_crisis]
        for each in (world, other)
    ]
    assert offsets[0] == offsets[1]
    assert {post.id for post in other.posts}.isdisjoint(post.id for post in world.posts)


def test_an_anchor_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        build_world(datetime(2026, 11, 22))  # noqa: DTZ001 - the point of the test


def test_ids_are_unique_and_rise_with_time(world: World) -> None:
    ids = [int(post.id) for post in world.posts]
    assert ids == sorted(set(ids))
    assert list(world.posts) == sorted(world.posts, key=lambda post: post.posted_at)


def test_all_times_are_whole_seconds_in_utc_within_the_window(world: World) -> None:
    for post in world.posts:
        assert post.posted_at.tzinfo is UTC
        assert post.posted_at.microsecond == 0
        assert ANCHOR - HISTORY <= post.posted_at <= ANCHOR + LIVE


def test_amounts_by_channel(history: list[Post]) -> None:
    counts = Counter((post.channel, post.country) for post in history)
    assert 2850 <= len(history) <= 3200
    assert 2000 <= counts[Channel.FORUM, None] <= 2350
    assert 130 <= counts[Channel.NEWS, None] <= 170
    assert 400 <= counts[Channel.REVIEWS, "cn"] <= 480
    assert 100 <= counts[Channel.REVIEWS, "tw"] <= 140
    assert 50 <= counts[Channel.REVIEWS, "hk"] <= 75
    assert counts[Channel.MALL, None] >= 50


def test_reviews_fit_into_what_the_app_store_shows(world: World) -> None:
    counts = Counter(post.country for post in world.posts if post.country)
    assert max(counts.values()) <= 500


def test_mix_of_tones_in_the_history(history: list[Post]) -> None:
    assert 0.58 <= share(history, Tone.POSITIVE, Tone.NEUTRAL, Tone.QUESTION) <= 0.7
    assert 0.2 <= share(history, Tone.COMPLAINT) <= 0.255
    assert 0.007 <= share(history, Tone.TRAP) <= 0.015
    assert share(history, Tone.NEWS, Tone.PROMOTION, Tone.OTHER) <= 0.12


def test_people_post_by_day_in_chinese_time(history: list[Post]) -> None:
    hours = Counter(
        post.posted_at.astimezone(CHINA).hour for post in history if post.channel is Channel.FORUM
    )
    night = sum(hours[hour] for hour in (2, 3, 4, 5)) / 4
    morning = sum(hours[hour] for hour in (10, 11)) / 2
    afternoon = sum(hours[hour] for hour in (14, 15, 16)) / 3
    evening = sum(hours[hour] for hour in (20, 21)) / 2
    assert night * 6 < afternoon < morning < evening


def test_the_promotion_day_is_busier_and_happier(history: list[Post]) -> None:
    day = (ANCHOR.astimezone(CHINA) - timedelta(days=9)).date()
    happy = Counter(
        post.posted_at.astimezone(CHINA).date()
        for post in history
        if post.tone is Tone.POSITIVE and post.channel is Channel.FORUM
    )
    assert happy.most_common(1)[0][0] == day
    assert happy[day] > 2 * sorted(happy.values())[len(happy) // 2]
    assert not [
        post for post in history if "今天澜白会员日" in post.text and local_date(post) != day
    ]


def local_date(post: Post) -> object:
    return post.posted_at.astimezone(CHINA).date()


@pytest.mark.parametrize("seed", [1, 7, 23])
def test_everyday_complaints_do_not_clump(seed: int) -> None:
    posts = [
        post
        for post in build_world(ANCHOR + timedelta(hours=seed), seed=seed).posts
        if post.tone is Tone.COMPLAINT and not post.is_crisis
    ]
    assert max(in_steps(posts, timedelta(minutes=5)).values()) <= 3
    assert max(in_steps(posts, timedelta(minutes=30)).values()) <= 5


def test_texts_differ(history: list[Post], crisis: list[Post]) -> None:
    assert len({post.text for post in history}) / len(history) > 0.98
    assert len({post.text for post in crisis}) / len(crisis) > 0.9


def test_lengths_are_those_of_posts(world: World) -> None:
    lengths = [len(post.text) for post in world.posts if post.channel is not Channel.NEWS]
    assert min(lengths) >= 6
    assert max(lengths) <= 180
    assert sum(length > 40 for length in lengths) > 300


def test_forum_and_news_name_the_brand_unless_they_are_about_something_else(
    world: World,
) -> None:
    for post in world.posts:
        if post.channel in {Channel.FORUM, Channel.NEWS} and post.tone is not Tone.OTHER:
            assert names_brand(post.title + post.text), post


def test_traps_hold_the_brand_only_inside_a_longer_word(world: World) -> None:
    traps = [post for post in world.posts if post.tone is Tone.TRAP]
    assert traps
    for post in traps:
        text = post.title + post.text
        for word in TRAP_WORDS:
            text = text.replace(word, "")
        assert not names_brand(text), post


def test_a_latin_name_stands_alone_as_a_word(world: World) -> None:
    for post in world.posts:
        assert not re.search("lanbai[a-z0-9]", f"{post.title} {post.text}", re.IGNORECASE), post


def test_no_real_brand_is_named_and_nobody_is_hurt() -> None:
    files = list(resources.files("listener.demo").joinpath("data").iterdir())
    assert len(files) >= 10
    for entry in files:
        words = entry.read_text(encoding="utf-8")
        assert not REAL_BRANDS.search(words), entry.name
        assert not HARM.search(words), entry.name


def test_no_hole_is_left_open(world: World) -> None:
    for post in world.posts:
        assert not set("{}｜|") & set(post.title + post.text), post
        assert not re.search("，，|。，|，。|？，|！，", post.text), post


def test_the_crisis_begins_sixteen_minutes_before_the_anchor(
    world: World, crisis: list[Post]
) -> None:
    assert world.crisis_began_at == ANCHOR - CRISIS_LEAD
    assert timedelta() <= crisis[0].posted_at - world.crisis_began_at < timedelta(minutes=2)


def test_before_the_crisis_only_the_release_note_names_the_firmware(world: World) -> None:
    early = [
        post
        for post in world.posts
        if post.posted_at < world.crisis_began_at and CRISIS_FIRMWARE in post.title + post.text
    ]
    assert {post.channel for post in early} == {Channel.NEWS, Channel.FORUM}
    assert {post.tone for post in early} == {Tone.NEWS}
    for post in early:
        assert timedelta(minutes=39) <= ANCHOR - post.posted_at <= timedelta(minutes=40)


def test_the_crisis_rises_peaks_and_falls(crisis: list[Post]) -> None:
    by_ten = in_steps(crisis, timedelta(minutes=10))
    assert 45 <= sum(post.posted_at <= ANCHOR for post in crisis) <= 62
    assert 250 <= sum(post.posted_at > ANCHOR for post in crisis) <= 300
    assert by_ten[-2] < by_ten[-1] <= by_ten[1] + 8
    assert by_ten[1] > by_ten[4] > by_ten[8]


def test_the_rate_reaches_four_to_five_a_minute_within_ten_minutes() -> None:
    assert posts_a_minute(-1) == 0
    assert posts_a_minute(0) == pytest.approx(1)
    assert 4 <= posts_a_minute(10) <= 5
    assert posts_a_minute(36) == max(posts_a_minute(minute) for minute in range(106))


def test_ordinary_traffic_goes_on_during_the_crisis(world: World) -> None:
    live = [p for p in world.posts if p.posted_at > ANCHOR and not p.is_crisis]
    assert 5 <= len(live) <= 40


def test_the_crisis_has_amplifiers_reposts_a_flood_and_exceptions(crisis: list[Post]) -> None:
    amplifiers = [post for post in crisis if post.verified and post.followers >= 100_000]
    assert {post.followers for post in amplifiers} == {380_000, 120_000}
    authors = Counter(post.text for post in crisis)
    repeated = {text: {p.author_id for p in crisis if p.text == text} for text in authors}
    assert any(len(people) >= 4 for people in repeated.values())
    assert any(authors[text] >= 6 and len(people) == 1 for text, people in repeated.items())
    assert sum(post.tone is Tone.QUESTION for post in crisis) >= 5
    assert sum("瀾白" in post.text for post in crisis) >= 2
    assert sum(post.country == "cn" for post in crisis) >= 20


def test_most_crisis_authors_speak_once(crisis: list[Post]) -> None:
    posts_by = Counter(post.author_id for post in crisis)
    assert len(posts_by) > 0.8 * len(crisis)


def test_durations_and_queues_fit_the_minute(crisis: list[Post]) -> None:
    for post in crisis:
        if "一个多小时" in post.text or "一个半小时" in post.text:
            assert post.posted_at > ANCHOR + timedelta(minutes=45), post


def test_markup_says_the_same_as_the_text(world: World) -> None:
    pictured = 0
    for post in world.posts:
        if post.html is None:
            assert post.channel is Channel.REVIEWS
            continue
        pictured += "<img" in post.html
        plain = re.sub('<img[^>]*alt="([^"]*)"[^>]*>', r"\1", post.html)
        plain = re.sub("</p><p>|<br>", "\n", plain)
        plain = re.sub("<[^>]*>", "", plain).replace("&quot;", '"').replace("&#x27;", "'")
        assert plain == post.text
    assert pictured > 20


def test_reviews_carry_rating_version_and_no_emoticon_pictures(world: World) -> None:
    for post in world.posts:
        if post.channel is Channel.REVIEWS:
            assert post.rating in {1, 2, 3, 4, 5}
            assert post.version
            assert "[" not in post.text
            happy = post.tone is Tone.POSITIVE
            assert post.rating >= 4 if happy else post.rating <= 4


def test_overseas_reviews_are_in_traditional_script(world: World) -> None:
    simplified = set("这说时间过还没连设备请问们电话发现让给点机关么对应号码")
    traditional = set("這說時間過還沒連設備請問們電話發現讓給點機關麼對應號碼")
    for country in ("tw", "hk"):
        texts = [post.text for post in world.posts if post.country == country]
        assert not simplified & set("".join(texts))
        assert sum(bool(traditional & set(text)) for text in texts) > len(texts) / 3


def test_there_are_enough_handwritten_fragments() -> None:
    topics = load_library().topics
    amounts = {
        file: sum(len(lines) for topic in group for lines in topic.fragments.values())
        for file, group in topics.items()
    }
    assert amounts.pop("crisis") >= 120
    assert sum(amounts.values()) >= 350


def topic(**fragments: tuple[str, ...]) -> Topic:
    return Topic(
        name="trial",
        tone=Tone.NEUTRAL,
        weight=1,
        titles=("标题",),
        forms=("{a}，{b}",),
        fragments=fragments,
    )


def writer(**words: tuple[str, ...]) -> Writer:
    return Writer(words, random.Random(3))


def test_a_fragment_brings_its_title() -> None:
    trial = topic(a=("合适的{b}｜开头",), b=("结尾",))
    wording = writer().wording(trial, {})
    assert (wording.text, wording.title) == ("开头，结尾", "合适的结尾")


def test_a_fragment_with_its_own_stop_gets_no_second() -> None:
    assert writer().wording(topic(a=("真的？",), b=("好",)), {}).text == "真的？好"


def test_an_unknown_hole_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"trial.*nowhere"):
        writer().wording(topic(a=("{nowhere}",), b=("好",)), {})


def test_a_topic_that_refers_to_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="refers to itself"):
        writer().wording(topic(a=("{a}",), b=("好",)), {})


def test_numbers_stay_in_range_and_prices_end_in_99() -> None:
    trial = topic(a=("{1899-2399}",), b=("{3-5}",))
    for _ in range(50):
        price, number = writer().wording(trial, {}).text.split("，")
        assert price.endswith("99")
        assert 1899 <= int(price) <= 2399
        assert 3 <= int(number) <= 5


@pytest.mark.parametrize(
    ("typing", "text"),
    [
        (Typing.PLAIN, "好，用。真的"),
        (Typing.CLOSED, "好，用。真的。"),
        (Typing.SPACES, "好 用 真的"),
        (Typing.LINES, "好，用\n真的"),
        (Typing.COMMAS, "好，用，真的"),
        (Typing.ASCII, "好,用,真的"),
        (Typing.LOUD, "好，用。真的！"),
        (Typing.TILDE, "好，用。真的～"),
        (Typing.DOTS, "好，用。真的。。。"),
    ],
)
def test_people_punctuate_in_their_own_way(typing: Typing, text: str) -> None:
    assert punctuate("好，用。真的", typing) == text


def test_an_ending_word_is_set_off_and_an_emoji_is_not() -> None:
    assert add_ending("不错", "哈哈") == "不错，哈哈"
    assert add_ending("不错！", "哈哈") == "不错！哈哈"
    assert add_ending("不错", "😂") == "不错😂"


def test_a_typo_needs_a_word_that_invites_it() -> None:
    rng = random.Random(1)
    assert mistype("登录不上", {"登录": "登陆"}, rng) == "登陆不上"
    assert mistype("好用", {"登录": "登陆"}, rng) == "好用"


def test_spread_instants_take_equal_shares_of_the_activity() -> None:
    start = ANCHOR - timedelta(days=2)
    rhythm = Rhythm(people_activity, start, ANCHOR, random.Random(5))
    instants = rhythm.spread(200, random.Random(6))
    assert instants == sorted(instants)
    assert start <= instants[0] < instants[-1] <= ANCHOR
