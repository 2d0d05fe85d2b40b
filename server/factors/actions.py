"""What people do with their own factors: an app with codes, recovery codes, passkeys. Each needs a fresh proof (S28).

Whoever has one factor is asked for it after their password. With the first come recovery codes, with the last they go.
Owners are told of every change by mail. Signing in with factors is in `proving`.
"""

from datetime import timedelta

from server.accounts.actions import end_sessions
from server.accounts.models import Account
from server.accounts.proofs import need_proof, owner_of, roles_asked
from server.actors.policy import clean_name
from server.actors.viewer import Viewer
from server.audit import actions as audit
from server.errors import Invalid, NotFound
from server.factors import codes, passkeys
from server.factors.letters import tell_owner
from server.factors.models import CodeApp, Passkey, RecoveryCode
from server.factors.passkeys import PasskeyRefused
from server.factors.queries import MOST_PASSKEYS
from server.ids import new_id
from server.instance import Instance

SET_UP_WITHIN = timedelta(hours=1)


async def begin_app(here: Instance, acting: Viewer) -> None:
    """Make a secret for an app. It counts once a code of it was given."""
    need_proof(here, acting)
    account, now = await owner_of(acting), here.clock.now()
    async with here.db.transaction():
        if await CodeApp.filter(account=account, confirmed_at__isnull=False).exists():
            raise Invalid("You have an app already. Remove it first.")
        await CodeApp.filter(account=account).delete()
        await CodeApp.create(
            id=new_id(now),
            account=account,
            sealed=codes.seal(here, account.id, codes.new_secret()),
            created_at=now,
        )


async def confirm_app(here: Instance, acting: Viewer, code: str) -> list[str]:
    """Use the app from now on: its first code shows that it works. Returns recovery codes, where these are new."""
    need_proof(here, acting)
    account = await owner_of(acting)
    async with here.db.transaction():
        app = await CodeApp.get_or_none(account=account, confirmed_at=None)
        secret = codes.unseal(here, account.id, app.sealed) if app else None
        if app is None or secret is None:
            raise NotFound("Begin again: nothing is being set up.")
        step = codes.step_of(codes.digits_of(code), secret, here.clock.now())
        if step is None:
            raise Invalid(
                "This is not the code that the app shows now. Look whether the clocks of both devices are right.",
                field="code",
            )
        app.confirmed_at, app.last_step = here.clock.now(), step
        await app.save(update_fields=["confirmed_at", "last_step"])
        await tell_owner(here, account, "app_added")
        return await _gained(here, account)


async def remove_app(here: Instance, acting: Viewer) -> None:
    """Take no codes of the app any more."""
    need_proof(here, acting)
    account = await owner_of(acting)
    async with here.db.transaction():
        if not await CodeApp.filter(account=account).delete():
            raise NotFound("There is no app any more.")
        await tell_owner(here, account, "app_removed")
        await _lost(here, account)


async def renew_recovery_codes(here: Instance, acting: Viewer) -> list[str]:
    """New recovery codes; the old ones are good for nothing from now on."""
    need_proof(here, acting)
    account = await owner_of(acting)
    if not account.has_second_step:
        raise Invalid("Recovery codes go with a second step. Set one up first.")
    async with here.db.transaction():
        await tell_owner(here, account, "recovery_made")
        return await _make_recovery_codes(here, account)


async def add_passkey(here: Instance, acting: Viewer, answer: str, name: str) -> list[str]:
    """Keep a passkey that a browser made just now. Returns recovery codes, where these are new."""
    need_proof(here, acting)
    account, now = await owner_of(acting), here.clock.now()
    found, claimed = passkeys.read(answer)
    passkeys.check_challenge(here, claimed, "make", str(acting.session_id))
    made = passkeys.check_new(here, found, claimed)
    async with here.db.transaction():
        await passkeys.spend(here, claimed, "make", str(acting.session_id))
        hashed = passkeys.credential_hash(made.credential_id)
        if await Passkey.filter(account=account).count() >= MOST_PASSKEYS:
            raise Invalid(f"You have {MOST_PASSKEYS} passkeys. Remove one first.", field="name")
        if await Passkey.exists(credential_hash=hashed):
            raise PasskeyRefused("This passkey is known here already.")
        kept = await Passkey.create(
            id=new_id(now),
            account=account,
            name=_name(name),
            credential_hash=hashed,
            credential_id=made.credential_id,
            credential=made.credential,
            sign_count=made.sign_count,
            created_at=now,
        )
        await tell_owner(here, account, "passkey_added", kept.name)
        return await _gained(here, account)


async def rename_passkey(here: Instance, acting: Viewer, passkey_id: str, name: str) -> None:
    """Call one of one's own passkeys something else."""
    account = await owner_of(acting)
    async with here.db.transaction():
        if not await Passkey.filter(id=passkey_id, account=account).update(name=_name(name)):
            raise NotFound("This passkey is gone already.")


async def remove_passkey(here: Instance, acting: Viewer, passkey_id: str) -> None:
    """Take one of one's own passkeys no more."""
    need_proof(here, acting)
    account = await owner_of(acting)
    async with here.db.transaction():
        kept = await Passkey.get_or_none(id=passkey_id, account=account)
        if kept is None:
            raise NotFound("This passkey is gone already.")
        await kept.delete()
        await tell_owner(here, account, "passkey_removed", kept.name)
        await _lost(here, account)


async def reset(here: Instance, account_id: str, *, by: str) -> None:
    """Take all factors of somebody away who lost them, and end their sessions; for the command line."""
    async with here.db.transaction():
        account = await Account.get_or_none(id=account_id).prefetch_related("actor")
        if account is None:
            raise NotFound("There is no such account.")
        await CodeApp.filter(account=account).delete()
        await Passkey.filter(account=account).delete()
        await RecoveryCode.filter(account=account).delete()
        account.has_second_step = False
        await account.save(update_fields=["has_second_step"])
        await end_sessions(here, account.id)
        await audit.record(here, by=by, action="account.factors", subject=f"@{account.actor.username}")
        await tell_owner(here, account, "reset")


async def prune(here: Instance) -> None:
    """Forget challenges whose time is over, and apps that nobody went on to set up."""
    now = here.clock.now()
    async with here.db.transaction():
        await here.db.execute("DELETE FROM spent_challenge WHERE expires_at < :now", now=now)
        await here.db.execute(
            "DELETE FROM code_app WHERE confirmed_at IS NULL AND created_at < :before", before=now - SET_UP_WITHIN
        )


async def _gained(here: Instance, account: Account) -> list[str]:
    """A factor more. With the first one come recovery codes."""
    if account.has_second_step:
        return []
    account.has_second_step = True
    await account.save(update_fields=["has_second_step"])
    return await _make_recovery_codes(here, account)


async def _lost(here: Instance, account: Account) -> None:
    """A factor less. With the last one go the recovery codes."""
    has_app = await CodeApp.filter(account=account, confirmed_at__isnull=False).exists()
    if has_app or await Passkey.filter(account=account).exists():
        return
    if account.role in roles_asked(here):
        raise Invalid("Who has your role here needs a second step. Set up another one before you remove this.")
    account.has_second_step = False
    await account.save(update_fields=["has_second_step"])
    await RecoveryCode.filter(account=account).delete()


async def _make_recovery_codes(here: Instance, account: Account) -> list[str]:
    now, made = here.clock.now(), codes.new_recovery_codes()
    await RecoveryCode.filter(account=account).delete()
    for code in made:
        await RecoveryCode.create(
            id=new_id(now), account=account, code_hash=codes.recovery_hash(account.id, code), created_at=now
        )
    return made


def _name(text: str) -> str:
    name = clean_name(text, 80)
    if not name:
        raise Invalid("Give it a name, such as My phone.", field="name")
    return name
