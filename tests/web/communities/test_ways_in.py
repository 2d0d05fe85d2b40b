"""What stands where somebody would add to a community that they are not in: never a button that is refused."""

import re

from server.communities import actions as communities
from server.communities.form import CommunityForm
from tests.posting import join
from tests.web.challenges.test_challenge_pages import named, place
from tests.web.ideas.test_idea_pages import had
from tests.web.practices.test_practice_pages import check

ADDING = re.compile(r'href="([^"]*(?:/c/science/new|/practices/new\?answers)[^"]*)"')


async def test_a3_nobody_is_led_to_adding_where_they_may_not(fediverse) -> None:
    here, maya, tom, group = await place(fediverse)
    ada = await fediverse.person(here, "ada", role="admin")
    challenge = await named(fediverse, here, maya)
    idea = await had(fediverse, here, maya)
    for person in (maya, tom, ada):
        async with fediverse.client(here, person) as client:
            assert (await client.post(f"/p/{idea[-8:]}/useful")).status_code == 303
    pages = ["/c/science/library", challenge, idea]

    async def offered(person) -> list[tuple[int, bool]]:
        """Of each page: how many ways to add something it has, all of them open, and whether it says to join."""
        found = []
        async with fediverse.client(here, person) as client:
            for page in pages:
                shown = (await client.get(page)).text
                check(shown)
                main = shown.partition("<main")[2].partition("</main>")[0]
                ways = [way.replace("&amp;", "&") for way in ADDING.findall(main)]
                for way in ways:
                    assert (await client.get(way)).status_code == 200, (page, way)
                found.append((len(ways), 'href="/c/science">Join to add something' in main))
        return found

    assert await offered(None) == [(0, False)] * 3
    assert await offered(ada) == [(0, True), (0, True), (0, True)]
    assert await offered(tom) == [(0, True), (0, True), (0, False)]
    assert await offered(maya) == [(2, False), (2, False), (1, False)]

    # A member who has not accepted the guidelines is led to them, and who was let in nowhere to nothing.
    await join(tom, group)
    await maya.do(communities.set_guidelines, group.id, "1. Be kind.")
    async with fediverse.client(here, tom) as client:
        for page in pages[:2]:
            assert (
                'href="/c/science/guidelines">Accept the guidelines to add something' in (await client.get(page)).text
            )
    await maya.do(
        communities.edit_community,
        group.id,
        CommunityForm(name="Science", purpose="Try.", slug="science", join_policy="invite"),
    )
    assert await offered(ada) == [(0, False)] * 3
