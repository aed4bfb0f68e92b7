import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.sentiment.cleaning import MAX_TEXT, customer_words, has_words


def test_html_mail_is_read_as_a_mail_program_shows_it() -> None:
    mail = (
        "<html><head><style>p {color: red}</style></head><body><p>It <b>still</b> fails &amp; nobody answers.</p>"
        "<script>track()</script></body></html>"
    )
    assert customer_words(mail) == "It still fails & nobody answers."


@pytest.mark.parametrize(
    "quoted",
    [
        '<blockquote type="cite">I love it</blockquote>',
        '<div class="gmail_quote">On Monday Ann wrote: I love it</div>',
        '<div class="gmail_signature">Bob, Acme</div>',
    ],
)
def test_what_mail_programs_mark_as_quoted_is_cut(quoted: str) -> None:
    assert customer_words(f"<div>It fails.</div>{quoted}") == "It fails."


def test_a_quoted_reply_is_cut() -> None:
    mail = "No, it is broken.\n\nOn Mon, 3 Feb 2025 at 10:00, Support <s@example.com> wrote:\n> Is it great now?\n"
    assert customer_words(mail) == "No, it is broken."


def test_an_answer_below_the_quotation_is_kept() -> None:
    mail = "On Mon, 3 Feb 2025 at 10:00, Support <s@example.com> wrote:\n> Is it great now?\nNo, it is broken."
    assert customer_words(mail) == "No, it is broken."


def test_outlook_headers_end_the_message() -> None:
    mail = "Still broken.\n\nFrom: Support\nSent: Monday\nTo: Ann\nSubject: Great news\n\nWe love it"
    assert customer_words(mail) == "Still broken."


def test_a_signature_is_cut() -> None:
    assert customer_words("It crashes again.\n\nBest regards,\nAnn Lee\nAcme Happy Inc.") == "It crashes again."


def test_a_line_of_thanks_is_no_signature() -> None:
    assert customer_words("Hi Ann\nThanks, it works great now!") == "Hi Ann Thanks, it works great now!"


def test_a_list_with_hyphens_is_no_signature() -> None:
    assert customer_words("Broken:\n- login\n- search") == "Broken: - login - search"


def test_comparisons_are_no_html() -> None:
    assert customer_words("if a < b and c > d it fails") == "if a < b and c > d it fails"


def test_what_cannot_be_seen_is_dropped() -> None:
    assert customer_words("ha\u200bte\u0000 \u202eit\ufeff") == "hate it"


def test_look_alike_letters_are_plain_ones() -> None:
    assert customer_words("\uff28\uff41\uff54\uff45 \U0001d5f6\U0001d601") == "Hate it"


def test_emoji_are_their_names_and_a_run_counts_once() -> None:
    assert customer_words("ok \U0001f621\U0001f621\U0001f621") == "ok angry face"


def test_an_emoji_alone_has_words() -> None:
    assert has_words(customer_words("\U0001f44d\U0001f3fd"))


def test_links_addresses_names_and_stretched_letters_have_one_spelling() -> None:
    words = customer_words("Sooooo slow @ann see https://a.example/x?y or mail b@c.example \u201cnow\u201d")
    assert words == 'Soo slow @user see http or mail email "now"'


@pytest.mark.parametrize(
    "text", ["", "  ", "\u200b", "123 456", "?!", "<p></p>", "[cid:image001.png@01DA]", "image001.png"]
)
def test_nothing_to_read_has_no_words(text: str) -> None:
    assert not has_words(customer_words(text))


@given(st.text(max_size=500))
def test_any_text_comes_out_as_one_line_that_is_stable(text: str) -> None:
    words = customer_words(text)
    assert "\n" not in words
    assert words == words.strip()
    words.encode()


def test_a_long_text_is_cut_not_refused() -> None:
    assert 0 < len(customer_words("word " * 1_000_000)) <= MAX_TEXT
