"""The directory of communities that the instance actor points at."""

from server.communities.actions import create_community
from server.communities.form import CommunityForm
from tests.conftest import Fediverse


async def test_s15_the_directory_names_public_communities_alone(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    amara = await fediverse.person(here, "amara")
    public = await amara.do(create_community, CommunityForm(name="Open", purpose="For all.", slug="open"))
    for slug, visibility in (("inside", "members"), ("house", "instance")):
        await amara.do(
            create_community,
            CommunityForm(name=slug, purpose="For us.", slug=slug, visibility=visibility, join_policy="apply"),
        )
    async with fediverse.client(here) as client:
        actor = (await client.get("/ap/actor", headers={"accept": "application/activity+json"})).json()
        answer = await client.get(actor["communities"], headers={"accept": "application/activity+json"})
    assert answer.status_code == 200
    assert answer.json()["type"] == "OrderedCollection"
    assert answer.json()["orderedItems"] == [public.uri]
