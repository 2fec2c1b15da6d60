"""What is tried: the difficult values, the addresses that distinguish the tries, and the passwords.

Every try has a server address of its own on loopback, 127.SOFTWARE.OFFER.CASE, so that the capture alone says which try a
connection was. The scripted server repeats it in its greeting, which imaptap keeps.
"""

# label, octets between the two halves of the value; None: the whole value is empty
VALUES = [
    ("plain", ""),
    ("star", "*"),
    ("percent", "%"),
    ("dquote", '"'),
    ("backslash", "\\"),
    ("paren", "("),
    ("brace", "{"),
    ("space", " "),
    ("umlaut", None),
    ("empty", None),
]

# Octets that an atom may hold and that not every server takes there; only the servers are asked.
LEGAL = [("openbracket", "["), ("closebracket", "]"), ("closebrace", "}"), ("tilde", "~")]

# Throw-away passwords; nothing that is written may hold these halves.
PASSWORD_HALVES = ("Wegwerf7", "Kahn")

ARGUMENTS = ["username", "password"]


def username(label):
    """The user name of a try that is about user names."""
    return _value(label, "a", "b", "ü")


def password(label):
    """The password of a try that is about passwords."""
    return _value(label, *PASSWORD_HALVES, PASSWORD_HALVES[0] + "ü" + PASSWORD_HALVES[1])


def _value(label, head, tail, umlaut):
    if label == "empty":
        return ""
    if label == "umlaut":
        return umlaut
    return head + dict(VALUES + LEGAL)[label] + tail


class Try:
    """One login: which software, what the server offers, and which argument is difficult in which way."""

    def __init__(self, software, software_number, offer, offer_number, argument, label):
        self.software = software
        self.offer = offer
        self.argument = argument
        self.label = label
        case = 100 * ARGUMENTS.index(argument) + 1 + [one for one, _ in VALUES + LEGAL].index(label)
        self.address = f"127.{software_number}.{offer_number}.{case}"
        self.user = username(label) if argument == "username" else "clean"
        self.password = password(label) if argument == "password" else password("plain")


def tries(software, software_number, offer, offer_number, legal=()):
    """All tries of one software against one offer."""
    return [Try(software, software_number, offer, offer_number, argument, label)
            for argument in ARGUMENTS for label, _ in [*VALUES, *legal]]
