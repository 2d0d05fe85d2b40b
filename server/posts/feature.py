"""Posts as a feature: their documents, what comes from other servers, and what is told to them."""

from datetime import timedelta
from functools import partial

from federation.vocab.interaction import REQUESTS
from federation.vocab.objects import POST_TYPES
from server.actors.activities.by_reference import on_reference
from server.actors.events import ActorDeleted, FollowAccepted
from server.communities.events import CommunityChanged, PersonBanned, PersonUnbanned
from server.feature import Feature
from server.fediverse import sent
from server.fediverse.inbox import TOGETHER
from server.instance import Instance
from server.posts import (
    arriving,
    audience,
    collections,
    confidence,
    documents,
    gathering,
    moderating,
    nameless,
    outbox,
    pace,
    quoting,
    removal,
    stamps,
)
from server.posts.activities import (
    announce,
    answer,
    approval,
    ask,
    create,
    delete,
    like,
    lock,
    pin,
    request,
    stamp,
    topic,
    undo,
    update,
)
from server.posts.events import (
    PostBoosted,
    PostDeleted,
    PostEchoed,
    PostEdited,
    PostLiked,
    PostNarrowed,
    PostPinned,
    PostPublished,
    PostQueued,
    PostRefused,
    PostRemoved,
    PostRestored,
    PostSorted,
    PostUnboosted,
    PostUnechoed,
    PostUnliked,
    PostVouched,
    PostWaits,
    ProfilePinned,
    QuoteRevoked,
    ReactionWaits,
    ReplyHelped,
    ReplyUnhelped,
    ThreadLocked,
)
from server.posts.receiving import QUOTE_JOB


def _install(here: Instance) -> None:
    here.documents["p"] = partial(documents.provide_post, here, collections.of_post)
    here.documents["s"] = partial(stamp.provide, here)
    here.documents["network"] = partial(audience.provide_network, here)
    here.caches[sent.GUARD] = partial(audience.may_read_sent, here)
    here.documents["t"] = partial(collections.provide_thread, here)
    outbox.register(here)
    _listen(here)
    _tell(here)
    _gather(here)
    here.events.on(ActorDeleted, partial(removal.erase_all_of, here))
    here.jobs.on(QUOTE_JOB, partial(quoting.check_quote, here))
    here.jobs.every(quoting.RECHECK, timedelta(hours=6), partial(quoting.recheck, here))
    here.jobs.every("posts.purge_blocked", timedelta(hours=1), partial(removal.purge_blocked, here))
    here.events.on(PersonBanned, partial(moderating.on_banned, here))
    here.events.on(PersonUnbanned, partial(moderating.on_unbanned, here))
    here.events.on(PostQueued, partial(pace.on_queued, here))
    here.jobs.on(pace.PUBLISH, partial(pace.publish, here))
    here.jobs.on(pace.END, partial(pace.end, here))
    here.jobs.every("posts.sweep_vents", timedelta(minutes=10), partial(pace.sweep, here))
    here.events.on(CommunityChanged, partial(confidence.on_community, here))
    here.jobs.every("posts.forget_askers", timedelta(days=1), partial(nameless.forget, here))
    here.jobs.every("posts.prune", timedelta(days=1), partial(outbox.prune, here))


def _gather(here: Instance) -> None:
    """What is fetched in the background."""
    here.jobs.on(gathering.JOB, partial(gathering.gather, here))
    here.jobs.every("posts.gathering.prune", timedelta(days=1), partial(gathering.prune, here))
    here.caches[TOGETHER] = arriving.take_together
    here.events.on_all(PostPublished, partial(gathering.on_published, here))
    here.events.on(FollowAccepted, partial(gathering.on_follow, here))


def _listen(here: Instance) -> None:
    """What other servers send."""
    on = here.engine.on
    on("Create", None, partial(create.on_create, here))
    on("Update", None, partial(update.on_update, here))
    on("Update", "Tombstone", partial(delete.on_delete, here))
    for kind in ("Tombstone", *sorted(POST_TYPES)):
        on("Delete", kind, partial(delete.on_delete, here))
    for kind in stamps.TYPES.values():
        on("Delete", kind, partial(stamp.on_revoked, here))
    on_reference(here, "Delete", partial(stamp.revoked_by_id, here))
    on_reference(here, "Delete", partial(delete.delete_by_id, here))
    for kind in REQUESTS:
        on(kind, None, partial(request.on_request, here))
    for verb in ("Accept", "Reject"):
        for kind in (*REQUESTS, "Like", "Announce", *sorted(POST_TYPES)):
            on(verb, kind, partial(approval.on_answer, here))
        on_reference(here, verb, partial(approval.answer_by_id, here))
    for kind in ("Like", "EmojiReact"):
        on(kind, None, partial(like.on_like, here))
        on("Undo", kind, partial(undo.on_undo_like, here))
    on("Announce", None, partial(announce.on_announce, here))
    on("Undo", "Announce", partial(undo.on_undo_announce, here))
    on("Undo", "Delete", partial(delete.on_undo_delete, here))
    on("Lock", None, partial(lock.on_lock, here))
    on("Undo", "Lock", partial(lock.on_unlock, here))
    on("ChooseAnswer", None, partial(answer.on_choose, here))
    on("Undo", "ChooseAnswer", partial(answer.on_undo_choose, here))
    for verb in ("Add", "Remove"):
        on_reference(here, verb, partial(pin.on_change, here))
        on_reference(here, verb, partial(topic.on_change, here))
    on_reference(here, "Undo", partial(undo.undo_by_id, here))
    on_reference(here, "Undo", partial(undo.undo_unknown, here), last=True)


def _tell(here: Instance) -> None:
    """What other servers are sent."""
    on = here.events.on
    here.events.on_all(PostPublished, partial(create.distribute_all, here))
    on(PostVouched, partial(create.distribute, here))
    on(PostEdited, partial(update.send_update, here))
    on(PostNarrowed, partial(delete.send_narrowed, here))
    on(PostDeleted, partial(delete.send_delete, here))
    on(PostRemoved, partial(delete.send_removal, here))
    on(PostRestored, partial(delete.send_restored, here))
    on(PostLiked, partial(like.send_like, here))
    on(PostUnliked, partial(like.send_unlike, here))
    on(PostEchoed, partial(like.send_echo, here))
    on(PostUnechoed, partial(like.send_unlike, here))
    on(PostBoosted, partial(announce.send_boost, here))
    on(PostUnboosted, partial(announce.send_unboost, here))
    on(PostWaits, partial(ask.send_question, here))
    on(PostRefused, partial(ask.send_refusal, here))
    on(ReactionWaits, partial(like.ask, here))
    on(ReactionWaits, partial(announce.ask, here))
    on(QuoteRevoked, partial(stamp.send_revoked, here))
    on(PostPinned, partial(pin.send_pin, here))
    on(PostSorted, partial(topic.send_sorted, here))
    on(ProfilePinned, partial(pin.send_profile_pin, here))
    on(ThreadLocked, partial(lock.send_lock, here))
    on(ReplyHelped, partial(answer.send_choice, here))
    on(ReplyHelped, partial(update.send_answered, here))
    on(ReplyUnhelped, partial(answer.send_unchoice, here))
    on(ReplyUnhelped, partial(update.send_answered, here))


feature = Feature("posts", models="server.posts.models", install=_install)
