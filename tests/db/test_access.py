"""Who may do what follows the tree and the posts in it, strictly."""

from hypothesis import given
from hypothesis import strategies as st

from db import access
from db.access import Action, Actor, HeldPost, decide, decide_person, decide_post, scope
from db.tables import Title

ACTIONS = [value for value in vars(access).values() if isinstance(value, Action)]
PATHS = st.lists(st.integers(1, 3), min_size=1, max_size=4).map(
    lambda parts: "/" + "".join(f"{part}/" for part in parts)
)
POSTS = st.lists(
    st.builds(HeldPost, st.sampled_from(Title), st.integers(1, 9), PATHS, st.just("某支部")),
    max_size=3,
).map(tuple)
OUTSIDER = Actor(account_id=1)


def actor(posts: tuple[HeldPost, ...]) -> Actor:
    return Actor(account_id=1, person_id=7, name="某", unit_id=1, unit_path="/1/2/", posts=posts)


@given(st.sampled_from(ACTIONS), PATHS)
def test_an_outsider_is_refused_everything_that_is_not_public(action: Action, path: str) -> None:
    verdict = decide(OUTSIDER, action, unit_path=path)
    assert verdict.allowed == (action in access.PUBLIC)
    assert verdict.allowed or verdict.reason


@given(POSTS, st.sampled_from(ACTIONS), PATHS)
def test_an_act_on_a_unit_needs_a_post_in_it_or_above_it(
    posts: tuple[HeldPost, ...], action: Action, path: str
) -> None:
    above = any(
        path.startswith(post.unit_path) and action in access.BY_TITLE[post.title] for post in posts
    )
    allowed = decide(actor(posts), action, unit_path=path).allowed
    assert allowed == (above or action in access.PUBLIC)


@given(POSTS, st.sampled_from(ACTIONS))
def test_a_member_reaches_only_the_own_record(posts: tuple[HeldPost, ...], action: Action) -> None:
    reach = scope(actor(posts), action)
    assert reach.person_id == (7 if action in access.MEMBER else None)


@given(POSTS, st.sampled_from(ACTIONS))
def test_a_scope_names_no_unit_twice(posts: tuple[HeldPost, ...], action: Action) -> None:
    prefixes = scope(actor(posts), action).prefixes
    inner = [p for p in prefixes for q in prefixes if p != q and p.startswith(q)]
    assert inner == []


@given(POSTS, st.sampled_from(Title), PATHS)
def test_nobody_gives_a_post_to_oneself_or_without_the_right(
    posts: tuple[HeldPost, ...], title: Title, path: str
) -> None:
    who = actor(posts)
    assert not decide_post(who, title, unit_path=path, person_id=7).allowed
    if decide_post(who, title, unit_path=path, person_id=8).allowed:
        assert decide(who, access.APPOINT, unit_path=path).allowed


@given(POSTS, PATHS)
def test_system_posts_come_from_administrators_and_heads_from_above(
    posts: tuple[HeldPost, ...], path: str
) -> None:
    who = actor(posts)
    over = [post for post in posts if path.startswith(post.unit_path)]
    administers = any(post.title is Title.ADMINISTRATOR for post in over)
    above = any(
        post.unit_path != path and access.APPOINT in access.BY_TITLE[post.title] for post in over
    )
    for title in access.SYSTEM_TITLES:
        assert decide_post(who, title, unit_path=path, person_id=8).allowed is administers
    for title in access.HEADS:
        allowed = decide_post(who, title, unit_path=path, person_id=8).allowed
        assert allowed is (administers or above)


@given(POSTS, POSTS, st.sampled_from([access.INVITE, access.UNBIND, access.MOVE]), PATHS)
def test_nobody_speaks_for_the_holder_of_a_greater_post(
    own: tuple[HeldPost, ...], theirs: tuple[HeldPost, ...], action: Action, path: str
) -> None:
    """Whoever may act for another may do at least what the other may, where the other may."""
    who = actor(own)
    if not decide_person(who, action, unit_path=path, posts=theirs).allowed:
        return
    for post in theirs:
        for right in access.BY_TITLE[post.title]:
            assert decide(who, right, unit_path=post.unit_path).allowed


def test_the_operator_may_do_everything_everywhere() -> None:
    for title in Title:
        assert decide_post(access.OPERATOR, title, unit_path="/1/", person_id=1).allowed


def test_every_post_is_in_the_table_and_every_refusal_can_be_worded() -> None:
    assert set(access.BY_TITLE) == set(Title)
    assert [action.name for action in ACTIONS if not action.says] == []


def test_a_unit_whose_number_only_begins_alike_is_no_child() -> None:
    secretary = HeldPost(Title.SECRETARY, 2, "/1/2/", "二支部")
    assert not decide(actor((secretary,)), access.SEE_MEMBERS, unit_path="/1/22/").allowed
