"""Answers by mail: only who was written to, only what they were written about, and never twice."""

import email.message
import socket
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.actors import blocking
from server.letterbox import feature
from server.letterbox.actions import arrive
from server.letterbox.mailbox import Mailbox, MailboxError
from server.letterbox.quotes import own_words
from server.letterbox.reading import MAX_BYTES, Arrived, read_mail
from server.mail.addresses import reply_address, without_tokens
from server.posts.models import Post
from tests.facts import make_community, make_member, make_post
from tests.server.commands.test_commands import Shell

REPLY, ORIGIN = "answers@alder.example", "https://alder.example"


async def asked(fediverse, **values):
    """Tom answered Maya; the mail about it has an address where she answers him."""
    here = await fediverse.start("alder.example", reply_address=REPLY, **values.pop("settings", {}))
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    await here.run(here.db.execute, "UPDATE account SET onboarded_at = 1")
    ask = await make_post(here, maya.id, kind="ask", title="Exit tickets?", **values)
    said = await make_post(
        here, tom.id, kind="reply", parent_id=ask.id, content_html="<p>Try sticky notes.</p>", **values
    )
    fediverse.clock.advance(180)
    await fediverse.settle()
    (mail,) = [mail for mail in here.mailer.logged if mail.subject == "Tom replied to you"]
    return here, maya, tom, said, mail


def mail_of(to: str, text: str = "Thank you.", **headers: str) -> bytes:
    """A mail of Maya's; `headers` with an underscore for a dash, empty ones are left out."""
    message = email.message.EmailMessage()
    usual = {"from": "Maya <maya@example.org>", "to": to, "subject": "Re: Tom", "message-id": "<1@example.org>"}
    for name, value in (usual | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        if value:
            message[name] = value
    message.set_content(text)
    return message.as_bytes()


async def send(fediverse, here, raw: bytes) -> list:
    """Hand a mail in; returns the mails that went out because of it."""
    before = len(here.mailer.logged)
    await here.run(arrive, here, read_mail(raw, REPLY, ORIGIN))
    await fediverse.settle()
    return [mail for mail in here.mailer.logged[before:] if "answer" in mail.subject or "Files" in mail.subject]


async def answers(here, said) -> list[Post]:
    async def read() -> list[Post]:
        return await Post.filter(parent_id=said.id).order_by("id")

    return await here.run(read)


async def _address(here, reader_id: str, post_id: str) -> str:
    return reply_address(here, reader_id, post_id)


MACHINES = [
    {"auto_submitted": "auto-replied"},
    {"auto_submitted": "auto-generated"},
    {"precedence": "bulk"},
    {"list_id": "<staff.example.org>"},
    {"return_path": "<>"},
    {"x_autoreply": "yes"},
    {"from": "MAILER-DAEMON@example.org"},
    {"to": "answers@alder.example"},
    {"to": "answers+sesame@alder.example"},
    {"to": "answers+{byte}@alder.example"},
    {"to": "answers+{person}@alder.example"},
    {"to": "other+{token}@alder.example"},
    {"to": "answers+{token}@alder.example.org"},
]


async def test_d14_machines_and_forged_addresses_are_dropped_without_a_word(fediverse) -> None:
    here, _, tom, said, mail = await asked(fediverse)
    token = mail.reply_to.partition("+")[2].partition("@")[0]
    parts = {
        "token": token,
        "byte": token[:-1] + ("a" if token[-1] != "a" else "b"),
        "person": tom.id + token[26:],
    }
    for number, headers in enumerate(MACHINES):
        raw = mail_of(**{"to": mail.reply_to, "message_id": f"<{number}@x>"} | _filled(headers, parts))
        assert await send(fediverse, here, raw) == [], headers
    assert await answers(here, said) == []


def _filled(headers: dict[str, str], parts: dict[str, str]) -> dict[str, str]:
    return {name: value.format(**parts) for name, value in headers.items()}


REFUSED = [
    ({"from": "Eve <eve@example.org>"}, "not from the mail address of your account"),
    ({"from": "maya@example.org, eve@example.org"}, "not from the mail address of your account"),
    ({"authentication_results": "mx.alder.example; dmarc=fail"}, "not from the mail address of your account"),
    (0, "no words of your own"),
    (70_000, "longer than 60,000 characters"),
    (MAX_BYTES + 100, "larger than 10 MB"),
]
CHANGES = [
    ("UPDATE post SET locked = TRUE", "This conversation is closed."),
    ("UPDATE post SET locked = FALSE, state = 'removed' WHERE kind = 'reply'", "is gone, or no longer shared with you"),
    ("UPDATE account SET onboarded_at = NULL", "Accept the guidelines first"),
    ("UPDATE actor SET suspended_at = 1 WHERE username = 'maya'", "cannot write at present"),
    ("UPDATE account SET state = 'suspended'", "cannot write at present"),
]


async def test_d14_what_cannot_be_taken_is_said_once_and_kindly(fediverse) -> None:
    here, _, _, said, mail = await asked(fediverse)
    for number, (change, words) in enumerate([*REFUSED, *CHANGES]):
        head = {"message_id": f"<{number}@x>", **(change if isinstance(change, dict) else {})}
        raw = mail_of(mail.reply_to, **head)
        if isinstance(change, int):
            raw = mail_of(mail.reply_to, "\n".join(["a word " * 100] * (change // 700)) + "\n> Sticky notes.\n", **head)
        elif isinstance(change, str):
            await here.run(here.db.execute, change)
        if number % 5 == 4:
            fediverse.clock.advance(timedelta(days=1, hours=1).total_seconds())
        (refusal,) = await send(fediverse, here, raw)
        assert (refusal.to, refusal.reply_to) == ("maya@example.org", "")
        assert words in refusal.text
        # What they wrote comes back to them, but not what somebody else wrote.
        assert ("> Thank you." in refusal.text) == isinstance(change, str)
        assert await send(fediverse, here, raw) == [], "the same mail is answered once"
    assert await answers(here, said) == []


async def test_d14_s15_blocked_or_late_is_no_answer_any_more(fediverse) -> None:
    here, maya, tom, said, mail = await asked(fediverse)
    await here.run(blocking.block, here, tom.id, maya.id)
    (refusal,) = await send(fediverse, here, mail_of(mail.reply_to))
    assert "is gone, or no longer shared with you" in refusal.text, "nobody is told that they are blocked"
    await here.run(blocking.unblock, here, tom.id, maya.id)
    fediverse.clock.advance(timedelta(days=33).total_seconds())
    (refusal,) = await send(fediverse, here, mail_of(mail.reply_to, message_id="<2@example.org>"))
    assert "older than thirty days" in refusal.text
    assert await answers(here, said) == []


async def test_d14_who_left_a_community_cannot_answer_in_it_any_more(fediverse) -> None:
    here = await fediverse.start("alder.example", reply_address=REPLY)
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    await here.run(here.db.execute, "UPDATE account SET onboarded_at = 1")
    community = await make_community(here, "carers", visibility="members")
    for person in (maya, tom):
        await make_member(here, community.id, person.id)
    private = {"visibility": "members", "community_id": community.id}
    ask = await make_post(here, tom.id, kind="ask", title="Burnout", **private)
    address = await here.run(_address, here, maya.id, ask.id)
    assert await send(fediverse, here, mail_of(address)) == []
    (answer,) = await answers(here, ask)
    assert (answer.visibility, answer.community_id) == ("members", community.id), "the audience is that of the question"
    await here.run(here.db.execute, "UPDATE membership SET state = 'left' WHERE person_id = :id", id=maya.id)
    (refusal,) = await send(fediverse, here, mail_of(address, message_id="<2@example.org>"))
    assert "no longer shared with you" in refusal.text
    for secret in ("Burnout", "carers"):
        assert secret.lower() not in refusal.text.lower()


async def test_d14_a_loop_ends_and_so_does_a_flood(fediverse) -> None:
    here, _, _, said, mail = await asked(fediverse)
    told = [
        await send(fediverse, here, mail_of(mail.reply_to, "> quoted", message_id=f"<{number}@x>"))
        for number in range(8)
    ]
    assert [len(some) for some in told] == [1] * 5 + [0] * 3
    for number in range(32):
        raw = mail_of(mail.reply_to, message_id=f"<flood{number}@x>")
        await here.run(arrive, here, read_mail(raw, REPLY, ORIGIN))
    await fediverse.settle()
    assert len(await answers(here, said)) == 30


async def test_d14_d1_an_answer_by_mail_is_an_answer_for_the_same_readers(fediverse) -> None:
    here, maya, tom, said, mail = await asked(fediverse, visibility="unlisted")
    assert "Or answer this mail" in mail.text
    assert here.mailer.message(mail, "peerhall@alder.example")["Reply-To"] == mail.reply_to
    assert len(mail.reply_to.partition("@")[0]) <= 64
    raw = mail_of(
        # Mail servers may write the whole address in capitals.
        f"Peerhall <{mail.reply_to.upper()}>",
        f"Sticky notes it is. Write to {mail.reply_to} or see {mail.unsubscribe}\n\nMaya\n\n-- \n555-0100\n\n"
        f"On Fri, 27 Nov 2026 at 09:12, Tom via Alder\n<peerhall@alder.example> wrote:\n\n> Try sticky notes.\n> -- \n",
    )
    assert await send(fediverse, here, raw) == []
    (answer,) = await answers(here, said)
    assert (answer.author_id, answer.kind, answer.visibility) == (maya.id, "reply", "unlisted")
    assert answer.source_md == "Sticky notes it is. Write to answers@alder.example or see\n\nMaya"
    # The same again, and what came twice at once, changes nothing.
    assert await send(fediverse, here, raw) == []
    await here.run(arrive, here, read_mail(raw, REPLY, ORIGIN))
    await here.run(arrive, here, read_mail(raw, REPLY, ORIGIN))
    await fediverse.settle()
    assert len(await answers(here, said)) == 1
    async with fediverse.client(here, tom) as client:
        assert "Sticky notes it is." in (await client.get(f"/p/{said.short}", follow_redirects=True)).text


async def test_d14_files_are_left_out_and_said_to_be(fediverse) -> None:
    here, _, _, said, mail = await asked(fediverse)
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Message-ID"] = "maya@example.org", mail.reply_to, "<3@example.org>"
    message.set_content("<div>See the <b>photo</b>.</div><div>Maya</div><blockquote>Try</blockquote>", subtype="html")
    message.add_attachment(b"GIF89a", maintype="image", subtype="gif", filename="class.gif")
    (told,) = await send(fediverse, here, message.as_bytes())
    (answer,) = await answers(here, said)
    assert answer.source_md == "See the photo.\n\nMaya"
    assert told.subject == "Files were left out"
    assert answer.url in told.text


async def test_d14_without_an_address_for_answers_mails_have_none(fediverse) -> None:
    here = await fediverse.start("alder.example")
    maya, tom = await fediverse.person(here, "maya"), await fediverse.person(here, "tom")
    ask = await make_post(here, maya.id, kind="ask", title="Exit tickets?")
    await make_post(here, tom.id, kind="reply", parent_id=ask.id)
    fediverse.clock.advance(180)
    await fediverse.settle()
    assert here.mailer.logged[-1].reply_to == ""
    assert "answer this mail" not in here.mailer.logged[-1].text


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Yes.\n\nAm 27.11.2026 um 09:12 schrieb Tom:\n> Hast du?", "Yes."),
        ("Yes.\n\nLe ven. 27 nov. 2026 à 09:12,\nTom <tom@x.example> a écrit :\n\n> Alors?\n", "Yes."),
        ("Yes.\n\n-----Original Message-----\nFrom: Tom\nSent: Friday\nSubject: Hi\n\nSecret", "Yes."),
        ("Yes.\n\n________________________________\nVon: Tom\nGesendet: Freitag\nAn: Maya\n\nSecret", "Yes."),
        ("> Have you?\nYes.\n> And then?\nThen no.", "Yes.\nThen no."),
        ("Yes.\n\nSent from my iPhone", "Yes."),
        ("Yes.\n-- \nMaya, 555-0100\n> Have you?", "Yes."),
        ("My list:\n- one\n- two", "My list:\n- one\n- two"),
        ("Two things:\n\n> Have you?\n\nYes.", "Two things:\n\nYes."),
        ("> only\n> quotes", ""),
    ],
)
def test_d14_only_ones_own_words_are_taken(text: str, own: str) -> None:
    assert own_words(text) == own


@given(st.binary(max_size=400), st.sampled_from(["", "multipart/mixed; boundary=x", "text/html; charset=klingon"]))
def test_s20_reading_any_mail_ends_and_says_what_it_found(noise: bytes, kind: str) -> None:
    token = b"0" * 49
    head = b"To: answers+" + token + b"@alder.example\r\nContent-Type: " + kind.encode() + b"\r\n\r\n--x\r\n"
    for raw in (noise, head + noise, noise + head):
        assert isinstance(read_mail(raw, REPLY, ORIGIN), Arrived)


def test_s20_a_deep_and_a_wide_mail_end_too() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))
    head = b"To: answers+" + b"0" * 49 + b"@alder.example\n"
    assert read_mail(head + deep, REPLY, ORIGIN).problem == "unreadable"
    wide = b"Content-Type: multipart/mixed; boundary=w\n\n" + b"--w\nContent-Type: text/plain\n\nx\n" * 5000
    assert len(read_mail(head + wide, REPLY, ORIGIN).text) < 1000


@given(st.text(max_size=60), st.sampled_from([REPLY, "a.b@x.example"]))
def test_s35_no_address_for_answers_is_left_in_a_text(text: str, address: str) -> None:
    local, _, domain = address.partition("@")
    assert f"{local}+" not in without_tokens(f"{text} {local}+{'ab1' * 16}c@{domain}", address)


class Imap(threading.Thread):
    """A mailbox with some messages, for one client after the other."""

    def __init__(self, messages: list[bytes]) -> None:
        super().__init__(daemon=True)
        self.messages = dict(enumerate(messages, 1))
        self.seen: set[int] = set()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                line, _ = self.listening.accept()
            except OSError:
                return
            with line, line.makefile("rwb") as file:
                file.write(b"* OK ready\r\n")
                file.flush()
                deleted: set[int] = set()
                while words := file.readline().split():
                    tag, command, *more = words
                    if command == b"UID":
                        self._uid(file, more, deleted)
                    elif command == b"EXPUNGE":
                        self.messages = {n: said for n, said in self.messages.items() if n not in deleted}
                    elif command == b"CAPABILITY":
                        file.write(b"* CAPABILITY IMAP4rev1\r\n")
                    refused = command == b"LOGIN" and more[1].strip(b'"') != b"secret"
                    file.write(tag + (b" NO wrong\r\n" if refused else b" OK done\r\n"))
                    file.flush()
                    if command == b"LOGOUT":
                        break

    def _uid(self, file, more: list[bytes], deleted: set[int]) -> None:
        if more[0] == b"SEARCH":
            new = sorted(self.messages.keys() - self.seen)
            file.write(b"* SEARCH " + b" ".join(b"%d" % n for n in new) + b"\r\n")
            return
        numbers = [int(number) for number in more[1].split(b",")]
        if more[0] == b"STORE":
            self.seen |= set(numbers)
            deleted |= set(numbers) if b"Deleted" in b" ".join(more) else set()
        for number in numbers if more[0] == b"FETCH" else []:
            said = self.messages[number]
            if b"SIZE" in more[2]:
                file.write(b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (number, number, len(said)))
            else:
                file.write(b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (number, number, len(said), said))


async def test_d14_a_mailbox_is_fetched_and_only_what_is_ours_taken_out_of_it(fediverse) -> None:
    box = Imap([])
    box.start()
    url = f"imap://maya:secret@127.0.0.1:{box.port}/INBOX"
    here, _, _, said, mail = await asked(fediverse, settings={"imap_url": url})
    box.messages = {1: mail_of(mail.reply_to), 2: mail_of("maya@example.org", "To the family.")}
    await here.run(feature.look, here, None)
    await here.run(feature.look, here, None)
    await fediverse.settle()
    assert [answer.source_md for answer in await answers(here, said)] == ["Thank you."]
    assert (list(box.messages), box.seen) == ([2], {1, 2})
    locked = Mailbox(url.replace("secret", "wrong"), REPLY, ORIGIN)
    with pytest.raises(MailboxError):
        locked.fetch()
    locked.close()


def test_d14_a_mail_server_pipes_mail_in_and_keeps_what_we_cannot_take(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    shell = Shell(tmp_path)
    assert shell("mail-in", stdin="x").exit_code == 1
    shell.environment["PEERHALL_REPLY_ADDRESS"] = "answers@hall.example"
    assert shell("mail-in", stdin="x").exit_code == 75, "the tables are not there yet"
    assert shell("migrate").exit_code == 0
    assert shell("mail-in", stdin="To: nobody\n\nx").exit_code == 0
