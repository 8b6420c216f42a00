"""Instruments on known cases: exact readers reach the limits, and what is wrong is seen as such."""

from collections import Counter
from math import log

import pytest
import torch
from torch import Tensor

from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled import abilities, filling, grid, knowing, scoring, writing
from bertgpt.controlled.arms import ARMS, new_model
from bertgpt.controlled.language import all_texts, drawn, little_toyland, vocab
from bertgpt.controlled.readers import Asked, Exact, each_place
from bertgpt.controlled.ways import (
    RestHidden,
    as_filler,
    as_writer,
    both_readers,
    fills,
    fills_from_the_left,
    left_reader,
    writes,
)
from bertgpt.generation.gaps import gap_log_probs, hide
from bertgpt.masks import causal_mask
from bertgpt.toyland.lengths import lengths


def numbers(n: int, seed: int = 0) -> Tensor:
    return drawn(n, torch.Generator().manual_seed(seed))


def some(n: int) -> list[tuple[str, ...]]:
    return [all_texts().words[i] for i in numbers(n).tolist()]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


# --- ways


def test_writer_and_filler_are_the_same_weights() -> None:
    arm = ARMS["both by turns"]
    bert = new_model(arm, 0).eval()
    ids, rows = all_texts().ids[numbers(4)], torch.arange(4)
    gpt, filler = as_writer(bert), as_filler(bert, arm)
    real = ids != SPECIAL_IDS.pad
    torch.testing.assert_close(
        gpt(ids)[real], bert.head(bert.stack(ids, causal_mask(16)))[real], rtol=0, atol=1e-5
    )
    places = torch.tensor([2, 3, 4, 5])
    seen = hide(ids, places, SPECIAL_IDS.mask)
    asked = Asked(bert, "full", "before").guess(ids, places)
    torch.testing.assert_close(gap_log_probs(filler, seen, places), asked, rtol=0, atol=1e-5)
    plain = as_filler(bert, ARMS["full, 40 %"])
    asked = Asked(bert, "full", "at").guess(ids, places)
    torch.testing.assert_close(gap_log_probs(plain, seen, places)[rows], asked, rtol=0, atol=1e-5)


def test_who_writes_and_who_fills() -> None:
    assert {n for n, a in ARMS.items() if writes(a) and fills(a)} == {
        "both by turns", "causal first", "masked first",
    }  # fmt: skip
    assert not writes(ARMS["full, next"])
    assert not fills(ARMS["causal, 40 %"])
    bert = new_model(ARMS["causal first"], 0)
    found = both_readers(bert, ARMS["causal first"])
    assert set(found) == {"gap", "left, rest [MASK]", "rescored"}
    for name, wanted in (("full, 40 %", "at"), ("causal, next", "before")):
        reader = left_reader(bert, ARMS[name])
        assert isinstance(reader, Asked)
        assert reader.reads == wanted


def test_a_reader_of_both_sides_is_shown_the_left_alone() -> None:
    ids, places = each_place(all_texts().ids[numbers(6)])
    hidden, _ = grid.questions(all_texts().ids[numbers(6)], "full, rest [MASK]")
    found = RestHidden(Exact("both")).guess(ids, places)
    assert torch.equal(found, Exact("both").guess(hidden, places))
    assert not torch.allclose(found.exp(), Exact("left").guess(ids, places).exp())  # length told


def test_bits_by_kind_are_those_of_the_grid() -> None:
    bert, ids = new_model(ARMS["full, 40 %"], 0).eval(), all_texts().ids[numbers(30)]
    by_kind = abilities.by_kind(bert, ARMS["full, 40 %"], ids)
    assert by_kind.keys() == {"full"}
    n_words = Counter[str]()
    for row in ids.tolist():
        words = filling.words_of(row)
        n_words[writing.kind(words)] += len(words)
    assert by_kind["full"].keys() == n_words.keys()
    mean = sum(by_kind["full"][kind] * n for kind, n in n_words.items()) / n_words.total()
    assert mean == pytest.approx(grid.bits(grid.asked(bert, ARMS["full, 40 %"], "full"), ids))


def test_hidden_words_of_causal_lessons_are_filled_from_the_left_alone() -> None:
    arm = ARMS["causal, 40 %"]
    assert [n for n, a in ARMS.items() if fills_from_the_left(a)] == ["causal, 40 %"]
    bert = new_model(arm, 0).eval()
    ids, places = each_place(all_texts().ids[numbers(4)])
    filler = as_filler(bert, arm)
    asked = Asked(bert, "causal", "at").guess(ids, places)
    found = gap_log_probs(filler, hide(ids, places, SPECIAL_IDS.mask), places)
    torch.testing.assert_close(found, asked, rtol=0, atol=1e-5)
    texts = writing.by_filling(filler, 3, 0, ["left"])
    assert texts.keys() == {"left"}
    assert len(texts["left"]) == 3


# --- filling


def test_the_exact_reader_fills_two_gaps_alike_in_both_orders() -> None:
    ids, places = filling.two_gaps(all_texts().ids[numbers(16)])
    found = filling.pair_bits(Exact("both"), ids, places)
    assert found["left"] == pytest.approx(found["right"], abs=1e-9)
    assert found["together"] > found["left"] + 0.5  # by what the two words say of each other
    gaps = filling.one_gap(Exact("both"), ids, places[:, 0])
    assert gaps["bits"] < filling.one_gap(Exact("left"), ids, places[:, 0])["bits"]


def test_the_two_gaps_of_every_kind_of_text_say_something_of_each_other() -> None:
    first: dict[tuple[str, bool], int] = {}
    for number, words in enumerate(all_texts().words):
        if filling.twins(words) is not None:
            first.setdefault((writing.kind(words), words[1] in ("gave", "lives")), number)
    assert {kind for kind, _ in first} == set(writing.kinds())
    ids, places = filling.two_gaps(all_texts().ids[list(first.values())])
    assert len(ids) == len(first) == 9
    for row, pair in zip(ids, places, strict=True):
        found = filling.pair_bits(Exact("both"), row[None], pair[None])
        assert found["together"] > found["left"] + 0.1, row.tolist()


def test_of_a_day_alone_no_two_words_tell_the_other() -> None:
    day = ("for", "anna", "and", "tom", "it", "was", "a", "good", "day")
    assert filling.twins((*day, ".")) is None
    assert filling.twins((*day, "and", "all", "smiled", ".")) == (7, 11)


def test_possible_texts_are_told_from_others() -> None:
    ids = all_texts().ids[numbers(20)]
    assert filling.possible(ids) == 1.0
    assert filling.possible(scoring.spoilt(ids, generator())) == 0.0


# --- writing


def test_texts_that_were_written_are_judged_by_the_language() -> None:
    good = writing.exact_sampler(2000, generator())
    assert good["possible"] == 1.0
    assert good["different"] == pytest.approx(1.0, abs=0.05)
    assert good["kinds"] < 0.05
    dull = writing.judged([("anna", "lives", "in", "the", "park", ".")] * 50)
    assert dull["different"] < 0.05
    assert dull["kinds"] == pytest.approx(1 - 2 / 16)
    assert writing.judged([("anna", "lives")] * 5)["possible"] == 0.0


def test_new_models_write_texts_and_none_is_possible() -> None:
    arm = ARMS["both by turns"]
    bert = new_model(arm, 0).eval()
    left = writing.from_the_left(as_writer(bert), 5, generator())
    filled = writing.by_filling(as_filler(bert, arm), 5, 0)
    assert set(filled) == {*writing.ORDERS, "Gibbs"}
    for texts in (left, *filled.values()):
        assert len(texts) == 5
        assert writing.judged(texts)["possible"] == 0.0
    wanted = sorted(writing.drawn_lengths(5, torch.Generator().manual_seed(0)))
    assert sorted(len(words) for words in filled["left"]) == wanted


# --- scoring


def test_a_spoilt_text_differs_in_one_word_and_does_not_exist() -> None:
    ids = all_texts().ids[numbers(20)]
    wrong = scoring.spoilt(ids, generator())
    assert (ids != wrong).sum(dim=1).tolist() == [1] * 20
    listed = set(map(tuple, all_texts().ids.tolist()))
    assert not listed & set(map(tuple, wrong.tolist()))


def test_with_exact_conditionals_every_order_gives_the_probability_of_the_text() -> None:
    which = numbers(6)
    ids = all_texts().ids[which]
    chances = lengths(little_toyland())
    n_words = ((ids != SPECIAL_IDS.pad).sum(dim=1) - 2).tolist()
    given_length = scoring.exact_scores(which) - torch.tensor(
        [log(chances[n]) for n in n_words], dtype=torch.float64
    )
    for seed in (0, 1):
        found = scoring.bound(Exact("both"), 1, seed)(ids)
        torch.testing.assert_close(found, given_length, rtol=0, atol=1e-9)
    pseudo = scoring.pseudo(Exact("both"))(ids)
    assert pseudo.mean() > given_length.mean()  # what words say of each other counts twice


def test_scores_are_compared_with_spoilt_copies() -> None:
    which = numbers(10)
    wrong = scoring.spoilt(all_texts().ids[which], generator())
    known = set(map(tuple, all_texts().ids.tolist()))

    def perfect(ids: Tensor) -> Tensor:
        if tuple(ids[0].tolist()) in known:
            return scoring.exact_scores(which)
        return torch.full((len(ids),), -1e9).double()

    found = scoring.compared(perfect, which, wrong)
    assert found["prefers"] == 1.0
    assert found["rank"] == pytest.approx(1.0)

    def blind(ids: Tensor) -> Tensor:
        return torch.arange(len(ids)).double()

    assert scoring.compared(blind, which, wrong)["prefers"] == 0.5


def test_a_model_without_preferences_on_all_texts() -> None:
    bert = new_model(ARMS["causal, next"], 0).eval()
    with torch.no_grad():
        for weight in bert.parameters():
            weight.zero_()
    V = len(vocab())
    n = (all_texts().ids != SPECIAL_IDS.pad).sum(dim=1) - 1  # words and the end
    p = all_texts().probabilities
    found = scoring.over_all_texts(bert)
    assert found["mass"] == pytest.approx(float((float(V) ** -n.double()).sum()), rel=1e-4)
    expected = (p * (p.log() + n * log(V))).sum().item() / log(2)
    assert found["excess"] == pytest.approx(expected, rel=1e-5)


# --- knowing


def test_who_knows_the_language_answers_what_it_was_shown() -> None:
    stories = some(150)
    both, left = Exact("both"), Exact("left")
    for cloze in knowing.agreement(stories).values():
        assert knowing.answered(left, cloze)["right"] == 1.0
    copies = knowing.copying(stories)
    assert knowing.answered(left, copies["forwards"])["right"] == 1.0
    assert knowing.answered(left, copies["answer"])["right"] == 1.0
    assert knowing.answered(both, copies["backwards"])["right"] == 1.0
    assert knowing.answered(left, copies["backwards"])["right"] < 0.5
    facts = knowing.fact_questions()
    assert knowing.answered(left, facts["told"])["right"] == 1.0
    assert knowing.answered(both, facts["told, asked for the first"])["right"] == 1.0
    assert knowing.answered(left, facts["told, asked for the first"])["right"] < 0.5


def test_the_nearest_animal_misleads_where_it_should() -> None:
    cases = knowing.agreement([
        ("the", "dogs", "near", "the", "cat", "were", "wet", "."),
        ("the", "dogs", "near", "the", "cats", "were", "wet", "."),
    ])  # fmt: skip
    assert [len(cases[k]) for k in ("nearest misleads", "nearest agrees")] == [1, 1]
    assert cases["nearest misleads"][0].words[4] == "cat"


def test_homes_are_told_as_the_grammar_says() -> None:
    facts = knowing.homes()
    assert len(facts) == 10
    ways = [(fact.name_first, fact.home_first) for fact in facts]
    assert [ways.count(w) for w in ((True, True), (True, False), (False, True))] == [4, 3, 3]
    known = set(all_texts().words)
    questions = knowing.fact_questions()
    assert all(cloze.words in known for cloze in questions["told"])
    assert not any(cloze.words in known for cloze in questions["untold"])
    assert all(len(some_) == 6 for some_ in questions.values())


def test_ties_are_shared_and_no_questions_are_refused() -> None:
    class Even:
        def guess(self, ids: Tensor, places: Tensor) -> Tensor:
            return torch.zeros(len(ids), len(vocab()))

    found = knowing.answered(Even(), knowing.fact_questions()["told"])
    assert found["right"] == pytest.approx(0.1)
    assert found["bits"] == pytest.approx(log(10) / log(2))
    with pytest.raises(ValueError, match="no questions were given; take more texts"):
        knowing.answered(Even(), [])


def test_each_place_is_asked_of_the_left_and_of_both() -> None:
    ids, place = each_place(all_texts().ids[numbers(3)])
    left = Exact("left").guess(ids, place).gather(1, ids.gather(1, place[:, None]))
    both = Exact("both").guess(ids, place).gather(1, ids.gather(1, place[:, None]))
    assert left.sum().item() < both.sum().item()
