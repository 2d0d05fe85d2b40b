"""What ties a practice to others: features above say what has to stand under its text, and what it may not become."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from server.actors.viewer import Viewer
from server.instance import Instance
from server.posts.models import Post
from server.practices.form import PracticeForm

CACHE = "practices.bonds"


@dataclass(frozen=True, slots=True)
class Bond:
    """`closing` is Markdown under the text of a practice, which its author cannot change.

    `store` writes down what ties it, in the transaction of the post.
    """

    closing: str = ""
    store: Callable[[Post], Awaitable[None]] | None = None

    async def keep(self, post: Post) -> None:
        """Write down what ties the post, if there is something."""
        if self.store is not None:
            await self.store(post)


Binding = Callable[[Instance, Viewer, Post, PracticeForm, bool], Awaitable[Bond]]
"""The bond of a post that is about to say what is in the form, which is tidy. The last is whether others will read it.

Raises Refused for what may not be.
"""


def register(here: Instance, binding: Binding) -> None:
    """Ask this of every practice that is there, before its text changes."""
    here.caches.setdefault(CACHE, []).append(binding)


async def bond_of(here: Instance, acting: Viewer, post: Post, form: PracticeForm, *, shared: bool) -> Bond:
    """All that ties a practice or draft which is there already."""
    bindings: list[Binding] = here.caches.get(CACHE, [])
    found = [await binding(here, acting, post, form, shared) for binding in bindings]

    async def store(post: Post) -> None:
        for bond in found:
            await bond.keep(post)

    return Bond("\n\n".join(bond.closing for bond in found if bond.closing), store)
