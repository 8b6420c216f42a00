"""Words get numbers by frequency, and unknown ones a message or a number of their own."""

from typing import Any

import pytest
import torch

from bertgpt.tokens.vocab import UNK, Vocab

SENTENCES = [["the", "cat", "saw", "the", "dog"], ["the", "dog", "saw", "her"], ["a", "cat"]]


def test_numbers_go_by_frequency_then_by_the_alphabet() -> None:
    vocab = Vocab.from_sentences(SENTENCES)
    assert vocab.words == (UNK, "the", "cat", "dog", "saw", "a", "her")
    assert vocab.counts == (0, 3, 2, 2, 2, 1, 1)


def test_the_order_of_the_sentences_changes_nothing() -> None:
    assert Vocab.from_sentences(SENTENCES[::-1]).words == Vocab.from_sentences(SENTENCES).words


def test_rare_words_hand_their_counts_to_unk() -> None:
    vocab = Vocab.from_sentences(SENTENCES, min_count=2)
    assert vocab.words == (UNK, "the", "cat", "dog", "saw")
    assert vocab.counts == (2, 3, 2, 2, 2)
    assert sum(vocab.counts) == sum(len(sentence) for sentence in SENTENCES)


def test_without_unk_rare_words_are_gone() -> None:
    vocab = Vocab.from_sentences(SENTENCES, min_count=3, specials=())
    assert (vocab.words, vocab.counts) == (("the",), (3,))


def test_specials_come_first_and_keep_their_own_counts() -> None:
    vocab = Vocab.from_counts({"b": 5, UNK: 2, "a": 1, "</s>": 4}, specials=("</s>", UNK, "<s>"))
    assert vocab.words == ("</s>", UNK, "<s>", "b", "a")
    assert vocab.counts == (4, 2, 0, 5, 1)


def test_encode_and_decode_are_inverse_for_known_words() -> None:
    vocab = Vocab.from_sentences(SENTENCES)
    ids = vocab.encode(SENTENCES[0])
    assert ids == [1, 2, 4, 1, 3]
    assert vocab.decode(ids) == SENTENCES[0]
    assert vocab.decode(range(len(vocab))) == list(vocab.words)


def test_an_unknown_word_becomes_unk() -> None:
    vocab = Vocab.from_sentences(SENTENCES)
    assert vocab.decode(vocab.encode(["the", "zebra"])) == ["the", UNK]


def test_what_a_vocab_holds() -> None:
    vocab = Vocab.from_sentences(SENTENCES)
    assert len(vocab) == 7
    assert "cat" in vocab
    assert "zebra" not in vocab
    assert repr(vocab) == "Vocab(7 words: <unk> the cat dog saw a her)"


def test_without_unk_an_unknown_word_is_named_with_its_neighbours() -> None:
    vocab = Vocab.from_sentences(SENTENCES, specials=())
    with pytest.raises(ValueError, match=r"'cats' is none of the 6 words .* close to it: 'cat'"):
        vocab.encode(["the", "cats"])
    with pytest.raises(ValueError, match=r"'' is none of .* has no '<unk>' .*: no word"):
        vocab.encode(["the", ""])


@pytest.mark.parametrize("number", [-1, 7])
def test_a_number_without_a_word_is_refused(number: int) -> None:
    vocab = Vocab.from_sentences(SENTENCES)
    with pytest.raises(ValueError, match=f"no word has the id {number}; ids run from 0 to 6"):
        vocab.decode([0, number])


@pytest.mark.parametrize(("sentences", "min_count"), [(SENTENCES, 4), (SENTENCES, 0), ([], 1)])
def test_a_vocab_without_words_is_refused(sentences: list[list[str]], min_count: int) -> None:
    most = 3 if sentences else 0
    with pytest.raises(
        ValueError, match=rf"min_count={min_count} leaves none of \d words, .* occurs {most} times"
    ):
        Vocab.from_sentences(sentences, min_count=min_count)


def test_a_word_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="3 words, 2 of them different, with 3 counts"):
        Vocab(["a", "b", "a"], [1, 2, 3])
    with pytest.raises(ValueError, match="give each word once, with one count"):
        Vocab(["a", "b"], [1])


@pytest.mark.parametrize(
    "call",
    [
        lambda: Vocab.from_sentences("the cat sat"),
        lambda: Vocab.from_sentences(["the cat sat"]),
        lambda: Vocab.from_sentences("the cat sat".split()),
        lambda: Vocab.from_sentences(SENTENCES).encode("the cat"),
        lambda: Vocab.from_sentences(SENTENCES, specials=()).encode("the cat"),
    ],
)
def test_a_string_is_not_read_letter_by_letter(call) -> None:
    with pytest.raises(ValueError, match=r"a list of words, got the string 'the.*text.split\(\)"):
        call()
    assert Vocab.from_sentences([list("abc")]).encode(list("cab")) == [3, 1, 2]


@pytest.mark.parametrize(
    "call",
    [
        lambda: Vocab.from_counts({"a": 1}, specials="<unk>"),
        lambda: Vocab.from_sentences(SENTENCES, specials="<unk>"),
    ],
)
def test_special_words_are_a_list(call) -> None:
    told = r"got the string '<unk>'; give specials=\['<unk>'\], a list even of one"
    with pytest.raises(ValueError, match=told):
        call()
    assert Vocab.from_counts({"a": 1}, specials=iter(["<s>", UNK])).words == ("<s>", UNK, "a")


@pytest.mark.parametrize(
    ("ids", "shown"),
    [
        ("a", "'a'"), ("", "''"), (3, "3"), (None, "None"), ([1.0], r"1\.0"), (["1"], "'1'"),
        ([[1, 2]], r"\[1, 2\]"), (torch.tensor([[1, 2]]), r"\[1, 2\]"), (torch.tensor(1), "1"),
        (torch.tensor([1.0]), r"1\.0"),
    ],
)  # fmt: skip
def test_what_is_not_a_list_of_ids(ids: Any, shown: str) -> None:
    told = (
        rf"expected a list of ids, which are whole numbers, got {shown}; encode makes .*: ids\[0\]"
    )
    with pytest.raises(ValueError, match=told):
        Vocab.from_sentences(SENTENCES).decode(ids)


def test_ids_in_a_tensor() -> None:
    vocab = Vocab.from_sentences(SENTENCES)
    ids = torch.tensor([1, 2])
    assert vocab.decode(ids) == vocab.decode(list(ids)) == vocab.decode(iter([1, 2]))
    with pytest.raises(ValueError, match="no word has the id 7; ids run from 0 to 6"):
        vocab.decode(ids + 5)
