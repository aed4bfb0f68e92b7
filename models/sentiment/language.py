"""Whether a text is in a language the model knows. A text in another one gets no sentiment; it is never guessed."""

from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

KNOWN = "en"
TOLD_APART = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nb nl no pl pt ro ru sk sl sv sw ta th "
    "tl tr uk ur vi zh"
)
"""The library tells 142 languages apart; these are enough to know English, in a third of the memory."""
ENOUGH = 400
"""Characters that are looked at."""
LEAST_LETTERS = 10
"""Shorter texts are taken to be in the known language, unless their script says otherwise: `ok` is every language."""
UNLIKELY = ((25, 0.01), (60, 0.03), (ENOUGH + 1, 0.15))
"""(letters below, English is ruled out below this probability): the shorter a text, the surer it has to be."""
LIKELY = 0.4
"""And one other language must be at least so likely: `hahaha` is a little of many."""
LAST_LATIN = 0x024F


def foreign_language(text: str) -> str | None:
    """The ISO 639-1 code of the language of `text` if it is surely not English, else None."""
    sample = text[:ENOUGH].replace("@user", "").replace("http", "")
    letters = sum(map(str.isalpha, sample))
    if letters == 0:
        return None
    other_script = not sample.isascii() and 2 * sum(c.isalpha() and ord(c) > LAST_LATIN for c in sample) > letters
    if letters < LEAST_LETTERS and not other_script:
        return None
    sample = sample.lower()
    if not other_script and identifier().classify(sample)[0] == KNOWN:
        return None  # nearly all texts, without ranking what else they might be
    ranked = identifier().rank(sample)
    unlikely = next(probability for below, probability in UNLIKELY if letters < below)
    likeliest, probability = next(pair for pair in ranked if pair[0] != KNOWN)
    surely = dict(ranked)[KNOWN] < unlikely and probability >= LIKELY
    return str(likeliest) if surely or other_script else None


@cache
def identifier() -> LanguageIdentifier:
    """The library's model cut down to `TOLD_APART`. Half a second to load; used by all threads."""
    whole = LanguageIdentifier.from_model_file(MODEL_FILE)
    wanted = TOLD_APART.split()
    kept = [place for place, name in enumerate(whole.nb_classes) if name in wanted]
    return LanguageIdentifier(
        whole.nb_ptc[:, kept].copy(),
        whole.nb_pc[kept],
        [whole.nb_classes[place] for place in kept],
        whole.tk_nextmove,
        whole.tk_output,
        norm_probs=True,
        tk_row=whole.tk_row,
    )
