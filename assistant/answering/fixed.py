"""The replies that are the same every time: small talk, what the program is, and the decline."""

from __future__ import annotations

import re

SUGGESTIONS = (
    "What is the difference between a coach and a mentor?",
    "Will my manager find out what I tell a coach?",
    "How do I ask someone to be my mentor?",
)

DECLINE = (
    "That is outside what I know: my library is about coaching and mentoring at work and the help around them. "
    "For pay, leave, contracts or systems, HR or your service desk will know."
)

_CAPABILITIES = (
    "Tell me your situation in a few words, and I say whether a coach, a mentor, both or neither can help, and which of your own "
    "words carry that. I also answer questions about coaching and mentoring at work from a library of articles, and every "
    "sentence I use is linked to the place it comes from."
)
_IDENTITY = (
    "I am a computer program, not a person. What I say of a situation I have learnt from worked cases, and it can be wrong. My "
    "answers are whole sentences chosen from a library of articles on coaching and mentoring, so you can check each one."
)
_PRIVACY = (
    "What you type is worked on by this program and then forgotten: it keeps no conversation, writes none to a log and "
    "sends none to another company. The conversation you see lives in your own browser window only. "
    "Whoever runs the computer or the network you use may have rules of their own, so leave out names you would not say aloud."
)
_THANKS = "You are welcome. If another question comes up, just ask."
_GOODBYE = "Goodbye, and good luck with it. You can come back at any time."
_APOLOGY = (
    "I am sorry that this was no help. Tell me in other words what you would like to know, and I will look again."
)
_GREETING = "Hello. " + _CAPABILITIES
_ACKNOWLEDGED = "Good. Is there anything else you would like to know about coaching or mentoring?"

# Tried in this order; the first that fits is the reply.
_PATTERNS: tuple[tuple[str, str], ...] = (
    (
        r"\b(?:who|can|does|do|will|is|are|where)\b.*\b(?:see|sees|read|reads|reading|saved?|stored?|store|record\w*|log(?:s|ged)?|private|"
        r"confidential|anonymous|spy\w*|listening|my\s+(?:words|messages?|data)|boss|tracked)\b|\bprivacy\b|\bdata\s+protection\b",
        _PRIVACY,
    ),
    (
        r"\bwhat\s+(?:can|do|could)\s+(?:you|u|ya)\b|\bhow\s+(?:does\s+this|do\s+you|do\s+i\s+use)\b|\bwhat\s+is\s+this\b|\bwhat\s+are\s+you\s+(?:for|good)\b|\bhelp\s+me\s+with\b|\bcan\s+you\s+(?:help|do)\b|"
        r"\bwhat\s+(?:should|may|can)\s+i\s+ask\b|^help\W*$|\bhow\s+does\s+it\s+work\b|\bwhat'?s\s+this\b",
        _CAPABILITIES,
    ),
    (
        r"\b(?:are|r)\s+(?:you|u)\b.*\b(?:bot|robot|human|person|real|ai|machine|program|chatgpt|alive|computer|there)\b|\bwho\s+(?:are\s+you|made\s+you|built)\b|"
        r"\bwhat\s+are\s+you\b|\b(?:bot|human|robot|chatgpt|gpt)\b|\byour\s+name\b|\bam\s+i\s+(?:talking|speaking|chatting)\b",
        _IDENTITY,
    ),
    (r"\b(?:stupid|useless|idiot|rubbish|crap|shit\w*|dumb|hate|worst|waste|bloody|fuck\w*|silly|annoying|(?:not|\w+n'?t)\s+(?:\w+\s+)?helpful|unhelpful)\b", _APOLOGY),
    (r"\b(?:thank\w*|thx|thanx|ta|cheers|tq|ty|salamat|danke|merci|appreciate\w*|grateful|helpful)\b", _THANKS),
    (r"\b(?:bye|goodbye|see\s+(?:you|ya)|ciao|cya|good\s*night|that'?s\s+(?:all|it|everything)|have\s+a\s+(?:nice|good|great)|later)\b", _GOODBYE),
    (r"\b(?:hi|hello|hey|hiya|heya|good\s+(?:morning|afternoon|evening|day)|morning|evening|hallo|greetings|howdy|namaste|moin|gday|how\s+are\s+you|how'?s\s+it\s+going)\b", _GREETING),
)  # fmt: skip


_ABOUT_THE_PROGRAM = re.compile(
    r"\b(?:read|reads|reading|see|sees|saved?|stored?|store|recorded|logged|private|confidential|anonymous)\b[^.?!]{0,30}"
    r"\b(?:this(?:\s+(?:chat|conversation))?|(?:our|these|my)\s+(?:chat|conversation|messages?)s?|(?:what|anything|everything)\s+i(?:\s+am|'m)?\s+(?:type|typing|write|writing))\s*(?:[?.!]|$)"
    r"|\b(?:do|does|will|are)\s+(?:you|this\s+(?:chat|tool|bot|page|thing|assistant))\s+(?:save|store|keep|record|log|remember|saving|storing|recording)\b"
    r"|\bis\s+this\s+(?:chat\s+|conversation\s+)?(?:private|confidential|anonymous|recorded|logged|being\s+(?:read|recorded|saved))\b"
    r"|\bwhat\s+(?:can|could)\s+you\s+(?:do|help|answer|tell)\b[^.?!]{0,12}[?.!]*$",
    re.IGNORECASE,
)


def asks_about_the_program(message: str) -> bool:
    """Whether a message asks what this program does with what is typed, or what it can do: not for the library."""
    return _ABOUT_THE_PROGRAM.search(message.replace("’", "'").strip()) is not None


def small_talk(message: str) -> str:
    """A straight reply to a message that asks nothing of the library."""
    folded = " ".join(message.replace("’", "'").lower().split())
    return next((reply for pattern, reply in _PATTERNS if re.search(pattern, folded)), _ACKNOWLEDGED)
