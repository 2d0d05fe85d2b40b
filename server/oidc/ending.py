"""When the provider no longer lets somebody in: found at the next sign-in, and asked for at night.

What can be known depends on the provider. With a refresh token it answers at night, and a refusal ends sessions and
tokens at once and suspends the account; the next sign-in there brings it back. Without one nothing can be asked, so
that those who have no password here have to sign in anew after a week.
"""

from datetime import timedelta

from server.accounts import actions as accounts
from server.accounts.models import Account
from server.audit import actions as audit
from server.instance import Instance
from server.oauth import actions as oauth
from server.oidc import policy, provider
from server.oidc.errors import Away, NotVerified
from server.oidc.flow import seal, unseal
from server.oidc.models import OidcIdentity

BY = "oidc"
ASK = "oidc.ask"
ASK_EVERY = timedelta(hours=20)
AT_ONCE = 30
UNASKED_LIFE = timedelta(days=7)
"""So long somebody stays signed in whom we cannot ask about, and who has no password here."""
REFUSED = "The sign-in service gives no answer about them any more. Signing in there brings the account back."
MOST_REFUSED = 5
"""More than so many in one go, and more than half of those who were asked about: rather the provider's doing."""


async def end(here: Instance, identity: OidcIdentity, why: str) -> None:
    """Sign somebody out everywhere, and suspend their account; the only admin keeps it, and the log says so."""
    account = await Account.get(id=identity.account_id).prefetch_related("actor")
    async with here.db.transaction():
        await _sign_out(here, account)
        identity.refresh_sealed = None
        await identity.save(update_fields=["refresh_sealed"])
        if account.state != "active":  # whom an admin suspended, the provider does not let back in
            return
        if await _is_only_admin(here, account):  # an organisation without an admin could not be helped by anybody
            await audit.record(here, by=BY, action="oidc.kept", subject=f"@{account.actor.username}")
        else:
            await accounts.suspend_account(here, account.id, by=BY, reason=why)
        identity.ended_at, identity.ended_why = identity.ended_at or here.clock.now(), why[:300]
        await identity.save(update_fields=["ended_at", "ended_why"])


async def let_back(here: Instance, identity: OidcIdentity, account: Account, *, refresh: str) -> None:
    """They signed in there, and may: what ended because they might not, is as it was."""
    now, was_ended = here.clock.now(), identity.ended_at is not None
    identity.seen_at = identity.asked_at = identity.answered_at = now
    identity.ended_at, identity.ended_why = None, ""
    if refresh:
        identity.refresh_sealed = seal(here, refresh)
    async with here.db.transaction():
        await identity.save()
        if was_ended and account.state == "suspended":
            await accounts.unsuspend_account(here, account.id, by=BY)


async def set_role(here: Instance, account: Account, role: str) -> None:
    """Give somebody the role that the provider says; the only admin stays one, and the log says so."""
    if account.role == role:
        return
    await account.fetch_related("actor")
    async with here.db.transaction():
        handle, before = f"@{account.actor.username}", account.role
        if await _is_only_admin(here, account):
            await audit.record(here, by=BY, action="oidc.kept", subject=handle)
            return
        account.role = role
        await account.save(update_fields=["role"])
        await audit.record(here, by=BY, action="account.role", subject=handle, detail={"before": before, "after": role})


async def nightly(here: Instance, _: object) -> None:
    """Begin to ask about everybody."""
    if here.settings.oidc_issuer:
        await here.jobs.enqueue(ASK, None, unique=ASK)


async def ask_about_some(here: Instance, _: object) -> None:
    """Ask about those whom we asked about longest ago, and go on with the rest later. Bears being run twice."""
    now = here.clock.now()
    some = (
        await OidcIdentity.filter(
            issuer=here.settings.oidc_issuer, asked_at__lt=now - ASK_EVERY, ended_at=None, account__state="active"
        )
        .order_by("asked_at", "id")
        .limit(AT_ONCE)
        .prefetch_related("account")
    )
    refused: list[OidcIdentity] = []
    asked = 0
    for identity in some:
        await OidcIdentity.filter(id=identity.id).update(asked_at=now)
        if identity.refresh_sealed is None:
            if now - identity.seen_at > UNASKED_LIFE and not identity.account.password_hash:
                async with here.db.transaction():
                    await _sign_out(here, identity.account)
            continue
        asked += 1
        if not await _still_there(here, identity):
            refused.append(identity)
    by_mistake = len(refused) > MOST_REFUSED and len(refused) * 2 > asked
    for identity in refused:
        if by_mistake:  # such as a new client secret that ended every token: nobody is suspended for that
            async with here.db.transaction():
                await _sign_out(here, identity.account)
                await OidcIdentity.filter(id=identity.id).update(refresh_sealed=None)
        else:
            await end(here, identity, REFUSED)
    if by_mistake:
        await audit.record(here, by=BY, action="oidc.held_back", subject=str(len(refused)))
    if len(some) == AT_ONCE:
        await here.jobs.enqueue(ASK, None, unique=ASK, goes_on=True)


async def _still_there(here: Instance, identity: OidcIdentity) -> bool:
    """Ask the provider about one person, and do as it says; False where it refuses to answer about them."""
    token = unseal(here, identity.refresh_sealed)
    if token is None:
        return True
    try:
        status, answer = await provider.ask_for_tokens(here, {"grant_type": "refresh_token", "refresh_token": token})
        if status != 200:
            return answer.get("error") != "invalid_grant"
        claims = await _claims(here, identity, answer)
    except (Away, NotVerified) as error:
        here.log.warning("the provider was asked about somebody in vain: %s", error.detail)
        return True
    renewed = answer.get("refresh_token")
    if isinstance(renewed, str) and renewed:
        identity.refresh_sealed = seal(here, renewed)
    identity.answered_at = here.clock.now()
    await identity.save(update_fields=["refresh_sealed", "answered_at"])
    settings = here.settings
    verdict = policy.judge(claims, required=settings.oidc_required, roles=settings.oidc_roles, is_whole="iss" in claims)
    if not verdict.allowed:
        await end(here, identity, verdict.why)
    elif verdict.role is not None:
        await set_role(here, identity.account, verdict.role)
    return True


async def _claims(here: Instance, identity: OidcIdentity, answer: dict[str, object]) -> dict[str, object]:
    claims: dict[str, object] = {}
    if answer.get("id_token") is not None:
        claims = await provider.claims_of(here, answer["id_token"])
        policy.check(
            claims,
            issuer=identity.issuer,
            client_id=here.settings.oidc_client_id,
            now=here.clock.now(),
            nonce=None,
            subject=identity.subject,
        )
    more = await provider.userinfo(here, answer.get("access_token"), identity.subject) or {}
    return {**{name: value for name, value in more.items() if name != "iss"}, **claims}


async def _sign_out(here: Instance, account: Account) -> None:
    await accounts.end_sessions(here, account.id)
    await oauth.disconnect_all(here, account.id)


async def _is_only_admin(here: Instance, account: Account) -> bool:
    others = await here.db.value(
        "SELECT count(*) AS n FROM account WHERE role = 'admin' AND state = 'active' AND id <> :id", id=account.id
    )
    return account.role == "admin" and not others
