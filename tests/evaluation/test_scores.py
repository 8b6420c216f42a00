"""Scores equal to hand-made ones, and intervals that cover as often as they say."""

import math

import pytest
import torch
from scipy import stats

from bertgpt.evaluation import intervals, scores
from bertgpt.training.device import generator


def mean(values) -> float:
    return sum(values) / len(values)


# Rank correlation.


def test_spearman_by_hand() -> None:
    # Ranks 1 2 3 4 5 and 2 1 4 3 5: squared differences sum to 4, so rho = 1 - 6 * 4 / (5 * 24).
    assert scores.spearman([1, 2, 3, 4, 5], [20, 10, 40, 30, 50]) == pytest.approx(0.8)


def test_spearman_sees_ranks_alone() -> None:
    x = [0.1, 3.0, -2.0, 8.0, 5.0]
    assert scores.spearman(x, [math.exp(v) for v in x]) == pytest.approx(1.0)
    assert scores.spearman(x, [-(v**3) for v in x]) == pytest.approx(-1.0)


def test_ties_share_their_mean_rank() -> None:
    # Pearson's correlation of the ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4.
    assert scores.spearman([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(4.5 / math.sqrt(4.5 * 5))


@pytest.mark.parametrize(("x", "y"), [([1, 2, 3], [1, 2]), ([1, 1], [1, 2]), ([1], [1]), ([], [])])
def test_lists_without_ranks_are_refused(x: list[int], y: list[int]) -> None:
    with pytest.raises(ValueError, match=f"got {len(x)} and {len(y)} values, .* one length, each"):
        scores.spearman(x, y)


@pytest.mark.parametrize("constant", [torch.ones(3), [torch.tensor(2.0)] * 3])
def test_tensors_are_compared_by_their_values(constant) -> None:
    with pytest.raises(ValueError, match="got 3 and 3 values, 1 and 3 of them different; ranks"):
        scores.spearman(constant, [1, 2, 3])
    assert scores.spearman(torch.tensor([1, 2, 3]), torch.tensor([3.0, 2.0, 1.0])) == -1.0


@pytest.mark.parametrize(("x", "y"), [([math.nan, 1, 2], [1, 2, 3]), ([1, 2], [3, math.nan])])
def test_what_is_no_number_has_no_rank(x: list[float], y: list[float]) -> None:
    message = rf"1 of {len(x) + len(y)} values are nan, which has no rank; leave out the pairs"
    with pytest.raises(ValueError, match=message):
        scores.spearman(x, y)


# Bootstrap.


def test_a_bootstrap_interval_is_close_to_the_normal_one() -> None:
    values = torch.randn(200, generator=generator(0)).tolist()
    low, mid, high = intervals.bootstrap_interval(values, mean, generator=generator(1), n=2000)
    half = 1.96 * torch.tensor(values).std().item() / math.sqrt(200)
    assert mid == pytest.approx(mean(values))
    assert (low, high) == pytest.approx((mid - half, mid + half), abs=0.15 * half)


def test_a_lower_level_is_narrower() -> None:
    def width(level: float) -> float:
        interval = intervals.bootstrap_interval(
            list(range(50)), mean, generator=generator(0), n=500, level=level
        )
        return interval.high - interval.low

    assert width(0.5) < 0.5 * width(0.95)


def test_pairs_are_drawn_together() -> None:
    pairs = [(x, 2.0 * x) for x in range(20)]

    def rho(rows) -> float:
        return scores.spearman(*zip(*rows, strict=True))

    interval = intervals.bootstrap_interval(pairs, rho, generator=generator(0), n=50)
    assert tuple(interval) == pytest.approx((1, 1, 1))  # broken pairs would scatter around 0


def test_a_seed_fixes_the_bootstrap() -> None:
    def interval(seed: int) -> intervals.Interval:
        return intervals.bootstrap_interval([1, 5, 2, 9], mean, generator=generator(seed), n=99)

    assert interval(3) == interval(3)
    assert interval(3) != interval(4)


def test_a_draw_has_as_many_items_as_there_are() -> None:
    sizes = []

    def statistic(values) -> float:
        sizes.append(len(values))
        return 0.0

    intervals.bootstrap_interval([1, 2, 3], statistic, generator=generator(0), n=5)
    assert sizes == [3] * (5 + 1)  # five draws, and the items themselves


def test_a_draw_without_a_value_is_passed_over() -> None:
    def one_or_nothing(values) -> float:
        return 1.0 if 0 in values else math.nan

    interval = intervals.bootstrap_interval([0, 1], one_or_nothing, generator=generator(0), n=40)
    assert interval == (1, 1, 1)


@pytest.mark.parametrize(("values", "n"), [([], 100), ([1.0], 0)])
def test_nothing_to_draw_is_refused(values: list[float], n: int) -> None:
    with pytest.raises(ValueError, match=f"{len(values)} values drawn n={n} times; give at least"):
        intervals.bootstrap_interval(values, mean, generator=generator(0), n=n)


# Surprise.


def test_bits_and_perplexity_of_a_fair_die() -> None:
    bits = scores.bits_per_token([math.log(1 / 6)] * 10)
    assert bits == pytest.approx(math.log2(6))
    assert scores.perplexity(bits) == pytest.approx(6)


def test_an_impossible_token_is_infinitely_surprising() -> None:
    bits = scores.bits_per_token([math.log(0.5), -math.inf])
    assert bits == math.inf
    assert scores.perplexity(bits) == math.inf


def test_the_log_probabilities_may_be_a_tensor() -> None:
    assert scores.bits_per_token(torch.tensor([0.5, 0.125]).log()) == pytest.approx(2)


@pytest.mark.parametrize(
    ("log_probs", "match"),
    [
        ([], r"0 log-probabilities, 0 of them above 0 or nan \[\]; give one or more natural"),
        ([-1.0, 0.5], r"2 log-probabilities, 1 of them above 0 or nan \[0.5\]"),
        ([math.nan], r"1 log-probabilities, 1 of them above 0 or nan \[nan\]"),
    ],
)
def test_what_is_no_log_probability_is_refused(log_probs: list[float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        scores.bits_per_token(log_probs)


# Seeds and shares.


def test_a_t_interval_by_hand() -> None:
    # Mean 4, standard deviation 2, standard error 2 / sqrt(4); t(3 degrees, 97.5 %) = 3.18245.
    values = [4 - math.sqrt(6), 4, 4, 4 + math.sqrt(6)]
    interval = intervals.mean_interval(values)
    assert tuple(interval) == pytest.approx((4 - 3.18245, 4, 4 + 3.18245), abs=1e-4)


def test_a_t_interval_covers_as_often_as_it_says() -> None:
    samples = torch.randn(2000, 5, generator=generator(0)).tolist()
    ranges = [intervals.mean_interval(sample, level=0.8) for sample in samples]
    assert mean([i.low < 0 < i.high for i in ranges]) == pytest.approx(0.8, abs=0.03)


def test_one_seed_has_no_spread() -> None:
    with pytest.raises(ValueError, match="got 1 values; a spread needs 2 or more, one for each"):
        intervals.mean_interval([0.5])


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_wilson_by_its_formula(level: float) -> None:
    z, right, total = stats.norm.ppf(0.5 + level / 2), 7, 9
    share = right / total
    centre = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total)
    half *= math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    interval = intervals.accuracy(right, total, level)
    assert tuple(interval) == pytest.approx((centre - half, share, centre + half))


def test_all_right_is_still_uncertain() -> None:
    low, mid, high = intervals.accuracy(10, 10)
    assert low == pytest.approx(0.7225, abs=1e-4)
    assert (mid, high) == (1, pytest.approx(1))


@pytest.mark.parametrize(("right", "total"), [(3, 2), (-1, 2), (0, 0)])
def test_impossible_counts_are_refused(right: int, total: int) -> None:
    with pytest.raises(ValueError, match=f"{right} right of {total} cannot be; give 0 <= right"):
        intervals.accuracy(right, total)


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_is_a_share(level: float) -> None:
    for call in (
        lambda: intervals.accuracy(1, 2, level),
        lambda: intervals.mean_interval([1, 2], level),
        lambda: intervals.bootstrap_interval([1], mean, generator=generator(0), level=level),
    ):
        with pytest.raises(ValueError, match=f"level={level} must be between 0 and 1; 0.95"):
            call()


# Word similarity.

PAIRS = [("cat", "dog", 8.0), ("cat", "car", 2.0), ("car", "bus", 7.0), ("dog", "zebra", 5.0)]
PLACE = {"cat": 0.0, "dog": 1.0, "car": 9.0, "bus": 12.0}


def near(a: str, b: str) -> float:
    return -abs(PLACE[a] - PLACE[b])


def test_the_benchmark_scores_what_the_model_knows() -> None:
    score = scores.similarity_benchmark(PAIRS, near, PLACE, generator=generator(0), n=200)
    assert (score.covered, score.missing) == (3, 1)
    assert score.rho == pytest.approx(1.0)
    assert score.interval.mid == score.rho


def test_the_benchmark_feels_the_wrong_order() -> None:
    def far(a: str, b: str) -> float:
        return -near(a, b)

    score = scores.similarity_benchmark(PAIRS, far, PLACE, generator=generator(0), n=20)
    assert score.rho == pytest.approx(-1.0)


def test_the_benchmarks_interval_is_the_bootstraps() -> None:
    """As many draws as were asked for, at the level that was asked for."""
    rows = [(float(i), float(7 * i % 20)) for i in range(20)]

    def rho(rows) -> float:
        return scores.spearman(*zip(*rows, strict=True))

    for n, level in ((30, 0.5), (30, 0.9), (60, 0.5)):
        score = scores.similarity_benchmark(
            [(str(x), "x", y) for x, y in rows],
            lambda a, b: float(a),
            {"x", *(str(x) for x, _ in rows)},
            generator=generator(0),
            n=n,
            level=level,
        )
        want = intervals.bootstrap_interval(rows, rho, generator=generator(0), n=n, level=level)
        assert score.interval == want


def test_more_pairs_make_a_narrower_interval() -> None:
    noise = torch.randn(400, generator=generator(5)).tolist()
    pairs = [(f"a{i}", f"b{i}", i / 40) for i in range(400)]
    words = {word for pair in pairs for word in pair[:2]}

    def width(count: int) -> float:
        chosen = pairs[:: 400 // count]
        score = scores.similarity_benchmark(
            chosen,
            lambda a, b: int(a[1:]) / 100 + noise[int(a[1:])],
            words,
            generator=generator(0),
            n=200,
        )
        assert score.interval.low < score.rho < score.interval.high
        return score.interval.high - score.interval.low

    assert width(400) < 0.5 * width(25)


def test_too_few_known_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="both words of 1 among 4 pairs; 3 or more are needed"):
        scores.similarity_benchmark(PAIRS, near, {"cat", "dog"}, generator=generator(0))


def test_a_model_that_tells_nothing_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="got 3 and 3 values, 1 and 3 of them different; ranks"):
        scores.similarity_benchmark(PAIRS, lambda a, b: 0.0, PLACE, generator=generator(0))
