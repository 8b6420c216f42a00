"""Spoilt corpora: what is spoilt, and readers of them checked against sums over all texts."""

from collections import Counter
from collections.abc import Iterator
from itertools import permutations
from math import exp, log

import pytest
import torch

from bertgpt.config import SPECIAL_IDS, tiny
from bertgpt.evaluation.results import load_result
from bertgpt.experiments import data_quality
from bertgpt.experiments.data_quality import HALF, Plan, asked, corrected
from bertgpt.experiments.sampled_stories import as_words, is_story
from bertgpt.experiments.spoilt_readers import Shuffled, half_known, through_noise
from bertgpt.experiments.spoilt_sources import by_chance, limit, sources
from bertgpt.experiments.spoilt_stories import (
    FIRST,
    Noise,
    counted,
    half_repeated,
    partners,
    sentences,
    shuffled,
)
from bertgpt.gpt import GPT
from bertgpt.toyland import END, toyland
from bertgpt.toyland.language import Grammar
from bertgpt.training.held_out import left_to_right
from bertgpt.training.measured import first
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import GPT_RECIPE
from bertgpt.training.stories import TEST_SEED, draw_stories, encode_story, toyland_vocab

# Small enough for sums over all its texts; its words are Toyland's. A pet comes again in the second
# sentence, and the third may not be about it.
SMALL = Grammar(
    "\n".join(
        [
            "words pet: cat dog cow",
            "words low: sad angry tired",
            "rule STORY",
            "  2  the ?x:pet saw a ?y:pet . the !x was ?low .",
            "  1  the ?x:pet was sad .",
            "  1  the ?x:pet was sad . a ?y:pet was glad . the !x saw it .",
        ]
    )
)


def everything(language: Grammar) -> dict[tuple[str, ...], float]:
    """All texts of a small language with their probabilities."""

    def grown(words: tuple[str, ...], p: float) -> Iterator[tuple[tuple[str, ...], float]]:
        for word, q in language.next_words(words).items():
            if word == END:
                yield words, p * q
            else:
                yield from grown((*words, word), p * q)

    return dict(grown((), 1.0))


def cut(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    ids = encode_story(words)
    return [tuple(toyland_vocab().decode(sentence)) for sentence in sentences(ids)]


def both_noises() -> list[Noise]:
    return [Noise(0.3), Noise(0.3, partners(torch.Generator().manual_seed(3)))]


def test_wrong_partners_make_one_circle_through_all_words() -> None:
    wrong = partners(torch.Generator().manual_seed(3))
    assert torch.equal(wrong[:FIRST], torch.arange(FIRST))
    at, seen = FIRST, set()
    while at not in seen:
        seen.add(at)
        at = int(wrong[at])
    assert len(seen) == len(toyland_vocab()) - FIRST


@pytest.mark.parametrize("kind", [0, 1])
def test_noise_exchanges_three_words_in_ten_and_no_ends(kind: int) -> None:
    noise, texts = both_noises()[kind], draw_stories(300, 11)
    spoilt = noise.spoil(texts, torch.Generator().manual_seed(0))
    before, after = texts.ids.long(), spoilt.ids.long()
    changed = before != after
    assert torch.equal(texts.lengths, spoilt.lengths)
    assert not bool(changed[before < FIRST].any())
    assert changed[before >= FIRST].float().mean().item() == pytest.approx(0.3, abs=0.02)
    always = Noise(1.0, noise.partner).spoil(texts, torch.Generator().manual_seed(0)).ids.long()
    assert bool((always != before)[before >= FIRST].all())
    wrong = {(int(a), int(b)) for a, b in zip(before[changed], after[changed], strict=True)}
    if noise.partner is not None:
        assert wrong == {(a, int(noise.partner[a])) for a, _ in wrong}
    else:
        assert len(wrong) > 0.5 * int(changed.sum())  # hardly one exchange twice
        assert int(after[changed].min()) >= FIRST


@pytest.mark.parametrize("kind", [0, 1])
def test_the_channel_is_the_same_in_all_its_forms(kind: int) -> None:
    noise, vocab = both_noises()[kind], toyland_vocab()
    matrix = noise.matrix()
    assert torch.allclose(matrix.sum(0), torch.ones(len(vocab), dtype=torch.float64))
    for seen in ("anna", ".", "zoo"):
        likely, rest = noise.likelihoods(seen)
        row = matrix[vocab.encode([seen])[0]]
        for word in vocab.words[FIRST:]:
            p = row[vocab.encode([word])[0]].item()
            assert p == pytest.approx(likely.get(word, rest)), (seen, word)
    text = draw_stories(300, 11)
    spoilt = noise.spoil(text, torch.Generator().manual_seed(1))
    pairs = Counter(zip(text.ids.tolist(), spoilt.ids.tolist(), strict=True))
    (dot,) = vocab.encode(["."])
    kept = pairs[dot, dot] / sum(n for (a, _), n in pairs.items() if a == dot)
    assert kept == pytest.approx(matrix[dot, dot].item(), abs=0.05)


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize(
    "text",
    [
        "the cat was sad .",
        "the dog was sad .",
        "the dog saw a cow . the dog was angry .",
        "the dog saw a cow . the zoo was zoo .",
        "zoo cat glad sad .",
    ],
)
def test_the_reader_of_noise_agrees_with_a_sum_over_all_texts(kind: int, text: str) -> None:
    noise, vocab, words = both_noises()[kind], toyland_vocab(), text.split()
    matrix, ids = noise.matrix(), vocab.encode(text.split())
    total = 0.0
    for other, p in everything(SMALL).items():
        if len(other) == len(words):
            for seen, meant in zip(ids, vocab.encode(other), strict=True):
                p *= matrix[seen, meant].item()
            total += p
    if not total:  # with one wrong word for each, most texts cannot be
        with pytest.raises(ValueError, match=r"\(position \d\) can be neither meant nor noise"):
            through_noise(SMALL, noise, words, least=0.0)
    else:
        found = through_noise(SMALL, noise, words, least=0.0)
        assert found.seen == pytest.approx(-log(total), abs=1e-9)


def test_without_noise_the_reader_is_the_exact_one() -> None:
    for words in as_words(first(draw_stories(300, 77), 5)):
        found = through_noise(toyland(), Noise(0.0), words)
        assert found.seen == pytest.approx(-toyland().log_probability(words), abs=1e-9)
        assert found.meant == pytest.approx(found.seen, abs=1e-9)


def test_giving_up_places_hardly_changes_what_the_reader_says() -> None:
    (noise, _), texts = both_noises(), first(draw_stories(300, 77), 2)
    for words in as_words(noise.spoil(texts, torch.Generator().manual_seed(0))):
        careful = through_noise(toyland(), noise, words, least=1e-9)
        found = through_noise(toyland(), noise, words)
        assert careful.seen - 1e-9 < found.seen < careful.seen + 1e-3
        crude = through_noise(toyland(), noise, words, least=1e-2)
        assert crude.seen > found.seen + 1e-3


def test_sentences_are_dealt_out_and_none_is_lost() -> None:
    texts = draw_stories(300, 11)
    dealt = shuffled(texts, torch.Generator().manual_seed(0))
    pools = [Counter(tuple(s) for text in t for s in sentences(text)) for t in (texts, dealt)]
    assert pools[0] == pools[1]
    numbers = [[len(sentences(text)) for text in t] for t in (texts, dealt)]
    assert numbers[0] == numbers[1]
    assert int(texts.lengths.sum()) == int(dealt.lengths.sum())
    assert sum(map(is_story, as_words(dealt))) < 0.1 * len(texts)


def test_the_reader_of_shuffled_sentences_agrees_with_a_sum_over_all_texts() -> None:
    reader, numbers, pool = Shuffled(SMALL), Counter[int](), Counter[tuple[str, ...]]()
    for words, p in everything(SMALL).items():
        numbers[len(cut(words))] += p  # type: ignore[assignment]
        for sentence in cut(words):
            pool[sentence] += p  # type: ignore[assignment]
    per_story = sum(pool.values())
    assert reader.numbers == pytest.approx(dict(numbers))
    for sentence, mass in pool.items():
        assert reader.sentence(sentence) == pytest.approx(mass / per_story), sentence
    pets = list(permutations(("cat", "dog", "cow"), 2))
    assert sum(reader.sentence(tuple(f"the {x} saw a {y} .".split())) for x, y in pets) < 1
    assert reader.sentence(("the", "cat", "saw", "a", "cat", ".")) == 0
    assert reader.sentence(("the", "cat", "saw")) == 0  # not to its end
    some = [tuple("the cat was sad .".split()), tuple("a cow was glad .".split())]
    expected = numbers[2] * pool[some[0]] * pool[some[1]] / per_story**2
    assert reader.log_probability(some) == pytest.approx(log(expected))


def test_sentences_drawn_from_toyland_are_as_probable_as_the_reader_says() -> None:
    reader, texts = Shuffled(toyland()), draw_stories(2000, 11)
    assert sum(reader.starts.values()) == pytest.approx(1)
    drawn = Counter(s for words in as_words(texts) for s in cut(words))
    n = sum(drawn.values())
    for sentence in ("it was a bad day .", "nobody had one .", "they played until it was dark ."):
        p = reader.sentence(tuple(sentence.split()))
        assert drawn[tuple(sentence.split())] / n == pytest.approx(p, abs=4 * (p / n) ** 0.5)


def test_a_text_that_cannot_be_dealt_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1 sentences, of which \['glad'\].* give 1 to 3 sentenc"):
        Shuffled(SMALL).log_probability([("glad",)])


def test_half_of_the_texts_are_repeated_ones_and_the_best_reader_knows_which() -> None:
    fresh, repeated = draw_stories(100, 11), first(draw_stories(300, 77), 4)
    texts = half_repeated(fresh, repeated, torch.Generator().manual_seed(0))
    known = Counter(as_words(texts))
    assert sum(known[words] for words in as_words(repeated)) == 50
    assert counted(texts)["different"] == 54
    one_each = dict.fromkeys(as_words(repeated), 1 / 4)
    new, old = as_words(fresh)[0], as_words(repeated)[0]
    exact = toyland().log_probability(new)
    assert half_known(toyland(), new, one_each) == pytest.approx(exact - log(2))  # one bit
    expected = (exp(toyland().log_probability(old)) + 1 / 4) / 2
    assert half_known(toyland(), old, one_each) == pytest.approx(log(expected))


@pytest.mark.parametrize("kind", [0, 1])
def test_a_reader_that_expects_noise_can_be_corrected(kind: int) -> None:
    noise = both_noises()[kind]
    generator = torch.Generator().manual_seed(0)
    meant = torch.rand(3, len(toyland_vocab()), dtype=torch.float64, generator=generator) ** 20
    meant /= meant.sum(-1, keepdim=True)  # a few tokens are likely
    found = corrected(meant @ noise.matrix().T, noise, 1e-9)
    assert torch.allclose(found, meant)
    assert not torch.allclose(meant @ noise.matrix().T, meant, atol=1e-3)


def test_bits_of_a_model_are_those_of_its_pretraining() -> None:
    torch.manual_seed(0)
    model = GPT(tiny(len(toyland_vocab()), max_positions=96)).eval()
    texts = draw_stories(100, 11)
    expected = left_to_right(model, texts, SPECIAL_IDS, GPT_RECIPE).bits
    assert asked(model, texts)["bits"] == pytest.approx(expected, abs=1e-4)


def test_chance_makes_copies_of_what_is_repeated_and_hardly_of_the_rest() -> None:
    repeated, read = first(draw_stories(300, 77), 4), draw_stories(100, 11)
    found = sources(repeated, torch.Generator().manual_seed(0))["duplicates"]
    corpus = found.spoil(read, torch.Generator().manual_seed(0))
    chance = by_chance(found, corpus, draw_stories(100, 12), seed=0)
    assert chance == {"exact": 0.0, "own": 0.5}
    again = by_chance(found, corpus, Ragged.of(list(repeated)), seed=0)
    assert again["exact"] == 1.0


def test_no_source_is_easier_for_clean_stories_than_clean_ones() -> None:
    texts = as_words(first(draw_stories(300, 77), 4))
    found = sources(draw_stories(12, 5), torch.Generator().manual_seed(0))
    limits = {name: limit(source, texts) for name, source in found.items()}
    n = sum(len(words) + 1 for words in texts)
    exact = -sum(map(toyland().log_probability, texts)) / n / log(2)
    assert limits.pop("clean") == pytest.approx(exact, abs=1e-5)
    # Noise cannot cost less than what is kept for it where the grammar leaves one word only.
    for name in ("uniform noise", "structured noise"):
        assert limits.pop(name) > exact + 0.9 * log(1 / 0.7) / log(2)
    assert limits["duplicates"] == pytest.approx(exact + 4 / n, abs=1e-5)
    assert limits["shuffled sentences"] > exact + 0.3


def test_the_whole_experiment_in_small() -> None:
    plan = Plan(
        steps=4, batch=6, width=16, n_layers=1, n_pool=100, n_repeated=6, n_test=3, n_written=2,
        n_fresh=40,
    )  # fmt: skip
    found = data_quality.compared(0, plan)
    arms = found["arms"]
    half = arms.pop(HALF)["read"]
    assert half["tokens"] < 0.6 * arms["clean"]["read"]["tokens"]
    assert half["different"] == 12
    assert list(arms) == [
        "clean", "uniform noise", "structured noise", "duplicates", "shuffled sentences",
    ]  # fmt: skip
    assert arms["clean"]["clean"]["limit"] == found["floor"]
    for name, arm in arms.items():
        assert arm["read"]["tokens"] == pytest.approx(arms["clean"]["read"]["tokens"], rel=0.1)
        assert arm["clean"]["bits"] > arm["clean"]["limit"] >= found["floor"], name
    for name in ("uniform noise", "structured noise"):
        assert found["floor"] < arms[name]["without noise"]["limit"] < arms[name]["clean"]["limit"]
    fresh = arms["duplicates"]["clean"]["limit"] - found["floor"]
    texts = first(draw_stories(2000, TEST_SEED), 3)
    assert fresh == pytest.approx(3 / (int(texts.lengths.sum()) - 3), abs=1e-4)  # one bit each


def test_the_stored_arms_read_as_many_tokens_and_none_beats_its_own_best_reader() -> None:
    for value in load_result("data_quality")["values"]:
        arms = value["arms"]
        read = {name: arm["read"] for name, arm in arms.items()}
        for name, counts in read.items():
            part = 0.5 if name == HALF else 1.0
            assert counts["tokens"] == pytest.approx(part * read["clean"]["tokens"], rel=0.02), name
        repeated = read["clean"]["different"] / 2 + Plan().n_repeated
        assert read["duplicates"]["different"] == pytest.approx(repeated, rel=0.01)
        for arm in arms.values():
            assert arm["own"]["bits"] > arm["own"]["limit"]  # on 200 texts of its own source
        assert arms["clean"]["clean"]["limit"] == value["floor"]
        assert arms["duplicates"]["by chance"]["own"] == pytest.approx(0.5, abs=0.02)
        assert max(arm["by chance"]["exact"] for arm in arms.values()) < 0.01
