"""Every feature of this instance, lowest first. Add yours at its rung."""

from server.accounts.feature import feature as accounts
from server.actors.feature import feature as actors
from server.audit.feature import feature as audit
from server.beforehand.feature import feature as beforehand
from server.blueprints.feature import feature as blueprints
from server.challenges.feature import feature as challenges
from server.checkup.feature import feature as checkup
from server.coauthors.feature import feature as coauthors
from server.collections.feature import feature as collections
from server.communities.feature import feature as communities
from server.consortium.feature import feature as consortium
from server.conversations.feature import feature as conversations
from server.digest.feature import feature as digest
from server.discussions.feature import feature as discussions
from server.factors.feature import feature as factors
from server.feature import Feature
from server.fediverse.feature import feature as fediverse
from server.filters.feature import feature as filters
from server.guests.feature import feature as guests
from server.hashtags.feature import feature as hashtags
from server.hosting.feature import feature as hosting
from server.ideas.feature import feature as ideas
from server.instance import Instance
from server.invitations.feature import feature as invitations
from server.leading.feature import feature as leading
from server.letterbox.feature import feature as letterbox
from server.live.feature import feature as live
from server.mail.feature import feature as mail
from server.media.feature import feature as media
from server.mediation.feature import feature as mediation
from server.moderation.feature import feature as moderation
from server.needs.feature import feature as needs
from server.notes.feature import feature as notes
from server.notifications.feature import feature as notifications
from server.oauth.feature import feature as oauth
from server.oidc.feature import feature as oidc
from server.pads.feature import feature as pads
from server.peers.feature import feature as peers
from server.polls.feature import feature as polls
from server.posts.feature import feature as posts
from server.practices.feature import feature as practices
from server.privacy.feature import feature as privacy
from server.proposals.feature import feature as proposals
from server.pulse.feature import feature as pulse
from server.push.feature import feature as push
from server.remixes.feature import feature as remixes
from server.resources.feature import feature as resources
from server.rounds.feature import feature as rounds
from server.search.feature import feature as search
from server.serverlists.feature import feature as serverlists
from server.sessions.feature import feature as sessions
from server.subjects.feature import feature as subjects
from server.thanks.feature import feature as thanks
from server.timelines.feature import feature as timelines
from server.together.feature import feature as together
from server.topics.feature import feature as topics
from server.tries.feature import feature as tries
from server.webhooks.feature import feature as webhooks
from server.workcards.feature import feature as workcards


def _install_jobs(here: Instance) -> None:
    here.worker.add("jobs", here.jobs.step, concurrency=2)


jobs = Feature("jobs", models="server.jobs.models", install=_install_jobs)

FEATURES: tuple[Feature, ...] = (
    jobs,
    mail,
    audit,
    peers,
    actors,
    accounts,
    factors,
    oauth,
    invitations,
    oidc,
    fediverse,
    media,
    consortium,
    serverlists,
    communities,
    topics,
    pulse,
    workcards,
    posts,
    practices,
    coauthors,
    remixes,
    tries,
    subjects,
    beforehand,
    blueprints,
    discussions,
    challenges,
    ideas,
    collections,
    resources,
    polls,
    rounds,
    proposals,
    sessions,
    hashtags,
    together,
    hosting,
    thanks,
    pads,
    timelines,
    notes,
    guests,
    notifications,
    filters,
    conversations,
    search,
    mediation,
    moderation,
    needs,
    live,
    privacy,
    digest,
    letterbox,
    push,
    checkup,
    webhooks,
    leading,
)


def model_modules() -> list[str]:
    """The modules that hold tables."""
    return [feature.models for feature in FEATURES if feature.models]
