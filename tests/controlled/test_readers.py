"""Readers: what each can see, the exact one against the grammar, and rescoring against Bayes."""

import pytest
import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled import rescoring
from bertgpt.controlled.arms import ARMS, new_model
from bertgpt.controlled.language import all_texts, encode, little_toyland, vocab
from bertgpt.controlled.readers import Asked, Exact, each_place, is_special, surprise
from bertgpt.controlled.rescoring import Rescored, log_prob, pair_fillings
from bertgpt.gpt import GPT
from bertgpt.objectives import causal_targets, token_loss
from bertgpt.toyland import END, MASK

WORDS = ("anna", "gave", "tom", "a", "kite", ".", "who", "got", "it", "?", "tom", ".")
IDS = torch.tensor([encode(WORDS)])
PLACE = torch.tensor([5])


def model() -> BERT:
    return new_model(ARMS["causal, next"], 0).eval()


def changed(place: int) -> Tensor:
    ids = IDS.clone()
    ids[0, place] = vocab().encode(["was"])[0]
    return ids


@pytest.mark.parametrize(
    ("mask", "reads", "gap", "seen"),
    [
        ("causal", "before", "[MASK]", {3}),
        ("causal", "at", "[MASK]", {3}),
        ("prefix", "before", "[MASK]", {3}),
        ("prefix", "at", "[MASK]", {3}),
        ("full", "at", "[MASK]", {3, 7}),
        ("full", "before", "unread", {3, 7}),
        ("full", "at", "unread", {3, 7}),
        ("full", "at", "shown", {3, 5, 7}),
        ("full", "before", "shown", {3, 5, 7}),
    ],
)
def test_what_a_reader_sees_of_before_the_gap_the_gap_and_after(
    mask: str, reads: str, gap: str, seen: set[int]
) -> None:
    reader = Asked(model(), mask, reads, gap)
    before = reader.guess(IDS, PLACE)
    felt = {p for p in (3, 5, 7) if not torch.equal(reader.guess(changed(p), PLACE), before)}
    assert felt == seen
    assert before.exp().sum().item() == pytest.approx(1.0, abs=1e-5)
    assert bool((before[0, is_special()] == -torch.inf).all())


def test_prefix_words_read_each_other_both_ways() -> None:
    bert = model()
    causal, prefix = (
        Asked(bert, m, "before").readable(IDS, PLACE)[0, 0] for m in ("causal", "prefix")
    )
    assert bool(prefix[1, 4])
    assert not bool(causal[1, 4])
    assert not bool(prefix[:, 5:].any())


def test_an_unread_gap_does_not_depend_on_the_vector_of_mask() -> None:
    bert = model()
    readers = {gap: Asked(bert, "full", "before", gap) for gap in ("[MASK]", "unread")}
    before = {gap: reader.guess(IDS, PLACE) for gap, reader in readers.items()}
    with torch.no_grad():
        bert.stack.tokens.weight[SPECIAL_IDS.mask] += 1.0
    after = {gap: reader.guess(IDS, PLACE) for gap, reader in readers.items()}
    assert torch.equal(before["unread"], after["unread"])
    assert not torch.equal(before["[MASK]"], after["[MASK]"])


def test_the_exact_reader_says_what_the_grammar_says() -> None:
    grammar = little_toyland()
    for place in range(1, len(WORDS) + 1):
        left = grammar.next_words(WORDS[: place - 1])
        total = 1.0 - left.get(END, 0.0)
        both = grammar.masked_word(WORDS, place - 1)
        for reader, exact, scale in ((Exact("left"), left, total), (Exact("both"), both, 1.0)):
            p = reader.guess(IDS, torch.tensor([place]))[0].exp()
            for word, chance in exact.items():
                if word != END:
                    i = vocab().encode([word])[0]
                    assert p[i].item() == pytest.approx(chance / scale, abs=1e-12), word


def test_the_exact_reader_sums_over_other_gaps() -> None:
    ids = IDS.clone()
    ids[0, 3] = SPECIAL_IDS.mask
    hidden = [MASK if i == 2 else word for i, word in enumerate(WORDS)]
    p = Exact("both").guess(ids, torch.tensor([11]))[0].exp()
    for word, chance in little_toyland().masked_word(hidden, 10).items():
        assert p[vocab().encode([word])[0]].item() == pytest.approx(chance, abs=1e-12)


def test_an_impossible_text_is_refused() -> None:
    with pytest.raises(ValueError, match=r"text 0, .* agrees with no text .* place 7; ask about"):
        Exact("left").guess(changed(3), torch.tensor([7]))


def test_each_word_is_asked_once() -> None:
    ids = all_texts().ids[[0, 20]]
    text, place = each_place(ids)
    assert len(text) == int((~is_special()[ids]).sum())
    assert not bool(is_special()[text[torch.arange(len(text)), place]].any())


def test_surprise_is_in_bits() -> None:
    class Even:
        def guess(self, ids: Tensor, places: Tensor) -> Tensor:
            return torch.full((len(ids), len(vocab())), 1 / 8).log()

    assert surprise(Even(), IDS, PLACE).item() == pytest.approx(3.0)


def test_log_prob_is_the_chain_rule_of_a_gpt() -> None:
    bert = model()
    gpt = GPT(bert.stack.cfg, SPECIAL_IDS)
    gpt.stack.load_state_dict(bert.stack.state_dict())
    padded = torch.nn.functional.pad(IDS, (0, 2))
    nats = token_loss(gpt.eval()(IDS), causal_targets(IDS)) * (IDS.shape[1] - 1)
    assert log_prob(bert, padded).item() == pytest.approx(-nats.item(), abs=1e-4)


def test_rescoring_by_exact_probabilities_is_the_exact_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {tuple(row): p for row, p in zip(
        all_texts().ids.tolist(), all_texts().probabilities.log().tolist(), strict=True
    )}  # fmt: skip

    def exact(_: object, ids: Tensor) -> Tensor:
        rows = torch.nn.functional.pad(ids, (0, 16 - ids.shape[1])).tolist()
        return torch.tensor([known.get(tuple(row), -torch.inf) for row in rows]).double()

    monkeypatch.setattr(rescoring, "log_prob", exact)
    for place in (1, 2, 5, 8, 11):
        p = Rescored(model()).guess(IDS, torch.tensor([place])).exp()
        wanted = Exact("both").guess(IDS, torch.tensor([place])).exp()
        torch.testing.assert_close(p, wanted, rtol=0, atol=1e-6)


def test_rescoring_refuses_a_second_gap() -> None:
    ids = IDS.clone()
    ids[0, 3] = SPECIAL_IDS.mask
    with pytest.raises(ValueError, match="text 0 has a second gap, at position 3; fill it first"):
        Rescored(model()).guess(ids, torch.tensor([7]))


def test_pair_fillings_are_those_of_scoring_each_pair() -> None:
    bert = model()
    found = pair_fillings(bert, IDS[0], (5, 7), keep=6)
    assert found.words.shape == (6, 2)
    assert found.log_probs.exp().sum().item() == pytest.approx(1.0, abs=1e-5)
    rows = IDS.repeat(6, 1)
    rows[:, [5, 7]] = found.words
    scores = log_prob(bert, rows)
    apart = (found.log_probs - found.log_probs[0]).double()
    torch.testing.assert_close(scores - scores[0], apart, rtol=0, atol=1e-4)
    n = int((~is_special()).sum())
    assert 0.9 < found.left_out < 1 - 6 / n**2  # the six likeliest have more than their share
    everything = pair_fillings(bert, IDS[0], (5, 7), keep=n**2)
    assert everything.left_out == pytest.approx(0.0, abs=1e-4)
