"""Every recorded document can be read, or is refused with InvalidDocument; never anything else."""

import json
from pathlib import Path

import pytest

from federation.errors import InvalidDocument
from federation.vocab.activities import is_activity, parse_activity
from federation.vocab.actors import is_actor, parse_actor
from federation.vocab.base import parse_json
from federation.vocab.objects import parse_post
from tests.federation.conftest import FIXTURES, needs_fixtures

pytestmark = needs_fixtures

ROOT = FIXTURES / "activities"
INDEX = json.loads((ROOT / "index.json").read_text()) if ROOT.is_dir() else []
ENTRIES = [(ROOT / entry["file"].removeprefix("visible/"), entry) for entry in INDEX]


def _has_usable_identity(document: dict[str, object]) -> bool:
    """Mbin's snapshots have their ids scrubbed, FEP-8a8e's examples have no author: neither can be anybody's post."""
    return str(document.get("id", "")).startswith("http") and ("attributedTo" in document or "actor" in document)


def test_all_are_there() -> None:
    assert len(ENTRIES) >= 245
    assert [path for path, _ in ENTRIES if not path.is_file()] == []


@pytest.mark.parametrize(("path", "entry"), ENTRIES, ids=[str(path.relative_to(ROOT)) for path, _ in ENTRIES])
def test_documents_of_other_systems(path: Path, entry: dict[str, str]) -> None:
    document = parse_json(path.read_bytes())
    for parse in (parse_activity, parse_actor, parse_post):
        try:
            parse(document)
        except InvalidDocument:
            continue
    expected = entry["expect"]
    if is_activity(document) and expected != "reject":
        assert parse_activity(document).actor
    if expected == "store_actor":
        assert is_actor(document)
        actor = parse_actor(document)
        assert actor.id
        assert actor.kind
    if expected in ("post_object", "reply_object", "poll_object", "event_object"):
        if not _has_usable_identity(document):
            with pytest.raises(InvalidDocument):
                parse_post(document)
            return
        post = parse_post(document)
        assert post.attributed_to
        assert post.name or post.content_html or post.summary or post.attachments or post.options
    if expected in ("create_post", "create_reply", "update_reply", "update_post"):
        activity = parse_activity(document)
        if activity.object is not None and _has_usable_identity(activity.object):
            assert parse_post(activity.object, inherit=activity).attributed_to
