"""From what a helpdesk stores to the words the customer wrote in this message.

HTML mail becomes text, what is quoted from earlier mails and the signature are cut, characters that cannot be seen are
dropped, emoji become words. Every step has a bound, so that no text, however hostile, takes long:
the bounds are in characters and a text over one is cut, never refused.
"""

import re
import unicodedata

from mailparser_reply.parser import EmailMessage, EmailReply
from selectolax.lexbor import LexborHTMLParser

from models.sentiment.emoji import as_words
from models.sentiment.normal import normalise

MAX_MARKUP = 100_000
"""Of a text with HTML, this much is parsed."""
MAX_TEXT = 20_000
"""Of a text without (or after) HTML, this much is read. A mail's own words come first, what it quotes last."""
MAX_MAIL = 8_000
"""Of a text of several lines, this much is searched for quoted mails: the library's time grows with the square."""
MAX_LINE = 400
MAX_SIGNATURE = 400
"""A longer 'signature' is a mail whose second line happens to begin with a greeting; it is kept."""
MAX_CUT_NODES = 1_000

CLIENT_LANGUAGES = ("en", "de", "fr", "es", "it", "nl")
"""Languages of mail programs whose `On … wrote:` lines are recognised; a customer may write English in any of them."""
QUOTED_OR_HIDDEN = (
    "head, script, style, title, template, noscript, blockquote, .gmail_quote, .gmail_quote_container, "
    ".gmail_signature, .moz-cite-prefix, .moz-signature, .yahoo_quoted, #Signature, .zmail_extra"
)
MARKUP = re.compile(
    r"<(?:!doctype|/?(?:html|body|head|div|span|p|br|table|tr|td|a|b|i|em|strong|font|ul|ol|li|h\d|img|blockquote))[\s/>]",
    re.IGNORECASE,
)
ENDS_A_LINE = re.compile(r"(?=<br|</(?:p|div|tr|li|h\d|table|ul|ol|pre)\b)", re.IGNORECASE)
ATTACHMENT = re.compile(
    r"\[(?:cid:|image|inline image|attachment)[^\]\n]{0,200}\]"
    r"|^\S{1,200}\.(?:png|jpe?g|gif|heic|pdf|docx?|xlsx?|pptx?|csv|txt|log|zip|mp[34]|mov|eml)$",
    re.IGNORECASE | re.MULTILINE,
)
"""What mail programs put in the place of a picture, or a line that is nothing but a file's name."""
LINE_ENDS = (0x0B, 0x0C, 0x85, 0x2028, 0x2029)
INVISIBLE: dict[int, str | None] = {
    code: "\n" if code in LINE_ENDS else None
    for code in range(0x10000)
    if code in (*LINE_ENDS, 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x180F), 0x3164, 0xFFA0)
    or (unicodedata.category(chr(code)) in ("Cc", "Cf") and chr(code) not in "\t\n\r\u200d")
}
"""Control and format characters, and letters that are drawn as nothing. The zero-width joiner stays: it joins emoji."""


def customer_words(text: str) -> str:
    """The words of this message in the spelling the model knows, on one line; empty when there are none."""
    if "<" in text and MARKUP.search(text, 0, MAX_MARKUP):
        text = _without_markup(text[:MAX_MARKUP])
    text = ATTACHMENT.sub(" ", _visible(text[:MAX_TEXT]))
    if "\n" in text:
        text = _own_part(text)
    return normalise(as_words(text))[:MAX_TEXT].rstrip()


def has_words(text: str) -> bool:
    """Whether there is anything to read: a letter, or an emoticon such as `:)`."""
    return any(character.isalpha() for character in text) or any(sign in text for sign in (":)", ":(", "<3", ":D"))


def _without_markup(markup: str) -> str:
    """The text a mail program would show, without the parts that mail programs mark as quoted or as signature."""
    tree = LexborHTMLParser(ENDS_A_LINE.sub("\n", markup))
    for node in tree.css(QUOTED_OR_HIDDEN)[:MAX_CUT_NODES]:
        node.decompose()
    return tree.body.text() if tree.body is not None else ""


def _visible(text: str) -> str:
    """Without control and zero-width characters and halves of surrogate pairs; look-alike letters as plain ones."""
    text = text.translate(INVISIBLE)
    if text.isascii():
        return text
    whole = text.encode("utf-8", "ignore").decode("utf-8")
    return unicodedata.normalize("NFKC", whole)[:MAX_TEXT]


def _own_part(text: str) -> str:
    """Without quoted mails and signature. A mail that is nothing but a quotation has no words of its own."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    wrapped = "\n".join(
        line[place : place + MAX_LINE] for line in lines for place in range(0, len(line) or 1, MAX_LINE)
    )
    while "\n\n\n" in wrapped:
        wrapped = wrapped.replace("\n\n\n", "\n\n")
    replies = EmailMessage(wrapped[:MAX_MAIL], list(CLIENT_LANGUAGES), keep_hyphen_lists=True).read().replies
    body = _without_signature(replies[0]) + (wrapped[MAX_MAIL:] if len(replies) == 1 else "")
    return "\n".join(line for line in body.split("\n") if not line.lstrip().startswith(">"))


def _without_signature(reply: EmailReply) -> str:
    """The body, unless what the library took for a signature reads on (`Thanks, that worked`) or is a mail's length."""
    first = reply.signatures.strip().split("\n", 1)[0]
    is_signature = len(reply.signatures) <= MAX_SIGNATURE and "," not in first.strip(" ,")
    body: str = reply.body if is_signature else reply.full_body
    return body
