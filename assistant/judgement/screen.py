"""What comes before anything else: patterns of danger that favour recall, and the fixed words of help.

The patterns see what is said in so many words, in English and German, beside the judge, which sees what is veiled and
what is a matter for HR or for counselling. Everyday figures of speech ("this job is killing me", "I'd kill for a
mentor", "dying to know") are taken out before they look.
"""

from __future__ import annotations

import re
import unicodedata

from assistant.domain import Contact, Help, Sensitive
from assistant.house import House

_FIGURES_OF_SPEECH = re.compile(
    r"""
      \b(?:job|work|commute|meetings?|deadlines?|workload|suspense|rota|heat|boredom|feet|back|shoes?|traffic|emails?|spreadsheets?|paperwork)
         \s+(?:is|are|was|were)\s+(?:\w+\s+)?killing\s+(?:me|us)\b
    | \bkill(?:ing)?\s+(?:for\s+(?:a|an|some|the|that|this|your)\b|it\b|time\b|the\s+(?:mood|project|idea|meeting|deal|lights?)\b|two\s+birds\b)
    | \b(?:i|i'd|would)\s+(?:literally\s+)?(?:kill|die)\s+for\b | \b(?:could|would)\s+(?:\w+\s+)?murder\s+(?:a|an|some)\s+(?!man|colleague|person)
    | \bdying\s+(?:to|for)\s+(?!end\b|be\s+dead)\w+
    | \bdie\s+of\s+(?:boredom|embarrassment|shame|laughter|laughing)\b
    | \bdied\s+(?:laughing|inside|of\s+\w+ment)\b
    | \bshoot(?:ing)?\s+(?:me\s+|us\s+|you\s+|over\s+|off\s+)?(?:some|an?|the|your|over|across|for)\s+(?:\w+\s+)?(?:ideas?|email|mail|message|questions?|line|note|breeze|moon|stars|video|film|photos?)\b
    | \bbite\s+the\s+bullet\b | \bdead(?:\s*-?\s*)(?:line|lock|end|weight|wood|pan)\w* | \bdead\s+(?:tired|right|wrong|easy|simple|keen|serious|set|on)\b
    | \b(?:job|arbeit|stress|projekt|schicht\w*|termine?|meetings?|papierkram|pendeln|lärm)\s+bring\w*\s+(?:mich|uns)\s+(?:\w+\s+)?um\b
    | \bsuicide[\s-]+(?:mission|squad|pact\s+clause|prevention|watch|hotline|helpline)\b | \bcareer\s+suicide\b | \bpolitical\s+suicide\b | \bcommercial\s+suicide\b
    | \b(?:die|death)\s+(?:cast|hard)\b | \bover\s+my\s+dead\s+body\b | \bstab\s+(?:at|in\s+the\s+dark)\b | \bback-?stab\w*
    | \bcut(?:ting)?\s+(?:myself\s+)?(?:off|short|slack|some\s+slack|costs?|corners)\b
    | \bhang(?:ing)?\s+(?:out|on|up|around|in\s+there)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

_RELATIVE = (
    r"(?:husband|wife|partner|boyfriend|girlfriend|ex|father|dad|mother|mum|mom|brother|son|stepfather|flatmate)"
)
_PERSON = rf"(?:{_RELATIVE}|boss|manager|supervisor|colleague|co-?worker|customer|client|patient|mentor|mentee|coach|man|guy|someone|somebody)"
_VICTIM = rf"(?:me|us|him|her|them|you|someone|somebody|everyone|everybody|people|one\s+of\s+\w+|(?:my|his|her|their|the|a)\s+(?:own\s+)?(?:{_PERSON}|kids?|child(?:ren)?|team|family|whole\s+\w+))"
# What can be hurt or attacked without any violence.
_NOT_BODILY = r"(?!'?s?\s+(?:career|chances?|feelings?|reputation|prospects?|standing|pride|confidence|position|promotion|case|ratings?|performance|results?|budget|ideas?|plans?|targets?|numbers?|goals?|deadlines?|credibility)\b)"
_WEAPON = r"(?:knife|gun|pistol|rifle|machete|weapon|axe|hammer|screwdriver|razor|acid|petrol\s+can|bomb|explosives?)"
_PILLS = r"(?:pills|tablets|paracetamol|ibuprofen|sleeping\s+pills|painkillers|insulin)"

_DANGER = re.compile(
    rf"""
    # suicide and self-harm, in so many words
      \bsuicid\w* | \bkms\b | \bunaliv\w+ | \bself[-\s]?harm\w* | \bnoose\b | \boverdos\w*
    | \b(?:kill|hurt|harm|cut|hang|shoot|drown|poison|starv|burn)(?:ing|ed|s|e|ting)?\s+(?:my|him|her|them|your)\s*sel(?:f|ves)\b
    | \b(?:cut|cuts|cutting|slit|slitting|slash\w*|burn\w*)\s+(?:my|his|her|their)\s+(?:own\s+)?(?:arms?|wrists?|legs?|thighs?|skin|veins?|throat)\b
    | \b(?:end|ends|ending|take|taking|took)\s+(?:it\s+all|(?:my|his|her|their)\s+(?:own\s+)?li(?:fe|ves))\b
    | \bend(?:ing)?\s+it\s+(?:tonight|today|tomorrow|now|for\s+good|for\s*ever|once\s+and\s+for\s+all)\b
    | \b(?:want|wants|going|ready|plan|planning|decided)\s+to\s+end\s+(?:it|things)\b(?!\s+(?:with|between)\s+(?:my|the|our|this|that)\s+(?:\w+\s+)?(?:mentor|mentee|coach|coachee|supplier|contract|client))(?!\s+(?:early|on\s+(?:time|a\s+high))\b)
    # death, wished for
    | \b(?:want|wants|wanted|wanting|wanna|wish|wishes|ready|rather|going|gonna|better|might\s+as\s+well|deserve|should|hope)
        \s+(?:just\s+)?(?:to\s+|i\s+|he\s+|she\s+|they\s+)?(?:just\s+)?(?:was\s+|were\s+|be\s+)?(?:die|dead)\b
    | \b(?:never\s+(?:been\s+)?born|(?:my|his|her|their)\s+own\s+(?:death|funeral))\b
    | \b(?:ways?|how|methods?)\s+to\s+die\b | \bpainless(?:ly)?\s+(?:\w+\s+)?(?:ways?|death|die)\b
    | \b(?:thought|thinking|think|thoughts|dream\w*|fantasi\w*)\s+(?:about|of)\s+(?:dying|death|being\s+dead|killing|ending\s+(?:it|my|his|her|their))\b
    | \b(?:don'?t|do\s+not|doesn'?t|didn'?t|does\s+not|no\s+longer)\s+wants?\s+(?:to\s+)?(?:be\s+alive|wake\s+up|exist|go\s+on(?!\s+(?:with|holiday|leave))
        |(?:be\s+here|live)(?!(?:\s+any\s*more)?\s*(?:in|at|with|on|near|here|abroad|alone)\b(?!\s+this\s+(?:world|earth|planet))))\b
    | \b(?:never|not|wouldn'?t|won'?t)(?<!did\snot)\s+(?:have\s+to\s+)?(?:wake|waking)\s+up\b
    | \b(?:reason|point|sense)\s+(?:in\s+|to\s+|for\s+|of\s+)?(?:living|live\b|(?:being|be|stay|staying)\s+alive|life\b|(?<=no\sreason\sto\s)go\s+on|going\s+on(?!\s+(?:with|about|holiday)))
    | \b(?:go|keep|carry|going|keeping|carrying)\s+(?:on\s+)?living\b(?!\s+(?:in|with|here|there|next|on|at|near|off)\b) | \bworth\s+living\b | \blife\s+(?:is\s+not|isn'?t|has\s+no)\s+(?:worth|meaning|point)
    | \bbetter\s+off\s+(?:dead|without\s+me\b)
    | \b(?:can'?t|cannot)\s+(?:go\s+on\b(?!\s+(?:till|until|unless|before|to|holiday|leave|vacation|a\b|the\b|my\b|with\b|trips?|courses?|training|maternity|parental|stage|record))|take\s+(?:it|this|life)\s+any\s*more\b)
    | \b(?:want|wish|need|make|just)\s+(?:it|everything|the\s+pain|this)\s+(?:all\s+)?(?:to\s+)?(?:just\s+)?(?:stop|be\s+over|(?:was|were)\s+over)\b
    | \bdisappear\s+(?:for\s*ever|for\s+good|and\s+never) | \b(?:want|wish)\s+(?:to|i\s+could)\s+(?:just\s+)?disappear\b(?!\s+(?:in|into|from|to|for\s+(?:a|the|two|some)|behind|during)\b)
    | \b(?:nobody|no\s*one|anyone|anybody|everyone|everybody|world)\b.{{0,40}}\bif\s+(?:i|he|she|they)\s+(?:died|disappeared|vanished|(?:just\s+)?(?:was|were|wasn'?t|weren'?t)\s+(?:gone|dead|here|around|not\s+here|there|alive))\b
    | \b(?:easier|simpler|better(?:\s+off)?|best)\s+(?:\w+\s+){{0,3}}if\s+(?:i|he|she|they)\s+(?:just\s+|simply\s+)?(?:(?:weren'?t|wasn'?t)\s+(?:there|here|around|alive)|didn'?t\s+(?:brake|wake|exist|come\s+back)|(?:was|were)\s+(?:gone|dead))\b(?!\s+(?:in|at|on|for|when|every)\b)
    | \bthen\s+it\s+(?:would|will)\s+(?:all\s+)?be\s+over\b | \bscared?\s+(?:of\s+)?myself\b
    # preparations
    | \bthought\s+about\s+how\s*(?:[.,!;]|$) | \bthink(?:ing)?\s+(?:about|of)\s+(?:the|that)\s+(?:bridge|roof|tracks|rope|knife|{_PILLS})\b
    | \b(?:drink(?:ing)?|drunk|drank)\b[^?]{{0,120}}\b(?:before\s+(?:\w+\s+){{0,2}}shift|fork-?lift|(?:drives?|driving)\s+(?:a|the)\s+(?:\w+\s+)?(?:truck|lorry|bus|van|train)|at\s+the\s+wheel|crane)\b
    | \b(?:goodbye|farewell)\s+(?:letters?|notes?)\b
    | \b(?:written|wrote|writing|left|leaving)\s+(?:\w+\s+){{0,2}}(?:letters?|notes?)\s+(?:to|for)\s+(?:my|his|her|their|the)\s+(?:\w+\s+)?(?:kids?|child(?:ren)?|famil\w+|parents?|daughters?|loved|{_RELATIVE})\b
    | \bsa(?:id|y|ying)\s+(?:my\s+|his\s+|her\s+|their\s+)?(?:final\s+|last\s+)?goodbyes?\b(?=.{{0,300}}\b(?:family|kids|last\s+time|forever|pills|gave\s+away)\b)
    | \bg(?:ave|iven|iving|ives)\s+away\s+(?:all\s+)?(?:my|his|her|their)\s+(?:things|stuff|belongings|possessions|pets?|dog|cat|clothes)\b
    | \b(?:took|taken|swallow\w*|stash\w*|hoard\w*|sav(?:ed|ing)|collect\w*|count(?:ed|ing))\s+(?:\w+\s+){{0,5}}{_PILLS}\b(?!\s+for\b)
    | \b(?:take|taking)\s+(?:all|a\s+whole|too\s+many|every|a\s+handful|enough)\s+(?:\w+\s+){{0,4}}{_PILLS}\b
    | \b(?:{_PILLS}|rope|{_WEAPON}|razor\s+blades?)\b[^.!?]{{0,60}}\b(?:lined\s+up|ready|on\s+(?:the|my)\s+(?:\w+\s+)?(?:table|desk)|in\s+(?:my|his|her|the)\s+(?:bag|car|drawer|desk|locker|garage|pocket))\b
    | \b(?:tied|tying|bought|hung)\s+(?:up\s+)?(?:a|the)\s+rope\b
    | \b(?:jump|step|drive|driv|walk|steer|swerv|crash|veer|throw)(?:ed|ing|ping|e|s)?\s+(?:(?:my|the|his|her)\s+car\s+|myself\s+|himself\s+|herself\s+|straight\s+|right\s+|out\s+)?(?:off|in\s+front\s+of|under|into)\s+
        (?:a|an|the|that)\s+(?:\w+\s+)?(?:bridge|roof|train|bus|lorry|truck|tree|wall|building|platform|traffic|water|lane|barrier|river|cliff|balcony|window)\b
    | \b(?:on|off|from|to|over)\s+(?:the|a|that)\s+(?:edge\s+of\s+the\s+)?(?:\w+\s+)?(?:bridge|roof|rooftop|ledge|cliff|balcony|tracks)\b(?=.{{0,300}}\b(?:jump\w*|nearly|almost|look\w*\s+down|let\s+go|end\s+it)\b)
    # violence, done or threatened
    | (?:\b(?:going\s+to|gonna|will|want\s+to|wants\s+to|wanna|threaten\w*\s+to|would|could|might|may|swore\s+to|plans?\s+to|feel\s+like)|'ll|'d)\s+(?:really\s+|just\s+)?
        (?:kill|shoot|stab|strangle|murder|hurt|attack|harm|beat\s+up|beat|rape|killing|hurting|stabbing|shooting)\s+{_VICTIM}\b{_NOT_BODILY}(?!\s+(?:to|at|on)\s+(?:it|the|this|that)\b)
    | \b(?:burn|blow|burning|blowing|shoot|shooting)\s+(?:(?:down|up)\s+(?:the|this|that|my)|(?:the|this|that)\s+(?:whole\s+)?(?:place|building|office|house|factory|site|warehouse|school)\s+(?:down|up))\b(?!\s+(?:deal|idea|plan|budget|list|chart))
    | \b(?:punch|slap|chok|strangl|stabb?|kick|rap|molest|throttl)(?:es|ed|ped|ing|s|e)?\s+(?:me|her|him|them|us|my\s+{_RELATIVE})\b(?!\s+(?:out|off|up|in\s+the\s+right|on\s+the\s+(?:back|shoulder|wrist)|into\s+(?:gear|action))\b){_NOT_BODILY}
    | \b(?:he|she|they|who|{_PERSON})\s+(?:\w+\s+){{0,2}}(?:hit|hits|beat|beats|attacks|attacked|assaulted|assaults|shoved|shoves)\s+(?:me|her|him|them|us|my\s+(?:{_RELATIVE}|kids?|child(?:ren)?))\b{_NOT_BODILY}
        (?!\s+(?:as|that|hard|up\s+(?:on|for|with|about)|why|how|to|at|for|verbally|with\s+(?:(?:a|the|some|more)\s+)?(?!(?:an?\s+)?{_WEAPON})\w+|in\s+(?:the|a|every|front)|over|by\s+e)\b)
    | \b(?:was|were|been|got|being|gets)\s+(?:\w+\s+)?(?:hit|punched|slapped|beaten(?:\s+up)?|kicked|choked|strangled|stabbed|attacked|shot)\s+by\s+(?:my|a|an|the|his|her|some)?\s*(?:\w+\s+)?{_PERSON}\b
    | \b(?:raped|sexually\s+(?:assaulted|abused)|beat(?:en)?\s+(?:me|her|him)\s+up|death\s+threats?|domestic\s+violence)\b
    | \b(?:hands?|arms?|belt|grabb\w+|held)\s+(?:\w+\s+){{0,2}}(?:by|round|around|on)\s+(?:my|her|his)\s+(?:throat|neck)\b | \bpushed\s+(?:me|her|him)\s+(?:against|down|off)\s+(?:a|the)\b
    | \bthreat\w*\s+(?:to\s+kill|my\s+life|(?:\w+\s+){{1,4}}with\s+(?:a\s+|his\s+|her\s+)?(?:{_WEAPON}|bat|bottle|violence|death|fists?)) | \bknows?\s+where\s+(?:i|you|we)\s+lives?\b
    | \b(?:bring|brings|brought|bringing|has|have|got|carr(?:y|ies|ying)|'ve)\s+(?:\w+\s+){{0,2}}{_WEAPON}\b(?=.{{0,300}}\b(?:work|office|colleague|boss|manager|me|him|her|them|site|bag)\b)
    | \bfollow(?:s|ed|ing)?\s+(?:me|her|him)\s+home\b | \bstalk(?:s|ed|ing)\s+(?:me|us)\b | \bmy\s+stalker\b
    | \b(?:unsafe|not\s+(?:feel\s+)?safe|afraid|scared|frightened|terrified)\s+(?:\w+\s+)?(?:at|go|going)\s+home\b | \b(?:afraid|scared|frightened|terrified)\s+(?:of\s+(?:my|her|his)\s+{_RELATIVE}\b|for\s+(?:my|her|his)\s+life\b)
    | \bbruises\b | \b(?:threw|throws|thrown)\s+(?:a|the|his|her)\s+(?:stapler|chair|mug|cup|hammer|tool|laptop|phone|bottle|monitor|glass|plate)\b[^?]*\b(?:at|hit)\b
    # German
    | \bselbstmord\w* | \bsuizid\w* | \bum(?:zu)?bring\w* | \bumgebracht\b | \bbring\w*\s+(?:mich|sich|dich|ihn|sie|alle|uns)\s+(?:\w+\s+){{0,2}}um\b
    | \bnicht\s+mehr\s+(?:weiter)?(?:leben|aufwachen|da\s+sein)\b | \b(?:das|mein)\s+leben\s+(?:zu\s+)?(?:nehmen|beenden)\b | \bsterben\s+(?:will|möchte)\b | \b(?:will|möchte|wollte)\s+(?:\w+\s+)?(?:sterben|tot\s+sein)\b
    | \bwäre?\s+(?:ich\s+|er\s+|sie\s+)?(?:lieber\s+|besser\s+|doch\s+|nur\s+)*tot\b | \britz\w*\s+(?:mich|sich)\b | \b(?:er|mein\s+mann|mein\s+freund|vater)\s+schlägt\s+(?:mich|sie|die)\b | \b(?:droht|gedroht)\b.{{0,60}}\b(?:umzubringen|töten|messer|waffe|abzustechen)\b
    # the plainest words in other languages
    | \b(?:quiero|quisiera)\s+(?:morir|matarme|suicidarme)\b | \bme\s+voy\s+a\s+matar\b | \bje\s+(?:veux|voudrais)\s+(?:mourir|me\s+tuer)\b | \benvie\s+de\s+mourir\b | \bvoglio\s+(?:morire|uccidermi)\b | \bchcę\s+(?:umrzeć|się\s+zabić)\b | \bölmek\s+istiyorum\b | \bquero\s+(?:morrer|me\s+matar)\b | \bik\s+wil\s+dood\b
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_NO_APOSTROPHE = re.compile(r"\b(can|don|doesn|didn|isn|wasn|wouldn|won)(t)\b", re.IGNORECASE)

_HELP_TEXT: dict[Sensitive, str] = {
    "danger": (
        "This comes first, before any coach or mentor: if you or somebody else is in danger, please call your local "
        "emergency number now. If you can, do not stay alone with it: tell a person you trust what is happening. If somebody "
        "threatens you, go where other people are. I am only a program, so please reach a human being. You can write to me again "
        "whenever you like; a new conversation starts afresh."
    ),
    "hr": (
        "What you describe is not for you to put right alone, and not for a coach or a mentor. HR, an employee representative or "
        "the confidential reporting line can take it up, and you can ask first what stays confidential. If anyone is in danger, "
        "call your local emergency number."
    ),
    "counselling": (
        "What you describe sounds hard, and it deserves a different kind of help from a coach's or a mentor's: a doctor, a "
        "counsellor or your employee assistance line can help with this, in confidence. If it ever becomes too much, call a "
        "crisis line or your local emergency number at once."
    ),
}

_UNREADABLE = (
    "I am sorry, I read English only, so I could not make out what you wrote. If you can, please write it again in English. "
    "And in case somebody is in danger or in distress, these people help, many of them in other languages too:"
)

_CONTACTS: dict[Sensitive, tuple[Contact, ...]] = {
    "danger": (
        Contact("Emergency services", "your local emergency number (112 in the EU, 999 in the UK, 911 in the US)"),
        Contact("A crisis line", "free and open day and night in many countries (988 in the US, 116 123 in the UK)"),
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


def speaks_of_danger(text: str) -> bool:
    """Whether a message says in so many words that somebody is in danger. What is wholly a figure of speech does not count."""
    return any(map(_speaks_of_danger, {_plain(text), _plain(_TAG.sub("", text))}))


def _speaks_of_danger(plain: str) -> bool:
    figures = [found.span() for found in _FIGURES_OF_SPEECH.finditer(plain)]
    return any(
        not any(start <= found.start() and found.end() <= end for start, end in figures)
        for found in _DANGER.finditer(plain)
    )


def _plain(text: str) -> str:
    """The words as a reader sees them: without marks and invisible characters, one kind of apostrophe, one blank."""
    # Before the normal form, which takes some of them for a blank with an accent.
    text = re.sub(r"(?<=\w)[‘’ʼ´`＇](?=\w)", "'", text)
    text = unicodedata.normalize("NFKC", text)
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    text = re.sub(r"[<>]+", " ", re.sub(r"[*_~`]+", "", text))
    return " ".join(_NO_APOSTROPHE.sub(r"\1'\2", text).split())


def help_for(matter: Sensitive, house: House) -> Help:
    """The fixed words for a sensitive matter, with the house's contacts, and neutral ones where it names none for everybody."""
    return Help(_HELP_TEXT[matter], _contacts(matter, house))


def unreadable(house: House) -> Help:
    """The words for a message that is not in English, with the contacts in case it is about danger."""
    return Help(_UNREADABLE, _contacts("danger", house))


def _contacts(matter: Sensitive, house: House) -> tuple[Contact, ...]:
    for_everybody = any(matter in contact.matters and contact.country is None for contact in house.contacts)
    return house.contacts_for(matter) + (() if for_everybody else _CONTACTS[matter])
