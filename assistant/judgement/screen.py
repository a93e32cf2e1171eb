"""What comes before anything else: danger, a matter for HR, illness or distress.

The screen reads every turn of the person's, by patterns that favour recall for danger. Everyday figures of speech
("this job is killing me", "I'd kill for a mentor", "dying to know") are taken out before it looks. Matters for HR
or for counselling count only where they happen to somebody in the message ("me", "my team", "she"), so that a
question *about* harassment is answered like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.domain import Contact, Help, Sensitive

_FIGURES_OF_SPEECH = re.compile(
    r"""
      \b(?:job|work|commute|meetings?|deadlines?|workload|suspense|rota|heat|boredom|feet|back|shoes?|traffic|emails?|spreadsheets?|paperwork)
         \s+(?:is|are|was|were)\s+(?:\w+\s+)?killing\s+(?:me|us)\b
    | \bkill(?:ing)?\s+(?:for\s+(?:a|an|some|the|that|this|your)\b|it\b|time\b|the\s+(?:mood|project|idea|meeting|deal|lights?)\b|two\s+birds\b)
    | \b(?:i|i'd|would)\s+(?:literally\s+)?(?:kill|die)\s+for\b
    | \bdying\s+(?:to|for)\s+(?!end\b|be\s+dead)\w+
    | \bdie\s+of\s+(?:boredom|embarrassment|shame|laughter|laughing)\b
    | \bdied\s+(?:laughing|inside|of\s+\w+ment)\b
    | \bshoot(?:ing)?\s+(?:me\s+|us\s+|you\s+|over\s+|off\s+)?(?:some|an?|the|your|over|across|for)\s+(?:\w+\s+)?(?:ideas?|email|mail|message|questions?|line|note|breeze|moon|stars|video|film|photos?)\b
    | \bbite\s+the\s+bullet\b | \bdead(?:\s*-?\s*)(?:line|lock|end|weight|wood|pan)\w* | \bdead\s+(?:tired|right|wrong|easy|simple|keen|serious|set|on)\b
    | \bsuicide\s+(?:mission|squad|pact\s+clause)\b | \bcareer\s+suicide\b | \bpolitical\s+suicide\b | \bcommercial\s+suicide\b
    | \b(?:die|death)\s+(?:cast|hard)\b | \bover\s+my\s+dead\s+body\b | \bstab\s+(?:at|in\s+the\s+dark)\b | \bback-?stab\w*
    | \bcutting\s+(?:myself\s+)?(?:off|short|slack|some\s+slack|costs?|corners)\b | \bcut\s+myself\s+(?:off|short|some\s+slack|in\s+half)\b
    | \bhang(?:ing)?\s+(?:myself\s+)?(?:out|on|up|around|in\s+there)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

_DANGER = re.compile(
    r"""
      \bsuicid\w*
    | \b(?:kill|killing|hurt|hurting|harm|harming|cut|cutting|hang|hanging|shoot|shooting|drown|poison)\s+(?:my\s*self|him\s*self|her\s*self|them\s*sel(?:f|ves)|your\s*self)\b
    | \bself[-\s]?harm\w*
    | \b(?:end|ending|take|taking|took)\s+(?:it\s+all|(?:my|his|her|their)\s+(?:own\s+)?li(?:fe|ves))\b
    | \bend\s+it\s+all\b | \bend\s+things\b(?=.*\b(?:die|dead|pills|bridge|note)\b)
    | \b(?:want|wants|wanted|wanting|wish|wishes|ready|rather|going)\s+(?:to\s+|i\s+|he\s+|she\s+|they\s+)?(?:was\s+|were\s+|be\s+)?(?:die|dead)\b
    | \b(?:don'?t|do\s+not|doesn'?t|didn'?t|dont|doesnt)\s+want\s+to\s+(?:be\s+here(?:\s+any\s*more)?|be\s+alive|live|wake\s+up|exist|go\s+on)\b
    | \bno\s+(?:reason|point|sense)\s+(?:in\s+|to\s+|for\s+)?(?:living|live|being\s+alive|go(?:ing)?\s+on)\b
    | \bnot\s+(?:be|being|wake|waking)\s+(?:here|alive|around|up)\s*(?:any\s*more|tomorrow|any\s*longer)?\b(?=.*\b(?:tired|sleep|alive|pills?|easier|better|peace)\b)
    | \bbetter\s+off\s+(?:dead|without\s+(?:me|him|her|them))\b
    | \b(?:can'?t|cannot|cant)\s+(?:go\s+on|take\s+(?:it|this|life)\s+any\s*more)\b
    | \b(?:thought|thinking|think|thoughts)\s+(?:about|of)\s+(?:dying|killing|ending\s+(?:it|my|his|her|their))\b
    | \b(?:jump|jumping|step|stepping|drive|driving|walk|walking)\s+(?:off|in\s+front\s+of|under|into)\s+(?:a|an|the)\s+(?:bridge|roof|train|bus|lorry|truck|tree|wall|building|platform|traffic|water)\b
    | \b(?:took|take|taking|swallow\w*|stash\w*|saved?\s+up)\s+(?:\w+\s+){0,3}(?:pills|tablets|overdose)\b | \boverdos\w*
    | \bsay(?:ing)?\s+(?:my\s+|his\s+|her\s+|their\s+)?(?:final\s+)?goodbyes?\b(?=.*\b(?:everyone|family|kids|last|forever|pills|note)\b)
    | \b(?:going\s+to|gonna|will|want\s+to|wants\s+to|threaten\w*\s+to|said\s+(?:he|she|they)(?:'d|\s+would|\s+will|'ll)|could|might|swore\s+to|plans?\s+to)\s+
        (?:kill|shoot|stab|strangle|murder|hurt|attack|beat\s+up|burn\s+down|blow\s+up)\s+(?:him|her|them|me|us|my|his|the|everyone|everybody|somebody|someone|a\b|one\s+of|people)
    | \b(?:hit|hits|punch\w*|slapp?\w*|chok\w*|beats?|beaten|raped?|assault\w*|grabbed\s+me\s+by\s+the\s+throat|pushed\s+me\s+against)\s+(?:me|her|him|them|us|my)\b
    | \b(?:bring|brings|brought|bringing|has|have|got|carr(?:y|ies|ying))\s+(?:\w+\s+){0,2}(?:gun|knife|weapon)\b(?=.*\b(?:work|office|colleague|boss|manager|me|him|her|them|site)\b)
    | \b(?:raped|sexually\s+assaulted|death\s+threats?|threaten\w*\s+(?:to\s+kill|my\s+life|me\s+with)|afraid\s+(?:he|she|they|for)\s*(?:will|might|'ll)?\s*(?:kill|my\s+life|her\s+life|his\s+life))\b
    | \bselbstmord\w* | \bsuizid\w* | \bumbringen\b | \bnicht\s+mehr\s+leben\b | \bmir\s+das\s+leben\s+nehmen\b | \bsterben\s+(?:will|möchte)\b
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

_SOMEBODY = r"(?:me|my|i|i'm|im|us|our|we|her|him|she|he|them|they|colleague|employee|mentee|coachee|women|apprentice)"
_HR = re.compile(
    rf"""
      \b(?:harass\w*|grop\w*|molest\w*|bull(?:y|ies|ied|ying)|discriminat\w*|retaliat\w*|victimi[sz]\w*|racis\w*|sexis\w*|homophob\w*|antisemiti\w*|racial\s+slurs?)\b(?=.*\b{_SOMEBODY}\b)
    | \b{_SOMEBODY}\b.*\b(?:harass\w*|grop\w*|molest\w*|bull(?:ied|ies|ying)|discriminat\w*|retaliat\w*|victimi[sz]\w*|racist|sexist)\b
    | \b(?:touch(?:es|ed|ing)?|kiss(?:es|ed|ing)?|rub(?:s|bed|bing)?)\s+(?:me|her|him|my\s+(?:leg|thigh|back|bum|breast|knee|hair))\b
    | \b(?:asks?|asked|pressur\w+|forc\w+|told|tells|wants?)\s+(?:me|us|her|him)\s+to\s+(?:\w+\s+){{0,3}}(?:falsify|fake|forge|backdate|lie|cover\s+(?:it\s+)?up|sign\s+off\s+(?:something|figures|reports?)\s+(?:that|i\s+know)|hide\s+(?:the|it)|shred|break\s+the\s+law)\b
    | \b(?:passed\s+over|sacked|fired|demoted|dropped|moved)\s+(?:\w+\s+){{0,3}}(?:because|since|after)\s+(?:\w+\s+){{0,2}}(?:pregnan\w*|maternity|my\s+age|too\s+old|my\s+religion|headscarf|disabilit\w*|complain\w*)\b
    | \b(?:dirty\s+jokes|sexual\s+(?:comments|remarks|advances)|improper\s+advances|unwanted\s+advances|sends?\s+me\s+(?:nudes|photos\s+of))\b(?=.*\b{_SOMEBODY}\b)?
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

_COUNSELLING = re.compile(
    r"""
      \b(?:i|i'm|im|i've|ive|my)\b.*\b(?:panic\s+attacks?|burn(?:ed|t)\s*-?out|crying\s+(?:every|in\s+the|at|all|most)|cry\s+(?:every|in\s+the|at\s+my|most)|can'?t\s+stop\s+crying
          |can'?t\s+get\s+out\s+of\s+bed|haven'?t\s+slept\s+(?:properly\s+)?(?:in|for)|can'?t\s+sleep|depress(?:ed|ion)|hopeless|worthless|breaking\s+down|nervous\s+breakdown|flashbacks?|drink(?:ing)?\s+(?:too\s+much|every|before\s+work|to\s+(?:cope|sleep)))\b
    | \b(?:my\s+(?:wife|husband|son|daughter|mother|father|mum|mom|dad|brother|sister|partner|baby|child))\s+(?:\w+\s+)?(?:died|passed\s+away|was\s+killed)\b
    | \b(?:she|he|they|colleague|employee)\b.*\b(?:panic\s+attacks?|crying\s+(?:every|at\s+(?:her|his|their)\s+desk)|stopped\s+eating|smells?\s+of\s+(?:alcohol|drink)|hopeless|nervous\s+breakdown)\b
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

_HELP_TEXT: dict[Sensitive, str] = {
    "danger": (
        "This comes first, before any coach or mentor: if you or somebody else is in danger, please call your local "
        "emergency number now. If you can, do not stay alone with it: tell a person you trust what you have just told me. "
        "I am only a program, so please reach a human being. You can write to me again whenever you like."
    ),
    "hr": (
        "What you describe should not be left to a coach or a mentor to put right. You can take it to HR, to an employee "
        "representative or to the confidential reporting line, and it helps to note what happened, when, and who saw it. "
        "If anyone is in danger, call your local emergency number."
    ),
    "counselling": (
        "What you describe sounds hard, and it deserves more than a coach or a mentor: a doctor, a counsellor or your "
        "employee assistance line can help with this, in confidence. If it ever becomes too much, call a crisis line or "
        "your local emergency number at once."
    ),
}

_CONTACTS: dict[Sensitive, tuple[Contact, ...]] = {
    "danger": (
        Contact("Emergency services", "your local emergency number (112 in the EU, 999 in the UK, 911 in the US)"),
        Contact("A crisis line", "free and open day and night in most countries (988 in the US, 116 123 in the UK)"),
        Contact("Employee assistance", "the counselling line of your company, if it has one"),
    ),
    "hr": (
        Contact("HR", "the HR department of your company"),
        Contact("Employee representatives", "a works council, union or ombudsperson"),
    ),
    "counselling": (
        Contact("Employee assistance", "the counselling line of your company, if it has one"),
        Contact("A doctor", "your family doctor or any doctor on duty"),
    ),
}


def screen(texts: Iterable[str]) -> Sensitive | None:
    """The gravest matter in the person's own messages: danger before HR before counselling, or None."""
    cleaned = [_FIGURES_OF_SPEECH.sub(" ", " ".join(text.replace("’", "'").split())) for text in texts]
    matters: tuple[tuple[Sensitive, re.Pattern[str]], ...] = (
        ("danger", _DANGER), ("hr", _HR), ("counselling", _COUNSELLING),
    )  # fmt: skip
    return next((matter for matter, pattern in matters if any(pattern.search(text) for text in cleaned)), None)


def help_for(matter: Sensitive) -> Help:
    """The fixed words and contacts for a sensitive matter."""
    return Help(_HELP_TEXT[matter], _CONTACTS[matter])
