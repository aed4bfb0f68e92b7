"""The spelling the model was trained on. Training and serving both go through `normalise`: they cannot drift apart."""

import html
import re

LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
MAIL_ADDRESS = re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}\b")
NAME = re.compile(r"(?<![\w@])@\w{1,50}")
STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
QUOTES = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a", "'")
    | dict.fromkeys("\u201c\u201d\u201e", '"')
    | dict.fromkeys("\u2013\u2014", "-")
    | {"\u2026": "..."}
)


def normalise(text: str) -> str:
    """HTML entities, quotes, links, mail addresses, names and stretched letters in one spelling; one line."""
    text = html.unescape(text).translate(QUOTES)
    text = LINK.sub("http", text)
    text = MAIL_ADDRESS.sub("email", text)
    text = NAME.sub("@user", text)
    text = STRETCHED.sub(r"\1\1", text)
    return " ".join(text.split())
