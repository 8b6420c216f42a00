"""A GPT and n-grams that learn made texts: fair parts, right tokens, honest counts."""

import math

import pytest
import torch

from bertgpt.experiments import written_texts as writes
from bertgpt.tasks.code_lines import MadeCode
from bertgpt.tasks.made_texts import Verdict
from bertgpt.tasks.verse import Verse
from bertgpt.words.ngram import Counts, NGram

TEXTS = {
    "train": ["ab ba\n", "ab ab\n", "ba ba\n"] * 20,
    "dev": ["ab ba\n", "ba ab\n"],
    "test": ["ba ab ab\n", "ab\n"],
}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def is_short(text: str) -> Verdict:
    return Verdict("" if len(text) < 8 else f"{len(text)} letters, {text!r}")


@pytest.fixture(scope="module")
def cut() -> writes.TokenTexts:
    return writes.TokenTexts(TEXTS, 270)


@pytest.fixture(scope="module")
def gpt(cut: writes.TokenTexts) -> writes.GPT:
    return writes.trained_gpt(cut, 0, 20)


def test_a_batch_has_texts_between_their_ends(cut: writes.TokenTexts) -> None:
    rows = cut.batch(cut.parts["test"])
    assert rows.shape[1] == max(map(len, cut.parts["test"])) + 2 <= cut.T
    assert rows[:, 0].tolist() == [cut.end, cut.end]
    assert cut.pad == len(cut.bpe)
    for row, text in zip(rows.tolist(), TEXTS["test"], strict=True):
        real = [i for i in row if i != cut.pad]
        assert row == real + [cut.pad] * (len(row) - len(real))
        assert real[-1] == cut.end
        assert cut.bpe.decode(real[1:-1]) == text


def test_batches_are_drawn_from_the_training_part(cut: writes.TokenTexts) -> None:
    rows = cut.draw(seeded()).tolist()
    texts = [cut.bpe.decode(i for i in row if i not in (cut.end, cut.pad)) for row in rows]
    assert len(rows) == writes.BATCH
    assert set(texts) == set(TEXTS["train"])


def test_tokens_are_learned_from_the_training_part_alone() -> None:
    other = writes.TokenTexts(TEXTS | {"test": ["zzz zzz\n"] * 50}, 270)
    assert other.bpe.tokens == writes.TokenTexts(TEXTS, 270).bpe.tokens


def test_bits_of_a_gpt_are_its_loss(cut: writes.TokenTexts, gpt: writes.GPT) -> None:
    """Over one batch with padding, as in training, and over texts one by one."""
    loss = gpt.loss(cut.batch(cut.parts["test"])).item()
    assert writes.gpt_bits(gpt, cut, "test") == pytest.approx(loss / math.log(2), abs=1e-5)


def test_an_untrained_guess_costs_the_logarithm_of_v(cut: writes.TokenTexts) -> None:
    model = writes.trained_gpt(cut, 0, 1)
    for p in model.parameters():
        p.detach().zero_()
    assert writes.gpt_bits(model, cut, "dev") == pytest.approx(math.log2(len(cut.bpe) + 1))


def test_a_gpt_writes_whole_texts(cut: writes.TokenTexts, gpt: writes.GPT) -> None:
    written = writes.gpt_writes(gpt, cut, 5, seeded())
    assert written == writes.gpt_writes(gpt, cut, 5, seeded())
    assert written != writes.gpt_writes(gpt, cut, 5, seeded(1))
    assert len(written) == 5
    assert not any("<|endoftext|>" in text for text in written)


def test_an_ngram_writes_as_its_own_sample_does(cut: writes.TokenTexts) -> None:
    model, bits = writes.best_ngram(cut)
    assert model.order == min(bits, key=lambda order: bits[order])
    assert [*bits] == list(writes.ORDERS)
    ours = writes.ngram_writes(model, cut, 3, seeded(5))
    generator = seeded(5)
    theirs = [model.sample(generator, max_tokens=cut.T - 1) for _ in range(3)]
    assert ours == [cut.bpe.decode(ids) for ids in theirs]


def test_an_ngram_of_full_memory_would_win_on_its_own_texts(cut: writes.TokenTexts) -> None:
    """The order is chosen by bits, not fixed: a longer one is chosen where it is better."""
    long = {"train": ["abcde\n", "xbcdy\n"] * 50, "dev": ["abcde\n", "xbcdy\n"], "test": ["a\n"]}
    model, bits = writes.best_ngram(writes.TokenTexts(long, 258))
    assert model.order == 5
    assert bits[5] < bits[2] - 0.1


def test_verdicts_are_counted() -> None:
    found = writes.judged(["a", "b", "longer one", "longer, two"], is_short, {"a", "longer one"})
    assert (found["n"], found["valid"], found["copies"], found["valid and new"]) == (4, 2, 2, 1)
    assert found["faults"] == {"... letters, ...": 2}
    assert found["first"] == ["a", "b", "longer one"]


def test_all_are_compared_on_the_same_test_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "N_WRITTEN", 8)
    texts = writes.made_texts(MadeCode(), 3, n_train=150)
    assert [len(part) for part in texts.values()] == [150, 200, 200]
    texts = {name: part[:150] for name, part in texts.items()} | {"test": texts["test"][:10]}
    language = MadeCode()
    found = writes.compared(texts, language.is_valid, 0, 2, language)
    assert found["written"]["source"]["valid"] == found["written"]["source"]["n"] == 10
    assert {name: row["n"] for name, row in found["written"].items()} == {
        "GPT": 8, "n-gram": 8, "patched": 8, "source": 10,
    }  # fmt: skip
    n_tokens = found["sizes"]["tokens a text"] * 10
    exact = -sum(map(language.log_probability, texts["test"])) / math.log(2) / n_tokens
    assert found["bits"]["exact"] == pytest.approx(exact, abs=1e-4)
    assert found["bits"]["exact"] < found["bits"]["n-gram"] < found["bits"]["GPT"]  # 2 updates


def test_parts_of_made_texts_come_from_one_draw() -> None:
    texts = writes.made_texts(Verse(), 1, n_train=20)
    assert texts["train"] + texts["dev"] + texts["test"] == Verse().draw(420, seeded(1))


def test_the_orders_can_be_counted() -> None:
    assert isinstance(writes.best_ngram(writes.TokenTexts(TEXTS, 258))[0], NGram)
    assert Counts(TEXTS["train"], max(writes.ORDERS)).order == max(writes.ORDERS)
