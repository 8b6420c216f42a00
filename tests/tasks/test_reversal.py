"""Strings backwards, and how what a model writes is scored."""

import torch

from bertgpt.experiments.encoder_decoders import reverser
from bertgpt.recurrent.seq2seq import Seq2Seq, Seq2SeqConfig
from bertgpt.tasks import dates, reversal
from bertgpt.tasks.sequence_pairs import END_ID, SPECIAL_TOKENS, accuracies


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_target_is_its_source_backwards() -> None:
    source, target = reversal.reversal_pair(50, 7, seeded())
    assert source.shape == (50, 7)
    for read, write in zip(source.tolist(), target.tolist(), strict=True):
        assert write == [*reversed(read), 2]
    assert set(source.flatten().tolist()) == set(range(3, 15))


def test_the_end_has_the_number_that_a_model_writes() -> None:
    assert SPECIAL_TOKENS[END_ID] == "[END]"
    assert END_ID == Seq2SeqConfig.end_id
    (day,) = dates.date_draw(1, "trained", seeded()).target
    assert day[-1] == END_ID


def test_strings_to_train_on_have_all_lengths_and_no_more() -> None:
    generator = seeded()
    lengths = {reversal.reversal_draw(1, generator).source.shape[1] for _ in range(400)}
    assert lengths == set(range(3, 21))
    assert max(reversal.LENGTHS) > reversal.LONGEST


def test_a_seed_decides_all_draws() -> None:
    kinds = ("trained", "new pair")
    for draw in (
        reversal.reversal_draw,
        *(lambda n, g, k=k: dates.date_draw(n, k, g) for k in kinds),
    ):
        one, other = draw(20, seeded(3)), draw(20, seeded(3))
        assert one.source.equal(other.source)
        assert one.target.equal(other.target)
    for batches in (reversal.reversal_batches, dates.date_batches):
        one, other, third = (batches(seed)() for seed in (3, 3, 4))
        assert one.source.equal(other.source)
        assert one.source.shape != third.source.shape or not one.source.equal(third.source)


class Writer(Seq2Seq):
    """Writes fixed texts: right ones but for the slips that are asked for."""

    def __init__(self, target: torch.Tensor) -> None:
        super().__init__(reverser("none").cfg)
        self.texts = target

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(self.texts, len(reversal.SYMBOLS)).float()

    def generate(self, source, max_tokens, records=None):  # type: ignore[no-untyped-def]
        ended = (self.texts == 2).cumsum(1) > 0
        return self.texts.masked_fill(ended & (self.texts != 2), 0)[:, :max_tokens]


def test_scores_count_what_they_say() -> None:
    pair = reversal.reversal_pair(2, 4, seeded())
    assert accuracies(Writer(pair.target), pair) == {"forced": 1.0, "free": 1.0, "exact": 1.0}
    slip = pair.target.clone()
    slip[0, 1] = slip[0, 1] % 12 + 3  # another symbol
    assert accuracies(Writer(slip), pair) == {"forced": 0.875, "free": 0.875, "exact": 0.5}
    late = pair.target.clone()
    late[1, 4] = 5  # all symbols right, and no end
    assert accuracies(Writer(late), pair) == {"forced": 1.0, "free": 1.0, "exact": 0.5}
    early = pair.target.clone()
    early[1, 2] = 2  # ends after two of four
    found = accuracies(Writer(early), pair)
    assert found == {"forced": 0.875, "free": 0.75, "exact": 0.5}
