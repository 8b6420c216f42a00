"""Labels of stories: what a story is about, how it ends, and when a reader can know."""

from collections import Counter

import pytest
import torch

from bertgpt.tasks import story_labels as task
from bertgpt.toyland import toyland
from bertgpt.toyland.language import Grammar
from bertgpt.training.readouts import Example
from bertgpt.training.stories import toyland_vocab

OPEN = "anna was a pirate who lived near the park . "


def test_fresh_stories_are_all_different_and_none_is_taken() -> None:
    lines = ["words pet: cat dog cow", "rule STORY", "  8 a ?pet sang", "  1 a ?pet slept"]
    small = Grammar("\n".join(lines))
    stories = task.fresh_stories(5, 0, [("a", "cat", "sang")], small)
    assert len({s.words for s in stories}) == 5  # all others of the six
    assert ("a", "cat", "sang") not in {s.words for s in stories}
    with pytest.raises(ValueError, match="600 draws gave 5 new stories, and 6 were asked for; ask"):
        task.fresh_stories(6, 0, [("a", "cat", "sang")], small)
    first = task.fresh_stories(60, 5)
    assert [s.words for s in task.fresh_stories(40, 5, [s.words for s in first[:20]])] == [
        s.words for s in first[20:]
    ]


def test_the_topic_is_the_alternative_of_the_grammar_that_was_taken() -> None:
    """The first rule weighs scene 6, gift 3 and 1, loss 2, meal 1: each text has one of them."""
    rules = toyland().notation.rules["STORY"].alternatives
    assert [rule.weight for rule in rules] == [6, 3, 1, 2, 1]
    shares = {"scene": 6 / 13, "gift": 4 / 13, "loss": 2 / 13, "meal": 1 / 13}
    stories = toyland().stories(4000, torch.Generator().manual_seed(1))
    counts = Counter(map(task.topic, stories))
    for topic, share in shares.items():
        assert abs(counts[topic] / 4000 - share) < 4 * (share * (1 - share) / 4000) ** 0.5, topic


@pytest.mark.parametrize(
    ("text", "topic", "sentiment"),
    [
        ("she was hungry and ate a cake . it was very bad . anna was sad .", "meal", "sad"),
        ("the monkey that ate the cake could sing . it was not a bad day .", "scene", "happy"),
        ("she stopped at the bank and asked for ten coins . it was a good day .", "scene", "happy"),
        ("anna lost a kite there . it was not under the bed . nobody found it . "
         "it was not a good day .", "loss", "sad"),
        ("there she met tom . tom bought a kite for anna because it was her birthday . "
         "anna and tom were glad .", "gift", "happy"),
    ],
)  # fmt: skip
def test_stories_with_a_known_topic_and_sentiment(text: str, topic: str, sentiment: str) -> None:
    story = toyland().read(OPEN + text)
    assert (task.topic(story), story.sentiment) == (topic, sentiment)
    (example,) = task.topic_examples([story])
    assert task.TOPICS[example.answer[0]] == topic
    (example,) = task.sentiment_examples([story])
    assert task.SENTIMENTS[example.answer[0]] == sentiment
    assert toyland_vocab().decode(example.parts[0]) == list(story.words)


def test_the_share_of_the_commonest_answer() -> None:
    examples = [Example(([5],), (label,)) for label in (0, 1, 1, 2, 1)]
    assert task.majority_share(examples) == 3 / 5
    with pytest.raises(ValueError, match="no labelled texts were given"):
        task.majority_share([])


def test_what_a_reader_of_the_first_words_knows_of_the_end() -> None:
    """A grammar small enough for the head: 'up' says nothing, 'well' nearly all."""
    grammar = Grammar(
        "rule STORY\n  1 up $END\n  1 on @mood(sad) low\nrule END\n"
        "  3 @mood(happy) well then\n  1 @mood(sad) well now"
    )
    happy = task.happy_so_far(grammar, ["up", "well", "now"])
    assert happy == pytest.approx([3 / 8, 3 / 4, 3 / 4, 0])
    assert task.happy_so_far(grammar, ["up", "well", "then"])[-1] == 1
    assert task.happy_so_far(grammar, ["on", "low"]) == pytest.approx([3 / 8, 0, 0])


def test_shares_of_happy_ends_agree_with_the_stories() -> None:
    stories = task.fresh_stories(3000, 2)
    p = task.happy_so_far(toyland(), stories[0].words)[0]
    share = sum(s.sentiment == "happy" for s in stories) / 3000
    assert abs(share - p) < 4 * (p * (1 - p) / 3000) ** 0.5


def test_who_has_read_all_knows_the_end_and_who_has_not_is_as_often_right_as_said() -> None:
    stories = task.fresh_stories(400, 3)
    limits = task.sentiment_limits(stories)
    assert limits["whole"] == pytest.approx(1, abs=1e-9)
    right = 0
    for story in stories:
        happy = task.happy_so_far(toyland(), story.words)[-1 - len(story.sentences[-1])]
        right += (happy > 0.5) == (story.sentiment == "happy")
    limit = limits["but the last sentence"]
    assert 0.6 < limit < 0.9
    assert abs(right / 400 - limit) < 4 * (limit * (1 - limit) / 400) ** 0.5
