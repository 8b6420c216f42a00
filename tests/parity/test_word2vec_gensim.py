"""One training pair, given to gensim and to us: the same change of the same vectors.

gensim looks its sigmoid up in a table of 1,000 values, and finds the place in C with a whole-number
division, (1000 / 6) / 2 = 83 where 83.3 is meant; so its sigmoid is that of a score a little lower.
We measure that difference here and take it out of the comparison: what is left is exact.
"""

import numpy as np
import torch
from gensim.models import Word2Vec as Gensim
from gensim.models.word2vec_inner import train_batch_cbow, train_batch_sg
from torch.testing import assert_close

from bertgpt.words.word2vec import step
from bertgpt.words.word2vec_blocks import update_cbow, update_skip_gram

D, K, RATE, SEED = 7, 3, 0.05, 5
WORDS = list("abcdefghijkl")
TOLERANCE = 1e-6
NEAR = torch.ones(1, 1, 2)  # both words belong to the window


def known_vectors() -> tuple[torch.Tensor, torch.Tensor]:
    """Input and output vectors (12, D)."""
    generator = torch.Generator().manual_seed(5)
    return tuple(0.7 * torch.randn(2, len(WORDS), D, generator=generator))


def table_sigmoid(scores: torch.Tensor) -> torch.Tensor:
    """The sigmoid as gensim has it, for scores between -6 and 6."""
    assert scores.abs().max() < 6
    return torch.sigmoid(((scores + 6) * 83).floor() / 1000 * 12 - 6)


def gensim_step(
    sentence: list[str], inputs: torch.Tensor, outputs: torch.Tensor, *, sg: int, locked: str = ""
) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
    """Train gensim on one sentence; return its vectors and all negatives that it must have drawn.

    The input vector of the word `locked` is held as it is, which gensim offers.
    """
    model = Gensim(
        vector_size=D, window=1, min_count=1, sample=0, negative=K, sg=sg, workers=1,
        shrink_windows=False, seed=3,
    )  # fmt: skip
    model.build_vocab_from_freq({word: 100 for word in WORDS})
    order = [model.wv.key_to_index[word] for word in WORDS]
    model.wv.vectors[order] = inputs.numpy()
    model.syn1neg[order] = outputs.numpy()
    model.wv.vectors_lockf = np.ones(len(WORDS), np.float32)
    model.wv.vectors_lockf[[model.wv.key_to_index[word] for word in locked]] = 0
    model.random = np.random.RandomState(SEED)
    draw = np.random.RandomState(SEED)
    state = (2**24) * int(draw.randint(0, 2**24)) + int(draw.randint(0, 2**24))
    drawn = []
    for _ in range(K * len(sentence)):  # gensim's own generator of random numbers
        place = np.searchsorted(model.cum_table, (state >> 16) % int(model.cum_table[-1]))
        drawn.append(order.index(int(place)))
        state = (state * 25214903917 + 11) & (2**48 - 1)
    work = np.zeros(D, np.float32)
    if sg:
        train_batch_sg(model, [sentence], RATE, work, False)
    else:
        train_batch_cbow(model, [sentence], RATE, work, np.zeros(D, np.float32), False)
    return torch.tensor(model.wv.vectors[order]), torch.tensor(model.syn1neg[order]), drawn


def our_step(
    inputs, outputs, window, drawn, *, near=None, negative_weight=1.0, truth=1.0, table=True
):
    """The same step by the function that trains our models; the vectors given stay as they are."""
    inputs, outputs = inputs.clone(), outputs.clone()
    out_ids = torch.tensor([[1, *drawn]])
    k = len(drawn)
    label = torch.tensor([[truth] + [0.0] * k])
    if table:
        scores = outputs[out_ids] @ inputs[window].mean(0)
        label += torch.sigmoid(scores) - table_sigmoid(scores)
    weight = torch.tensor([[[1.0] + [negative_weight] * k]])
    given = (inputs, outputs, torch.tensor([window]), out_ids, weight, label, RATE)
    if near is None:
        update_skip_gram(*given)
    else:
        update_cbow(*given, near)
    return inputs, outputs


def usable(drawn: list[int]) -> list[int]:
    """The negatives of one pair; gensim takes repeats one after the other, we all at once."""
    assert len(set(drawn)) == K, "choose another SEED: a negative was drawn twice"
    assert not set(drawn) & {0, 1, 2}, "choose another SEED: a negative is a word of the sentence"
    return drawn


def skip_gram_case() -> tuple[torch.Tensor, ...]:
    """gensim's vectors after the pair of input a with true output b.

    In the sentence "b a" gensim first trains input a with output b.  Then it trains input b with
    output a; b's input vector is 0, so that second pair moves no output vector.
    """
    inputs, outputs = known_vectors()
    inputs[1] = 0
    theirs_in, theirs_out, drawn = gensim_step(["b", "a"], inputs, outputs, sg=1)
    return inputs, outputs, theirs_in, theirs_out, usable(drawn[:K])


def cbow_case() -> tuple[torch.Tensor, ...]:
    """gensim's vectors after the window (a, c) around b.

    The windows around a and c hold b alone, whose input vector is 0 and locked: they move nothing.
    """
    inputs, outputs = known_vectors()
    inputs[1] = 0
    apart = torch.linspace(-1, 1, D)
    inputs[2] = inputs[0] - apart
    inputs[0] += apart
    theirs_in, theirs_out, drawn = gensim_step(["a", "b", "c"], inputs, outputs, sg=0, locked="b")
    return inputs, outputs, theirs_in, theirs_out, usable(drawn[K : 2 * K])


def test_the_update_of_one_skip_gram_pair_is_gensims():
    inputs, outputs, theirs_in, theirs_out, drawn = skip_gram_case()
    ours_in, ours_out = our_step(inputs, outputs, [0], drawn)
    assert_close(ours_in[0], theirs_in[0], rtol=0, atol=TOLERANCE)
    assert_close(ours_out, theirs_out, rtol=0, atol=TOLERANCE)
    assert (ours_in[0] - inputs[0]).abs().max() > 1e-2  # the vectors did move
    assert torch.equal(ours_in[2:], theirs_in[2:])  # and no others


def test_the_plain_steps_of_one_pair_are_gensims():
    """gensim sums up the changes of the centre and adds them when the negatives are done."""
    inputs, outputs, theirs_in, theirs_out, drawn = skip_gram_case()
    x, change = inputs[0], torch.zeros(D)
    for word, truth in ((1, 1.0), *((negative, 0.0) for negative in drawn)):
        score = x @ outputs[word]
        label = truth + torch.sigmoid(score) - table_sigmoid(score)
        moved, outputs[word] = step(x, outputs[word].clone(), label, RATE)
        change += moved - x
    assert_close(x + change, theirs_in[0], rtol=0, atol=TOLERANCE)
    assert_close(outputs, theirs_out, rtol=0, atol=TOLERANCE)


def test_the_update_of_one_cbow_window_is_gensims():
    inputs, outputs, theirs_in, theirs_out, drawn = cbow_case()
    ours_in, ours_out = our_step(inputs, outputs, [0, 2], drawn, near=NEAR)
    assert_close(ours_in, theirs_in, rtol=0, atol=TOLERANCE)
    assert_close(ours_out, theirs_out, rtol=0, atol=TOLERANCE)
    assert (ours_in[2] - inputs[2]).abs().max() > 1e-2


def wrong_variants(inputs, outputs, drawn):
    """Input vectors after four steps that are each a little wrong."""
    yield "one negative too few", our_step(inputs, outputs, [0], drawn[:-1])[0]
    yield "no true pair", our_step(inputs, outputs, [0], drawn, truth=0.0)[0]
    lighter = our_step(inputs, outputs, [0], drawn, negative_weight=0.99)[0]
    yield "negatives that count for 1 % less", lighter
    moved = outputs.clone()
    moved[1] += RATE * (1 - torch.sigmoid(inputs[0] @ outputs[1])) * inputs[0]
    yield "the output moved before the input", our_step(inputs, moved, [0], drawn)[0]


def test_the_tolerance_would_notice_a_wrong_skip_gram():
    inputs, outputs, theirs_in, _, drawn = skip_gram_case()
    for name, ours_in in wrong_variants(inputs, outputs, drawn):
        assert (ours_in[0] - theirs_in[0]).abs().max() > 100 * TOLERANCE, name


def test_the_tolerance_would_notice_a_shared_out_cbow():
    """The mathematical gradient gives each word of a window its share; gensim gives all to each."""
    inputs, outputs, theirs_in, _, drawn = cbow_case()
    ours_in, _ = our_step(inputs, outputs, [0, 2], drawn, near=NEAR)
    shared = inputs + (ours_in - inputs) / 2
    assert (shared - theirs_in).abs().max() > 100 * TOLERANCE


def test_what_gensims_table_costs():
    """Without the table's error taken out, the two differ by what the table is wrong by."""
    scores = torch.linspace(-5.9, 5.9, 1181)
    error = (torch.sigmoid(scores) - table_sigmoid(scores)).abs().max().item()
    assert 0.005 < error < 0.01
    inputs, outputs, theirs_in, _, drawn = skip_gram_case()
    ours_in, _ = our_step(inputs, outputs, [0], drawn, table=False)
    off = (ours_in[0] - theirs_in[0]).abs().max()
    assert 10 * TOLERANCE < off < RATE * error * outputs[[1, *drawn]].abs().sum(0).max()
