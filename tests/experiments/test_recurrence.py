"""What the experiments of the page on recurrence are made of: gradients, text, a series."""

import math

import pytest
import torch
from torch.nn import functional as F

from bertgpt.experiments import characters
from bertgpt.experiments import recurrence as task
from bertgpt.recurrent.rnn import RNN


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- gradients


@pytest.mark.parametrize("radius", [0.5, 1.5])
def test_all_directions_of_a_scaled_net_have_one_size(radius: float) -> None:
    weight = task.scaled(radius, 1.0, seeded(), width=12).recurrent.weight.detach()
    assert torch.linalg.eigvals(weight).abs().numpy() == pytest.approx(radius)
    assert torch.linalg.svdvals(weight).numpy() == pytest.approx(radius)


def test_the_input_has_the_strength_that_is_asked_for() -> None:
    net = task.scaled(1.0, 2.0, seeded(), width=400)
    added = net.inputs(torch.randn(500, 8, dtype=torch.double, generator=seeded(1)))
    assert added.std().item() == pytest.approx(2.0, rel=0.1)


def test_the_stretch_is_that_of_autograd() -> None:
    net, x = task.scaled(1.2, 0.5, seeded(), width=10), torch.randn(1, 6, 8, dtype=torch.double)
    start = torch.rand(1, 10, dtype=torch.double)
    found = task.stretches(net, x, start)
    for T in (1, 3, 6):
        jacobian = torch.autograd.functional.jacobian(lambda h: net(x[:, :T], h)[1], start)  # noqa: B023
        assert found[T - 1] == pytest.approx(jacobian.norm().item() / 10**0.5, rel=1e-9)


def test_tanh_never_stretches_more_than_the_weights_do() -> None:
    net, x = task.scaled(1.5, 0.0, seeded()), torch.zeros(1, 50, 8, dtype=torch.double)
    sizes = task.stretches(net, x, torch.rand(1, 64, dtype=torch.double))
    assert all(size <= 1.5**t * (1 + 1e-9) for t, size in enumerate(sizes, start=1))
    still = task.stretches(net, x, torch.zeros(1, 64, dtype=torch.double))
    assert still == pytest.approx([1.5**t for t in range(1, 51)])  # at 0 tanh is a straight line


def test_an_experiment_of_gradients_has_all_its_numbers() -> None:
    found = task.recurrent_gradients(3)
    assert len(found["stretch"]) == 9
    assert {len(row) for row in found["stretch"].values()} == {len(task.SPANS)}
    assert 0.4 < found["usual"] < 0.8


# --- text


def test_the_texts_are_of_one_alphabet_and_apart() -> None:
    train_on, held_out = characters.code_text(1)
    assert (len(train_on), len(held_out)) == (500_000, 60_000)
    assert set(train_on + held_out) <= set(characters.ALPHABET)
    assert held_out[1000:1200] not in train_on
    assert characters.code_text(2)[1] != held_out
    assert characters.encode("\nA").tolist() == [0, characters.ALPHABET.index("A")]
    assert len(set(characters.ALPHABET)) == 96


def test_a_characters_model_hears_the_past_alone() -> None:
    torch.manual_seed(0)
    model, ids = characters.CharacterModel(16), torch.randint(96, (1, 9))
    changed = ids.clone()
    changed[0, 5] += 1
    moved = (model(ids)[0] - model(changed)[0]).abs().amax(-1)[0] > 0
    assert moved.tolist() == [False] * 5 + [True] * 4


def test_bits_are_those_of_one_walk_through_the_text() -> None:
    torch.manual_seed(0)
    model, text = characters.CharacterModel(16).double(), torch.randint(96, (2345,))
    scores, _ = model(text[None, :-1])
    right = F.cross_entropy(scores[0], text[1:]).item() / math.log(2)
    assert characters.bits(model, text) == pytest.approx(right, abs=1e-10)


def test_bits_by_characters_read_begin_with_an_empty_state() -> None:
    torch.manual_seed(0)
    model, text = characters.CharacterModel(16), torch.randint(96, (41,))
    found = characters.bits_by_characters_read(model, text, T=10)
    assert len(found) == 10
    nats = [F.cross_entropy(model(text[None, k : k + 3])[0][0, 2], text[k + 3]) for k in (0, 10, 20, 30)]  # fmt: skip  # noqa: E501
    assert found[2] == pytest.approx(sum(n.item() for n in nats) / 4 / math.log(2), abs=1e-5)


def test_a_trained_model_beats_frequencies_and_writes_by_its_seed() -> None:
    text = characters.encode("def f(x):\n    return x\n" * 200)
    model = characters.character_model(text, 32, seed=0, steps=60)
    assert characters.bits(model, text[:600]) < 1.0
    written = characters.write(model, 3, 40, 0.5, seeded())
    assert written == characters.write(model, 3, 40, 0.5, seeded())
    assert [len(t) for t in written] == [40] * 3
    assert "return" in "".join(written)


@pytest.mark.parametrize(
    "line", ["x = 1", "if x:", "else:", "except ValueError:", "elif y > 0:", "break", "return x",
             "def f(a, b=2):", "class A(B):", "async def f():"],
)  # fmt: skip
def test_lines_that_are_python(line: str) -> None:
    assert characters.parses(line)


@pytest.mark.parametrize(
    "line", ["x = ", "if x", "foo(bar", "@property", ") + 1", "the state is", "\x00"]
)
def test_lines_that_are_not(line: str) -> None:
    assert not characters.parses(line)


def test_only_whole_lines_with_code_count() -> None:
    assert characters.share_that_parses(["x = 1\n\n# no\nx = (\ncut of"]) == 0.5
    assert characters.share_that_parses(["no line ends here"]) == 0.0


# --- clipping


def test_clipping_changes_training_only_where_gradients_are_long() -> None:
    text = characters.encode("for i in range(10): print(i)\n" * 100)
    free, held = (task.descend(text, 2.0, 0.1, clip, 0, steps=4) for clip in (math.inf, 1.0))
    assert free.losses[0] == held.losses[0]
    assert free.norms[0] == held.norms[0] > 1
    assert free.losses[1] != held.losses[1]
    loose = task.descend(text, 2.0, 0.1, 1e6, 0, steps=4)
    assert loose == free


# --- a series


def test_the_series_follows_its_rule_and_stays_in_bounds() -> None:
    x = task.henon(50, 30, seeded())
    assert x.shape == (50, 30)
    torch.testing.assert_close(x[:, 2:], 1 - 1.4 * x[:, 1:-1] ** 2 + 0.3 * x[:, :-2])
    assert x.abs().max() < 1.5
    assert not x[0].equal(x[1])


def test_the_next_value_is_asked_of_the_last_number_alone() -> None:
    torch.manual_seed(0)
    net, x = task.NextValue(), torch.randn(4, 6)
    assert net(x).shape == (4, 6)
    right = (net(x[:, :-1])[:, -1] - x[:, -1]).pow(2).mean()
    assert net.loss(x).item() == pytest.approx(right.item())
    assert isinstance(net.rnn, RNN)
