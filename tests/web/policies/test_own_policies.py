"""What an organisation says about privacy, acceptable use and accessibility (N15)."""

from server.accounts import policies
from tests.conftest import Fediverse
from web.admin.policies import DRAFTS
from web.i18n import languages


async def test_n15_policies_are_drafted_written_and_read_by_everybody(fediverse: Fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    ana = await fediverse.person(here, "ana", role="admin")
    async with fediverse.client(here, maya) as browser:
        assert "have not written this yet" in (await browser.get("/acceptable-use")).text
        assert (await browser.get("/admin/policies/acceptable-use")).status_code == 404
        assert (await browser.post("/admin/policies/acceptable-use", data={"text": "Mine"})).status_code == 404
    async with fediverse.client(here, ana) as browser:
        assert (await browser.get("/admin/policies/wishes")).status_code == 404
        drafted = await browser.get("/admin/policies/acceptable-use?draft=yes")
        assert "Sharing how we teach and learn" in drafted.text
        long = "x" * (policies.MOST_LETTERS + 1)
        refused = await browser.post("/admin/policies/acceptable-use", data={"text": long})
        assert refused.status_code == 422
        assert long[:-1] in refused.text, "nothing that was typed is lost"
        written = {"text": "## For teaching\n<script>alert(1)</script>"}
        assert (await browser.post("/admin/policies/acceptable-use", data=written)).status_code == 303
        listed = (await browser.get("/admin/policies")).text
        assert listed.count("Begin with the draft") == 2
        assert "changed this server" in (await browser.get("/admin/audit")).text
    async with fediverse.client(here) as browser:
        page = (await browser.get("/acceptable-use")).text
        assert "For teaching</h" in page
        assert "<script>alert" not in page
        assert "No advertising" in (await browser.get("/privacy")).text, "what is true of every Peerhall stands there"
        assert "screen reader" in (await browser.get("/accessibility")).text


def test_n15_there_is_a_draft_of_each_in_every_language() -> None:
    for language in languages():
        for kind in policies.KINDS:
            assert "[" in (DRAFTS / language / f"{kind}.md").read_text(encoding="utf-8")
