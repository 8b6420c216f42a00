"""Checkers for the exercises of the page "Tokens"."""

from collections import Counter
from itertools import pairwise

from bertgpt.check.feedback import Attempt, Slips, checker, expect_or_explain
from bertgpt.tokens.pair_merging import join


def _counts(words: dict[str, int]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for word, n in words.items():
        for pair in pairwise(word.split()):
            found[pair] += n
    return found


@checker
def best_pair(attempt: Attempt) -> str:
    """The most frequent pair of neighbours in words that are cut by spaces, with their counts."""
    cases: tuple[dict[str, int], ...] = (
        {"l o w": 5, "l o n g": 2, "w o n": 6},
        {"a b": 1, "a b c": 1, "a b d": 1, "b c": 9},
        {"n e w": 6, "w i d e": 3, "n e s t": 2},
    )
    for words in cases:
        pairs = _counts(words)
        once = _counts(dict.fromkeys(words, 1))
        letters = Counter(letter for word, n in words.items() for letter in word.split() * n)
        right = max(pairs, key=pairs.__getitem__)
        slips: Slips = [
            (max(once, key=once.__getitem__), "Count a pair as often as its word occurs."),
            (tuple(letter for letter, _ in letters.most_common(2)), "These are the most frequent"
             " letters; they need not be neighbours."),
            ("".join(right), "Give the two parts as a tuple, not joined."),
            (right[::-1], "The order of the two counts: the left one first."),
        ]  # fmt: skip
        expect_or_explain(attempt, (words,), right, slips)
    return "Training does this some 30,000 to 50,000 times for BERT and for GPT-2."


@checker
def encode_word(attempt: Attempt) -> str:
    """Cut a word into letters, then apply the merges in the order in which they were learned."""
    for word, merges in (
        ("lowest", [("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w")]),
        ("abc", [("b", "c"), ("a", "b")]),
        ("banana", [("a", "n"), ("b", "an"), ("an", "a")]),
        ("aaaa", [("a", "a")]),
        ("xyz", [("x", "z")]),
    ):
        right = list(word)
        for pair in merges:
            right = join(right, pair)
        backwards = list(word)
        for pair in reversed(merges):
            backwards = join(backwards, pair)
        slips: Slips = [
            (_leftmost_first(word, merges), "Take the merges in the order in which they were"
             " learned, and apply each to the whole word before the next."),
            (backwards, "The merge that was learned first is applied first."),
            (join(list(word), merges[0]), "Apply the other merges, too."),
            (list(word), "No merge was applied."),
            ("".join(right), "Give the tokens as a list."),
        ]  # fmt: skip
        expect_or_explain(attempt, (word, merges), right, slips)
    return "That is how GPT-2 cuts a word that it has never seen."


def _leftmost_first(word: str, merges: list[tuple[str, str]]) -> list[str]:
    """The tokens of one who joins the leftmost pair that is among the merges, again and again."""
    tokens = list(word)
    while places := [i for i, pair in enumerate(pairwise(tokens)) if pair in merges]:
        i = places[0]
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
    return tokens


@checker
def longest_match(attempt: Attempt) -> str:
    """WordPiece: the longest piece that fits, again and again; ["[UNK]"] where none does."""
    pieces = {"un", "u", "n", "aff", "##aff", "##able", "##a", "##ff", "##f", "play"}
    pieces |= {"##ing", "##i", "##n", "##play", "p", "##b", "##l", "##e"}
    shortest = ["u", "##n", "##a", "##f", "##f", "##a", "##b", "##l", "##e"]
    for word, right in (
        ("unaffable", ["un", "##aff", "##able"]),
        ("playing", ["play", "##ing"]),
        ("unplay", ["un", "##play"]),
        ("pa", ["p", "##a"]),
        ("playz", ["[UNK]"]),
    ):
        unmarked = [piece.removeprefix("##") for piece in right]
        slips: Slips = [
            (unmarked, 'A piece inside the word is looked up, and written, with "##" before it.'),
            (shortest, "Take the longest piece that fits, not the shortest."),
            (["play", "[UNK]"], "Where one part cannot be written, the whole word is unknown."),
        ]
        expect_or_explain(attempt, (word, pieces), right, slips)
    return "No merges are needed, only the vocabulary; that is why BERT's file is a list of pieces."


@checker
def bits_per_byte(attempt: Attempt) -> str:
    """Bits a token, tokens and a text -> bits for each byte of the text in UTF-8."""
    for bits, n_tokens, text in ((6.0, 2, "warm stone"), (4.0, 3, "наука"), (10.0, 4, "naïve 🙂")):
        size = len(text.encode())
        slips: Slips = [
            (bits * n_tokens / len(text), "Characters are not bytes: text.encode() has the bytes."),
            (bits / size, "bits is for one token; the text has n_tokens of them."),
            (bits * size / n_tokens, "Upside down: all bits of the text, divided by its bytes."),
            (bits, "That is for each token."),
        ]
        expect_or_explain(attempt, (bits, n_tokens, text), bits * n_tokens / size, slips)
    return "Now models with different tokens can be compared on the same text."
