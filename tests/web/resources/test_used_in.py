"""Resources name what uses them, wherever that was written (C12)."""

from dataclasses import replace

from server.posts import actions as posts
from server.practices import actions as practices
from server.practices.form import Material
from server.resources import actions as resources
from server.resources.form import ResourceForm
from server.sessions import actions as sessions
from tests.counting import statements
from tests.journeys.test_ideas_across_servers import EVENT
from tests.journeys.test_tried_across_servers import PRACTICE
from tests.posting import community, follow, found, join
from tests.web.practices.test_practice_pages import check
from tests.web.test_costs import MOST_STATEMENTS

CARDS = ResourceForm(
    resource_type="link", title="Role cards", text="Eight.", link="https://example.org/cards", nobody_identifiable=True
)


async def test_c12_a_resource_names_the_practices_and_events_that_link_to_it(fediverse):
    alder, birch = await fediverse.start("alder.example"), await fediverse.start("birch.example")
    maya, tom = await fediverse.person(alder, "maya"), await fediverse.person(birch, "tom")
    group = await community(maya)
    await join(tom, group)
    await follow(maya, tom)
    await fediverse.settle()
    cards = await maya.do(resources.add_resource, replace(CARDS, community_id=group.id))
    await fediverse.settle()
    there = await found(birch, cards.uri)

    using = replace(
        PRACTICE, title="Uses the cards", materials=(Material(f"https://birch.example/p/{there.short}", "Cards"),)
    )
    far = await tom.do(practices.share, replace(using, materials=(Material(cards.url, "Cards"),)))
    near = await tom.do(practices.share, replace(using, title="Uses them by our page"))
    await maya.do(practices.share, replace(PRACTICE, title="Uses others", materials=(Material(group.url, "Us"),)))
    hidden = replace(PRACTICE, title="For few", visibility="instance", steps=(f"See {cards.url}",))
    await maya.do(practices.share, hidden)
    event = replace(EVENT, text=f"Bring [the cards]({cards.url}).", community_id=group.id)
    await maya.do(sessions.publish_event, event)
    await fediverse.settle()
    async with fediverse.client(alder) as client:
        with alder.db.bind(), statements(alder) as log:
            page = (await client.get(cards.url)).text
        assert len(log) <= MOST_STATEMENTS
        check(page)
        said = page.partition('id="used-title"')[2].partition("</section>")[0]
        assert "Uses the cards" in said
        assert ">Visits</a>" in said
        assert "by our page" not in said  # that address says nothing here
        assert "Uses others" not in page
        assert "For few" not in page
    async with fediverse.client(birch, tom) as client:
        said = (await client.get(f"/p/{there.short}", follow_redirects=True)).text.partition('id="used-title"')[2]
        assert "Uses them by our page" in said
        assert "Uses the cards" in said
    await tom.do(practices.revise, far.id, replace(using, materials=()), "Without")
    await tom.do(posts.delete_post, near.id)
    await fediverse.settle()
    async with fediverse.client(birch, tom) as client:
        page = (await client.get(f"/p/{there.short}", follow_redirects=True)).text
    assert "Uses them by our page" not in page
    assert "Uses the cards" not in page
