"""The windows, the thinning and the noise that every word-vector model of the course shares."""

import collections
import math

import pytest
import torch
from torch.testing import assert_close

from bertgpt.words import training_pairs


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def by_hand(sentences, radii):
    """The same pairs from three plain loops."""
    found, place = [], 0
    for words in sentences:
        for i, centre in enumerate(words):
            for j, context in enumerate(words):
                if i != j and abs(i - j) <= radii[place + i]:
                    found.append((centre, context))
        place += len(words)
    return found


SENTENCES = [[0, 1, 2, 3, 0, 4], [], [5], [6, 7], [1, 1, 2, 9, 8, 7, 6]]


@pytest.mark.parametrize("window", [1, 2, 3, 4, 5, 6])
def test_pairs_are_those_of_plain_loops(window):
    ids, sentence = training_pairs.flatten(SENTENCES)
    radii = training_pairs.dynamic_windows(len(ids), window, generator=seeded(window))
    centres, contexts = training_pairs.pairs(ids, radii, sentence, window)
    ours = list(zip(centres.tolist(), contexts.tolist(), strict=True))
    assert ours == by_hand(SENTENCES, radii.tolist())


def test_the_articles_sentence():
    """cat -> the, sat, on, the needs C = 3 (claims C19, C20)."""
    words = "the cat sat on the mat".split()
    ids, sentence = training_pairs.flatten([list(range(6))])
    of_cat = {}
    for window in (1, 2, 3, 4, 5):
        centres, contexts = training_pairs.pairs(ids, torch.full((6,), window), sentence, window)
        of_cat[window] = [words[i] for i in contexts[centres == 1].tolist()]
    assert of_cat[2] == ["the", "sat", "on"]
    assert of_cat[3] == ["the", "sat", "on", "the"]
    assert of_cat[4] == of_cat[5] == ["the", "sat", "on", "the", "mat"]


def test_a_window_wider_than_a_thinned_text_sees_what_there_is():
    """Thinning may leave sentences of one word, or nothing: that is no mistake of the caller."""
    sentence = torch.tensor([0, 0, 3])
    positions, mask = training_pairs.window_mask(torch.full((3,), 5), sentence, 5)
    assert positions.shape == mask.shape == (3, 10)
    assert [sorted(positions[i][mask[i]].tolist()) for i in range(3)] == [[1], [0], []]
    none = training_pairs.window_mask(torch.ones(0, dtype=torch.long), sentence[:0], 5)
    assert none[1].shape == (0, 10)


def test_dynamic_windows_are_uniform():
    radii = training_pairs.dynamic_windows(50_000, 5, generator=seeded())
    shares = torch.bincount(radii, minlength=6)[1:] / len(radii)
    assert radii.min() == 1
    assert radii.max() == 5
    assert_close(shares, torch.full((5,), 0.2), rtol=0, atol=0.01)


def test_keep_probability_is_gensims():
    from gensim.models import Word2Vec

    text = [["a"] * 900 + ["b"] * 90 + ["c"] * 9 + ["d"]]
    model = Word2Vec(min_count=1, sample=1e-2, seed=0)
    model.build_vocab(text)
    counts = torch.tensor([900.0, 90.0, 9.0, 1.0])
    theirs = [model.wv.get_vecattr(w, "sample_int") / (2**32 - 1) for w in "abcd"]
    assert_close(
        training_pairs.keep_probability(counts, 1e-2),
        torch.tensor(theirs).float(),
        rtol=0,
        atol=1e-6,
    )


def test_keep_probability_falls_with_frequency_and_never_passes_one():
    keep = training_pairs.keep_probability(torch.tensor([1.0, 10.0, 1000.0, 100_000.0]), 1e-3)
    assert keep.tolist() == sorted(keep.tolist(), reverse=True)
    assert keep[0] == 1
    assert 0 < keep[-1] < 0.04


def test_noise_is_gensims():
    import numpy as np
    from gensim.models import Word2Vec

    counts = {"a": 900, "b": 90, "c": 9, "d": 1}
    model = Word2Vec(min_count=1)
    model.build_vocab_from_freq(counts)
    theirs = np.diff(model.cum_table.astype(float), prepend=0.0) / float(model.cum_table[-1])
    ours = training_pairs.noise_distribution(torch.tensor([900.0, 90.0, 9.0, 1.0]))
    assert_close(ours, torch.tensor(theirs, dtype=torch.float32), rtol=0, atol=1e-6)
    assert ours.sum().item() == pytest.approx(1.0, abs=1e-6)


def test_negatives_follow_the_noise_and_the_seed():
    noise = training_pairs.noise_distribution(torch.tensor([16.0, 1.0, 0.0]))
    drawn = training_pairs.draw_negatives(noise, (200, 100), generator=seeded(3))
    assert drawn.shape == (200, 100)
    shares = collections.Counter(drawn.flatten().tolist())
    assert shares[0] / 20_000 == pytest.approx(8 / 9, abs=0.01)
    assert shares[2] == 0
    assert torch.equal(drawn, training_pairs.draw_negatives(noise, (200, 100), generator=seeded(3)))
    assert not torch.equal(
        drawn, training_pairs.draw_negatives(noise, (200, 100), generator=seeded(4))
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: training_pairs.flatten([]), "the text is empty: 0 sentences hold 0 words; give"),
        (lambda: training_pairs.flatten([[], []]), "the text is empty: 2 sentences hold 0 words"),
        (lambda: training_pairs.flatten([["the"], ["cat"]]), "'the' is a word; give ids: vocab"),
        (lambda: training_pairs.flatten(["the cat"]), "give ids as one list per sentence; vocab"),
        (lambda: training_pairs.flatten([1, 2]), "give ids as one list per sentence; vocab"),
        (
            lambda: training_pairs.dynamic_windows(3, 0, generator=seeded()),
            "window=0 must be at least 1",
        ),
        (
            lambda: training_pairs.keep_probability(torch.ones(2), 0.0),
            "threshold=0.0 must be above 0",
        ),
        (
            lambda: training_pairs.keep_probability(torch.tensor([1.0, 0.0])),
            "above 0, the smallest is 0",
        ),
        (lambda: training_pairs.noise_distribution(torch.zeros(2)), "counts are all 0"),
        (
            lambda: training_pairs.noise_distribution(torch.tensor([3, -2])),
            "counts must all be 0 or more, the smallest is -2",
        ),
        (
            lambda: training_pairs.noise_distribution(torch.tensor([3, math.nan])),
            "counts must all be 0 or more, the smallest is nan",
        ),
        (
            lambda: training_pairs.pairs(
                torch.arange(3), torch.ones(3), torch.tensor([0, 0, 1]), 2
            ),
            "window=2 is larger than the text: its longest sentence has 2 words; take .* most 1",
        ),
    ],
)
def test_bad_input_is_told_what_and_what_to_do(call, message):
    with pytest.raises(ValueError, match=message):
        call()
