"""Each side has its own rate, and the side with fewer steps may take more passes."""

from bertgpt.evaluation.results import load_result
from bertgpt.experiments.skip_gram_or_cbow import SETTINGS, Setting, agreement

WORDS = "tiger cat book paper computer keyboard old new smart intelligent hard difficult".split()


def test_agreement_is_a_rank_correlation_with_each_list() -> None:
    text = [WORDS[i : i + 8] for i in range(len(WORDS) - 7)] * 9
    found = agreement(text, Setting("cbow", 0.05, 1), seed=0)
    assert set(found) == {"wordsim353", "simlex999"}
    assert all(-1 <= rho <= 1 for rho in found.values())
    assert found == agreement(text, Setting("cbow", 0.05, 1), seed=0)


def test_the_loser_had_its_own_rate_and_more_passes() -> None:
    assert {s.rate for s in SETTINGS if s.model == "skip-gram"} == {0.025, 0.05}
    assert Setting("cbow", 0.05, 60) in SETTINGS
    for value in load_result("skip_gram_or_cbow")["values"]:
        assert list(value) == [" ".join(map(str, setting)) for setting in SETTINGS]
