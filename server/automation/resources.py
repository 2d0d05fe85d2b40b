"""Resources: read one, with its versions."""

from starlette.responses import Response

from server.automation.calls import Call, answer, missing
from server.automation.shapes import FileVersion, Person, Resource, Version
from server.ids import is_id
from server.posts import queries as posts
from server.posts.queries import PostView
from server.resources import queries
from server.resources.files import earlier_files


async def read(call: Call) -> Response:
    """One resource, with its versions and the files that it had."""
    wanted = call.path()
    post = await posts.show(call.here, call.viewer, wanted) if is_id(wanted) or len(wanted) == 8 else None
    form = None
    if post is not None and post.kind == "resource" and post.state in {"visible", "held"}:
        form = await queries.resource(call.here, post)
    if post is None or form is None:
        raise missing()
    here, by = call.here, Person(post.author.handle, post.author.display_name, call.here.url(post.author.url))
    return answer(
        Resource(
            id=post.id,
            uri=post.uri,
            url=here.url(post.url),
            title=post.title,
            author=by,
            community=post.community.handle.lstrip("@") if post.community is not None else None,
            visibility=post.visibility,
            language=post.language,
            licence=post.licence or None,
            version=post.version,
            published_at=post.published_at,
            edited_at=post.edited_at,
            content_html=post.content_html,
            resource_type=form.resource_type,
            link=form.link or None,
            versions=await _versions(call, post, by),
            files=await _files(call, post, by),
        )
    )


async def _versions(call: Call, post: PostView, by: Person) -> list[Version]:
    old = await posts.versions(call.here, call.viewer, post.id)
    notes = [*(item.change_note for item in old), ""]
    all_of_them = [
        (post.version, post.edited_at or post.published_at, post.title),
        *((item.version, item.created_at, item.title) for item in old),
    ]
    return [
        Version(version=version, by=by, at=at, title=title, change_note=note)
        for (version, at, title), note in zip(all_of_them, notes, strict=True)
    ]


async def _files(call: Call, post: PostView, by: Person) -> list[FileVersion]:
    now = [
        FileVersion(
            version=post.version,
            name=file.name or file.alt,
            url=call.here.url(file.url) if file.url.startswith("/") else file.url,
            media_type=file.media_type,
            added_by=by,
            added_at=None,
            replaced_at=None,
        )
        for file in post.attachments
        if file.kind != "link"
    ]
    return now + [
        FileVersion(
            version=file.version,
            name=file.name,
            url=call.here.url(file.url),
            media_type=file.media_type,
            added_by=by,
            added_at=file.added_at,
            replaced_at=file.replaced_at,
        )
        for file in await earlier_files(call.here, post)
    ]
