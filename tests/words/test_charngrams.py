"""Pieces of words, their hash, the step of training against autograd, and bad input."""

import math

import pytest
import torch
from torch.nn import functional as F

from bertgpt.words.charngrams import char_ngrams, fnv1a
from bertgpt.words.subword_vectors import SubwordConfig, SubwordVectors

TEXT = [["ants", "walk", "home"], ["the", "ant", "walks", "home"], ["walk", "the", "ants"]] * 4


def model(seed: int = 0, text: list[list[str]] = TEXT, **given: object) -> SubwordVectors:
    small = {"dimension": 7, "window": 2, "min_count": 1, "epochs": 2, "buckets": 61}
    config = {**small, "threshold": 1.0, "centres": 16, **given}
    return SubwordVectors(
        text, SubwordConfig(**config), generator=torch.Generator().manual_seed(seed)
    )


def test_the_example_of_the_paper() -> None:
    """Bojanowski et al. (2017), section 3.2: the trigrams of "where"."""
    assert char_ngrams("where", 3, 3) == ["<wh", "whe", "her", "ere", "re>"]


def test_a_boundary_tells_a_word_from_a_piece() -> None:
    assert "her" in char_ngrams("where")
    assert "<her>" in char_ngrams("her")
    assert "<her>" not in char_ngrams("where")


def test_numbers_of_pieces() -> None:
    """A marked word of m characters has m - n + 1 n-grams of length n."""
    for word in ("a", "of", "ant", "banana", "naïveté", "слово", "日本語"):
        m = len(word) + 2
        assert len(char_ngrams(word)) == sum(max(0, m - n + 1) for n in range(3, 7))


def test_a_repeated_piece_counts_twice() -> None:
    assert char_ngrams("banana", 3, 3).count("ana") == 2


def test_a_mark_alone_is_no_piece() -> None:
    assert char_ngrams("ab", 1, 2) == ["<a", "a", "ab", "b", "b>"]


def test_published_values_of_fnv1a() -> None:
    """Plain ASCII hashes as FNV-1a proper does (its authors' test vectors)."""
    assert fnv1a("") == 0x811C9DC5
    assert fnv1a("a") == 0xE40C292C
    assert fnv1a("foobar") == 0xBF9CF968


def test_bytes_above_127_are_signed() -> None:
    proper = 0x811C9DC5
    for byte in "é".encode():
        proper = (proper ^ byte) * 16777619 % 2**32
    assert fnv1a("é") != proper


def test_a_vector_is_the_mean_of_its_pieces() -> None:
    ours = model()
    own = ours.vocab.encode(["ants"])[0]
    V = len(ours.vocab)
    rows = [own, *(V + fnv1a(gram) % 61 for gram in char_ngrams("ants"))]
    torch.testing.assert_close(ours.vector("ants"), ours.inputs[rows].mean(0))
    torch.testing.assert_close(ours.vectors[own], ours.vector("ants"))
    unseen = [V + fnv1a(gram) % 61 for gram in char_ngrams("anthill")]
    torch.testing.assert_close(ours.vector("anthill"), ours.inputs[unseen].mean(0))


def test_without_hash_each_piece_has_a_row_of_its_own() -> None:
    ours = model(buckets=None)
    pieces = {gram for word in ours.vocab.words for gram in char_ngrams(word)}
    assert len(ours.inputs) == len(ours.vocab) + len(pieces)
    rows = {row for word in ours.vocab.words for row in ours.rows(word)}
    assert rows == set(range(len(ours.inputs)))
    shared = [g for g in char_ngrams("anthill") if g in pieces]
    assert 0 < len(ours.rows("anthill")) == len(shared) < len(char_ngrams("anthill"))


def test_plain_skip_gram_has_only_whole_words() -> None:
    ours = model(lengths=None, buckets=None)
    assert ours.inputs.shape == ours.contexts.shape == (len(ours.vocab), 7)
    assert ours.rows("ants") == ours.vocab.encode(["ants"])
    with pytest.raises(ValueError, match=r"'anthill' is not among the 6 words .* none of its 0"):
        ours.vector("anthill")


def batch(ours: SubwordVectors) -> tuple[torch.Tensor, ...]:
    """Five centres, one word twice; two neighbours masked; three negatives."""
    draw = torch.Generator().manual_seed(1)
    V = len(ours.vocab)
    centres = torch.tensor([0, 1, 0, 2, 3])
    contexts = torch.randint(V, (5, 4), generator=draw)
    mask = torch.ones(5, 4, dtype=torch.bool)
    mask[0, 1] = mask[3, 2] = False
    return centres, contexts, mask, torch.tensor([4, 5, 4])


def scored(ours, inputs, contexts, batch) -> torch.Tensor:
    """The loss, written down pair by pair."""
    centres, near, mask, negatives = batch
    total = torch.zeros(())
    for i, centre in enumerate(centres.tolist()):
        h = inputs[ours.rows(ours.vocab.words[centre])].mean(0)
        for j in range(near.shape[1]):
            if mask[i, j]:
                total = total - F.logsigmoid(h @ contexts[near[i, j]])
                for negative in negatives:
                    share = ours.config.negatives / len(negatives)
                    total = total - share * F.logsigmoid(-(h @ contexts[negative]))
    return total


def test_a_step_follows_the_gradient() -> None:
    """Contexts move by the gradient; a piece moves by its word's whole change, as in fastText."""
    ours, rate = model(), 0.1
    given = batch(ours)
    draw = torch.Generator().manual_seed(2)
    ours.inputs = torch.randn(ours.inputs.shape, generator=draw)
    ours.contexts = torch.randn(ours.contexts.shape, generator=draw)
    inputs, contexts = ours.inputs.clone(), ours.contexts.clone().requires_grad_()
    words = torch.stack([inputs[ours.rows(w)].mean(0) for w in ours.vocab.words]).requires_grad_()

    class Whole:
        """The same loss as a function of whole-word vectors."""

        vocab, config = ours.vocab, ours.config

        @staticmethod
        def rows(word: str) -> list[int]:
            return ours.vocab.encode([word])

    loss = scored(Whole, words, contexts, given)
    loss.backward()
    reported = ours.step(*given, rate)
    assert math.isclose(reported, loss.item() / int(given[2].sum()), rel_tol=1e-5)
    wanted = inputs.clone()
    for number, word in enumerate(ours.vocab.words):
        for row in ours.rows(word):
            wanted[row] -= rate * words.grad[number]
    torch.testing.assert_close(ours.contexts, (contexts - rate * contexts.grad).detach(), rtol=0, atol=1e-5)  # fmt: skip  # noqa: E501
    torch.testing.assert_close(ours.inputs, wanted, rtol=0, atol=1e-5)


def test_the_first_step_costs_log_two_a_score() -> None:
    """All contexts start at 0, so every score is 0 and every answer costs log 2."""
    _, loss = next(model().train())
    assert math.isclose(loss, 6 * math.log(2), rel_tol=1e-5)


def test_training_learns_and_reports() -> None:
    ours = model(epochs=60, window=1)
    losses = [loss for _, loss in ours.train()]
    shares = [done for done, _ in model(epochs=3).train()]
    assert losses[-1] < losses[0] - 0.5
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] < 1


def test_the_seed_fixes_the_result() -> None:
    first, same, other = model(3), model(3), model(4)
    for ours in (first, same, other):
        for _ in ours.train():
            pass
    assert first.inputs.equal(same.inputs)
    assert first.contexts.equal(same.contexts)
    assert not first.inputs.equal(other.inputs)


def test_nearest_is_by_cosine_and_leaves_out_the_word() -> None:
    ours = model()
    draw = torch.Generator().manual_seed(5)
    ours.inputs = torch.randn(ours.inputs.shape, generator=draw)
    found = ours.nearest("ants", 3)
    cosines = {w: F.cosine_similarity(ours.vector("ants"), ours.vector(w), 0).item()
               for w in ours.vocab.words if w != "ants"}  # fmt: skip
    assert [w for w, _ in found] == sorted(cosines, key=lambda w: -cosines[w])[:3]
    assert len(ours.nearest("anthill", 6)) == 6


def test_forms_of_a_stem_stand_together_unseen() -> None:
    """Two stems in two kinds of company; a form never met takes the side of its stem."""
    text = []
    for stem, company in (("walk", "road"), ("sing", "song")):
        text += [[stem + end, company] for end in ("", "ed", "s")] * 30
    ours = model(text=text, epochs=40, window=1, buckets=None)
    for _ in ours.train():
        pass

    def score(word: str, company: str) -> float:
        return float(ours.vector(word) @ ours.contexts[ours.vocab.encode([company])[0]])

    assert score("walking", "road") > score("walking", "song")
    assert score("singer", "song") > score("singer", "road")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: char_ngrams(""), "the word is empty; give at least one character"),
        (lambda: char_ngrams(math.nan), r"expected the word to be a str, got float \(nan\)"),
        (lambda: char_ngrams(["ant"]), r"expected the word to be a str, got list \(\['ant'\]\)"),
        (lambda: model().vector(math.nan), r"expected the word to be a str, got float \(nan\)"),
        (lambda: char_ngrams("ant", 4, 3), "n-grams of 4 to 3 characters"),
        (lambda: char_ngrams("ant", 0, 3), "n-grams of 0 to 3 characters"),
        (lambda: model().nearest("ants", 0), "n=0 must be 1 to 5, the number of words to choose"),
        (lambda: model().nearest("ants", 6), "n=6 must be 1 to 5, the number of words to choose"),
        (lambda: model().nearest("anthill", 7), "n=7 must be 1 to 6, the number of words to"),
        (lambda: model(buckets=0), "buckets=0 must be 1 or more, or None"),
        (lambda: model(buckets=-5), "buckets=-5 must be 1 or more"),
        (lambda: model(lengths=(6, 3)), "n-grams of 6 to 3 characters"),
        (lambda: model(text=[]), "the text is empty"),
        (lambda: model(text=[[], []]), "the text is empty: 2 sentences hold 0 words"),
        (lambda: model(min_count=99), "min_count=99 leaves none of 6 words"),
        (lambda: model(window=9), "window=9 is larger than the text: its longest .* has 4 words"),
        (lambda: model(dimension=0), "dimension=0 must be at least 1, a whole number"),
        (lambda: model(window=0), "window=0 must be at least 1"),
        (lambda: model(negatives=0), "negatives=0 must be at least 1"),
        (lambda: model(epochs=-1), "epochs=-1 must be at least 1"),
        (lambda: model(min_count=0), "min_count=0 must be at least 1"),
        (lambda: model(centres=0), "centres=0 must be at least 1"),
        (lambda: model(centres=2.5), "centres=2.5 must be at least 1, a whole number"),
        (lambda: model(rate=-1.0), "rate=-1.0 must be above 0 and at most 1; 0.05 is usual"),
        (lambda: model(rate=1.5), "rate=1.5 must be above 0 and at most 1"),
        (lambda: model(rate=math.nan), "rate=nan must be above 0"),
        (lambda: model(threshold=0.0), "threshold=0.0 must be above 0; 1e-3 suits a small text"),
        (lambda: model(text=["ants walk home"]), "sentence 0 is the string 'ants walk home'; give"),
        (lambda: model(text=["ants", "walk"]), r"sentence 0 is the string 'ants'; .* \[text\] if"),
        (lambda: model(text="ants walk"), r"the text is one string; .* \[text.split\(\)\]"),
        (lambda: model(buckets=None).vector("zzz"), "'zzz' is not among .* none of its 6 n-grams"),
        (lambda: model().vector(""), "the word is empty"),
    ],
)
def test_bad_input_says_what_to_do(call, text) -> None:
    with pytest.raises(ValueError, match=text):
        call()


def test_defaults_are_those_of_the_definition() -> None:
    assert SubwordConfig().lengths == (3, 6)


# --- steps that fit the text ---------------------------------------------------------------------

KINDS = (("red", "blue", "green"), ("cat", "dog", "fox"), ("runs", "sits"))


def slots(n: int = 300) -> list[list[str]]:
    """Sentences of one word of each kind: eight words in all."""
    draw = torch.Generator().manual_seed(0)
    picks = torch.randint(6, (n, 3), generator=draw).tolist()
    return [[kind[i % len(kind)] for kind, i in zip(KINDS, row, strict=True)] for row in picks]


def likeness(cosine) -> tuple[float, float]:
    """Mean cosine of different words of one kind, and of words of different kinds."""
    words = [(word, number) for number, kind in enumerate(KINDS) for word in kind]
    pairs = [(cosine(a, b), i == j) for a, i in words for b, j in words if a < b]
    same = [c for c, alike in pairs if alike]
    other = [c for c, alike in pairs if not alike]
    return sum(same) / len(same), sum(other) / len(other)


@pytest.mark.parametrize("seed", range(3))
def test_default_steps_suit_a_small_vocabulary_as_gensims_do(seed: int) -> None:
    from gensim.models import FastText

    theirs = FastText(
        slots(), sg=1, vector_size=20, window=1, negative=5, min_count=1, sample=0, epochs=6,
        alpha=0.05, bucket=2000, workers=1, seed=seed,
    )  # fmt: skip
    config = SubwordConfig(window=1, dimension=20, min_count=1, threshold=1.0, buckets=2000)
    ours = SubwordVectors(slots(), config, generator=torch.Generator().manual_seed(seed))
    loss = [step.loss for step in ours.train()]
    assert max(loss) < 1.1 * loss[0]
    assert loss[-1] < loss[0] - 1
    like, unlike = likeness(lambda a, b: F.cosine_similarity(ours.vector(a), ours.vector(b), 0))
    gensim_like, gensim_unlike = likeness(theirs.wv.similarity)
    assert like > 0.99
    assert gensim_like > 0.99
    assert unlike == pytest.approx(gensim_unlike, abs=0.1)


@pytest.mark.parametrize("n_words", [2, 10, 40])
def test_default_steps_keep_the_loss_down(n_words: int) -> None:
    """Random words: nothing can be learned, and nothing may run away."""
    draw = torch.Generator().manual_seed(1)
    picks = torch.randint(n_words, (300, 10), generator=draw).tolist()
    text = [[f"word{number}" for number in row] for row in picks]
    config = SubwordConfig(dimension=20, min_count=1, threshold=1.0, epochs=2)
    ours = SubwordVectors(text, config, generator=torch.Generator().manual_seed(0))
    assert max(step.loss for step in ours.train()) < 1.2 * 6 * math.log(2)


def test_a_large_vocabulary_has_steps_of_512_centres() -> None:
    text = [[f"{n:04x}" for n in range(start, start + 40)] for start in range(0, 40_000, 40)]
    config = SubwordConfig(dimension=4, min_count=1, lengths=None, buckets=None)
    assert SubwordVectors(text, config, generator=torch.Generator()).centres == 512
    few = [[f"{n % 100:04x}" for n in range(start, start + 40)] for start in range(0, 40_000, 40)]
    assert SubwordVectors(few, config, generator=torch.Generator()).centres < 300
    assert model(centres=77).centres == 77  # what is asked for is done


def test_a_loss_far_above_its_start_ends_the_training() -> None:
    config = SubwordConfig(window=1, dimension=20, min_count=1, threshold=1.0, centres=512)
    ours = SubwordVectors(slots(), config, generator=torch.Generator().manual_seed(0))
    message = r"loss=\d+\.?\d* is far above 4.16, where .*; take rate=0.0\d+ or centres=\d+ lower"
    losses: list[float] = []
    with pytest.raises(ValueError, match=message):
        losses.extend(step.loss for step in ours.train())
    assert max(losses) < 21  # it ended before a report of more


# --- windows and thinning ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ([["the", "big", "red", "ant", "walks", "home"]] * 400, {"window": 3}),
        ([list("abcdefghij")] * 100, {"window": 5}),
        ([["a", "b"]] * 3, {"window": 1}),  # thinned to nothing in most passes
        (
            [["ant", "rare", "walks", "odd"]] + [["ant", "walks"]] * 50,
            {"window": 3, "min_count": 9},
        ),
    ],
)
def test_thinning_does_not_forbid_a_window(text: list[list[str]], given: dict[str, int]) -> None:
    """gensim's FastText trains on these with the same window and threshold."""
    ours = model(text=text, threshold=1e-3, centres=None, epochs=6, **given)
    assert all(math.isfinite(step.loss) for step in ours.train())
    assert ours.inputs.isfinite().all()
    assert ours.contexts.isfinite().all()
