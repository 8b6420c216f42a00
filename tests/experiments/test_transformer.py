"""What the experiments of the page "The Transformer" are made of: data, counts, models."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from bertgpt.config import TransformerConfig
from bertgpt.experiments import cost, norms
from bertgpt.experiments import transformer as task
from bertgpt.masks import bidirectional_mask
from bertgpt.objectives import IGNORE
from bertgpt.transformer import Block


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- cost


@pytest.mark.parametrize(("n", "D", "F"), [(5, 12, None), (7, 8, 20), (9, 16, 0)])
def test_flops_of_a_block_are_what_pytorch_counts(n: int, D: int, F: int | None) -> None:
    cfg = TransformerConfig(vocab_size=1, max_positions=1, width=D, n_heads=2, ff_width=F)
    with FlopCounterMode(display=False) as counter:
        Block(cfg)(torch.randn(1, n, D), bidirectional_mask(n), [])
    assert counter.get_total_flops() == cost.block_flops(n, D, F)


def test_flops_of_an_lstm_are_what_pytorch_counts_in_a_loop() -> None:
    with FlopCounterMode(display=False) as counter:
        cost.looped(nn.LSTMCell(6, 6), torch.randn(1, 5, 6))
    assert counter.get_total_flops() == cost.lstm_flops(5, 6)


@pytest.mark.parametrize("n", [3, 40])
def test_a_block_waits_six_times_and_a_loop_as_often_as_there_are_tokens(n: int) -> None:
    x = torch.randn(1, n, 8)
    assert cost.longest_chain(cost.block(8)(x, bidirectional_mask(n), [])) == 6
    assert cost.longest_chain(cost.looped(nn.LSTMCell(8, 8), x)) == n


def product_and_sum(fused: bool, T: int) -> torch.Tensor:
    """h = tanh(W h + (U x + b)), T times, with the sum inside the product's kernel or apart."""
    W, U, b = (torch.randn(3, 3, requires_grad=True) for _ in range(3))
    h = torch.zeros(3, 3)
    for x in torch.randn(T, 3, 3):
        drive = torch.addmm(b, x, U) if fused else x @ U + b
        h = (torch.addmm(drive, h, W) if fused else h @ W + drive).tanh()
    return h


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("T", [1, 5, 50])
def test_a_recurrent_net_of_t_steps_has_a_chain_of_t_products(T: int, fused: bool) -> None:
    """U x waits for nobody, so that the answer is T however the sum is computed, not T + 1."""
    assert cost.longest_chain(product_and_sum(fused, T)) == T


def test_chains_whose_length_is_known() -> None:
    x = torch.randn(4, 4, requires_grad=True)
    v = x[0]
    for y, products in (
        (x.exp() + 1, 0),
        (x @ x, 1),
        ((x @ x) @ (x @ x), 2),
        (torch.addmm(x @ x @ x, x, x), 2),  # what is added has the longer chain
        (torch.addmm(x, x @ x, x), 2),
        (torch.baddbmm(x[None], x[None], (x @ x @ x)[None]), 3),
        (x @ (x @ v), 2),
        (torch.addmv(v, x, x @ v), 2),
        (v @ (x @ v), 2),
        (torch.cat([x @ x @ x, x @ x]).sum(), 2),
    ):
        assert cost.longest_chain(y) == products


def test_a_kernel_that_hides_its_products_is_refused() -> None:
    x = torch.randn(1, 5, 8)
    with pytest.raises(ValueError, match="hides its matrix products; write them out"):
        cost.longest_chain(cost.block(8)(x, bidirectional_mask(5)))
    with pytest.raises(ValueError, match="no notes of how it was made"):
        cost.longest_chain(x)


def test_the_loop_is_the_fused_lstm() -> None:
    fused, cell = nn.LSTM(4, 5, batch_first=True), nn.LSTMCell(4, 5)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in fused.state_dict().items()})
    x = torch.randn(2, 7, 4)
    torch.testing.assert_close(cost.looped(cell, x), cost.states(fused, x), rtol=0, atol=1e-6)


def test_seconds_are_the_median_without_the_first_run() -> None:
    calls = []

    def run() -> torch.Tensor:
        calls.append(1)
        return torch.ones(1, requires_grad=True) * 2

    assert 0 < cost.seconds(run, 3) < 1
    assert len(calls) == 4


# --- a string said twice


def test_a_copied_piece_is_asked_for_and_nothing_else() -> None:
    ids, targets = task.copy_batch(300, seeded())
    periods, starts = set(), set()
    for row, asked in zip(ids.tolist(), targets.tolist(), strict=True):
        t = [i for i, y in enumerate(asked) if y != IGNORE]
        assert t == list(range(t[0], t[-1] + 1))
        n = len(t) + 1
        assert all(row[i] == row[i - n] for i in range(t[0], t[0] + n))
        assert [asked[i] for i in t] == [row[i + 1] for i in t]
        others = row[: t[0]] + row[t[0] + n :]
        assert len(set(others)) == len(others)  # nothing else comes twice
        periods.add(n)
        starts.add(t[0] - n)
    assert periods == set(task.PERIODS)
    assert len(starts) > 15


def test_a_period_can_be_fixed() -> None:
    _, targets = task.copy_batch(20, seeded(), 11)
    assert (targets != IGNORE).sum(1).tolist() == [10] * 20


def test_a_reader_of_positions_alone_scores_as_computed() -> None:
    ids, _ = task.copy_batch(1, seeded())
    assert ids.shape == (1, task.COPY_LENGTH)
    best = task.copy_positions_only()
    drawn = torch.zeros(task.COPY_LENGTH, 21)
    for seed in range(10):
        _, targets = task.copy_batch(1000, seeded(seed))
        asked = targets != IGNORE
        n = asked.sum(1) + 1  # weight 1 / (n - 1): each text counts the same
        for period in task.PERIODS:
            rows = asked[n == period]
            drawn[:, period] += rows.sum(0) / (period - 1)
    assert best == pytest.approx(float(drawn.amax(1).sum() / drawn.sum()), abs=0.015)
    assert best < 0.13


def test_a_reader_of_positions_who_knows_the_period_is_always_right(monkeypatch) -> None:
    monkeypatch.setattr(task, "PERIODS", range(9, 10))
    assert task.copy_positions_only() == pytest.approx(1)


def test_attention_only_has_no_feed_forward_layers() -> None:
    model = task.attention_only(2)
    assert len(model.stack.blocks) == 2
    assert not any(".ff." in name for name, _ in model.named_parameters())


# --- longer strings


def test_parity_is_that_of_the_bits_so_far() -> None:
    bits, odd = task.parity_batch(50, 30, seeded())
    for row, labels in zip(bits.tolist(), odd.tolist(), strict=True):
        assert labels == [sum(row[: i + 1]) % 2 for i in range(30)]


def test_counting_asks_at_each_b_whether_it_is_the_last() -> None:
    ids, targets = task.counting_batch(torch.tensor([1, 3]), 7)
    assert ids.tolist() == [[0, 1, 2, 2, 2, 2, 2], [0, 0, 0, 1, 1, 1, 2]]
    no = IGNORE
    assert targets.tolist() == [[no, 1, no, no, no, no, no], [no, no, no, 0, 0, 1, no]]


@pytest.mark.parametrize("places", ["first", "any", "none"])
def test_labels_are_given_without_a_look_at_the_future(places) -> None:
    torch.manual_seed(0)
    model = task.Labels(places).eval()
    ids = torch.randint(3, (2, 9), generator=seeded())
    changed = ids.clone()
    changed[:, 6] = (ids[:, 6] + 1) % 3
    moved = (model(ids) - model(changed)).abs().amax((0, 2))
    assert moved[:6].max() == 0
    assert moved[6] > 0


def test_a_string_begins_anywhere_only_in_training_and_only_if_asked() -> None:
    ids = torch.zeros(1, 4, dtype=torch.long)
    for places, moves in (("first", False), ("any", True), ("none", False)):
        torch.manual_seed(0)
        model = task.Labels(places)
        for train, several in ((True, moves), (False, False)):
            answers = {round(model.train(train)(ids)[0, 0, 0].item(), 5) for _ in range(8)}
            assert (len(answers) > 1) == several


def test_unasked_places_never_count_as_right() -> None:
    model = task.Labels("none")
    ids, targets = task.counting_batch(torch.tensor([2]), 6)
    assert not task.right(model, (ids, targets))[targets == IGNORE].any()


# --- the place of the norm


def test_the_two_places_start_from_the_same_weights() -> None:
    for start, alike in (("Xavier", True), ("papers", False)):  # GPT-2 shrinks some of them
        models = [norms.stack_for_norms(norm, 3, start, 11, 0) for norm in ("pre", "post")]
        pairs = zip(*(m.parameters() for m in models), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs) == alike


def test_first_weights_have_the_size_that_they_are_called_by() -> None:
    papers, wide = (norms.stack_for_norms("post", 2, start, 11, 0) for start in norms.STARTS)
    for model, std in ((papers, 0.02), (wide, 1 / 8)):
        weight = model.stack.blocks[0].attn.query.weight.detach()
        assert weight.std().item() == pytest.approx(std, rel=0.05)


def test_gradients_are_those_of_each_block() -> None:
    model = norms.stack_for_norms("post", 3, "Xavier", 11, 0)
    found = norms.gradients(model, torch.randint(11, (2, 8), generator=seeded()))
    assert found == [float(b.ff.down.weight.grad.norm()) for b in model.stack.blocks]
    assert len(set(found)) == 3


def test_toyland_text_is_stories_with_their_ends() -> None:
    text, V = norms.toyland_text(20)
    assert 0 <= int(text.min()) < int(text.max()) < V
    assert int((text == text[-1]).sum()) == 20  # the end of each story
    assert norms.windows(text, 3, seeded()).shape == (3, 32)
    row = norms.windows(text, 1, seeded(1))[0].tolist()
    assert any(text[i : i + 32].tolist() == row for i in range(len(text)))
