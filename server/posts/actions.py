"""Everything that is done to posts, from here and from elsewhere; the parts are in the modules beside this one."""

from server.posts.composing import create_post, edit_post, publish_post
from server.posts.form import NewAttachment, NewPost, PostChange
from server.posts.moderating import set_pinned
from server.posts.reactions import (
    boost_post,
    echo_post,
    like_post,
    mark_helped,
    set_locked,
    unboost_post,
    unecho_post,
    unlike_post,
    unmark_helped,
)
from server.posts.receiving import fetch_post, receive_post
from server.posts.removal import approve_post, delete_post, remove_post, restore_post

__all__ = [
    "NewAttachment",
    "NewPost",
    "PostChange",
    "approve_post",
    "boost_post",
    "create_post",
    "delete_post",
    "echo_post",
    "edit_post",
    "fetch_post",
    "like_post",
    "mark_helped",
    "publish_post",
    "receive_post",
    "remove_post",
    "restore_post",
    "set_locked",
    "set_pinned",
    "unboost_post",
    "unecho_post",
    "unlike_post",
    "unmark_helped",
]
