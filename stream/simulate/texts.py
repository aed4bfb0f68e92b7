"""What people write: short mails and chats put together from phrases, in their mood. All of it is our own writing."""

from html import escape
from random import Random

_TOPICS = (
    "the monthly invoice",
    "the login page",
    "the export to spreadsheets",
    "our single sign-on",
    "the mobile app",
    "the calendar sync",
    "the report builder",
    "the payment by card",
    "the user permissions",
    "the webhook",
    "the search",
    "the import of contacts",
    "the new dashboard",
    "the e-mail notification",
    "the API key",
    "the nightly backup",
    "the shared inbox",
    "the French translation",
    "the printer driver",
    "the delivery of our order",
)
_OPENERS = {
    "furious": (
        "This is unacceptable.",
        "I am fed up.",
        "Third time I write about this!",
        "Seriously?",
        "What a joke.",
    ),
    "let down": ("Unfortunately it happened again.", "I am disappointed.", "Sad to say it:", "I had hoped for better."),
    "neutral": ("Hello,", "Hi team,", "Good morning,", "A question:", "Dear support,", ""),
    "pleased": ("Hi, thanks for the quick answer!", "Good news:", "Nice,", "Hello and thank you,"),
    "delighted": ("You are brilliant!", "Wow, that was fast!", "I love this.", "Fantastic service!"),
    "puzzled": ("I do not quite understand.", "Sorry, I am lost.", "I am confused.", "Maybe it is me:"),
}
_BODIES = {
    "furious": (
        "{topic} is broken again and nobody cares.",
        "we lost a whole day because of {topic}.",
        "{topic} still fails and your answers are useless.",
        "I was told {topic} would be fixed last week, it was a lie.",
        "if {topic} does not work by tomorrow we cancel.",
    ),
    "let down": (
        "{topic} does not do what was promised.",
        "we are still waiting for {topic}.",
        "{topic} got worse since the last release.",
        "my colleagues have given up on {topic}.",
        "I miss the way {topic} used to work.",
    ),
    "neutral": (
        "where do I find the settings of {topic}?",
        "could you look at {topic}, please?",
        "I attach the file about {topic} that you asked for.",
        "we would like to change {topic} for two users.",
        "{topic} looks different since Monday.",
        "please let me know about {topic}.",
    ),
    "pleased": (
        "{topic} works now.",
        "the hint about {topic} helped.",
        "{topic} is much better than before.",
        "we are happy with {topic}.",
    ),
    "delighted": (
        "{topic} works perfectly and the team is thrilled.",
        "{topic} is exactly what we needed.",
        "best support I ever had, {topic} was fixed in minutes.",
    ),
    "puzzled": (
        "where has {topic} gone?",
        "what does the message in {topic} mean?",
        "which of the two buttons in {topic} am I to use?",
    ),
}
_CLOSERS = {
    "furious": ("Fix it now!", "I want my money back.", "Get me your manager.", "Unbelievable.", "!!!"),
    "let down": ("I expected more.", "Please do something.", "This makes us sad.", ""),
    "neutral": ("Thanks,", "Regards", "Kind regards,", "Thank you in advance.", ""),
    "pleased": ("Thanks a lot!", "Much appreciated.", "Have a nice day!", "Great work."),
    "delighted": ("Thank you so much!!", "You made my day!", "Five stars from us.", "I will tell everyone."),
    "puzzled": ("Can you help me?", "Please explain.", "I am not sure what to do.", ""),
}
_EMOJI = {
    "furious": ("😡", "🤬", "👎"),
    "let down": ("😞", "🙁", "😢"),
    "neutral": ("🙂", "📎"),
    "pleased": ("👍", "😊"),
    "delighted": ("🎉", "❤️", "😍"),
    "puzzled": ("🤔", "😕"),
}
_OTHER_LANGUAGES = {
    "furious": ("È una vergogna, non funziona niente!", "Das ist eine Frechheit!", "C'est inadmissible !"),
    "let down": ("Purtroppo il problema c'è ancora.", "Leider geht es immer noch nicht.", "Hélas, ça ne marche pas."),
    "neutral": ("Vorrei cambiare l'indirizzo.", "Guten Tag, wo finde ich die Rechnung?", "¿Dónde está la factura?"),
    "pleased": ("Grazie, adesso funziona.", "Danke, jetzt klappt es.", "Gracias, ya funciona."),
    "delighted": ("Siete bravissimi, grazie mille!", "Ihr seid großartig, vielen Dank!", "¡Sois los mejores!"),
    "puzzled": ("Non capisco questo messaggio.", "Ich verstehe die Meldung nicht.", "Je ne comprends pas."),
}
_AGENT = (
    "Hello, thank you for writing. I am looking into {topic} now.",
    "I have passed {topic} on to our engineers and will write again today.",
    "Could you send us a screenshot of {topic}?",
    "That should be solved: {topic} is back. Can you confirm?",
    "We have changed {topic} as you asked.",
    "Sorry for the trouble with {topic}. It is fixed.",
)
_BOT = ("Thanks for your message. An agent will be with you soon.", "I found three articles about {topic}. Any help?")
_QUOTE = "\n\nOn Tuesday our support team wrote:\n> {quoted}\n> \n> Kind regards, your support team"
_PAGE = '<html><body><p style="margin:0">{body}</p><br><div class="signature">--<br>from my desk</div></body></html>'


class Texts:
    """Writes the text of messages."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def topic(self) -> str:
        """What a conversation is about."""
        return self._pick(_TOPICS)

    def customer(self, mood: float, topic: str) -> str:
        """A customer's message in a mood of -1 to 1: at times HTML, with a quote, in another language, or empty."""
        feeling = self._feeling(mood)
        chance = self._rng.random()
        if chance < 0.02:
            return ""
        if chance < 0.08:
            return self._pick(_OTHER_LANGUAGES[feeling])
        body = self._pick(_BODIES[feeling]).format(topic=topic)
        text = f"{self._pick(_OPENERS[feeling])} {body} {self._pick(_CLOSERS[feeling])}".strip()
        if chance < 0.16:
            return f"{text} {self._pick(_EMOJI[feeling])}"
        if chance < 0.22:
            return text + _QUOTE.format(quoted=self.agent(topic))
        if chance < 0.26:
            return _PAGE.format(body=escape(text))
        return text

    def agent(self, topic: str) -> str:
        """An agent's message."""
        return self._pick(_AGENT).format(topic=topic)

    def bot(self, topic: str) -> str:
        """A bot's message."""
        return self._pick(_BOT).format(topic=topic)

    def _feeling(self, mood: float) -> str:
        felt = mood + self._rng.gauss(0.0, 0.35)
        if felt < -0.55:
            return "furious"
        if felt < -0.15:
            return "let down"
        if felt < 0.3:
            return "puzzled" if self._rng.random() < 0.12 else "neutral"
        return "pleased" if felt < 0.75 else "delighted"

    def _pick(self, choices: tuple[str, ...]) -> str:
        return choices[int(self._rng.random() * len(choices))]
