"""Other servers as a feature."""

from functools import partial

from server.feature import Feature
from server.instance import Instance
from server.peers import queries


def _install(here: Instance) -> None:
    # A source of the worker that never has work: it is asked every two seconds, and so a grade that another process
    # changed counts within seconds, also in the middle of a long batch of deliveries.
    here.worker.add("grades", partial(_keep_fresh, here))


async def _keep_fresh(here: Instance) -> bool:
    await queries.refresh_grades(here)
    return False


feature = Feature("peers", models="server.peers.models", install=_install)
