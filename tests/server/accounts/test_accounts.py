"""Accounts: joining, signing in, and who may do what. Refusals first."""

import dataclasses
import re

import pytest

from server.accounts import actions as accounts
from server.accounts import passwords, queries, site, throttle
from server.accounts.actions import SignInRefused, SignUp
from server.accounts.models import Account, Invitation, MailToken, Session
from server.actors import queries as actors
from server.errors import Invalid, NotAllowed, NotFound
from server.mailer import Mailer
from tests.conftest import PASSWORD

GOOD = "seven purple elephants"
MAIL = {"smtp_url": "smtp://mail.example"}


async def with_mail(fediverse, **settings):
    """An instance that has mail set up; what it sends is kept in `here.mailer.logged`."""
    here = await fediverse.start("alder.example", **(MAIL | settings))
    here.mailer = Mailer("", here.settings.domain, here.site.name)
    return here


async def link_in_mail(fediverse, here, kind):
    """The token of the last link of this kind."""
    await fediverse.settle()
    return re.findall(rf"/{kind}/([\w-]+)", here.mailer.logged[-1].text)[-1]


async def row(here, model, **filters):
    async def get():
        return await model.get(**filters)

    return await here.run(get)


@pytest.mark.parametrize(
    "password", ["", "short", "aaaaaaaaaaaaaaaa", "1234567890", "Password123", "maya maya maya", "x" * 300]
)
def test_s35_easily_guessed_passwords_are_refused(password):
    with pytest.raises(Invalid):
        passwords.check_password(password, personal=("maya",))


async def test_s35_passwords_and_tokens_are_not_stored_readably(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    account = await row(here, Account, actor_id=maya.id)
    assert account.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    session = await row(here, Session, account_id=account.id)
    assert maya.token not in (session.token_hash, session.id)
    ana = await fediverse.person(here, "ana", role="admin")
    token = await ana.do(accounts.invite)
    assert (await row(here, Invitation)).token_hash != token


async def test_s32_the_same_words_for_every_reason_not_to_sign_in(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    ana = await fediverse.person(here, "ana", role="admin")
    messages = set()
    await here.run(accounts.suspend_account, here, maya.viewer.account_id, by=ana.viewer.handle)
    for name, password in (
        ("maya", PASSWORD),
        ("ana", "wrong"),
        ("nobody", "x"),
        ("", ""),
        ("ana@example.org", "\x00"),
    ):
        with pytest.raises(SignInRefused) as refusal:
            await here.run(accounts.sign_in, here, name, password)
        messages.add(refusal.value.message)
    assert len(messages) == 1


async def test_s32_guessing_is_slowed_down_without_locking_the_owner_out(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    device = throttle.device_cookie(here, maya.viewer.account_id)
    for _ in range(throttle.PER_PAIR):
        with pytest.raises(SignInRefused):
            await here.run(accounts.sign_in, here, "maya", "guess", address="192.0.2.1")
    with pytest.raises(throttle.TooMany) as late:
        await here.run(accounts.sign_in, here, "maya", PASSWORD, address="192.0.2.1")
    assert late.value.retry_after > 0
    await here.run(accounts.sign_in, here, "maya", PASSWORD, address="198.51.100.7")
    await here.run(accounts.sign_in, here, "maya", PASSWORD, address="192.0.2.1", device=device)
    with pytest.raises(throttle.TooMany):
        await here.run(accounts.sign_in, here, "maya", PASSWORD, address="192.0.2.1", device=device + "x")
    fediverse.clock.advance(16 * 60)
    await here.run(accounts.sign_in, here, "maya", PASSWORD, address="192.0.2.1")


def test_s32_one_customer_is_one_address():
    assert throttle.network_of("2001:db8::1") == throttle.network_of("2001:db8::ffff")
    assert throttle.network_of("2001:db8:0:1::1") != throttle.network_of("2001:db8::1")
    assert throttle.network_of("192.0.2.1") != throttle.network_of("192.0.2.2")


@pytest.mark.parametrize("mode", ["invite", "closed"])
async def test_s28_nobody_joins_a_server_that_does_not_let_them(fediverse, mode):
    here = await fediverse.start("alder.example", registration=mode)
    for invitation in ("", "made-up"):
        with pytest.raises(NotAllowed):
            await here.run(accounts.sign_up, here, SignUp(name="maya", password=GOOD, invitation=invitation))
    assert await here.run(actors.actor_by_handle, here, "maya") is None


async def test_a_wrong_form_names_every_field(fediverse):
    here = await fediverse.start("alder.example")
    with pytest.raises(Invalid) as refusal:
        await here.run(accounts.sign_up, here, SignUp(name="M A", password="x", email="nonsense"))
    assert {error["field"] for error in refusal.value.errors} == {"username", "password", "email"}


async def test_an_invitation_is_for_so_many_and_no_more(fediverse):
    here = await fediverse.start("alder.example", registration="invite")
    ana = await fediverse.person(here, "ana", role="admin")
    token = await ana.do(accounts.invite, max_uses=1)
    account = await here.run(accounts.sign_up, here, SignUp(name="maya", password=GOOD, invitation=token))
    assert (account.state, account.role) == ("active", "member")
    with pytest.raises(NotAllowed):
        await here.run(accounts.sign_up, here, SignUp(name="lin", password=GOOD, invitation=token))
    late = await ana.do(accounts.invite, days=1)
    fediverse.clock.advance(25 * 3600)
    assert await here.run(accounts.find_invitation, here, late) is None


async def test_s28_only_admins_invite_and_change_roles(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    steward = await fediverse.person(here, "stewart", role="steward")
    for person in (maya, steward):
        with pytest.raises(NotAllowed):
            await person.do(accounts.invite)
        with pytest.raises(NotAllowed):
            await person.do(accounts.set_role, person.viewer.account_id, "admin")


async def test_the_last_admin_stays(fediverse):
    here = await fediverse.start("alder.example")
    ana = await fediverse.person(here, "ana", role="admin")
    for action, arguments in (
        (accounts.set_role, (ana.viewer, ana.viewer.account_id, "member")),
        (accounts.suspend_account, (ana.viewer.account_id,)),
        (accounts.delete_account, (ana.viewer.account_id,)),
    ):
        with pytest.raises(Invalid):
            keywords = {} if action is accounts.set_role else {"by": "@ana"}
            await here.run(action, here, *arguments, **keywords)
    assert await here.run(accounts.viewer_for_token, here, ana.token) is not None


async def test_s32_signing_up_with_a_known_address_tells_its_owner_only(fediverse):
    here = await with_mail(fediverse)
    await fediverse.person(here, "maya", email="maya@school.example")
    form = SignUp(name="another", password=GOOD, email="Maya@School.example")
    assert await here.run(accounts.sign_up, here, form) is None
    await fediverse.settle()
    assert "already" in here.mailer.logged[-1].text
    assert here.mailer.logged[-1].to == "maya@school.example"
    assert await here.run(actors.actor_by_handle, here, "another") is None


async def test_an_address_is_confirmed_before_anybody_sees_the_account(fediverse):
    here = await with_mail(fediverse)
    account = await here.run(accounts.sign_up, here, SignUp(name="maya", password=GOOD, email="m@school.example"))
    assert account.state == "unconfirmed"
    assert await here.run(actors.person_by_handle, here, "maya") is None
    assert await here.run(actors.webfinger_subject, here, "acct:maya@alder.example") is None
    with pytest.raises(SignInRefused):
        await here.run(accounts.sign_in, here, "maya", GOOD)
    token = await link_in_mail(fediverse, here, "confirm")
    with pytest.raises(NotFound):
        await here.run(accounts.reset_password, here, token, GOOD)
    await here.run(accounts.confirm_email, here, token)
    _, viewer = await here.run(accounts.sign_in, here, "m@school.example", GOOD)
    assert viewer.handle == "@maya"
    with pytest.raises(NotFound):
        await here.run(accounts.confirm_email, here, token)


async def test_who_is_not_confirmed_in_a_week_is_forgotten(fediverse):
    here = await with_mail(fediverse)
    await here.run(accounts.sign_up, here, SignUp(name="maya", password=GOOD, email="m@school.example"))
    fediverse.clock.advance(8 * 86400)
    await here.run(accounts.prune, here)
    account = await here.run(accounts.sign_up, here, SignUp(name="maya", password=GOOD, email="m@school.example"))
    assert account.state == "unconfirmed"


async def test_approval_lets_in_or_deletes(fediverse):
    here = await fediverse.start("alder.example", registration="approval")
    ana = await fediverse.person(here, "ana", role="admin")
    with pytest.raises(Invalid):
        await here.run(accounts.sign_up, here, SignUp(name="maya", password=GOOD))
    why = "I teach science at the next school."
    for name in ("maya", "lin"):
        await here.run(accounts.sign_up, here, SignUp(name=name, password=GOOD, why_join=why))
    first, second = await here.run(queries.waiting, here)
    await ana.do(accounts.approve, first.id)
    await ana.do(accounts.decline, second.id)
    await here.run(accounts.sign_in, here, first.person.handle, GOOD)
    assert await here.run(actors.person_by_handle, here, second.person.handle) is None
    with pytest.raises(NotFound):
        await ana.do(accounts.approve, second.id)


async def test_s32_a_reset_link_works_once_for_a_while_and_ends_sessions(fediverse):
    here = await with_mail(fediverse)
    maya = await fediverse.person(here, "maya", email="m@school.example")
    await here.run(accounts.request_reset, here, "nobody@school.example")
    await here.run(accounts.request_reset, here, "m@school.example")
    first = await link_in_mail(fediverse, here, "reset")
    assert len(here.mailer.logged) == 1
    await here.run(accounts.request_reset, here, "maya")
    token = await link_in_mail(fediverse, here, "reset")
    with pytest.raises(NotFound):
        await here.run(accounts.peek, here, first, "reset")
    with pytest.raises(NotFound):
        await here.run(accounts.confirm_email, here, token)
    with pytest.raises(Invalid):
        await here.run(accounts.reset_password, here, token, "short")
    await here.run(accounts.reset_password, here, token, GOOD)
    assert await here.run(accounts.viewer_for_token, here, maya.token) is None
    with pytest.raises(NotFound):
        await here.run(accounts.reset_password, here, token, GOOD)
    await here.run(accounts.request_reset, here, "maya")
    late = await link_in_mail(fediverse, here, "reset")
    assert (await row(here, MailToken)).token_hash not in late
    fediverse.clock.advance(2 * 3600 + 1)
    with pytest.raises(NotFound):
        await here.run(accounts.reset_password, here, late, GOOD)


async def test_s29_revoked_means_now(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    ana = await fediverse.person(here, "ana", role="admin")
    other = await fediverse.as_person(here, maya.id)
    await maya.do(accounts.end_session, other.viewer.session_id)
    assert await here.run(accounts.viewer_for_token, here, other.token) is None
    await maya.do(accounts.change_password, PASSWORD, GOOD)
    assert await here.run(accounts.viewer_for_token, here, maya.token) is not None
    await here.run(accounts.suspend_account, here, maya.viewer.account_id, by=ana.viewer.handle)
    assert await here.run(accounts.viewer_for_token, here, maya.token) is None
    fediverse.clock.advance(61 * 86400)
    assert await here.run(accounts.viewer_for_token, here, ana.token) is None


async def test_s30_nobody_ends_or_removes_what_is_anothers(fediverse):
    here = await fediverse.start("alder.example")
    maya, lin = await fediverse.person(here, "maya"), await fediverse.person(here, "lin")
    context = await maya.do(accounts.save_context, accounts.NewContext(label="Year 8", group_size=28))
    with pytest.raises(NotFound):
        await lin.do(accounts.end_session, maya.viewer.session_id)
    with pytest.raises(NotFound):
        await lin.do(accounts.delete_context, context)
    assert [item.label for item in await maya.do(queries.contexts)] == ["Year 8"]
    assert await lin.do(queries.contexts) == []
    forged = dataclasses.replace(lin.viewer, account_id=None)
    with pytest.raises(NotAllowed):
        await here.run(accounts.save_context, here, forged, accounts.NewContext(label="x"))


async def test_s28_deleting_oneself_needs_a_fresh_proof_and_is_complete(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    for until in (None, fediverse.clock.now()):
        with pytest.raises(accounts.ProofNeeded):
            await here.run(accounts.delete_own_account, here, dataclasses.replace(maya.viewer, proven_until=until))
    await maya.do(accounts.delete_own_account)
    for table in ("account", "session", "saved_context", "mail_token"):
        assert await here.run(here.db.value, f"SELECT count(*) AS n FROM {table}") == 0
    assert (await here.run(actors.person_by_handle, here, "maya")).is_deleted


async def test_new_guidelines_are_accepted_anew(fediverse):
    here = await fediverse.start("alder.example")
    maya = await fediverse.person(here, "maya")
    await here.run(site.save, here, "@ana", {"guidelines": "Be *kind*."})
    assert here.site.guidelines_html == "<p>Be <em>kind</em>.</p>"
    assert not await maya.do(queries.accepted_guidelines)
    answers = {"teaches": "science", "stuck_with": "", "ask_me_about": "labs"}
    with pytest.raises(Invalid):
        await maya.do(accounts.finish_first_visit, **answers, accepts_guidelines=False)
    await maya.do(accounts.finish_first_visit, **answers, accepts_guidelines=True)
    assert await maya.do(queries.accepted_guidelines)
    assert await here.run(queries.ask_me_about, here, maya.id) == "labs"
    with pytest.raises(Invalid):
        await here.run(site.save, here, "@ana", {"accent": "red", "name": " "})
