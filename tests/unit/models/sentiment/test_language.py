import pytest

from models.sentiment.language import foreign_language


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "Thanks!",
        "LOL OMG",
        "Hahaha damn",
        "Where is my invoice?",
        "WHY IS THE APP DOWN AGAIN???",
        "cancel my account",
        "404",
    ],
)
def test_english_is_let_through_however_short(text: str) -> None:
    assert foreign_language(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Je ne peux plus me connecter à mon compte", "fr"),
        ("Das ist wirklich schlecht", "de"),
        ("Non riesco ad accedere al mio account", "it"),
        ("Muito obrigado pela ajuda rápida", "pt"),
        ("Ik ben heel boos over deze service", "nl"),
        ("应用程序无法打开", "zh"),
        ("האפליקציה לא עובדת", "he"),
    ],
)
def test_another_language_is_named(text: str, language: str) -> None:
    assert foreign_language(text) == language


def test_a_few_letters_of_another_script_are_enough() -> None:
    assert foreign_language("Спасибо") not in (None, "en")


def test_links_and_names_are_no_language() -> None:
    assert foreign_language("@user @user http http") is None
