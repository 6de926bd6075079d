"""Settings are read once, typed, and a name that is not known is refused."""

import pytest

from geo.errors import SettingError
from geo.settings import Settings, read_settings


@pytest.fixture
def nowhere(tmp_path):
    return tmp_path / "getu.toml"


def test_defaults_hold_when_nothing_is_set(nowhere):
    assert read_settings(environ={}, file=nowhere) == Settings()


def test_the_environment_wins_over_the_file(nowhere):
    nowhere.write_text('port = 9000\nlanguage = "zh"\n', encoding="utf-8")
    settings = read_settings(environ={"GETU_PORT": "9001"}, file=nowhere)
    assert (settings.port, settings.language) == (9001, "zh")


@pytest.mark.parametrize("name", ["GETU_PROT", "GETU_STORE"])
def test_an_unknown_name_is_refused_and_named(nowhere, name):
    with pytest.raises(SettingError, match=name.removeprefix("GETU_").lower()):
        read_settings(environ={name: "1"}, file=nowhere)


@pytest.mark.parametrize("value", ["many", "0", "-5", "1.5", ""])
def test_a_number_that_is_none_is_refused(nowhere, value):
    with pytest.raises(SettingError, match="port"):
        read_settings(environ={"GETU_PORT": value}, file=nowhere)


def test_true_is_no_number(nowhere):
    nowhere.write_text("port = true\n", encoding="utf-8")
    with pytest.raises(SettingError, match="port"):
        read_settings(environ={}, file=nowhere)


def test_a_time_zone_that_does_not_exist_is_refused(nowhere):
    with pytest.raises(SettingError, match="Asia/Chengdu"):
        read_settings(environ={"GETU_TIME_ZONE": "Asia/Chengdu"}, file=nowhere)


def test_a_language_we_do_not_speak_is_refused(nowhere):
    with pytest.raises(SettingError, match="fr"):
        read_settings(environ={"GETU_LANGUAGE": "fr"}, file=nowhere)


@pytest.mark.parametrize("text", ["port = ", b"\xff\xfe"])
def test_a_settings_file_that_cannot_be_read_says_so_without_its_folder(nowhere, text):
    nowhere.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingError, match=r"getu\.toml") as caught:
        read_settings(environ={}, file=nowhere)
    assert str(nowhere.parent) not in str(caught.value)


def test_every_sentence_exists_in_both_languages_and_fills_the_same_blanks():
    import string

    from geo.messages import MESSAGES

    for code, message in MESSAGES.items():
        assert message.en and message.zh, code
        blanks = [
            {name.removesuffix(own) for _, name, _, _ in string.Formatter().parse(text) if name}
            for own, text in (
                ("_en", message.en + message.hint_en),  # a word that itself differs by language
                ("_zh", message.zh + message.hint_zh),
            )
        ]
        assert blanks[0] == blanks[1], code
