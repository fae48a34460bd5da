"""Near-duplicates and reposts join their story in the database."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func
from sqlmodel import select

from crisis.evidence import coordination
from listener.store import stories
from listener.store.engine import read_session, unit_of_work
from listener.store.tables import Mention, Story, StoryBand
from tests.build import item, score_all, set_up, store

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ORIGINAL = "澜白洗地机升级之后整台变砖了，充电座一直亮红灯，客服也没人回，大家千万别更新"
NEAR = "澜白洗地机升级之后整台变砖了！充电座一直亮着红灯，客服都没人回，大家千万别更新啊"
OTHER = "刚买的澜白洗地机挺好用，就是水箱有点小，拖一遍要加两次水"


def story_of(engine):
    with read_session(engine) as session:
        rows = session.exec(select(Mention.external_id, Mention.story_id))
        return dict(rows.all())


def at(minutes):
    return NOW - timedelta(minutes=minutes)


def test_near_duplicates_join_across_batches_and_inside_one(engine):
    understanding = set_up(engine, NOW)
    store(engine, understanding, [item(1, ORIGINAL, at(9))], NOW)
    store(
        engine,
        understanding,
        [item(2, NEAR, at(8)), item(3, OTHER, at(8)), item(4, f"{NEAR}!!", at(7))],
        NOW,
    )
    found = story_of(engine)
    assert found["post-1"] == found["post-2"] == found["post-4"] != found["post-3"]


def test_a_bare_repost_joins_the_post_it_answers_and_others_stand_alone(engine):
    understanding = set_up(engine, NOW)
    store(engine, understanding, [item(1, ORIGINAL, at(9))], NOW)
    bare = "转发微博 澜白"
    store(
        engine,
        understanding,
        [
            item(2, f"太惨了//@澜白车主:{ORIGINAL}", at(8)),
            item(3, "转发微博", at(7), parent_id="post-1"),
            item(4, "转发微博", at(6), parent_id="unknown-1"),
            item(5, "转发微博", at(6), parent_id="unknown-2"),
            item(6, bare, at(6)),
        ],
        NOW,
    )
    found = story_of(engine)
    assert found["post-1"] == found["post-2"] == found["post-3"]
    assert len({found[f"post-{n}"] for n in (1, 4, 5, 6)}) == 4
    with read_session(engine) as session:
        marked = session.exec(select(Mention.external_id).where(Mention.is_repost)).all()
    assert set(marked) == {"post-2", "post-3", "post-4", "post-5"}


def test_one_account_repeating_itself_with_small_changes_counts_once(engine):
    understanding = set_up(engine, NOW)
    texts = [ORIGINAL, NEAR, f"{NEAR}！！", f"求扩散 {ORIGINAL}"]
    store(
        engine,
        understanding,
        [item(n, text, at(9), author_id="loud") for n, text in enumerate(texts)],
        NOW,
    )
    score_all(engine, NOW)
    assert len(set(story_of(engine).values())) == 1


def test_storing_the_same_batch_twice_makes_no_second_story(engine):
    understanding = set_up(engine, NOW)
    for _ in range(2):
        store(engine, understanding, [item(1, ORIGINAL, at(9)), item(2, OTHER, at(8))], NOW)
    with read_session(engine) as session:
        assert session.exec(select(func.count()).select_from(Story)).one() == 2


def test_old_stories_take_in_equal_texts_only(engine):
    understanding = set_up(engine, NOW)
    store(engine, understanding, [item(1, ORIGINAL, at(9))], NOW)
    with unit_of_work(engine) as session:
        assert stories.forget_bands(session, before=NOW).forgotten == 20
        assert session.exec(select(func.count()).select_from(StoryBand)).one() == 0
    store(engine, understanding, [item(2, NEAR, at(8)), item(3, f"{ORIGINAL}。", at(8))], NOW)
    found = story_of(engine)
    assert found["post-1"] == found["post-3"] != found["post-2"]


def test_many_accounts_with_one_text_are_said_to_look_coordinated(engine):
    understanding = set_up(engine, NOW)
    copies = [item(n, ORIGINAL + "！" * n, at(20 - n)) for n in range(8)]
    open_reposts = [item(20 + n, f"唉//@澜白车主:{NEAR}", at(5)) for n in range(3)]
    store(engine, understanding, [*copies, *open_reposts, item(40, OTHER, at(3))], NOW)
    score_all(engine, NOW)
    with read_session(engine) as session:
        spread = stories.story_spread(session, brand_id=1, since=at(60), until=NOW)
    assert [(one.mentions, one.authors, one.copies) for one in spread] == [(11, 11, 8)]
    [story] = spread
    said = {
        "copies": story.copies,
        "authors": story.authors,
        "is_long": story.is_long,
        "first_at": story.first_at.isoformat(),
        "last_at": story.last_at.isoformat(),
    }
    assert coordination([said]) == {"accounts": 11, "posts": 8, "minutes": 15}
    assert coordination([said | {"copies": 0}]) is None, "open reposts are no coordination"
    assert coordination([said | {"is_long": False}]) is None, "short words are equal by accident"
