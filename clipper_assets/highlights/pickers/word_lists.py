"""Word lists of the heuristic picker: openings, housekeeping and function words, for English only.

Collected by hand from the openings and endings of English podcasts.
"""

import re

HOOK = re.compile(
    r"\b(?:the (?:truth|secret|problem|reason|trick|biggest|worst|best|craziest|weirdest|hardest|first time|only)"
    r"|here'?s (?:the thing|what|why|how)|what (?:if|nobody|most people|happens|happened)|nobody (?:tells|talks|knows)"
    r"|no one (?:tells|talks|knows)|most people|everyone thinks|imagine|picture this|believe it or not"
    r"|i (?:was wrong|almost|never|nearly|couldn'?t believe|realized|will never forget)"
    r"|you (?:will|won'?t|should|need to|have to)"
    r"|let me tell you|it turns out|turns out|surprising(?:ly)?|mistake|never|how (?:to|i|we|you)|why)\b",
    re.IGNORECASE,
)
"""Openings that raise a question, make a claim or promise a story."""

HOUSEKEEPING = re.compile(
    r"\b(?:welcome (?:back )?to|welcome back|good (?:morning|evening|afternoon)|hello everyone|hi everyone|hey everyone"
    r"|hey guys|how are you|my name is"
    r"|thanks? (?:you )?(?:so much )?for (?:listening|watching|tuning|having|joining|coming)"
    r"|great to be here|see you (?:next|in the next)|until next time|goodbye|that'?s (?:all|it) for today"
    r"|subscribe|hit the bell|like button|leave (?:us )?a (?:review|rating)|follow us|our patreon"
    r"|(?:short|quick) break|right back after|we(?:'re| are) back"
    r"|sponsors?|sponsored|(?:brought to you|paid for|made possible) by)\b",
    re.IGNORECASE,
)
"""Greetings, farewells, breaks, calls to subscribe and mentions of sponsors.

Whole adverts and longer passages of these are spans (`ad_spans`), which no window contains; a single sentence in the
middle of a conversation is too little for a span.
"""

_FUNCTION_WORDS = """
about actually after again also always another back because been before being came come comes could didn does doesn
doing done down each even every everything first from getting goes going gonna good have having here into isn just
kind know like last left little long look made make many maybe mean more most much need never next nothing okay once
only other over people probably really right said same says should some someone something sort start started still
such take tell than that their them then there these they thing things think this those through time told took turn
very want wanted wasn well went were what when where which while will with without would yeah year years your you're
it's that's don't didn't they're there's can't i'm i've we're what's won't wouldn't couldn't isn't doesn't wasn't
let's
"""
STOPWORDS = frozenset(_FUNCTION_WORDS.split())
"""English function and filler words, which say nothing about what a line is about."""
