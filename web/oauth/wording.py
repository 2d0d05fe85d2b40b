"""What scopes mean, in the words of the person who is asked."""

from collections.abc import Iterable

from starlette.requests import Request

from web.i18n import gettext


def in_words(request: Request, scopes: Iterable[str]) -> list[str]:
    """One line for each thing that an app may do; what a wider one includes is left out."""
    have = set(scopes)
    shown = [scope for scope in have if scope not in _within(have)]
    words = _words(request)
    return [words[scope] for scope in words if scope in shown]


def _within(have: set[str]) -> set[str]:
    inner = {scope for scope in have if ":" in scope and scope.partition(":")[0] in have}
    if {"read", "write"} <= have:
        inner.add("follow")
    return inner | ({"profile"} if "read" in have else set())


def _words(request: Request) -> dict[str, str]:
    """In the order in which they are shown."""

    def say(text: str) -> str:
        return gettext(request, text)

    return {
        "read": say("Read everything that you can read here, also what is for members or for you alone"),
        "profile": say("Know who you are"),
        "read:accounts": say("Read your profile and those of others"),
        "read:statuses": say("Read posts that you can read, also what is for members or for you alone"),
        "read:notifications": say("Read your notifications"),
        "read:search": say("Search in your name"),
        "read:follows": say("See whom you follow"),
        "read:lists": say("See your lists"),
        "read:bookmarks": say("See what you saved"),
        "read:favourites": say("See what you liked"),
        "read:blocks": say("See whom you blocked"),
        "read:mutes": say("See whom you do not want to hear"),
        "read:filters": say("See which words you filter"),
        "write": say("Do everything that you can do here: post, reply, delete, follow, change your profile"),
        "write:statuses": say("Post, reply, edit and delete in your name"),
        "write:media": say("Add pictures and files"),
        "write:accounts": say("Change your profile"),
        "write:notifications": say("Clear your notifications"),
        "write:conversations": say("Mark conversations as read and leave them"),
        "write:favourites": say("Like in your name"),
        "write:bookmarks": say("Save posts for you"),
        "write:lists": say("Change your lists"),
        "write:reports": say("Report posts and people in your name"),
        "follow": say("Follow, block and mute in your name"),
        "write:follows": say("Follow people and communities in your name"),
        "write:blocks": say("Block in your name"),
        "write:mutes": say("Mute in your name"),
        "write:filters": say("Change which words you filter"),
        "push": say("Send you notifications while the app is closed"),
    }
