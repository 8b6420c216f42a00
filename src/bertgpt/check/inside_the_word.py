"""Checkers for the exercises of the page "Inside the word"."""

from bertgpt.check.feedback import Attempt, Slips, checker, expect_or_explain
from bertgpt.words.charngrams import char_ngrams, fnv1a


@checker
def unseen_share(attempt: Attempt) -> str:
    """Fractions of a test text's words that are not in a training text: of tokens, of types."""
    train = "the ant walks to the hill".split()
    for test in ("the ants walk and the ant walks and walks", "ants ants ants hill"):
        tokens = test.split()
        types, fresh = set(tokens), [word for word in tokens if word not in train]
        a, b = len(fresh) / len(tokens), len(set(fresh)) / len(types)
        slips: Slips = [
            ((b, a), "The two are swapped: tokens first, then types."),
            (
                (1 - a, 1 - b),
                "These are the shares that were seen; the question is which were not.",
            ),
            ((a, len(set(fresh)) / len(tokens)), "Divide different words by different words."),
            ((a, a), "Both numbers are about tokens. For types, each word counts once."),
        ]
        expect_or_explain(attempt, (train, tokens), (a, b), slips)
    return "A word that is new and frequent weighs much in tokens, a rare one only in types."


@checker
def boundary_ngrams(attempt: Attempt) -> str:
    """All n-grams of one length of a word between boundary marks."""
    for word, n in (("ant", 3), ("banana", 3), ("a", 3), ("where", 5), ("of", 6)):
        right, marked = char_ngrams(word, n, n), f"<{word}>"
        bare = [word[i : i + n] for i in range(len(word) - n + 1)]
        short = [marked[i : i + n] for i in range(len(marked) - n)]
        slips: Slips = [
            (bare, "The boundary marks < and > are missing: cut up <word>, not word."),
            (short, "The last n-gram is missing: m characters have m - n + 1 n-grams of length n."),
            ([marked[i : i + n] for i in range(len(marked))], "Your last pieces are too short."),
            (list(dict.fromkeys(right)), "A piece that occurs twice belongs in the list twice."),
        ]
        expect_or_explain(attempt, (word, n), right, slips)
    return "The same pieces as fastText's."


@checker
def hash_bucket(attempt: Attempt) -> str:
    """The bucket of a plain ASCII text: FNV-1a, then the remainder."""
    for text, buckets in (("<wa", 1000), ("walk", 2**17), ("ing>", 97)):
        other = endless = 2166136261
        for byte in text.encode():
            other, endless = other * 16777619 % 2**32 ^ byte, (endless ^ byte) * 16777619
        slips: Slips = [
            (other % buckets, "You multiply before the exclusive or: that is FNV-1, not FNV-1a."),
            (fnv1a(text), "That is the whole hash; the bucket is its remainder by `buckets`."),
            (endless % buckets, "Stay within 32 bits: remainder by 2**32 after each product."),
        ]
        expect_or_explain(attempt, (text, buckets), fnv1a(text) % buckets, slips)
    return "fastText would look in the same row."


@checker
def shared_buckets(attempt: Attempt) -> str:
    """The expected share of n pieces that share their bucket with another piece."""
    for n, buckets in ((2, 10), (100, 100), (78_000, 2**17)):
        alone = (1 - 1 / buckets) ** (n - 1)
        slips: Slips = [
            (alone, "That share has its bucket to itself; the question is the rest."),
            (1 - alone * (1 - 1 / buckets), "A piece cannot meet itself: only n - 1 others can."),
            ((n - 1) / buckets, "Do not add chances: multiply those that the others miss."),
        ]
        expect_or_explain(attempt, (n, buckets), 1 - alone, slips)
    return "The page measured this curve with real n-grams."


@checker
def unseen_vector(attempt: Attempt) -> str:
    """The mean of the vectors of those trigrams of a word that the table holds."""
    table = {"<an": [1.0, 0.0], "ant": [0.0, 2.0], "nts": [4.0, 4.0], "ts>": [8.0, 0.0]}
    for word in ("ants", "antler", "pants"):
        pieces = char_ngrams(word, 3, 3)
        found = [piece for piece in pieces if piece in table]
        bare = [piece for piece in found if piece.isalpha()]
        total, inside = ([sum(table[p][i] for p in some) for i in (0, 1)] for some in (found, bare))
        slips: Slips = [
            (total, "That is the sum; divide by the number of pieces found."),
            ([x / len(pieces) for x in total], "Divide by the pieces found, not by all pieces."),
            ([x / len(bare) for x in inside], "The pieces with a boundary mark are missing."),
        ]
        expect_or_explain(attempt, (word, table), [x / len(found) for x in total], slips)
    return "A vector for a word that no text has shown you."
