"""Strings backwards and dates: the tasks are as they are said to be, and so are the scores."""

from datetime import date, timedelta

import pytest
import torch

from bertgpt.evaluation.results import load_result
from bertgpt.experiments import translation as task
from bertgpt.recurrent.seq2seq import Seq2Seq


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- strings


def test_a_target_is_its_source_backwards() -> None:
    source, target = task.reversal_pair(50, 7, seeded())
    assert source.shape == (50, 7)
    for read, write in zip(source.tolist(), target.tolist(), strict=True):
        assert write == [*reversed(read), 2]
    assert set(source.flatten().tolist()) == set(range(3, 15))


def test_strings_to_train_on_have_all_lengths_and_no_more() -> None:
    generator = seeded()
    lengths = {task.reversal_draw(1, generator).source.shape[1] for _ in range(400)}
    assert lengths == set(range(3, 21))
    assert max(task.LENGTHS) > task.LONGEST


def test_a_seed_decides_all_draws() -> None:
    kinds = ("trained", "new pair")
    for draw in (task.reversal_draw, *(lambda n, g, k=k: task.date_draw(n, k, g) for k in kinds)):
        one, other = draw(20, seeded(3)), draw(20, seeded(3))
        assert one.source.equal(other.source)
        assert one.target.equal(other.target)


# --- dates


def read_back(words: list[str], style: str) -> date:
    """A date from its words, by another way than they were made."""
    month = next(w for w in words if w in task.MONTHS)
    if style == "short":
        at = words.index(month)
        return date(int("".join(words[at + 1 :])), task.MONTHS.index(month) + 1,
                    int("".join(words[:at])))  # fmt: skip
    nth = {d: n + 1 for n, d in enumerate(task.DAYS)} | {
        "thirtieth": 30,
        "twenty": 20,
        "thirty": 30,
    }
    if style == "day first":
        cut = words.index("of")
        day, year = words[1:cut], words[cut + 2 :]
    else:
        end = 4 if words[2] in ("twenty", "thirty") else 3
        day, year = words[2:end], words[end:]
    value = {u: n for n, u in enumerate(task.UNITS)} | {w: n for n, w in task.TENS.items()}
    if year[:2] == ["two", "thousand"]:
        number = 2000 + (value[year[3]] if len(year) > 2 else 0)
    else:
        number = 100 * value[year[0]] + sum(value[w] for w in year[1:] if w != "hundred")
    return date(number, task.MONTHS.index(month) + 1, sum(nth[d] for d in day))


@pytest.mark.parametrize("style", task.STYLES)
def test_every_date_can_be_read_back(style: str) -> None:
    """All 73,049 days in each style: no two are written alike, and none is written wrong."""
    day = date.fromordinal(task.FIRST)
    while day.toordinal() <= task.LAST:
        assert read_back(task.in_words(day, style), style) == day
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("year", "words"),
    [
        (1900, "nineteen hundred"),
        (1901, "nineteen oh one"),
        (1909, "nineteen oh nine"),
        (1911, "nineteen eleven"),
        (1950, "nineteen fifty"),
        (2000, "two thousand"),
        (2009, "two thousand and nine"),
        (2010, "twenty ten"),
        (2099, "twenty ninety nine"),
    ],
)
def test_years_in_words(year: int, words: str) -> None:
    assert " ".join(task.spoken_year(year)) == words


@pytest.mark.parametrize(
    ("day", "words"),
    [(1, "first"), (12, "twelfth"), (20, "twentieth"), (21, "twenty first"), (30, "thirtieth"),
     (31, "thirty first")],
)  # fmt: skip
def test_days_in_words(day: int, words: str) -> None:
    assert " ".join(task.in_words(date(1999, 1, day), "day first")).startswith(f"the {words} of")
    assert " ".join(task.in_words(date(1999, 1, day), "month first")).startswith(
        f"january the {words} nineteen"
    )


@pytest.mark.parametrize(("day", "style"), [(date(1899, 12, 31), "short"), (date(1999, 1, 1), "x")])
def test_a_date_that_cannot_be_said_is_refused(day: date, style: str) -> None:
    with pytest.raises(ValueError, match=r"must be one of day first.*one from 1900 to 2099"):
        task.in_words(day, style)


def test_what_is_held_back_is_never_drawn_to_train() -> None:
    counts = dict.fromkeys(task.KINDS, 0)
    for ordinal in range(task.FIRST, task.LAST + 1):
        for style in task.STYLES:
            counts[task.kind_of(ordinal, style)] += 1
    assert counts["new pair"] == 3653  # the days of ten years
    assert counts["new date"] / sum(counts.values()) == pytest.approx(0.1, abs=0.003)
    pair = task.date_draw(300, "trained", seeded())
    for source, target in zip(*pair, strict=True):
        day = date.fromisoformat("".join(task.ISO[i] for i in target[:-1]))
        words = [task.WORDS[i] for i in source if i]
        style = next(s for s in task.STYLES if task.in_words(day, s) == words)
        assert task.kind_of(day.toordinal(), style) == "trained"
        assert day.toordinal() % 10
        assert not (style == "day first" and 1960 <= day.year < 1970)


def test_no_word_stands_twice_in_a_vocabulary() -> None:
    for vocabulary in (task.WORDS, task.ISO, task.SYMBOLS):
        assert len(set(vocabulary)) == len(vocabulary)


# --- scores


class Writer(Seq2Seq):
    """Writes fixed texts: right ones but for the slips that are asked for."""

    def __init__(self, target: torch.Tensor) -> None:
        super().__init__(task.reverser("none").cfg)
        self.texts = target

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(self.texts, len(task.SYMBOLS)).float()

    def generate(self, source, max_tokens, records=None):  # type: ignore[no-untyped-def]
        ended = (self.texts == 2).cumsum(1) > 0
        return self.texts.masked_fill(ended & (self.texts != 2), 0)[:, :max_tokens]


def test_scores_count_what_they_say() -> None:
    pair = task.reversal_pair(2, 4, seeded())
    assert task.scores(Writer(pair.target), pair) == {"forced": 1.0, "free": 1.0, "exact": 1.0}
    slip = pair.target.clone()
    slip[0, 1] = slip[0, 1] % 12 + 3  # another symbol
    assert task.scores(Writer(slip), pair) == {"forced": 0.875, "free": 0.875, "exact": 0.5}
    late = pair.target.clone()
    late[1, 4] = 5  # all symbols right, and no end
    assert task.scores(Writer(late), pair) == {"forced": 1.0, "free": 1.0, "exact": 0.5}
    early = pair.target.clone()
    early[1, 2] = 2  # ends after two of four
    found = task.scores(Writer(early), pair)
    assert found == {"forced": 0.875, "free": 0.75, "exact": 0.5}


def test_exact_match_is_the_same_forced_and_free() -> None:
    """Until its first slip a model reads the same either way."""
    torch.manual_seed(0)
    model = task.reverser("additive", width=16)
    for _ in task.learn(model, 0, 150):
        pass
    pair = task.reversal_pair(300, 3, seeded(5))
    with torch.no_grad():
        forced = (model(*pair).argmax(-1) == pair.target).all(dim=1)
    found = task.scores(model, pair)
    assert 0 < found["exact"] < 1
    assert found["exact"] == pytest.approx(forced.float().mean().item())


def test_one_state_alone_can_be_read() -> None:
    """What is masked is not felt: only the place that may be read has weight, and decides."""
    torch.manual_seed(0)
    model, pair = task.reverser("dot"), task.reversal_pair(40, 6, seeded(1))
    own = torch.arange(6).flip(0)
    right, darkest = task.right_letters(model, pair, (torch.arange(6) == own[:, None])[None])
    assert right.shape == darkest.shape == (40, 6)
    assert (darkest == own).all()
    free, everywhere = task.right_letters(model, pair)
    assert not (everywhere == own).all()
    assert free.float().mean().item() == pytest.approx(task.scores(model, pair)["forced"])


def test_each_string_can_have_states_of_its_own_hidden() -> None:
    torch.manual_seed(0)
    model, pair = task.reverser("additive"), task.reversal_pair(40, 6, seeded(1))
    _, darkest = task.right_letters(model, pair)
    _, second = task.right_letters(model, pair, torch.arange(6) != darkest[..., None])
    assert not (second == darkest).any()


def test_the_largest_weight_is_not_where_the_letter_came_from() -> None:
    for value in load_result("one_state")["values"]:
        for form in ("additive", "dot"):
            sides = [value[form][side] for side in ("at", "right", "left")]
            assert sum(sides) == pytest.approx(1.0)
            assert value[form]["own"] > 0.99
        assert value["additive"]["at"] < 0.85
        assert value["additive"]["darkest"] < 0.3


def test_a_model_learns_from_its_own_task() -> None:
    torch.manual_seed(0)
    model = task.dater("dot")
    first, *_, last = (step.loss for step in task.learn(model, 0, 60))
    assert last < 0.7 * first


# --- what is stored


def test_forms_differ_in_parameters_as_said() -> None:
    sizes = {form: task.n_parameters(task.reverser(form)) for form in task.FORMS}
    assert sizes["none"] == sizes["dot"] == sizes["additive"] - (2 * 32 * 32 + 32 + 32)
    stored = load_result("reversal")["values"]
    assert {form: stored[0][form]["parameters"] for form in task.FORMS} == sizes


def test_the_numbers_to_reach_at_length_20() -> None:
    for value in load_result("reversal")["values"]:
        assert value["none"]["20"]["forced"] <= 0.65
        assert value["additive"]["20"]["forced"] >= 0.98


def test_the_stored_bottleneck_begins_where_the_reversal_is() -> None:
    """The same function of the same seed: width 32, 1200 steps."""
    for one, other in zip(*(load_result(n)["values"] for n in ("reversal", "bottleneck")),
                          strict=True):  # fmt: skip
        assert one["none"] == other["none 32 1200"]
