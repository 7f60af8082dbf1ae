"""English cues of good titles: lines that claim something, and lines that do not stand alone.

Collected by hand; the closed classes of words (pronouns, conjunctions, prepositions) are complete, the others are not.
"""

import re

from clipper_assets.highlights.pickers.word_lists import STOPWORDS

_LEADING = re.compile(
    r"^(?:(?:and|but|so|or|well|yeah|yes|yep|no|nope|okay|ok|now|then|um+|uh+|er|oh|ah|like|because|cause|'cause|right|plus"
    r"|anyway|anyways|actually|basically|honestly|obviously|look|listen|see|hey|you know|i mean|i think|i guess"
    r"|i feel like|of course|you see|quote|trust me|by the way|listen|i would say|also)\b[,.;:\s-]+)+",
    re.IGNORECASE,
)
MOST_LEADING = 4
"""Most words that may lead over to a line and are left out of its title."""

CLAIM = re.compile(
    r"\b(?:never|always|nobody|no one|everyone|everybody|nothing|everything|only|most|best|worst|biggest|hardest|first"
    r"|last|greatest|more than|impossible|changed|wrong|secret|truth|must|can't|cannot|don't|won't|stop|died|killed"
    r"|love|hate|fail(?:ed|s|ure)?|million|billion|percent|\d+)\b|[$\u00a3\u20ac%]",
    re.IGNORECASE,
)
"""Lines that claim something: absolutes, superlatives, numbers and strong words."""

_LEANING = re.compile(
    r"^(?:and|but|or|so|because|which|who|whom|whose|where|that|than|then|also|too|either|though|although|while|whereas|as"
    r"|if|when|whenever|unless|until|since|before|after|once|with|without|to|of|from|by|for|in|on|at|into|about|even"
    r"|he|she|they|it(?! turns out\b)|him|her|them|his|their|its|this|these|those|he's|she's|they're|it's|that's|like"
    r"|he'd|she'd|they'd|it'd|he'll|she'll|they'll|it'll|they've|mhm|you know|kind of|sort of"
    r"|has|have|had|is|was|are|were|does|did|goes|went|got|gets|said|says|being|having|including|versus"
    r"|can|could|would|will|should|might|may|must|known|possibly|(?!need)\w{3,}ed(?= \w))\b",
    re.IGNORECASE,
)
"""Beginnings that refer to something a reader has not seen, or subordinate the line to another one."""
_QUESTION_WORD = re.compile(
    r"^(?:who|whom|whose|which|is|are|was|were|has|have|had|does|did|can|could|would|will|should|might|may|must"
    r"|(?:when|where|if) (?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should))\b.*\?$",
    re.IGNORECASE,
)
_SUBJECTLESS = re.compile(
    r"^(?:get|give|make|take|put|go|come|see|find|keep|let|tell|help|say|know|known|called|based|born|built|made|not|just"
    r"|only|especially|really|maybe|perhaps|\w{3,}ing|\w{2,}ly)\b",
    re.IGNORECASE,
)
"""Beginnings of clauses inside a sentence whose subject stands before them; a sentence may begin with most of them."""

_HANGING = re.compile(
    r"\b(?:a|an|the|and|but|or|so|because|of|to|in|on|at|for|with|from|by|about|into|as|than|that|which|who|if|when|while"
    r"|my|your|our|their|his|its|is|are|was|were|am|be|been|i|we|he|she|they|very|really|just|like|gonna|wanna|i'm|it's"
    r"|that's|you're|we're|they're|he's|she's|um|uh|kind of|sort of|you know|i mean|right|because of|can|will|would"
    r"|could|should|had|has|have|these|those"
    r"|(?:can|could|do|did|does|will|would|should) (?:i|you|we|he|she|they|it))[?!]?$",
    re.IGNORECASE,
)
"""Endings after which a line goes on, and tags that only ask for a nod."""
_FINISHED_QUESTION = re.compile(
    r"\b(?:is|are|was|were|am|be|it|i|we|they|he|she|that|can|will|would|could|should|have)\?$", re.IGNORECASE
)

_FILLER = re.compile(
    r"\b(?:you know|i mean|you see|kind of|sort of|i guess|um+|uh+|or whatever|or something|and stuff|blah|mm+|hmm"
    r"|i don't know|maybe|somehow|exactly|absolutely"
    r"|who knows|go ahead|(?:this|that|it) is (?:it|that|this))\b"
    r"|^(?:thank you|thanks|sorry|sure|great|good question|welcome|hello|hi)\b",
    re.IGNORECASE,
)

_VERB = re.compile(
    r"\b(?:is|are|was|were|am|be|been|has|have|had|do|does|did|can|could|will|would|should|must|may|might|\w+n't|\w+'(?:s|re"
    r"|ve|ll|d|m)|went|got|get|goes|go|made|make|makes|said|says|say|told|knew|know|knows|think|thought|want|wants|need"
    r"|needs|came|come|comes|took|take|takes|gave|give|gives|found|find|left|lost|saw|see|felt|feel|kept|keep|began|became"
    r"|become|let|put|stop|start|love|hate|work|works|happens|means|mean|\w{2,}ed)\b",
    re.IGNORECASE,
)
"""Words that are mostly verbs: forms of auxiliaries and of frequent verbs, and the past of regular ones."""

_SHORT_FUNCTION_WORDS = """
a all am an and any are as ask at be big bit but by can day did do far few for get go got guy had has he her hey him his
how i if in is it its ll lot may me my no nor not now of off oh ok old on one or our out own put re s saw say see set
she so t that the too two um uh up us use ve was way we who why yes yet you i'd i'll he's she's how's who's here's
where's gonna wanna stuff guys let best better whatever whole everyone everybody anyone something else might must shall
cause today start today part place point number thank thanks pretty totally literally exactly honestly basically
different
"""
FUNCTION_WORDS = STOPWORDS | frozenset(_SHORT_FUNCTION_WORDS.split())
"""Words that say nothing about what a line is about."""


def without_leading(text: str) -> str:
    """The line without the words that lead over to it ("and", "so", "you know"), unless nothing else is left."""
    return _LEADING.sub("", text) or text


def says_something(text: str) -> bool:
    """Whether a sentence can stand in a summary: it begins with its own subject, has a verb, and is no filler."""
    content = {word for word in re.findall(r"[a-z']+", text.lower()) if word not in FUNCTION_WORDS}
    return not _LEANING.match(text) and not _FILLER.search(text) and bool(_VERB.search(text)) and len(content) >= 4


def grammar(text: str, *, is_start: bool, is_whole: bool, content_words: int) -> float:
    """What speaks for a line as a title, or against it: whether it stands alone and says something."""
    has_subject = not _LEANING.match(text) or bool(_QUESTION_WORD.match(text))
    has_subject &= is_start or not _SUBJECTLESS.match(text)
    points = 0.0 if has_subject else -1.5
    points -= 2.5 * bool(_HANGING.search(text) and not _FINISHED_QUESTION.search(text))
    points -= 1.5 * len(_FILLER.findall(text))
    points -= 1.25 * max(2 - content_words, 0)
    verbless = -0.5 if is_whole else -0.75
    return points + (1.0 if _VERB.search(text) else verbless)
