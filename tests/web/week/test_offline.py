"""An app to install: what it says of itself, what may be kept on a device, and what takes it away (O6)."""

import re

from tests.facts import make_community, make_follow, make_member, make_post


async def test_o6_only_practices_and_events_of_this_week_are_kept_and_signing_out_clears_them(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    community = await make_community(here, "carers", visibility="members")
    await make_member(here, community.id, maya.id)
    await make_follow(here, maya.id, tom.id)
    practice = await make_post(here, tom.id, kind="practice", title="Exit tickets")
    talk = await make_post(here, tom.id, kind="discussion", title="Words among us")
    async with fediverse.client(here) as client:
        page = (await client.get("/")).text
        assert "data-keep" not in page
        assert "offline.js" not in page
    async with fediverse.client(here, maya) as client:
        page = (await client.get("/week")).text
        (listed,) = re.findall(r'data-keep="([^"]*)"', page)
        assert f"/p/{practice.short}/tried" in listed.split()
        assert talk.short not in listed
        assert "data-keep" not in (await client.get("/notifications")).text, "no other page keeps anything"
        left = await client.post("/sign-out")
        assert left.headers["clear-site-data"] == '"cache", "storage"'


async def test_o6_s26_the_manifest_and_the_worker_are_ours_alone(fediverse) -> None:
    here = await fediverse.start("alder.example")
    async with fediverse.client(here) as client:
        page = await client.get("/")
        assert "worker-src 'self'" in page.headers["content-security-policy"]
        assert '<link rel="manifest" href="/manifest.webmanifest">' in page.text
        found = await client.get("/manifest.webmanifest")
        assert found.headers["content-type"] == "application/manifest+json"
        said = found.json()
        assert (said["name"], said["start_url"], said["display"]) == ("Alder", "/week", "standalone")
        for icon in said["icons"]:
            assert (await client.get(icon["src"])).headers["content-type"] == "image/png"
        worker = await client.get("/service-worker.js")
        assert worker.headers["content-type"].startswith("text/javascript")
        assert worker.headers["cache-control"] == "no-cache"
        assert worker.headers["content-security-policy"] == "default-src 'none'; connect-src 'self'"
        assert "cache.put" not in worker.text, "it shows what was kept, and keeps nothing"
