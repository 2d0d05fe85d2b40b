"""How Mastodon, GoToSocial and Lemmy show posts of ours: a test for each of their rules."""

import pytest

from server.practices.elsewhere import seen_elsewhere
from server.practices.mastodon import as_on_mastodon
from tests.posting import community, document, reply, write


def article(**more):
    """An Article as we send it."""
    return {
        "type": "Article", "name": "Exit tickets", "summary": "<p>Three questions</p>",
        "content": "<p>The whole text</p>",
        "url": "https://hall.example/p/1", "id": "https://hall.example/ap/p/1", "attachment": [],
    } | more  # fmt: skip


def note(content="<p>Hello</p>", **more):
    """A Note as we send it."""
    return {"type": "Note", "content": content, "attachment": []} | more


@pytest.mark.parametrize("kind", ["Article", "Page", "Event", "Image", "Audio", "Video"])
def test_what_has_a_title_is_title_excerpt_and_link(kind):
    seen = as_on_mastodon(article(type=kind))
    assert seen.html == (
        "<p><strong>Exit tickets</strong></p><p>Three questions</p>"
        '<p><a href="https://hall.example/p/1">https://hall.example/p/1</a></p>'
    )
    assert seen.warning == ""


def test_a_note_is_its_content_under_its_summary():
    seen = as_on_mastodon(note(summary="about bereavement", name="ignored"))
    assert (seen.warning, seen.html) == ("about bereavement", "<p>Hello</p>")


@pytest.mark.parametrize("level", range(1, 7))
def test_headings_are_bold_paragraphs(level):
    assert as_on_mastodon(note(f"<h{level}>Steps</h{level}>")).html == "<p><strong>Steps</strong></p>"


def test_lists_quotes_code_and_ruby_stay():
    html = '<ul><li>a</li></ul><ol start="3"><li>b</li></ol><blockquote>c</blockquote><pre><code>d</code></pre>'
    html += "<ruby>e</ruby>"
    assert as_on_mastodon(note(html)).html == html


def test_pictures_in_the_text_and_foreign_elements_go():
    html = as_on_mastodon(
        note('<p>a<img src="https://x.example/a.png"></p><table><tr><td>b</td></tr></table><sub>c</sub>')
    ).html
    assert "<img" not in html
    assert "<table" not in html
    assert "<sub" not in html


def test_known_classes_stay_and_others_go():
    html = as_on_mastodon(
        note('<p class="quote-inline">RE</p><a class="mention composer" href="https://x.example">x</a>')
    ).html
    assert 'class="quote-inline"' in html
    assert 'class="mention"' in html


def test_links_of_other_kinds_are_words():
    assert "href" not in as_on_mastodon(note('<a href="javascript:x">x</a>')).html


@pytest.mark.parametrize(("display", "sign"), [("", "$"), (' display="block"', "$$")])
def test_formulas_are_tex_between_dollar_signs(display, sign):
    tex = '<annotation encoding="application/x-tex">x^2</annotation>'
    math = f"<math{display}><semantics><mi>x</mi>{tex}</semantics></math>"
    assert as_on_mastodon(note(f"<p>{math}</p>")).html == f"<p>{sign}x^2{sign}</p>"


def test_four_files_fit_and_links_make_a_card():
    files = [
        {"type": "Document", "mediaType": "image/png", "url": f"https://x.example/{n}", "name": f"{n}"}
        for n in range(6)
    ]
    link = {"type": "Link", "mediaType": "text/html", "href": "https://x.example/page"}
    seen = as_on_mastodon(note(attachment=[link, *files]))
    assert [item["alt"] for item in seen.pictures] == ["0", "1", "2", "3"]
    assert (seen.left_out, seen.card) == (2, "https://x.example/page")


def test_a_poll_shows_its_options():
    seen = as_on_mastodon(
        note(type="Question", oneOf=[{"type": "Note", "name": "Games"}, {"type": "Note", "name": "Recipes"}])
    )
    assert (seen.html, seen.options) == ("<p>Hello</p>", ("Games", "Recipes"))


def test_sensitive_pictures_are_covered():
    picture = {"type": "Image", "mediaType": "image/png", "url": "https://x.example/a.png"}
    assert as_on_mastodon(note(sensitive=True, attachment=[picture])).sensitive
    assert not as_on_mastodon(note(sensitive=True)).sensitive


def test_gotosocial_shows_the_whole_text_under_the_excerpt_or_the_title():
    seen = seen_elsewhere(article())[0]
    assert (seen.warning, seen.html) == ("Three questions", "<p>The whole text</p>")
    assert seen_elsewhere(article(summary=""))[0].warning == "Exit tickets"


def test_lemmy_makes_posts_and_comments_and_takes_no_polls():
    post = seen_elsewhere(article())[1]
    assert (post.title, post.html) == ("Exit tickets", "<p>The whole text</p>")
    assert seen_elsewhere(note(inReplyTo="https://x.example/1"))[1].title == ""
    assert seen_elsewhere(note(audience="https://x.example/c/1"))[1].title == "Hello"
    assert "no polls" in seen_elsewhere(note(type="Question"))[1].refused
    assert "in a community" in seen_elsewhere(note())[1].refused


async def test_each_kind_of_post_as_we_really_send_it(fediverse):
    maya = await fediverse.person(await fediverse.start("hall.example"), "maya")
    group = await community(maya)
    for kind in ("practice", "discussion", "ask", "resource", "tip", "reply"):
        if kind == "reply":
            post = await reply(maya, await write(maya), "I agree")
        else:
            title = "" if kind == "tip" else "A title"
            post = await write(maya, "## Steps\n\n- one", kind=kind, title=title, community_id=group.id)
        _, sent, _ = await document(fediverse, maya.here, post.uri)
        seen = as_on_mastodon(sent)
        titled = kind not in {"tip", "reply"}
        assert ("<strong>A title</strong>" in seen.html) == titled, kind
        assert (sent["url"] in seen.html) == titled, kind
        assert titled or ("<strong>Steps</strong>" if kind == "tip" else "I agree") in seen.html
