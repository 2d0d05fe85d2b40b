"""Settings: everything malformed is refused with a line that names it."""

from pathlib import Path

import pytest

from server.settings import SettingsError, load

NOWHERE = Path("/dev/null")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PEERHALL_ORIGIN", "hall.example"),
        ("PEERHALL_ORIGIN", "ftp://hall.example"),
        ("PEERHALL_ORIGIN", "https://hall.example/path"),
        ("PEERHALL_ORIGIN", "https://user@hall.example"),
        ("PEERHALL_ORIGIN", "https://hall.example:port"),
        ("PEERHALL_ORIGIN", "https://"),
        ("PEERHALL_DOMAIN", "not a domain"),
        ("PEERHALL_DATABASE_URL", "mysql://here"),
        ("PEERHALL_REGISTRATION", "sometimes"),
        ("PEERHALL_FEDERATION", ""),
        ("PEERHALL_DATABASE_URL", "postgres://ana:secret@/hall"),
        ("PEERHALL_DATABASE_URL", "postgres://ana:secret@here:port/hall"),
        ("PEERHALL_NAME", " "),
        ("PEERHALL_DATA_DIR", ""),
        ("PEERHALL_AUTHORIZED_FETCH", "maybe"),
        ("PEERHALL_ALLOWED_PRIVATE_ADDRESSES", "10.0.0.0/8,nonsense"),
        ("PEERHALL_TRUSTED_PROXIES", "127.0.0.1,proxy"),
        ("PEERHALL_TRUSTED_PROXIES", "10.0.0.0/40"),
        ("PEERHALL_CA_FILE", "/nowhere/ca.pem"),
        ("PEERHALL_CA_FILE", __file__),
        ("PEERHALL_SMTP_URL", "http://mail.example"),
        ("PEERHALL_SMTP_URL", "smtp://"),
        ("PEERHALL_SMTP_URL", "smtp://ana:secret@mail.example:port"),
        ("PEERHALL_REPLY_ADDRESS", "answers-to-everything@hall.example"),
        ("PEERHALL_REPLY_ADDRESS", "answers"),
        ("PEERHALL_IMAP_URL", "https://ana:secret@mail.example"),
        ("PEERHALL_IMAP_URL", "imaps://ana:secret@mail.example/INBOX"),
        ("PEERHALL_MEDIA_URL", "gopher://files"),
        ("PEERHALL_SECRET_KEY", "short"),
        ("PEERHALL_VIDEO_MB", "96"),
        ("PEERHALL_LOG", "loud"),
        ("PEERHALL_LOG_FORMAT", "xml"),
        ("PEERHALL_COLOUR", "green"),
        ("PEERHALL_origin", "https://hall.example"),
    ],
)
def test_a_malformed_or_unknown_setting_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load({variable: value}, NOWHERE)
    assert variable in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "secret" not in str(refusal.value), "passwords stay out of messages"


@pytest.mark.parametrize("content", ["colour = 'green'", "origin = 5", "origin =", "trusted_proxies = [1]"])
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "peerhall.toml"
    file.write_text(content)
    with pytest.raises(SettingsError) as refusal:
        load({}, file)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        load({}, tmp_path / "absent.toml")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "peerhall.toml"
    file.write_text('origin = "https://file.example"\nname = "From the file"\ntrusted_proxies = ["10.1.1.1"]\n')
    settings = load({"PEERHALL_ORIGIN": "https://Env.Example:443/", "HOME": "/"}, file)
    assert settings.origin == "https://env.example"
    assert settings.domain == "env.example"
    assert settings.name == "From the file"
    assert settings.trusted_proxies == ("10.1.1.1",)


def test_defaults_are_those_of_the_contract() -> None:
    settings = load({}, NOWHERE)
    assert settings.origin == "http://localhost:8000"
    assert settings.domain == "localhost:8000"
    assert settings.registration == "invite"
    assert settings.federation == "careful"
    assert settings.authorized_fetch is False
    assert settings.trusted_proxies == ("127.0.0.1",)
    assert settings.database_url.startswith("sqlite:////")
    assert settings.database_url.endswith("/peerhall-data/peerhall.sqlite3")


def test_networks_are_parsed() -> None:
    settings = load({"PEERHALL_ALLOWED_PRIVATE_ADDRESSES": "127.0.0.0/8, ::1"}, NOWHERE)
    assert [str(network) for network in settings.private_networks] == ["127.0.0.0/8", "::1/128"]
