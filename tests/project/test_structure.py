"""The shape of the tree: what may stand where, and what may be done only in one place."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.reading import PACKAGES, ROOT, calls, listed, modules

STANDARD_FILES = {"__init__", "models", "actions", "queries", "policy", "events", "errors", "feature"}
MAX_LINES = 400

# Who may start a task that nobody waits for, and why.
TASK_STARTERS = {
    "server/db/bus.py": "what others say is heard for as long as an instance is up, and awaited at its end",
    "server/asgi.py": "the worker of one instance, started with the application and awaited at its end",
    "server/jobs/worker.py": "what is slow goes on beside the rest, in the worker's own TaskGroup",
}

# Who may ask for the time of day, and why. Everybody else asks the clock of the instance.
CLOCK_READERS = {
    "server/clock.py": "it is the clock",
    "server/demo/network.py": "the demo's clock, which is shifted into the past while it is being seeded",
    "web/render.py": "a reader's 'two minutes ago' where no instance is at hand",
    "web/components/examples.py": "the component page shows made-up posts of today",
}

FORBIDDEN_CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "date.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
}


def features() -> list[Path]:
    return sorted(path.parent for path in (ROOT / "server").glob("*/feature.py"))


def test_the_application_can_be_loaded_first() -> None:
    """Whether a circle of imports does harm depends on where it is entered: commands enter elsewhere."""
    subprocess.run([sys.executable, "-c", "import server.asgi"], cwd=ROOT, check=True)


def test_only_authenticate_makes_verified_activities() -> None:
    makers = {path for path, tree in modules().items() for name, _ in calls(tree) if name.endswith("VerifiedActivity")}
    assert makers == {"federation/inbox/authenticate.py"}


def test_verified_activities_are_not_copied_with_changes() -> None:
    """`dataclasses.replace` and `copy.replace` would be a second way of making one."""
    for path, tree in modules().items():
        if not path.startswith(("server/", "web/")):
            continue
        for name, call in calls(tree):
            if name in {"replace", "dataclasses.replace", "copy.replace"} and call.args:
                assert "verified" not in ast.unparse(call.args[0]), f"{path}:{call.lineno}"


def test_no_task_is_started_and_forgotten() -> None:
    """Durable work is a job, concurrent work a TaskGroup: a bare task may inherit somebody's transaction."""
    found = set()
    for path, tree in modules().items():
        groups = {
            item.optional_vars.id
            for node in ast.walk(tree)
            if isinstance(node, ast.AsyncWith)
            for item in node.items
            if isinstance(item.optional_vars, ast.Name) and ast.unparse(item.context_expr).endswith("TaskGroup()")
        }
        for name, call in calls(tree):
            owner, _, function = name.rpartition(".")
            if function in {"create_task", "ensure_future"} and owner not in groups:
                assert path in TASK_STARTERS, f"{path}:{call.lineno} starts a task that nobody waits for"
                found.add(path)
    assert found == set(TASK_STARTERS), "the list names somebody who no longer does it"


def test_nobody_reads_the_time_of_day_behind_the_clocks_back() -> None:
    found = set()
    for path, tree in modules().items():
        for name, call in calls(tree):
            if name in FORBIDDEN_CLOCKS:
                assert path in CLOCK_READERS, f"{path}:{call.lineno} calls {name}(); take the time from here.clock"
                found.add(path)
    assert found == set(CLOCK_READERS), "the list names somebody who no longer does it"


def test_no_module_is_long_without_a_reason() -> None:
    reasons = listed("long_modules.txt")
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    long = {
        str(path.relative_to(ROOT)) for path in paths if len(path.read_text(encoding="utf-8").splitlines()) > MAX_LINES
    }
    assert long - set(reasons) == set(), f"over {MAX_LINES} lines: split it, or give a reason in long_modules.txt"
    assert set(reasons) - long == set(), "long_modules.txt names modules that are short by now"


@pytest.mark.parametrize("folder", features(), ids=lambda folder: folder.name)
def test_a_feature_folder_holds_only_files_with_known_names(folder: Path) -> None:
    """The same names everywhere, so that a reader needs no map; what a feature has besides is listed with a reason."""
    others = listed("feature_files.txt")
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if "__pycache__" in inside.parts or path.is_dir():
            continue
        if inside.parts[0] == "activities":
            assert len(inside.parts) == 2, f"{path}: activities/ has no folders"
            assert path.suffix == ".py", f"{path}: activities/ holds modules"
            continue
        if len(inside.parts) == 1 and path.suffix == ".py" and path.stem in STANDARD_FILES:
            continue
        assert str(path.relative_to(ROOT)) in others, f"{path.relative_to(ROOT)} has a name of its own and no reason"


def test_the_list_of_other_feature_files_is_current() -> None:
    assert [path for path in listed("feature_files.txt") if not (ROOT / path).is_file()] == []


def test_every_installed_feature_is_listed() -> None:
    """A folder with a feature.py that `server.features` does not name would silently do nothing."""
    text = (ROOT / "server" / "features.py").read_text(encoding="utf-8")
    assert set(re.findall(r"from server\.(\w+)\.feature import", text)) == {folder.name for folder in features()}


def test_models_are_only_tables() -> None:
    """No query and no write hides in a model; and no other file of a feature defines a table."""
    for path, tree in modules().items():
        if not path.startswith("server/"):
            continue
        tables = [
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            for base in node.bases
            if ast.unparse(base) in {"Model", "models.Model", "tortoise.Model"}
        ]
        assert not tables or path.endswith("/models.py"), f"{path} defines tables"
        if path.endswith("/models.py"):
            waiting = [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]
            assert waiting == [], f"{path} does something"


def test_policies_know_no_database_and_no_clock() -> None:
    for path, tree in modules().items():
        if path.startswith("server/") and path.endswith("/policy.py"):
            waiting = [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]
            assert waiting == [], f"{path} waits for something"
            assert not [name for name, _ in calls(tree) if ".clock." in name], f"{path} asks the clock"


def test_only_actions_and_their_like_open_transactions() -> None:
    """Pages never do: a form is one action, and that action is all or nothing."""
    for path, tree in modules().items():
        if path.startswith("web/") or path.endswith(("/queries.py", "/policy.py", "/models.py", "/events.py")):
            opened = [name for name, _ in calls(tree) if name.endswith(("db.transaction", "in_transaction"))]
            assert opened == [], f"{path} opens a transaction"


def test_nothing_is_sent_but_by_the_parts_that_send() -> None:
    """A feature without `activities/` has no way to the wire; this is read off the tree."""
    senders = {
        "server/actors/sending.py",  # the one door: proof, readable copy, queue
    }
    for path, tree in modules().items():
        if path.startswith(("server/", "web/")) and any(name.endswith("deliveries.enqueue") for name, _ in calls(tree)):
            assert path in senders or "/activities/" in path, f"{path} puts something into the outbox"
