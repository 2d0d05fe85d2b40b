"""The words of the admin pages: for what passes between servers, what was refused, and what stands in the log."""

from starlette.requests import Request

from web.i18n import gettext


def activity(request: Request, kind: str) -> str:
    """What an activity does, with its name in the protocol for those who know it."""
    words = {
        "Accept": gettext(request, "Agreed"),
        "Add": gettext(request, "Added, for example at the top"),
        "Announce": gettext(request, "Passed on"),
        "Block": gettext(request, "Kept out or blocked"),
        "ChooseAnswer": gettext(request, "Chosen answers"),
        "Create": gettext(request, "New posts"),
        "Delete": gettext(request, "Deletions"),
        "Flag": gettext(request, "Reports"),
        "Follow": gettext(request, "Asked to follow"),
        "Join": gettext(request, "Asked to take part"),
        "Leave": gettext(request, "Left"),
        "Like": gettext(request, "Found useful"),
        "Move": gettext(request, "Moved away"),
        "QuoteRequest": gettext(request, "Asked to quote"),
        "Reject": gettext(request, "Refused or taken back"),
        "Remove": gettext(request, "Taken out"),
        "Undo": gettext(request, "Took something back"),
        "Update": gettext(request, "Changes"),
        "Vote": gettext(request, "Votes"),
    }
    return f"{words[kind]} ({kind})" if kind in words else kind or gettext(request, "Something else")


def refusals(request: Request) -> dict[str, str]:
    """Why something was refused, for the words that name it in the protocol (`federation.errors.WORDS`)."""
    return {
        "unsigned": gettext(request, "not signed"),
        "coverage": gettext(request, "not signed as a whole"),
        "digest": gettext(request, "changed on the way"),
        "repeated": gettext(request, "came twice"),
        "time": gettext(request, "too old, or from the future"),
        "key": gettext(request, "a key that does not fit or cannot be had"),
        "algorithm": gettext(request, "signed in a way that we do not know"),
        "signature": gettext(request, "a wrong signature"),
        "ambiguous": gettext(request, "can be understood in two ways"),
        "proof": gettext(request, "a wrong signature inside"),
        "authority": gettext(request, "not theirs to do"),
        "origin": gettext(request, "about something of another server"),
        "blocked": gettext(request, "blocked"),
        "deleted": gettext(request, "its sender was deleted"),
        "malformed": gettext(request, "not readable"),
        "too-large": gettext(request, "too large"),
        "too-complex": gettext(request, "too complicated"),
        "content-type": gettext(request, "of a kind that we do not read"),
        "encoding": gettext(request, "packed in a way that we do not read"),
        "headers": gettext(request, "too many headers"),
        "redirects": gettext(request, "sent on too often"),
        "address": gettext(request, "an address that we may not reach"),
        "slow": gettext(request, "too slow"),
        "failing": gettext(request, "failed too often just now"),
        "unreachable": gettext(request, "no answer"),
        "not-found": gettext(request, "not there"),
        "gone": gettext(request, "deleted there"),
        "handle": gettext(request, "name and account do not agree"),
        "fetch": gettext(request, "an answer of no use"),
        "budget": gettext(request, "caused too much work"),
        "crowded": gettext(request, "more of this server waits here than its share"),
        "later": gettext(request, "could not be decided yet"),
        "nothing-to-do": gettext(request, "nothing to be done here"),
        "policy": gettext(request, "against the rules of a community or person"),
        "trouble": gettext(request, "our own mistake"),
    }


def troubles(request: Request) -> dict[str, str]:
    """Why a list of others was not taken over, in a sentence."""
    return refusals(request) | {
        "older": gettext(request, "It is older than the one that we know."),
        "expired": gettext(request, "It is not good any more: its host has not signed it for a while."),
        "two": gettext(request, "It says something else than before under the same number."),
        "proof": gettext(request, "It is not signed by its host."),
    }


def log(request: Request) -> dict[str, str]:
    """What somebody did, for the log: a verb that stands before what it was done to."""
    return {
        "account.approve": gettext(request, "let in"),
        "account.decline": gettext(request, "declined"),
        "account.factors": gettext(request, "took the second step of signing in away from"),
        "account.role": gettext(request, "changed a role"),
        "actor.delete": gettext(request, "deleted"),
        "actor.keys": gettext(request, "made new keys for"),
        "actor.move": gettext(request, "moved to"),
        "actor.suspend": gettext(request, "suspended"),
        "actor.unsuspend": gettext(request, "let back in"),
        "answer.at_once": gettext(request, "answered at once where peers had the word:"),
        "community.slow": gettext(request, "had a community take it slowly, or no longer"),
        "community.archive": gettext(request, "closed a community"),
        "community.ban": gettext(request, "kept somebody out of"),
        "community.remove_member": gettext(request, "took somebody out of"),
        "community.term": gettext(request, "began a new term of"),
        "community.role": gettext(request, "changed a role in"),
        "community.unban": gettext(request, "let somebody back into"),
        "consortium.accept": gettext(request, "let a server into a network:"),
        "consortium.tell": gettext(request, "chose whether to tell numbers for the report of"),
        "consortium.apply": gettext(request, "did as the list says of the network"),
        "consortium.begin": gettext(request, "began a network from a template:"),
        "consortium.unplan": gettext(request, "took a plan away from the network"),
        "consortium.ask": gettext(request, "asked to join the network"),
        "consortium.close": gettext(request, "ended the network"),
        "consortium.describe": gettext(request, "changed what is said of the network"),
        "consortium.expect": gettext(request, "let a server ask to join a network:"),
        "consortium.found": gettext(request, "founded the network"),
        "consortium.leave": gettext(request, "left the network"),
        "consortium.look": gettext(request, "chose how changes are taken over from the network"),
        "consortium.refuse": gettext(request, "did not let a server into a network:"),
        "subject.offer": gettext(request, "offered a subject to follow:"),
        "subject.on": gettext(request, "turned a subject on:"),
        "subject.off": gettext(request, "turned a subject off:"),
        "consortium.remove": gettext(request, "took a server out of a network:"),
        "glass.ask": gettext(request, "asked to read what is private of"),
        "glass.confirm": gettext(request, "confirmed that what is private may be read of"),
        "glass.refuse": gettext(request, "refused that what is private is read of"),
        "glass.read": gettext(request, "read what is private of"),
        "request.note": gettext(request, "wrote down a request about data:"),
        "request.archive": gettext(request, "had an archive made for a request about data:"),
        "request.close": gettext(request, "closed a request about data:"),
        "held.let_in": gettext(request, "let something in from"),
        "invitation.create": gettext(request, "made an invitation"),
        "invitation.list": gettext(request, "invited so many with a list:"),
        "invitation.resend": gettext(request, "wrote again to"),
        "invitation.revoke": gettext(request, "revoked an invitation"),
        "oidc.connect": gettext(request, "connected with the sign-in service:"),
        "oidc.held_back": gettext(request, "suspended nobody, though the sign-in service refused so many at once:"),
        "oidc.kept": gettext(request, "stays the only admin, though the sign-in service says otherwise:"),
        "peer.drop": gettext(request, "dropped what waited for a server"),
        "peer.forget": gettext(request, "dropped a grade"),
        "peer.grade": gettext(request, "graded a server"),
        "peer.list.change": gettext(request, "changed a list of servers"),
        "peer.list.drop": gettext(request, "dropped a list of servers"),
        "peer.list.import": gettext(request, "read a list of servers"),
        "peer.list.skip": gettext(request, "left out parts of a list of servers"),
        "peer.list.subscribe": gettext(request, "subscribed to a list of servers"),
        "peer.mode": gettext(request, "chose whom this server talks with"),
        "peer.pause": gettext(request, "paused deliveries to a server"),
        "peer.publish": gettext(request, "chose what everybody reads of decisions about servers"),
        "peer.resume": gettext(request, "resumed deliveries to a server"),
        "peer.retry": gettext(request, "had a server tried again"),
        "post.approve": gettext(request, "let a post through"),
        "post.pin": gettext(request, "pinned a post"),
        "post.remove": gettext(request, "took a post away"),
        "post.restore": gettext(request, "brought a post back"),
        "post.topic": gettext(request, "put something into another topic:"),
        "post.unpin": gettext(request, "took a post down from the top"),
        "resource.take_file_away": gettext(request, "took an earlier file away:"),
        "actor.limit": gettext(request, "had less heard of"),
        "actor.unlimit": gettext(request, "let everybody hear again of"),
        "appeal.undone": gettext(request, "undid a decision after an objection"),
        "appeal.upheld": gettext(request, "let a decision stay after an objection"),
        "report.draft": gettext(request, "gave a post back as a draft"),
        "report.edit": gettext(request, "asked somebody to edit"),
        "report.limit": gettext(request, "had less heard of somebody after a report"),
        "report.lock": gettext(request, "closed a conversation after a report"),
        "report.mediate": gettext(request, "offered a mediation after a report"),
        "report.note": gettext(request, "wrote to an author after a report"),
        "report.refer": gettext(request, "passed a report to safeguarding"),
        "report.warn": gettext(request, "put a content note on a post"),
        "safeguarding.appoint": gettext(request, "made responsible for safeguarding:"),
        "safeguarding.decide": gettext(request, "decided a case of safeguarding"),
        "safeguarding.dismiss": gettext(request, "ended the responsibility for safeguarding of"),
        "safeguarding.export": gettext(request, "took a case of safeguarding out for the records"),
        "safeguarding.record": gettext(request, "wrote something down in a case of safeguarding"),
        "report.ban": gettext(request, "kept somebody out after a report"),
        "report.none": gettext(request, "closed a report without doing anything"),
        "report.remove": gettext(request, "took a post away after a report"),
        "report.suspend": gettext(request, "suspended somebody after a report"),
        "webhook.add": gettext(request, "had a chat room told of what is public in"),
        "webhook.remove": gettext(request, "told a chat room no more of"),
        "post.reveal": gettext(request, "opened who asked without a name:"),
        "leader.end": gettext(request, "lets no longer read the sums:"),
        "leader.name": gettext(request, "lets read the sums:"),
        "retention.change": gettext(request, "changed how long things are kept:"),
        "site.change": gettext(request, "changed this server"),
        "topic.bring_back": gettext(request, "brought a topic back:"),
        "topic.change": gettext(request, "changed a topic:"),
        "topic.make": gettext(request, "made a topic:"),
        "topic.retire": gettext(request, "retired a topic:"),
    }


def numbers(request: Request) -> list[dict[str, str]]:
    """What the report of a network counts, in the order of `server.consortium.numbers.NAMES`, and how."""
    return [
        {
            "name": gettext(request, "People"),
            "means": gettext(request, "Who has an account there at the time of the report."),
        },
        {
            "name": gettext(request, "Sharing"),
            "means": gettext(request, "How many people shared the practices that the next column counts."),
        },
        {
            "name": gettext(request, "Practices"),
            "means": gettext(
                request, "Practices and tips shared in the quarter, with everybody or the network, that still stand."
            ),
        },
        {
            "name": gettext(request, "Trying"),
            "means": gettext(request, "How many people wrote the reports that the next column counts."),
        },
        {
            "name": gettext(request, "Tried"),
            "means": gettext(
                request, "Reports in the quarter of people there who tried a practice, their own or anybody’s."
            ),
        },
        {
            "name": gettext(request, "Tried by others"),
            "means": gettext(
                request, "Reports in the quarter on practices from there, by anybody but their own authors."
            ),
        },
    ]
