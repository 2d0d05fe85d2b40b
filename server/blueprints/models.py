"""What a network was begun with."""

from typing import Any

from tortoise.models import Model

from server.db import JsonField, MomentField, id_field


class NetworkPlan(Model):
    """The plan of a network hosted here; `id` is the id of the network.

    `steps` are ``{text, done}``, and ``{community, question, options}`` besides where one asks all members in one of
    the communities that were made for it, whose ids are `communities`. For admins here alone.
    """

    id = id_field()
    steps: Any = JsonField(default=list)
    communities: Any = JsonField(default=list)
    created_at = MomentField()

    class Meta:
        """Table name."""

        table = "network_plan"
