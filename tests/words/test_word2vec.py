"""Skip-gram and CBOW with negative sampling."""

import math
import threading
from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F
from torch.testing import assert_close

from bertgpt.words import training_pairs
from bertgpt.words.word2vec import Word2Vec, Word2VecConfig, step
from bertgpt.words.word2vec_blocks import update_cbow, update_skip_gram


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small tensors gain nothing from a second thread and lose much where cores are busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def slots(n: int = 300) -> list[list[str]]:
    """Sentences in which cat and dog, and car and truck, fill the same slots."""
    kinds = {
        "pet": (("cat", "dog"), ("purrs", "eats", "fur", "vet")),
        "vehicle": (("car", "truck"), ("road", "fuel", "engine", "wheel")),
    }
    draw = seeded(7)
    found = []
    for _ in range(n):
        names, company = kinds[("pet", "vehicle")[int(torch.randint(2, (1,), generator=draw))]]
        i, j, k = torch.randint(8, (3,), generator=draw).tolist()
        found.append(["the", names[i % 2], company[j % 4], "and", company[k % 4]])
    return found


TEXT = slots()
SMALL = Word2VecConfig(dimension=12, window=2, negatives=3, epochs=4, min_count=1, threshold=1.0)


@pytest.fixture(scope="module")
def trained(one_thread: None) -> Word2Vec:
    config = Word2VecConfig(
        dimension=12, window=3, epochs=60, min_count=1, threshold=1.0, rate=0.05
    )
    model = Word2Vec(TEXT, config, generator=seeded())
    for _ in model.train():
        pass
    return model


# --- one step ------------------------------------------------------------------------------------


def random_step(near: bool):
    """Random arguments of an update with every size different: B 3, M 4, K 5, V 13, D 7.

    For CBOW W is 8, N is 5 and K, 1 + N, is 6.
    """
    draw = seeded(2)
    inputs, outputs = torch.randn(2, 13, 7, generator=draw).unbind()
    W, K = (8, 6) if near else (4, 5)
    in_ids = torch.randint(13, (3, W), generator=draw)
    out_ids = torch.randint(13, (3, 4 + 5 if near else K), generator=draw)
    weight = torch.rand(3, 4, K, generator=draw)
    label = (torch.rand(4, K, generator=draw) < 0.5).float()
    mask = (torch.rand(3, 4, W, generator=draw) < 0.5).float() if near else None
    if mask is not None:
        mask[0, 0] = 0  # a centre with nothing around it
    return inputs, outputs, in_ids, out_ids, weight, label, mask


def loss_of(inputs, outputs, in_ids, out_ids, weight, label, h=None):
    """The loss that an update steps down; with the means h of CBOW, in its own words."""
    if h is None:
        scores = inputs[in_ids] @ outputs[out_ids].transpose(1, 2)
    else:  # each window with the word in its middle, and with all N negatives
        own = [[t, *range(4, 9)] for t in range(4)]
        scores = torch.einsum("btd,btkd->btk", h, outputs[out_ids[:, own]])
    return -(weight * F.logsigmoid(scores * (2 * label - 1))).sum()


def test_an_update_is_a_step_down_the_gradient():
    inputs, outputs, in_ids, out_ids, weight, label, _ = random_step(near=False)
    u, v = inputs.clone().requires_grad_(), outputs.clone().requires_grad_()
    loss_of(u, v, in_ids, out_ids, weight, label).backward()
    error = update_skip_gram(inputs, outputs, in_ids, out_ids, weight, label, 0.1)
    assert_close(inputs, (u - 0.1 * u.grad).detach(), rtol=0, atol=1e-5)
    assert_close(outputs, (v - 0.1 * v.grad).detach(), rtol=0, atol=1e-5)
    loss = -(weight * torch.log1p(-error.abs())).sum()
    assert_close(loss, loss_of(u, v, in_ids, out_ids, weight, label).detach())


def test_an_update_is_many_plain_steps_from_the_same_start():
    """Each pair that counts takes `step` from the old vectors; the changes add up."""
    inputs, outputs, in_ids, out_ids, _, label, _ = random_step(near=False)
    weight = (torch.rand(3, 4, 5, generator=seeded(3)) < 0.5).float()
    wanted_in, wanted_out = inputs.clone(), outputs.clone()
    for b in range(3):
        for m in range(4):
            for k in range(5):
                if weight[b, m, k]:
                    centre, other = in_ids[b, m], out_ids[b, k]
                    x, y = inputs[centre], outputs[other]
                    new_x, new_y = step(x, y, label[m, k].item(), 0.1)
                    wanted_in[centre] += new_x - x
                    wanted_out[other] += new_y - y
    update_skip_gram(inputs, outputs, in_ids, out_ids, weight, label, 0.1)
    assert_close(inputs, wanted_in, rtol=0, atol=1e-5)
    assert_close(outputs, wanted_out, rtol=0, atol=1e-5)


def test_a_plain_step_is_a_step_down_the_gradient():
    for label in (1.0, 0.0):
        x, y = torch.randn(2, 7, generator=seeded(4)).unbind()
        u, v = x.clone().requires_grad_(), y.clone().requires_grad_()
        (-F.logsigmoid((u @ v) * (2 * label - 1))).backward()
        new_x, new_y = step(x, y, label, 0.3)
        assert_close(new_x, (u - 0.3 * u.grad).detach())
        assert_close(new_y, (v - 0.3 * v.grad).detach())


def test_a_cbow_update_steps_down_the_gradient_of_the_means():
    inputs, outputs, in_ids, out_ids, weight, label, near = random_step(near=True)
    v = outputs.clone().requires_grad_()
    h = (near @ inputs[in_ids] / near.sum(-1, keepdim=True).clamp(min=1)).requires_grad_()
    loss_of(None, v, in_ids, out_ids, weight, label, h).backward()
    before = inputs.clone()
    update_cbow(inputs, outputs, in_ids, out_ids, weight, label, 0.1, near)
    assert_close(outputs, (v - 0.1 * v.grad).detach(), rtol=0, atol=1e-5)
    for b in range(3):  # by plain loops: each word of a window takes the window's whole change
        for t in range(4):
            for s in range(8):
                before[in_ids[b, s]] -= 0.1 * near[b, t, s] * h.grad[b, t]
    assert_close(inputs, before, rtol=0, atol=1e-5)


def test_the_expected_update_ends_at_shifted_pmi():
    """On a known joint, skip-gram's best scores are PMI - log k (Levy and Goldberg 2014)."""
    V, k = 6, 3
    raw = torch.rand(V, V, generator=seeded(1)) + 0.2
    joint = (raw + raw.T) / (raw + raw.T).sum()
    alone = joint.sum(1)
    chance = alone[:, None] * alone
    u, v = torch.randn(2, V, V, generator=seeded(2)).mul(0.3).unbind()
    words = torch.arange(V)[None]
    weight = torch.cat((joint, k * chance), dim=1)[None]
    label = torch.cat((torch.ones(V, V), torch.zeros(V, V)), dim=1)
    for _ in range(6000):
        update_skip_gram(u, v, words, torch.cat((words, words), dim=1), weight, label, 4.0)
    pmi = (joint / chance).log()
    assert_close(u @ v.T, pmi - math.log(k), rtol=0, atol=1e-3)


# --- a pass over the text ------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["skip-gram", "cbow"])
def test_blocks_hold_exactly_the_pairs_of_the_windows(model):
    text = [[f"w{(3 * i + j) % 23}" for j in range(2 + i % 9)] for i in range(80)]
    config = Word2VecConfig(
        model=model, dimension=4, window=3, negatives=4, epochs=1, min_count=1, threshold=1.0
    )
    ours = Word2Vec(text, config, generator=seeded())
    blocks = ours.blocks
    in_ids, out_ids, code = blocks.draw(5, 3)
    assert len(code) % 3 == 0
    draw = seeded(5)
    torch.rand(len(blocks.ids), generator=draw)
    radii = training_pairs.dynamic_windows(len(blocks.ids), 3, generator=draw)
    centres, contexts = training_pairs.pairs(blocks.ids, radii, blocks.sentence, 3)
    expected = Counter(zip(centres.tolist(), contexts.tolist(), strict=True))
    weight, near = blocks.weight[code], blocks.near[code]  # (blocks, M, K), (blocks, M, W)
    true = weight * blocks.label
    if model == "skip-gram":
        one, two = in_ids[:, :, None].expand_as(true), out_ids[:, None, :].expand_as(true)
        found = Counter(zip(one[true > 0].tolist(), two[true > 0].tolist(), strict=True))
        assert true.max() == 1
    else:
        middle = out_ids[:, :16, None].expand_as(near)
        around = in_ids[:, None, :].expand_as(near)
        found = Counter(zip(middle[near > 0].tolist(), around[near > 0].tolist(), strict=True))
    assert found == expected
    # k negatives for each true pair, whoever shares them
    negative = (weight * (1 - blocks.label)).sum(-1)
    assert_close(negative, 4 * true.sum(-1), rtol=0, atol=1e-5)


def test_frequent_words_are_thinned():
    text = [["the", f"w{i % 50}"] for i in range(2000)]
    config = Word2VecConfig(dimension=4, window=1, epochs=1, min_count=1, threshold=0.01)
    model = Word2Vec(text, config, generator=seeded())
    code = model.blocks.draw(0, 1).code
    pairs = (model.blocks.weight[code] * model.blocks.label).sum() / 2
    keep_the = training_pairs.keep_probability(torch.tensor([2000.0] + [40.0] * 50), 0.01)[0].item()
    assert pairs / 2000 == pytest.approx(keep_the, rel=0.2)


def test_each_pass_is_drawn_anew_and_can_be_drawn_again():
    blocks = Word2Vec(TEXT, SMALL, generator=seeded()).blocks
    first, second, again = (blocks.draw(seed, 4) for seed in (0, 1, 0))
    for one, two, same in zip(first, second, again, strict=True):
        assert not torch.equal(one, two)
        assert torch.equal(one, same)


# --- training ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["skip-gram", "cbow"])
def test_words_that_keep_the_same_company_come_close(kind):
    config = Word2VecConfig(
        model=kind, dimension=12, window=3, epochs=60, min_count=1, threshold=1.0, rate=0.05
    )
    model = Word2Vec(TEXT, config, generator=seeded())
    losses = [progress.loss for progress in model.train(reports=1000)]
    assert sum(losses[-20:]) < sum(losses[:20]) - 20 * 0.5
    assert model.similarity("cat", "dog") > 0.8
    assert model.similarity("cat", "dog") > model.similarity("cat", "truck") + 0.3


@pytest.mark.parametrize("kind", ["skip-gram", "cbow"])
def test_an_interrupted_training_goes_on_as_if_nothing_had_happened(kind):
    config = replace(SMALL, model=kind)
    whole = Word2Vec(TEXT, config, generator=seeded())
    reports = list(whole.train(reports=50))
    broken = Word2Vec(TEXT, config, generator=seeded())
    for stop in (1, 3, 2, 1):
        for number, _ in enumerate(broken.train(reports=50), start=1):
            if number == stop:
                break
    assert not torch.equal(whole.vectors, broken.vectors)
    *_, last = broken.train(reports=50)
    assert torch.equal(whole.vectors, broken.vectors)
    assert torch.equal(whole.contexts, broken.contexts)
    assert last == reports[-1]
    assert list(broken.train()) == []


def test_the_thread_that_draws_ahead_ends_with_the_training():
    before = threading.active_count()
    training = Word2Vec(TEXT, SMALL, generator=seeded()).train()
    next(training)
    assert threading.active_count() == before + 1
    training.close()
    assert threading.active_count() == before
    assert list(Word2Vec(TEXT, SMALL, generator=seeded()).train())
    assert threading.active_count() == before


def test_what_goes_wrong_in_the_other_thread_is_raised(monkeypatch):
    model, before = Word2Vec(TEXT, SMALL, generator=seeded()), threading.active_count()
    draw, calls = model.blocks.draw, []

    def fail_in_pass_two(*given):
        calls.append(given)
        if len(calls) == 3:
            raise MemoryError("no room for pass 2")
        return draw(*given)

    monkeypatch.setattr(model.blocks, "draw", fail_in_pass_two)
    with pytest.raises(MemoryError, match="no room for pass 2"):
        list(model.train())
    assert threading.active_count() == before
    monkeypatch.undo()  # and when there is room, training goes on
    whole = Word2Vec(TEXT, SMALL, generator=seeded())
    assert list(whole.train())[-1] == list(model.train())[-1]
    assert torch.equal(whole.vectors, model.vectors)


def test_progress_tells_words_loss_and_rate():
    model = Word2Vec(TEXT, SMALL, generator=seeded())
    reports = list(model.train(reports=10))
    assert reports[-1].words == reports[-1].total == 4 * 5 * len(TEXT)
    assert [r.words for r in reports] == sorted(r.words for r in reports)
    assert reports[0].rate > reports[-1].rate > SMALL.rate_end
    assert str(reports[-1]).startswith("100.0% of 6,000 words   loss ")
    # Before the first step every score is 0: log 2 for the pair and for each of 3 negatives.
    for kind in ("skip-gram", "cbow"):
        model = Word2Vec(TEXT, replace(SMALL, model=kind), generator=seeded())
        assert next(model.train(reports=10**9)).loss == pytest.approx(4 * math.log(2), abs=1e-4)


def test_a_seed_fixes_the_result():
    one, same, other = (Word2Vec(TEXT, SMALL, generator=seeded(s)) for s in (3, 3, 4))
    for model in (one, same, other):
        assert list(model.train())
    assert torch.equal(one.vectors, same.vectors)
    assert not torch.equal(one.vectors, other.vectors)


# --- asking --------------------------------------------------------------------------------------


def test_neighbours_with_and_without_the_query(trained):
    with_query = trained.most_similar("cat", 2, discard_query=False)
    assert with_query[0] == ("cat", pytest.approx(1.0, abs=1e-5))
    assert with_query[1] == trained.most_similar("cat", 1)[0]
    assert with_query[1][0] == "dog"
    assert with_query[1][1] == pytest.approx(trained.similarity("cat", "dog"), abs=1e-5)
    assert trained.rank("cat", "dog") == 1
    everyone = trained.most_similar("cat", len(trained.vocab) - 1)
    assert [trained.rank("cat", word) for word, _ in everyone] == list(range(1, 14))
    assert "cat" not in dict(everyone)


def test_an_analogy_is_b_minus_a_plus_c(trained):
    names = ["cat", "dog", "car"]
    a, b, c = F.normalize(trained.vectors[trained.vocab.encode(names)])
    cosines = F.normalize(trained.vectors) @ F.normalize(b - a + c, dim=0)
    order = [trained.vocab.words[i] for i in cosines.argsort(descending=True)]
    answers = [word for word, _ in trained.analogy(*names, n=5, discard_query=False)]
    assert answers == order[:5]
    kept = [word for word in order if word not in names]
    assert [word for word, _ in trained.analogy(*names, n=5)] == kept[:5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.most_similar("dogg"), "'dogg' .* 14 words .* 'dog'"),
        (lambda m: m.similarity("cat", "kat"), "'kat' .* 'cat'"),
        (lambda m: m.analogy("cat", "dog", "trucks"), "'trucks' .* 'truck'"),
        (lambda m: m.rank("cat", "zzzzzz"), "'zzzzzz' .* 14 words .* no word"),
        (lambda m: m.most_similar("cat", 14), "n=14 must be 1 to 13, the number of words"),
        (lambda m: m.most_similar("cat", 0), "n=0 must be 1 to 13"),
        (
            lambda m: m.most_similar([]),
            r"words=\[\] holds no word to look around; give at least one",
        ),
        (lambda m: m.rank("cat", "cat"), "a and b are both 'cat', and .* give two different words"),
    ],
)
def test_bad_questions_are_told_why(trained, call, message):
    with pytest.raises(ValueError, match=message):
        call(trained)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dimension": 0}, "dimension=0 must be at least 1"),
        ({"epochs": 0}, "epochs=0 must be at least 1"),
        ({"negatives": -1}, "negatives=-1 must be at least 1"),
        ({"window": 0}, "window=0 must be at least 1"),
        ({"min_count": 0}, "min_count=0 must be at least 1"),
        ({"rate": 0.0, "rate_end": 0.0}, "rate=0.0 and rate_end=0.0 must .* 0.025 and 1e-4"),
        ({"rate": 0.01, "rate_end": 0.02}, "rate=0.01 and rate_end=0.02 must satisfy"),
        ({"dimension": 2.5}, "dimension=2.5 must be at least 1, a whole number"),
        ({"threshold": math.nan}, "threshold=nan must be above 0; 1e-3 suits a small text"),
        ({"rate": 1.5}, "rate=1.5 and rate_end=0.0001 must satisfy"),
        ({"model": "skipgram"}, 'model=\'skipgram\' is unknown; take "skip-gram" or "cbow"'),
        ({"threshold": 0.0}, "threshold=0.0 must be above 0"),
        ({"window": 5}, "window=5 is larger than the text: its longest sentence has 5 words"),
        ({"min_count": 1000}, "min_count=1000 leaves none of 14 words"),
    ],
)
def test_bad_choices_are_told_why(change, message):
    with pytest.raises(ValueError, match=message):
        Word2Vec(
            TEXT, Word2VecConfig(**{"window": 2, "min_count": 1, **change}), generator=seeded()
        )


@pytest.mark.parametrize("text", [[], [[]], [[], []]])
def test_an_empty_text_is_told(text):
    with pytest.raises(ValueError, match=r"the text is empty: .* hold 0 words; give sentences"):
        Word2Vec(text, SMALL, generator=seeded())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (["the cat sat on the mat"] * 20, r"sentence 0 is the string 'the cat sat.*split\(\) for"),
        ([["the", "cat"], "sat on"], r"sentence 1 is the string 'sat on'; give lists of words"),
        ("the cat sat on the mat".split(), r"sentence 0 is the string 'the'; .* or \[text\] if"),
        ("the cat sat", r"the text is one string; give sentences of words: \[text.split\(\)\]"),
    ],
)
def test_a_string_is_not_read_letter_by_letter(text, message):
    """gensim warns of a "plain str" and trains on letters; here it is an error."""
    with pytest.raises(ValueError, match=message):
        Word2Vec(text, SMALL, generator=seeded())


@pytest.mark.parametrize("kind", ["skip-gram", "cbow"])
def test_rare_words_and_thinning_do_not_forbid_a_window(kind):
    """The window fits the text as it is given; what is left out shortens its sentences."""
    text = [[f"rare{i}", "a", f"rare{i + 1}", "b", f"rare{i + 2}"] for i in range(0, 900, 3)]
    config = replace(SMALL, model=kind, window=4, min_count=5, threshold=1e-3)
    model = Word2Vec(text, config, generator=seeded())
    *_, last = model.train()
    assert model.vocab.words == ("a", "b")
    assert last.words == last.total


def test_a_loss_far_above_its_start_ends_the_training():
    """One block is the least that a step holds; with one word pair that can be too much."""
    text = [["a", "b"]] * 2000
    config = replace(SMALL, window=1, rate=1.0, epochs=30)
    with pytest.raises(ValueError, match=r"loss=.* is far above 2.77, where .*; take rate=1.0 low"):
        list(Word2Vec(text, config, generator=seeded()).train(reports=1000))
    calm = Word2Vec(text, replace(config, rate=0.025), generator=seeded())
    assert max(progress.loss for progress in calm.train(reports=1000)) < 1.5 * 4 * math.log(2)
