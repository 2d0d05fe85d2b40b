"""By what people are found: what one may ask them about, and what their practices are about (C19)."""

from dataclasses import replace

from server.needs import actions
from server.needs.actions import CardForm
from server.practices import actions as practices
from server.practices.form import PracticeForm
from server.search.queries import search_actors


async def test_c19_people_are_found_by_their_words_and_practices_and_not_by_what_they_keep_to_themselves(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    await maya.do(actions.answer, CardForm(teaches="astronomy", ask_me_about="pottery", stuck_with="marking"))
    form = PracticeForm(title="Names", subject="Botany", steps=("Say it.",), would_change="No.", licence="CC-BY-4.0")
    await maya.do(practices.share, replace(form, subject="Secrets", visibility="instance"))
    shared = await maya.do(practices.share, form)
    await fediverse.settle()

    async def found(words: str) -> list[str]:
        return [person.handle for person in (await here.run(search_actors, here, words, kind="Person")).actors]

    assert [await found(words) for words in ("astronomy", "marking", "secrets")] == [[], [], []]
    assert [await found(words) for words in ("pottery", "botany")] == [["@maya"], ["@maya"]]
    await maya.do(practices.withdraw, shared.id)
    await fediverse.settle()
    assert await found("botany") == []
