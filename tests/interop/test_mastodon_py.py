"""Every method of Mastodon.py that is not an administrator's, against two running servers, with its effect looked for.

One story on servers that federate over TLS: Amara and Chen are at one, Bruno is at the other. Methods without an effect
here are listed with the reason in `mastodon_py.NOT_SUPPORTED`.
"""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from tests.interop.live import Ours, fresh, until
from tests.interop.mastodon_py import (
    NOT_SUPPORTED,
    Noted,
    close_all,
    finish_first_visit,
    methods,
    register,
    session,
    sign_in,
)
from tests.interop.tls import Authority

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mastodon import (
        CallbackStreamListener,
        Mastodon,
        MastodonAPIError,
        MastodonNotFoundError,
        MastodonUnauthorizedError,
    )

pytestmark = [
    pytest.mark.peer,
    pytest.mark.timeout(400),
    pytest.mark.filterwarnings("ignore"),
]


class Story:
    """Two servers, three people with clients, and what was called so far."""

    def __init__(self, alder: Ours, birch: Ours) -> None:
        self.alder, self.birch = alder, birch
        self.called: set[str] = set()
        self.amara = sign_in(alder, "amara", self.called)
        self.chen = sign_in(alder, "chen", self.called, redirect="https://phone.example/back?to=app")
        self.bruno = sign_in(birch, "bruno", self.called)

    def handle(self, name: str, served: Ours) -> str:
        """The full handle of somebody."""
        return f"{name}@{served.domain}"

    def id_of(self, client: Noted, handle: str) -> str:
        """The id that somebody has for this client, found anywhere."""
        found = client.search_v2(f"@{handle}", resolve=True, result_type="accounts").accounts
        assert found, f"nobody is found by {handle}"
        return str(found[0].id)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Both servers, running, with everybody signed in."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    with ExitStack() as stack:
        stack.callback(close_all)
        served = []
        for name, people in (("alder", ("amara", "chen")), ("birch", ("bruno",))):
            one = Ours(tmp_path_factory.mktemp(name), authority=authority)
            stack.callback(one.close)
            for number, person in enumerate(people):
                one.add_person(person, role="admin" if number == 0 else "member")
            served.append(one)
        served[0].add_community("science", "amara")
        for one, people in zip(served, (("amara", "chen"), ("bruno",)), strict=True):
            one.start()
            for person in people:
                finish_first_visit(one, person)
        yield Story(*served)


def test_a_wrong_code_lets_nobody_in_and_no_password_does(story: Story) -> None:
    client_id, secret = register(story.alder, story.called)
    client = Mastodon(
        client_id=client_id, client_secret=secret, api_base_url=story.alder.origin, session=session(story.alder)
    )
    with pytest.raises(Exception, match=r"(?i)code|grant"):
        client.log_in(code="x" * 40)
    with pytest.raises(Exception, match=r"(?i)grant|password"):
        client.log_in("amara", "correct horse battery staple")
    nobody = Mastodon(api_base_url=story.alder.origin, access_token="x" * 43, session=session(story.alder))
    with pytest.raises(MastodonUnauthorizedError):
        nobody.me()


def test_the_server_says_what_it_is(story: Story) -> None:
    amara = story.amara
    for about in (amara.instance(), amara.instance_v2()):
        assert (about.get("domain") or about.get("uri")) == story.alder.domain
    assert amara.instance_v1().uri == story.alder.domain
    assert amara.instance_nodeinfo().software.name == "peerhall"
    assert amara.stream_healthy() is True
    assert amara.instance_rules() == []
    assert "content" in amara.instance_extended_description()
    assert {language.code for language in amara.instance_languages()} >= {"en", "de"}
    assert amara.instance_translation_languages() == {}
    assert amara.instance_peers() == [] or story.birch.domain in amara.instance_peers()
    assert amara.instance_domain_blocks() == []
    assert amara.custom_emojis() == []
    assert amara.announcements() == []
    assert "token_endpoint" in amara.oauth_authorization_server_info()
    assert amara.app_verify_credentials().name == "Test app"
    assert amara.verify_minimum_version("4.2.0") is True
    assert amara.retrieve_mastodon_version().startswith("4.")
    assert amara.get_supported_version()
    assert amara.get_approx_server_time() is not None
    assert amara.persistable_login_credentials() is not None
    assert amara.notifications_merged() in {True, False}
    amara.set_language("en")
    amara.clear_caches()
    for name in ("home", "public"):
        assert amara.timeline_is_available(name, with_auth=True) is True


def test_one_has_a_profile_that_one_can_change(story: Story) -> None:
    amara = story.amara
    assert amara.me().username == amara.account_verify_credentials().username == "amara"
    changed = amara.account_update_credentials(
        display_name="Amara A.",
        note="I teach **science**.",
        avatar=_picture(),
        avatar_mime_type="image/png",
        header=_picture(),
        header_mime_type="image/png",
        locked=False,
        discoverable=True,
        indexable=True,
        fields=[("School", "Northfield")],
    )
    assert (changed.display_name, changed.source.note) == ("Amara A.", "I teach **science**.")
    assert changed.fields[0].name == "School"
    assert "/static/" not in changed.avatar
    assert amara.preferences()["posting:default:visibility"] == "public"
    assert "/static/" in amara.account_delete_avatar().avatar
    assert "/static/" in amara.account_delete_header().header
    assert amara.account(amara.me().id).display_name == "Amara A."


def test_people_find_and_follow_each_other_across_servers(story: Story) -> None:
    amara, bruno, chen = story.amara, story.bruno, story.chen
    amara_there = story.id_of(bruno, story.handle("amara", story.alder))
    assert bruno.account_search(story.handle("amara", story.alder), resolve=True)[0].id == amara_there
    assert bruno.account_lookup(story.handle("amara", story.alder)).id == amara_there
    assert [account.id for account in bruno.accounts([amara_there])] == [amara_there]
    assert bruno.search("amara").accounts
    assert bruno.search_v1("amara").accounts
    relation = bruno.account_follow(amara_there, notify=True)
    assert relation.following or relation.requested
    until(lambda: bruno.account_relationships([amara_there])[0].following)
    until(lambda: [one.acct for one in amara.account_followers(amara.me().id)] == [story.handle("bruno", story.birch)])
    assert [one.id for one in bruno.account_following(bruno.me().id)] == [amara_there]
    chen.account_follow(amara.me().id)
    assert chen.account_familiar_followers([amara.me().id])[0].accounts == []
    bruno_here = story.id_of(amara, story.handle("bruno", story.birch))
    assert amara.account_note_set(bruno_here, "Met in spring").note == "Met in spring"
    chen_id = chen.me().id
    amara.account_follow(chen_id)
    assert amara.account_endorse(chen_id).endorsed is True
    assert [one.id for one in amara.endorsements()] == [chen_id]
    assert amara.account_unendorse(chen_id).endorsed is False
    assert amara.account_pin(chen_id).endorsed is True
    assert amara.account_unpin(chen_id).endorsed is False
    assert {one.username for one in chen.directory(local=True)} >= {"amara"}
    for found in (amara.suggestions(), amara.suggestions_v1(), amara.suggestions_v2()):
        assert isinstance(found, list)


def test_posts_are_written_and_arrive_and_change(story: Story) -> None:
    amara, bruno = story.amara, story.bruno
    words = fresh("post")
    picture = amara.media_post(_picture(), "image/png", description="A board", focus=(0.1, -0.2), synchronous=True)
    assert amara.media(picture.id).description == "A board"
    assert amara.media_update(picture.id, description="The board").description == "The board"
    posted = amara.status_post(f"{words} #waiting", media_ids=[picture.id], idempotency_key=words, language="en")
    again = amara.status_post(f"{words} #waiting", media_ids=[picture.id], idempotency_key=words, language="en")
    assert posted.id == again.id
    arrived = until(lambda: _saying(bruno.timeline_home(), words))
    assert arrived.media_attachments[0].description == "The board"
    assert amara.status(posted.id).content == posted.content
    assert [one.id for one in amara.statuses([posted.id])] == [posted.id]
    answer = bruno.status_reply(arrived, f"{words} indeed")
    here = until(lambda: amara.status_context(posted.id).descendants)
    assert words in here[0].content
    assert bruno.status_context(answer.id).ancestors[-1].id == arrived.id
    edited = amara.status_update(
        posted.id,
        f"{words} changed",
        media_attributes=[amara.generate_media_edit_attributes(picture.id, description="Changed board")],
    )
    assert edited.edited_at is not None
    assert amara.status_source(posted.id).text == f"{words} changed"
    assert len(amara.status_history(posted.id)) == 2
    until(lambda: "changed" in bruno.status(arrived.id).content)
    short = amara.toot(fresh("short"))
    gone = amara.status_delete(short.id)
    assert gone.text
    with pytest.raises(MastodonNotFoundError):
        amara.status(short.id)
    card = amara.status_post("See https://example.org/")
    assert amara.status_card(card.id) is not None or card.card is None
    later = datetime.now(UTC) + timedelta(hours=1)
    scheduled = amara.status_post(fresh("later"), scheduled_at=later)
    assert [one.id for one in amara.scheduled_statuses()] == [scheduled.id]
    moved = amara.scheduled_status_update(scheduled.id, later + timedelta(hours=1))
    assert moved.scheduled_at > scheduled.scheduled_at
    assert amara.scheduled_status(scheduled.id).id == scheduled.id
    amara.scheduled_status_delete(scheduled.id)
    assert amara.scheduled_statuses() == []


def test_posts_are_liked_shared_kept_and_pinned(story: Story) -> None:
    amara, bruno = story.amara, story.bruno
    words = fresh("liked")
    posted = amara.status_post(words)
    arrived = until(lambda: _saying(bruno.timeline_home(), words))
    assert bruno.status_favourite(arrived.id).favourited is True
    assert bruno.favourites()[0].id == arrived.id
    until(lambda: [one.username for one in amara.status_favourited_by(posted.id)] == ["bruno"])
    assert bruno.status_unfavourite(arrived.id).favourited is False
    until(lambda: amara.status_favourited_by(posted.id) == [])
    assert bruno.status_reblog(arrived.id).reblog.reblogged is True
    until(lambda: [one.username for one in amara.status_reblogged_by(posted.id)] == ["bruno"])
    assert bruno.status_unreblog(arrived.id).reblogged is False
    until(lambda: amara.status(posted.id).reblogs_count == 0)
    assert bruno.status_bookmark(arrived.id).bookmarked is True
    assert [one.id for one in bruno.bookmarks()] == [arrived.id]
    assert bruno.status_unbookmark(arrived.id).bookmarked is False
    assert bruno.bookmarks() == []
    assert amara.status_pin(posted.id).pinned is True
    assert [one.id for one in amara.account_statuses(amara.me().id, pinned=True)] == [posted.id]
    assert amara.status_unpin(posted.id).pinned is False
    assert amara.status_mute(posted.id).muted is True
    assert amara.status_unmute(posted.id).muted is False


def test_polls_are_voted_in_across_servers(story: Story) -> None:
    amara, bruno = story.amara, story.bruno
    words = fresh("poll")
    posted = amara.status_post(words, poll=amara.make_poll(["Paper", "Blocks"], expires_in=3600, multiple=False))
    arrived = until(lambda: _saying(bruno.timeline_home(), words))
    assert bruno.poll(arrived.poll.id).voted is False
    assert bruno.poll_vote(arrived.poll.id, [1]).own_votes == [1]
    until(lambda: [option.votes_count for option in amara.status(posted.id).poll.options] == [0, 1])
    with pytest.raises(MastodonAPIError):
        bruno.poll_vote(arrived.poll.id, [0])


def test_a_community_elsewhere_is_found_followed_and_written_to(story: Story) -> None:
    amara, bruno = story.amara, story.bruno
    group = story.id_of(bruno, f"science@{story.alder.domain}")
    assert bruno.account(group).group is True
    bruno.account_follow(group)
    until(lambda: bruno.account_relationships([group])[0].following)
    words = fresh("community")
    amara.status_post(f"@science {words}")
    arrived = until(lambda: _saying(bruno.timeline_home(), words))
    assert arrived.peerhall["community"]["acct"] == f"science@{story.alder.domain}"


def test_timelines_and_pages(story: Story) -> None:
    amara = story.amara
    for number in range(5):
        amara.status_post(f"{fresh('page')} {number} #paging")
    for name, found in {
        "home": amara.timeline_home(limit=2),
        "local": amara.timeline_local(limit=2),
        "public": amara.timeline_public(limit=2),
        "tag": amara.timeline_hashtag("paging", limit=2),
        "any": amara.timeline("home", limit=2),
    }.items():
        assert len(found) == 2, name
        older = amara.fetch_next(found)
        assert len(older) == 2, name
        assert older[0].id < found[-1].id, name
        newer = amara.fetch_previous(older)
        assert [one.id for one in newer] == [one.id for one in found], name
        assert amara.get_pagination_info(found, "next") is not None
    page = amara.timeline_hashtag("paging", limit=2)
    assert len(amara.fetch_remaining(page)) == 5
    assert len(list(amara.pagination_iterator(amara.timeline_hashtag("paging", limit=2)))) == 5
    assert len(list(amara.pagination_page_iterator(amara.timeline_hashtag("paging", limit=2)))) >= 3
    assert amara.timeline_link("https://example.org/") == []
    for found in (amara.trends(), amara.trending_tags(), amara.trending_statuses(), amara.trending_links()):
        assert isinstance(found, list)


def test_hashtags_are_followed_and_featured(story: Story) -> None:
    amara, chen = story.amara, story.chen
    assert chen.tag_follow("rare").following is True
    assert [tag.name for tag in chen.followed_tags()] == ["rare"]
    bruno_words = fresh("tagged")
    amara.status_post(f"{bruno_words} #rare")
    until(lambda: _saying(chen.timeline_home(), bruno_words))
    assert chen.tag("rare").following is True
    assert chen.tag_unfollow("rare").following is False
    featured = amara.featured_tag_create("rare")
    assert [tag.name for tag in amara.featured_tags()] == ["rare"]
    assert [tag.name for tag in chen.account_featured_tags(amara.me().id)] == ["rare"]
    amara.featured_tag_delete(featured.id)
    assert amara.featured_tags() == []
    assert isinstance(amara.featured_tag_suggestions(), list)
    assert amara.tag_feature("rare") is not None
    assert amara.tag_unfeature("rare") is not None


def test_lists_hold_people(story: Story) -> None:
    amara, chen = story.amara, story.chen
    amara.account_follow(chen.me().id)
    made = amara.list_create("Science")
    assert [one.id for one in amara.lists()] == [made.id]
    assert amara.list_update(made.id, "Sciences").title == amara.list(made.id).title == "Sciences"
    amara.list_accounts_add(made.id, [chen.me().id])
    assert [one.username for one in amara.list_accounts(made.id)] == ["chen"]
    assert [one.id for one in amara.account_lists(chen.me().id)] == [made.id]
    words = fresh("listed")
    chen.status_post(words)
    until(lambda: _saying(amara.timeline_list(made.id), words))
    amara.list_accounts_delete(made.id, [chen.me().id])
    assert amara.list_accounts(made.id) == []
    amara.list_delete(made.id)
    assert amara.lists() == []


def test_filters_are_applied_by_the_server(story: Story) -> None:
    amara, chen = story.amara, story.chen
    made = chen.create_filter_v2("No rain", ["home", "public"], "warn", keywords_attributes=[{"keyword": "rain"}])
    assert [one.id for one in chen.filters_v2()] == [made.id]
    assert chen.filter_v2(made.id).title == "No rain"
    assert chen.update_filter_v2(made.id, title="No weather").title == "No weather"
    keyword = chen.add_filter_keyword_v2(made.id, "snow", whole_word=True)
    assert len(chen.filter_keywords_v2(made.id)) == 2
    posted = amara.status_post(f"{fresh('weather')} snow")
    assert _saying(chen.timeline_home(), "snow").filtered[0].filter.title == "No weather"
    chen.delete_filter_keyword_v2(keyword.id)
    one = chen.add_filter_status_v2(made.id, posted.id)
    assert chen.filter_statuses_v2(made.id)[0].status_id == posted.id
    assert chen.filter_status_v2(one.id).id == one.id
    chen.delete_filter_status_v2(one.id)
    chen.delete_filter_v2(made.id)
    assert chen.filters_v2() == []
    old = chen.filter_create("hail", ["home"], whole_word=True)
    assert [entry.phrase for entry in chen.filters()] == ["hail"]
    assert chen.filter(old.id).phrase == "hail"
    assert chen.filter_update(old.id, phrase="sleet", context=["home"]).phrase == "sleet"
    chen.filter_delete(old.id)
    assert chen.filters() == []


def test_one_is_told_what_happened(story: Story) -> None:
    amara, bruno, chen = story.amara, story.bruno, story.chen
    words = fresh("told")
    bruno.status_post(f"@{story.handle('amara', story.alder)} {words}")
    told = until(lambda: _about(amara.notifications(types=["mention"]), words))
    assert amara.notifications(id=told.id).id == told.id
    assert amara.notifications_unread_count().count >= 1
    assert amara.unread_grouped_notifications_count() >= 1
    groups = amara.grouped_notifications()
    key = groups.notification_groups[0].group_key
    assert amara.grouped_notification(key).notification_groups[0].group_key == key
    assert amara.grouped_notification_accounts(key)
    amara.dismiss_grouped_notification(key)
    again = fresh("again")
    bruno.status_post(f"@{story.handle('amara', story.alder)} {again}")
    other = until(lambda: _about(amara.notifications(types=["mention"]), again))
    amara.notifications_dismiss(other.id)
    assert _about(amara.notifications(types=["mention"]), again) is None
    assert amara.notifications_policy() is not None
    assert amara.update_notifications_policy(for_new_accounts="accept") is not None
    assert amara.notification_requests() == []
    chen.status_favourite(amara.toot(fresh("like me")).id)
    until(lambda: amara.notifications(types=["favourite"]))
    amara.notifications_clear()
    assert amara.notifications() == []
    last = amara.timeline_home()[0].id
    assert amara.markers_set("home", last).home.last_read_id == str(last)
    assert amara.markers_get(["home"]).home.last_read_id == str(last)


def test_what_is_said_directly_is_a_conversation(story: Story) -> None:
    amara, bruno = story.amara, story.bruno
    words = fresh("direct")
    bruno.status_post(f"@{story.handle('amara', story.alder)} {words}", visibility="direct")
    found = until(lambda: next((one for one in amara.conversations() if words in one.last_status.content), None))
    assert found.unread is True
    assert amara.conversations_read(found.id).unread is False


def test_people_keep_others_away(story: Story) -> None:
    amara, chen = story.amara, story.chen
    chen_id = chen.me().id
    assert amara.account_mute(chen_id, notifications=True, duration=3600).muting is True
    assert [one.id for one in amara.mutes()] == [chen_id]
    words = fresh("muted")
    chen.status_post(words)
    assert _saying(amara.timeline_local(), words) is None
    assert amara.account_unmute(chen_id).muting is False
    assert amara.account_block(chen_id).blocking is True
    assert [one.id for one in amara.blocks()] == [chen_id]
    assert story.id_of(amara, story.handle("chen", story.alder)) == chen_id
    assert amara.account_unblock(chen_id).blocking is False
    amara.account_update_credentials(locked=True)
    assert chen.account_follow(amara.me().id).requested is True
    assert [one.id for one in amara.follow_requests()] == [chen_id]
    assert amara.follow_request_reject(chen_id) is not None
    assert chen.account_relationships([amara.me().id])[0].requested is False
    chen.account_follow(amara.me().id)
    assert amara.follow_request_authorize(chen_id).followed_by is True
    assert amara.account_remove_from_followers(chen_id).followed_by is False
    amara.account_update_credentials(locked=False)
    assert chen.account_follow(amara.me().id).following is True
    assert chen.account_unfollow(amara.me().id).following is False
    posted = chen.toot(fresh("reported"))
    reported = amara.report(chen_id, status_ids=[posted.id], comment="Please look", category="spam")
    assert reported.target_account.id == chen_id
    amara.domain_block("spam.example")
    assert amara.domain_blocks() == ["spam.example"]
    amara.domain_unblock("spam.example")
    assert amara.domain_blocks() == []


@pytest.mark.parametrize("name", ["user", "notifications", "public", "local", "hashtag", "list", "direct"])
def test_streams_tell_within_a_second(story: Story, name: str) -> None:
    amara, bruno, chen = story.amara, story.bruno, story.chen
    heard: list[Any] = []
    listener = CallbackStreamListener(
        update_handler=heard.append, notification_handler=heard.append, conversation_handler=heard.append
    )
    words = fresh("stream")
    bruno_here = story.id_of(amara, story.handle("bruno", story.birch))
    amara.account_follow(bruno_here)
    until(lambda: amara.account_relationships([bruno_here])[0].following)
    made = amara.list_create(words[:40])
    amara.list_accounts_add(made.id, [bruno_here])
    says: dict[str, tuple[Callable[..., Any], Callable[[], Any]]] = {
        "user": (amara.stream_user, lambda: bruno.status_post(words)),
        "notifications": (
            amara.stream_user_notifications,
            lambda: bruno.status_post(f"@{story.handle('amara', story.alder)} {words}"),
        ),
        "public": (amara.stream_public, lambda: bruno.status_post(words)),
        "local": (amara.stream_local, lambda: chen.status_post(words)),
        "hashtag": (
            lambda listener, **more: amara.stream_hashtag("live", listener, **more),
            lambda: bruno.status_post(f"{words} #live"),
        ),
        "list": (
            lambda listener, **more: amara.stream_list(made.id, listener, **more),
            lambda: bruno.status_post(words),
        ),
        "direct": (
            amara.stream_direct,
            lambda: bruno.status_post(f"@{story.handle('amara', story.alder)} {words}", visibility="direct"),
        ),
    }
    listen, say = says[name]
    handle = listen(listener, run_async=True)
    try:
        until(handle.is_alive)
        until(handle.is_receiving)
        say()
        until(lambda: any(words in str(item) for item in heard))
    finally:
        handle.close()
        amara.list_delete(made.id)


def test_pushes_are_subscribed_to(story: Story) -> None:
    chen = story.chen
    with pytest.raises(MastodonNotFoundError):
        chen.push_subscription()
    _, public = Mastodon(
        api_base_url=story.alder.origin, session=session(story.alder)
    ).push_subscription_generate_keys()
    made = chen.push_subscription_set("https://push.example/x", public, follow_events=True, mention_events=True)
    assert made.endpoint == "https://push.example/x"
    assert chen.push_subscription().id == made.id
    assert chen.push_subscription_update(follow_events=False, mention_events=True).alerts.mention is True
    chen.push_subscription_delete()
    with pytest.raises(MastodonNotFoundError):
        chen.push_subscription()


def test_a_token_that_is_given_back_is_no_good(story: Story) -> None:
    client = sign_in(story.alder, "chen", story.called)
    assert client.me().username == "chen"
    token = client.access_token
    client.revoke_access_token()
    again = Mastodon(api_base_url=story.alder.origin, access_token=token, session=session(story.alder))
    with pytest.raises(MastodonUnauthorizedError):
        again.me()


def test_every_method_was_called_or_has_a_reason(story: Story) -> None:
    """The last of this file: whoever runs it alone has called nothing, so it wants the whole file."""
    left = methods() - story.called - set(NOT_SUPPORTED)
    assert sorted(left) == []
    assert sorted(set(NOT_SUPPORTED) - methods()) == []


def _saying(statuses: list[Any], words: str) -> Any:
    return next((status for status in statuses if words in status.content), None)


def _about(notifications: list[Any], words: str) -> Any:
    return next((one for one in notifications if words in one.status.content), None)


def _picture() -> bytes:
    pixels = io.BytesIO()
    Image.new("RGB", (60, 40), "#2f6f5e").save(pixels, "PNG")
    return pixels.getvalue()
