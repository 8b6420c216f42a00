"""Checkers for the exercises of the page "What it costs, and what depth is for"."""

from bertgpt.check.feedback import Attempt, Slips, checker, expect_or_explain


@checker
def crossing(attempt: Attempt) -> str:
    """The length at which scores and mixture cost as much as all else in a block: 2 D + F."""
    for D, F in ((64, 256), (768, 3072), (100, 50)):
        slips: Slips = [
            (D, "That is where n^2 D meets n D^2, without their factors: 4 n^2 D; 8 n D^2 + 4 n D"
             " F."),
            (2 * D, "That leaves the feed-forward part out: 4 n D F."),
            (2 * D + 2 * F, "Scores and mixture are two products: 4 n^2 D together."),
            (F, "That leaves the four projections out: 8 n D^2."),
            (6 * D, "6 D holds only for F = 4 D; F is given."),
        ]  # fmt: skip
        expect_or_explain(attempt, (D, F), 2 * D + F, slips)
    return "Below that length a block's price grows almost like n, far above it like n squared."


@checker
def rounds(attempt: Attempt) -> str:
    """Rounds to read n tokens and write m more: a recurrent stack's, then a Transformer's."""
    for n, m, L in ((5, 1, 1), (5, 4, 3), (1000, 100, 12), (1, 3, 4)):
        recurrent, blocks = n + L - 1 + (m - 1) * L, m * L
        right = [recurrent, blocks]
        slips: Slips = [
            ([blocks, recurrent], "The recurrent stack's number comes first."),
            ([n + L - 1, L], "That is for the first written token. Each further one enters at the"
             " bottom and has to rise through all layers."),
            ([n + L - 1 + m * L, (m + 1) * L], "The first token is written as soon as the text is"
             " read: m - 1 more tokens have to be read, the last one is not."),
            ([n + L + m - 2, blocks], "A written token is known only when the top layer is done, so"
             " the next one starts below L rounds later, not one."),
            ([n + L + m - 2, L + m - 1], "A written token is known only when the top layer is done,"
             " so the next one starts below L rounds later, not one."),
            ([n * L + (m - 1) * L, blocks], "While it reads, layers can work at the same time, each"
             " on its own token: the front is slanted."),
            ([recurrent, L], "Each written token needs the one before it: a Transformer waits, too,"
             " when it writes."),
        ]  # fmt: skip
        expect_or_explain(attempt, (n, m, L), right, slips)
    return "Reading is where the Transformer saves rounds. In writing each token costs both L."


@checker
def induction(attempt: Attempt) -> str:
    """The token that followed the last token at its previous occurrence; None if it has none."""
    for text in ("a b c a d e a", "the cat sat on the", "b a b b", "x y x z x"):
        words = text.split()
        places = [i for i, word in enumerate(words[:-1]) if word == words[-1]]
        slips: Slips = [
            (words[places[0] + 1], "That followed the first time; take the last time before now."),
            (words[places[-1]], "That is the token itself; what came after it is asked for."),
            (words[places[-1] - 1], "That came before it; what came after it is asked for."),
        ]
        expect_or_explain(attempt, (words,), words[places[-1] + 1], slips)
    return "Two look-ups: where was this token before, and what came next. One layer has but one."


@checker
def two_layers(attempt: Attempt) -> str:
    """A model of two look-ups writes on: n tokens, each appended before the next is asked for."""
    for text, n in (("c a t s c", 3), ("a b c a", 5), ("t o b e o r n o t t", 4)):
        tokens = text.split()
        read = list(tokens)
        for _ in range(n):
            read.append(_after_note(read, read[-1]))
        once = _after_note(tokens, tokens[-1])
        slips: Slips = [
            (read, "Return the new tokens only, without those that were given."),
            ([once] * n, "Append each new token before you ask for the next."),
            ([tokens[-1]] * n, "The look-up found the token itself. The note at a place says which"
             " token came just before it; what is fetched is the token at that place."),
        ]  # fmt: skip
        expect_or_explain(attempt, (tokens, n), read[len(tokens) :], slips)
    return "Two layers and a loop: that is a model that writes by copying."


def _after_note(tokens: list[str], word: str) -> str:
    """The token at the last place whose note, the token before it, is the word."""
    for place in range(len(tokens) - 1, 0, -1):
        if tokens[place - 1] == word:
            return tokens[place]
    return word


@checker
def parity_rounds(attempt: Attempt) -> str:
    """Parity of each beginning by doubling: the states after each round."""
    for bits in ([1, 0, 1, 1, 0, 1], [1, 1, 1, 1, 1, 1, 1, 1], [0, 1], [1]):
        right, reach = [], 1
        state = list(bits)
        while reach < len(bits):
            state = [(s + (state[t - reach] if t >= reach else 0)) % 2 for t, s in enumerate(state)]
            right.append(state)
            reach *= 2
        in_place, reach, state = [], 1, list(bits)
        while reach < len(bits):
            for t in range(reach, len(bits)):
                state[t] = (state[t] + state[t - reach]) % 2
            in_place.append(list(state))
            reach *= 2
        slips: Slips = [
            ([bits, *right], "The bits themselves are the start, not a round."),
            (right[-1] if right else [bits], "Return a list with the states after each round, not"
             " only the last."),
            (in_place, "You changed a number that another one still had to read: in a round all"
             " read the old states. Build a new list."),
        ]  # fmt: skip
        expect_or_explain(attempt, (bits,), right, slips)
    return "A string of 1,000 bits takes 10 rounds: layer for layer, a stack could do it."
