"""Opinions: each sentence has a twin of the same words that says the opposite."""

import pytest

from bertgpt.tasks import opinions as task


def test_each_sentence_has_a_twin_that_says_the_opposite() -> None:
    seen, unseen = task.opinions(0)
    for part in (seen, unseen):
        bags: dict[tuple[str, ...], list[int]] = {}
        for sentence, good in part:
            bags.setdefault(tuple(sorted(sentence.split())), []).append(good)
        assert all(sorted(told) == [0, 1] for told in bags.values())
    content = {*task.GOOD, *task.BAD}
    pairs = [{frozenset(content & set(s.split())) for s, _ in part} for part in (seen, unseen)]
    assert not pairs[0] & pairs[1]
    assert len(pairs[0]) + len(pairs[1]) == len(task.GOOD) * len(task.BAD)


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
    assert (sentence, good) in [*task.opinions(0)[0], *task.opinions(0)[1]]
