"""The command line: status 0 done, 1 refused with one line on standard error, 2 wrong usage."""

import os
import tarfile
from pathlib import Path

import pytest
import uvloop
from click.testing import CliRunner, Result

from server.cli import main
from server.db.holding import Ownership


class Shell:
    """Runs `peerhall` with settings for a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: dict[str, str | None] = {
            "PEERHALL_ORIGIN": "https://hall.example",
            "PEERHALL_DATA_DIR": str(folder / "data"),
            "PEERHALL_LOG": "error",
            "USER": "ana",
        }

    def __call__(self, *arguments: str, stdin: str | None = None, **environment: str) -> Result:
        before = os.umask(0o022)
        try:
            return CliRunner().invoke(main, arguments, input=stdin, env=self.environment | environment)
        finally:
            os.umask(before)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path)


def refused(result: Result, words: str) -> None:
    """Status 1 and one line that says why."""
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("peerhall: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


def test_wrong_usage_is_status_2(shell: Shell) -> None:
    assert shell("user", "create").exit_code == 2
    assert shell("serve", "--port", "99999").exit_code == 2
    assert shell("nonsense").exit_code == 2
    assert shell("community", "create", "x", "--name", "X", "--kind", "odd").exit_code == 2


def test_r6_a_second_server_on_one_file_is_refused_and_commands_are_not(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uvloop, "install", lambda: None)
    assert shell("migrate").exit_code == 0
    owned = Ownership.take(shell.folder / "data" / "peerhall.sqlite3")
    assert owned is not None
    refused(shell("serve", "--port", "0"), "stop it first")
    assert shell("user", "create", "maya", "--password", "a quiet morning").exit_code == 0
    assert shell("backup", "a.backup").exit_code == 0
    owned.end()
    owned = Ownership.take(shell.folder / "data" / "peerhall.sqlite3")
    assert owned is not None, "nothing is left of an owner that ended"
    owned.end()


@pytest.mark.parametrize("group", [(), ("user",), ("peers",), ("community",)])
def test_help_says_each_command_whole_in_one_line(shell: Shell, group: tuple[str, ...]) -> None:
    lines = shell(*group, "--help", COLUMNS="80").stdout.split("Commands:")[1].splitlines()
    assert not [line for line in lines if line.endswith("...")]


def test_a_wrong_setting_is_one_line(shell: Shell) -> None:
    refused(shell("peers", "list", PEERHALL_ORIGIN="nowhere"), "PEERHALL_ORIGIN")
    refused(shell("peers", "list", PEERHALL_NONSENSE="1"), "PEERHALL_NONSENSE")
    refused(shell("--config", "absent.toml", "peers", "list"), "absent.toml")


def test_people_are_refused_with_a_reason(shell: Shell) -> None:
    refused(shell("user", "create", "two words"), "letters")
    refused(shell("user", "create", "maya", "--password", ""), "password")
    refused(shell("user", "create", "maya", "--password", "a", "--password-stdin", stdin="b"), "--password")
    assert shell("user", "create", "maya", "--password-stdin", stdin="correct horse battery\n").exit_code == 0
    refused(shell("user", "create", "Maya", "--password", "correct horse battery"), "this name already")
    refused(shell("user", "suspend", "nobody"), "nobody")


def test_a_person_and_a_community_are_created_and_listed(shell: Shell) -> None:
    made = shell("user", "create", "Maya", "--password-stdin", "--role", "admin", stdin="correct horse battery\n")
    assert made.exit_code == 0, made.output
    assert made.stdout == "@maya@hall.example\n"
    refused(shell("community", "create", "maya", "--name", "Taken"), "this name already")
    community = shell("community", "create", "science", "--name", "Science", "--owner", "maya")
    assert community.exit_code == 0, community.output
    assert community.stdout == "@science@hall.example\n"
    assert shell("user", "set-password", "maya", "--password-stdin", stdin="another good one\n").exit_code == 0
    refused(shell("user", "reset-factors", "nobody"), "nobody")
    assert "password alone" in shell("user", "reset-factors", "@maya").stdout
    refused(shell("user", "suspend", "maya"), "admin")
    assert shell("user", "create", "tom", "--password", "correct horse battery").exit_code == 0
    assert shell("user", "suspend", "tom").exit_code == 0
    assert shell("user", "delete", "tom", "--yes").exit_code == 0
    refused(shell("user", "delete", "tom", "--yes"), "tom")


def test_peers_get_grades(shell: Shell) -> None:
    refused(shell("peers", "block", "not a host"), "Write a domain")
    assert "no other server" in shell("peers", "list").stdout
    for verb, grade in (("allow", "trusted"), ("limit", "limited"), ("block", "blocked")):
        assert shell("peers", verb, "birch.example").exit_code == 0
        assert grade in shell("peers", "list").stdout
    assert shell("peers", "forget", "birch.example").exit_code == 0
    assert "blocked" not in shell("peers", "list").stdout


def test_an_address_that_may_not_be_reached_is_refused(shell: Shell) -> None:
    refused(shell("inspect", "http://127.0.0.1:9/x"), "http://127.0.0.1:9/x")
    refused(shell("inspect", "ana@127.0.0.1:9", PEERHALL_LOG="info"), "PEERHALL_ALLOWED_PRIVATE_ADDRESSES")


def test_init_writes_settings_once_and_the_first_admin(shell: Shell) -> None:
    refused(shell("init", "--non-interactive", PEERHALL_REGISTRATION="never"), "PEERHALL_REGISTRATION")
    made = shell("init", "--non-interactive")
    assert made.exit_code == 0, made.output
    assert "first admin  ana" in made.stdout
    assert 'origin = "https://hall.example"' in (shell.folder / "peerhall.toml").read_text()
    refused(shell("init", "--non-interactive"), "exists already")
    check = shell("check", PEERHALL_ORIGIN="http://localhost:8000")
    assert check.exit_code == 0, check.output
    assert "1 accounts" in check.stdout


@pytest.mark.parametrize("user", ["", "root", "peerhall", "Ana B."])
def test_init_names_the_first_admin_where_the_own_name_cannot_be_a_handle(shell: Shell, user: str) -> None:
    made = shell("init", "--non-interactive", USER=user)
    assert made.exit_code == 0, made.output
    assert "first admin  first_admin" in made.stdout


def test_init_asks_again_for_what_cannot_be_and_writes_nothing_before(shell: Shell) -> None:
    wrong = ["nowhere", "https://oak.example", "Oak School", "sometimes", "invite", "careful", "root"]
    left = shell("init", stdin="\n".join(wrong) + "\n")
    assert left.exit_code == 1
    assert not (shell.folder / "peerhall.toml").exists()
    made = shell("init", stdin="\n".join([*wrong, "hanna", ""]))
    assert made.exit_code == 0, made.output
    assert "first admin  hanna" in made.stdout
    assert 'name = "Oak School"' in (shell.folder / "peerhall.toml").read_text()


def test_check_says_that_migrations_wait_and_what_storage_is_not_there(shell: Shell) -> None:
    (shell.folder / "data").mkdir()
    (shell.folder / "data" / "peerhall.sqlite3").touch()
    result = shell("check", PEERHALL_ORIGIN="http://localhost:8000", PEERHALL_MEDIA_URL="s3://key:secret@bucket")
    assert result.exit_code == 1, result.output
    assert "run peerhall migrate" in result.stdout
    assert "FAIL  storage     PEERHALL_MEDIA_URL: credentials do not belong there" in result.stdout
    assert "secret" not in result.stdout


def test_check_says_that_the_database_is_away(shell: Shell) -> None:
    away = "postgres://ana:secret@127.0.0.1:9/hall"
    result = shell("check", PEERHALL_ORIGIN="http://localhost:8000", PEERHALL_DATABASE_URL=away)
    assert result.exit_code == 1, result.output
    assert "FAIL  database" in result.stdout
    refused(shell("peers", "list", PEERHALL_DATABASE_URL=away), "127.0.0.1")


def test_check_fails_where_service_would(shell: Shell) -> None:
    result = shell("check", PEERHALL_SMTP_URL="smtp://127.0.0.1:9", PEERHALL_ORIGIN="http://hall.example")
    assert result.exit_code == 1
    assert "FAIL  mail" in result.stdout
    assert "FAIL  settings" in result.stdout


def test_r9_a_backup_restores_and_a_damaged_one_is_refused(shell: Shell, tmp_path: Path) -> None:
    assert shell("user", "create", "maya", "--password", "correct horse battery").exit_code == 0
    assert shell("backup", "saved.tar.gz").exit_code == 0
    refused(shell("backup", "saved.tar.gz"), "exists already")
    refused(shell("restore", "saved.tar.gz"), "not empty")
    refused(shell("restore", "absent.tar.gz", PEERHALL_DATA_DIR="other"), "no file")
    (tmp_path / "data" / "peerhall.sqlite3").chmod(0o644)  # as it was made once
    assert shell("user", "create", "tom", "--password", "correct horse battery").exit_code == 0
    for path in [tmp_path / "saved.tar.gz", *(tmp_path / "data").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path
    whole = (tmp_path / "saved.tar.gz").read_bytes()
    (tmp_path / "half.tar.gz").write_bytes(whole[: len(whole) // 2])
    refused(shell("restore", "half.tar.gz", PEERHALL_DATA_DIR="other"), "is damaged or not complete")
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("../escaped"))
    refused(shell("restore", "evil.tar.gz", PEERHALL_DATA_DIR="other"), "is not a backup of Peerhall")
    assert not (tmp_path / "other").exists()
    assert shell("restore", "saved.tar.gz", PEERHALL_DATA_DIR="other").exit_code == 0
    refused(shell("user", "create", "maya", PEERHALL_DATA_DIR="other"), "this name already")


def test_migrate_says_what_it_would_do(shell: Shell) -> None:
    assert "would apply 0001" in shell("migrate", "--dry-run").stdout
    assert "applied 0001" in shell("migrate").stdout
    assert "up to date" in shell("migrate").stdout


def test_web_and_worker_need_postgresql(shell: Shell) -> None:
    refused(shell("web"), "PostgreSQL")
    refused(shell("worker"), "PostgreSQL")


def test_keys_are_replaced_by_name(shell: Shell) -> None:
    refused(shell("user", "rotate-keys", "nobody"), "@nobody")
    assert shell("user", "create", "maya", "--password", "correct horse battery").exit_code == 0
    for name in ("maya", "@maya", "Maya"):
        result = shell("user", "rotate-keys", name)
        assert (result.exit_code, "new keys" in result.stdout) == (0, True), result.output
    assert shell("user", "rotate-keys", "maya", "--compromised").exit_code == 0
    refused(shell("user", "rotate-keys", "maya@elsewhere.example"), "Nobody here")
