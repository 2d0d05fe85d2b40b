"""`/health`: what a proxy looks at."""

import httpx

from server.asgi import create_app


async def test_r7_a_process_that_is_about_to_end_says_so(fediverse):
    here = await fediverse.start("alder.example")
    process = httpx.ASGITransport(create_app(here, work=False))
    async with httpx.AsyncClient(transport=process, base_url=here.settings.origin) as client:
        assert (await client.get("/health")).status_code == 200
        here.leaving.set()
        answer = await client.get("/health")
        assert (answer.status_code, answer.json()) == (503, {"status": "leaving"})
        assert (await client.get("/", follow_redirects=True)).status_code == 200, "and goes on answering"
