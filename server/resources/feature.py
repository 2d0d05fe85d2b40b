"""Resources of libraries as a feature."""

from functools import partial

from server.feature import Feature
from server.instance import Instance
from server.posts import details
from server.posts.events import FilesReplaced, PostDeleted, PostEdited, PostPublished
from server.resources import files, uses
from server.resources.detail import ResourceDetail
from server.shelf import MadeFrom


def _install(here: Instance) -> None:
    for happened in (PostPublished, PostEdited):
        here.events.on(happened, partial(uses.on_post, here))
    here.events.on(PostDeleted, partial(uses.on_deleted, here))
    details.register(here, "resource", ResourceDetail(), [MadeFrom("resource", "t.id = post.id")])
    here.events.on(FilesReplaced, partial(files.keep, here))


feature = Feature("resources", models="server.resources.models", install=_install)
