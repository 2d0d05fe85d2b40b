"""Signing in with factors, and showing that it is still oneself: what is given is looked at, counted and used up.

Codes are slowed down as passwords are (`server.accounts.throttle`), for each account by itself. A browser in which its
owner signed in before is counted apart, and recovery codes and passkeys are not locked by guesses at codes (S32).
"""

from dataclasses import dataclass
from datetime import timedelta

from server.accounts import actions as accounts
from server.accounts import passwords, throttle
from server.accounts.actions import SignInRefused
from server.accounts.models import Account
from server.accounts.proofs import owner_of
from server.actors.viewer import Viewer
from server.errors import Invalid
from server.factors import codes, passkeys
from server.factors.letters import tell_owner
from server.factors.models import CodeApp, Passkey, RecoveryCode
from server.factors.passkeys import ANYBODY, PasskeyRefused
from server.instance import Instance

CODES_PER_ACCOUNT = 20
PASSKEYS_PER_ADDRESS = 200


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody gives to show that it is them: one of these. Where from, and with which browser."""

    password: str = ""
    code: str = ""
    recovery: str = ""
    passkey: str = ""
    address: str = ""
    device: str = ""
    user_agent: str = ""


async def take_second_step(here: Instance, opening: str, given: Given) -> tuple[str, Viewer]:
    """A session for whoever gave the right password and now a factor.

    Raises SignInRefused once ten minutes are over, Invalid for what is wrong, and `throttle.TooMany`.
    """
    opened = await accounts.opened_for(here, opening)
    account = await Account.get(id=opened.account_id)
    try:
        if given.passkey:
            await _with_passkey(here, account, given, "second step", account.id)
        elif given.recovery:
            await _with_recovery_code(here, account, given)
        else:
            await _with_code(here, account, given)
    except throttle.TooMany:
        await _tell_of_guesses(here, account)
        raise
    return await accounts.open_session(here, opened.actor_id, user_agent=given.user_agent)


async def sign_in_with_passkey(here: Instance, given: Given) -> tuple[str, Viewer]:
    """A session for whoever has a passkey, and unlocked it: both steps at once. Raises Invalid."""
    throttle.limit(here, "passkey", given.address, PASSKEYS_PER_ADDRESS)
    _, claimed = passkeys.read(given.passkey)
    kept = await Passkey.get_or_none(credential_hash=passkeys.credential_hash(claimed.credential_id))
    account = await Account.get_or_none(id=kept.account_id, state="active") if kept else None
    if account is None:
        raise PasskeyRefused("This passkey is not known here, or the account is not open.")
    if claimed.user_handle != account.id:
        raise PasskeyRefused
    await _with_passkey(here, account, given, "sign in", ANYBODY)
    try:
        return await accounts.open_session(here, account.actor_id, user_agent=given.user_agent)
    except SignInRefused as error:
        raise PasskeyRefused("This passkey is not known here, or the account is not open.") from error


async def prove(here: Instance, acting: Viewer, given: Given) -> None:
    """Show within a session that it is still oneself, with any of the ways; raises Invalid and `throttle.TooMany`."""
    account = await owner_of(acting)
    if given.passkey:
        await _with_passkey(here, account, given, "prove", str(acting.session_id))
    elif given.code:
        await _with_code(here, account, given)
    else:
        name = f"proof {account.id}"
        _check(here, name, account, given)
        if not given.password or not await passwords.matches(given.password, account.password_hash):
            _failed(here, name, account, given)
            raise Invalid("This is not your password.", field="proof_password")
    await accounts.note_proof(here, acting)


async def _with_code(here: Instance, account: Account, given: Given) -> None:
    name, now = f"code {account.id}", here.clock.now()
    _check(here, name, account, given, per_name=CODES_PER_ACCOUNT)
    app = await CodeApp.get_or_none(account=account, confirmed_at__isnull=False)
    secret = codes.unseal(here, account.id, app.sealed) if app else None
    step = codes.step_of(codes.digits_of(given.code), secret, now) if secret else None
    used = step is not None and await here.db.execute(
        "UPDATE code_app SET last_step = :step WHERE account_id = :account AND last_step < :step",
        step=step,
        account=account.id,
    )
    if not used:
        _failed(here, name, account, given)
        raise Invalid("This code is not right, or was used already. Wait for the next one.", field="code")


async def _with_recovery_code(here: Instance, account: Account, given: Given) -> None:
    name = f"recovery {account.id}"
    _check(here, name, account, given)
    async with here.db.transaction():
        hashed = codes.recovery_hash(account.id, given.recovery)
        used = await RecoveryCode.filter(account=account, code_hash=hashed).delete()
        if used:
            await tell_owner(here, account, "recovery_used")
    if not used:
        _failed(here, name, account, given)
        raise Invalid("This recovery code is not right, or was used already.", field="recovery")


async def _with_passkey(here: Instance, account: Account, given: Given, purpose: str, who: str) -> None:
    found, claimed = passkeys.read(given.passkey)
    passkeys.check_challenge(here, claimed, purpose, who)
    hashed = passkeys.credential_hash(claimed.credential_id)
    kept = await Passkey.get_or_none(credential_hash=hashed, account=account)
    if kept is None or claimed.user_handle not in {"", account.id}:
        raise PasskeyRefused("This passkey does not belong to this account. Take another one.")
    counter = passkeys.check_answer(here, found, claimed, kept.credential)
    async with here.db.transaction():
        await passkeys.spend(here, claimed, purpose, who)
        # A counter that goes back, or stands still above zero, is that of a copy (WebAuthn section 6.1.1).
        went_on = await here.db.execute(
            "UPDATE passkey SET sign_count = :counter, last_used_at = :now WHERE id = :id"
            " AND (sign_count < :counter OR (sign_count = 0 AND :counter = 0))",
            counter=counter,
            now=here.clock.now(),
            id=kept.id,
        )
        if not went_on:
            raise PasskeyRefused(
                "This passkey seems to have been copied, and is not taken. Sign in another way, and remove it."
            )


def _check(here: Instance, name: str, account: Account, given: Given, per_name: int = throttle.PER_NAME) -> None:
    throttle.check(
        here, name=name, address=given.address, account_id=account.id, device=given.device, per_name=per_name
    )


def _failed(here: Instance, name: str, account: Account, given: Given) -> None:
    throttle.failed(here, name=name, address=given.address, account_id=account.id, device=given.device)


async def _tell_of_guesses(here: Instance, account: Account) -> None:
    """Whoever guesses at codes knows the password: its owner hears of it, once a day at most."""
    try:
        throttle.limit(here, f"told of guesses {account.id}", "", 1, window=timedelta(days=1))
    except throttle.TooMany:
        return
    async with here.db.transaction():
        await tell_owner(here, account, "guessed")
