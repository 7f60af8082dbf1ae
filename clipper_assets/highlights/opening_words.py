"""Words that tie the opening of a sentence to what was said before it, by language, and words that count as nothing.

Collected by hand from conversations; after Halliday & Hasan, Cohesion in English, 1976: conjunctions, and pronouns and
demonstratives that stand for something said earlier. Left out are words that more often mean something else at the
beginning of a sentence, such as the German "sie" and "das" before a noun.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class OpeningWords:
    """Patterns, without anchors, of one language.

    Attributes:
        fillers: What may stand before the first word that counts.
        leaning: Openings that cannot be understood without what was said before.
        slight: Openings that react to something, or may lean; none by default.
        pronouns: Words for what was named before; none by default.
        tags: Questions that ask for no answer; none by default.
    """

    fillers: str
    leaning: str
    slight: str = r"(?!)"
    pronouns: str = r"(?!)"
    tags: str = r"(?!)"


_EN = OpeningWords(
    fillers=r"u+m+|u+h+m*|e+r+m*|h+m+|m+h*m+|a+h+|o+h+|eh|well|yeah|yep|yup|yes|okay|ok|alright|all right|i mean"
    r"|(?:no|nope|right|now|look|listen|see|sure|exactly|absolutely|totally|definitely|true|actually|basically"
    r"|honestly|obviously|hey|man|dude|like|wow|gosh|oh my god|of course|great|cool|nice|correct|you know|you see"
    r"|i guess|i think|anyway|anyways)(?=[,.!?;:\u2026-])",
    leaning=r"and|but|or|nor|so|because|cos|coz|cuz"
    r"|cause(?= (?:i|you|we|they|he|she|it|that|there|if|when)\b)"
    r"|for (?:example|instance)|in (?:addition|other words)|as a result|on the other hand|meaning|namely|similarly"
    r"|likewise|who(?:m|se)?(?![^.!?]*\?)|which|whereas|then|also|plus|therefore|thus|hence|however|otherwise|instead"
    r"|(?:he|she|it|they|that|this|these|those)(?:['\u2019]\w+)?"
    r"|him|her|his|hers|them|their|theirs|its",
    slight=r"(?:yes|yeah|yep|yup|no|nope|okay|ok|right|exactly|absolutely|totally|definitely|sure|true|correct|agreed"
    r"|of course|thanks?(?: you)?|i agree|me too|great|awesome|amazing|wow|oh|interesting|really"
    r"|mm-?hmm|uh-?huh)(?=[,.!?\u2026]|$)|good (?:question|point)"
    r"|by the way|speaking of|(?:like|as) i said|all right|alright|go ahead"
    r"|one (?:of|that|which|who)|another|again|still|yet|though|anyway|like|especially|even|except|unless|until|than"
    r"|the (?:other|same)|(?:after|before|in|for|with|at|on|by|about|from|of|to|without) "
    r"(?:that|this|it|them|him|those|these|which)",
    pronouns=r"he|she|it|they|him|her|them|his|their|that|this|these|those|there",
    tags=r"right|okay|ok|yeah|huh|no|really"
    r"|you know(?: what i mean| what i(?:['\u2019]m| am) saying)?|is(?:n['\u2019]t)? it"
    r"|does that make sense|make sense|know what i mean|see what i mean",
)
_ES = OpeningWords(
    fillers=r"e+h+|e+m+|m+|a+h+|o+h+|bueno|pues|vale|claro|mira|o sea|s\u00ed(?=[,.!])|no(?=[,.!])",
    leaning=r"y|e|pero|porque|o|u|ni|sino|entonces|as\u00ed que|luego|tambi\u00e9n|adem\u00e1s"
    r"|\u00e9l|ella|ellos|ellas|eso|esto|aquello|ese|esa|esos|esas|estos|estas",
)
_DE = OpeningWords(
    fillers=r"\u00e4+h*m*|h+m+|m+h+m+|ach|oh|tja|na ja|naja|okay|ok|(?:ja|nein|genau|gut|nun)(?=[,.!])",
    leaning=r"und|aber|oder|denn|weil|sondern|dann|also|deshalb|deswegen|darum|daher|trotzdem|au\u00dferdem|er|es|ihn|ihm"
    r"|dass|das(?= (?:ist|war|hat|hei\u00dft|sind|waren|kann|wird|w\u00e4re|geht|macht|finde|habe|glaube|stimmt)\b)",
)
_FR = OpeningWords(
    fillers=r"e+u+h+|ben|bah|bon|oui|ouais|non(?=[,.!])|a+h+|o+h+|voil\u00e0|enfin|d['\u2019]accord",
    leaning=r"et|mais|ou|donc|car|parce que|parce qu['\u2019]|puis|alors|ensuite|aussi|ils?(?! (?:y a|faut)\b)|elles?"
    r"|\u00e7a|c['\u2019](?:est|\u00e9tait)|ce sont|cela|ceci|celui|celle|ceux|celles|lui|leur",
)
_PT = OpeningWords(
    fillers=r"e+h+|h+u+m+|a+h+|o+h+|bom|bem|olha|tipo|n\u00e9|pois|sim(?=[,.!])|n\u00e3o(?=[,.!])",
    leaning=r"e|mas|porque|ou|ent\u00e3o|a\u00ed|da\u00ed|tamb\u00e9m|al\u00e9m disso|eles?|elas?|isso|isto|aquilo"
    r"|esses?|essas?",
)
_IT = OpeningWords(
    fillers=r"beh|mah|e+h+|a+h+|o+h+|ecco|diciamo|cio\u00e8|s\u00ec(?=[,.!])|no(?=[,.!])",
    leaning=r"e|ed|ma|per\u00f2|o|oppure|quindi|allora|poi|anche|inoltre|lui|lei|loro|quest[oaie]|quell[oaie]|ci\u00f2"
    r"|perch\u00e9(?![^?]*\?)",
)
OPENING_WORDS = {"en": _EN, "es": _ES, "de": _DE, "fr": _FR, "pt": _PT, "it": _IT}

ABBREVIATIONS = re.compile(
    r"(?:^|[\s(\"])(?:(?:dr|mr|mrs|ms|prof|rev|hon|gen|sen|rep|gov|capt|lt|sgt|col|cmdr|st|mt|ft|vs|fig|vol|approx"
    r"|sr|sra|srta|dra|dott|sig|mme|mlle|bzw|ca|nr|e\.g|i\.e|z\.\s?b|p\.\s?ej)|[b-hj-z])\.$",
    re.IGNORECASE,
)
"""Endings with a full stop that belongs to an abbreviation or an initial, so that the sentence goes on."""
