"""Pages of thanks and celebrations, without JavaScript (K1, K2)."""

from server.practices import actions as practices
from server.practices.form import PracticeForm
from tests.web.practices.test_practice_pages import check, place

PRACTICE = PracticeForm(title="Names first", steps=("Say your name.",), would_change="Badges.", licence="CC-BY-4.0")
NEW = {
    "kind": "thanks",
    "title": "For September",
    "content": "It *saved* me.",
    "language": "en",
    "visibility": "public",
}


async def test_k2_a_form_that_is_refused_keeps_what_was_typed_and_a_whole_one_thanks(fediverse):
    here, maya, tom, _science = await place(fediverse)
    act = await tom.do(practices.share, PRACTICE)
    async with fediverse.client(here) as client:
        for path in ("/thanks/new", "/settings/thanks"):
            assert (await client.get(path)).status_code == 303
    async with fediverse.client(here, maya) as client:
        assert (await client.get("/thanks/new?kind=praise")).status_code == 404
        assert (await client.get("/thanks/new?for=nothing1")).status_code == 404
        page = await client.get(act.url)
        assert f"/thanks/new?kind=thanks&amp;for={act.short}" in page.text
        form = await client.get(f"/thanks/new?kind=thanks&for={act.short}")
        check(form.text)
        assert 'value="@tom"' in form.text
        assert f"/p/{act.short}" in form.text
        for change in ({"act": "https://nowhere.example/x"}, {"people": "@nobody-here"}, {"title": ""}):
            sent = {**NEW, "people": "@tom", "act": here.url(f"/p/{act.short}"), **change}
            refused = await client.post("/thanks/new", data=sent)
            assert refused.status_code == 422
            check(refused.text)
            assert "It *saved* me." in refused.text
            assert f'href="#f-{next(iter(change))}"' in refused.text
        said = await client.post("/thanks/new", data={**NEW, "people": "@tom", "act": here.url(f"/p/{act.short}")})
        assert said.status_code == 303
        shown = await client.get(said.headers["location"])
        check(shown.text)
        assert f'href="{act.url.removeprefix(here.settings.origin)}">Names first</a>' in shown.text
        assert "<em>saved</em>" in shown.text
        address = said.headers["location"]
        edit = await client.get(f"{address}/edit")
        check(edit.text)
        assert "It *saved* me." in edit.text
        saved = await client.post(f"{address}/edit", data={**NEW, "people": "@tom", "content": "It saved my year."})
        assert saved.status_code == 303
        assert "It saved my year." in (await client.get(address)).text
        check((await client.get("/thanks/new?kind=celebration&community=science")).text)
        party = {**NEW, "kind": "celebration", "title": "We did it", "community": "science"}
        assert (await client.post("/thanks/new", data=party)).status_code == 303
        assert "We did it" in (await client.get("/c/science")).text
    async with fediverse.client(here, tom) as client:
        assert (await client.get(f"{address}/edit")).status_code == 403
        check((await client.get("/settings/thanks")).text)
        assert (await client.post("/settings/thanks", data={})).status_code == 303
        assert " checked" not in (await client.get("/settings/thanks")).text
    async with fediverse.client(here, maya) as client:
        refused = await client.post("/thanks/new", data={**NEW, "people": "@tom", "act": here.url(f"/p/{act.short}")})
        assert "does not want to be named" in refused.text
