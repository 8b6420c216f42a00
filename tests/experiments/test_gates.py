"""What the experiments of the page "Gates" are made of: tasks, nets, measures, stored results."""

import math

import pytest
import torch

from bertgpt.evaluation.results import load_result
from bertgpt.experiments import adding, gates
from bertgpt.recurrent.lstm import LSTM
from bertgpt.recurrent.rnn import RNN


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- the adding problem


@pytest.mark.parametrize("T", [2, 7, 50])
def test_two_marks_one_a_half_and_their_sum(T: int) -> None:
    x, total = adding.adding_batch(200, T, seeded())
    values, marks = x.unbind(-1)
    assert x.shape == (200, T, 2)
    assert (marks[:, : T // 2].sum(1) == 1).all()
    assert (marks[:, T // 2 :].sum(1) == 1).all()
    assert ((values >= 0) & (values < 1)).all()
    torch.testing.assert_close((values * marks).sum(1), total)
    if T > 2:
        assert len(marks.argmax(1).unique()) > 1  # the place is drawn


def test_the_baseline_is_the_error_of_always_1() -> None:
    _, total = adding.adding_batch(20_000, 10, seeded())
    assert (total - 1).square().mean().item() == pytest.approx(adding.BASELINE, abs=0.005)


def test_one_step_cannot_hold_two_marks() -> None:
    with pytest.raises(ValueError, match="T=1 steps cannot hold two marks"):
        adding.adding_batch(3, 1, seeded())


def test_the_lstms_start_alike_but_for_the_forget_gate() -> None:
    nets = {kind: make() for kind, make in adding.NETS.items() if kind.startswith("LSTM")}
    for net in nets.values():
        assert isinstance(net, LSTM)
        assert (net.inputs.bias[: adding.WIDTH] == -3).all()
    for b in (1, 3):
        part = nets[f"LSTM 2000, bias {b}"].inputs.bias[2 * adding.WIDTH : 3 * adding.WIDTH]
        assert (part == b).all()
    assert not nets["LSTM 1997"].forget


def test_the_same_seed_learns_the_same() -> None:
    runs = [[step.loss for _, step in adding.learn("LSTM 1997", 6, 3, seed)] for seed in (4, 4, 5)]
    assert runs[0] == runs[1] != runs[2]


def test_the_answer_is_read_off_the_last_state() -> None:
    model = adding.Adder("tanh RNN")
    x = torch.rand(3, 6, 2, requires_grad=True)
    y = model(x)
    assert y.shape == (3,)
    (grad,) = torch.autograd.grad(y[0], x)
    assert (grad[0, -1] != 0).any()
    assert (grad[1:] == 0).all()


# --- what is felt


def test_without_a_forget_gate_the_road_loses_nothing() -> None:
    x = torch.randn(1, 60, 8, generator=seeded())
    assert gates.felt(LSTM(8, 12, forget=False), x)["carousel"] == 1


def test_the_road_is_the_product_of_the_forget_gates() -> None:
    """With all weights 0 the gates stand at sigmoid(bias), and no other way is there."""
    net = LSTM(8, 5, forget_bias=1.0)
    torch.nn.init.zeros_(net.inputs.weight)
    torch.nn.init.zeros_(net.recurrent.weight)
    left = gates.felt(net, torch.randn(1, 9, 8, generator=seeded()))
    want = (1 / (1 + math.exp(-1))) ** 9
    assert left["carousel"] == pytest.approx(want, rel=1e-5)
    assert left["c"] == pytest.approx(want, rel=1e-5)
    assert left["h"] == 0


def test_what_is_felt_is_the_derivative() -> None:
    """Against finite differences, on an RNN in double precision."""
    torch.manual_seed(0)
    net, x = RNN(8, 4), torch.randn(1, 5, 8, generator=seeded())
    columns = []
    for d in range(4):
        ends = []
        for sign in (1, -1):
            start = torch.zeros(1, 4)
            start[0, d] = sign * 1e-2
            ends.append(net(x, start)[1][0])
        columns.append((ends[0] - ends[1]) / 2e-2)
    assert gates.felt(net, x)["h"] == pytest.approx(gates.size(torch.stack(columns)), rel=1e-2)


def test_the_identity_has_size_1() -> None:
    assert gates.size(torch.eye(7)) == pytest.approx(1)


# --- the stream


def test_the_stream_counts_since_the_last_mark() -> None:
    stream = gates.Stream(5, 0)
    pieces = [stream.next(n) for n in (40, 1, 200)]
    marks = torch.cat([x[..., 0] for x, _ in pieces], 1)
    counts = torch.cat([y for _, y in pieces], 1) * gates.UNIT
    for row, told in zip(marks, counts, strict=True):
        count = 0
        for mark, y in zip(row.tolist(), told.tolist(), strict=True):
            count = 0 if mark else count + 1
            assert y == pytest.approx(count, abs=1e-4)
        places = row.nonzero()[:, 0]
        gaps = places.diff()
        assert gaps.min() >= gates.GAPS[0]
        assert gaps.max() <= gates.GAPS[1]


def test_the_counter_goes_on_where_it_stopped() -> None:
    torch.manual_seed(0)
    model, x = gates.Counter(forget=True), torch.rand(2, 12, 1)
    whole = model(x)
    model.state = None
    halves = torch.cat([model(x[:, :5]), model(x[:, 5:])], 1)
    torch.testing.assert_close(halves, whole, rtol=0, atol=1e-6)
    assert model.state is not None
    assert not model.state[1].requires_grad


# --- order


def test_each_sentence_has_a_twin_that_says_the_opposite() -> None:
    seen, unseen = gates.opinions(0)
    for part in (seen, unseen):
        bags: dict[tuple[str, ...], list[int]] = {}
        for sentence, good in part:
            bags.setdefault(tuple(sorted(sentence.split())), []).append(good)
        assert all(sorted(told) == [0, 1] for told in bags.values())
    content = {*gates.GOOD, *gates.BAD}
    pairs = [{frozenset(content & set(s.split())) for s, _ in part} for part in (seen, unseen)]
    assert not pairs[0] & pairs[1]
    assert len(pairs[0]) + len(pairs[1]) == len(gates.GOOD) * len(gates.BAD)


@pytest.mark.parametrize(
    ("sentence", "good"),
    [
        ("it was good , not bad", 1),
        ("it was bad , not good", 0),
        ("it was not good but bad", 0),
        ("it was less bad than good", 1),
        ("it was bad rather than good", 0),
    ],
)
def test_sentences_say_what_they_say(sentence: str, good: int) -> None:
    assert (sentence, good) in [*gates.opinions(0)[0], *gates.opinions(0)[1]]


def test_a_mean_gives_twins_the_same_answer_and_an_lstm_does_not() -> None:
    torch.manual_seed(0)
    twins = ["it was good , not bad", "it was bad , not good"]
    mean, lstm = gates.Judge("mean")(twins), gates.Judge("LSTM")(twins)
    torch.testing.assert_close(mean[0], mean[1], rtol=0, atol=1e-6)
    assert (lstm[0] - lstm[1]).abs() > 1e-3


def test_padding_does_not_change_a_judgement() -> None:
    torch.manual_seed(0)
    short, long = "it was kind , not dull", "it was warm rather than cold it was"
    for kind in ("mean", "RNN", "LSTM"):
        judge = gates.Judge(kind)
        torch.testing.assert_close(judge([short, long])[:1], judge([short]), rtol=0, atol=1e-6)


# --- what the page says of the stored results


def test_the_largest_cell_of_each_seed() -> None:
    for value in load_result("stream")["values"]:
        assert value["LSTM 1997"]["cell"][-1] > 1000
        assert value["LSTM 2000"]["cell"][-1] < 10
        assert value["LSTM 1997"]["error"][1] > 10 * value["LSTM 2000"]["error"][1]


def test_a_mean_is_right_half_of_the_time() -> None:
    for value in load_result("order")["values"]:
        assert value == {"mean": [0.5, 0.5], "RNN": [1.0, 1.0], "LSTM": [1.0, 1.0]}


def test_the_cell_of_1997_keeps_all_in_each_seed() -> None:
    for value in load_result("kept")["values"]:
        assert set(value["LSTM 1997"]["carousel"]) == {1.0}


@pytest.mark.parametrize("T", [50, 100, 200])
def test_the_adding_problem_in_each_seed(T: int) -> None:
    result = load_result(f"adding_{T}")
    for seed, value in zip(result["seeds"], result["values"], strict=True):
        _, total = adding.adding_batch(1000, T, seeded(1000 + seed))  # those it was tested on
        always_1 = (total - 1).square().mean().item()
        assert value["tanh RNN"][-1] > 0.95 * always_1
        if T < 200:  # with 200 steps and half of the updates, not all seeds get there
            assert value["LSTM 1997"][-1] < 0.005
            assert value["LSTM 2000, bias 3"][-1] < 0.005
