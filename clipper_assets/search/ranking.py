"""Ranks the passages that match a query.

Passages are scored by BM25 (tantivy's, k1 = 1.2, b = 0.75) on their stems and the names of their speakers. A passage
also gets half of the mean score of its episode's best passages, because an episode about the subject is the likelier
place. What was tried is in docs/search.md.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from math import log

import tantivy
from tantivy import Occur

from clipper_assets.search.hits import Hit, Matcher, hit_in
from clipper_assets.search.index import faults_of_tantivy
from clipper_assets.search.query import Filters, Query
from clipper_assets.search.terms import terms

CANDIDATES = 200
"""Passages that are ranked. Hits come from these, so this bounds the pages."""
EPISODE_WEIGHT = 0.5
EPISODE_PASSAGES = 10
"""Best passages of an episode that make its score."""
ALL_WORDS_BONUS = 20.0
"""Score of a passage that has all words of a short query; more than BM25 gives for a few words."""
SHORT_QUERY = 4
"""Words of a query that is answered best by passages with all of them."""
MAX_EXPANSIONS = 64
"""Words that a prefix stands for, the most frequent first."""
MAX_VOCABULARY = 20_000
"""Words with a prefix that are looked at, in the order of the alphabet."""

DAY_S = 86_400

Candidate = tuple[float, tantivy.DocAddress, int, int, int]
"""Score, document, number of the episode, positions of the passage's first and last sentence."""


class Ranking:
    """The passages of an index that match a query, best first."""

    def __init__(self, searcher: tantivy.Searcher, schema: tantivy.Schema, query: Query, filters: Filters):
        self.searcher, self.schema, self.query, self.filters = searcher, schema, query, filters
        with faults_of_tantivy():
            self.expansions = [self._expanded(prefix) for prefix in query.prefixes]
            self.matcher = Matcher(
                words=[{stem: self._weight("stems", stem) for stem in stems} for stems in query.words],
                phrases=query.phrases,
                prefixes=[{word: self._weight("words", word) for word in words} for words in self.expansions],
                speaker=speaker_terms(filters),
            )
        # Built outside: an error of tantivy here would be a mistake of ours, not damage.
        self.tantivy_query = self._query()

    def hits(self) -> Iterator[Hit]:
        """Every hit: first those that share no sentence with a better one, then those whose best sentence is new.

        Raises BrokenIndexError.
        """
        with faults_of_tantivy():
            candidates = self._candidates()
        shown: dict[int, list[tuple[int, int]]] = defaultdict(list)
        overlapping = []
        for candidate in candidates:
            _, _, episode, first, last = candidate
            if any(first <= end and last >= begin for begin, end in shown[episode]):
                overlapping.append(candidate)
            elif found := self._hit(candidate):
                shown[episode].append((first, last))
                yield found[0]
        for candidate in overlapping:
            _, _, episode, first, last = candidate
            found = self._hit(candidate)
            if found and not any(begin <= first + found[1] <= end for begin, end in shown[episode]):
                shown[episode].append((first, last))
                yield found[0]

    def _hit(self, candidate: Candidate) -> tuple[Hit, int] | None:
        score, address, *_ = candidate
        with faults_of_tantivy():
            document = self.searcher.doc(address)
        return hit_in(document, score, self.matcher)

    def _candidates(self) -> list[Candidate]:
        found = self.searcher.search(self.tantivy_query, CANDIDATES, count=False).hits
        addresses = [address for _, address in found]
        numbers, firsts, lasts = (
            [int(value or 0) for value in self.searcher.fast_field_values(name, addresses)]
            for name in ("number", "first", "last")
        )
        scores: dict[int, list[float]] = defaultdict(list)
        for (score, _), number in zip(found, numbers, strict=True):
            scores[number].append(score)
        mean = {number: sum(best[:EPISODE_PASSAGES]) / EPISODE_PASSAGES for number, best in scores.items()}
        candidates = [
            (score + EPISODE_WEIGHT * mean[number], address, number, first, last)
            for (score, address), number, first, last in zip(found, numbers, firsts, lasts, strict=True)
        ]
        return sorted(candidates, key=lambda candidate: (-candidate[0], candidate[2], candidate[3]))

    def _query(self) -> tantivy.Query:
        """Words are optional, but all words of a short query earn a bonus; phrases, prefixes and filters are not."""
        words = [self._any_of("stems", stems) for stems in self.query.words]
        required = [self._phrase(words) for words in self.query.phrases]
        required += [self._any_of("words", expansion) for expansion in self.expansions]
        filters = [tantivy.Query.const_score_query(each, 0.0) for each in self._filters()]
        optional = list(words)
        if 2 <= len(words) <= SHORT_QUERY and not self.query.is_question:
            together = tantivy.Query.boolean_query([(Occur.Must, word) for word in words])
            optional.append(tantivy.Query.const_score_query(together, ALL_WORDS_BONUS))
        matches = tantivy.Query.boolean_query([(Occur.Should, each) for each in optional])
        if not required and not filters:
            return matches
        if optional and not required:
            required = [matches]
            optional = []
        return tantivy.Query.boolean_query(
            [(Occur.Must, each) for each in [*required, *filters]] + [(Occur.Should, each) for each in optional]
        )

    def _filters(self) -> Iterator[tantivy.Query]:
        if self.filters.episode is not None:
            yield self._term("episode", self.filters.episode)
        if self.filters.show is not None:
            yield self._term("shows", self.filters.show.strip("/"))
        for name in speaker_terms(self.filters):
            yield self._term("speakers", name)
        if self.filters.since is not None or self.filters.until is not None:
            since = _midnight(self.filters.since) if self.filters.since else 0
            after = _midnight(self.filters.until) + DAY_S if self.filters.until else None
            yield tantivy.Query.range_query(
                self.schema, "uploaded_at", tantivy.FieldType.Integer, since, after, include_upper=after is None
            )

    def _phrase(self, words: Sequence[str]) -> tantivy.Query:
        if len(words) == 1:
            return self._term("words", words[0])
        return tantivy.Query.phrase_query(self.schema, "words", list(words))

    def _any_of(self, field: str, values: Sequence[str]) -> tantivy.Query:
        if len(values) == 1:
            return self._term(field, values[0])
        return tantivy.Query.disjunction_max_query([self._term(field, value) for value in values])

    def _term(self, field: str, value: str) -> tantivy.Query:
        return tantivy.Query.term_query(self.schema, field, value, "freq" if field in ("stems", "words") else "basic")

    def _expanded(self, prefix: str) -> list[str]:
        found = self.searcher.terms_with_prefix("words", prefix, limit=MAX_VOCABULARY)
        return [word for word, _ in sorted(found, key=lambda each: (-each[1], each[0]))[:MAX_EXPANSIONS]]

    def _weight(self, field: str, value: str) -> float:
        """The inverse document frequency of a term, as in BM25 (Robertson and Zaragoza 2009, section 3.4)."""
        having = min(self.searcher.doc_freq(field, value), self.searcher.num_docs)
        return log(1 + (self.searcher.num_docs - having + 0.5) / (having + 0.5))


def speaker_terms(filters: Filters) -> list[str]:
    """The words of the speaker's name that a sentence must be spoken by."""
    return [term.folded for term in terms(filters.speaker or "", "")]


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
