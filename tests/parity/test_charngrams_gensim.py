"""Subword vectors against gensim's fastText: the same n-grams, hashes and vectors."""

import numpy as np
import pytest
import torch
from gensim.models import FastText
from gensim.models.fasttext_inner import compute_ngrams, compute_ngrams_bytes, ft_hash_bytes

from bertgpt.corpora import wikipedia, words
from bertgpt.words.charngrams import char_ngrams, fnv1a
from bertgpt.words.subword_vectors import SubwordConfig, SubwordVectors

BUCKETS, WIDTH = 499, 13
ODD = ["a", "of", "ant", "banana", "don't", "<a>", "né", "naïveté", "Ærøskøbing", "слово", "日本語",
       "שלום", "👍🏽", "e\u0301", "0", "x" * 60]  # fmt: skip
UNSEEN = ["anthill", "unwalked", "walkable", "naïf", "слова", "q", "zz"]
TEXT = [
    ["the", "ants", "walk", "home"],
    ["an", "ant", "walks", "naïvely"],
    ["слово", "a", "日本"],
] * 9
RANGES = [(3, 6), (1, 3), (1, 1), (2, 2), (4, 9)]


@pytest.fixture(scope="module")
def real_words() -> list[str]:
    return sorted(set(words(wikipedia().text)))


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_ngrams_of_odd_words(low: int, high: int) -> None:
    for word in ODD:
        ours = char_ngrams(word, low, high)
        assert [gram.encode() for gram in ours] == list(compute_ngrams_bytes(word, low, high)), word
        if low > 1:  # gensim's other function lists by length, and bare marks among single letters
            assert sorted(ours) == sorted(compute_ngrams(word, low, high))


def test_ngrams_and_hashes_of_every_word_of_the_excerpt(real_words: list[str]) -> None:
    assert len(real_words) > 20_000
    assert any(not word.isascii() for word in real_words)
    grams = set()
    for word in real_words:
        ours = char_ngrams(word)
        assert [gram.encode() for gram in ours] == list(compute_ngrams_bytes(word, 3, 6)), word
        grams.update(ours)
    for gram in grams:
        assert fnv1a(gram) == ft_hash_bytes(gram.encode()), gram


@pytest.fixture(scope="module")
def theirs() -> FastText:
    model = FastText(vector_size=WIDTH, bucket=BUCKETS, min_count=1, min_n=3, max_n=6, seed=1,
                     workers=1)  # fmt: skip
    model.build_vocab(TEXT)
    fill = np.random.default_rng(0)
    model.wv.vectors_ngrams[:] = fill.normal(size=model.wv.vectors_ngrams.shape)
    model.wv.vectors_vocab[:] = fill.normal(size=model.wv.vectors_vocab.shape)
    model.wv.adjust_vectors()
    return model


def ours(theirs: FastText, lengths: tuple[int, int] = (3, 6)) -> SubwordVectors:
    """Our model with gensim's tables in it."""
    config = SubwordConfig(lengths=lengths, buckets=BUCKETS, dimension=WIDTH, min_count=1, window=2)
    model = SubwordVectors(TEXT, config, generator=torch.Generator().manual_seed(0))
    own = np.stack([theirs.wv.vectors_vocab[theirs.wv.key_to_index[w]] for w in model.vocab.words])
    model.inputs = torch.tensor(np.concatenate([own, theirs.wv.vectors_ngrams]))
    return model


def worst(theirs: FastText, vector) -> float:
    """The largest difference to gensim over words seen and unseen."""
    names = [*theirs.wv.index_to_key, *UNSEEN]
    return max(float((vector(w) - torch.tensor(theirs.wv[w])).abs().max()) for w in names)


def test_vectors_of_seen_and_unseen_words(theirs: FastText) -> None:
    model = ours(theirs)
    assert not set(UNSEEN) & set(theirs.wv.index_to_key)
    for word in [*theirs.wv.index_to_key, *UNSEEN]:
        torch.testing.assert_close(
            model.vector(word), torch.tensor(theirs.wv[word]), rtol=0, atol=1e-6
        )
    together = torch.stack([torch.tensor(theirs.wv[w]) for w in model.vocab.words])
    torch.testing.assert_close(model.vectors, together, rtol=0, atol=1e-6)


def test_the_tolerance_would_notice(theirs: FastText) -> None:
    """Each typical slip moves some vector by far more than 1e-6."""
    right = ours(theirs)
    V = len(right.vocab)

    def variant(grams, hashed=fnv1a, own=True):
        def vector(word: str) -> torch.Tensor:
            rows = [V + hashed(g) % BUCKETS for g in grams(word)]
            first = right.vocab.encode([word]) if own and word in right.vocab else []
            return right.inputs[first + rows].mean(0)

        return vector

    def unsigned(text: str) -> int:
        state = 2166136261
        for byte in text.encode():
            state = (state ^ byte) * 16777619 % 2**32
        return state

    def no_marks(word: str) -> list[str]:
        return [g.strip("<>") for g in char_ngrams(word)]

    assert worst(theirs, variant(char_ngrams)) < 1e-6
    wrong = {
        "no boundary marks": variant(no_marks),
        "n from 2": variant(lambda w: char_ngrams(w, 2, 6)),
        "n to 5": variant(lambda w: char_ngrams(w, 3, 5)),
        "a set instead of a list": variant(lambda w: sorted(set(char_ngrams(w)))),
        "no row for the whole word": variant(char_ngrams, own=False),
        "bytes without sign": variant(char_ngrams, hashed=unsigned),
        "sum for mean": lambda w: right.inputs[right.rows(w)].sum(0),
    }
    for name, vector in wrong.items():
        if name != "a set instead of a list":
            assert worst(theirs, vector) > 1e-2, name
    banana = wrong["a set instead of a list"]("banana") - torch.tensor(theirs.wv["banana"])
    assert float(banana.abs().max()) > 1e-2
