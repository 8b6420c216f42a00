"""N-grams: the formulas against a second, slower way; sums; starts and ends; bad input."""

import math
from fractions import Fraction

import pytest
import torch

from bertgpt.words.kneser_ney import KneserNey
from bertgpt.words.ngram import (
    END,
    START,
    UNKNOWN,
    AddK,
    Counts,
    MaximumLikelihood,
)

TINY = ["the cat sat on the mat", "the cat saw the dog", "the dog sat", "a cat sat on a dog"]
SENTENCES = [line.split() for line in TINY]


def noisy_text(n_texts: int = 300, seed: int = 0) -> list[list[str]]:
    """Sentences of a made-up language with common and rare words, so that all counts occur."""
    draw = torch.Generator().manual_seed(seed)
    texts = []
    for _ in range(n_texts):
        length = int(torch.randint(3, 9, (), generator=draw))
        ranks = (60 ** torch.rand(length, generator=draw)).int().tolist()
        texts.append([f"w{(3 * a + b) % 60}" for a, b in zip(ranks, [0, *ranks], strict=False)])
    return texts


NOISY = noisy_text()


# ------------------------------------------------------------- the second way: formulas, slowly
# Exact fractions over lists of windows; nothing is shared with the package but the three symbols.


def windows(texts, n):
    """Every n-gram of the padded texts, one entry an occurrence."""
    padded = [[START, *text, END] for text in texts]
    return [tuple(t[i : i + n]) for t in padded for i in range(len(t) - n + 1)]


def adjusted_count(gram, texts, *, top):
    if top or gram[0] == START:
        return windows(texts, len(gram)).count(gram)
    return len({w[0] for w in windows(texts, len(gram) + 1) if w[1:] == gram})


def slow_discounts(texts, n, *, top):
    grams = {g for g in windows(texts, n) if g != (START,)}
    counts = [adjusted_count(g, texts, top=top) for g in grams]
    n1, n2, n3, n4 = (counts.count(c) for c in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return Fraction(1, 2), Fraction(1), Fraction(3, 2)
    y = Fraction(n1, n1 + 2 * n2)
    found = 1 - 2 * y * Fraction(n2, n1), 2 - 3 * y * Fraction(n3, n2), 3 - 4 * y * Fraction(n4, n3)
    usual = all(0 <= d <= c for c, d in enumerate(found, start=1))
    return found if usual else (Fraction(1, 2), Fraction(1), Fraction(3, 2))


def slow_kneser_ney(word, context, texts, vocabulary, order):
    """P(word | context) by the definition, from the longest context down."""

    def p(history, n):
        if n == 0:
            return Fraction(1, len(vocabulary))
        shorter = p(history[1:], n - 1)
        if len(history) < n - 1:  # the text's start cut the context short
            return p(history, n - 1)
        top = n == order
        d1, d2, d3 = slow_discounts(texts, n, top=top)
        seen = {w: adjusted_count((*history, w), texts, top=top) for w in vocabulary}
        total = sum(seen.values())
        if not total:
            return shorter
        discount = {0: Fraction(0), 1: d1, 2: d2}.get(seen[word], d3)
        ones = sum(c == 1 for c in seen.values())
        twos = sum(c == 2 for c in seen.values())
        more = sum(c >= 3 for c in seen.values())
        free = (d1 * ones + d2 * twos + d3 * more) / total
        return (seen[word] - discount) / total + free * shorter

    history = tuple(context)[-(order - 1) :] if order > 1 else ()
    return p(history, order)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_kneser_ney_equals_the_formulas_worked_slowly(order) -> None:
    counts = Counts(SENTENCES, 4)
    model = KneserNey(counts, order)
    contexts = [(START,), (START, "the"), ("the",), ("cat", "sat"), ("sat", "on", "the"), ("mat",),
                (START, "a", "cat"), ("dog", "dog"), (UNKNOWN, "cat"), ()]  # fmt: skip
    for context in contexts:
        for word in counts.vocabulary:
            cut = context[-(order - 1) :] if order > 1 else ()
            slow = slow_kneser_ney(word, cut, SENTENCES, counts.vocabulary, order)
            assert model.probability(word, context) == pytest.approx(float(slow), abs=1e-14)


@pytest.mark.parametrize("order", [2, 3])
def test_kneser_ney_equals_the_formulas_where_all_three_discounts_are_estimated(order) -> None:
    texts = noisy_text(80, seed=5)
    model = KneserNey(Counts(texts, order))
    assert (0.5, 1.0, 1.5) not in model.discounts  # estimated at every order, not the fallback
    vocabulary = model.counts.vocabulary
    for n, found in enumerate(model.discounts, start=1):
        slow = slow_discounts(texts, n, top=n == order)
        assert found == pytest.approx([float(d) for d in slow], abs=1e-14)
    for text in texts[:2]:
        seen = [START, *text]
        for i, word in enumerate([*text, END]):
            context = seen[max(0, i + 2 - order) : i + 1]
            slow = slow_kneser_ney(word, context, texts, vocabulary, order)
            assert model.probability(word, context) == pytest.approx(float(slow), abs=1e-14)


def test_discounts_outside_their_range_give_way_to_the_fallback() -> None:
    """Many words seen three times, few twice: the formula would take -5.5 from a count of 2."""
    text = "a" * 1 + "b" * 2 + "cdefg" * 3 + "h" * 4
    model = KneserNey(Counts([text], 1))
    assert model.discounts == [(0.5, 1.0, 1.5)]
    assert min(model.distribution().values()) > 0


# ------------------------------------------------------------------------- distributions


def every_seen_context(counts, order):
    return {(), *(g[:-1] for table in counts.tables[:order] for g in table)}


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("make", [KneserNey, lambda c, n: AddK(c, n, k=0.1)])
def test_sums_to_one_at_every_seen_context(make, order) -> None:
    counts = Counts(NOISY, 5, vocabulary=[f"w{i}" for i in range(40)])  # the rest is unknown
    model = make(counts, order)
    contexts = every_seen_context(counts, order)
    sums = [math.fsum(model.distribution(context).values()) for context in contexts]
    assert max(abs(s - 1) for s in sums) < 1e-12


@pytest.mark.parametrize("make", [KneserNey, lambda c: AddK(c, k=0.1)])
def test_sums_to_one_at_a_thousand_unseen_contexts(make) -> None:
    model = make(Counts(NOISY, 4))
    words = [*model.counts.vocabulary[:-1], "never", START]
    draw = torch.Generator().manual_seed(1)
    picks = torch.randint(len(words), (1000, 3), generator=draw).tolist()
    contexts = [tuple(words[i] for i in row) for row in picks]
    seen = every_seen_context(model.counts, 4)
    assert sum(c not in seen for c in contexts) > 900
    assert all(abs(math.fsum(model.distribution(c).values()) - 1) < 1e-12 for c in contexts)


def test_maximum_likelihood_sums_to_one_where_it_has_a_say() -> None:
    model = MaximumLikelihood(Counts(NOISY, 3))
    for context in every_seen_context(model.counts, 3):
        assert sum(model.distribution(context).values()) == pytest.approx(1, abs=1e-12)


def test_all_strings_of_a_small_language_sum_to_one() -> None:
    """Over every text up to 12 characters the probabilities add up to nearly 1, ends included."""
    model = KneserNey(Counts(["ab", "abb", "b", "ba"], 3, unknown=None))

    def mass(text: str, p: float) -> float:
        stop = p * model.probability(END, [START, *text])
        if len(text) == 12:
            return stop
        longer = ((w, p * model.probability(w, [START, *text])) for w in "ab")
        return stop + sum(mass(text + w, q) for w, q in longer)

    assert mass("", 1.0) == pytest.approx(1, abs=1e-4)
    assert mass("", 1.0) < 1


def test_every_probability_of_kneser_ney_is_above_zero() -> None:
    model = KneserNey(Counts(NOISY, 4))
    for context in [(), (START,), ("w1", "w2"), ("never", "seen")]:
        assert min(model.distribution(context).values()) > 0


# --------------------------------------------------------------------- the simple estimates


def test_maximum_likelihood_by_hand() -> None:
    model = MaximumLikelihood(Counts(SENTENCES, 2))
    assert model.probability("cat", ["the"]) == 2 / 5
    assert model.probability("the", [START]) == 3 / 4
    assert model.probability(END, ["dog"]) == 2 / 3
    assert model.probability("the", []) == 5 / 24  # 20 words and 4 ends
    assert model.probability("cat", ["mat"]) == 0.0


def test_the_context_is_read_in_order_and_only_its_end_counts() -> None:
    model = MaximumLikelihood(Counts(SENTENCES, 3))
    assert model.probability("on", ["cat", "sat"]) == 1.0
    assert model.probability("on", ["sat", "cat"]) == 0.0
    assert model.probability("on", ["dog", "the", "cat", "sat"]) == 1.0


def test_add_k_by_hand() -> None:
    model = AddK(Counts(SENTENCES, 2), k=0.5)
    n_words = len({w for s in SENTENCES for w in s}) + 2  # and <unk>, </s>
    assert model.probability("cat", ["the"]) == pytest.approx((2 + 0.5) / (5 + 0.5 * n_words))
    assert model.probability("cat", [UNKNOWN]) == pytest.approx(1 / n_words)


def test_add_k_tends_to_the_counts_and_to_the_uniform_distribution() -> None:
    counts = Counts(SENTENCES, 2)
    exact = MaximumLikelihood(counts).probability("cat", ["the"])
    assert AddK(counts, k=1e-9).probability("cat", ["the"]) == pytest.approx(exact, abs=1e-8)
    uniform = 1 / len(counts.vocabulary)
    assert AddK(counts, k=1e9).probability("cat", ["the"]) == pytest.approx(uniform, abs=1e-8)


# ------------------------------------------------------------------------ what Kneser-Ney is for


def test_a_frequent_word_with_one_company_is_no_general_guess() -> None:
    """ "francisco" is as frequent as "house", yet after a new word "house" is the better guess."""
    texts = [["san", "francisco"]] * 6 + [[w, "house"] for w in ("a", "my", "the", "his", "b", "c")]
    counts = Counts(texts, 2)
    model = KneserNey(counts)
    assert counts[("francisco",)] == counts[("house",)] == 6
    assert counts.continuations(1)[("francisco",)] == 1
    assert counts.continuations(1)[("house",)] == 6
    assert model.probability("house", ["new"]) > 2 * model.probability("francisco", ["new"])
    assert model.probability("francisco", ["san"]) > 0.5


def test_kneser_ney_beats_add_k_and_longer_contexts_help_on_held_out_text() -> None:
    train, held_out = noisy_text(3000, seed=2), noisy_text(300, seed=3)
    counts = Counts(train, 3)
    bits = [KneserNey(counts, n).bits_per_token(held_out) for n in (1, 2, 3)]
    assert bits[1] < bits[0] - 0.2
    assert bits[2] < bits[1] + 0.05
    for n in (2, 3):
        assert bits[n - 1] < min(AddK(counts, n, k=k).bits_per_token(held_out) for k in (0.1, 1))


# ------------------------------------------------------------------- texts: starts, ends, unknowns


def test_log_probability_is_the_sum_over_words_and_end() -> None:
    model = KneserNey(Counts(SENTENCES, 3))
    words = "the dog sat".split()
    steps = [
        ("the", [START]),
        ("dog", [START, "the"]),
        ("sat", ["the", "dog"]),
        (END, ["dog", "sat"]),
    ]
    logs = [math.log(model.probability(w, c)) for w, c in steps]
    assert model.token_log_probabilities(words) == pytest.approx(logs)
    assert model.log_probability(words) == pytest.approx(sum(logs))
    assert model.bits_per_token([words]) == pytest.approx(-sum(logs) / 4 / math.log(2))


def test_a_text_that_the_counts_rule_out_costs_infinitely_many_bits() -> None:
    model = MaximumLikelihood(Counts(SENTENCES, 2))
    assert model.log_probability(["mat", "cat"]) == -math.inf
    assert model.bits_per_token([["mat", "cat"]]) == math.inf


def test_a_uniform_guess_over_v_words_costs_log_v_bits() -> None:
    counts = Counts(["abc"], 1)
    assert AddK(counts, k=1e15).bits_per_token(["abc"]) == pytest.approx(math.log2(5))


def test_words_outside_the_vocabulary_share_one_place() -> None:
    counts = Counts(SENTENCES, 2, vocabulary=["the", "cat", "sat"])
    model = KneserNey(counts)
    assert counts.vocabulary == ("the", "cat", "sat", UNKNOWN, END)
    assert counts[(UNKNOWN,)] == 9
    assert model.probability("zebra", ["the"]) == model.probability(UNKNOWN, ["the"])
    assert model.probability("cat", ["zebra"]) == model.probability("cat", ["dog"])


def test_models_on_the_same_counts_do_not_disturb_one_another() -> None:
    counts = Counts(NOISY, 4)
    alone = [KneserNey(Counts(NOISY, n)).bits_per_token(NOISY[:20]) for n in (1, 2, 3, 4)]
    shared = [KneserNey(counts, n).bits_per_token(NOISY[:20]) for n in (4, 2, 3, 1)]
    assert [shared[3], shared[1], shared[2], shared[0]] == pytest.approx(alone, abs=1e-12)


def test_characters_and_numbers_are_tokens_too() -> None:
    assert KneserNey(Counts(["abab", "abba"], 3)).probability("a", "ab") > 0.2
    assert MaximumLikelihood(Counts([[1, 2, 1], [1, 2]], 2)).probability(2, [1]) == 2 / 3


# ------------------------------------------------------------------------------------ sampling


def test_samples_follow_the_distribution_and_the_seed() -> None:
    model = KneserNey(Counts(SENTENCES, 2))
    first = [model.sample(torch.Generator().manual_seed(s), max_tokens=1) for s in range(800)]
    share = sum(text == ["the"] for text in first) / 800
    assert share == pytest.approx(model.probability("the", [START]), abs=0.05)
    draws = [model.sample(torch.Generator().manual_seed(4)) for _ in range(2)]
    assert draws[0] == draws[1]


def test_maximum_likelihood_writes_only_what_it_has_seen() -> None:
    counts = Counts(SENTENCES, 2, unknown=None)
    model = MaximumLikelihood(counts)
    text = model.sample(torch.Generator().manual_seed(0), max_tokens=40)
    pairs = list(zip([START, *text], [*text, END], strict=True))
    assert all(counts[pair] for pair in (pairs if len(text) < 40 else pairs[:-1]))


def test_a_sample_continues_its_prefix() -> None:
    model = MaximumLikelihood(Counts(SENTENCES, 3))
    assert model.sample(torch.Generator().manual_seed(0), prefix=["the", "cat", "saw"])[0] == "the"
    assert len(model.sample(torch.Generator().manual_seed(0), max_tokens=2)) <= 2


# ----------------------------------------------------------------------------------- bad input

COUNTS = Counts(SENTENCES, 2)
CLOSED = Counts(SENTENCES, 2, unknown=None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Counts(SENTENCES, 0), "order=0 counts nothing; the smallest is 1, single words"),
        (lambda: Counts([], 2), "the 0 texts hold no token; give at least one"),
        (lambda: Counts([[], ""], 2), "the 2 texts hold no token"),
        (lambda: Counts("the cat", 2), r"one string; give \[text\], or \[text.split\(\)\] for"),
        (lambda: KneserNey(COUNTS).bits_per_token("the cat"), r"one string; give \[text\], or"),
        (lambda: KneserNey(COUNTS).bits_per_token(TINY), "sat on the mat' is a string, and"),
        (lambda: AddK(COUNTS, k=1).log_probability("the cat"), r"a list of words: text.split\(\)"),
        (lambda: KneserNey(COUNTS).probability("cat", "the"), "'the' is a string, and these"),
        (lambda: KneserNey(COUNTS).distribution("the"), "'the' is a string, and these counts are"),
        (lambda: KneserNey(COUNTS).sample(torch.Generator(), prefix="the"), "'the' is a string"),
        (lambda: KneserNey(SENTENCES), r"expected the counts .* got list; give Counts\(texts"),
        (lambda: AddK(SENTENCES, k=1), "expected the counts of the training texts, got list"),
        (lambda: Counts(["ab", "c"], 5), "order=5 is longer than .* 4 tokens; .* up to 4"),
        (lambda: Counts([["<s>", "a"]], 2), "holds '<s>' or '</s>', .* leave them out"),
        (lambda: COUNTS.continuations(2), "length 3 are needed, but 1 to 2 .* order=3"),
        (lambda: COUNTS[("a", "b", "c")], "length 3 are needed, but 1 to 2"),
        (lambda: KneserNey(COUNTS, 3), "order=3, but these counts hold .* length 1 to 2"),
        (lambda: KneserNey(COUNTS, 0), "order=0, but these counts hold"),
        (lambda: AddK(COUNTS, k=-1), "k=-1 cannot be added to counts; choose a number from 0 up"),
        (lambda: AddK(COUNTS, k=math.nan), "k=nan cannot be added"),
        (lambda: KneserNey(CLOSED).probability("zebra"), "'zebra' is not among the 9 .* unknown="),
        (lambda: KneserNey(CLOSED).probability("cat", ["zebra"]), "'zebra' is not among"),
        (lambda: KneserNey(COUNTS).probability(START), "'<s>' opens a text and is never predicted"),
        (lambda: KneserNey(COUNTS).probability("a", [END]), "holds '</s>', and nothing follows"),
        (lambda: KneserNey(COUNTS).log_probability(["a", END]), "holds '<s>' or '</s>'"),
        (lambda: KneserNey(COUNTS).bits_per_token([]), "no text to score; give at least one"),
        (
            lambda: MaximumLikelihood(COUNTS).distribution(["zebra"]),
            r"\('zebra',\) was never seen, so counts say nothing .* smooth the counts",
        ),
        (
            lambda: MaximumLikelihood(COUNTS).sample(torch.Generator(), prefix=["zebra"]),
            r"the context \('<s>', 'zebra'\) was never seen",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_told_what_and_why(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()
