"""Rates line breaks: good after punctuation and before a new phrase, bad between words that belong together.

The rules are those of Netflix's Timed Text Style Guide, General Requirements, "Line Treatment": break after
punctuation, before conjunctions and prepositions; do not break between article, adjective or preposition and noun,
first and last name, pronoun or auxiliary and verb. They are implemented with lists of the most frequent words of a few
languages.
"""

# ruff: noqa: RUF001  # all the world's letters

from typing import NamedTuple

SENTENCE_ENDS = ".!?…。！？؟।"
COMMAS = ",;:，、；：،؛—–"
CLOSERS = "\"'”’»)]」』）"


class Words(NamedTuple):
    """Words that begin a phrase, and words that are bound to the next word; prepositions are both."""

    beginning: frozenset[str]
    binding: frozenset[str]


def _words(conjunctions: str, prepositions: str, binding: str) -> Words:
    opening = frozenset(f"{conjunctions} {prepositions}".casefold().split())
    return Words(opening, opening | frozenset(binding.casefold().split()))


LANGUAGES = {
    "en": _words(
        "and but or nor so because although though unless until while whereas if when whenever where that which who"
        " whose than whether",
        "about above across after against along among around as at before behind below beneath beside between beyond by"
        " despite down during except for from in inside into like near of off on onto out outside over past since"
        " through throughout to toward towards under up upon via with within without",
        "a an the my your his her its our their this these those some any no every each all both another such what"
        " i you he she it we they i'm you're he's she's it's we're they're i've you've we've i'll you'll we'll i'd"
        " am is are was were be been being have has had do does did will would can could should may might must not"
        " don't doesn't didn't can't won't isn't wasn't very really too just mr mrs ms dr more most less"
        " good new first last long great little own other old right big high different small large next early young"
        " important few public bad same whole real best better only many much several two three four five six seven"
        " eight nine ten hundred",
    ),
    "de": _words(
        "und oder aber denn weil dass ob wenn als während obwohl damit sondern wie wo der die das",
        "an auf aus bei bis durch für gegen hinter in im ins am ans mit nach neben ohne seit über um unter von vom vor"
        " zu zum zur zwischen wegen trotz",
        "der die das den dem des ein eine einen einem einer eines kein keine mein meine dein sein seine ihr ihre unser"
        " euer dieser diese dieses jeder jede jedes alle viele ich du er sie es wir man nicht sehr ganz so zwei drei"
        " ist sind war waren hat haben wird werden kann neue neuen gute guten große großen kleine kleinen",
    ),
    "fr": _words(
        "et ou mais donc or car parce que quand lorsque puisque si comme qui dont où",
        "à au aux avec chez contre dans de des depuis derrière devant en entre jusque jusqu'à par pendant pour sans"
        " sous sur vers",
        "le la les un une du des mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet cette ces"
        " chaque tout toute tous toutes je tu il elle on nous vous ils elles ne pas très plus est sont était a ont"
        " grand grande petit petite bon bonne beau belle nouveau nouvelle premier première deux trois",
    ),
    "es": _words(
        "y e o u pero sino porque aunque cuando mientras si que donde como quien cuyo",
        "a al ante bajo con contra de del desde durante en entre hacia hasta para por según sin sobre tras",
        "el la los las un una unos unas mi mis tu tus su sus nuestro nuestra este esta estos estas ese esa cada todo"
        " toda todos todas yo él ella nosotros ellos no muy más es son era fue está están ha han hay lo se me te nos"
        " gran buen buena nuevo nueva primer primera dos tres",
    ),
    "it": _words(
        "e ed o oppure ma però perché quando mentre se che dove come chi cui",
        "a ad al alla ai alle con contro da dal dalla di del della dei delle degli in nel nella per senza sopra sotto"
        " su sul sulla tra fra verso",
        "il lo la i gli le un uno una mio mia tuo tua suo sua nostro nostra questo questa quel quella ogni tutto tutti"
        " io tu lui lei noi voi loro non molto più è sono era ha hanno si mi ti ci grande nuovo nuova primo prima due",
    ),
    "pt": _words(
        "e ou mas porque embora quando enquanto se que onde como quem",
        "a ao à aos às até com contra de do da dos das desde durante em no na nos nas entre para pela pelo por sem sob"
        " sobre",
        "o a os as um uma uns umas meu minha seu sua nosso nossa este esta esse essa cada todo toda todos eu ele ela"
        " nós eles não muito mais é são era está tem foi grande bom boa novo nova primeiro primeira dois três",
    ),
    "ru": _words(
        "и а но или потому что чтобы если когда пока хотя как где куда который которая которое которые кто",
        "в во на с со к ко о об от до из за по под над при для без у через между перед после про",
        "не ни я ты он она оно мы вы они мой моя моё мои твой свой свою наш наша ваш его её их этот эта это эти тот"
        " та те весь вся все каждый очень самый самая новый новая большой большая первый первая два две три",
    ),
    "nl": _words(
        "en of maar want omdat dat als toen terwijl hoewel zodat die wie waar",
        "aan achter bij binnen door in met na naar naast om onder op over sinds tegen tot tussen uit van voor zonder",
        "de het een mijn jouw je zijn haar ons onze hun deze dit elke alle ik jij hij zij wij we ze niet heel erg is"
        " was waren heeft hebben kan goede nieuwe grote kleine eerste twee drie",
    ),
}
"""Word lists by ISO 639-1 code; in any other language only punctuation matters."""

SENTENCE, COMMA, PHRASE, BETWEEN, BOUND = 0.0, 0.1, 0.25, 0.5, 1.0


def break_cost(before: str, after: str, language: str) -> float:
    """The cost of a line break between two words, from 0 (after a sentence) to 1 (inside a noun phrase)."""
    stripped = before.rstrip(CLOSERS)
    if stripped.endswith(tuple(SENTENCE_ENDS)) and not _abbreviated(stripped):
        return SENTENCE
    if stripped.endswith(tuple(COMMAS)):
        return COMMA
    if _binds(before, language) or _is_name(before, after, language):
        return BOUND
    return PHRASE if bare(after) in _listed(language).beginning else BETWEEN


def is_function_word(word: str, language: str) -> bool:
    """Whether a word is an article, preposition, pronoun or the like, which is never a key word."""
    return bare(word) in _listed(language).binding


def bare(word: str) -> str:
    """A word in lower case, without surrounding punctuation."""
    return word.replace("’", "'").strip(SENTENCE_ENDS + COMMAS + CLOSERS + "#“‘«([「『（-").casefold()


def _listed(language: str) -> Words:
    return LANGUAGES.get(language, Words(frozenset(), frozenset()))


def _binds(word: str, language: str) -> bool:
    """Whether a word must not be separated from the next: an article, a preposition or the like, or a number."""
    return bare(word) in _listed(language).binding or word.isdecimal()


def _is_name(before: str, after: str, language: str) -> bool:
    """Whether two words look like a name: both are capitalized. Not used for German, which capitalizes every noun."""
    return language != "de" and before[:1].isupper() and after[:1].isupper() and bare(before) not in ("i", "")


def _abbreviated(word: str) -> bool:
    return bare(word) in ("mr", "mrs", "ms", "dr", "st", "vs")
