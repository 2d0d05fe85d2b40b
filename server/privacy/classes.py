"""The one list of what this server knows about people: every table belongs to a class, or says why it does not.

What people are shown, what their archive holds and what is kept for how long is read off this list. A test compares it
with all tables of the schema: whoever adds one says here whose it is. Words for people are in `web/privacy/words.py`.
"""

from dataclasses import dataclass

ME, ACCOUNT, URI, EMAIL, NAMED = ":me", ":account", ":uri", ":email", ":named"
"""What conditions may name: the actor, the account, the actor's id on the wire, the mail address, the handle."""

CLASSES = (
    "profile", "account", "signing_in", "writing", "reactions", "marks", "follows", "avoided", "communities", "events",
    "tried", "files", "needs", "news", "mail", "apps", "moderation", "privacy",
)  # fmt: skip
"""In the order in which people read them."""


@dataclass(frozen=True, slots=True)
class Held:
    """Rows of one table that are about a person: a condition on the table, and which columns are theirs to have.

    Without `columns` all are, but for those of `SECRET`. A table stands here more than once where a person has more of
    some rows than of others.
    """

    table: str
    of: str
    mine: str
    columns: tuple[str, ...] = ()


SECRET = frozenset(
    {"password_hash", "token_hash", "code_hash", "key_hash", "secret", "secret_hash", "p256dh", "key", "sealed"}
)
"""What opens a door; and where a file lies, which says nothing to anybody else."""

_MINE = "IN (SELECT mine.id FROM post AS mine WHERE mine.author_id = :me AND mine.state <> 'deleted')"


def _held(of: str, *tables: tuple[str, str] | tuple[str, str, str]) -> tuple[Held, ...]:
    return tuple(Held(item[0], of, item[1], tuple(item[2].split()) if len(item) > 2 else ()) for item in tables)


def _beside(*tables: str, by: str = "id") -> tuple[tuple[str, str], ...]:
    return tuple((table, f"{by} {_MINE}") for table in tables)


HELD: tuple[Held, ...] = (
    *_held(
        "profile",
        ("actor", "id = :me"),
        ("endorsement", "endorser_id = :me"),
        ("featured_tag", "person_id = :me"),
        ("profile_pin", "actor_id = :me"),
    ),
    *_held(
        "account",
        ("account", "id = :account"),
        ("saved_context", "account_id = :account"),
        ("leader", "account_id = :account"),
        ("inactive_notice", "account_id = :account"),
    ),
    *_held(
        "signing_in",
        ("session", "account_id = :account"),
        ("invited_person", "email = :email", "email name role mails created_at sent_at ends_at joined_at revoked_at"),
        ("oidc_identity", "account_id = :account", "issuer subject created_at seen_at answered_at ended_at ended_why"),
        ("mail_token", "account_id = :account"),
        ("invitation", "created_by_id = :account"),
        ("passkey", "account_id = :account", "name created_at last_used_at"),
        ("code_app", "account_id = :account"),
        ("recovery_code", "account_id = :account"),
    ),
    *_held(
        "writing",
        ("post", "author_id = :me AND state <> 'deleted'"),
        *_beside("post_version", "post_tag", "post_attachment", by="post_id"),
        ("post_mention", f"post_id {_MINE}", "post_id"),
        *_beside("practice", "ask", "challenge", "idea", "collection", "resource", "poll", "heard_round"),
        *_beside("event_facts", "together", "thanks", "remix", "remix_credit", "proposal"),
        *_beside("challenge_answer", "resource_use", "resource_file", by="post_id"),
        ("collection_item", "added_by_id = :me"),
        *_beside("first_reader"),
        ("first_reader", "reader_id = :me", "note asked_at"),
        ("first_remark", "author_id = :me"),
        *_beside("poll_option", by="poll_id"),
        *_beside("event_pack_item", by="event_id"),
        ("remix_offer", "by_id = :me"),
        ("coauthor", "person_id = :me"),
        ("coauthor_edit", "person_id = :me"),
        ("scheduled_note", "actor_id = :me"),
        ("queued_post", "person_id = :me"),
        ("sent_once", "actor_id = :me"),
        ("pad", "created_by_id = :me"),
        ("pad_section", "author_id = :me"),
        ("pad_revision", "author_id = :me"),
        ("pad_writer", "person_id = :me"),
        ("pad_door", "person_id = :me"),
        ("sent_activity", "actor = :uri", "uri created_at"),
        # That somebody asked without their name, never what: an archive in other hands gives nobody away.
        ("nameless_post", "person_id = :me", "created_at"),
    ),
    *_held(
        "reactions",
        ("post_like", "actor_id = :me"),
        ("boost", "actor_id = :me"),
        ("poll_vote", "actor_id = :me"),
        ("stamp", "actor_id = :me"),
        ("round_turn", "person_uri = :uri"),
        ("proposal_opinion", "person_id = :me"),
    ),
    *_held(
        "marks",
        ("bookmark", "actor_id = :me"),
        ("thread_mute", "actor_id = :me"),
        ("collection_tick", "actor_id = :me"),
        ("event_pack_read", "person_id = :me"),
        ("passed_pick", "person_id = :me"),
        ("reading_marker", "reader_id = :me"),
        ("actor_note", "writer_id = :me"),
        ("topic_choice", "person_id = :me"),
    ),
    *_held(
        "follows",
        ("follow", "follower_id = :me"),
        ("follow", "target_id = :me", "follower_id state created_at"),
        ("followed_tag", "person_id = :me"),
        ("people_list", "owner_id = :me"),
        ("list_member", "list_id IN (SELECT mine.id FROM people_list AS mine WHERE mine.owner_id = :me)"),
    ),
    *_held(
        "avoided",
        ("actor_block", "blocker_id = :me"),
        ("actor_mute", "muter_id = :me"),
        ("host_block", "blocker_id = :me"),
        ("boundary", "id = :me"),
        ("content_filter", "owner_id = :me"),
        ("filter_keyword", "within_id IN (SELECT mine.id FROM content_filter AS mine WHERE mine.owner_id = :me)"),
        ("filter_post", "within_id IN (SELECT mine.id FROM content_filter AS mine WHERE mine.owner_id = :me)"),
    ),
    *_held(
        "communities",
        (
            "membership",
            "person_id = :me",
            "community_id role state answers note guidelines_version joined_at removed_until created_at",
        ),
        ("hosting_turns", "person_id = :me"),
        ("newcomer", "person_id = :me"),
        ("guidelines_acceptance", "person_id = :me"),
        ("guidelines_version", "by_id = :me"),
        ("charter_version", "by_id = :me"),
        ("pulse_answered", "person_id = :me", "pulse_id"),
    ),
    *_held(
        "events",
        ("event_participation", "actor_id = :me"),
        ("event_discussant", "person_uri = :uri"),
        ("meeting_role", "person_id = :me"),
    ),
    *_held("tried", ("tried_report", "author_id = :me")),
    *_held("files", ("media", "owner_id = :me")),
    *_held(
        "needs",
        ("needs_card", "id = :me"),
        ("need_today", "author_id = :me"),
        ("asked_today", "person_id = :me"),
        ("unnamed", "id = :me"),
        ("work_card", "id = :me"),
    ),
    *_held(
        "news",
        ("notification", "reader_id = :me"),
        ("notification_setting", "reader_id = :me"),
        ("space_tier", "reader_id = :me"),
        ("timeline_entry", "reader_id = :me"),
        ("list_entry", "list_id IN (SELECT mine.id FROM people_list AS mine WHERE mine.owner_id = :me)"),
        ("conversation", "owner_id = :me"),
    ),
    *_held(
        "mail",
        ("digest_plan", "reader_id = :me"),
        ("digest_mail", "reader_id = :me", "due_at state sent_at"),
        ("digest_suggestion", "reader_id = :me"),
        ("mail_answer", "reader_id = :me"),
        ("mail_bounce", "address = :email"),
    ),
    *_held(
        "apps",
        ("oauth_token", "account_id = :account"),
        ("oauth_code", "account_id = :account"),
        ("push_subscription", "owner_id = :me"),
    ),
    # Never who reported somebody: neither to them, nor in what they take along.
    *_held(
        "moderation",
        ("report", "reporter_id = :me", "id category text state outcome created_at closed_at"),
        ("moderation_notice", "person_id = :me", "kind place text created_at"),
        (
            "moderation_ruling",
            "person_id = :me",
            "id place clause reason measures at appeal_until appeal_state appeal_text appealed_at answer answered_at",
        ),
        ("safeguarding_lead", "person_id = :me", "appointed_at"),
        ("mediation", "asker_id = :me", "id state wish outcome result created_at ended_at"),
        ("mediation_word", "by_id = :me", "text at"),
        ("site_ban", "person_id = :me", "host reason ends_at created_at"),
        ("audit_entry", "by = :named"),
    ),
    *_held(
        "privacy",
        ("consent", "account_id = :account"),
        ("data_export", "actor_id = :me AND kind = 'own'"),
        # What a law keeps from somebody is neither shown to them nor in what they take along.
        ("glass_request", "person_id = :me AND withheld = ''", "reason state created_at confirmed_at read_at"),
    ),
)

ABOUT_NOBODY: dict[str, str] = {
    "actor_key": "keys of people and communities, which never leave: signatures are made with them",
    "retired_key": "keys that were replaced: their public half vouches for what they signed",
    "remote_key": "public keys of people elsewhere, as their servers say",
    "followers_digest": "a number made of addresses, to compare who follows whom with other servers",
    "site_value": "how the organisation presents itself",
    "job": "work to do, gone when it is done",
    "peer": "other servers",
    "peer_vouch": "other servers",
    "peer_choice": "other servers",
    "server_list": "other servers",
    "server_list_item": "other servers",
    "oauth_app": "programs, not people",
    "guest_app": "what other servers call us",
    "guest_pass": "browsers of people elsewhere, who have no account here, for eight hours",
    "oidc_ticket": "sign-ins that are under way, sealed, for half an hour at most",
    "inbox_receipt": "what other servers sent, until it was taken in",
    "outgoing": "what is on its way to other servers, until it has arrived",
    "delivery_receipt": "what other servers answered to deletions; people see it beside what they deleted",
    "erasure": "accounts that were deleted: the handle, and until the report is sent its address",
    "refused": "the latest of what was refused to other servers",
    "refused_count": "how often something was refused to other servers",
    "remote_media": "pictures of people elsewhere, kept for a while",
    "consortium": "networks of organisations",
    "consortium_member": "networks of organisations",
    "consortium_report": "sums of a whole server, none of fewer than five people",
    "network_plan": "plans of networks",
    "community": "what a community is for",
    "topic": "topics of communities",
    "pulse": "when the members of a community were asked how it feels, and how many answered",
    "pulse_count": "sums of what they chose, which nobody can take apart",
    "hosting_rotation": "whether roles go round in a community",
    "community_prompt": "questions that a community could begin with",
    "community_term": "terms of communities, and what was reached",
    "subject": "subjects that can be followed",
    "tombstone": "ids that have ended, so that nobody takes them again",
    "gathering": "which threads were fetched from elsewhere",
    "tried_place": "sums of reports",
    "tried_tally": "sums of reports of practices elsewhere",
    "need_offer": "how many people of another server were told of a question",
    "moderation_case": "what reports of one thing have in common; whom it is about reads what was decided",
    "moderation_entry": "the course of a case: who looks at it and when, for those who look at it",
    "report_copy": "what other servers answered to a report",
    "spent_challenge": "what browsers were asked when somebody signed in with a passkey, for a quarter of an hour",
    "digest_run": "how many mails were prepared",
    "webhook": "chat rooms that a community tells of what is public",
    "data_request": "requests by letter and mail, which admins answer: about people who may have no account",
    "retention_rule": "how long things are kept",
    "retention_run": "how much was deleted because it was old",
}
"""Tables in which nothing is kept of one person that is not theirs in a table above, and what is in them."""
